package config

import (
	"errors"
	"fmt"
	"log/slog"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"
)

// every is a section with a key of every kind.
func every() []Section {
	return append(Core([]string{"en", "cy"}), Section{Name: "slack", Keys: []Key{
		{Name: "bot_token", Secret: true, Check: func(v string) error {
			if !strings.HasPrefix(v, "xoxb-") {
				return errors.New("begins with xoxb-")
			}
			return nil
		}},
		{Name: "socket", Kind: Bool},
		{Name: "rooms", Kind: List},
		{Name: "wait", Kind: Duration, Default: "30s"},
		{Name: "upload", Kind: Size, Default: "10MB"},
	}})
}

// write makes a configuration file that its owner alone may read.
func write(t *testing.T, text string) string {
	t.Helper()
	file := filepath.Join(t.TempDir(), "trellis.yaml")
	if err := os.WriteFile(file, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	return file
}

func TestValuesOfEachKind(t *testing.T) {
	file := write(t, `
data: /var/lib/trellis
http:
  listen: ":8080"
web.url: https://trellis.example/air/
group:
  zone: Europe/London
  language: cy
slack:
  bot_token: xoxb-from-the-file
  socket: on
  rooms: [air, "lane, upper"]
  wait: 1m30s
`)
	c, err := Load(Options{File: file, Sections: every(), Environ: []string{
		"TRELLIS_SLACK_BOT_TOKEN=xoxb-from-the-environment", "TRELLIS_SLACK_UPLOAD=2MiB", "TRELLIS_DATA=", "HOME=/root",
	}})
	if err != nil {
		t.Fatal(err)
	}
	for _, row := range []struct {
		name      string
		got, want any
	}{
		{"a folder", c.String("data"), "/var/lib/trellis"},
		{"an address", c.String("http.listen"), ":8080"},
		{"none and no default", c.String("http.metrics"), ""},
		{"a default", c.String("log.level"), "info"},
		{"a URL with a dotted key, its slash cut", c.String("web.url"), "https://trellis.example/air"},
		{"a zone", c.Zone("group.zone").String(), "Europe/London"},
		{"one of several", c.String("group.language"), "cy"},
		{"the environment before the file", c.Secret("slack.bot_token").Reveal(), "xoxb-from-the-environment"},
		{"on", c.Bool("slack.socket"), true},
		{"a list keeps commas inside items", fmt.Sprintf("%q", c.List("slack.rooms")), `["air" "lane, upper"]`},
		{"a duration", c.Duration("slack.wait"), 90 * time.Second},
		{"a size from the environment", c.Size("slack.upload"), int64(2 << 20)},
		{"where: file and line", c.Where("http.listen"), file + ":4"},
		{"where: variable", c.Where("slack.bot_token"), "TRELLIS_SLACK_BOT_TOKEN"},
		{"where: an empty variable sets nothing", c.Where("data"), file + ":2"},
		{"where: default", c.Where("log.level"), "default"},
	} {
		if row.got != row.want {
			t.Errorf("%s: got %v, want %v", row.name, row.got, row.want)
		}
	}
}

func TestMistakes(t *testing.T) {
	for _, row := range []struct {
		name    string
		text    string
		environ []string
		want    []string // a line each, without the file's path; none means accepted
	}{
		{name: "nothing at all"},
		{name: "only comments", text: "# data: x\n"},
		{name: "a section whose keys are commented out", text: "http:\n#  listen: :80\nlog:\n  level: warn\n"},
		{
			name: "a slip in a key", text: "http:\n  lisen: :80\n",
			want: []string{":2: http.lisen: there is no such key; did you mean http.listen?"},
		},
		{
			name: "a slip in a section", text: "htpp:\n  listen: :80\n",
			want: []string{":2: htpp.listen: there is no such key; did you mean http.listen?"},
		},
		{
			name: "the section left out", text: "listen: :80\n",
			want: []string{":1: listen: there is no such key; did you mean http.listen?"},
		},
		{
			name: "indentation forgotten", text: "http:\nlisten: :80\n",
			want: []string{":2: listen: there is no such key; did you mean http.listen?"},
		},
		{
			name: "a value where a section belongs", text: "http: ':80'\n",
			want: []string{":1: http: is a section; its keys stand in lines of their own below it, indented"},
		},
		{
			name: "nothing like it", text: "colour: red\n",
			want: []string{":1: colour: there is no such key"},
		},
		{
			name: "twice", text: "data: a\nlog.level: info\ndata: b\n",
			want: []string{":3: data: stands twice, first in line 1"},
		},
		{
			name: "no value", text: "data:\n",
			want: []string{":1: data: has no value; write one, or take the line out"},
		},
		{
			name: "a list for one value", text: "data: [a, b]\n",
			want: []string{":1: data: takes one value, not a list"},
		},
		{
			name: "a map for one value", text: "data:\n  folder: x\n",
			want: []string{":2: data.folder: there is no such key"},
		},
		{
			name: "a list of maps", text: "slack:\n  rooms:\n    - air\n    - name: lane\n",
			want: []string{":4: slack.rooms: each item of the list must be a single value"},
		},
		{
			name: "a reference", text: "data: *folder\n",
			want: []string{":1: data: is not a plain value; put it in quotes if it begins with &, * or !"},
		},
		{
			name: "a line break", text: "data: |\n  a\n  b\n",
			want: []string{":1: data: holds a line break or a control character; write it in one line"},
		},
		{
			name: "a port alone", text: "http:\n  listen: 8080\n",
			want: []string{`:2: http.listen: "8080" is no address to listen at; write host:port, such as 127.0.0.1:8080, or :8080 for every address`},
		},
		{
			name: "a port too high", text: "http:\n  listen: :80800\n",
			want: []string{`:2: http.listen: ":80800" has no port between 0 and 65535`},
		},
		{
			name: "a slip in one of several", text: "log:\n  level: wran\n",
			want: []string{":2: log.level: takes one of debug, info, warn, error; did you mean warn?"},
		},
		{
			name: "an abbreviation is no zone", text: "group:\n  zone: Europe/Londres\n",
			want: []string{`:2: group.zone: "Europe/Londres" is no time zone; write an IANA name such as Europe/London`},
		},
		{
			name: "the machine's own zone", text: "group:\n  zone: Local\n",
			want: []string{`:2: group.zone: "Local" is no time zone; write an IANA name such as Europe/London`},
		},
		{
			name: "a URL without its scheme", text: "web:\n  url: trellis.example\n",
			want: []string{":2: web.url: is no web address; write https://host or http://host"},
		},
		{
			name: "a password in a URL is not repeated", text: "web:\n  url: https://me:hunter2@trellis.example\n",
			want: []string{":2: web.url: holds a name or a password; leave out what stands before the @"},
		},
		{
			name: "a query in a URL", text: "web:\n  url: https://trellis.example/?a=b\n",
			want: []string{":2: web.url: goes on after its path; leave out the ? or # and what follows"},
		},
		{
			name: "a number without unit", text: "slack:\n  wait: 30\n",
			want: []string{`:2: slack.wait: "30" is no length of time; write a number with a unit, such as 30s, 5m or 2h`},
		},
		{
			name: "a size in words", text: "slack:\n  upload: much\n",
			want: []string{`:2: slack.upload: "much" is no size; write a whole number with a unit, such as 64MB or 1GiB`},
		},
		{
			name: "neither true nor false", text: "slack:\n  socket: maybe\n",
			want: []string{`:2: slack.socket: "maybe" is neither true nor false`},
		},
		{
			name: "the key's own condition", text: "slack:\n  bot_token: xoxp-1234\n",
			want: []string{":2: slack.bot_token: begins with xoxb-"},
		},
		{
			name: "the file itself is a list", text: "- a\n- b\n",
			want: []string{":1: here must stand a key, a colon and a value"},
		},
		{
			name: "two documents", text: "data: a\n---\ndata: b\n",
			want: []string{":3: a second document begins here; one file holds one configuration"},
		},
		{
			name: "a slip in a variable", environ: []string{"TRELLIS_HTTP_LISTN=:80"},
			want: []string{"TRELLIS_HTTP_LISTN: there is no such variable; did you mean TRELLIS_HTTP_LISTEN?"},
		},
		{
			name: "a wrong value in a variable", environ: []string{"TRELLIS_LOG_FORMAT=xml"},
			want: []string{"TRELLIS_LOG_FORMAT: takes one of text, json"},
		},
		{
			name: "variables that Kubernetes sets for a service called trellis",
			environ: []string{
				"TRELLIS_PORT=tcp://10.0.0.1:80", "TRELLIS_PORT_80_TCP_ADDR=10.0.0.1", "TRELLIS_SERVICE_HOST=10.0.0.1", "TRELLIS_SERVICE_PORT_HTTP=80",
			},
		},
		{
			name: "all of them, the environment first, then by line", environ: []string{"TRELLIS_DATUM=x"},
			text: "colour: red\nlog:\n  level: loud\n  format: json\nhttp:\n  listen: nine\n",
			want: []string{
				"TRELLIS_DATUM: there is no such variable; did you mean TRELLIS_DATA?",
				":1: colour: there is no such key",
				":3: log.level: takes one of debug, info, warn, error",
				`:6: http.listen: "nine" is no address to listen at; write host:port, such as 127.0.0.1:8080, or :8080 for every address`,
			},
		},
	} {
		t.Run(row.name, func(t *testing.T) {
			file := write(t, row.text)
			_, err := Load(Options{File: file, Environ: row.environ, Sections: every()})
			var got []string
			if err != nil {
				got = strings.Split(strings.ReplaceAll(err.Error(), file, ""), "\n")
			}
			for i := range got { // a mistake that blames no key begins with file and line as well
				got[i] = strings.TrimPrefix(got[i], " ")
			}
			if !slices.Equal(got, row.want) {
				t.Errorf("got  %q\nwant %q", got, row.want)
			}
		})
	}
}

func TestFilesThatAreNone(t *testing.T) {
	if _, err := Load(Options{File: filepath.Join(t.TempDir(), "none.yaml"), Sections: every()}); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("a missing file: got %v, want that it does not exist", err)
	}
	if _, err := Load(Options{File: t.TempDir(), Sections: every()}); err == nil {
		t.Error("a folder was read as a file")
	}
	if _, err := Load(Options{File: write(t, strings.Repeat("# long\n", maxFile/7+1)), Sections: every()}); err == nil {
		t.Error("a file above the limit was read")
	}
}

