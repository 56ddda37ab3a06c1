package agreement

import (
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"time"

	"trellis/adapters/chat"
	"trellis/flows"
	"trellis/flows/calendar"
)

// terms are what a facilitator asked for with a review, carried by its buttons.
type terms struct {
	By     calendar.When
	Review calendar.Date `json:",omitzero"`
	// Day is that of the message on which the buttons stand, when Trellis asked by itself.
	Day calendar.Date `json:",omitzero"`
}

func numbered(c flows.Command) bool {
	_, rest, ok := c.Number("A")
	return ok && rest == ""
}

// named reads the agreement that a command names.
func named(t *flows.Turn, c flows.Command) (Agreement, error) {
	n, _, ok := c.Number("A")
	if !ok {
		return Agreement{}, t.Refuse("agreement.number_wanted")
	}
	return read(t, n)
}

// review offers a facilitator what a review can come to.
func review(t *flows.Turn, c flows.Command) error {
	a, err := named(t, c)
	if err != nil {
		return err
	}
	if err := a.reviewable(t); err != nil {
		return err
	}
	w := terms{}
	if c.Given("by") {
		if w.By, err = t.When(c.Arg("by"), usualRound); err != nil {
			return err
		}
	}
	if w.Review, err = readReview(t, c.Arg("review")); err != nil {
		return err
	}
	m, err := reviewMessage([]Agreement{a}, w)
	if err != nil {
		return err
	}
	_, err = t.Whisper(m)
	return err
}

func (a Agreement) isOver(t *flows.Turn) error {
	return t.Refuse("agreement.isover", "a", a.Name(), "show", flows.Typed("agreements show "+a.Name()))
}

func (a Agreement) reviewable(t *flows.Turn) error {
	switch {
	case a.ended():
		return a.isOver(t)
	case a.Reviewing != "":
		return t.Refuse("agreement.reviewing", "a", a.Name())
	}
	return nil
}

// reviewMorning is when a review's day begins anywhere: from then on facilitators are asked at their hour.
func reviewMorning(d calendar.Date) time.Time {
	return calendar.At(d, 0, time.FixedZone("first", 14*3600)) // no zone is further ahead
}

// reviewDay sets when each facilitator is asked.
func reviewDay(t *flows.Turn, id flows.ID) error {
	a, found, err := agreements.Find(t, id)
	if err != nil || !found || a.ended() || !reviewMorning(a.Review).Equal(t.Due()) {
		return err
	}
	facilitators, err := t.Facilitators()
	for _, person := range facilitators {
		t.At(calendar.At(a.Review, t.Hour(person), t.Zone(person)), "review", part(flows.ID(a.Review.String()), string(person)))
	}
	return err
}

// askReview asks one facilitator about all that is due on a day.
func askReview(t *flows.Turn, s flows.ID) error {
	date, of := cut(s)
	person := flows.PersonID(of)
	var day calendar.Date
	if err := day.UnmarshalText([]byte(date)); err != nil {
		return fmt.Errorf("read the day of a review: %w", err)
	}
	due, err := dueOn(t, day)
	if err != nil || len(due) == 0 {
		return err
	}
	if wanted, err := t.Holds(person, flows.Facilitator); err != nil || !wanted {
		return err
	}
	if here, err := t.Here(person); err != nil || !here {
		return err
	}
	if at := t.Free(person); at.After(t.Now()) {
		t.At(at, "review", s)
		return nil
	}
	m, err := reviewMessage(due, terms{Day: day})
	if err != nil {
		return err
	}
	_, err = t.Tell(person, m.Noticed())
	return err
}

// dueOn lists the agreements whose review is on a day and not open yet.
func dueOn(t *flows.Turn, day calendar.Date) ([]Agreement, error) {
	due, err := Due(t, day)
	return slices.DeleteFunc(due, func(a Agreement) bool { return a.Review != day }), err
}

// reviewed reads the agreement and the terms of a review's button.
func reviewed(t *flows.Turn, id flows.ID, arg string) (Agreement, terms, error) {
	var w terms
	a, found, err := agreements.Find(t, id)
	if err != nil {
		return a, w, fmt.Errorf("read agreement %s: %w", id, err)
	}
	if !found || json.Unmarshal([]byte(arg), &w) != nil {
		return a, w, t.Refuse("flows.oldbutton")
	}
	if may, err := t.Holds(t.Person(), flows.Facilitator); err != nil {
		return a, w, err
	} else if !may {
		return a, w, t.Refuse("flows.facilitatoronly")
	}
	return a, w, a.reviewable(t)
}

// keep is "Keep", and end "End": a decide step with the text as it stands.
func keep(t *flows.Turn, a flows.Action) error { return reviewAs(t, a, ToKeep) }
func end(t *flows.Turn, a flows.Action) error  { return reviewAs(t, a, ToEnd) }

