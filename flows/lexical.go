package flows

import (
	"strings"
	"unicode"
	"unicode/utf8"
)

// normalQuotes writes all double quotes as ", which phones do not.
func normalQuotes(s string) string { return curly.Replace(s) }

func runeAt(s string, i int) (rune, int) { return utf8.DecodeRuneInString(s[i:]) }

// closing finds the quote that ends a text: one with white space or the end behind it, so that a " for inches inside
// does not end it; -1 when there is none.
func closing(s string, from int) int {
	for i := from; i < len(s); i++ {
		if s[i] != '"' {
			continue
		}
		r, _ := runeAt(s, i+1)
		if i+1 == len(s) || unicode.IsSpace(r) {
			return i
		}
	}
	return -1
}

// replaceWord replaces a word, but not a part of one; a capital letter at its beginning stays one.
func replaceWord(text, old, with string) string {
	var b strings.Builder
	for {
		at := strings.Index(strings.ToLower(text), strings.ToLower(old))
		if at < 0 || old == "" {
			return b.String() + text
		}
		end := at + len(old)
		before, _ := utf8.DecodeLastRuneInString(text[:at])
		after, _ := runeAt(text, end)
		b.WriteString(text[:at])
		if unicode.IsLetter(before) || unicode.IsLetter(after) {
			b.WriteString(text[at:end])
		} else {
			first, _ := runeAt(text, at)
			b.WriteString(sameCase(with, first))
		}
		text = text[end:]
	}
}

func sameCase(word string, like rune) string {
	r, size := utf8.DecodeRuneInString(word)
	if unicode.IsUpper(like) && size > 0 {
		return string(unicode.ToUpper(r)) + word[size:]
	}
	return word
}
