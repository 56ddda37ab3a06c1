package chat

import (
	"strings"
	"unicode"
	"unicode/utf8"
)

// Clean is a text without what no reader can see and a client may act upon: control characters, and marks that turn
// the text around them.
func Clean(text string) string {
	if utf8.ValidString(text) && strings.IndexFunc(text, unseen) < 0 {
		return text
	}
	return strings.Map(func(r rune) rune {
		if unseen(r) {
			return utf8.RuneError
		}
		return r
	}, strings.ToValidUTF8(text, "\ufffd"))
}

func unseen(r rune) bool {
	turns := r >= '\u202a' && r <= '\u202e' || r >= '\u2066' && r <= '\u2069'
	return turns || unicode.IsControl(r) && r != '\n' && r != '\t'
}
