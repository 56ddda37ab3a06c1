package calendar

import (
	"cmp"
	"errors"
	"slices"
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
		return When{}, &UnknownError{Text: text, Near: nearDates(text, c)}
	}
	return w, err
}

// read tries the languages in their order; ok is false when the text is a date in none.
func read(text string, c Context, strict bool) (w When, ok bool, err error) {
	for _, lx := range c.lexicons() {
		p := newParser(text, lx, c, strict)
		p.readings(func(d draft) bool {
			w, ok, err = p.when(d, text)
			return ok
		})
		if ok {
			return w, true, err
		}
	}
	return When{}, false, nil
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
		p := newParser(text, lx, c, false)
		if len(p.tokens) == 1 {
			for _, w := range p.words(0, kInt) {
				if w.n < 24 {
					return Clock(w.n * 60), nil
				}
			}
		}
		clock, found := Clock(0), false
		p.readings(func(d draft) bool {
			clocks, ok := d.times()
			if !ok || len(clocks) == 0 || d.hasDay() && d.part != "tonight" || d.span != nil || d.at != nil {
				return false
			}
			clock, found = clocks[0]%dayMinutes, true
			return true
		})
		if found {
			return clock, nil
		}
	}
	return 0, &UnknownError{Text: text}
}

// leastWord is the shortest word in which a slip is looked for: a shorter one is near to everything.
const leastWord = 4

// nearDates are texts with one word set right that would be understood; at most three.
func nearDates(text string, c Context) []string {
	var near []string
	words := fields(text)
	if len(words) > mostTokens {
		return nil
	}
	for _, f := range words {
		word := fold(f.text)
		if len(word) < leastWord {
			continue
		}
		for _, lx := range c.lexicons() {
			if lx.language != c.Language && lx.language != "en" {
				continue
			}
			for phrase := range lx.phrases {
				if phrase == word || len(phrase) < leastWord || slips(word, phrase) > (len(word)+2)/4 {
					continue
				}
				right := text[:f.start] + phrase + text[f.end:]
				_, ok, err := read(right, Context{c.Now, c.Zone, lx.language}, false)
				if _, past := errors.AsType[*PastError](err); ok && !past {
					near = append(near, right)
				}
			}
		}
	}
	slices.SortFunc(near, func(a, b string) int {
		return cmp.Or(cmp.Compare(slips(text, a), slips(text, b)), cmp.Compare(a, b))
	})
	near = slices.Compact(near)
	for i := range near { // only the nearest
		if slips(text, near[i]) > slips(text, near[0]) {
			near = near[:i]
			break
		}
	}
	return near[:min(3, len(near))]
}
