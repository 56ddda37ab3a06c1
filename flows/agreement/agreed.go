package agreement

import (
	"fmt"
	"slices"
	"strconv"
	"time"

	"trellis/flows"
	"trellis/flows/calendar"
)

// Agreement is what a group consented to.
type Agreement struct {
	Number int
	Author flows.PersonID // of the proposal
	Made   time.Time
	// Text is the group's: it stays when its author is forgotten.
	Text    string
	Version int // of Text
	Review  calendar.Date
	Over    time.Time `json:",omitzero"` // the group ended it

	Versions  []Version // every text that was put to the group, agreed or not
	Rounds    []Round
	Questions []Query  `json:",omitempty"`
	Changes   []Change // oldest first, at least one
	// Reviewing is the proposal that is open about it.
	Reviewing flows.ID `json:",omitempty"`
}

// Change is what happened to an agreement.
type Change struct {
	At      time.Time
	What    What
	Version int
	By      flows.PersonID `json:",omitempty"` // of Unconsented
}

// What is a kind of change.
type What string

// Kinds of change.
const (
	Made        What = "made"
	Kept        What = "kept"
	Changed     What = "changed"
	Ended       What = "ended"
	Unconsented What = "unconsented" // somebody no longer consents; it stands until the group changes it
)

var (
	agreements = flows.NewTable[Agreement]("agreement/agreement", 1)
	byReview   = agreements.Index("review", func(_ flows.ID, a Agreement) []string {
		if a.ended() {
			return nil
		}
		return []string{a.Review.String()}
	})
	byChange = agreements.Index("change", func(_ flows.ID, a Agreement) []string {
		if len(a.Changes) == 0 {
			return nil
		}
		return []string{flows.InstantKey(a.Changes[len(a.Changes)-1].At)}
	})
)

func numberID(n int) flows.ID { return flows.ID(fmt.Sprintf("%06d", n)) }

// name is what people call an agreement: A1.
func name(n int) string { return "A" + strconv.Itoa(n) }

func (a Agreement) id() flows.ID { return numberID(a.Number) }

func (a Agreement) ended() bool { return !a.Over.IsZero() }

// said is its text, which is nobody's own.
func (a Agreement) said() flows.Said { return flows.Said{Text: a.Text} }

// Short is the beginning of its text, for lists.
func (a Agreement) Short() flows.Said { return short(a.said()) }

// Name is what people call it: A1.
func (a Agreement) Name() string { return name(a.Number) }

// last is the highest number of a version.
func (a Agreement) last() int {
	last := a.Version
	for _, v := range a.Versions {
		last = max(last, v.Number)
	}
	return last
}

// decided is the decision on the text as it stands: who consented to it, and with what concerns.
func (a Agreement) decided() Round {
	for _, r := range slices.Backward(a.Rounds) {
		if r.Agreed && r.Version == a.Version && r.Aim != ToEnd {
			return r
		}
	}
	return Round{}
}

// consented tells whether a person consented to the text as it stands, and has not taken that back since.
func (a Agreement) consented(person flows.PersonID) bool {
	r := a.decided()
	gave := slices.ContainsFunc(r.Answers, func(w Answer) bool {
		return w.By == person && (w.Word == Consents || w.Word == Concerned)
	})
	return gave && !slices.ContainsFunc(a.Changes, func(c Change) bool {
		return c.What == Unconsented && c.By == person && c.At.After(r.Ended)
	})
}

// read reads an agreement by its number.
func read(t *flows.Turn, n int) (Agreement, error) {
	a, found, err := agreements.Find(t, numberID(n))
	switch {
	case err != nil:
		return a, fmt.Errorf("read agreement %d: %w", n, err)
	case !found:
		return a, t.Refuse("agreement.nosuch", "a", name(n))
	}
	return a, nil
}

// take makes what a proposal came to part of the agreement.
func (a *Agreement) take(t *flows.Turn, p Proposal, what What) error {
	was := a.Review
	a.add(p)
	switch what {
	case Made, Changed:
		a.Text, a.Version = p.now().Text, p.now().Number
	case Ended:
		a.Over = t.Now()
	case Kept, Unconsented:
	}
	a.Changes = append(slices.Clone(a.Changes), Change{At: t.Now(), What: what, Version: a.Version})
	if what != Ended {
		a.Review = p.Review
		if a.Review.IsZero() {
			a.Review = calendar.DateOf(t.Now(), t.RoomZone()).AddMonths(usualReview)
		}
		t.At(reviewMorning(a.Review), "reviewday", a.id())
	}
	if !was.IsZero() && was != a.Review {
		t.Cancel(reviewMorning(was), "reviewday", a.id())
	}
	return agreements.Put(t, a.id(), *a)
}

// add keeps the texts, the steps and the questions of a proposal about it, whatever came of it.
func (a *Agreement) add(p Proposal) {
	a.Versions = slices.Clone(a.Versions)
	for _, v := range p.Versions {
		if !slices.ContainsFunc(a.Versions, func(w Version) bool { return w.Number == v.Number }) {
			a.Versions = append(a.Versions, v)
		}
	}
	a.Rounds = append(slices.Clone(a.Rounds), p.Past...)
	a.Questions = append(slices.Clone(a.Questions), p.Questions...)
	a.Reviewing = ""
}

// giveBack keeps in the agreement what was said in a review that came to nothing.
func (p Proposal) giveBack(t *flows.Turn) error {
	a, err := read(t, p.About)
	if err != nil {
		return err
	}
	a.add(p)
	return agreements.Put(t, a.id(), a)
}

// Standing lists the agreements that the group has now, in the order of their numbers.
func Standing(t *flows.Turn) ([]Agreement, error) {
	var all []Agreement
	err := agreements.All(t, func(_ flows.ID, a Agreement) (bool, error) {
		if !a.ended() {
			all = append(all, a)
		}
		return true, nil
	})
	return all, err
}

// Due lists the agreements whose review comes on a day or before it, and is not open yet, the earliest first.
func Due(t *flows.Turn, day calendar.Date) ([]Agreement, error) {
	var all []Agreement
	err := byReview.Scan(t, "", day.AddDays(1).String(), func(_ flows.ID, a Agreement) (bool, error) {
		if a.Reviewing == "" {
			all = append(all, a)
		}
		return true, nil
	})
	return all, err
}

// News is an agreement with what happened to it.
type News struct {
	Agreement
	Change
}

// Since lists what happened to agreements from an instant on, those of one agreement together.
func Since(t *flows.Turn, from time.Time) ([]News, error) {
	var all []News
	err := byChange.Scan(t, flows.InstantKey(from), "", func(_ flows.ID, a Agreement) (bool, error) {
		for _, c := range a.Changes {
			if !c.At.Before(from) {
				all = append(all, News{a, c})
			}
		}
		return true, nil
	})
	slices.SortStableFunc(all, func(x, y News) int { return x.Number - y.Number })
	return all, err
}
