package agreement

import (
	"slices"
	"time"

	"trellis/flows"
	"trellis/flows/calendar"
)

// mostRunes is how much people's text one message of a list may have: what is comfortable on every platform.
const mostRunes = 6000

// list says what is agreed, with the whole text, and nothing else.
func list(t *flows.Turn, c flows.Command) error {
	if numbered(c) {
		return show(t, c)
	}
	all, err := Standing(t)
	if err != nil {
		return err
	}
	if len(all) == 0 {
		_, err := t.Answer(flows.Note("agreement.list.none"))
		return err
	}
	m, runes := flows.Note("agreement.list.title", "n", len(all)), 0
	for _, a := range all {
		if runes += len([]rune(a.Text)); runes > mostRunes {
			if _, err := t.Answer(m); err != nil {
				return err
			}
			m, runes = flows.Message{}, len([]rune(a.Text))
		}
		m = a.item(m)
	}
	_, err = t.Answer(m.With("agreement.list.more").Choose(flows.Shareable("agreements")))
	return err
}

// show is an agreement with its history.
func show(t *flows.Turn, c flows.Command) error {
	a, err := named(t, c)
	if err != nil {
		return err
	}
	m := flows.Note("agreement.show.title", "a", a.Name(), "n", a.Version).Quote(a.said())
	if a.ended() {
		m = m.With("agreement.show.over", "date", a.Over)
	} else {
		m = m.With("agreement.review.on", "date", a.Review)
	}
	if a.Reviewing != "" {
		m = m.With("agreement.show.reviewing")
	}
	m = results(m, a.decided().Answers)
	for _, change := range a.Changes {
		m = m.Item(change.phrase())
	}
	if a.consented(t.Person()) && !a.ended() && !c.Here {
		m = m.Choose(flows.Choice{Key: "agreement.button.unconsent", Action: "unconsent", Subject: a.id()})
	}
	if _, err := t.Answer(m.Choose(flows.Shareable("agreements show " + a.Name()))); err != nil {
		return err
	}
	return a.history(t)
}

// history says how each text fared, in as many messages as it takes.
func (a Agreement) history(t *flows.Turn) error {
	m, runes, some := flows.Note("agreement.show.history", "a", a.Name()), 0, false
	for _, v := range a.Versions {
		size := len([]rune(v.Text))
		for _, r := range a.Rounds {
			if r.Version == v.Number {
				size += r.size()
			}
		}
		if runes += size; runes > mostRunes && some {
			if _, err := t.Answer(m); err != nil {
				return err
			}
			m, runes = flows.Message{}, size
		}
		some = true
		m = a.addVersion(m, v)
	}
	_, err := t.Answer(a.addQuestions(m))
	return err
}

// addVersion says how a text fared.
func (a Agreement) addVersion(m flows.Message, v Version) flows.Message {
	m = m.With("agreement.show.version", "n", v.Number, "person", v.By, "date", v.At)
	if v.Text != a.Text {
		m = m.Quote(flows.Said{Text: v.Text, By: v.By})
	}
	for _, r := range a.Rounds {
		if r.Version == v.Number {
			m = r.add(m)
		}
	}
	return m
}

// addQuestions says what was asked about it, and answered.
func (a Agreement) addQuestions(m flows.Message) flows.Message {
	for _, q := range a.Questions {
		m = m.With("agreement.show.question").Quote(q.said())
		if q.Answer != "" {
			m = m.With("agreement.ask.reply", "person", a.Author).Quote(flows.Said{Text: q.Answer, By: a.Author})
		}
	}
	return m
}

func (r Round) size() (n int) {
	for _, a := range r.Answers {
		n += len([]rune(a.Text)) + len([]rune(a.Whom))
	}
	return n
}

// add says what came of a step.
func (r Round) add(m flows.Message) flows.Message {
	switch {
	case r.Step == Understand:
		return m
	case r.Step == React:
		m = m.With("agreement.show.react", "date", r.Ended)
		for _, a := range those(r.Answers, Reacts) {
			m = m.With("agreement.says.react", "person", a.By).Quote(flows.Said{Text: a.Text, By: a.By})
		}
		return m
	case r.Agreed:
		m = m.With("agreement.show.agreed."+r.aim(), "date", r.Ended)
	default:
		m = m.With("agreement.show.not."+r.aim(), "date", r.Ended)
	}
	return results(m, r.Answers)
}

func (r Round) aim() string {
	if r.Aim == "" {
		return "new"
	}
	return string(r.Aim)
}

// phrase says what happened to an agreement.
func (c Change) phrase() flows.Phrase {
	return flows.Words("agreement.change."+string(c.What), "date", c.At, "n", c.Version, "person", c.By)
}

