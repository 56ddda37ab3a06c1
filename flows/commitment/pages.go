package commitment

import (
	"slices"

	"trellis/flows"
	"trellis/flows/calendar"
)

// pages tells what was taken on: what is open, by date, and what was done or let go, with what its owner said to the
// room about it. Of a date it tells only what it is now.
func pages(t *flows.Turn, s flows.Signal) error {
	open, err := allOpen(t)
	if err != nil {
		return err
	}
	var m flows.Message
	if len(open) > 0 {
		m = m.Heading(flows.Words("commitment.digest.open.title"))
	}
	today := calendar.DateOf(t.Now(), t.RoomZone())
	for _, c := range open {
		m = m.Item(c.row(today))
	}
	over, err := allOver(t)
	if err != nil {
		return err
	}
	if m = addOver(addOver(m, over, Finished), over, LetGo); len(m.Lines) == 0 {
		return nil
	}
	s.Gather.Pages = append(s.Gather.Pages, flows.Page{Name: "commitments", Title: flows.Words("commitment.summary.title"), Message: m})
	return nil
}

// allOver are the ends of commitments, of one that repeats each time that it was done, in the order in which they came.
func allOver(t *flows.Turn) ([]Happening, error) {
	var all []Happening
	err := commitments.All(t, func(_ flows.ID, c Commitment) (bool, error) {
		for _, e := range c.Story {
			if e.Kind == Finished || e.Kind == LetGo {
				all = append(all, Happening{c, e})
			}
		}
		return true, nil
	})
	slices.SortStableFunc(all, func(a, b Happening) int { return a.At.Compare(b.At) })
	return all, err
}

func addOver(m flows.Message, all []Happening, kind Kind) flows.Message {
	titled := false
	for _, h := range all {
		if h.Kind != kind {
			continue
		}
		if !titled {
			m, titled = m.Heading(flows.Words("commitment.page."+string(kind))), true
		}
		m = m.Item(flows.Words("commitment.page.line", "c", h.label(), "owner", h.Owner, "text", h.Commitment.Text, "at", h.At))
		if h.Word.Text != "" {
			m = m.Quote(h.Word)
		}
	}
	return m
}
