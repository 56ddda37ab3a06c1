package flows

import (
	"strings"
	"unicode"
)

// hidden tells the runes that show nothing, or change how the text around them is shown: direction marks and
// overrides, zero-width ones, controls, private use. Joiners stay, since scripts and emoji need them.
func hidden(r rune) bool {
	switch {
	case r == '\n' || r == '\t' || r == '\u200d' || r == '\u200c':
		return false
	case r == '\ufeff' || r == '\u200b' || r == '\u2060' || r == '\u00ad' || r == '\u061c' || r == '\u200e' || r == '\u200f':
		return true
	case r >= '\u202a' && r <= '\u202e' || r >= '\u2066' && r <= '\u2069':
		return true
	}
	return unicode.Is(unicode.Cc, r) || unicode.Is(unicode.Co, r) || unicode.Is(unicode.Cs, r)
}

// MaxText is in runes: what one text of a person may have. It is far more than anybody reads in a chat, and within
// what every platform can show.
const MaxText = 3000

// cleanText is a person's text without what hides in it; line breaks stay.
func cleanText(s string) string {
	s = strings.ReplaceAll(strings.ToValidUTF8(s, "\ufffd"), "\r\n", "\n")
	return strings.TrimSpace(strings.Map(func(r rune) rune {
		if hidden(r) {
			return -1
		}
		return r
	}, s))
}
