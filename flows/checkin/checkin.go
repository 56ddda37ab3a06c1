// Package checkin asks a group one question and hears everyone once before anyone twice.
//
// How it works: a command, a rule that repeats or a closing session opens a Round and asks each person privately. A
// direct message, a button or a form is the answer; the last answer, the deadline or "Reveal now" shows them together.
// A live round without secrets is held in the room itself, where Trellis only keeps the order of speaking.
//
// What always holds: until a round is revealed nothing that was said leaves the store. Of an anonymous answer no author
// is stored, no order and no instant, only that the person has spoken; and fewer than three are never shown.
//
// To test it, play rehearsals/checkin*.trellis.
package checkin

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"trellis/adapters/chat"
	"trellis/flows"
	"trellis/flows/calendar"
	"trellis/flows/session"
)

// Flow is all that the engine knows of this practice.
var Flow = flows.Flow{
	Name: "checkin",
	Commands: flows.Commands{
		"checkin": {
			Usage: `"QUESTION" [by=WHEN] [anonymous] [now] [options="A, B"] [every=WHEN] [until=WHEN]`, Who: flows.Member,
			Keys: []string{"by", "every", "until", "options"}, Bare: []string{"anonymous", "now"}, Run: ask,
		},
		"checkin reveal": {Usage: "[N]", Who: flows.Member, Run: revealCommand},
		"checkin list":   {Usage: `["QUESTION"]`, Who: flows.Member, Answers: true, Run: list},
		"checkin end":    {Usage: "N", Who: flows.Member, Run: endCommand},
	},
	Actions: flows.Actions{"answer": openForm, "pass": pass, "choose": choose, "reveal": revealPressed},
	Forms:   flows.Forms{"answer": hear},
	Timers: flows.Timers{
		"ask": askLater, "nudge": nudge, "reveal": deadline, "settle": settleLate, "again": again,
	},
	Listeners: flows.Listeners{
		flows.SignalCheckOut:   checkOut,
		flows.SignalEdited:     edited,
		flows.SignalDeleted:    deleted,
		flows.SignalLeft:       left,
		flows.SignalAway:       away,
		flows.SignalBack:       back,
		flows.SignalLinked:     linked,
		flows.SignalStop:       stop,
		flows.SignalHome:       waits,
		flows.SignalDigestMe:   waits,
		flows.SignalDigestRoom: questions,
		flows.SignalExport:     export,
		session.SignalOpen:     questions,
	},
	Forget: forget,
	Talk:   heardInRoom,
	Hears:  listens,
}

// SignalRevealed says that the round Subject is over; Value is what the question was asked about (Question.About).
const SignalRevealed = "checkin.revealed"

// Question is what is asked, and how.
type Question struct {
	Text      string
	By        flows.PersonID `json:",omitempty"` // who asked; empty: nobody any more, or Trellis itself
	Anonymous bool           `json:",omitempty"`
	Live      bool           `json:",omitempty"` // everybody is here now
	Options   []string       `json:",omitempty"` // what can be answered; nil: anything
	Closing   bool           `json:",omitempty"` // how a session ended for people: nobody is nudged
	About     flows.ID       `json:",omitempty"` // for whoever had it asked
}

// State says how far a round is.
type State string

// States of a round. A round is over when it is late or closed.
const (
	Open   State = "open"
	Late   State = "late"   // revealed; who has not spoken still may
	Closed State = "closed" // nothing can be added
)

// Round is one question put once.
type Round struct {
	Question
	Number int
	Series flows.ID `json:",omitempty"` // of which this is one
	State  State
	Opened time.Time
	Until  time.Time
	Ended  time.Time      `json:",omitzero"`
	Card   flows.Posted   // one message in the room, updated: how many have spoken, never who
	Voices []Voice        // in the order in which people came to the group; in a live round held in the room, the speaking order
	Sums   []int          `json:",omitempty"` // of an anonymous round with options: how often each was chosen, and nothing else
	Order  []flows.ID     `json:",omitempty"` // answers, as they are shown
	Shown  []flows.Posted `json:",omitempty"` // the messages that show them
}

// Voice is one person's place in a round.
type Voice struct {
	Person flows.PersonID
	// Asked is when the question was put to them in private; zero: not yet, or not at all.
	Asked  time.Time    `json:",omitzero"`
	Card   flows.Posted `json:",omitempty"`
	Nudge  flows.Posted `json:",omitempty"`
	Spoken bool         `json:",omitempty"` // answered or passed
	Off    bool         `json:",omitempty"` // not waited for: they left, are away, or came later
	// Passed and Answer are never set in an anonymous round.
	Passed bool     `json:",omitempty"`
	Answer flows.ID `json:",omitempty"`
}

// Answer is what one person said.
type Answer struct {
	Round   flows.ID
	By      flows.PersonID `json:",omitempty"` // empty in an anonymous round
	Text    string
	Message chat.MessageID `json:",omitempty"` // the direct message that it came as; never in an anonymous round
	Late    bool           `json:",omitempty"`
}

var (
	rounds = flows.NewTable[Round]("checkin/round", 1)
	// states finds the rounds that are not closed, and those that are held in the room.
	states = rounds.Index("state", func(_ flows.ID, r Round) []string {
		switch {
		case r.State == Closed:
			return nil
		case r.State == Open && r.talked():
			return []string{string(Open), inRoom}
		}
		return []string{string(r.State)}
	})
	answers   = flows.NewTable[Answer]("checkin/answer", 1)
	byRound   = answers.Index("round", func(_ flows.ID, a Answer) []string { return []string{string(a.Round)} })
	byMessage = answers.Index("message", func(_ flows.ID, a Answer) []string {
		if a.Message == "" {
			return nil
		}
		return []string{string(a.Message)}
	})
	byPerson = answers.Index("person", func(_ flows.ID, a Answer) []string {
		if a.By == "" {
			return nil
		}
		return []string{string(a.By)}
	})
)

