// Package agreement puts a text to a group for its consent, and keeps what the group consented to.
//
// How it works: a command opens a Proposal, which goes through up to three steps: is it clear, what do you think of it,
// and do you consent. Each step is a card in the room; it ends when everyone named has answered, by "Next", or when its
// time is over. What was consented to becomes an Agreement with a number, its versions, who consented to which, and a
// review date; at that date a review puts the same text, another one or its end through a decide step again.
//
// What always holds: silence is never consent. Nobody is shown an answer before everyone named has given one, or the
// step is over for good; who answers is not shown at all. Answers belong to one version of the text; a press that
// was meant for another one counts for nothing.
//
// To test it, play rehearsals/agreement*.trellis.
package agreement

import (
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"time"

	"trellis/flows"
	"trellis/flows/calendar"
	"trellis/flows/session"
)

// Flow is all that the engine knows of this practice.
var Flow = flows.Flow{
	Name: "agreement",
	Commands: flows.Commands{
		"propose": {
			Usage: "TEXT [by=WHEN] [review=WHEN] [steps=understand,react,decide]", Who: flows.Member,
			Keys: []string{"by", "review", "steps"}, Run: propose,
		},
		"agreements":      {Usage: "", Who: flows.Member, Answers: true, Run: list},
		"agreements show": {Usage: "N", Who: flows.Member, Answers: true, Reads: numbered, Run: show},
		"agreements review": {
			Usage: "N [review=WHEN] [by=WHEN]", Who: flows.Facilitator, Keys: []string{"review", "by"}, Reads: numbered, Run: review,
		},
	},
	Actions: flows.Actions{
		"anyway": anyway,
		"ask":    openAsk, "answer": openAnswer,
		"clear": speak(Clear), "pass": speak(Passed), "consent": speak(Consents),
		"react": openWord(Reacts), "concern": openWord(Concerned), "aside": openWord(Aside), "object": openWord(Objects),
		"next": next, "amend": openAmend, "withdraw": withdraw, "leave": leave, "extend": openExtend,
		"goon": goOn, "talk": talkAgain, "open": openOne,
		"keep": keep, "change": openChange, "end": end, "unconsent": unconsent,
	},
	Forms: flows.Forms{
		"word": heardLabel, "ask": heardQuestion, "answer": heardReply,
		"react": heardWord(Reacts), "concern": heardWord(Concerned), "aside": heardWord(Aside), "object": heardWord(Objects),
		"amend": amend, "extend": extend, "change": change,
	},
	Timers: flows.Timers{
		"end": timeUp, "nudge": nudge, "remind": remind, "prompt": promptLater, "question": questionLater, "weigh": weighLater,
		"reviewday": reviewDay, "review": askReview, "unconsent": unconsentLater,
	},
	Listeners: flows.Listeners{
		flows.SignalLeft:       left,
		flows.SignalAway:       away,
		flows.SignalLinked:     linked,
		flows.SignalHome:       waits,
		flows.SignalDigestMe:   waits,
		flows.SignalDigestRoom: digest,
		flows.SignalExport:     export,
		flows.SignalPages:      pages,
		session.SignalOpen:     open,
		session.SignalSummary:  summary,
	},
	Forget: forget,
}

// Step is one of those that a proposal goes through.
type Step string

// Steps, in their order.
const (
	Understand Step = "understand"
	React      Step = "react"
	Decide     Step = "decide"
)

var allSteps = []Step{Understand, React, Decide}

const (
	usualRound  = 3 * 24 * time.Hour // for answers, when nobody said until when
	usualReview = 3                  // months
	maxRounds   = 3                  // decisions about one proposal
	fewRounds   = 2                  // open at once; more are hard to follow
	nudged      = time.Hour          // the shortest time in which somebody is asked a second time
	asideShare  = 3                  // one in so many stands aside: there is no real agreement
)

// wish is what somebody wants to put to the group.
type wish struct {
	Text   string
	By     calendar.When
	Review calendar.Date `json:",omitzero"`
	Steps  []Step
}

