package commitment

import (
	"strconv"
	"time"

	"trellis/flows"
	"trellis/flows/calendar"
)

// mostLines is how many commitments one message lists: as many as anybody reads on a phone.
const mostLines = 30

// list shows the group's open commitments in a room, and one's own in a direct message.
func list(t *flows.Turn, c flows.Command) error {
	if t.Direct() && !c.Here {
		return listMine(t)
	}
	all, err := allOpen(t)
	if err != nil {
		return err
	}
	m := flows.Note("commitment.list.none")
	if len(all) > 0 {
		m = flows.Note("commitment.list.room", "n", len(all))
	}
	for _, open := range firstOf(all, mostLines) {
		m = m.Item(open.row(calendar.Date{}))
	}
	if more := len(all) - mostLines; more > 0 {
		m = m.With("commitment.list.more", "n", more)
	}
	_, err = t.Answer(m.Choose(flows.Shareable("commitments")))
	return err
}

func listMine(t *flows.Turn) error {
	mine, err := openOf(t, t.Person())
	if err != nil {
		return err
	}
	m := flows.Note("commitment.list.none_mine")
	if len(mine) > 0 {
		m = flows.Note("commitment.list.mine", "n", len(mine))
	}
	for _, c := range firstOf(mine, mostLines) {
		m = m.Item(c.line())
	}
	_, err = t.Answer(m.Choose(choicesOf(mine)...))
	return err
}

// showCard shows one of one's own, with all its choices.
func showCard(t *flows.Turn, a flows.Action) error {
	c, err := pressed(t, a.Subject)
	if err != nil {
		return err
	}
	_, err = t.Whisper(c.now(t, ""))
	return err
}

// home adds what waits for a person and what they promised.
func home(t *flows.Turn, s flows.Signal) error {
	if err := addWaiting(t, s); err != nil {
		return err
	}
	mine, err := openOf(t, s.Person)
	if err != nil || len(mine) == 0 {
		return err
	}
	section := flows.Promised()
	for _, c := range firstOf(mine, mostLines) {
		section.Lines = append(section.Lines, c.line())
	}
	section.Choices = choicesOf(mine)
	s.Gather.Add(section)
	return nil
}

// addWaiting adds what a person is asked to take on, and what they asked others.
func addWaiting(t *flows.Turn, s flows.Signal) error {
	asked, err := pleas(t, waitingFor, string(s.Person))
	if err != nil {
		return err
	}
	section := flows.Waits()
	for i, r := range asked {
		section.Lines = append(section.Lines, r.phrase("commitment.waits"))
		of := ""
		if len(asked) > 1 {
			of = strconv.Itoa(i + 1)
		}
		if i < mostPleas {
			section.Choices = append(section.Choices, r.answers(of)...)
		}
	}
	if len(section.Lines) > 0 {
		s.Gather.Add(section)
	}
	asking, err := pleas(t, askedBy, string(s.Person))
	if err != nil {
		return err
	}
	theirs, news := flows.Section{Order: 15, Heading: flows.Words("commitment.asked_title")}, flows.News()
	for _, r := range asking {
		if r.Answer != Waiting { // and not told yet
			news.Lines = append(news.Lines, r.news())
			continue
		}
		theirs.Lines = append(theirs.Lines, r.phrase("commitment.asking"))
		if len(theirs.Choices) < mostPleas {
			back := r.takeBack()
			back.Arg = ""
			if len(asking) > 1 {
				back.Of = t.Name(r.To)
			}
			theirs.Choices = append(theirs.Choices, back)
		}
	}
	if len(theirs.Lines) > 0 {
		s.Gather.Add(theirs)
	}
	if len(news.Lines) > 0 {
		s.Gather.Add(news)
	}
	return nil
}

// mostPleas is how many requests have their choices in an overview, beside what else stands there.
const mostPleas = 3

// digestMe adds to one's own digest what stands in the overview.
func digestMe(t *flows.Turn, s flows.Signal) error { return home(t, s) }

