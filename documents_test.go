package main

import (
	"bytes"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"

	"trellis/adapters/chat"
	"trellis/bot/rehearse"
	"trellis/flows"
	"trellis/storage/bolt"
)

// documentsOf are the documents of what a rehearsal made, by their paths.
func documentsOf(t *testing.T, name, script string) map[string]string {
	t.Helper()
	s, err := rehearse.Parse(name, script)
	if err != nil {
		t.Fatal(err)
	}
	played := t.TempDir()
	options, err := rehearsalOptions(played)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := rehearse.Play(t.Context(), s, options); err != nil {
		t.Fatal(err)
	}
	files, err := filepath.Glob(filepath.Join(played, "*", storeName))
	if err != nil || len(files) != 1 {
		t.Fatalf("the rehearsal left %v, %v, want one store", files, err)
	}
	store, err := bolt.Open(t.Context(), bolt.Options{Path: files[0], ReadOnly: true, InitialMmapSize: 1})
	if err != nil {
		t.Fatal(err)
	}
	defer store.Close()
	book, err := newBook("Europe/London", "en")
	if err != nil {
		t.Fatal(err)
	}
	var archive bytes.Buffer
	now := time.Date(2027, 4, 1, 12, 0, 0, 0, time.UTC)
	if err := writeDocuments(t.Context(), store, book, "", now, &archive); err != nil {
		t.Fatal(err)
	}
	folder := t.TempDir()
	if err := unpackDocuments(&archive, folder); err != nil {
		t.Fatal(err)
	}
	pages := map[string]string{}
	found, err := filepath.Glob(filepath.Join(folder, "*", "*.md"))
	if err != nil {
		t.Fatal(err)
	}
	for _, file := range append(found, filepath.Join(folder, "README.md")) {
		name, err := filepath.Rel(folder, file)
		if err != nil {
			t.Fatal(err)
		}
		pages[filepath.ToSlash(name)] = read(t, file)
	}
	return pages
}

// The documents of a group stand in testdata as people would read them; -update writes them.
func TestDocuments(t *testing.T) {
	const golden = "testdata/documents"
	pages := documentsOf(t, "garden.trellis", read(t, golden+"/garden.trellis"))
	for name, got := range pages {
		file := filepath.Join(golden, filepath.FromSlash(name))
		if *update {
			if err := os.MkdirAll(filepath.Dir(file), 0o755); err != nil {
				t.Fatal(err)
			}
			if err := os.WriteFile(file, []byte(got), 0o644); err != nil {
				t.Fatal(err)
			}
		}
		want, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		if at := difference(got, string(want)); at != "" {
			t.Errorf("%s differs; look, and if it is right: go test -run TestDocuments -update .\n%s", file, at)
		}
	}
	if len(pages) != 6 {
		t.Errorf("there are %d documents, want a list, and about, agreements, commitments, scope and sessions of the one group", len(pages))
	}
}

// A long series is told as a whole.
func TestDocumentsOfALongSeries(t *testing.T) {
	pages := documentsOf(t, "clean-air.trellis", read(t, "rehearsals/clean-air.trellis"))
	for name, page := range pages {
		if strings.HasSuffix(name, "agreements.md") && strings.Count(page, "\n## ") >= 4 {
			return
		}
	}
	t.Errorf("no document has the agreements of the series, in %d documents", len(pages))
}

