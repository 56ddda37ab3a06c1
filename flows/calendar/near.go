package calendar

import (
	"cmp"
	"slices"
)

// leastWord is the shortest word in which a slip is looked for: a shorter one is near to everything.
const leastWord = 4

// nearTexts are texts with one word set right that would be understood; the nearest, at most three.
func nearTexts(text string, c Context, understood func(*parser) bool) []string {
	words := fields(text)
	if len(words) > mostTokens {
		return nil
	}
	var near []string
	for _, lx := range c.lexicons() {
		if lx.language != c.Language && lx.language != "en" {
			continue
		}
		for _, f := range words {
			word := fold(f.text)
			if len(word) < leastWord || len(word) > 2*leastWord*leastWord {
				continue
			}
			for phrase := range lx.phrases {
				if phrase == word || len(phrase) < leastWord || slips(word, phrase) > (len(word)+2)/4 {
					continue
				}
				if right := text[:f.start] + phrase + text[f.end:]; understood(newParser(right, lx, c, false)) {
					near = append(near, right)
				}
			}
		}
	}
	distance := func(right string) int { return slips(fold(text), fold(right)) }
	slices.SortFunc(near, func(a, b string) int { return cmp.Or(cmp.Compare(distance(a), distance(b)), cmp.Compare(a, b)) })
	near = slices.Compact(near)
	for i := range near {
		if distance(near[i]) > distance(near[0]) {
			near = near[:i]
			break
		}
	}
	return near[:min(3, len(near))]
}
