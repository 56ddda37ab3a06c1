package calendar

import (
	"slices"
	"time"
)

// farthest is how many years ahead a date may lie: beyond it a slip is likelier than a wish.
const farthest = 10

// when makes a draft into a moment. ok is false when the draft makes no sense; err asks back.
func (p *parser) when(d draft, text string) (w When, ok bool, err error) {
	if d.exact() {
		return p.exactly(d, text)
	}
	clocks, ok := d.times()
	if !ok || p.strict && p.doubtful(d) {
		return When{}, false, nil
	}
	days, ok := p.daysOf(d, len(clocks) > 0)
	if !ok {
		return When{}, false, nil
	}
	if len(days) == 0 {
		choices := p.mismatched(d, clocks)
		return When{}, len(choices) > 0, &AmbiguousError{Text: text, Choices: choices}
	}
	var readings []reading
	for _, s := range days {
		for _, c := range clocks {
			readings = append(readings, p.pick(s, c, true))
		}
		if len(clocks) == 0 {
			readings = append(readings, p.pick(s, 0, false))
		}
	}
	if clocks == nil {
		for _, c := range d.orClock {
			readings = append(readings, p.pick(p.nextClock(), c, true))
		}
	}
	w, err = p.decide(readings, text)
	return w, true, err
}

// exact says whether the draft is an instant, whatever clocks show.
func (d *draft) exact() bool { return d.at != nil || d.span != nil && d.span.seconds != 0 }

func (p *parser) exactly(d draft, text string) (When, bool, error) {
	if d.clocks != nil || d.part != "" || d.weekday != nil || d.days != nil {
		return When{}, false, nil
	}
	var at time.Time
	if d.at != nil {
		at = *d.at
	} else {
		at = p.c.Now
		if d.span.months != 0 || d.span.days != 0 {
			day := p.today.AddMonths(d.span.months).AddDays(d.span.days)
			at = At(day, ClockOf(at, p.c.Zone), p.c.Zone)
		}
		at = at.Add(time.Duration(d.span.seconds) * time.Second).Truncate(time.Second)
	}
	w := p.moment(at)
	r := reading{when: w, ahead: at.After(p.c.Now)}
	w, err := p.decide([]reading{r}, text)
	return w, true, err
}

// doubtful says whether the draft is more often something else in a longer text: "the sun", "good morning".
func (p *parser) doubtful(d draft) bool {
	alone := d.days == nil && d.clocks == nil && d.span == nil
	return alone && (d.part == "" && d.short || d.weekday == nil && d.bare && d.part != "noon" && d.part != "midnight" && d.part != "tonight")
}

// daysOf gives the days of a draft; none when its weekday contradicts them, and false when it has no day at all.
func (p *parser) daysOf(d draft, timed bool) ([]series, bool) {
	days := d.days
	if d.span != nil {
		to := p.today.AddMonths(d.span.months).AddDays(d.span.days)
		if d.weekday == nil {
			return []series{fixed(to)}, true
		}
		// "friday in 2 weeks": the Friday of that week, or two weeks after the coming one.
		a := inWeek(monday(to), *d.weekday)
		b := p.coming(*d.weekday).AddMonths(d.span.months).AddDays(d.span.days)
		if a == b {
			return []series{fixed(a)}, true
		}
		return []series{fixed(a), fixed(b)}, true
	}
	switch {
	case d.weekday != nil && d.week != nil:
		s := fixed(inWeek(*d.week, *d.weekday))
		s.offer = []Date{p.coming(*d.weekday)}
		return []series{s}, true
	case d.weekday != nil && days != nil:
		var fit []series
		for _, s := range days {
			s.dates = slices.DeleteFunc(slices.Clone(s.dates), func(day Date) bool { return day.Weekday() != *d.weekday })
			if len(s.dates) > 0 {
				fit = append(fit, s)
			}
		}
		return fit, true
	case d.weekday != nil:
		return []series{p.nextWeekday(*d.weekday, timed)}, true
	case days != nil:
		return days, true
	case timed:
		return []series{p.nextClock()}, true
	}
	return nil, false
}

// nextWeekday is the first such day to come. Who means today says "today": today counts only with a time of day that
// is still to come.
func (p *parser) nextWeekday(wd time.Weekday, timed bool) series {
	coming := p.coming(wd)
	if timed && p.today.Weekday() == wd {
		return series{dates: []Date{p.today, coming}}
	}
	return series{dates: []Date{coming, coming.AddDays(7)}}
}