func reviewAs(t *flows.Turn, pressed flows.Action, aim Aim) error {
	a, w, err := reviewed(t, pressed.Subject, pressed.Arg)
	if err != nil {
		return err
	}
	if err := a.put(t, w, aim, Version{Number: a.Version, Text: a.Text, At: t.Now()}); err != nil {
		return err
	}
	left, err := dueOn(t, w.Day)
	if err != nil {
		return err
	}
	m := flows.Note("agreement.review.put", "a", a.Name())
	if len(left) > 0 {
		if m, err = reviewMessage(left, terms{Day: w.Day}); err != nil {
			return err
		}
	}
	return t.Redraw(pressed.On, m)
}

// openChange is "Change": the new text first.
func openChange(t *flows.Turn, pressed flows.Action) error {
	a, _, err := reviewed(t, pressed.Subject, pressed.Arg)
	if err != nil {
		return err
	}
	return t.Open(flows.Blank{
		Form: "change", Subject: pressed.Subject, Arg: pressed.Arg,
		Title: flows.Words("agreement.form.change.title"), Submit: flows.Words("agreement.button.send"),
		Intro:  []flows.Phrase{flows.Words("agreement.form.change.about", "a", a.Name())},
		Fields: []flows.BlankField{{Name: "text", Label: flows.Words("agreement.form.change.text"), Kind: chat.Lines, Initial: a.Text}},
	})
}

// change puts the new text to the group.
func change(t *flows.Turn, f flows.Form) error {
	a, w, err := reviewed(t, f.Subject, f.Arg)
	if err != nil {
		return err
	}
	switch f.Field("text") {
	case "":
		return t.Wrong("text", "agreement.empty.amend")
	case a.Text:
		return t.Wrong("text", "agreement.sametext")
	}
	return a.put(t, w, ToChange, Version{Number: a.last() + 1, Text: f.Field("text"), By: t.Person(), At: t.Now()})
}

// put opens a decide step about an agreement.
func (a Agreement) put(t *flows.Turn, w terms, aim Aim, v Version) error {
	by := w.By
	if by.Zone == "" || !t.Now().Before(flows.End(by)) {
		var err error
		if by, err = t.When("", usualRound); err != nil {
			return err
		}
	}
	id := t.NewID()
	p := Proposal{
		Author: t.Person(), Steps: []Step{Decide}, By: by, Review: w.Review,
		Versions: []Version{v}, About: a.Number, Aim: aim,
	}
	a.Reviewing = id
	if err := agreements.Put(t, a.id(), a); err != nil {
		return err
	}
	return p.start(t, id)
}

// unconsent is "I withdraw my consent": the agreement stands, and the facilitators are asked for an early review.
func unconsent(t *flows.Turn, pressed flows.Action) error {
	a, found, err := agreements.Find(t, pressed.Subject)
	switch {
	case err != nil:
		return fmt.Errorf("read agreement %s: %w", pressed.Subject, err)
	case !found:
		return t.Refuse("flows.oldbutton")
	case a.ended():
		return a.isOver(t)
	case !a.consented(t.Person()):
		return t.Refuse("agreement.noconsent", "a", a.Name())
	}
	a.Changes = append(slices.Clone(a.Changes), Change{At: t.Now(), What: Unconsented, Version: a.Version, By: t.Person()})
	if err := agreements.Put(t, a.id(), a); err != nil {
		return err
	}
	if _, err := t.Whisper(flows.Note("agreement.unconsent.done", "a", a.Name())); err != nil {
		return err
	}
	facilitators, err := t.Facilitators()
	if err != nil {
		return err
	}
	for _, person := range facilitators {
		at := t.Free(person)
		if person == t.Person() {
			at = t.Now()
		}
		t.At(at, "unconsent", part(a.id(), string(person)+separator+string(t.Person())))
	}
	return nil
}

// unconsentLater asks one facilitator for an early review.
func unconsentLater(t *flows.Turn, s flows.ID) error {
	id, of := cut(s)
	facilitator, who, _ := strings.Cut(of, separator)
	person := flows.PersonID(facilitator)
	a, found, err := agreements.Find(t, id)
	if err != nil || !found || a.reviewable(t) != nil {
		return err
	}
	if here, err := t.Here(person); err != nil || !here {
		return err
	}
	if at := t.Free(person); at.After(t.Now()) && facilitator != who {
		t.At(at, "unconsent", s)
		return nil
	}
	m, err := reviewChoices(flows.Note("agreement.unconsent.ask", "person", flows.PersonID(who), "a", a.Name()).Quote(a.said()), []Agreement{a}, terms{})
	if err != nil {
		return err
	}
	_, err = t.Tell(person, m.Noticed())
	return err
}
