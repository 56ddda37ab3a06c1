// Package commitment is what one person has taken on, by when, and the few words that Trellis says about it until it
// is done.
//
// How it works: a Commitment belongs to its owner. Made, moved or handed over, it says when its owner is reminded and
// asked next, and a timer of the owner's runs then: what falls due for one person at one instant is found through an
// index and told in one message. What is meant for somebody else is a Request until they accept it.
//
// What always holds: only its owner changes a commitment, whatever a button says. Nobody owns what they have not
// accepted. A date is reminded of once and asked about once. The room is told a date as it is now, and nothing about
// the one before.
//
// When somebody is reminded is a pure function (reckoning); the rest is told by the rehearsals.
package commitment

import (
	"slices"
	"strings"
	"time"

	"trellis/flows"
	"trellis/flows/calendar"
	"trellis/flows/session"
)

// Flow is all that the engine knows of this practice.
var Flow = flows.Flow{
	Name: "commitment",
	Commands: flows.Commands{
		"commit":      {Usage: "TEXT by WHEN | TEXT every RULE", Keys: []string{"by", "every"}, Who: flows.Member, Reads: hasDate, Run: commit},
		"ask":         {Usage: "@PERSON to TEXT by WHEN", Keys: []string{"by", "every"}, Who: flows.Member, Reads: hasDate, Run: ask},
		"commitments": {Usage: "", Who: flows.Member, Answers: true, Run: list},
		"done":        {Usage: "N [WORD]", Who: flows.Member, Reads: hasNumber, Run: doneCommand},
		"snooze":      {Usage: "N WHEN", Who: flows.Member, Reads: hasNumber, Run: snooze},
		"hand":        {Usage: "N @PERSON", Who: flows.Member, Reads: hasNumber, Run: handCommand},
		"drop":        {Usage: "N [REASON]", Who: flows.Member, Reads: hasNumber, Run: dropCommand},
	},
	Actions: map[string]func(*flows.Turn, flows.Action) error{
		"card": showCard, "dated": dated, "done": pressDone, "word": askWord, "more": askMore, "help": askHelp,
		"hand": askHand, "drop": askDrop,
		"accept": accept, "decline": decline, "another": askAnother, "withdraw": withdraw,
		"reassign": askReassign, "release": release,
	},
	Forms: flows.Forms{
		"word": word, "more": more, "help": help, "hand": hand, "drop": drop, "date": acceptBy, "reassign": reassign,
	},
	Timers: flows.Timers{"due": due, "put": put, "lapse": lapse, "outcome": outcome, "told": told, "left": leftBehind},
	Listeners: flows.Listeners{
		flows.SignalHelp: helpCommand, flows.SignalHome: home, flows.SignalBack: back, flows.SignalChanged: changed,
		flows.SignalLeft: left, flows.SignalLinked: linked, flows.SignalStop: stop, flows.SignalExport: export,
		flows.SignalDigestRoom: digestRoom, flows.SignalDigestMe: digestMe, flows.SignalPages: pages,
		session.SignalSummary: summary, session.SignalOpen: openInSession,
	},
	Forget: forget,
}

// Letter stands in front of a commitment's number.
const Letter = "C"

// Commitment is what one person has taken on.
type Commitment struct {
	Number int
	Owner  flows.PersonID
	Text   flows.Said
	Asker  flows.PersonID `json:",omitempty"` // who asked for it; empty: the owner began it
	Made   time.Time
	By     calendar.When `json:",omitzero"` // zero: no date
	// Repeat is how it comes round; By is then the occurrence that comes next.
	Repeat *Repeat `json:",omitempty"`
	// Passed is an occurrence that was asked about and not answered yet.
	Passed calendar.When `json:",omitzero"`
	// Snoozed is when its owner wants to hear of it instead of when they would.
	Snoozed calendar.When `json:",omitzero"`
	// Remind and Ask are when the owner hears of it; what lies behind now was said, or was not to be.
	Remind time.Time `json:",omitzero"`
	Ask    time.Time `json:",omitzero"`
	// Meant is for when something was meant that Trellis, being away, could not say before a quiet time began.
	Meant time.Time `json:",omitzero"`
	State State     `json:",omitempty"`
	Story []Event   `json:",omitempty"`
}

// Repeat is a rule. When it names no time of day its occurrences are days alone.
type Repeat struct{ flows.Repeating }

// State says what became of a commitment.
type State string

// States.
const (
	Open    State = ""
	Done    State = "done"
	Dropped State = "dropped"
)

// Event is something that happened to a commitment.
type Event struct {
	Kind Kind
	At   time.Time
	By   calendar.When  `json:",omitzero"`  // Moved and Handed: the date from then on; Finished: of what repeats, the occurrence
	From flows.PersonID `json:",omitempty"` // Handed; HelpAsked: whose it was then
	To   flows.PersonID `json:",omitempty"` // Handed
	Word flows.Said     `json:",omitzero"`  // what the owner said about it
}

// Kind says what happened.
type Kind string

// Kinds of event.
const (
	Finished  Kind = "finished"
	Moved     Kind = "moved"
	Handed    Kind = "handed"
	HelpAsked Kind = "help"
	LetGo     Kind = "letgo"
)

