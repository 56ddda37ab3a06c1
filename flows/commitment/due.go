package commitment

import (
	"slices"
	"time"

	"trellis/flows"
	"trellis/flows/calendar"
)

// reckoning is what decides when a person hears of a date.
type reckoning struct {
	zone  *time.Location
	hour  calendar.Clock
	days  calendar.Days
	quiet calendar.Quiet
}

func reckon(t *flows.Turn, p flows.PersonID) reckoning {
	return reckoning{zone: t.Zone(p), hour: t.Hour(p), days: t.WorkingDays(p), quiet: t.Quiet(p)}
}

// on is the person's hour of a day, or the end of the quiet that it falls into.
func (r reckoning) on(d calendar.Date) time.Time {
	at, _ := r.quiet.End(calendar.At(d, r.hour, r.zone), r.zone)
	return at
}

// moments are when a person is reminded of a date and asked about it. A day alone is reminded of on the last working
// day before, and asked about on the first one after. A time of day was named by somebody, so it is itself when they
// are asked, whatever day it is and however late.
func (r reckoning) moments(by calendar.When) (remind, ask time.Time) {
	if by.Zone == "" {
		return time.Time{}, time.Time{}
	}
	if !by.HasTime {
		return r.on(r.days.Before(by.Date)), r.on(r.days.After(by.Date))
	}
	remind, ask = r.on(r.days.Before(calendar.DateOf(by.At, r.zone))), by.At
	if !remind.Before(ask) { // the quiet lasts until after it
		remind = time.Time{}
	}
	return remind, ask
}

// snoozedTo is when a person hears of what they put off.
func (r reckoning) snoozedTo(w calendar.When) time.Time {
	if w.HasTime {
		return w.At
	}
	return r.on(w.Date)
}

// moments are when the owner hears of the commitment. What they put off replaces what would come before.
func (c Commitment) moments(r reckoning, now time.Time) (remind, ask time.Time) {
	remind, ask = r.moments(c.By)
	if c.Snoozed.Zone == "" {
		return remind, ask
	}
	again := r.snoozedTo(c.Snoozed)
	switch {
	case !c.dated(), ask.After(now) && again.Before(ask):
		return again, ask
	}
	return time.Time{}, again
}

// plan sets when the owner hears of it from now on, and the timers for that. A timer of before finds nothing due.
func (c *Commitment) plan(t *flows.Turn) {
	remind, ask := c.moments(reckon(t, c.Owner), t.Now())
	c.Remind, c.Ask = c.wake(t, remind), c.wake(t, ask)
	c.Meant = time.Time{}
}

// wake sets a timer for an instant that lies ahead; one that does not is no longer to be told.
func (c *Commitment) wake(t *flows.Turn, at time.Time) time.Time {
	if !at.After(t.Now()) {
		return time.Time{}
	}
	t.At(at, "due", flows.ID(c.Owner))
	return at.UTC()
}

// changed moves what is still to come to the person's new hour, zone and working days.
func changed(t *flows.Turn, s flows.Signal) error {
	list, err := openOf(t, s.Person)
	if err != nil {
		return err
	}
	r := reckon(t, s.Person)
	for _, c := range list {
		remind, ask := c.moments(r, t.Now())
		before := c.Commitment
		c.Remind, c.Ask = c.shift(t, c.Remind, remind), c.shift(t, c.Ask, ask)
		if c.Remind.Equal(before.Remind) && c.Ask.Equal(before.Ask) {
			continue
		}
		if err := c.put(t); err != nil {
			return err
		}
	}
	return nil
}

// shift moves an instant that lies ahead to another one that does too. One that is past was told, and is not told anew.
func (c *Commitment) shift(t *flows.Turn, was, next time.Time) time.Time {
	if !was.After(t.Now()) || !next.After(t.Now()) {
		return was
	}
	return c.wake(t, next)
}

