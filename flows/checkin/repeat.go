package checkin

import (
	"errors"
	"time"

	"trellis/flows"
	"trellis/flows/calendar"
)

// Series is a question that is asked again and again. Its rounds bear its number.
type Series struct {
	Question
	Number   int
	Rule     calendar.Rule
	Until    time.Time `json:",omitzero"` // no round opens after it; zero: until somebody ends it
	Next     time.Time
	Deadline string   `json:",omitempty"` // what was written behind by=, read anew for each round
	Language string   // in which it was written
	Last     flows.ID `json:",omitempty"` // the round that was opened last
}

var seriesTable = flows.NewTable[Series]("checkin/series", 1)

// repeat sets up a round that repeats.
func repeat(t *flows.Turn, q Question, c flows.Command) error {
	rule, err := t.RoomRule(c.Arg("every"), calendar.Morning)
	if err != nil {
		return err
	}
	s := Series{Question: q, Rule: rule, Deadline: c.Arg("by"), Language: t.Language(t.Person())}
	if c.Given("until") {
		until, err := t.When(c.Arg("until"), 0)
		if err != nil {
			return err
		}
		s.Until = end(until)
	}
	dates := s.coming(t.Now(), 3)
	if len(dates) == 0 {
		return t.Refuse("checkin.series.never")
	}
	s.Next = dates[0]
	if s.Deadline != "" {
		if w, err := s.readDeadline(s.Next); err != nil || !end(w).After(s.Next) {
			return t.Refuse("checkin.series.by", "text", flows.Said{Text: s.Deadline})
		}
	}
	if s.Number, err = t.NextNumber("checkin"); err != nil {
		return err
	}
	id := t.NewID()
	t.At(s.Next, "again", id)
	if _, err := t.Say(s.begun(dates)); err != nil {
		return err
	}
	return seriesTable.Put(t, id, s)
}

// coming are the next dates, n at most.
func (s Series) coming(after time.Time, n int) []time.Time {
	var dates []time.Time
	for len(dates) < n {
		next, ok := s.Rule.Next(after)
		if !ok || !s.Until.IsZero() && next.After(s.Until) {
			break
		}
		dates, after = append(dates, next), next
	}
	return dates
}

// readDeadline reads by= as of a round that opens at an instant.
func (s Series) readDeadline(opens time.Time) (calendar.When, error) {
	zone, err := calendar.LoadZone(s.Rule.Zone)
	if err != nil {
		return calendar.When{}, err
	}
	return calendar.Parse(s.Deadline, calendar.Context{Now: opens, Zone: zone, Language: s.Language})
}

// until is when a round that opens now ends: at the latest when the next one opens.
func (s Series) until(now time.Time, next []time.Time) time.Time {
	until := now.Add(usualRound)
	if s.Deadline != "" {
		if w, err := s.readDeadline(now); err == nil && end(w).After(now) {
			until = end(w)
		}
	}
	if len(next) > 0 && next[0].Before(until) {
		until = next[0]
	}
	return until
}

// again opens the next round of a series. After a time in which Trellis was down it opens one, however many were
// missed; when nobody is here, it opens none and goes on.
func again(t *flows.Turn, id flows.ID) error {
	s, ok, err := seriesTable.Find(t, id)
	if err != nil || !ok || !s.Next.Equal(t.Due()) {
		return err
	}
	if last, ok, err := rounds.Find(t, s.Last); err != nil {
		return err
	} else if ok && last.State == Open {
		if err := last.reveal(t, s.Last); err != nil {
			return err
		}
	} else if ok && last.State == Late {
		if err := last.closeLate(t, s.Last); err != nil {
			return err
		}
	}
	next := s.coming(t.Now(), 1)
	var refused *flows.Refusal
	r := Round{Question: s.Question, Number: s.Number, Series: id, Until: s.until(t.Now(), next)}
	s.Last, err = open(t, r)
	if err != nil && !errors.As(err, &refused) {
		return err
	}
	if len(next) == 0 {
		return seriesTable.Delete(t, id)
	}
	s.Next = next[0]
	t.At(s.Next, "again", id)
	return seriesTable.Put(t, id, s)
}

// lastDay is the day on which the series ends, where its dates are counted.
func (s Series) lastDay() calendar.Date {
	zone, err := calendar.LoadZone(s.Rule.Zone)
	if err != nil {
		zone = time.UTC
	}
	return calendar.DateOf(s.Until, zone)
}

// begun tells the room that a question repeats, and when it comes next.
func (s Series) begun(dates []time.Time) flows.Message {
	m := flows.Note("checkin.series.begun", "rule", s.Rule, "question", s.said())
	if !s.Until.IsZero() {
		m = m.With("checkin.series.until", "until", s.lastDay())
	}
	m = m.With("checkin.series.next")
	for _, date := range dates {
		m = m.Item(flows.Words("flows.plain", "text", date))
	}
	return m.With("checkin.series.how", "command", flows.Typed("checkin end "+number(s.Number)))
}

// stop ends everything that repeats.
func stop(t *flows.Turn, _ flows.Signal) error {
	return seriesTable.All(t, func(id flows.ID, s Series) (bool, error) {
		t.Cancel(s.Next, "again", id)
		return true, seriesTable.Delete(t, id)
	})
}