func TestSecretsOnlyFromFilesOfTheirOwner(t *testing.T) {
	secret, plain := "slack:\n  bot_token: xoxb-hunter2\n", "log:\n  level: warn\n"
	for _, row := range []struct {
		name, text string
		mode       os.FileMode
		refused    bool
	}{
		{"the owner's alone", secret, 0o600, false},
		{"the owner may only read", secret, 0o400, false},
		{"the group may read", secret, 0o640, true},
		{"all may read", secret, 0o644, true},
		{"all may read what is no secret", plain, 0o644, false},
		{"an empty secret is none", "slack:\n  bot_token: ''\n", 0o644, false},
	} {
		t.Run(row.name, func(t *testing.T) {
			file := write(t, row.text)
			if err := os.Chmod(file, row.mode); err != nil {
				t.Fatal(err)
			}
			_, err := Load(Options{File: file, Sections: every()})
			if (err != nil) != row.refused {
				t.Fatalf("got %v, want refused: %v", err, row.refused)
			}
			if err == nil {
				return
			}
			for _, part := range []string{":2: slack.bot_token: is a secret", fmt.Sprintf("mode %04o", row.mode), "chmod 600 " + file, "TRELLIS_SLACK_BOT_TOKEN"} {
				if !strings.Contains(err.Error(), part) {
					t.Errorf("%q does not say %q", err, part)
				}
			}
			if strings.Contains(err.Error(), "hunter2") {
				t.Errorf("%q repeats the secret", err)
			}
		})
	}
}