// Nothing that was said in private, that waits to be shown, or that was taken back stands in a document; and what
// people wrote is no markup.
func TestDocumentsHoldNothingPrivate(t *testing.T) {
	pages := documentsOf(t, "private.trellis", `
zone Europe/London
at 2026-03-27 09:00
people ana, ben, chi
room #air: ana, ben, chi
ana #air> trellis propose "- proposalopen" steps=decide
chi presses "Object"
chi fills reason=reasonunshown whom=us
ana #air> trellis session start "# [Air](http://x) <img>" lens=clarify
ana #air> trellis checkin "Waiting?" by="3 April 17:00"
ben> answerwaiting
ana #air> trellis checkin "Hidden?" anonymous by="3 April 17:00"
ben presses "Answer"
ben fills text=answerhidden
chi presses "Answer"
chi fills text=answerhiddentoo
ben #air> trellis commit wash the *sensor* by tuesday
ben #air> trellis commit feed the cat by tuesday
ben> snooze 1 sunday
ana #air> trellis ask @chi to lift the askedinprivate by friday
chi> done 1
ben> done 2 it purrs
ana> remind me "remindprivate" friday
`)
	var everything strings.Builder
	for name, page := range pages {
		everything.WriteString(page)
		if regexp.MustCompile(`(^|[^\\])(<img|\[Air|\*sensor|# \[)`).MatchString(strings.ReplaceAll(page, "## ", "")) {
			t.Errorf("%s has markup of people's:\n%s", name, page)
		}
	}
	for _, private := range []string{
		"answerwaiting", "answerhidden", "answerhiddentoo", "proposalopen", "reasonunshown", "askedinprivate", "remindprivate", "sunday", "Sunday", "29 March",
	} {
		if strings.Contains(everything.String(), private) {
			t.Errorf("the documents tell %q", private)
		}
	}
	for _, public := range []string{"sensor", "feed the cat", "it purrs", `\[Air\](http://x) \<img\>`, "Ana", "Ben", "Chi"} {
		if !strings.Contains(everything.String(), public) {
			t.Errorf("the documents do not tell %q:\n%s", public, &everything)
		}
	}
}

func TestMarkdown(t *testing.T) {
	words := func(text string) []chat.Span { return []chat.Span{{Text: text}} }
	for name, row := range map[string]struct {
		text chat.Text
		want string
	}{
		"a list":              {chat.Text{{Spans: words("two:")}, {Kind: chat.Item, Spans: words("a")}, {Kind: chat.Item, Spans: words("b")}}, "two:\n\n- a\n- b\n"},
		"a quote of lines":    {chat.Text{{Kind: chat.Quote, Spans: words("a")}, {Kind: chat.Quote, Spans: words("b")}}, "> a\\\n> b\n"},
		"a heading":           {chat.Text{{Kind: chat.Heading, Spans: words("h")}, {Spans: words("p")}}, "## h\n\np\n"},
		"a heading of theirs": {chat.Text{{Spans: words("# h")}}, "\\# h\n"},
		"a list of theirs":    {chat.Text{{Kind: chat.Quote, Spans: words("- a")}, {Kind: chat.Quote, Spans: words("12. b")}}, "> \\- a\\\n> 12\\. b\n"},
		"code of ours":        {chat.Text{{Spans: []chat.Span{{Kind: chat.Code, Text: "a`b"}}}}, "`a'b`\n"},
		"HTML":                {chat.Text{{Spans: words("<script>&amp;")}}, "\\<script\\>\\&amp;\n"},
		"a line break":        {chat.Text{{Spans: words("a\n# b\r\u2028c")}}, "a # b c\n"},
		"bold":                {chat.Text{{Spans: []chat.Span{{Kind: chat.Bold, Text: "a*b"}}}}, "**a\\*b**\n"},
		"a link":              {chat.Text{{Spans: []chat.Span{{Kind: chat.Link, Text: "here", URL: "https://x.test/a>b"}}}}, "[here](<https://x.test/a%3Eb>)\n"},
		"a number":            {chat.Text{{Spans: words("2026")}}, "2026\n"},
	} {
		if got := markdown(flows.Document{Title: "t_t", Text: row.text}); got != "# t\\_t\n\n"+row.want {
			t.Errorf("%s: %q, want %q", name, got, row.want)
		}
	}
}

func TestFolderOf(t *testing.T) {
	for name, want := range map[string]string{
		"Clean air":            "clean-air-g1",
		"../../etc/passwd":     "etc-passwd-g1",
		"Ýmir":                 "mir-g1",
		"清洁空气":                 "g1",
		"":                     "g1",
		"--":                   "g1",
		"A  (2nd) group, yes!": "a-2nd-group-yes-g1",
	} {
		if got := folderOf("g1", name); got != want {
			t.Errorf("%q: %q, want %q", name, got, want)
		}
	}
}
