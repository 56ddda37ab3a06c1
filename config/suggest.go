package config

import "strings"

// Nearest is the one of known that word was most likely meant to be, or "" when none is near. A slip is a letter
// left out, added, exchanged or swapped with its neighbour; a third of the letters may be wrong.
func Nearest(word string, known []string) string {
	word = strings.ToLower(word)
	best, least := "", len([]rune(word))/3+1
	if len([]rune(word)) <= 2 {
		least = 1
	}
	for _, k := range known {
		if d := distance([]rune(word), []rune(strings.ToLower(k)), least); d < least || d == least && best == "" {
			best, least = k, d
		}
	}
	return best
}

// distance counts the slips between a and b (optimal string alignment). Above limit it may stop counting.
func distance(a, b []rune, limit int) int {
	if d := len(a) - len(b); d > limit || -d > limit {
		return limit + 1
	}
	before, last, row := make([]int, len(b)+1), make([]int, len(b)+1), make([]int, len(b)+1)
	for j := range last {
		last[j] = j
	}
	for i := range a {
		row[0] = i + 1
		for j := range b {
			cost := 1
			if a[i] == b[j] {
				cost = 0
			}
			row[j+1] = min(last[j]+cost, last[j+1]+1, row[j]+1)
			if i > 0 && j > 0 && a[i] == b[j-1] && a[i-1] == b[j] {
				row[j+1] = min(row[j+1], before[j-1]+1)
			}
		}
		before, last, row = last, row, before
	}
	return last[len(b)]
}
