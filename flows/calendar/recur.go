package calendar

import (
	"time"
)

// Kind is what a rule counts by.
type Kind string

// Kinds of rule.
const (
	Daily   Kind = "daily"   // every Every days
	Weekly  Kind = "weekly"  // on Days, every Every weeks
	Monthly Kind = "monthly" // on the Day-th, every Every months
	Ordinal Kind = "ordinal" // on the Nth of the weekdays in Days, every Every months: "last friday of the month"
	Cron    Kind = "cron"    // five fields
)

// LeastInterval is the shortest time between two instants of a rule that ParseRule accepts. A reminder that comes
// each minute is the fault that made people leave such bots; the command line's cron is free of it.
const LeastInterval = 10 * time.Minute

// Rule is something that repeats: a wish in wall-clock time with its zone, made into instants anew each time. It is
// stored as JSON; its fields are what a catalogue needs to word it.
type Rule struct {
	Kind  Kind   `json:"kind"`
	Every int    `json:"every,omitempty"` // days, weeks or months; 0 means 1
	Days  Days   `json:"days,omitempty"`  // Weekly, Ordinal
	Day   int    `json:"day,omitempty"`   // Monthly: 1 to 31, in a shorter month its last day; -1 is always the last
	Nth   int    `json:"nth,omitempty"`   // Ordinal: 1 to 5, -1 is the last
	Clock Clock  `json:"clock,omitempty"` // all but Cron
	Cron  string `json:"cron,omitempty"`
	From  Date   `json:"from,omitzero"` // the day from which Every counts; needed when Every is above 1
	Zone  string `json:"zone"`          // IANA
}

// Next is the first instant of the rule strictly after a given one; false when none comes within ten years, or when
// the rule or its zone is no longer valid.
func (r Rule) Next(after time.Time) (time.Time, bool) {
	zone, err := LoadZone(r.Zone)
	if err != nil {
		return time.Time{}, false
	}
	if r.Kind == Cron {
		next, ok, err := NextCron(r.Cron, zone, after)
		return next, ok && err == nil
	}
	return first(after, zone, r.from)
}

// from walks the days, of which a rule has at most one minute each.
func (r Rule) from(least, last int64) (int64, bool) {
	day := floorDiv(least-int64(r.Clock)*60+59, daySeconds)
	for ; day*daySeconds <= last; day++ {
		if wall := day*daySeconds + int64(r.Clock)*60; wall >= least && r.on(DateOf(time.Unix(day*daySeconds, 0), time.UTC)) {
			return wall, true
		}
	}
	return 0, false
}

// on says whether the rule means that day.
func (r Rule) on(d Date) bool {
	every := max(r.Every, 1)
	if every > 1 && d.Before(r.From) {
		return false
	}
	months := (d.Year-r.From.Year)*12 + int(d.Month-r.From.Month)
	switch r.Kind {
	case Daily:
		return days(r.From, d)%every == 0
	case Weekly:
		return r.Days.Has(d.Weekday()) && days(monday(r.From), monday(d))/7%every == 0
	case Monthly:
		length := daysIn(d.Year, d.Month)
		return months%every == 0 && (d.Day == r.Day || d.Day == length && (r.Day == -1 || r.Day > length))
	case Ordinal:
		fits := r.Nth > 0 && (d.Day-1)/7+1 == r.Nth || r.Nth == -1 && d.Day+7 > daysIn(d.Year, d.Month)
		return months%every == 0 && fits && r.Days.Has(d.Weekday())
	default: // Cron counts minutes, in its own way
		return false
	}
}

// days counts from one date to another.
func days(from, to Date) int { return int(to.utc().Sub(from.utc()) / (24 * time.Hour)) }
