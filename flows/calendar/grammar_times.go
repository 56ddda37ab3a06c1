package calendar

// dayPart is a part of the day: the time that is meant by its word alone, and which hours of the 12-hour clock are in
// its second half.
type dayPart struct {
	alone  []Clock // none: only beside an hour
	pmFrom int     // the first hour that is after noon; 13: none is
	pmTo   int     // and the last
	twelve Clock   // what 12 means
}

var dayParts = map[string]dayPart{
	"morning":   {[]Clock{Morning}, 13, 0, -1},
	"noon":      {[]Clock{Noon}, 13, 0, Noon},
	"afternoon": {[]Clock{Afternoon}, 1, 8, Noon},
	"evening":   {[]Clock{Evening}, 4, 11, dayMinutes},
	"night":     {[]Clock{Night}, 6, 11, dayMinutes},
	"tonight":   {[]Clock{Night}, 4, 11, dayMinutes},
	"small":     {nil, 13, 0, 0},
	"midnight":  {[]Clock{0, dayMinutes}, 13, 0, dayMinutes},
}

// times reads a time of day, or a part of the day. An hour alone is one only after a word that leads to it, after a
// day, or before what says which half of the day it is in.
func (p *parser) times(i int) []step {
	var list []step
	for _, w := range p.words(i, kHalf) {
		list = append(list, step{w.next, setClock(w.n, false)})
	}
	for _, w := range p.words(i, kClock) {
		list = append(list, p.withHalf(w.next, w.n)...)
		list = append(list, step{p.skip(w.next, kHours), p.unlessSpan(p.words(i, kSpan), setClock24(w.n))})
	}
	for _, w := range p.words(i, kPast) {
		for _, h := range p.words(w.next, kInt, kNumber) {
			list = append(list, p.hour(h, w.n)...)
			list = append(list, step{h.next, setHour(h.n, w.n)})
		}
	}
	for _, w := range p.words(i, kAt) {
		for _, h := range p.words(w.next, kInt, kNumber) {
			list = append(list, p.hour(h, 0)...)
			list = append(list, step{h.next, setHour(h.n, 0)})
		}
	}
	for _, h := range p.words(i, kInt, kNumber) {
		for _, s := range p.hour(h, 0) {
			list = append(list, step{s.next, p.unlessSpan(p.words(h.next, kUnit), s.add)})
		}
		for range p.words(h.next, kPart) {
			list = append(list, step{h.next, setHour(h.n, 0)})
		}
		if h.kind == kInt {
			list = append(list, step{h.next, func(d *draft) bool {
				return (d.byWord || d.weekday != nil) && setHour(h.n, 0)(d)
			}})
		}
	}
	for _, w := range p.words(i, kPart) {
		list = append(list, step{w.next, p.setPart(w.name, w.next == i+1)})
	}
	for _, this := range p.words(i, kThis) {
		for _, w := range p.words(this.next, kPart) {
			list = append(list, step{w.next, func(d *draft) bool {
				return setDays(fixed(p.today))(d) && p.setPart(w.name, false)(d)
			}})
		}
	}
	return list
}

// unlessSpan keeps "sleep 2 hours" from being a time, in the languages that say both alike.
func (p *parser) unlessSpan(spans []word, add func(*draft) bool) func(*draft) bool {
	return func(d *draft) bool {
		return (len(spans) == 0 || !p.strict || d.led || d.hasDay()) && add(d)
	}
}

// hour reads an hour by what follows: "5 pm", "17 uhr 30", "tres y media".
func (p *parser) hour(h word, minutes int) []step {
	clock := h.n*60 + minutes
	list := p.withHalf(h.next, clock)
	for _, w := range p.words(h.next, kPlus) {
		list = append(list, p.withHalf(w.next, clock+w.n)...)
		list = append(list, step{w.next, setHour(h.n, minutes+w.n)})
	}
	for _, w := range p.words(h.next, kHours) {
		for _, m := range p.words(w.next, kInt) {
			if m.n < 60 {
				list = append(list, step{m.next, setClock24(clock + m.n)})
			}
		}
		for _, m := range p.words(w.next, kPlus) {
			list = append(list, p.withHalf(m.next, clock+m.n)...)
			list = append(list, step{m.next, setHour(h.n, m.n)})
		}
		list = append(list, p.withHalf(w.next, clock)...)
		if h.kind == kNumber { // who writes the hour in letters speaks of the clock with twelve
			list = append(list, step{w.next, setHour(h.n, minutes)})
		} else {
			list = append(list, step{w.next, setClock24(clock)})
		}
	}
	for _, w := range p.words(h.next, kOClock) {
		list = append(list, p.withHalf(w.next, clock)...)
		list = append(list, step{w.next, setHour(h.n, minutes)})
	}
	return list
}

// withHalf reads am or pm after a time of the 12-hour clock.
func (p *parser) withHalf(next, clock int) []step {
	var list []step
	for _, w := range p.words(next, kAM, kPM) {
		add := 0
		if w.kind == kPM {
			add = 12
		}
		hour, minute := clock/60, clock%60
		if clock < 0 {
			continue
		}
		for _, it := range halfItem(hour, minute, add) {
			list = append(list, step{w.next, setClock(it.n, false)})
		}
	}
	return list
}

// setClock24 is a time that was written as the 24-hour clock has it; beside a part of the day it may be of the other.
func setClock24(clock int) func(*draft) bool {
	return setClock(clock, clock >= 60 && clock < 13*60)
}

func setClock(clock int, hour bool) func(*draft) bool {
	return func(d *draft) bool {
		if d.clocks != nil || d.at != nil || clock < 0 || clock >= dayMinutes {
			return false
		}
		d.clocks, d.hour = []Clock{Clock(clock)}, hour
		return true
	}
}

// setHour is an hour, with minutes after it, which from 1 to 12 may be of either half of the day.
func setHour(hour, minutes int) func(*draft) bool {
	return func(d *draft) bool {
		clock := Clock(hour*60 + minutes)
		if d.clocks != nil || d.at != nil || hour < 0 || hour > 23 || clock < 0 {
			return false
		}
		d.clocks, d.hour = []Clock{clock}, hour >= 1 && hour <= 12
		if d.hour {
			d.clocks = []Clock{clock, clock + 12*60}
		}
		return true
	}
}

func (p *parser) setPart(name string, bare bool) func(*draft) bool {
	return func(d *draft) bool {
		if d.part != "" || d.at != nil {
			return false
		}
		if name == "tonight" && !d.hasDay() {
			d.days = []series{fixed(p.today)}
		}
		d.part, d.bare = name, bare && !d.led
		return true
	}
}

// times are those that the clocks and the part of the day mean together; false when they contradict each other.
func (d *draft) times() ([]Clock, bool) {
	if d.part == "" {
		return d.clocks, true
	}
	part := dayParts[d.part]
	if d.clocks == nil {
		return part.alone, part.alone != nil
	}
	if !d.hour {
		return d.clocks, true
	}
	first := d.clocks[0]
	hour, minute := int(first)/60, first%60
	switch {
	case hour == 12 || hour == 0:
		return []Clock{part.twelve + minute}, part.twelve >= 0
	case hour >= part.pmFrom && hour <= part.pmTo:
		return []Clock{first + 12*60}, true
	}
	return []Clock{first}, true
}
