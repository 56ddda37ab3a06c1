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

// ParseRule reads what people put after "every" (the word itself may stand there too): "friday 16:00", "monday and
// thursday 9am", "weekdays", "2 weeks friday 10:00", "month 1st", "last friday of the month", or a cron of five
// fields. usual is the time of day where none is given. Errors are those of Parse, and *OftenError.
func ParseRule(text string, c Context, usual Clock) (Rule, error) {
	return Rule{}, &UnknownError{Text: text}
}

// Next is the first instant of the rule strictly after a given one; false when none comes within ten years, or when
// the rule or its zone is no longer valid.
func (r Rule) Next(after time.Time) (time.Time, bool) {
	return time.Time{}, false
}
