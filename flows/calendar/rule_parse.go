package calendar

import (
	"strconv"
	"strings"
	"time"
)

// ParseRule reads what people put after "every" (the word itself may stand there too): "friday 16:00", "monday and
// thursday 9am", "weekdays", "2 weeks friday 10:00", "month 1st", "last friday of the month", or a cron of five
// fields. usual is the time of day where none is given. Errors are those of Parse, and *OftenError.
func ParseRule(text string, c Context, usual Clock) (Rule, error) {
	if spec, ok := cronIn(text); ok {
		return cronRule(text, spec, c)
	}
	for _, lx := range c.lexicons() {
		if r, ok, err := newParser(text, lx, c, false).rule(text, usual); ok {
			return r, err
		}
	}
	return Rule{}, &UnknownError{Text: text, Near: nearTexts(text, c, func(p *parser) bool {
		_, ok, _ := p.rule(text, usual)
		return ok
	})}
}

// cronIn tells a cron expression from words: the first two of its fields have no letters.
func cronIn(text string) (string, bool) {
	spec := strings.TrimSpace(text)
	if strings.HasPrefix(spec, "@") {
		return spec, true
	}
	f := strings.Fields(spec)
	return spec, len(f) == 5 && strings.Trim(f[0]+f[1], "0123456789*?,/-") == ""
}

func cronRule(text, spec string, c Context) (Rule, error) {
	s, err := ParseCron(spec)
	if err != nil {
		return Rule{}, &UnknownError{Text: text}
	}
	if s.shortest() < LeastInterval {
		return Rule{}, &OftenError{Text: text, Least: LeastInterval}
	}
	if full, ok := nicknames[strings.ToLower(spec)]; ok {
		spec = full
	}
	r := Rule{Kind: Cron, Cron: strings.Join(strings.Fields(spec), " "), Zone: c.Zone.String()}
	if _, ok := r.Next(c.Now); !ok {
		return Rule{}, &UnknownError{Text: text}
	}
	return r, nil
}

// ruleDraft is what was read of a rule so far.
type ruleDraft struct {
	draft          // the times of day
	every   int    // 0 until a length or an adverb was read
	unit    string // by its name in units
	set     Days
	nth     int
	second  bool // "every second friday": each other one for some, the second of the month for others
	day     int  // of the month; -1 is the last
	year    *Date
	another int // leading words in a row
}

type ruleStep struct {
	next int
	add  func(*ruleDraft) bool // nil for a leading word
}

func (p *parser) rule(text string, usual Clock) (r Rule, ok bool, err error) {
	if len(p.tokens) > 0 {
		p.walkRule(0, ruleDraft{}, func(d ruleDraft) bool {
			r, ok, err = p.build(d, text, usual)
			return ok
		})
	}
	return r, ok, err
}

func (p *parser) walkRule(i int, d ruleDraft, yield func(ruleDraft) bool) bool {
	if i == len(p.tokens) {
		return d.another == 0 && yield(d)
	}
	for _, s := range p.ruleSteps(i) {
		if p.budget--; p.budget < 0 {
			return false
		}
		next := d
		next.another = 0
		if s.add == nil {
			next.another = d.another + 1
		}
		if next.another <= mostLeads && (s.add == nil || s.add(&next)) && p.walkRule(s.next, next, yield) {
			return true
		}
	}
	return false
}

func (p *parser) ruleSteps(i int) []ruleStep {
	list := p.lengthSteps(i)
	list = append(list, p.daySteps(i)...)
	for _, s := range p.times(i) {
		list = append(list, ruleStep{s.next, func(d *ruleDraft) bool { return s.add(&d.draft) && (d.days == nil || d.part == "tonight") }})
	}
	for _, w := range p.words(i, kEvery, kOn, kAt, kThe, kDayWord, kOf, kComma, kAnd) {
		list = append(list, ruleStep{next: w.next})
	}
	return list
}