// nextClock is for a time of day alone: today, or tomorrow.
func (p *parser) nextClock() series {
	return series{dates: []Date{p.today, p.today.AddDays(1), p.today.AddDays(2)}}
}

// mismatched are the choices where weekday and date contradict each other: that date, or that weekday nearest to it.
func (p *parser) mismatched(d draft, clocks []Clock) []When {
	clock, timed := Clock(0), len(clocks) > 0
	if timed {
		clock = clocks[0]
	}
	r := p.pick(d.days[0], clock, timed)
	if !r.ahead {
		return nil
	}
	near := r.when.Date.AddDays((int(*d.weekday-r.when.Date.Weekday())+3+7)%7 - 3)
	other := p.pick(fixed(near), clock, timed)
	if !other.ahead {
		other = p.pick(fixed(near.AddDays(7)), clock, timed)
	}
	return sortedChoices([]When{r.when, other.when})
}

// reading is one moment that a text may mean.
type reading struct {
	when  When
	ahead bool
	offer []When // when it is not ahead
}

// pick takes the first day of a series on which the moment lies ahead.
func (p *parser) pick(s series, c Clock, timed bool) reading {
	var first *When
	for i, day := range s.dates {
		w := p.on(day, c, timed)
		if p.ahead(w) {
			return reading{when: w, ahead: true}
		}
		if first == nil {
			first = &w
		}
		if s.named && day == p.today {
			s.offer = append([]Date{day.AddDays(1)}, s.dates[i+1:]...)
			break
		}
	}
	r := reading{}
	if first != nil {
		r.when = *first
	}
	for _, day := range s.offer[:min(2, len(s.offer))] {
		if w := p.on(day, c, timed); p.ahead(w) {
			r.offer = append(r.offer, w)
		}
	}
	return r
}

// ahead says whether a moment is still to come; a day alone is until it is over.
func (p *parser) ahead(w When) bool {
	if !w.HasTime {
		return !w.Date.Before(p.today)
	}
	return w.At.After(p.c.Now)
}

func (p *parser) on(d Date, c Clock, timed bool) When {
	w := p.moment(At(d, c, p.c.Zone))
	if !timed {
		w.Clock, w.HasTime = 0, false
	}
	return w
}

// moment is an instant in the person's zone.
func (p *parser) moment(at time.Time) When {
	return When{At: at.UTC(), Date: DateOf(at, p.c.Zone), Clock: ClockOf(at, p.c.Zone), HasTime: true, Zone: p.c.Zone.String()}
}

// decide takes the one reading that lies ahead; it asks when there are several or none.
func (p *parser) decide(readings []reading, text string) (When, error) {
	limit := p.today.AddMonths(12 * farthest)
	var ahead, offers []When
	var far *When
	for _, r := range readings {
		switch {
		case r.ahead && limit.Before(r.when.Date):
			far = &r.when
		case r.ahead:
			ahead = append(ahead, r.when)
		default:
			offers = append(offers, r.offer...)
		}
	}
	ahead = sortedChoices(ahead)
	switch {
	case len(ahead) == 1:
		return ahead[0], nil
	case len(ahead) > 1:
		return When{}, &AmbiguousError{Text: text, Choices: ahead}
	case far != nil:
		return When{}, &FarError{Text: text, When: *far, Limit: limit}
	}
	past := readings[0].when
	if len(offers) == 0 {
		offers = p.soon(past)
	}
	return When{}, &PastError{Text: text, When: past, Choices: sortedChoices(offers)}
}

// soon are today and tomorrow at the time of day of a moment that nothing ahead is like, such as yesterday.
func (p *parser) soon(past When) []When {
	var days []When
	for n := range 2 {
		if w := p.on(p.today.AddDays(n), past.Clock, past.HasTime); p.ahead(w) {
			days = append(days, w)
		}
	}
	return days
}

// sortedChoices are in their order, each once.
func sortedChoices(list []When) []When {
	slices.SortStableFunc(list, func(a, b When) int { return a.At.Compare(b.At) })
	return slices.CompactFunc(list, func(a, b When) bool { return a.At.Equal(b.At) && a.HasTime == b.HasTime })
}
