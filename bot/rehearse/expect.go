package rehearse

import (
	"fmt"
	"slices"
	"strings"

	"trellis/adapters/chat"
	"trellis/adapters/rehearsal"
)

// expect looks at what Trellis said since the last step that was no expectation.
func (p *player) expect(e Expect) error {
	said := p.said(e)
	text := squeeze(e.Text)
	var fresh []chat.MessageID // new messages with the text, in whatever version
	found := false
	for _, s := range said {
		if !strings.Contains(squeeze(printed(s)), text) {
			continue
		}
		found = true
		id := s.ID
		if s.Edits != "" {
			id = s.Edits
		}
		isNew := s.Edits == "" || slices.ContainsFunc(said, func(o rehearsal.Shown) bool { return o.ID == s.Edits })
		if isNew && !slices.Contains(fresh, id) {
			fresh = append(fresh, id)
		}
	}
	switch {
	case e.Refute && found:
		return fmt.Errorf("Trellis did say %q to %s%s", e.Text, whom(e), recalled(said))
	case e.Refute:
		return nil
	case e.Once && len(fresh) != 1:
		return fmt.Errorf("expected one new message to %s with %q, there were %d%s", whom(e), e.Text, len(fresh), recalled(said))
	case !found:
		return fmt.Errorf("expected Trellis to say %q to %s%s", e.Text, whom(e), recalled(said))
	}
	return nil
}

// said is what Trellis said in the window to the room, or to the person alone.
func (p *player) said(e Expect) []rehearsal.Shown {
	var said []rehearsal.Shown
	for _, entry := range p.result.Entries[p.window:] {
		of, private := entry.Private()
		switch {
		case entry.Note != "" || !entry.ByTrellis():
		case e.Person != "" && private && of == e.Person, e.Room != "" && !private && entry.Room == e.Room:
			said = append(said, entry.Shown)
		}
	}
	return said
}

// printed is what the transcript shows of a message: its text and the labels of its choices.
func printed(s rehearsal.Shown) string { return s.Text + "\n" + labels(s.Choices) }

func whom(e Expect) string {
	if e.Room != "" {
		return string(e.Room)
	}
	return string(e.Person)
}

// recalled is what was said instead, for who has to find out why.
func recalled(said []rehearsal.Shown) string {
	if len(said) == 0 {
		return "; since the last step Trellis said nothing there"
	}
	var b strings.Builder
	b.WriteString("; since the last step it said there:")
	for _, s := range said {
		b.WriteString("\n  - " + strings.ReplaceAll(strings.TrimSpace(printed(s)), "\n", "\n    "))
	}
	return b.String()
}
