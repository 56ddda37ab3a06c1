// Package principle puts one card before a group at the right moment: a name, what it means, a question to talk about,
// and where it comes from.
//
// How it works: a group has one deck at a time. A card comes when somebody asks, on a schedule that the group set, and
// at the start of a session's phase that it fits.
//
// What always holds: no card of a deck comes again before the deck is through, and unasked at most one a day.
package principle

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
	Name: "principle",
	Commands: flows.Commands{
		"principle":       {Usage: "", Who: flows.Member, Run: next},
		"principle show":  {Usage: "NAME", Who: flows.Member, Reads: hasText, Run: show},
		"principle deck":  {Usage: "[NAME]", Who: flows.Member, Answers: true, Run: chooseDeck},
		"principle every": {Usage: "WHEN|end", Who: flows.Facilitator, Reads: hasText, Run: every},
		"principle why":   {Usage: "", Who: flows.Member, Answers: true, Run: why},
	},
	Timers: flows.Timers{"card": due},
	Listeners: flows.Listeners{
		session.SignalPhase: phase,
		flows.SignalStop:    stop,
	},
}

func hasText(c flows.Command) bool { return len(c.Tokens) > 0 }

// Stack is where a group stands in its deck.
type Stack struct {
	Deck    string
	Shown   []string       `json:",omitempty"` // cards of this turn through the deck
	Last    string         `json:",omitempty"` // the last card
	LastOf  string         `json:",omitempty"` // and its deck
	Why     Reason         `json:",omitempty"`
	Phase   string         `json:",omitempty"` // of Why
	Unasked calendar.Date  `json:",omitzero"`  // the day of the last card that nobody asked for
	Every   *calendar.Rule `json:",omitempty"`
	Due     time.Time      `json:",omitzero"` // of the schedule
}

// Reason is why a card came.
type Reason string

// Reasons.
const (
	Asked     Reason = "asked"
	Scheduled Reason = "scheduled"
	Fitting   Reason = "fitting"
)

var stacks = flows.NewTable[Stack]("principle/stack", 1)

// only is the key of a group's one stack.
const only flows.ID = "stack"

func stack(t *flows.Turn) (Stack, error) {
	s, ok, err := stacks.Find(t, only)
	if err == nil && !ok {
		s.Deck = usualDeck
	}
	return s, err
}

func (s Stack) deck() Deck {
	d, ok := findDeck(s.Deck)
	if !ok { // a deck that is no longer shipped
		d, _ = findDeck(usualDeck)
	}
	return d
}

// draw takes the next card that was not shown yet, of those that want accepts; false when there is none of them.
func (s *Stack) draw(want func(Card) bool) (Deck, Card, bool) {
	d := s.deck()
	if len(s.Shown) >= len(d.Cards) {
		s.Shown = nil
	}
	for _, c := range d.Cards {
		if !slices.Contains(s.Shown, c.ID) && want(c) {
			return d, c, true
		}
	}
	return d, Card{}, false
}

func anyCard(Card) bool { return true }

// put notes that a card was put before the group.
func (s *Stack) put(d Deck, c Card, why Reason, phase string) {
	if d.ID == s.Deck && !slices.Contains(s.Shown, c.ID) {
		s.Shown = append(slices.Clone(s.Shown), c.ID)
	}
	s.Last, s.LastOf, s.Why, s.Phase = c.ID, d.ID, why, phase
}

func next(t *flows.Turn, c flows.Command) error {
	if c.Text != "" {
		return show(t, c)
	}
	s, err := stack(t)
	if err != nil {
		return err
	}
	d, card, _ := s.draw(anyCard)
	return s.say(t, d, card, Asked, "")
}

func show(t *flows.Turn, c flows.Command) error {
	s, err := stack(t)
	if err != nil {
		return err
	}
	d, card, ok := findCard(c.Text, s.Deck)
	if !ok {
		return t.Refuse("principle.nocard", "name", flows.Said{Text: c.Text}, "cards", cardNames(s.deck()))
	}
	return s.say(t, d, card, Asked, "")
}

// say puts a card before the group: in the room, or, when somebody asked in private, before them alone.
func (s Stack) say(t *flows.Turn, d Deck, c Card, why Reason, phase string) error {
	m := message(d, c, why, phase)
	if why == Asked && t.Direct() {
		_, err := t.Answer(m)
		return err
	}
	s.put(d, c, why, phase)
	if _, err := t.Say(m); err != nil {
		return err
	}
	return stacks.Put(t, only, s)
}

