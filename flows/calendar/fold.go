package calendar

import (
	"strings"
	"unicode"
)

// plain are the letters of the five languages without their marks.
var plain = strings.NewReplacer(
	"à", "a", "á", "a", "â", "a", "ã", "a", "ä", "a", "å", "a", "ç", "c", "è", "e", "é", "e", "ê", "e", "ë", "e",
	"ì", "i", "í", "i", "î", "i", "ï", "i", "ñ", "n", "ò", "o", "ó", "o", "ô", "o", "ö", "o", "ù", "u", "ú", "u",
	"û", "u", "ü", "u", "ŵ", "w", "ẅ", "w", "ŷ", "y", "ÿ", "y", "œ", "oe", "ß", "ss",
	"’", "'", "‘", "'", "ʼ", "'", "–", "-", "—", "-", "−", "-", "‑", "-", "\u00a0", " ", "\u202f", " ",
)

// fold makes words comparable: small letters, no marks, one kind of apostrophe and hyphen.
func fold(s string) string {
	s = plain.Replace(strings.ToLower(s))
	if strings.IndexFunc(s, isMark) < 0 {
		return s
	}
	return strings.Map(func(r rune) rune { // marks that stand alone after their letter
		if isMark(r) {
			return -1
		}
		return r
	}, s)
}

func isMark(r rune) bool { return unicode.Is(unicode.Mn, r) }