// lengthSteps reads how often: "2 weeks", "other day", "third month", "monthly".
func (p *parser) lengthSteps(i int) []ruleStep {
	var list []ruleStep
	often := func(next, n int, unit string) {
		list = append(list, ruleStep{next, func(d *ruleDraft) bool {
			if d.every != 0 {
				return false
			}
			d.every, d.unit = n, unit
			if unit == "fortnight" {
				d.every, d.unit = 2*n, "week"
			}
			return unit != "weekend" && n > 0
		}})
	}
	for _, w := range p.words(i, kOften) {
		often(w.next, w.n, w.name)
	}
	for _, w := range p.words(i, kUnit) {
		often(w.next, 1, w.name)
	}
	for _, n := range p.words(i, kInt, kNumber, kOrdinal, kOther) {
		count := n.n
		if n.kind == kOther {
			count = 2
		}
		for _, u := range p.words(n.next, kUnit) {
			often(u.next, count, u.name)
		}
		for _, day := range p.words(n.next, kWeekday) {
			if n.kind == kOrdinal || count < 2 {
				continue
			}
			list = append(list, ruleStep{day.next, func(d *ruleDraft) bool {
				if d.every != 0 || d.set != 0 {
					return false
				}
				d.every, d.unit, d.set, d.byWord = count, "week", DaySet(time.Weekday(day.n)), true
				return true
			}})
		}
	}
	return list
}

// daySteps reads on which days: "monday and thursday", "last friday", "1st", "3 april".
func (p *parser) daySteps(i int) []ruleStep {
	var list []ruleStep
	for _, w := range p.daySets(i) {
		list = append(list, ruleStep{w.next, func(d *ruleDraft) bool {
			if d.set&Days(w.n) != 0 || d.nth != 0 || d.day != 0 || d.year != nil {
				return false
			}
			d.set |= Days(w.n)
			d.byWord = true
			return true
		}})
	}
	for _, n := range p.words(i, kOrdinal) {
		for _, day := range p.words(n.next, kWeekday) {
			list = append(list, ruleStep{day.next, func(d *ruleDraft) bool {
				if d.set != 0 || d.day != 0 || d.year != nil {
					return false
				}
				d.nth, d.set, d.byWord = n.n, DaySet(time.Weekday(day.n)), true
				d.second = n.n > 1 && i > 0 && len(p.words(i-1, kEvery)) > 0
				return true
			}})
		}
	}
	onDay := func(next, day int) {
		list = append(list, ruleStep{next, func(d *ruleDraft) bool {
			if d.set != 0 || d.day != 0 || d.year != nil || day == 0 || day > 31 {
				return false
			}
			d.day = day
			return true
		}})
	}
	for _, w := range p.words(i, kLastDay) {
		onDay(w.next, -1)
	}
	for _, w := range p.words(i, kOrdinal) {
		onDay(w.next, w.n)
	}
	for _, lead := range p.words(i, kDayWord) {
		for _, w := range p.words(lead.next, kInt) {
			onDay(w.next, w.n)
		}
	}
	for _, s := range p.dates(i) {
		list = append(list, ruleStep{s.next, func(d *ruleDraft) bool {
			var named draft
			if d.set != 0 || d.day != 0 || d.year != nil || !s.add(&named) || named.byWord || named.ofMonth != 0 || len(named.days) != 1 || len(named.days[0].dates) == 0 {
				return false
			}
			d.year = &named.days[0].dates[0]
			return true
		}})
	}
	return list
}