func chooseDeck(t *flows.Turn, c flows.Command) error {
	s, err := stack(t)
	if err != nil {
		return err
	}
	if c.Text == "" {
		_, err := t.Answer(deckList(s.deck()))
		return err
	}
	d, ok := findDeck(c.Text)
	if !ok {
		return t.RefuseWith(deckList(s.deck()).With("principle.nodeck", "name", flows.Said{Text: c.Text}))
	}
	s.Deck, s.Shown = d.ID, nil
	if err := stacks.Put(t, only, s); err != nil {
		return err
	}
	_, err = t.Say(flows.Note("principle.deck_set", "title", d.Title, "n", len(d.Cards), "source", d.Source))
	return err
}

func every(t *flows.Turn, c flows.Command) error {
	s, err := stack(t)
	if err != nil {
		return err
	}
	text := strings.TrimSpace(c.Text)
	if strings.EqualFold(text, "end") || strings.EqualFold(text, "never") {
		if s.Every == nil {
			return t.Refuse("principle.noschedule")
		}
		if err := s.end(t); err != nil {
			return err
		}
		_, err := t.Say(flows.Note("principle.ended"))
		return err
	}
	if text == "" {
		return t.Refuse("principle.every_wanted")
	}
	rule, err := t.RoomRule(text, flows.UsualHour)
	if err != nil {
		return err
	}
	coming := flows.Coming(rule, t.Now(), 3)
	if len(coming) == 0 {
		return t.Refuse("principle.every_wanted")
	}
	if !s.Due.IsZero() {
		t.Cancel(s.Due, "card", only)
	}
	s.Every, s.Due = &rule, coming[0]
	t.At(s.Due, "card", only)
	if err := stacks.Put(t, only, s); err != nil {
		return err
	}
	_, err = t.Say(flows.Note("principle.scheduled", "rule", rule, "dates", flows.ComingPhrases(coming)))
	return err
}

// end takes the schedule away.
func (s Stack) end(t *flows.Turn) error {
	t.Cancel(s.Due, "card", only)
	s.Every, s.Due = nil, time.Time{}
	return stacks.Put(t, only, s)
}

// due brings the card of the schedule, unless one came unasked that day already.
func due(t *flows.Turn, _ flows.ID) error {
	s, err := stack(t)
	if err != nil || s.Every == nil || !s.Due.Equal(t.Due()) {
		return err
	}
	following, ok := s.Every.Next(t.Now())
	if s.Due = following; ok {
		t.At(following, "card", only)
	} else {
		s.Every = nil
	}
	if !s.mayUnasked(t) {
		return stacks.Put(t, only, s)
	}
	d, c, _ := s.draw(anyCard)
	s.Unasked = today(t)
	return s.say(t, d, c, Scheduled, "")
}

func today(t *flows.Turn) calendar.Date { return calendar.DateOf(t.Now(), t.RoomZone()) }

func (s Stack) mayUnasked(t *flows.Turn) bool { return s.Unasked != today(t) }

// phase brings a card that fits a phase, if there is one and none came unasked today.
func phase(t *flows.Turn, sig flows.Signal) error {
	s, err := stack(t)
	if err != nil || !s.mayUnasked(t) {
		return err
	}
	d, c, ok := s.draw(func(c Card) bool { return slices.Contains(c.Fits, sig.Value) })
	if !ok {
		return nil
	}
	s.Unasked = today(t)
	return s.say(t, d, c, Fitting, sig.Value)
}

func stop(t *flows.Turn, _ flows.Signal) error {
	s, err := stack(t)
	if err != nil || s.Every == nil {
		return err
	}
	return s.end(t)
}

func why(t *flows.Turn, _ flows.Command) error {
	s, err := stack(t)
	if err != nil {
		return err
	}
	d, ok := findDeck(s.LastOf)
	c, found := d.card(s.Last)
	if !ok || !found {
		return t.Refuse("principle.nolast")
	}
	_, err = t.Answer(flows.Note("principle.why."+string(s.Why), "name", c.Name, "phase", phaseName(s.Phase)).
		With("principle.source", "source", d.Source).With("principle.why.rules"))
	return err
}