// named tells whether somebody named the time at which the owner hears of it: that is not held back.
func (c Commitment) named(at time.Time) bool {
	return c.By.HasTime && c.By.At.Equal(at) || c.Snoozed.HasTime && c.Snoozed.At.Equal(at)
}

// behind is how far a timer may run after its time before that is worth a word: above the pauses of a restart.
const behind = 2 * time.Minute

// due tells one person, in one message, what falls due for them at one instant. The timer is all there is to know that
// it was told: it is gone with the transaction that queues the message.
func due(t *flows.Turn, subject flows.ID) error {
	p := flows.PersonID(subject)
	var list []entry
	if err := byDue.Find(t, dueKey(p, t.Due()), collect(&list)); err != nil || len(list) == 0 {
		return err
	}
	here, err := t.Here(p)
	if err != nil {
		return err
	}
	slices.SortFunc(list, func(a, b entry) int { return a.compare(b.Commitment) })
	free := t.Free(p)
	var told []entry
	var meant time.Time
	for _, c := range list {
		if here && free.After(t.Now()) && !c.named(t.Due()) {
			if err := c.hold(t, free); err != nil {
				return err
			}
			continue
		}
		asked := c.Ask.Equal(t.Due())
		if here && (asked || !c.superseded(t)) { // who is away is told when they are back
			told, meant = append(told, c), c.Meant
		}
		if asked && c.Repeat != nil {
			if err := c.comeRound(t); err != nil {
				return err
			}
		}
	}
	if len(told) == 0 {
		return nil
	}
	_, err = t.Tell(p, reminder(t, told, meant).Noticed())
	return err
}

// superseded tells whether a reminder came so far behind its time that the question about the date is due too.
func (c Commitment) superseded(t *flows.Turn) bool {
	return !c.Ask.IsZero() && !c.Ask.After(t.Now()) ||
		c.dated() && c.Snoozed.Zone == "" && c.By.Date.Before(calendar.DateOf(t.Now(), t.Zone(c.Owner)))
}

// hold moves what is due to when the owner's quiet ends.
func (c entry) hold(t *flows.Turn, free time.Time) error {
	if t.Now().Sub(t.Due()) > behind {
		c.Meant = t.Due()
	}
	if c.Remind.Equal(t.Due()) {
		c.Remind = c.wake(t, free)
	}
	if c.Ask.Equal(t.Due()) {
		c.Ask = c.wake(t, free)
	}
	return c.put(t)
}

// occurrence is the first one after an instant; false when none comes any more.
func (r Repeat) occurrence(after time.Time) (calendar.When, bool) {
	at, ok := r.Rule.Next(after)
	zone, err := calendar.LoadZone(r.Rule.Zone)
	if !ok || err != nil {
		return calendar.When{}, false
	}
	w := calendar.When{At: at.UTC(), Date: calendar.DateOf(at, zone), Zone: r.Rule.Zone}
	if r.Timed {
		w.HasTime, w.Clock = true, calendar.ClockOf(at, zone)
	} else {
		w.At = w.Date.Start(zone)
	}
	return w, true
}

// next lists the occurrences after an instant, at most n.
func (r Repeat) next(after time.Time, n int) []calendar.When {
	var list []calendar.When
	for len(list) < n {
		w, ok := r.occurrence(after)
		if !ok {
			break
		}
		list, after = append(list, w), w.At
	}
	return list
}

// advance goes on to the occurrence that follows, planned; false when there is none.
func (c *Commitment) advance(t *flows.Turn) bool {
	after := c.By.At
	if t.Now().After(after) {
		after = t.Now()
	}
	next, ok := c.Repeat.occurrence(after)
	if !ok {
		return false
	}
	c.By, c.Snoozed = next, calendar.When{}
	c.plan(t)
	return true
}

// comeRound goes on to the next occurrence while the one before is still asked about.
func (c entry) comeRound(t *flows.Turn) error {
	c.Passed = c.By
	if !c.advance(t) {
		c.Repeat, c.Ask, c.Remind = nil, time.Time{}, time.Time{}
	}
	return c.put(t)
}
