package flows

import (
	"errors"
	"slices"
	"strings"

	"trellis/flows/calendar"
)

// Repeating is a rule that a person wrote, and whether they named a time of day in it.
type Repeating struct {
	Rule  calendar.Rule
	Timed bool `json:",omitempty"`
}

// everyWords lead to a rule, in the languages that the calendar reads.
var everyWords = []string{"every", "bob", "pob", "cada", "todos", "todas", "chaque", "tous", "toutes", "jede", "jeden", "jedes", "alle"}

// IsEvery tells whether a word leads to a rule.
func IsEvery(word string) bool { return slices.Contains(everyWords, strings.ToLower(word)) }

// Repeats reads a rule as the turn's person means it; false when the text is none. A time of day counts as named when
// another usual one makes no difference.
func (t *Turn) Repeats(text string, usual calendar.Clock) (Repeating, bool, error) {
	var no *calendar.UnknownError
	if _, err := calendar.ParseRule(text, t.Calendar(), usual); errors.As(err, &no) {
		return Repeating{}, false, nil
	}
	rule, err := t.Rule(text, usual)
	if err != nil {
		return Repeating{}, true, err
	}
	other, err := t.Rule(text, (usual+12*60)%(24*60))
	return Repeating{Rule: rule, Timed: rule == other}, true, err
}

// RepeatsAfter splits a command, from its token `from` on, at the last "every" that a rule follows to its end; false
// when there is none.
func (t *Turn) RepeatsAfter(c Command, from int, usual calendar.Clock) (before string, r Repeating, found bool, err error) {
	for i := len(c.Tokens) - 2; i >= from; i-- {
		if c.Tokens[i].Quoted || !IsEvery(c.Tokens[i].Text) {
			continue
		}
		r, found, err = t.Repeats(c.After(i+1), usual)
		if found || err != nil { // "every box" is no rule
			return c.Between(from, i), r, true, err
		}
	}
	return "", Repeating{}, false, nil
}

// WithoutQuotes is the command from its token `from` on, its last token without its quotes: a date may stand in them.
func (c Command) WithoutQuotes(from int) string {
	n := len(c.Tokens)
	if n-1 > from && c.Tokens[n-1].Quoted {
		return c.Between(from, n-1) + " " + c.Tokens[n-1].Text
	}
	return c.After(from)
}

// Unquoted is a text without the quotes around all of it.
func Unquoted(s string) string {
	s = strings.TrimSpace(s)
	if len(s) > 1 && s[0] == '"' && s[len(s)-1] == '"' && !strings.Contains(s[1:len(s)-1], `"`) {
		return s[1 : len(s)-1]
	}
	return s
}
