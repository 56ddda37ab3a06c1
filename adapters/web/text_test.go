package web

import (
	"strings"
	"testing"
	"unicode/utf8"

	"trellis/adapters/chat"
)

func TestAddressed(t *testing.T) {
	for _, row := range []struct {
		name, line, want string
		ok               bool
	}{
		{"by name", `trellis checkin "How?"  by=friday`, `checkin "How?"  by=friday`, true},
		{"in capitals, with a colon", "TRELLIS: help", "help", true},
		{"as elsewhere", "/trellis help", "help", true},
		{"on a line of its own", "trellis\nhelp", "help", true},
		{"the name alone", "trellis", "", true},
		{"a mention later", "ask ben@example.org, @Trellis, help me", "help me", true},
		{"a mention last", "thanks @trellis!", "!", true},
		{"a longer word", "trellises are nice", "", false},
		{"a mention of somebody else", "@trellisfan help", "", false},
		{"the name later", "ask trellis", "", false},
	} {
		t.Run(row.name, func(t *testing.T) {
			if got, ok := addressed(row.line); got != row.want || ok != row.ok {
				t.Errorf("got %q, %v", got, ok)
			}
		})
	}
}

func street() *places {
	r := Room{ID: "air", Seats: []Seat{
		{Account: "1", Handle: "ana"}, {Account: "2", Handle: "ana-2"}, {Account: "3", Handle: "ben-o-hara"}, {Account: "4", Handle: "chi", Left: true},
	}}
	return &places{rooms: map[chat.RoomID]Room{"air": r}, people: map[chat.AccountID]person{
		"1": {Name: "Ana"}, "2": {Name: "Ana"}, "3": {Name: "Ben O'Hara"}, "4": {Name: "Chi"},
	}}
}

func TestMentions(t *testing.T) {
	p := street()
	names := p.names(p.rooms["air"])
	ben := chat.MentionOf("3")
	for _, row := range []struct{ name, text, want string }{
		{"a whole name", "ask @Ben O'Hara to come", "ask " + ben + " to come"},
		{"a handle", "@ben-o-hara, please", ben + ", please"},
		{"a name that two have", "@Ana", "@Ana"},
		{"the handle of one of them", "@ana-2?", chat.MentionOf("2") + "?"},
		{"a part of a word", "@ben-o-harald", "@ben-o-harald"},
		{"an address", "ben@ben-o-hara.example", "ben@ben-o-hara.example"},
		{"who left", "@chi", "@chi"},
		{"a mention typed by hand", "@\u27e83\u27e9", "@ \u27e83\u27e9"},
		{"nobody", "@ @@", "@ @@"},
	} {
		t.Run(row.name, func(t *testing.T) {
			if got := mentions(row.text, names); got != row.want {
				t.Errorf("got %q, want %q", got, row.want)
			}
		})
	}
}

func TestLinked(t *testing.T) {
	for _, row := range []struct{ name, text, want string }{
		{"none", "no address", "no address"},
		{"at the end of a sentence", "see https://example.org/a?b=1.", "see [https://example.org/a?b=1]."},
		{"in brackets", "(http://example.org)", "([http://example.org])"},
		{"two", "http://a.test http://b.test", "[http://a.test] [http://b.test]"},
		{"a word that begins so", "httpd and https: are words", "httpd and https: are words"},
		{"nothing but its beginning", "https://", "https://"},
		{"another scheme", "javascript:alert(1) ftp://x", "javascript:alert(1) ftp://x"},
	} {
		t.Run(row.name, func(t *testing.T) {
			var b strings.Builder
			for _, s := range linked(row.text) {
				if s.Kind == "link" {
					b.WriteString("[" + s.URL + "]")
				} else {
					b.WriteString(s.Text)
				}
			}
			if b.String() != row.want {
				t.Errorf("got %q, want %q", b.String(), row.want)
			}
		})
	}
}

func TestHandles(t *testing.T) {
	r := Room{Seats: []Seat{{Handle: "ana"}, {Handle: "ana-2"}}}
	for name, want := range map[string]string{
		"Ana": "ana-3", "Ben O'Hara": "ben-o-hara", "!!": "guest", "Łukasz": "łukasz", "नेहा": "नेहा", "../../x": "x", "a/b?c#d": "a-b-c-d",
	} {
		if got := r.handleFor(name); got != want {
			t.Errorf("%s is called %q, want %q", name, got, want)
		}
	}
}

// Whatever people write, what is made of it holds all of it, and nothing that a page would act on.
func FuzzText(f *testing.F) {
	for _, seed := range []string{"trellis help @ana", "https://x.test/<", "@ben o'hara@", "\x00\u202e\xff@\u27e8", "http http:// https://a", "＠Ana İ@İ"} {
		f.Add(seed)
	}
	p := street()
	names := p.names(p.rooms["air"])
	f.Fuzz(func(t *testing.T, text string) {
		text = clean(text)
		if !utf8.ValidString(text) || strings.ContainsRune(text, 0) {
			t.Errorf("clean leaves %q", text)
		}
		var all strings.Builder
		for _, s := range linked(text) {
			all.WriteString(s.Text)
			if s.Kind == "link" && !isLink(s.URL) {
				t.Errorf("%q is a link", s.URL)
			}
		}
		if all.String() != text {
			t.Errorf("linked makes %q of %q", all.String(), text)
		}
		named := mentions(text, names)
		if !utf8.ValidString(named) {
			t.Errorf("mentions makes %q of %q", named, text)
		}
		if command, ok := addressed(named); ok && !strings.Contains(named, command) {
			t.Errorf("addressed makes %q of %q", command, named)
		}
		if name := cleanName(text); strings.ContainsAny(name, "\n\t\u202e\u200b") || len([]rune(name)) > maxName {
			t.Errorf("cleanName leaves %q", name)
		}
		if h := (Room{}).handleFor(cleanName(text)); h == "" || strings.ContainsAny(h, "/?#% .\\") {
			t.Errorf("a handle is %q", h)
		}
	})
}
