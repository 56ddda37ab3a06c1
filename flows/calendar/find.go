package calendar

import (
	"slices"
	"strings"
)

// FindAfter splits text at the last keyword ("by", "until", or its words in the other languages: erbyn, para, avant,
// bis …) that a date follows to the end: "publish the by-laws by friday" is "publish the by-laws" and that Friday.
// found is false when no keyword is followed by a date; err is then nil. A date that must be asked back is found,
// with the error of Parse.
func FindAfter(text, keyword string, c Context) (before string, w When, found bool, err error) {
	words := fields(text)
	for i := len(words) - 1; i >= max(0, len(words)-mostTokens); i-- {
		for _, n := range keywordsAt(words[i:], keyword, c) {
			if i+n >= len(words) {
				continue
			}
			if w, ok, err := read(text[words[i+n].start:], c, true); ok {
				return trimBefore(text[:words[i].start]), w, true, err
			}
		}
	}
	return text, When{}, false, nil
}

// keywordsAt gives how many words a keyword has at the start of words, longest first.
func keywordsAt(words []token, keyword string, c Context) []int {
	var list []int
	for _, lx := range c.lexicons() {
		for n := min(lx.longest, len(words)); n > 0; n-- {
			folded := make([]string, n)
			for i, w := range words[:n] {
				folded[i] = fold(w.text)
			}
			phrase := strings.Join(folded, " ")
			leads := func(it item) bool { return it.kind == kind(keyword) }
			if (phrase == keyword || slices.ContainsFunc(lx.phrases[phrase], leads)) && !slices.Contains(list, n) {
				list = append(list, n)
			}
		}
	}
	slices.Sort(list)
	slices.Reverse(list)
	return list
}

// FindTrailing splits text before the longest date at its end, with the "on", "at", "in" or "by" that leads to it:
// "water the plants tomorrow at 5pm". found and err are as in FindAfter.
func FindTrailing(text string, c Context) (before string, w When, found bool, err error) {
	words := fields(text)
	for i := max(0, len(words)-mostTokens); i < len(words); i++ {
		from := i
		if n := keywordsAt(words[i:], string(kBy), c); len(n) > 0 && i+n[0] < len(words) {
			from = i + n[0]
		}
		if w, ok, err := read(text[words[from].start:], c, true); ok {
			return trimBefore(text[:words[i].start]), w, true, err
		}
	}
	return text, When{}, false, nil
}

// FindLeading splits text after the longest date at its start: "tomorrow 9am to bring the sensor".
func FindLeading(text string, c Context) (w When, after string, found bool, err error) {
	words := fields(text)
	for n := min(len(words), mostTokens); n > 0; n-- {
		if w, ok, err := read(text[:words[n-1].end], c, true); ok {
			return w, strings.TrimLeft(text[words[n-1].end:], " \t\r\n,;:"), true, err
		}
	}
	return When{}, text, false, nil
}

func trimBefore(s string) string { return strings.TrimRight(s, " \t\r\n,;:–—-") }