func propose(t *flows.Turn, c flows.Command) error {
	if c.Text == "" {
		return t.Refuse("agreement.wanted")
	}
	w := wish{Text: c.Text}
	var err error
	if w.Steps, err = readSteps(t, c.Arg("steps")); err != nil {
		return err
	}
	if w.By, err = t.When(c.Arg("by"), usualRound); err != nil {
		return err
	}
	if w.Review, err = readReview(t, c.Arg("review")); err != nil {
		return err
	}
	return w.open(t, false)
}

// readSteps reads steps=; there is no proposal without a decision.
func readSteps(t *flows.Turn, text string) ([]Step, error) {
	if text == "" {
		return allSteps, nil
	}
	wanted := map[Step]bool{Decide: true}
	for word := range strings.SplitSeq(text, ",") {
		step := Step(strings.ToLower(strings.TrimSpace(word)))
		if !slices.Contains(allSteps, step) {
			return nil, t.Refuse("agreement.steps_wanted", "text", flows.Said{Text: word})
		}
		wanted[step] = true
	}
	return slices.DeleteFunc(slices.Clone(allSteps), func(s Step) bool { return !wanted[s] }), nil
}

// readReview reads a day; none when none was given.
func readReview(t *flows.Turn, text string) (calendar.Date, error) {
	if text == "" {
		return calendar.Date{}, nil
	}
	w, err := t.When(text, 0)
	return w.Date, err
}

// anyway opens what was asked back once. What it carries was written by its author; opening grants nothing more.
func anyway(t *flows.Turn, a flows.Action) error {
	var w wish
	if err := json.Unmarshal([]byte(a.Arg), &w); err != nil {
		return t.Refuse("flows.oldbutton")
	}
	if !t.Now().Before(flows.End(w.By)) {
		return t.Refuse("agreement.byover")
	}
	return w.open(t, true)
}

// open puts the wish to the group. Another practice may want it asked back first; it then says what it has to say to
// the author in the headings, and to the room, when they go on all the same, in the lines.
func (w wish) open(t *flows.Turn, allTheSame bool) error {
	var doubts flows.Gathered
	if err := t.Signal(flows.Signal{Name: flows.SignalMayStart, Value: "agreement", Person: t.Person(), Gather: &doubts}); err != nil {
		return err
	}
	if !doubts.Empty() && !allTheSame {
		arg, err := json.Marshal(w)
		if err != nil {
			return fmt.Errorf("keep a proposal for later: %w", err)
		}
		m := flows.Message{}
		for _, s := range doubts.Sections {
			m = m.With(s.Heading.Key, s.Heading.Args...)
		}
		return t.RefuseWith(m.Choose(flows.Choice{Key: "agreement.button.anyway", Action: "anyway", Arg: string(arg)}))
	}
	others, err := countOpen(t)
	if err != nil {
		return err
	}
	p := Proposal{
		Author: t.Person(), Steps: w.Steps, By: w.By, Review: w.Review,
		Versions: []Version{{Number: 1, Text: w.Text, By: t.Person(), At: t.Now()}},
	}
	if err := p.start(t, t.NewID()); err != nil {
		return err
	}
	if allTheSame {
		for _, s := range doubts.Sections {
			for _, line := range s.Lines {
				if _, err := t.Say(flows.Note(line.Key, line.Args...)); err != nil {
					return err
				}
			}
		}
	}
	return p.advise(t, others)
}

// advise tells the author, alone, what is good to know.
func (p Proposal) advise(t *flows.Turn, others int) error {
	m := flows.Message{}
	if t.Direct() {
		m = m.With("agreement.advice.asked", "by", p.By)
	}
	if others >= fewRounds {
		m = m.With("agreement.advice.many", "n", others)
	}
	_, _, inSession, err := session.Current(t)
	if err != nil {
		return err
	}
	if !inSession {
		m = m.With("agreement.advice.written")
	}
	if len(m.Lines) == 0 {
		return nil
	}
	_, err = t.Whisper(m)
	return err
}
