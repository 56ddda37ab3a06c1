package reminder

import "testing"

func TestWithoutTo(t *testing.T) {
	for text, want := range map[string]string{
		"to water the plants":   "water the plants",
		`"to water the plants"`: "water the plants",
		"that the hall is shut": "the hall is shut",
		"water the plants":      "water the plants",
		`to "ring the school"`:  "ring the school",
		"to":                    "to",
		"tomatoes":              "tomatoes",
		"":                      "",
	} {
		if got := withoutTo(text); got != want {
			t.Errorf("%q: %q, want %q", text, got, want)
		}
	}
}
