// Package digest sums up, for a person or for a room, what was promised, what waits and what changed: when asked, or
// on a schedule.
//
// How it works: each practice adds its part by listening for flows.SignalDigestRoom and flows.SignalDigestMe, which
// carry the instant from which on news belongs to this digest. A schedule is a rule with a timer for its next date. A
// person's covers all their groups and stands in one of them.
//
// What always holds: a digest that would say nothing is not sent. There is one schedule a person and one a room. News
// alone sends nothing to a person, who heard of it when it happened.
//
// To test it, play rehearsals/digest*.trellis.
package digest

import (
	"strings"
	"time"

	"trellis/flows"
	"trellis/flows/calendar"
)

// Flow is all that the engine knows of this practice.
var Flow = flows.Flow{
	Name: "digest",
	Commands: flows.Commands{
		"digest":          {Usage: "", Who: flows.Anyone, Answers: true, Anywhere: true, Run: now},
		"digest me":       {Usage: "[every WHEN]", Who: flows.Anyone, Anywhere: true, Keys: []string{"every"}, Reads: reads, Run: me},
		"digest me end":   {Usage: "", Who: flows.Anyone, Anywhere: true, Run: endMe},
		"digest room":     {Usage: "[every WHEN]", Who: flows.Member, Keys: []string{"every"}, Reads: reads, Run: room},
		"digest room end": {Usage: "", Who: flows.Facilitator, Run: endRoom},
	},
	Timers: flows.Timers{"me": sendMe, "room": sendRoom},
	Listeners: flows.Listeners{
		flows.SignalDigestRoom: scopeNews,
		flows.SignalChanged:    changed,
		flows.SignalLeft:       left,
		flows.SignalLinked:     linked,
		flows.SignalStop:       stop,
		flows.SignalExport:     export,
	},
	Forget: forget,
}

// Schedule is when a digest comes.
type Schedule struct {
	Rule calendar.Rule
	Next time.Time
	// Last is from when on news belongs to the next one: the last date, or for a new schedule one interval before
	// the first.
	Last time.Time
}

// The one schedule of a group stands under ours; a person's under the person's ID, in one of their groups.
var (
	rooms  = flows.NewTable[Schedule]("digest/room", 1)
	people = flows.NewTable[Schedule]("digest/person", 1)
)

const ours flows.ID = "room"

// usualSpan is what a digest looks back on when there is no schedule that says so.
const usualSpan = 7 * 24 * time.Hour

// reads tells whether a line is a digest command to its end: with nothing behind it, or with a rule.
func reads(c flows.Command) bool {
	return len(c.Tokens) == 0 || strings.EqualFold(c.Tokens[0].Text, "every")
}

// rule is the text of the rule that a command gives, in whichever of the ways people write it.
func rule(c flows.Command) string {
	words := []string{}
	for _, token := range c.Tokens {
		words = append(words, token.Text)
	}
	return strings.TrimSpace(strings.Join(append(words, c.Arg("every")), " "))
}

// schedule makes a schedule of a rule, with its next three dates.
func schedule(t *flows.Turn, r calendar.Rule) (Schedule, []time.Time, error) {
	dates := flows.Coming(r, t.Now(), 3)
	if len(dates) == 0 {
		return Schedule{}, nil, t.Refuse("digest.never")
	}
	s := Schedule{Rule: r, Next: dates[0], Last: dates[0].Add(-usualSpan)}
	if len(dates) > 1 {
		s.Last = dates[0].Add(dates[0].Sub(dates[1]))
	}
	return s, dates, nil
}

// set says what comes when from now on, and what that replaces.
func set(key string, s Schedule, dates []time.Time, old *Schedule) flows.Message {
	m := flows.Note(key, "rule", s.Rule)
	if old != nil {
		m = m.With("digest.replaced", "rule", old.Rule)
	}
	m = m.With("digest.next")
	for _, date := range dates {
		m = m.Item(flows.Words("flows.plain", "text", date))
	}
	return m
}

// now is `digest`: the group's in a room, one's own in a direct message.
func now(t *flows.Turn, c flows.Command) error {
	if t.Direct() && (!c.Here || t.Group() == "") {
		return showMe(t)
	}
	return showRoom(t)
}
