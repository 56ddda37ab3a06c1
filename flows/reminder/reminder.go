// Package reminder is a word that somebody wants to hear at a time, alone or with the whole group, and that is no
// commitment.
//
// How it works: a Reminder names its next instant; a timer of whom it is for runs then, and what falls due for them at
// that instant is told in one message. One that repeats goes on to the next instant of its rule; one that was told
// stays, so that it can be put off with one tap.
//
// What always holds: a time that somebody named is not held back, by quiet hours or days; the hour of a day alone is.
// What was missed more than once is told once. Only a facilitator reminds the group; only who made one, or a
// facilitator one of the group's, ends it.
package reminder

import (
	"slices"
	"time"

	"trellis/flows"
	"trellis/flows/calendar"
)

// Flow is all that the engine knows of this practice.
var Flow = flows.Flow{
	Name: "reminder",
	Commands: flows.Commands{
		"remind":      {Usage: "me|us TEXT WHEN [every=RULE]", Who: flows.Member, Answers: true, Run: list},
		"remind me":   {Usage: "TEXT WHEN [every=RULE]", Keys: []string{"every"}, Who: flows.Member, Reads: hasText, Run: remindMe},
		"remind us":   {Usage: "TEXT WHEN [every=RULE]", Keys: []string{"every"}, Who: flows.Facilitator, Reads: hasText, Run: remindUs},
		"remind list": {Usage: "", Who: flows.Member, Answers: true, Run: list},
		"remind end":  {Usage: "N", Who: flows.Member, Reads: hasText, Run: end},
		"stop":        {Usage: "", Who: flows.Facilitator, Run: stopAll},
	},
	Actions: map[string]func(*flows.Turn, flows.Action) error{
		"hour": inAnHour, "tomorrow": tomorrow, "snooze": askSnooze,
	},
	Forms:  flows.Forms{"snooze": snooze},
	Timers: flows.Timers{"due": due, "seen": seen},
	Listeners: flows.Listeners{
		flows.SignalHome: home, flows.SignalBack: back, flows.SignalChanged: changed, flows.SignalLeft: left,
		flows.SignalLinked: linked, flows.SignalStop: stop, flows.SignalExport: export,
	},
	Forget: forget,
}

// Letter stands in front of a reminder's number.
const Letter = "R"

// Reminder is a word at a time.
type Reminder struct {
	Number int
	Owner  flows.PersonID // who made it
	Us     bool           `json:",omitempty"` // for the group, in its rooms; else for Owner alone
	Text   flows.Said
	// Next is when it is told; once that lies behind, it was. Of what repeats it always lies ahead.
	Next time.Time
	// Named says that somebody named the time of day: it moves with nobody's hour and waits for nobody's quiet.
	Named bool             `json:",omitempty"`
	Day   calendar.Date    `json:",omitzero"` // of one that is not Named and does not repeat
	Rule  *flows.Repeating `json:",omitempty"`
	// Again is when it is told once more, because its owner put it off.
	Again time.Time `json:",omitzero"`
	// Waits says that it fell due while its owner was away.
	Waits bool `json:",omitempty"`
	Ended bool `json:",omitempty"`
}

var (
	reminders = flows.NewTable[Reminder]("reminder/reminder", 1)

	byNumber = reminders.Index("number", func(_ flows.ID, r Reminder) []string {
		return []string{flows.NumberKey(r.Number)}
	})
	// byDue has those that did not end, under whom they are for and each instant at which they are told.
	byDue = reminders.Index("due", func(_ flows.ID, r Reminder) []string {
		if r.Ended {
			return nil
		}
		keys := []string{dueKey(r.target(), r.Next)}
		if !r.Again.IsZero() && !r.Again.Equal(r.Next) {
			keys = append(keys, dueKey(r.target(), r.Again))
		}
		return keys
	})
	byWaiting = reminders.Index("waits", func(_ flows.ID, r Reminder) []string {
		if !r.Waits || r.Ended {
			return nil
		}
		return []string{string(r.Owner)}
	})
)

// everyone is for whom a reminder of the group is; no person has this ID.
const everyone flows.ID = "us"

// target is for whom it is, as in the subject of its timer.
func (r Reminder) target() flows.ID {
	if r.Us {
		return everyone
	}
	return flows.ID(r.Owner)
}

func dueKey(target flows.ID, at time.Time) string {
	return flows.Key(string(target), flows.InstantKey(at))
}

// entry is a reminder with its ID.
type entry struct {
	id flows.ID
	Reminder
}

func (r entry) put(t *flows.Turn) error { return reminders.Put(t, r.id, r.Reminder) }

func collect(list *[]entry) func(flows.ID, Reminder) (bool, error) {
	return func(id flows.ID, r Reminder) (bool, error) {
		if !slices.ContainsFunc(*list, func(e entry) bool { return e.id == id }) {
			*list = append(*list, entry{id, r})
		}
		return true, nil
	}
}

// coming are those of one target that are still to be told, the earliest first.
func coming(t *flows.Turn, target flows.ID) ([]entry, error) {
	var list []entry
	err := byDue.Scan(t, dueKey(target, t.Now().Add(1)), flows.KeyEnd(flows.Key(string(target))), collect(&list))
	return list, err
}

// wake sets the timer for an instant.
func (r Reminder) wake(t *flows.Turn, at time.Time) { t.At(at, "due", r.target()) }

// hour is when a day begins for whom it is: their hour, or the end of the quiet that it falls into.
func (r Reminder) hour(t *flows.Turn, d calendar.Date) time.Time {
	if r.Us {
		zone, err := calendar.LoadZone(t.About().Zone)
		if err != nil {
			zone = time.UTC
		}
		return calendar.At(d, flows.UsualHour, zone)
	}
	zone := t.Zone(r.Owner)
	at, _ := t.Quiet(r.Owner).End(calendar.At(d, t.Hour(r.Owner), zone), zone)
	return at
}

// due tells one target, in one message, what falls due for them at one instant.
func due(t *flows.Turn, target flows.ID) error {
	var list []entry
	if err := byDue.Find(t, dueKey(target, t.Due()), collect(&list)); err != nil || len(list) == 0 {
		return err
	}
	slices.SortFunc(list, func(a, b entry) int { return a.Number - b.Number })
	if target == everyone {
		return tellEveryone(t, list)
	}
	p := flows.PersonID(target)
	here, err := t.Here(p)
	if err != nil {
		return err
	}
	free := t.Free(p)
	var told []entry
	for _, r := range list {
		held := here && !r.Named && r.Rule == nil && free.After(t.Now())
		switch {
		case !here:
			r.Waits = true
		case held:
			r.Next = free
			r.wake(t, free)
		default:
			told = append(told, r)
		}
		if err := r.goOn(t, held || !here); err != nil {
			return err
		}
	}
	if len(told) == 0 {
		return nil
	}
	_, err = t.Tell(p, tellMe(told).Noticed())
	return err
}

func tellEveryone(t *flows.Turn, list []entry) error {
	for _, r := range list {
		if err := r.goOn(t, false); err != nil {
			return err
		}
	}
	_, err := t.Say(tellUs(list).Noticed())
	return err
}

// goOn sets the next instant of what repeats, after now: what was missed meanwhile is not made up for.
func (r entry) goOn(t *flows.Turn, changed bool) error {
	if r.Rule != nil && r.Next.Equal(t.Due()) {
		next, ok := r.Rule.Rule.Next(t.Now())
		if r.Next, r.Ended = next.UTC(), !ok; ok {
			r.wake(t, r.Next)
		}
		changed = true
	}
	if !changed { // the timer was the state
		return nil
	}
	return r.put(t)
}
