package agreement

import "trellis/flows"

// pages tells of every agreement, those that ended too: its text, how it stands, and how it came about.
func pages(t *flows.Turn, s flows.Signal) error {
	var m flows.Message
	if err := agreements.All(t, func(_ flows.ID, a Agreement) (bool, error) {
		m = m.Heading(flows.Words("agreement.page.one", "a", a.Name(), "n", a.Version)).Quote(a.said())
		if a.ended() {
			m = m.With("agreement.show.over", "date", a.Over)
		} else {
			m = m.With("agreement.review.on", "date", a.Review)
		}
		m = results(m, a.decided().Answers)
		for _, change := range a.Changes {
			m = m.Item(change.phrase())
		}
		m = m.With("agreement.show.history", "a", a.Name())
		for _, v := range a.Versions {
			m = a.addVersion(m, v)
		}
		m = a.addQuestions(m)
		return true, nil
	}); err != nil || len(m.Lines) == 0 {
		return err
	}
	s.Gather.Pages = append(s.Gather.Pages, flows.Page{Name: "agreements", Title: flows.Words("agreement.heading"), Message: m})
	return nil
}
