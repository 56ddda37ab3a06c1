package commitment

import (
	"slices"
	"strconv"
	"strings"
	"unicode"

	"trellis/flows"
	"trellis/flows/session"
)

// offerAnswer asks the owner, alone, whether what they found out answers something that the group did not know: a line
// of the scope that the commitment speaks of in much the same words.
func (c Commitment) offerAnswer(t *flows.Turn, word string) error {
	if word == "" {
		return nil
	}
	lines, err := session.Scope(t)
	if err != nil {
		return err
	}
	m := flows.Note("commitment.answers", "c", c.label())
	for _, l := range lines {
		if l.Kind != session.Unknown || !alike(l.Text, c.Text.Text) {
			continue
		}
		n := strconv.Itoa(l.Number)
		m = m.Item(flows.Words("commitment.unknown", "s", "S"+n, "text", flows.Said{Text: l.Text, By: l.By})).
			Choose(flows.Choice{
				Key: "commitment.button.answers", Of: "S" + n,
				Run: "session scope answered " + n + ` "` + strings.ReplaceAll(word, `"`, "'") + `"`,
			})
	}
	if len(m.Choices) == 0 {
		return nil
	}
	_, err = t.Whisper(m)
	return err
}

// leastWord is how many letters a word has that says what a text is about.
const leastWord = 4

// alike tells whether at least half of the words of one text stand in another, two or more of them.
func alike(text, other string) bool {
	words, others := wordsOf(text), wordsOf(other)
	common := 0
	for _, w := range words {
		if slices.Contains(others, w) {
			common++
		}
	}
	return common >= 2 && 2*common >= len(words)
}

func wordsOf(text string) []string {
	var words []string
	for _, w := range strings.FieldsFunc(strings.ToLower(text), func(r rune) bool { return !unicode.IsLetter(r) }) {
		if len([]rune(w)) >= leastWord && !slices.Contains(words, w) {
			words = append(words, w)
		}
	}
	return words
}