// digestRoom adds what was done, moved and handed over since the last one, where help is wanted, and what is open.
func digestRoom(t *flows.Turn, s flows.Signal) error {
	sections := []struct {
		kind Kind
		key  string
	}{{Finished, "commitment.digest.done"}, {Moved, "commitment.digest.moved"}, {Handed, "commitment.digest.moved"}, {HelpAsked, "commitment.digest.help"}}
	zone, err := calendar.LoadZone(t.About().Zone)
	if err != nil {
		return err
	}
	for i, part := range sections {
		list, err := Since(t, part.kind, s.Since)
		if err != nil {
			return err
		}
		section := flows.Section{Order: 40 + i, Heading: flows.Words(part.key + ".title")}
		for _, h := range list {
			section.Lines = append(section.Lines, h.phrase(zone))
		}
		if len(section.Lines) > 0 {
			s.Gather.Add(section)
		}
	}
	all, err := allOpen(t)
	if err != nil || len(all) == 0 {
		return err
	}
	section := flows.Section{Order: 45, Heading: flows.Words("commitment.digest.open.title")}
	for _, c := range firstOf(all, mostLines) {
		section.Lines = append(section.Lines, c.row(calendar.DateOf(t.Now(), zone)))
	}
	if more := len(all) - mostLines; more > 0 {
		section.Lines = append(section.Lines, flows.Words("commitment.list.more", "n", more))
	}
	s.Gather.Add(section)
	return nil
}

// phrase is one line about what happened: of a date that was moved, the date as it is now.
func (h Happening) phrase(zone *time.Location) flows.Phrase {
	c := h.Commitment
	key := "commitment.digest.done.line"
	switch h.Kind {
	case Moved:
		key = "commitment.digest.moved.line"
	case Handed:
		key = "commitment.digest.moved.handed"
	case HelpAsked:
		day := flows.Short(calendar.DateOf(h.Event.At, zone))
		return flows.Words("commitment.digest.help.line", "c", c.label(), "owner", h.From, "text", c.Text, "day", day)
	case Finished, LetGo:
	}
	by := c.By
	if h.Kind == Handed || h.Kind == Moved {
		by = h.Event.By
	}
	if h.Kind == Handed && by.Zone == "" {
		key = "commitment.digest.moved.handed_undated"
	}
	return flows.Words(key, "c", c.label(), "owner", c.Owner, "to", h.To, "text", c.Text, "by", flows.Brief(by))
}

// summary says, at the end of a session, what was taken on in it.
func summary(t *flows.Turn, s flows.Signal) error {
	made, err := MadeSince(t, s.Since)
	if err != nil || len(made) == 0 {
		return err
	}
	labels := make([]flows.Phrase, 0, len(made))
	for _, c := range made {
		labels = append(labels, flows.Words("commitment.label", "c", c.label()))
	}
	s.Gather.Add(flows.Section{Order: 40, Heading: flows.Words("commitment.summary.title"), Lines: []flows.Phrase{
		flows.Words("commitment.summary.line", "n", len(made), "list", labels),
	}})
	return nil
}

// openInSession says in the session's own overview how much is open.
func openInSession(t *flows.Turn, s flows.Signal) error {
	all, err := allOpen(t)
	if err != nil || len(all) == 0 {
		return err
	}
	s.Gather.Add(flows.Section{Order: 40, Heading: flows.Words("commitment.summary.title"), Lines: []flows.Phrase{
		flows.Words("commitment.summary.open", "n", len(all)),
	}})
	return nil
}

// export adds all that is kept of a person here.
func export(t *flows.Turn, s flows.Signal) error {
	var lines []flows.Phrase
	err := commitments.All(t, func(_ flows.ID, c Commitment) (bool, error) {
		mine := c.Owner == s.Person || c.Text.By == s.Person
		if mine {
			lines = append(lines, flows.Words("commitment.export.line", "c", c.label(), "owner", c.Owner, "text", c.Text, "made", c.Made))
		}
		for _, e := range c.Story {
			if e.Word.By == s.Person {
				lines = append(lines, flows.Words("commitment.export.word", "c", c.label(), "text", e.Word, "at", e.At))
			}
		}
		return true, nil
	})
	if err != nil {
		return err
	}
	if err := requests.All(t, func(_ flows.ID, r Request) (bool, error) {
		if r.Asker == s.Person || r.To == s.Person {
			lines = append(lines, flows.Words("commitment.export.request", "asker", r.Asker, "person", r.To, "text", r.Text, "at", r.At))
		}
		return true, nil
	}); err != nil || len(lines) == 0 {
		return err
	}
	s.Gather.Add(flows.Section{Order: 40, Heading: flows.Words("commitment.export.title"), Lines: lines})
	return nil
}
