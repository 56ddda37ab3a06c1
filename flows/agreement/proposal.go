package agreement

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"trellis/flows"
	"trellis/flows/calendar"
	"trellis/flows/session"
)

// Proposal is a text put to the group, through all its versions and steps.
type Proposal struct {
	Number   int            // counts them; people do not see it
	Author   flows.PersonID // or the facilitator who opened a review
	Opened   time.Time
	Steps    []Step
	Versions []Version        // at least one; the last one is what is asked about
	Named    []flows.PersonID // whose answer is needed; nobody is added later
	Round    int              // decisions so far, this one included
	Review   calendar.Date    `json:",omitzero"` // zero: the usual time after it was agreed

	State   State
	Step    Step
	Begun   time.Time     // the step at hand
	By      calendar.When // the end of the last step
	Nudge   time.Time     `json:",omitzero"`  // when who is missing is asked once more; zero: not
	Answers []Answer      `json:",omitempty"` // of the step at hand, at most one for each of Named
	TimeUp  bool          `json:",omitempty"` // the step ended by its time, and can be given more
	// Longer is who gave the step more time.
	Longer flows.PersonID `json:",omitempty"`

	Questions []Query `json:",omitempty"`
	Past      []Round `json:",omitempty"` // steps that are over for good

	Card    flows.Posted   // of the step at hand, in the room
	Offer   flows.Posted   `json:",omitempty"` // where the author, or who facilitates, chooses how it goes on
	Prompts []flows.Posted `json:",omitempty"` // what asks single people in private, now

	About int `json:",omitempty"` // the agreement under review; 0: none
	Aim   Aim `json:",omitempty"` // of that review
}

// State says whose turn it is.
type State string

// States of a proposal.
const (
	Asking    State = "asking"   // everyone named
	Pending   State = "pending"  // the author: it was not agreed
	Weighing  State = "weighing" // author and facilitators: many stand aside
	Withdrawn State = "withdrawn"
	Left      State = "left"  // as it was, not agreed
	Spent     State = "spent" // it was decided about as often as is good
)

// Aim is what a review wants.
type Aim string

// Aims of a review.
const (
	ToKeep   Aim = "keep"
	ToChange Aim = "change"
	ToEnd    Aim = "end"
)

// Version is one wording.
type Version struct {
	Number int
	Text   string
	By     flows.PersonID `json:",omitempty"` // empty: the group's, or of a member who left
	At     time.Time
}

// Answer is what one person said in a step.
type Answer struct {
	By   flows.PersonID
	Word Word
	Text string `json:",omitempty"` // a reaction, a concern, a reason
	Whom string `json:",omitempty"` // of an objection: for whom it would go wrong
}

// Word is which of the answers that a step offers.
type Word string

// Words, by step.
const (
	Clear Word = "clear" // understand

	Reacts Word = "react" // react
	Passed Word = "pass"

	Consents  Word = "consent" // decide
	Concerned Word = "concern" // consent, with a concern
	Aside     Word = "aside"
	Objects   Word = "object"
)

// words are what each step offers.
var words = map[Step][]Word{
	Understand: {Clear}, React: {Reacts, Passed}, Decide: {Consents, Concerned, Aside, Objects},
}

// Query is a question to the author.
type Query struct {
	By     flows.PersonID
	Text   string
	Answer string       `json:",omitempty"`
	Card   flows.Posted // under which it is answered
}

// Round is a step that is over.
type Round struct {
	Version int
	Step    Step
	Round   int
	Aim     Aim `json:",omitempty"`
	Ended   time.Time
	Answers []Answer `json:",omitempty"`
	Missing int      `json:",omitempty"` // who had not answered when it ended
	Agreed  bool     `json:",omitempty"`
}

var (
	proposals = flows.NewTable[Proposal]("agreement/proposal", 1)
	// unsettled finds those that are not over, the oldest first.
	unsettled = proposals.Index("open", func(_ flows.ID, p Proposal) []string {
		if p.closed() {
			return nil
		}
		return []string{flows.NumberKey(p.Number)}
	})
)

func (p Proposal) closed() bool { return !slices.Contains([]State{Asking, Pending, Weighing}, p.State) }

