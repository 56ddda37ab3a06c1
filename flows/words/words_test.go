package words

import (
	"regexp"
	"slices"
	"strings"
	"testing"
	"testing/fstest"
)

func TestCataloguesAreWhole(t *testing.T) {
	if _, err := Load(); err != nil {
		t.Fatal(err)
	}
}

func TestMistakesInACatalogueAreNamed(t *testing.T) {
	english := "a:\n  b: \"Hello {name}\"\n  n: {one: \"{n} day\", other: \"{n} days\"}\n"
	for name, row := range map[string]struct{ other, want string }{
		"a slot that English lacks": {"a:\n  b: \"Helo {nam}\"\n", "cy.yaml: a.b: English has no {nam}"},
		"a text that English lacks": {"a:\n  c: \"Helo\"\n", "cy.yaml: a.c: English has no such text"},
		"a wrong plural form":       {"a:\n  n: {single: \"x\", other: \"y\"}\n", `not "single"`},
		"a number for a text":       {"a:\n  b: 3\n", "a.b: a text or a group of texts is wanted"},
	} {
		_, err := load(fstest.MapFS{"en.yaml": {Data: []byte(english)}, "cy.yaml": {Data: []byte(row.other)}})
		if err == nil || !strings.Contains(err.Error(), row.want) {
			t.Errorf("%s: %v, want %q", name, err, row.want)
		}
	}
	if _, err := load(fstest.MapFS{"cy.yaml": {Data: []byte("a: \"b\"\n")}}); err == nil {
		t.Error("a catalogue without English is accepted")
	}
}

func TestPluralsFollowTheLanguage(t *testing.T) {
	c, err := load(fstest.MapFS{
		"en.yaml": {Data: []byte("day: {one: \"one\", other: \"many\"}\n")},
		"cy.yaml": {Data: []byte("day: {zero: \"0\", one: \"1\", two: \"2\", few: \"3\", many: \"6\", other: \"n\"}\n")},
	})
	if err != nil {
		t.Fatal(err)
	}
	for _, row := range []struct {
		language string
		n        int
		want     string
	}{{"en", 0, "many"}, {"en", 1, "one"}, {"en", 2, "many"}, {"cy", 0, "0"}, {"cy", 1, "1"}, {"cy", 2, "2"}, {"cy", 3, "3"}, {"cy", 4, "n"}, {"cy", 6, "6"}, {"de", 1, "one"}} {
		template, ok := c.Find(row.language, "day", row.n)
		if !ok || template[0].Parts[0].Text != row.want {
			t.Errorf("%s, %d: %v, want %q", row.language, row.n, template, row.want)
		}
	}
}

func TestMatchKnowsRegions(t *testing.T) {
	c, err := Load()
	if err != nil {
		t.Fatal(err)
	}
	for code, want := range map[string]string{"cy": "cy", "cy-GB": "cy", "en_US": "en", "xx": "", "": ""} {
		if got, ok := c.Match(code); got != want || ok != (want != "") {
			t.Errorf("%q is served by %q, want %q", code, got, want)
		}
	}
}

func TestNoSlotStandsWhereItIsNotFilled(t *testing.T) {
	c, err := Load()
	if err != nil {
		t.Fatal(err)
	}
	for code, texts := range c.byLanguage {
		for key, e := range texts {
			for _, template := range e.forms {
				for _, block := range template {
					for _, part := range block.Parts {
						if part.Kind != Slot && part.Kind != BoldSlot && strings.Contains(part.Text, "{") {
							t.Errorf("%s, %s: %q is not filled inside a command or bold words", code, key, part.Text)
						}
					}
				}
			}
		}
	}
}

// Who reads Welsh reads nothing but Welsh: a text that falls back to English in the middle of a message is a slip.
func TestWelshIsWhole(t *testing.T) {
	c, err := Load()
	if err != nil {
		t.Fatal(err)
	}
	missing := lacking(c, "cy")
	t.Logf("Welsh lacks %d of %d texts", len(missing), len(c.Keys(English)))
	for _, key := range missing {
		t.Errorf("cy: %s: Welsh has no such text; in English it is %q", key, c.Text(English, key, 2))
	}
}

func TestWhatALanguageLacksIsFound(t *testing.T) {
	c, err := load(fstest.MapFS{
		"en.yaml": {Data: []byte("a: \"one\"\nb: {c: \"two\", d: \"three\"}\n")},
		"cy.yaml": {Data: []byte("b: {c: \"dau\"}\n")},
	})
	if err != nil {
		t.Fatal(err)
	}
	if got := lacking(c, "cy"); !slices.Equal(got, []string{"a", "b.d"}) {
		t.Errorf("Welsh lacks %v, want a and b.d", got)
	}
}

// lacking lists the keys of English that a language has not.
func lacking(c *Catalogues, code string) []string {
	return slices.DeleteFunc(c.Keys(English), func(key string) bool {
		_, ok := c.byLanguage[code][key]
		return ok
	})
}

// What makes people put such a bot away: cheer, blame, jargon.
var unwanted = regexp.MustCompile(`(?i)!|\boverdue\b|\b(is|was|are|were|be|too) late\b|\bdays? late\b|great job|awesome|amazing|well done|congrat|participation rate|stakeholder|leverage|synerg|deliverable|\bASAP\b|end of business`)

// longSentence is the most words that a tired reader with a phone takes in at once; a command counts as one.
const longSentence = 20

func TestTextsArePlain(t *testing.T) {
	c, err := Load()
	if err != nil {
		t.Fatal(err)
	}
	for code, texts := range c.byLanguage {
		for key, e := range texts {
			for _, template := range e.forms {
				for _, block := range template {
					plain := readAloud(block)
					if found := unwanted.FindString(plain); found != "" && code == English || strings.Contains(plain, "!") {
						t.Errorf("%s, %s: %q is not how Trellis speaks", code, key, plain)
					}
					for sentence := range strings.FieldsFuncSeq(plain, func(r rune) bool { return strings.ContainsRune(".?:;", r) }) {
						if words := len(strings.Fields(sentence)); words > longSentence {
							t.Errorf("%s, %s: a sentence of %d words: %q", code, key, words, sentence)
						}
					}
				}
			}
		}
	}
}

// readAloud is a block as text, with one word for a command and for what fills a slot.
func readAloud(block Block) string {
	var text strings.Builder
	for _, part := range block.Parts {
		switch part.Kind {
		case Code:
			text.WriteString("code")
		case Slot, BoldSlot:
			text.WriteString("slot")
		case Literal, Bold:
			text.WriteString(part.Text)
		}
	}
	return text.String()
}

func TestHelpFitsOnAPhone(t *testing.T) {
	c, err := Load()
	if err != nil {
		t.Fatal(err)
	}
	for _, key := range c.Keys(English) {
		if !strings.HasPrefix(key, "home.first.") && !strings.HasPrefix(key, "home.subject.") {
			continue
		}
		template, _ := c.Find(English, key, 0)
		if len(template) > 12 {
			t.Errorf("%s has %d lines; twelve fit", key, len(template))
		}
	}
}
