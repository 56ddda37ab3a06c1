package config

import (
	"fmt"
	"strings"
)

// Mistake is one thing that somebody wrote wrong.
type Mistake struct {
	File string // "" when it was in the environment
	Line int    // 0 when no line is to blame
	Key  string // the key or variable; "" when the file as a whole is meant
	Text string // what is wrong and what would be right
}

// Error is one line: where, what, and what would be right.
func (m Mistake) Error() string {
	var b strings.Builder
	if m.File != "" {
		b.WriteString(m.File)
		if m.Line > 0 {
			fmt.Fprintf(&b, ":%d", m.Line)
		}
		b.WriteString(": ")
	}
	if m.Key != "" {
		b.WriteString(m.Key + ": ")
	}
	return b.String() + m.Text
}

// Mistakes are all that is wrong: the environment's, then the file's by line.
type Mistakes []Mistake

// Error has a line for each.
func (m Mistakes) Error() string {
	lines := make([]string, len(m))
	for i := range m {
		lines[i] = m[i].Error()
	}
	return strings.Join(lines, "\n")
}
