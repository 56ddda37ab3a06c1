package calendar

import (
	"fmt"
	"strings"
	"time"
)

// Days is a set of weekdays; the bit of a day is 1 shifted by its time.Weekday. The zero set counts as UsualDays
// where working days are asked for.
type Days uint8

// UsualDays are the working days of who has set none: Monday to Friday.
const UsualDays Days = 0b0111110

// AllDays is every day of the week.
const AllDays Days = 0b1111111

// DaySet is the set of the given weekdays.
func DaySet(days ...time.Weekday) Days {
	var s Days
	for _, d := range days {
		s |= 1 << d
	}
	return s
}

// Has says whether a weekday is in the set.
func (s Days) Has(d time.Weekday) bool { return s&(1<<d) != 0 }

// Weekdays lists the set from Monday on.
func (s Days) Weekdays() []time.Weekday {
	var list []time.Weekday
	for i := 1; i <= 7; i++ {
		if d := time.Weekday(i % 7); s.Has(d) {
			list = append(list, d)
		}
	}
	return list
}

// Before is the last working day strictly before d.
func (s Days) Before(d Date) Date { return s.step(d, -1) }

// After is the first working day strictly after d.
func (s Days) After(d Date) Date { return s.step(d, 1) }

func (s Days) step(d Date, by int) Date {
	if s&AllDays == 0 {
		s = UsualDays
	}
	for d = d.AddDays(by); !s.Has(d.Weekday()); {
		d = d.AddDays(by)
	}
	return d
}

// String is the form that is stored: mon,tue.
func (s Days) String() string {
	var names []string
	for _, d := range s.Weekdays() {
		names = append(names, strings.ToLower(d.String()[:3]))
	}
	return strings.Join(names, ",")
}

// MarshalText writes the form of String.
func (s Days) MarshalText() ([]byte, error) { return []byte(s.String()), nil }

// UnmarshalText reads what MarshalText wrote.
func (s *Days) UnmarshalText(b []byte) error {
	*s = 0
	for name := range strings.SplitSeq(string(b), ",") {
		found := name == ""
		for d := time.Sunday; d <= time.Saturday; d++ {
			if name == strings.ToLower(d.String()[:3]) {
				*s |= 1 << d
				found = true
			}
		}
		if !found {
			return fmt.Errorf("read weekdays %q: want mon,tue", b)
		}
	}
	return nil
}

// ParseDays reads "mon-fri", "sunday to thursday", "mon wed fri" or "weekdays", in the five languages.
func ParseDays(text string, c Context) (Days, error) {
	for _, lx := range c.lexicons() {
		p := newParser(text, lx, c, false)
		if s, ok := p.days(0); ok && s != 0 {
			return s, nil
		}
	}
	return 0, &UnknownError{Text: text, Near: nearTexts(text, c, func(p *parser) bool {
		s, ok := p.days(0)
		return ok && s != 0
	})}
}

// days reads all tokens from i on as weekdays, each named once.
func (p *parser) days(i int) (Days, bool) {
	sets, after := p.daySets(i), p.skip(i, kComma, kAnd, kOn, kThe, kEvery, kFrom, kOf)
	if after > i {
		sets = append(sets, p.daySets(after)...)
	}
	if after >= len(p.tokens) {
		return 0, true
	}
	for _, w := range sets {
		if rest, ok := p.days(w.next); ok && rest&Days(w.n) == 0 {
			return Days(w.n) | rest, true
		}
	}
	return 0, false
}

// daySets are the weekdays, ranges of them and words for several that start at i; n is the set.
func (p *parser) daySets(i int) []word {
	var list []word
	for _, from := range p.words(i, kWeekday) {
		for _, to := range p.words(from.next, kTo) {
			for _, until := range p.words(to.next, kWeekday) {
				set := DaySet(time.Weekday(until.n))
				for d := from.n; d != until.n; d = (d + 1) % 7 {
					set |= DaySet(time.Weekday(d))
				}
				list = append(list, word{item{n: int(set)}, until.next})
			}
		}
		list = append(list, word{item{n: int(DaySet(time.Weekday(from.n)))}, from.next})
	}
	for _, w := range p.words(i, kWorkdays) {
		list = append(list, word{item{n: int(UsualDays)}, w.next})
	}
	for _, w := range p.words(i, kAllDays) {
		list = append(list, word{item{n: int(AllDays)}, w.next})
	}
	for _, w := range p.words(i, kUnit) {
		if w.name == "weekend" {
			list = append(list, word{item{n: int(DaySet(time.Saturday, time.Sunday))}, w.next})
		}
	}
	return list
}
