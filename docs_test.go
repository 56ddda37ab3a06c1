package main

import (
	"bytes"
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"trellis/config"
)

// read returns a document.
func read(t *testing.T, name string) string {
	t.Helper()
	text, err := os.ReadFile(name)
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}

// Every key is documented with its default, and no other.
func TestConfigurationIsDocumented(t *testing.T) {
	text := read(t, "docs/configuration.md")
	known, err := sections()
	if err != nil {
		t.Fatal(err)
	}
	c, err := config.Load(config.Options{Sections: known})
	if err != nil {
		t.Fatal(err)
	}
	rows := map[string]string{}
	for _, m := range regexp.MustCompile("(?m)^\\| `([a-z_.]+)` \\|[^|]*\\| (.*?) \\|").FindAllStringSubmatch(text, -1) {
		rows[m[1]] = strings.Trim(m[2], "`")
	}
	for _, s := range c.All() {
		want := s.Key.Default
		if want == "" {
			want = "none"
		}
		if got, ok := rows[s.Name]; !ok || got != want {
			t.Errorf("docs/configuration.md says %q of %s, want %q", got, s.Name, want)
		}
		delete(rows, s.Name)
	}
	for name := range rows {
		t.Errorf("docs/configuration.md has a key that is not there: %s", name)
	}
}

// Every module that go.mod requires is in the table with its exact version, and no other.
func TestDependenciesAreDocumented(t *testing.T) {
	rows := map[string]string{}
	for _, m := range regexp.MustCompile(`(?m)^\| ([a-z.]+\.[a-z]+/\S+|pgregory\.net/\S+) \| (\S+) \|`).FindAllStringSubmatch(read(t, "docs/dependencies.md"), -1) {
		rows[m[1]] = m[2]
	}
	for _, m := range regexp.MustCompile(`(?m)^(?:\t|require )(\S+) (v\S+)`).FindAllStringSubmatch(read(t, "go.mod"), -1) {
		if rows[m[1]] != m[2] {
			t.Errorf("docs/dependencies.md has %s in version %q, go.mod in %s", m[1], rows[m[1]], m[2])
		}
		delete(rows, m[1])
	}
	for name := range rows {
		t.Errorf("docs/dependencies.md has a module that go.mod does not require: %s", name)
	}
}

// A link to a file of ours leads somewhere.
func TestLinksLeadSomewhere(t *testing.T) {
	link := regexp.MustCompile(`\]\(([^)#:]+)[^):]*\)`)
	err := filepath.WalkDir(".", func(name string, d fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		if d.IsDir() && name != "." && (strings.HasPrefix(d.Name(), ".") || d.Name() == "node_modules") {
			return filepath.SkipDir
		}
		if filepath.Ext(name) != ".md" {
			return nil
		}
		for _, m := range link.FindAllStringSubmatch(read(t, name), -1) {
			if _, err := os.Stat(filepath.Join(filepath.Dir(name), m[1])); err != nil {
				t.Errorf("%s links to %s, which is not there", name, m[1])
			}
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
}

// What README tells people to type works as it stands there.
func TestReadmeSession(t *testing.T) {
	_, after, found := strings.Cut(read(t, "README.md"), "Save this as `tea.trellis`:\n\n```\n")
	script, _, closed := strings.Cut(after, "```\n")
	if !found || !closed {
		t.Fatal("README.md has no tea.trellis")
	}
	file := filepath.Join(t.TempDir(), "tea.trellis")
	if err := os.WriteFile(file, []byte(script), 0o600); err != nil {
		t.Fatal(err)
	}
	var stdout, stderr bytes.Buffer
	if code := run([]string{"rehearse", file}, strings.NewReader(""), &stdout, &stderr); code != exitOK {
		t.Errorf("exit code %d: %s\n%s", code, &stderr, &stdout)
	}
	for _, seen := range []string{"How are you arriving?", "tired, but glad to be here", "We meet on Tuesdays", "book the room"} {
		if !strings.Contains(stdout.String(), seen) {
			t.Errorf("the transcript does not show %q", seen)
		}
	}
}

// Every test that docs/reliability.md names is there.
func TestReliabilityNamesTests(t *testing.T) {
	defined := map[string]bool{}
	err := filepath.WalkDir(".", func(name string, _ fs.DirEntry, err error) error {
		if err != nil || !strings.HasSuffix(name, "_test.go") {
			return err
		}
		for _, m := range regexp.MustCompile(`(?m)^func ((?:Test|Fuzz)\w+)\(`).FindAllStringSubmatch(read(t, name), -1) {
			defined[m[1]] = true
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	named := regexp.MustCompile("`((?:Test|Fuzz)[A-Za-z0-9]+)`").FindAllStringSubmatch(read(t, "docs/reliability.md"), -1)
	if len(named) < 20 {
		t.Errorf("docs/reliability.md names %d tests", len(named))
	}
	for _, m := range named {
		if !defined[m[1]] {
			t.Errorf("docs/reliability.md names %s, which is not there", m[1])
		}
	}
}