const (
	inRoom = "inroom"
	// enough is how many anonymous answers there must be before any is shown.
	enough = 3
	// usualRound is how long a question stays open when nobody said so.
	usualRound = 24 * time.Hour
	// lateFor is how long an answer can be added after the reveal.
	lateFor = 7 * 24 * time.Hour
	// mostOptions leaves room for "Pass" on every platform, and maxOption is what fits on a button, in runes.
	mostOptions, maxOption = 20, 60
)

// talked tells whether the round is held in the room: live, with nothing to keep to oneself.
func (r Round) talked() bool { return r.Live && !r.Anonymous && len(r.Options) == 0 }

// spoken is how many have spoken, of how many that are heard or waited for.
func (r Round) spoken() (n, of int) {
	for _, v := range r.Voices {
		if v.Spoken {
			n++
		}
		if v.Spoken || !v.Off {
			of++
		}
	}
	return n, of
}

// complete tells whether nobody is waited for any more.
func (r Round) complete() bool {
	n, of := r.spoken()
	return n == of
}

// voice is a person's place among the voices; -1 when they have none.
func (r Round) voice(p flows.PersonID) int {
	return slices.IndexFunc(r.Voices, func(v Voice) bool { return v.Person == p })
}

// ask reads the command and opens a round, or sets one up that repeats.
func ask(t *flows.Turn, c flows.Command) error {
	q := Question{Text: c.Text, By: t.Person(), Anonymous: c.Has("anonymous"), Live: c.Has("now")}
	if q.Text == "" {
		return t.Refuse("checkin.wanted")
	}
	if c.Given("options") {
		var err error
		if q.Options, err = readOptions(t, c.Arg("options")); err != nil {
			return err
		}
	}
	if c.Given("every") {
		return repeat(t, q, c)
	}
	if c.Given("until") {
		return t.Refuse("checkin.untilalone")
	}
	until, err := t.When(c.Arg("by"), usualRound)
	if err != nil {
		return err
	}
	number, err := t.NextNumber("checkin")
	if err != nil {
		return err
	}
	_, err = open(t, Round{Question: q, Number: number, Until: end(until)})
	return err
}

// end is the instant that a date means as a deadline: of a day alone its last minute, so that the day itself counts.
func end(w calendar.When) time.Time {
	if w.HasTime {
		return w.At
	}
	zone, err := calendar.LoadZone(w.Zone)
	if err != nil {
		zone = time.UTC
	}
	return w.On(lastMinute, zone)
}

const lastMinute calendar.Clock = 23*60 + 59

func readOptions(t *flows.Turn, text string) ([]string, error) {
	var options []string
	for option := range strings.SplitSeq(text, ",") {
		option = strings.Join(strings.Fields(option), " ")
		same := func(o string) bool { return strings.EqualFold(o, option) }
		switch {
		case option == "":
		case slices.ContainsFunc(options, same):
			return nil, t.Refuse("checkin.options.twice", "option", flows.Said{Text: option})
		case len([]rune(option)) > maxOption:
			return nil, t.Refuse("checkin.options.long", "n", maxOption)
		default:
			options = append(options, option)
		}
	}
	if len(options) < 2 || len(options) > mostOptions {
		return nil, t.Refuse("checkin.options.wanted", "n", mostOptions)
	}
	return options, nil
}

// open puts the question to the room and to everyone who is here.
func open(t *flows.Turn, r Round) (flows.ID, error) {
	members, err := t.Members()
	if err != nil {
		return "", err
	}
	if len(members) == 0 {
		return "", t.Refuse("checkin.nobody")
	}
	id := t.NewID()
	r.State, r.Opened = Open, t.Now()
	for _, p := range members {
		r.Voices = append(r.Voices, Voice{Person: p})
	}
	if r.Anonymous && len(r.Options) > 0 {
		r.Sums = make([]int, len(r.Options))
	}
	if r.talked() {
		if err := r.lineUp(t); err != nil {
			return "", err
		}
	}
	if r.Card, err = t.Say(r.card(id).As(flows.ClassAwaited)); err != nil {
		return "", err
	}
	if !r.talked() {
		for i := range r.Voices {
			if err := r.reach(t, id, i); err != nil {
				return "", err
			}
		}
		r.planNudges(t, id)
	}
	t.At(r.Until, "reveal", id)
	if err := markCheckedOut(t); err != nil {
		return "", err
	}
	return id, rounds.Put(t, id, r)
}

// find reads a round that a button, form or timer names.
func find(t *flows.Turn, id flows.ID) (Round, error) {
	r, ok, err := rounds.Find(t, id)
	switch {
	case err != nil:
		return r, fmt.Errorf("read round %s: %w", id, err)
	case !ok:
		return r, t.Refuse("flows.closed")
	}
	return r, nil
}

// mayEnd tells whether a person may reveal or end it: who asked, or a facilitator.
func (q Question) mayEnd(t *flows.Turn, p flows.PersonID) (bool, error) {
	if p != "" && p == q.By {
		return true, nil
	}
	return t.Holds(p, flows.Facilitator)
}

// said is the question in the words of who asked.
func (q Question) said() flows.Said { return flows.Said{Text: q.Text, By: q.By} }
