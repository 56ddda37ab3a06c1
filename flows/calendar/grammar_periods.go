package calendar

import (
	"time"
)

// span is a length of time: calendar days and months keep the time of day, seconds are exact.
type span struct {
	months, days, seconds int
}

func (s span) plus(t span, times int) span {
	return span{s.months + t.months*times, s.days + t.days*times, s.seconds + t.seconds*times}
}

// spans reads "in 2 weeks", "2h30m", "an hour from now", "3 days ago", "a week after friday".
func (p *parser) spans(i int) []step {
	var list []step
	for _, back := range p.words(i, kAgo) {
		for _, w := range p.lengths(back.next) {
			list = append(list, step{w.next, p.setSpan(w.span, -1, false)})
		}
	}
	for _, in := range p.words(i, kIn) {
		for _, w := range p.lengths(in.next) {
			list = append(list, p.counted(w, true)...)
		}
		for _, w := range p.words(in.next, kOne) {
			w.span = units[w.name]
			list = append(list, p.counted(w, true)...)
		}
	}
	if len(p.words(i, kClock)) > 0 && p.says("h", kHours) {
		return list // "17h" is a time here
	}
	for _, w := range p.lengths(i) {
		list = append(list, p.counted(w, false)...)
	}
	return list
}

// counted are the ways in which a length is counted from a day.
func (p *parser) counted(w word, in bool) []step {
	var list []step
	for _, back := range p.words(w.next, kAgo) {
		list = append(list, step{back.next, p.setSpan(w.span, -1, false)})
	}
	for _, on := range p.words(w.next, kFromNow) {
		list = append(list, step{on.next, p.setSpan(w.span, 1, false)})
	}
	if w.span.seconds == 0 && !in {
		for _, from := range append(p.words(w.next, kAfter, kOn), word{next: w.next}) {
			for _, base := range p.words(from.next, kDay, kWeekday) {
				day := p.today.AddDays(base.n)
				if base.kind == kWeekday {
					day = p.coming(time.Weekday(base.n))
				}
				list = append(list, step{base.next, setDays(fixed(day.AddMonths(w.span.months).AddDays(w.span.days)))})
			}
		}
	}
	return append(list, step{w.next, p.setSpan(w.span, 1, !in)})
}

// setSpan counts from now. A bare length is none in a longer text: "rest for 2 weeks".
func (p *parser) setSpan(s span, times int, bare bool) func(*draft) bool {
	return func(d *draft) bool {
		if d.span != nil || d.at != nil || d.week != nil || d.month != nil || bare && p.strict {
			return false
		}
		s := span{}.plus(s, times)
		if d.days != nil { // "tomorrow in 2 weeks"
			if bare || !d.byWord || len(d.days) != 1 || s.seconds != 0 {
				return false
			}
			d.days = []series{fixed(d.days[0].dates[0].AddMonths(s.months).AddDays(s.days))}
			return true
		}
		d.span = &s
		return true
	}
}

// lengths reads one or more lengths, "an hour and 30 minutes", the longest first.
func (p *parser) lengths(i int) []word {
	one := p.words(i, kSpan)
	for _, n := range p.words(i, kInt, kNumber) {
		for _, u := range p.words(n.next, kUnit) {
			if u.name != "weekend" {
				u.span = span{}.plus(units[u.name], n.n)
				one = append(one, u)
			}
		}
	}
	var list []word
	for _, w := range one {
		for _, more := range p.lengths(p.skip(w.next, kAnd, kComma)) {
			more.span = w.span.plus(more.span, 1)
			list = append(list, more)
		}
		list = append(list, w)
	}
	return list
}

// periods reads weeks, months and years that are named: "next month" is its first day, "end of the month" its last.
func (p *parser) periods(i int) []step {
	var list []step
	for _, per := range p.named(i) {
		list = append(list, step{per.next, per.add(p)})
	}
	for _, u := range p.words(p.skip(i, kThe), kUnit) {
		if u.name == "weekend" {
			list = append(list, step{u.next, func(d *draft) bool {
				return (!p.strict || d.led || u.next > i+1) && p.weekend(kThis)(d)
			}})
		}
	}
	for _, edge := range p.words(i, kEnd, kStart) {
		j := p.skip(edge.next, kThe, kOf)
		for _, per := range append(p.named(j), p.plainPeriods(j)...) {
			list = append(list, step{per.next, per.edge(p, edge.kind == kEnd)})
		}
		for _, m := range p.words(j, kMonth) {
			first := p.yearly(time.Month(m.n), 1)
			if m.n == int(p.today.Month) {
				first = fixed(Date{p.today.Year, p.today.Month, 1})
			}
			list = append(list, step{m.next, period{first: first.dates[0], unit: "month"}.edge(p, edge.kind == kEnd)})
		}
	}
	for _, w := range p.words(i, kEndDay, kEndWeek, kEndMonth, kEndYear) {
		unit := map[kind]string{kEndDay: "day", kEndWeek: "week", kEndMonth: "month", kEndYear: "year"}[w.kind]
		list = append(list, step{w.next, period{first: p.first(unit, 0), unit: unit}.edge(p, true)})
	}
	return list
}

