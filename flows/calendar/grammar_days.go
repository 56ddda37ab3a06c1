package calendar

import (
	"time"
)

// series are the days that one reading of a phrase may mean, in their order: the first that lies ahead counts.
type series struct {
	dates []Date
	named bool   // the very day was named: when today's time is over it is past, and the next one is only offered
	offer []Date // offered when all are past
}

func fixed(d Date) series { return series{dates: []Date{d}, named: true} }

// yearly is a day of the year, this year's or the next that exists.
func (p *parser) yearly(m time.Month, day int) series {
	s := series{named: true}
	for y := p.today.Year; y <= p.today.Year+8; y++ { // 29 February may be eight years away
		if d := (Date{y, m, day}); d.valid() && !d.Before(p.today) {
			s.dates = append(s.dates, d)
		}
	}
	return s
}

// dated is a day with its year; when it is past, the next one of that name is offered.
func (p *parser) dated(d Date) series {
	s := fixed(d)
	if next := p.yearly(d.Month, d.Day); d.Before(p.today) && len(next.dates) > 0 {
		s.offer = next.dates[:1]
	}
	return s
}

// monthly is a day of the month, this month's or that of the next that has one.
func (p *parser) monthly(day int) series {
	s := series{named: true}
	for i := range 3 {
		first := Date{p.today.Year, p.today.Month, 1}.AddMonths(i)
		if d := (Date{first.Year, first.Month, day}); d.valid() && !d.Before(p.today) {
			s.dates = append(s.dates, d)
		}
	}
	return s
}

// dates reads days of the calendar: ISO, digits, "3 April 2027", "April 3", "the 14th", "tomorrow".
func (p *parser) dates(i int) []step {
	var list []step
	for _, w := range p.words(i, kISO) {
		list = append(list, step{w.next, p.iso(w.item)})
	}
	var numeric []series
	for _, w := range p.words(i, kDate) {
		if w.date.Year != 0 {
			numeric = append(numeric, p.dated(w.date))
		} else {
			numeric = append(numeric, p.yearly(w.date.Month, w.date.Day))
		}
	}
	if numeric != nil {
		var clocks []Clock
		for _, w := range p.words(i, kClock) {
			clocks = append(clocks, Clock(w.n))
		}
		list = append(list, step{i + 1, func(d *draft) bool {
			d.orClock = clocks
			return setDays(numeric...)(d)
		}})
	}
	for _, day := range p.words(i, kOrdinal, kInt, kNumber) {
		if day.n < 1 || day.n > 31 {
			continue
		}
		for _, month := range p.words(p.skip(day.next, kOf, kThe), kMonth) {
			list = append(list, p.withYear(month.next, time.Month(month.n), day.n)...)
		}
		if day.kind == kOrdinal && p.tokens[i].meanings != nil {
			list = append(list, step{day.next, p.dayOfMonth(day.n)})
		}
	}
	for _, month := range p.words(i, kMonth) {
		for _, day := range p.words(p.skip(month.next, kThe), kOrdinal, kInt) {
			if day.n >= 1 && day.n <= 31 {
				list = append(list, p.withYear(day.next, time.Month(month.n), day.n)...)
			}
		}
	}
	for _, lead := range p.words(i, kDayWord) {
		for _, day := range p.words(lead.next, kInt) {
			list = append(list, step{day.next, p.dayOfMonth(day.n)})
		}
	}
	for _, w := range p.words(i, kDay) {
		list = append(list, step{w.next, setNamed(fixed(p.today.AddDays(w.n)))})
	}
	return list
}

func (p *parser) iso(it item) func(*draft) bool {
	return func(d *draft) bool {
		if d.at != nil || d.days != nil || d.clocks != nil {
			return false
		}
		at := it.at
		if at.IsZero() {
			at = At(it.date, Clock(it.n), p.c.Zone).Add(time.Duration(it.sec) * time.Second)
		}
		d.at = &at
		return true
	}
}

// withYear reads the year that may follow a day and its month.
func (p *parser) withYear(i int, m time.Month, day int) []step {
	var list []step
	for _, y := range p.words(p.skip(i, kOf, kComma), kInt) {
		if d := (Date{y.n, m, day}); y.n >= 1000 && d.valid() {
			list = append(list, step{y.next, setDays(p.dated(d))})
		}
	}
	if (Date{2000, m, day}).valid() { // a leap year
		list = append(list, step{i, setDays(p.yearly(m, day))})
	}
	return list
}