// build makes a draft into a rule. ok is false when the draft makes no sense.
func (p *parser) build(d ruleDraft, text string, usual Clock) (Rule, bool, error) {
	clocks, ok := d.times()
	if !ok {
		return Rule{}, false, nil
	}
	if d.unit == "second" || d.unit == "minute" || d.unit == "hour" {
		return p.within(d, text, clocks)
	}
	if clocks == nil {
		clocks = []Clock{usual}
	}
	r, ok := p.shape(d)
	if !ok {
		return Rule{}, false, nil
	}
	var rules []Rule
	for i, c := range clocks {
		if c %= dayMinutes; i > 0 && c == clocks[0]%dayMinutes {
			continue
		}
		r.Clock = c
		rules = append(rules, p.anchored(r))
		if d.second && d.unit == "" {
			other := r
			other.Kind, other.Nth, other.Every = Weekly, 0, r.Nth
			rules = append(rules, p.anchored(other))
		}
	}
	if _, ok := rules[0].Next(p.c.Now); !ok {
		return Rule{}, false, nil
	}
	if len(rules) > 1 {
		return Rule{}, true, &AmbiguousError{Text: text, Rules: rules}
	}
	return rules[0], true, nil
}

// shape is the rule without its time.
func (p *parser) shape(d ruleDraft) (Rule, bool) {
	r := Rule{Every: max(d.every, 1), Days: d.set, Day: d.day, Nth: d.nth, Zone: p.c.Zone.String()}
	most := map[string]int{"": 1, "day": 366, "week": 104, "month": 120, "year": farthest}[d.unit]
	if r.Every > most {
		return Rule{}, false
	}
	switch {
	case d.year != nil:
		r.Kind, r.Day, r.From = Monthly, d.year.Day, *d.year
		r.Every *= 12
		return r, d.unit == "" || d.unit == "year"
	case d.unit == "year":
		r.Kind, r.Day, r.From = Monthly, p.today.Day, p.today
		r.Every *= 12
		return r, d.set == 0 && d.day == 0
	case d.nth != 0:
		r.Kind = Ordinal
		return r, (d.unit == "" || d.unit == "month") && d.nth >= -1 && d.nth <= 5
	case d.day != 0:
		r.Kind = Monthly
		return r, d.unit == "" || d.unit == "month"
	case d.set != 0:
		r.Kind = Weekly
		return r, d.unit == "" || d.unit == "week"
	case d.unit == "week":
		r.Kind, r.Days = Weekly, DaySet(p.today.Weekday())
	case d.unit == "month":
		r.Kind, r.Day = Monthly, p.today.Day
	default: // a time alone is of each day
		r.Kind = Daily
		return r, d.unit == "day" || d.clocks != nil || d.part != ""
	}
	return r, true
}

// anchored counts a rule that skips some from its first instant to come.
func (p *parser) anchored(r Rule) Rule {
	if r.Kind == Weekly && r.Days == AllDays && r.Every == 1 {
		r.Kind, r.Days = Daily, 0
	}
	if r.Every > 1 && r.From.IsZero() {
		one := r
		one.Every = 1
		if at, ok := one.Next(p.c.Now); ok {
			r.From = DateOf(at, p.c.Zone)
		}
	}
	if r.Every == 1 {
		r.Every = 0
	}
	return r
}

// within is a rule of hours or minutes, on the wall clock: it needs a number that divides the day or the hour.
func (p *parser) within(d ruleDraft, text string, clocks []Clock) (Rule, bool, error) {
	if clocks != nil || d.set != 0 || d.day != 0 || d.nth != 0 || d.year != nil {
		return Rule{}, false, nil
	}
	n, spec := max(d.every, 1), ""
	switch {
	case time.Duration(n*units[d.unit].seconds)*time.Second < LeastInterval:
		return Rule{}, true, &OftenError{Text: text, Least: LeastInterval}
	case d.unit == "minute" && n < 60 && 60%n == 0:
		spec = "*/" + strconv.Itoa(n) + " * * * *"
	case d.unit == "minute" && n%60 == 0 && 24%(n/60) == 0:
		spec = "0 */" + strconv.Itoa(n/60) + " * * *"
	case d.unit == "hour" && 24%n == 0 && n < 24:
		spec = "0 */" + strconv.Itoa(n) + " * * *"
	default:
		return Rule{}, false, nil
	}
	r, err := cronRule(text, strings.ReplaceAll(spec, "*/1 ", "* "), p.c)
	return r, true, err
}