// period is a week, month or year, by its first day.
type period struct {
	first Date
	unit  string
	next  int
	kind  kind
}

// named reads "next week" and "semaine prochaine".
func (p *parser) named(i int) []period {
	var list []period
	j := p.skip(i, kThe)
	for _, lead := range p.words(i, kNext, kComing, kThis) {
		for _, u := range p.words(lead.next, kUnit) {
			list = append(list, p.period(u, lead.kind, u.next)...)
		}
	}
	for _, u := range p.words(j, kUnit) {
		for _, tail := range p.words(u.next, kNext, kComing, kThis) {
			list = append(list, p.period(u, tail.kind, tail.next)...)
		}
	}
	return list
}

// plainPeriods reads "the month" as this month, where only an end or a start can be meant.
func (p *parser) plainPeriods(i int) []period {
	var list []period
	for _, u := range p.words(i, kUnit) {
		list = append(list, p.period(u, kThis, u.next)...)
	}
	return list
}

func (p *parser) period(u word, k kind, next int) []period {
	ahead := 1
	if k == kThis {
		ahead = 0
	}
	switch u.name {
	case "week", "month", "year":
		return []period{{p.first(u.name, ahead), u.name, next, k}}
	case "weekend":
		return []period{{unit: u.name, next: next, kind: k}}
	}
	return nil
}

// first is the first day of the week, month or year that many after this one.
func (p *parser) first(unit string, ahead int) Date {
	switch unit {
	case "week":
		return monday(p.today).AddDays(7 * ahead)
	case "month":
		return Date{p.today.Year, p.today.Month, 1}.AddMonths(ahead)
	case "year":
		return Date{p.today.Year + ahead, 1, 1}
	}
	return p.today.AddDays(ahead)
}

// add is the period as a day: its first, unless another component picks one from it. "This week" is no day alone.
func (per period) add(p *parser) func(*draft) bool {
	if per.unit == "weekend" {
		return p.weekend(per.kind)
	}
	return func(d *draft) bool {
		if d.span != nil || d.at != nil || d.week != nil || d.month != nil {
			return false
		}
		first := per.first
		switch per.unit {
		case "week":
			d.week = &first
			if d.days != nil {
				return false
			}
		case "month":
			d.month = &first
			if d.ofMonth > 0 {
				day := Date{first.Year, first.Month, d.ofMonth}
				d.days = []series{fixed(day)}
				return day.valid()
			}
			if d.days != nil {
				return false
			}
		default:
			if d.days != nil {
				return false
			}
		}
		if per.kind != kThis {
			d.days = []series{fixed(first)}
		}
		return true
	}
}

// edge is the last or the first day of the period. A week ends on Friday for some and on Sunday for others.
func (per period) edge(p *parser, end bool) func(*draft) bool {
	if !end {
		return setDays(p.dated(per.first))
	}
	switch per.unit {
	case "week":
		return setDays(fixed(per.first.AddDays(4)), fixed(per.first.AddDays(6)))
	case "month":
		return setDays(fixed(per.first.AddMonths(1).AddDays(-1)))
	case "year":
		return setDays(fixed(per.first.AddMonths(12).AddDays(-1)))
	case "day":
		return setDays(fixed(per.first))
	}
	return func(*draft) bool { return false }
}

// weekend is its Saturday; on Sunday this one is over.
func (p *parser) weekend(k kind) func(*draft) bool {
	if k == kNext {
		return setDays(p.relative(kNext, time.Saturday)...)
	}
	if p.today.Weekday() == time.Saturday && k == kThis {
		return setDays(fixed(p.today))
	}
	return setDays(fixed(p.coming(time.Saturday)))
}