func TestNoErrorRepeatsASecret(t *testing.T) {
	for _, text := range []string{
		"slack:\n  bot_tokn: hunter2\n", "slack: hunter2\n", "slack:\n  bot_token: hunter2\n", "slack:\n  bot_token: [hunter2]\n",
		"slack:\n  bot_token: *hunter2\n", "slack:\n  bot_token: \"hunter2\n", "slack:\n  bot_token: 'hunter2\n  x: y\n",
		"slack:\n  bot_token: %hunter2\n", "slack:\n  bot_token: @hunter2\n", "slack:\n  bot_token: hunter2: x\n",
		"slack:\n  bot_token: !hunter2\n", "slack:\n\tbot_token: hunter2\n", "slack:\n  bot_token: {hunter2\n", "slack:\n  bot_token: |hunter2\n",
		"slack:\n  bot_token: `hunter2`\n", "slack:\n  bot_token: !!hunter2 x\n", "%YAML hunter2\n---\na: b\n", "slack:\n  bot_token: hunter2\n bad: x\n",
	} {
		_, err := Load(Options{File: write(t, text), Sections: every()})
		if err == nil {
			t.Errorf("%q was accepted", text)
		} else if strings.Contains(err.Error(), "hunter2") {
			t.Errorf("%q: the error repeats it: %v", text, err)
		}
	}
}