// dayOfMonth is "the 14th", of a month that is named later or of the next that has one.
func (p *parser) dayOfMonth(day int) func(*draft) bool {
	return func(d *draft) bool {
		if d.ofMonth != 0 || d.span != nil || d.at != nil || day < 1 || day > 31 {
			return false
		}
		d.ofMonth = day
		if d.month != nil { // "next month on the 14th"
			named := Date{d.month.Year, d.month.Month, day}
			d.days = []series{fixed(named)}
			return named.valid()
		}
		return setDays(p.monthly(day))(d)
	}
}

// weekdays reads a weekday with what stands before or after it.
func (p *parser) weekdays(i int) []step {
	var list []step
	for _, lead := range p.words(i, kNext, kComing, kThis, kLast) {
		for _, day := range p.words(lead.next, kWeekday) {
			list = append(list, step{day.next, setNamed(p.relative(lead.kind, time.Weekday(day.n))...)})
		}
	}
	for _, day := range p.words(i, kWeekday) {
		wd := time.Weekday(day.n)
		for _, tail := range p.words(day.next, kNext, kComing, kThis, kLast) {
			list = append(list, step{tail.next, setNamed(p.relative(tail.kind, wd)...)})
		}
		for _, tail := range p.words(day.next, kWeekOn) {
			list = append(list, step{tail.next, setNamed(fixed(p.coming(wd).AddDays(7)))})
		}
		list = append(list, step{day.next, func(d *draft) bool {
			if d.weekday != nil {
				return false
			}
			d.weekday, d.short = &wd, day.short && !d.led
			return true
		}})
	}
	for _, nth := range p.words(i, kOrdinal) {
		for _, day := range p.words(nth.next, kWeekday) {
			list = append(list, p.nthWeekday(day.next, nth.n, time.Weekday(day.n))...)
		}
	}
	for _, night := range p.words(i, kWeeknight) {
		wd := time.Weekday(night.n)
		list = append(list, step{night.next, func(d *draft) bool {
			if d.weekday != nil || d.part != "" {
				return false
			}
			d.weekday, d.part = &wd, "evening"
			return true
		}})
	}
	return list
}

// coming is the first such weekday after today.
func (p *parser) coming(wd time.Weekday) Date {
	ahead := (int(wd-p.today.Weekday()) + 6) % 7
	return p.today.AddDays(ahead + 1)
}

// monday is the first day of the week that has d.
func monday(d Date) Date { return d.AddDays(-(int(d.Weekday()) + 6) % 7) }

// inWeek is a weekday of the week that starts on a Monday.
func inWeek(monday Date, wd time.Weekday) Date { return monday.AddDays((int(wd) + 6) % 7) }

// relative is a weekday with one word. "Next" means the first to come for some, and that of the week after this one
// for others: where these differ both are readings.
func (p *parser) relative(k kind, wd time.Weekday) []series {
	coming, this := p.coming(wd), inWeek(monday(p.today), wd)
	switch k {
	case kNext:
		if after := this.AddDays(7); after != coming {
			return []series{fixed(coming), fixed(after)}
		}
		return []series{fixed(coming)}
	case kThis:
		s := fixed(this)
		s.offer = []Date{coming}
		return []series{s}
	case kLast:
		last := coming.AddDays(-7)
		if last == p.today {
			last = last.AddDays(-7)
		}
		s := fixed(last)
		s.offer = []Date{coming}
		return []series{s}
	default:
		return []series{fixed(coming)}
	}
}

// nthWeekday reads the month after "first monday".
func (p *parser) nthWeekday(i, n int, wd time.Weekday) []step {
	var list []step
	j := p.skip(i, kOf, kThe)
	for _, m := range p.words(j, kMonth) {
		s := series{named: true}
		for y := p.today.Year; y <= p.today.Year+8; y++ {
			if d, ok := nth(Date{y, time.Month(m.n), 1}, n, wd); ok && !d.Before(p.today) {
				s.dates = append(s.dates, d)
			}
		}
		if s.dates != nil {
			list = append(list, step{m.next, setDays(s)})
		}
	}
	for _, per := range append(p.named(j), p.plainPeriods(j)...) {
		if d, ok := nth(per.first, n, wd); ok && per.unit == "month" {
			list = append(list, step{per.next, setDays(fixed(d))})
		}
	}
	return list
}

// nth is the n-th such weekday of the month that starts on first, or the last when n is -1; false when there is none.
func nth(first Date, n int, wd time.Weekday) (Date, bool) {
	if n < 0 {
		last := first.AddMonths(1).AddDays(-1)
		return last.AddDays(-(int(last.Weekday()-wd) + 7) % 7), true
	}
	d := first.AddDays((int(wd-first.Weekday())+7)%7 + 7*(n-1))
	return d, n > 0 && d.Month == first.Month
}
