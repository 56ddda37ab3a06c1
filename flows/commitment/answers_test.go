package commitment

import "testing"

func TestAlike(t *testing.T) {
	for name, row := range map[string]struct {
		unknown, done string
		want          bool
	}{
		"the same matter in other words": {"Whether a traffic order needs a public notice first", "Find out whether the traffic order needs a public notice", true},
		"case and marks do not matter":   {"Who holds the KEY of the gym?", "ask, who holds the key: the gym", false}, // one word of four letters
		"another matter":                 {"Whether a traffic order needs a public notice first", "Ring Idris after each session", false},
		"one word in common":             {"Where the monitors go", "Lend three monitors", false},
		"nothing to compare":             {"", "Lend three monitors", false},
	} {
		if got := alike(row.unknown, row.done); got != row.want {
			t.Errorf("%s: %v, want %v", name, got, row.want)
		}
	}
}
