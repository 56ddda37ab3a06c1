package session

import (
	"slices"

	"trellis/flows"
)

// pages tells of every session, the oldest first, and what stands on the table now.
func pages(t *flows.Turn, s flows.Signal) error {
	var all []Session
	if err := sessions.All(t, func(_ flows.ID, v Session) (bool, error) {
		all = append(all, v)
		return true, nil
	}); err != nil {
		return err
	}
	slices.SortStableFunc(all, func(a, b Session) int { return a.Started.Compare(b.Started) })
	var m flows.Message
	for _, v := range all {
		m = v.addTo(m)
	}
	if len(all) > 0 {
		s.Gather.Pages = append(s.Gather.Pages, flows.Page{Name: "sessions", Title: flows.Words("session.page.title"), Message: m})
	}
	lines, err := scope(t)
	if err != nil || len(lines) == 0 {
		return err
	}
	s.Gather.Pages = append(s.Gather.Pages, flows.Page{Name: "scope", Title: flows.Words("session.scope.title"), Message: scopeMessage(lines)})
	return nil
}

func (s Session) addTo(m flows.Message) flows.Message {
	m = m.Heading(flows.Words("flows.plain", "text", said(s.Topic, s.By))).With("session.page.begun", "person", s.By, "date", s.Started, "lens", s.lens())
	var been []flows.Phrase
	for _, phase := range s.Been {
		been = append(been, flows.Words("session.phase.name."+phase))
	}
	if len(been) > 0 {
		m = m.With("session.page.phases", "phases", been)
	}
	if s.Closed.IsZero() {
		return m.With("session.page.open")
	}
	return m.With("session.page.closed", "date", s.Closed)
}