var (
	commitments = flows.NewTable[Commitment]("commitment/commitment", 1)

	byNumber = commitments.Index("number", func(_ flows.ID, c Commitment) []string {
		return []string{flows.NumberKey(c.Number)}
	})
	// byDate has the open ones, those without date last.
	byDate = commitments.Index("date", func(_ flows.ID, c Commitment) []string {
		if c.State != Open {
			return nil
		}
		return []string{c.order()}
	})
	// byOwner has the open ones.
	byOwner = commitments.Index("owner", func(_ flows.ID, c Commitment) []string {
		if c.State != Open {
			return nil
		}
		return []string{string(c.Owner)}
	})
	// byDue has the open ones under each instant at which their owner hears of them.
	byDue = commitments.Index("due", func(_ flows.ID, c Commitment) []string {
		var keys []string
		if c.State == Open && !c.Remind.IsZero() {
			keys = append(keys, dueKey(c.Owner, c.Remind))
		}
		if c.State == Open && !c.Ask.IsZero() {
			keys = append(keys, dueKey(c.Owner, c.Ask))
		}
		return keys
	})
	// byEvent has all, under each thing that happened to them.
	byEvent = commitments.Index("event", func(_ flows.ID, c Commitment) []string {
		keys := []string{flows.Key("made", flows.InstantKey(c.Made))}
		for _, e := range c.Story {
			keys = append(keys, flows.Key(string(e.Kind), flows.InstantKey(e.At)))
		}
		slices.Sort(keys)
		return slices.Compact(keys)
	})
)

func dueKey(p flows.PersonID, at time.Time) string { return flows.Key(string(p), flows.InstantKey(at)) }

// entry is a commitment with its ID.
type entry struct {
	id flows.ID
	Commitment
}

func collect(list *[]entry) func(flows.ID, Commitment) (bool, error) {
	return func(id flows.ID, c Commitment) (bool, error) {
		*list = append(*list, entry{id, c})
		return true, nil
	}
}

func (c entry) put(t *flows.Turn) error { return commitments.Put(t, c.id, c.Commitment) }

// allOpen are the group's open ones, by date.
func allOpen(t *flows.Turn) ([]entry, error) {
	var list []entry
	err := byDate.Scan(t, "", "", collect(&list))
	return list, err
}

// openOf are the open ones of one person, by date.
func openOf(t *flows.Turn, p flows.PersonID) ([]entry, error) {
	var list []entry
	err := byOwner.Find(t, string(p), collect(&list))
	slices.SortFunc(list, func(a, b entry) int { return a.compare(b.Commitment) })
	return list, err
}

// order sorts the earlier day first, as their owners wrote it, a time of day behind the day alone, and those without
// date last.
func (c Commitment) order() string {
	switch {
	case !c.dated():
		return flows.Key("1", flows.NumberKey(c.Number))
	case !c.By.HasTime:
		return flows.Key("0", c.By.Date.String(), "", flows.NumberKey(c.Number))
	}
	return flows.Key("0", c.By.Date.String(), flows.InstantKey(c.By.At), flows.NumberKey(c.Number))
}

func (c Commitment) compare(d Commitment) int { return strings.Compare(c.order(), d.order()) }

func (c Commitment) dated() bool { return c.By.Zone != "" }

// AllOpen lists the group's open commitments, the earliest date first, those without date last.
func AllOpen(t *flows.Turn) ([]Commitment, error) { return plain(allOpen(t)) }

// OpenOf lists what a person has taken on and not finished, in the same order.
func OpenOf(t *flows.Turn, p flows.PersonID) ([]Commitment, error) { return plain(openOf(t, p)) }

func plain(list []entry, err error) ([]Commitment, error) {
	all := make([]Commitment, 0, len(list))
	for _, c := range list {
		all = append(all, c.Commitment)
	}
	return all, err
}

// MadeSince lists what was taken on from an instant on, in the order of the numbers.
func MadeSince(t *flows.Turn, since time.Time) ([]Commitment, error) {
	list, err := happened(t, "made", since)
	slices.SortFunc(list, func(a, b entry) int { return a.Number - b.Number })
	return plain(list, err)
}

// Happening is an event with its commitment as it is now.
type Happening struct {
	Commitment
	Event
}

// Since lists events of one kind from an instant on, in their order.
func Since(t *flows.Turn, kind Kind, since time.Time) ([]Happening, error) {
	list, err := happened(t, string(kind), since)
	if err != nil {
		return nil, err
	}
	var all []Happening
	for _, c := range list {
		for _, e := range c.Story {
			if e.Kind == kind && !e.At.Before(since) {
				all = append(all, Happening{c.Commitment, e})
			}
		}
	}
	slices.SortStableFunc(all, func(a, b Happening) int { return a.Event.At.Compare(b.Event.At) })
	return all, nil
}

// happened finds the commitments to which something of a kind happened, each once.
func happened(t *flows.Turn, kind string, since time.Time) ([]entry, error) {
	var list []entry
	err := byEvent.Scan(t, flows.Key(kind, flows.InstantKey(since)), flows.KeyEnd(flows.Key(kind)), func(id flows.ID, c Commitment) (bool, error) {
		if !slices.ContainsFunc(list, func(e entry) bool { return e.id == id }) {
			list = append(list, entry{id, c})
		}
		return true, nil
	})
	return list, err
}
