package calendar

import (
	"time"
)

// Quiet is the part of each day in which nobody is spoken to unasked; From after To goes over midnight. When both
// are the same there is none.
type Quiet struct {
	From Clock `json:"from"`
	To   Clock `json:"to"`
}

// UsualQuiet is the quiet of who has set none.
var UsualQuiet = Quiet{From: 20 * 60, To: 8 * 60}

// End is the instant at which the quiet that holds at a given instant is over, and true; or that instant itself, and
// false, when it is not quiet.
func (q Quiet) End(at time.Time, zone *time.Location) (time.Time, bool) {
	if q.From == q.To {
		return at, false
	}
	length := q.To - q.From
	if length < 0 {
		length += dayMinutes
	}
	quiet := false
	for d, last := DateOf(at, zone).AddDays(-2), DateOf(at, zone).AddDays(1); !last.Before(d); d = d.AddDays(1) {
		// In order, so that one quiet that runs into the next, where a zone skips the time between, is one.
		from, to := At(d, q.From, zone), At(d, q.From+length, zone)
		if !at.Before(from) && at.Before(to) {
			at, quiet = to, true
		}
	}
	return at, quiet
}

// ParseQuiet reads "20:00-08:00", "10pm to 7am" or "off", in the five languages. Bare hours are of the 24-hour clock;
// where both could be of either half of the day, the error has the likelier in Near.
func ParseQuiet(text string, c Context) (Quiet, error) {
	unknown := &UnknownError{Text: text}
	for _, lx := range c.lexicons() {
		p := newParser(text, lx, c, false)
		for _, w := range p.words(0, kOff) {
			if w.next == len(p.tokens) {
				return Quiet{}, nil
			}
		}
		if q, ok := p.quiet(unknown); ok {
			return q, nil
		}
	}
	return Quiet{}, unknown
}

func (p *parser) quiet(unknown *UnknownError) (Quiet, bool) {
	start := p.skip(0, kFrom)
	for i := start + 1; i < len(p.tokens); i++ {
		for _, to := range p.words(i, kTo, kAnd) {
			left, right := p.part(start, i), p.part(to.next, len(p.tokens))
			from, ok := left.clock()
			until, also := right.clock()
			if !ok || !also {
				continue
			}
			if left.bareHour() && right.bareHour() && from <= Noon && until <= Noon {
				unknown.Near = []string{Quiet{from%Noon + Noon, until}.String()}
				return Quiet{}, false
			}
			return Quiet{from, until}, true
		}
	}
	return Quiet{}, false
}

// part is the parser of some of the tokens.
func (p *parser) part(from, to int) *parser {
	q := *p
	q.tokens, q.found = p.tokens[from:to], nil
	for i := range q.tokens {
		q.found = append(q.found, q.lookUp(i))
	}
	return &q
}

// bareHour says whether the text is a number and nothing else.
func (p *parser) bareHour() bool { return len(p.tokens) == 1 && len(p.words(0, kInt)) > 0 }

// String is a form that ParseQuiet reads.
func (q Quiet) String() string { return q.From.String() + "-" + q.To.String() }