// eachOpen shows the proposals of the group that are not over.
func eachOpen(t *flows.Turn, visit func(id flows.ID, p Proposal) error) error {
	return unsettled.Scan(t, "", "", func(id flows.ID, p Proposal) (bool, error) { return true, visit(id, p) })
}

// countOpen counts those that people are asked about now.
func countOpen(t *flows.Turn) (n int, err error) {
	err = eachOpen(t, func(_ flows.ID, p Proposal) error {
		if p.State == Asking {
			n++
		}
		return nil
	})
	return n, err
}

// find reads the proposal that a button, a form or a timer names.
func find(t *flows.Turn, id flows.ID) (Proposal, error) {
	p, ok, err := proposals.Find(t, id)
	switch {
	case err != nil:
		return p, fmt.Errorf("read proposal %s: %w", id, err)
	case !ok || p.closed():
		return p, t.Refuse("flows.closed")
	}
	return p, nil
}

// now is the version that is asked about.
func (p Proposal) now() Version { return p.Versions[len(p.Versions)-1] }

// said is its text.
func (p Proposal) said() flows.Said {
	v := p.now()
	return flows.Said{Text: v.Text, By: v.By}
}

// short is the beginning of its text, for lists.
func (p Proposal) short() flows.Said { return short(p.said()) }

const shortRunes = 80

func short(s flows.Said) flows.Said {
	s.Text = strings.TrimSuffix(strings.Join(strings.Fields(s.Text), " "), ".")
	if runes := []rune(s.Text); len(runes) > shortRunes {
		s.Text = strings.TrimSpace(string(runes[:shortRunes-1])) + "…"
	}
	return s
}

// stamp names what a press was meant for: a step of a version in a round.
func (p Proposal) stamp() string { return fmt.Sprintf("%s.%d.%d", p.Step, p.now().Number, p.Round) }

// answer is a person's answer in the step at hand; -1 when there is none.
func (p Proposal) answer(person flows.PersonID) int {
	return slices.IndexFunc(p.Answers, func(a Answer) bool { return a.By == person })
}

// missing are those named who have not answered.
func (p Proposal) missing() []flows.PersonID {
	return slices.DeleteFunc(slices.Clone(p.Named), func(n flows.PersonID) bool { return p.answer(n) >= 0 })
}

// those are the answers with one word.
func those(answers []Answer, word Word) []Answer {
	return slices.DeleteFunc(slices.Clone(answers), func(a Answer) bool { return a.Word != word })
}

// leads tells whether somebody may decide how it goes on: the author; a facilitator when the author is not there.
func (p Proposal) leads(t *flows.Turn, person flows.PersonID) (bool, error) {
	if person != "" && person == p.Author {
		return true, nil
	}
	if here, err := t.Here(p.Author); err != nil || here {
		return false, err
	}
	return t.Holds(person, flows.Facilitator)
}

// amendable tells whether the author can change the text: between steps, until somebody else has answered.
func (p Proposal) amendable() bool {
	began := slices.ContainsFunc(p.Past, func(r Round) bool { return r.Version == p.now().Number && r.Step != Decide })
	return p.State == Asking && p.Aim == "" && began && !slices.ContainsFunc(p.Answers, func(a Answer) bool { return a.By != p.Author })
}

// mayTryAgain tells whether there can be another decision.
func (p Proposal) mayTryAgain() bool { return p.Round < maxRounds }

// live tells whether people sit together over it: then nothing is held back by anybody's quiet.
func (p Proposal) live(t *flows.Turn) (bool, error) {
	_, _, open, err := session.Current(t)
	return open && t.Now().Sub(p.Begun) < meeting, err
}

const meeting = 2 * time.Hour // longer than people stay with one text

// mayTell is when a person may be told something in private about it: now, or when their quiet ends.
func (p Proposal) mayTell(t *flows.Turn, person flows.PersonID) (time.Time, error) {
	if live, err := p.live(t); err != nil || live || person == t.Person() {
		return t.Now(), err
	}
	return t.Free(person), nil
}

const separator = "."

// part names something of a proposal, for a timer or a question.
func part(id flows.ID, of string) flows.ID { return id + separator + flows.ID(of) }

func cut(s flows.ID) (id flows.ID, of string) {
	before, after, _ := strings.Cut(string(s), separator)
	return flows.ID(before), after
}
