package calendar

import (
	"slices"
	"strings"
	"time"
)

// parser walks the tokens of one text in one language. Each step reads one component of a date (a day, a weekday, a
// span, a time of day, or a word that leads to one) and adds it to a draft; a draft that the last token completes is
// a reading. Only the first that makes sense counts, so the order of the steps is their rank.
type parser struct {
	lx     *lexicon
	tokens []token
	c      Context
	today  Date
	own    bool // abbreviations are read
	strict bool // it stands in a longer text: what is often no date there is none
	budget int  // steps that are left; bounds the work whatever the text
	found  [][]word
}

func newParser(text string, lx *lexicon, c Context, strict bool) *parser {
	p := &parser{
		lx: lx, tokens: tokenize(text, lx), c: c, today: DateOf(c.Now, c.Zone), strict: strict,
		own: lx.language == c.Language || lx.language == "en", budget: 2000,
	}
	for _, t := range p.tokens {
		if len(t.meanings) == 0 && !lx.words[t.text] {
			p.tokens = nil // no phrase has this word
			break
		}
	}
	p.found = make([][]word, len(p.tokens))
	for i := range p.tokens {
		p.found[i] = p.lookUp(i)
	}
	return p
}

// word is a meaning that was found, and the token after it.
type word struct {
	item
	next int
}

// words are the meanings at token i that are of one of the kinds, longest phrase first.
func (p *parser) words(i int, kinds ...kind) []word {
	if i >= len(p.found) {
		return nil
	}
	var list []word
	for _, w := range p.found[i] {
		if slices.Contains(kinds, w.kind) {
			list = append(list, w)
		}
	}
	return list
}

// lookUp finds all meanings at token i.
func (p *parser) lookUp(i int) []word {
	var list []word
	if p.lx.starts[p.tokens[i].text] {
		for n := min(p.lx.longest, len(p.tokens)-i); n > 0; n-- {
			for _, it := range p.lx.phrases[p.join(i, i+n)] {
				if p.own || !it.short {
					list = append(list, word{it, i + n})
				}
			}
		}
	}
	for _, it := range p.tokens[i].meanings {
		list = append(list, word{it, i + 1})
	}
	return list
}

// says whether a phrase has a meaning of that kind in the language.
func (p *parser) says(phrase string, k kind) bool {
	return slices.ContainsFunc(p.lx.phrases[phrase], func(it item) bool { return it.kind == k })
}

func (p *parser) join(i, j int) string {
	words := make([]string, 0, 8)
	for _, t := range p.tokens[i:j] {
		words = append(words, t.text)
	}
	return strings.Join(words, " ")
}

// skip is the token after words of the given kinds, of which there may be none.
func (p *parser) skip(i int, kinds ...kind) int {
	for {
		found := p.words(i, kinds...)
		if len(found) == 0 {
			return i
		}
		i = found[0].next
	}
}

// draft is what was read so far. It is copied at each step.
type draft struct {
	days    []series      // the days it may be, each by one way of reading
	byWord  bool          // the day was named by a word, after which a number alone is an hour
	orClock []Clock       // the digits that were read as a day may be this time too
	weekday *time.Weekday // named beside a day, or alone
	short   bool          // by an abbreviation to which nothing leads
	ofMonth int           // a day of the month was named, without its month
	week    *Date         // the Monday of a week that was named
	month   *Date         // the first of a month that was named
	clocks  []Clock       // the times it may be; 1440 is the end of the day
	hour    bool          // they are of the 12-hour clock, and a part of the day decides
	part    string        // by its name in dayParts
	bare    bool          // the part is one word, to which nothing leads
	span    *span
	at      *time.Time // an exact instant
	leads   int        // leading words in a row, at the end
	led     bool       // the last of them was an "on" or "at"
}

// step is one component: the token after it, and what it adds; false when that contradicts what was read.
type step struct {
	next int
	add  func(*draft) bool
}

// readings gives each complete draft to yield until that returns true.
func (p *parser) readings(yield func(draft) bool) bool {
	return len(p.tokens) > 0 && p.walk(0, draft{}, yield)
}

func (p *parser) walk(i int, d draft, yield func(draft) bool) bool {
	if i == len(p.tokens) {
		return d.leads == 0 && yield(d)
	}
	for _, s := range p.steps(i) {
		if p.budget--; p.budget < 0 {
			return false
		}
		next := d
		if s.add(&next) {
			next.leads, next.led = 0, false
			if p.walk(s.next, next, yield) {
				return true
			}
		}
	}
	for _, w := range p.words(i, kAt, kOn, kThe, kDayWord, kOf, kComma) {
		if after := w.kind == kOf || w.kind == kComma; after && i == 0 || d.leads == mostLeads {
			continue
		}
		next := d
		next.leads, next.led = d.leads+1, w.kind == kOn || w.kind == kAt
		if p.walk(w.next, next, yield) {
			return true
		}
	}
	return false
}

// mostLeads is how many leading words may stand in a row: ", on the".
const mostLeads = 3

// steps are the components that may start at token i.
func (p *parser) steps(i int) []step {
	list := p.dates(i)
	list = append(list, p.weekdays(i)...)
	list = append(list, p.spans(i)...)
	list = append(list, p.periods(i)...)
	return append(list, p.times(i)...)
}

// setDays adds the days of one component.
func setDays(days ...series) func(*draft) bool {
	return func(d *draft) bool {
		if d.days != nil || d.span != nil || d.at != nil {
			return false
		}
		d.days = days
		return true
	}
}

// setNamed is setDays for a day that was named by a word.
func setNamed(days ...series) func(*draft) bool {
	return func(d *draft) bool {
		d.byWord = true
		return setDays(days...)(d)
	}
}

// hasDay says whether a day was named.
func (d *draft) hasDay() bool { return d.days != nil || d.weekday != nil }
