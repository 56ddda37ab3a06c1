package web_test

import (
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"trellis/flows/words"
)

// made are the keys that are put together, and so stand nowhere as a whole.
var made = regexp.MustCompile(`^web\.(glance\.(scope|agreements|commitments)|reaction\.(heart|question))$`)

// The catalogue has what the pages ask for, and nothing else.
func TestCatalogueFits(t *testing.T) {
	var source strings.Builder
	for _, pattern := range []string{"*.go", "assets/*.html"} {
		names, err := filepath.Glob(pattern)
		must(t, err)
		for _, name := range names {
			if !strings.HasSuffix(name, "_test.go") {
				text, err := os.ReadFile(name)
				must(t, err)
				source.Write(text)
			}
		}
	}
	catalogues, err := words.Load()
	must(t, err)
	known := map[string]bool{}
	for _, key := range catalogues.Keys(words.English) {
		known[key] = true
		if strings.HasPrefix(key, "web.") && !made.MatchString(key) && !strings.Contains(source.String(), `"`+key+`"`) {
			t.Errorf("no page has the text %s", key)
		}
	}
	for _, match := range regexp.MustCompile(`"((?:web|date)\.[a-z0-9.]*[a-z0-9])"`).FindAllStringSubmatch(source.String(), -1) {
		if !known[match[1]] && match[1] != "web.url" && match[1] != "date.month.m" {
			t.Errorf("the catalogue lacks %s", match[1])
		}
	}
}
