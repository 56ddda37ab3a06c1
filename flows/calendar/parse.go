package calendar

import (
	"time"
)

// Context is who asks, when and where.
type Context struct {
	Now      time.Time
	Zone     *time.Location
	Language string // en, cy, es, fr or de: read first; the others are understood too, but for their abbreviations
}

// When is a moment somebody wrote: a day alone, a day with a time of day, or an exact instant ("in 30 seconds").
type When struct {
	At      time.Time `json:"at"`    // UTC; for a day alone the first valid minute of that day, which for today lies behind
	Date    Date      `json:"date"`  // the day in Zone
	Clock   Clock     `json:"clock"` // the time of day in Zone at At, moved on where the zone skips it; 0 for a day alone
	HasTime bool      `json:"hasTime"`
	Zone    string    `json:"zone"` // IANA
}

// On is that day at another time of day.
func (w When) On(c Clock, zone *time.Location) time.Time { return At(w.Date, c, zone) }

// String is a form that Parse reads back to the same When: 2026-04-03, or 2026-04-03T17:00:00+01:00.
func (w When) String() string {
	if !w.HasTime {
		return w.Date.String()
	}
	if zone, err := time.LoadLocation(w.Zone); err == nil {
		return w.At.In(zone).Format(time.RFC3339)
	}
	return w.At.Format(time.RFC3339)
}

// Parse reads a whole text as a date. The error is an *AmbiguousError, a *PastError, a *FarError or an *UnknownError.
func Parse(text string, c Context) (When, error) {
	return When{}, &UnknownError{Text: text}
}

// ParseClock reads a whole text as a time of day ("9:00", "9am", "17h30", "noon"). A bare hour is read on the
// 24-hour clock: who sets their hour to 9 means the morning.
func ParseClock(text string, c Context) (Clock, error) {
	return 0, &UnknownError{Text: text}
}

// FindAfter splits text at the last keyword ("by", "until", or its words in the other languages: erbyn, para, avant,
// bis …) that a date follows to the end: "publish the by-laws by friday" is "publish the by-laws" and that Friday.
// found is false when no keyword is followed by a date; err is then nil. A date that must be asked back is found,
// with the error of Parse.
func FindAfter(text, keyword string, c Context) (before string, w When, found bool, err error) {
	return text, When{}, false, nil
}

// FindTrailing splits text before the longest date at its end, with the "on", "at" or "in" that leads to it:
// "water the plants tomorrow at 5pm". found and err are as in FindAfter.
func FindTrailing(text string, c Context) (before string, w When, found bool, err error) {
	return text, When{}, false, nil
}

// FindLeading splits text after the longest date at its start: "tomorrow 9am to bring the sensor".
func FindLeading(text string, c Context) (w When, after string, found bool, err error) {
	return When{}, text, false, nil
}