func TestSecretShowsItselfToNobody(t *testing.T) {
	s := NewSecret("hunter2")
	holder := struct{ token Secret }{s}
	var log strings.Builder
	slog.New(slog.NewTextHandler(&log, nil)).Info("start", "token", s)
	text, err := s.MarshalText()
	if err != nil {
		t.Fatal(err)
	}
	shown := []string{log.String(), string(text), s.String(), s.GoString()}
	for _, verb := range []string{"%v", "%+v", "%#v", "%s", "%q", "%x", "%d"} {
		shown = append(shown, fmt.Sprintf(verb, s), fmt.Sprintf(verb, &s), fmt.Sprintf(verb, holder), fmt.Sprintf(verb, []Secret{s}))
	}
	for _, text := range shown {
		if strings.Contains(text, "hunter2") || strings.Contains(text, "68756e74657232") {
			t.Errorf("%q shows the secret", text)
		}
	}
	if s.Reveal() != "hunter2" || s.Empty() || !(Secret{}).Empty() {
		t.Error("the secret does not reveal itself to who asks")
	}
	c, err := Load(Options{Sections: every(), Environ: []string{"TRELLIS_SLACK_BOT_TOKEN=xoxb-hunter2"}})
	if err != nil {
		t.Fatal(err)
	}
	if all := fmt.Sprint(c.All()); strings.Contains(all, "hunter2") || !strings.Contains(all, hidden) {
		t.Errorf("the list of settings is %s", all)
	}
}

func TestNearest(t *testing.T) {
	known := []string{"rehearse", "check", "next", "version", "run", "http.listen"}
	for word, want := range map[string]string{
		"rehears": "rehearse", "rehaerse": "rehearse", "Chek": "check", "nxt": "next", "versoin": "version", "rnu": "run",
		"httplisten": "http.listen", "banana": "", "": "", "x": "",
	} {
		if got := Nearest(word, known); got != want {
			t.Errorf("Nearest(%q) is %q, want %q", word, got, want)
		}
	}
}

func FuzzLoad(f *testing.F) {
	for _, text := range []string{
		"data: /x\nhttp:\n  listen: :80\n", "slack:\n  rooms:\n    - a\n    - b\n", "a: &x 3\nb: *x\n", "a: |\n  x\n y\n",
		"'a': \"b\"\n# c\n", "a: {b: c, d: [e]}\n", "---\na: b\n---\nc: d\n", "? a\n: b\n", "<<: {a: b}\n", "a: !!int 3\n", "slack:\n  wait: 1h\n  upload: 3KiB\n",
	} {
		f.Add(text)
	}
	f.Fuzz(func(t *testing.T, text string) {
		c := &Config{entries: map[string]entry{}}
		for _, s := range every() {
			c.register(s)
		}
		settings, wrong := readText("trellis.yaml", []byte(text))
		wrong = append(wrong, c.fromFile(settings, "trellis.yaml", 0o600)...)
		lines := strings.Count(strings.NewReplacer("\r\n", "\n", "\r", "\n").Replace(text), "\n") + 1
		for _, m := range wrong {
			if m.Text == "" || m.Line < 0 || m.Line > lines {
				t.Errorf("%+v names a line beyond the %d there are, or says nothing", m, lines)
			}
		}
		for _, shown := range c.All() { // whatever was accepted is there in its type
			_ = c.Where(shown.Name)
		}
		_, _, _, _, _ = c.String("data"), c.List("slack.rooms"), c.Duration("slack.wait"), c.Size("slack.upload"), c.Zone("group.zone")
	})
}