// waits gathers what waits for a person's word.
func waits(t *flows.Turn, s flows.Signal) error {
	var lines []flows.Phrase
	var choices []flows.Choice
	facilitates, err := t.Holds(s.Person, flows.Facilitator)
	if err != nil {
		return err
	}
	if err := eachOpen(t, func(id flows.ID, p Proposal) error {
		leads, err := p.leads(t, s.Person)
		switch {
		case err != nil:
		case p.State == Asking && slices.Contains(p.missing(), s.Person):
			lines = append(lines, flows.Words("agreement.waits."+string(p.Step), "title", p.short(), "by", flows.Brief(p.By)))
			choices = append(choices, flows.Choice{Label: p.short().Text, Action: "open", Subject: id})
		case p.State == Pending && leads:
			lines = append(lines, flows.Words("agreement.waits.pending", "title", p.short()))
			choices = append(choices, flows.Choice{Label: p.short().Text, Action: "open", Subject: id})
		case p.State == Weighing && (leads || facilitates):
			lines = append(lines, flows.Words("agreement.waits.weighing", "title", p.short()))
			choices = append(choices, flows.Choice{Label: p.short().Text, Action: "open", Subject: id})
		}
		return err
	}); err != nil {
		return err
	}
	if facilitates {
		due, err := Due(t, calendar.DateOf(t.Now(), t.Zone(s.Person)))
		if err != nil {
			return err
		}
		for _, a := range due {
			lines = append(lines, flows.Words("agreement.waits.review", "a", a.Name(), "date", flows.Short(a.Review)))
		}
	}
	if len(lines) > 0 {
		section := flows.Waits(lines...)
		section.Choices = choices
		s.Gather.Add(section)
	}
	return nil
}

// openOne shows a person, alone, what waits for them.
func openOne(t *flows.Turn, a flows.Action) error {
	p, err := find(t, a.Subject)
	if err != nil {
		return err
	}
	leads, err := p.leads(t, t.Person())
	if err != nil {
		return err
	}
	switch {
	case p.State == Asking && slices.Contains(p.Named, t.Person()):
		_, err = t.Whisper(p.private(a.Subject, "agreement.asked.open"))
	case p.State == Pending && leads:
		m, err := p.whatNow(t, flows.Note("agreement.not.title").Quote(p.said()))
		if err != nil {
			return err
		}
		_, err = t.Whisper(m.Choose(p.offers(a.Subject)...))
		return err
	case p.State == Weighing:
		_, err = t.Whisper(p.weighMessage(a.Subject))
	default:
		err = t.Refuse("flows.closed")
	}
	return err
}

// open gathers what the group is asked now.
func open(t *flows.Turn, s flows.Signal) error {
	lines, err := openLines(t)
	if err != nil || len(lines) == 0 {
		return err
	}
	s.Gather.Add(flows.Open(lines...))
	return nil
}

func openLines(t *flows.Turn) ([]flows.Phrase, error) {
	var lines []flows.Phrase
	err := eachOpen(t, func(_ flows.ID, p Proposal) error {
		key := "agreement.open." + string(p.Step)
		if p.State != Asking {
			key = "agreement.open." + string(p.State)
		}
		lines = append(lines, flows.Words(key, "title", p.short(), "author", p.Author, "by", flows.Brief(p.By)))
		return nil
	})
	return lines, err
}

// summary says what was agreed in a session.
func summary(t *flows.Turn, s flows.Signal) error {
	lines, err := newsLines(t, s.Since)
	if err == nil && len(lines) > 0 {
		s.Gather.Add(section(lines))
	}
	return err
}

func section(lines []flows.Phrase) flows.Section {
	return flows.Section{Order: 40, Heading: flows.Words("agreement.heading"), Lines: lines}
}

func newsLines(t *flows.Turn, since time.Time) ([]flows.Phrase, error) {
	news, err := Since(t, since)
	var lines []flows.Phrase
	for _, n := range news {
		if n.What == Unconsented {
			continue // the facilitators know; the room is told by the review
		}
		lines = append(lines, flows.Words("agreement.news."+string(n.What), "a", n.Name(), "n", n.Change.Version, "title", n.Short()))
	}
	return lines, err
}

// soon is how far ahead a digest says that a review comes.
const soon = 7

// digest says what changed about agreements, which reviews come, and what the group is asked.
func digest(t *flows.Turn, s flows.Signal) error {
	lines, err := newsLines(t, s.Since)
	if err != nil {
		return err
	}
	today := calendar.DateOf(t.Now(), t.RoomZone())
	due, err := Due(t, today.AddDays(soon))
	if err != nil {
		return err
	}
	for _, a := range due {
		lines = append(lines, flows.Words("agreement.news.review", "a", a.Name(), "title", a.Short(), "date", flows.Short(a.Review)))
	}
	if len(lines) > 0 {
		s.Gather.Add(section(lines))
	}
	return open(t, s)
}
