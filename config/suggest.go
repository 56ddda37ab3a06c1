package config

import (
	"strings"

	"github.com/agnivade/levenshtein"
)

// Nearest is the one of known that word was most likely meant to be, or "" when none is near: up to a third of the
// letters may be left out, added or exchanged, and one more in words of three letters or longer.
func Nearest(word string, known []string) string {
	word = strings.ToLower(word)
	length := len([]rune(word))
	best, least := "", length/3+1
	if length <= 2 {
		least = 1
	}
	for _, k := range known {
		if d := levenshtein.ComputeDistance(word, strings.ToLower(k)); d < least || d == least && best == "" {
			best, least = k, d
		}
	}
	return best
}
