package flows

import (
	"maps"
	"slices"
	"strings"
	"testing"
	"unicode/utf8"

	"trellis/flows/words"
)

func testBook(t testing.TB) *Book {
	t.Helper()
	catalogues, err := words.Load()
	if err != nil {
		t.Fatal(err)
	}
	run := func(*Turn, Command) error { return nil }
	b, err := New(Options{Words: catalogues, Flows: []Flow{{Name: "test", Commands: Commands{
		"checkin":          {Keys: []string{"by", "every", "until", "options"}, Bare: []string{"anonymous", "now"}, Run: run},
		"checkin reveal":   {Run: run},
		"commit":           {Run: run},
		"done":             {Run: run, Reads: func(c Command) bool { _, _, ok := c.Number("C"); return ok }},
		"session scope on": {Run: run},
		"session":          {Answers: true, Run: run},
		"propose":          {Keys: []string{"by", "review", "steps"}, Run: run},
	}}}})
	if err != nil {
		t.Fatal(err)
	}
	return b
}

func TestCommandsAreRead(t *testing.T) {
	b := testBook(t)
	for name, row := range map[string]struct {
		line  string
		words string
		text  string
		args  map[string]string
		bare  string
		here  bool
	}{
		"a quoted question":              {line: `checkin "How are you?"`, words: "checkin", text: "How are you?"},
		"without quotes":                 {line: `checkin How are you?`, words: "checkin", text: "How are you?"},
		"case and spaces do not matter":  {line: "  CHECKIN   \"How are you?\"", words: "checkin", text: "How are you?"},
		"curly quotes":                   {line: "checkin \u201cHow are you?\u201d by=\u201ctomorrow 17:00\u201d", words: "checkin", text: "How are you?", args: map[string]string{"by": "tomorrow 17:00"}},
		"German quotes":                  {line: "checkin \u201eWie geht es?\u201c", words: "checkin", text: "Wie geht es?"},
		"keys at the end":                {line: `checkin "Q" by=friday options="a lot, some"`, words: "checkin", text: "Q", args: map[string]string{"by": "friday", "options": "a lot, some"}},
		"a date key without quotes":      {line: `checkin "Q" by=tomorrow 17:00`, words: "checkin", text: "Q", args: map[string]string{"by": "tomorrow 17:00"}},
		"two date keys":                  {line: `checkin "Q" every=monday 09:00 until=1 May`, words: "checkin", text: "Q", args: map[string]string{"every": "monday 09:00", "until": "1 May"}},
		"keys in capitals":               {line: `checkin "Q" BY=friday`, words: "checkin", text: "Q", args: map[string]string{"by": "friday"}},
		"other x=y is text":              {line: `checkin does x=y hold`, words: "checkin", text: "does x=y hold"},
		"own key in the middle is text":  {line: `checkin "set by=5 there" options=yes`, words: "checkin", text: "set by=5 there", args: map[string]string{"options": "yes"}},
		"a key of another command":       {line: `commit write by=line format`, words: "commit", text: "write by=line format"},
		"bare words behind the quotes":   {line: `checkin "Q" anonymous now`, words: "checkin", text: "Q", bare: "anonymous now"},
		"bare words before the quotes":   {line: `checkin anonymous "Q"`, words: "checkin", text: "Q", bare: "anonymous"},
		"bare words and keys":            {line: `checkin "Q" anonymous now options="a, b"`, words: "checkin", text: "Q", bare: "anonymous now", args: map[string]string{"options": "a, b"}},
		"bare words without quotes":      {line: `checkin are you free now`, words: "checkin", text: "are you free now"},
		"the longest match wins":         {line: `checkin reveal`, words: "checkin reveal"},
		"quoted words are no command":    {line: `checkin "reveal"`, words: "checkin", text: "reveal"},
		"three words":                    {line: `session scope on "Where vehicles stop"`, words: "session scope on", text: "Where vehicles stop"},
		"here":                           {line: `session here`, words: "session", here: true},
		"here where it is not answered":  {line: `commit be here`, words: "commit", text: "be here"},
		"quoted here":                    {line: `session "here"`, words: "session", text: "here"},
		"line breaks stay":               {line: "propose \"One.\n\nTwo.\"", words: "propose", text: "One.\n\nTwo."},
		"a quote inside a word stays":    {line: `propose "a 3"x4 board"`, words: "propose", text: `a 3"x4 board`},
		"an unclosed quote is a letter":  {line: `propose "we meet`, words: "propose", text: `"we meet`},
		"apostrophes are letters":        {line: "commit ask the head\u2019s office", words: "commit", text: "ask the head\u2019s office"},
		"direction overrides are hidden": {line: "commit \u202eevil\u202c", words: "commit", text: "evil"},
	} {
		_, c, ok := b.parse(row.line)
		if !ok {
			t.Errorf("%s: %q is not read as a command", name, row.line)
			continue
		}
		if row.args == nil {
			row.args = map[string]string{}
		}
		if c.Words != row.words || c.Text != row.text || !maps.Equal(c.args, row.args) || strings.Join(slices.Sorted(slices.Values(c.bare)), " ") != row.bare || c.Here != row.here {
			t.Errorf("%s: %q is read as words %q, text %q, args %v, bare %v, here %v", name, row.line, c.Words, c.Text, c.args, c.bare, c.Here)
		}
	}
}

func TestTheNearestCommandIsNamed(t *testing.T) {
	b := testBook(t)
	for line, want := range map[string]string{
		"chekin": "checkin", "Propse a thing": "propose", "dnoe 3": "done", "xyzzy": "", "": "", "sesion start": "session",
		"session scpoe on x": "session scope", "session xyzzy": "session", "checkin revela": "checkin reveal",
	} {
		if got := b.nearest(line); got != want {
			t.Errorf("nearest to %q is %q, want %q", line, got, want)
		}
	}
}

func TestALineThatIsACommandToItsEnd(t *testing.T) {
	b := testBook(t)
	for line, want := range map[string]bool{
		"done 3": true, "done with all that": false, "checkin": true, `checkin "Q"`: true, "checkin on me later": false, "propose x by=friday": true,
	} {
		row, c, ok := b.parse(line)
		if !ok || row.whole(c) != want {
			t.Errorf("%q: command %v, whole %v, want %v", line, ok, ok && row.whole(c), want)
		}
	}
}

func TestNumbersAreRead(t *testing.T) {
	for text, want := range map[string]int{"3": 3, "#3": 3, "C3": 3, "c3": 3, "#C3": 3, "A3": 0, "0": 0, "-1": 0, "": 0, "C": 0, "99999999": 0} {
		if got, ok := ParseNumber(text, "C"); got != want && ok || ok != (want > 0) {
			t.Errorf("%q is read as %d, %v; want %d", text, got, ok, want)
		}
	}
}

func FuzzCommand(f *testing.F) {
	for _, line := range []string{`checkin "Q" by=tomorrow 17:00`, `propose "a 3" pipe" steps=decide`, "done #3 \u201cok\u201d", `checkin "" = by= "`, "session here"} {
		f.Add(line)
	}
	b := testBook(f)
	f.Fuzz(func(t *testing.T, line string) {
		_, c, ok := b.parse(line)
		if !ok {
			return
		}
		if !utf8.ValidString(c.Text) {
			t.Errorf("%q gives a text that is no UTF-8: %q", line, c.Text)
		}
		for _, r := range c.Text {
			if hidden(r) {
				t.Errorf("%q gives a text with a hidden %U", line, r)
			}
		}
		for n := range c.Tokens {
			_ = c.After(n)
		}
	})
}
