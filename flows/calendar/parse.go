package calendar

import (
	"errors"
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
	if zone, err := LoadZone(w.Zone); err == nil {
		return w.At.In(zone).Format(time.RFC3339)
	}
	return w.At.Format(time.RFC3339)
}

// Parse reads a whole text as a date. The error is an *AmbiguousError, a *PastError, a *FarError or an *UnknownError.
//
// A weekday alone is the first one after today; with a time of day it is today's, if that is still to come. A date
// without year is the next one, a time without date the next one. "Next month" is its first day.
func Parse(text string, c Context) (When, error) {
	w, ok, err := read(text, c, false)
	if words := fields(text); !ok { // "by friday", where by= stands already
		for _, n := range append(keywordsAt(words, string(kBy), c), keywordsAt(words, string(kUntil), c)...) {
			if n < len(words) && !ok {
				w, ok, err = read(text[words[n].start:], c, false)
			}
		}
	}
	if !ok {
		return When{}, &UnknownError{Text: text, Near: nearTexts(text, c, func(p *parser) bool {
			_, ok, err := p.date(text)
			_, past := errors.AsType[*PastError](err)
			return ok && !past
		})}
	}
	return w, err
}

// read tries the languages in their order; ok is false when the text is a date in none.
func read(text string, c Context, strict bool) (w When, ok bool, err error) {
	for _, lx := range c.lexicons() {
		if w, ok, err = newParser(text, lx, c, strict).date(text); ok {
			return w, true, err
		}
	}
	return When{}, false, nil
}

// date reads all tokens as a date, in the first way that makes sense.
func (p *parser) date(text string) (w When, ok bool, err error) {
	p.readings(func(d draft) bool {
		w, ok, err = p.when(d, text)
		return ok
	})
	return w, ok, err
}

// lexicons are one's own language and then the others.
func (c Context) lexicons() []*lexicon {
	var list []*lexicon
	if own := lexicons()[c.Language]; own != nil {
		list = append(list, own)
	}
	for _, language := range languages {
		if language != c.Language {
			list = append(list, lexicons()[language])
		}
	}
	return list
}

// ParseClock reads a whole text as a time of day ("9:00", "9am", "17h30", "noon"). A bare hour is read on the
// 24-hour clock: who sets their hour to 9 means the morning.
func ParseClock(text string, c Context) (Clock, error) {
	for _, lx := range c.lexicons() {
		if clock, ok := newParser(text, lx, c, false).clock(); ok {
			return clock, nil
		}
	}
	return 0, &UnknownError{Text: text}
}

// clock reads all tokens as a time of day.
func (p *parser) clock() (clock Clock, ok bool) {
	if len(p.tokens) == 1 {
		for _, w := range p.words(0, kInt) {
			return Clock(w.n * 60), w.n < 24
		}
	}
	p.readings(func(d draft) bool {
		clocks, sense := d.times()
		if !sense || len(clocks) == 0 || d.hasDay() && d.part != "tonight" || d.span != nil || d.at != nil {
			return false
		}
		clock, ok = clocks[0]%dayMinutes, true
		return true
	})
	return clock, ok
}
