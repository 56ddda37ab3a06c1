package agreement

import (
	"slices"
	"time"

	"trellis/adapters/chat"
	"trellis/flows"
)

// led reads a proposal for whoever leads it, refused for everybody else and when it has moved on.
func led(t *flows.Turn, id flows.ID, stamp string) (Proposal, error) {
	p, err := find(t, id)
	if err != nil {
		return p, err
	}
	if leads, err := p.leads(t, t.Person()); err != nil {
		return p, err
	} else if !leads {
		return p, t.Refuse("agreement.authoronly")
	}
	if p.stamp() != stamp {
		return p, t.Refuse("agreement.movedon")
	}
	return p, nil
}

// ledAfter is led for what can be chosen only when it was not agreed.
func ledAfter(t *flows.Turn, id flows.ID, stamp string) (Proposal, error) {
	p, err := led(t, id, stamp)
	if err == nil && p.State != Pending {
		err = t.Refuse("agreement.movedon")
	}
	return p, err
}

// ledToAmend is led for a new text: when it was not agreed, or between steps. In a step the text is frozen.
func ledToAmend(t *flows.Turn, id flows.ID, stamp string) (Proposal, error) {
	p, err := led(t, id, stamp)
	if err == nil && !p.amendable() && (p.State != Pending || !p.mayTryAgain()) {
		err = t.Refuse("agreement.frozen")
	}
	return p, err
}

// openAmend is "Amend".
func openAmend(t *flows.Turn, a flows.Action) error {
	p, err := ledToAmend(t, a.Subject, a.Arg)
	if err != nil {
		return err
	}
	b := flows.Blank{
		Form: "amend", Subject: a.Subject, Arg: a.Arg,
		Title: flows.Words("agreement.form.amend.title"), Submit: flows.Words("agreement.button.send"),
		Intro: []flows.Phrase{flows.Words("agreement.form.amend.about")},
		Fields: []flows.BlankField{
			{Name: "text", Label: flows.Words("agreement.form.amend.text"), Kind: chat.Lines, Initial: p.now().Text},
		},
	}
	if p.State == Pending {
		b.Fields = append(b.Fields, flows.BlankField{Name: "by", Label: flows.Words("agreement.form.amend.by"), Kind: chat.When, Optional: true})
	}
	return t.Open(b)
}

// amend puts a new version to the group: earlier answers are void, what was said in them is kept.
func amend(t *flows.Turn, f flows.Form) error {
	p, err := ledToAmend(t, f.Subject, f.Arg)
	if err != nil {
		return err
	}
	text := f.Field("text")
	switch text {
	case "":
		return t.Wrong("text", "agreement.empty.amend")
	case p.now().Text:
		return t.Wrong("text", "agreement.sametext")
	}
	by := p.By
	if p.State == Pending {
		if by, err = f.When(t, "by", p.span()); err != nil {
			return err
		}
	}
	id := f.Subject
	if p.State == Asking {
		if err := p.rest(t, id); err != nil {
			return err
		}
		p.unschedule(t, id)
	} else if err := p.conclude(t, true); err != nil {
		return err
	}
	number, err := p.nextVersion(t)
	if err != nil {
		return err
	}
	if p.State == Pending {
		p.Round++
	}
	if p.About > 0 {
		p.Aim = ToChange // whatever the review wanted, there is another text now
	}
	p.Versions = append(slices.Clone(p.Versions), Version{Number: number, Text: text, By: t.Person(), At: t.Now()})
	p.By, p.Nudge = by, time.Time{}
	if err := p.dropAbsent(t, false); err != nil {
		return err
	}
	p.schedule(t, id)
	return p.begin(t, id, p.Step)
}

// span is how long people had at first, which a new version gets too.
func (p Proposal) span() time.Duration { return max(flows.End(p.By).Sub(p.Opened), time.Minute) }

// nextVersion is the number of a new text. They are counted through all reviews of an agreement.
func (p Proposal) nextVersion(t *flows.Turn) (int, error) {
	last := p.now().Number
	if p.About == 0 {
		return last + 1, nil
	}
	a, err := read(t, p.About)
	return max(last, a.last()) + 1, err
}

// conclude takes the buttons off the offer; what was answered in a step that ran out of time is now kept, and shown
// when it is needed.
func (p *Proposal) conclude(t *flows.Turn, show bool) error {
	if err := t.Disarm(p.Offer); err != nil {
		return err
	}
	p.Offer = ""
	if !p.TimeUp {
		return nil
	}
	p.record(t, false)
	p.TimeUp = false
	if !show || !slices.ContainsFunc(p.Answers, func(a Answer) bool { return a.Text != "" }) {
		return nil
	}
	_, err := t.Say(results(flows.Note("agreement.before"), p.Answers))
	return err
}

// dropAbsent takes those off the list who are not there any more when people are asked again. Where answers stand, so
// does that of somebody who has gone away since.
func (p *Proposal) dropAbsent(t *flows.Turn, answersStand bool) error {
	members, err := t.Members()
	if err != nil {
		return err
	}
	for _, person := range slices.Clone(p.Named) {
		if slices.Contains(members, person) {
			continue
		}
		if belongs, err := t.Holds(person, flows.Member); err != nil {
			return err
		} else if belongs && answersStand && p.answer(person) >= 0 {
			continue
		}
		p.unname(person)
		if _, err := t.Say(p.takenOffMessage(person)); err != nil {
			return err
		}
	}
	if len(p.Named) == 0 {
		return t.Refuse("agreement.nobody")
	}
	return nil
}

// withdraw is "Withdraw", and leave "Leave it".
func withdraw(t *flows.Turn, a flows.Action) error {
	return giveUp(t, a, Withdrawn, "agreement.withdrawn")
}

func leave(t *flows.Turn, a flows.Action) error { return giveUp(t, a, Left, "agreement.left") }

func giveUp(t *flows.Turn, a flows.Action, state State, key string) error {
	p, err := ledAfter(t, a.Subject, a.Arg)
	if err != nil {
		return err
	}
	if err := p.conclude(t, false); err != nil {
		return err
	}
	p.State = state
	m := flows.Note(key, "person", t.Person()).Quote(p.short())
	if p.About > 0 {
		m = m.With("agreement.stands", "a", name(p.About))
	}
	if _, err := t.Say(m); err != nil {
		return err
	}
	return p.put(t, a.Subject)
}

// openExtend is "Extend".
func openExtend(t *flows.Turn, a flows.Action) error {
	p, err := ledAfter(t, a.Subject, a.Arg)
	if err != nil {
		return err
	}
	if !p.TimeUp {
		return t.Refuse("agreement.movedon")
	}
	return t.Open(flows.Blank{
		Form: "extend", Subject: a.Subject, Arg: a.Arg,
		Title: flows.Words("agreement.form.extend.title"), Submit: flows.Words("agreement.button.send"),
		Intro:  []flows.Phrase{flows.Words("agreement.form.extend.about")},
		Fields: []flows.BlankField{{Name: "by", Label: flows.Words("agreement.form.extend.by"), Kind: chat.When}},
	})
}

// extend gives the same step more time: what was answered stands, and who is missing is asked again.
func extend(t *flows.Turn, f flows.Form) error {
	p, err := ledAfter(t, f.Subject, f.Arg)
	if err != nil {
		return err
	}
	if !p.TimeUp {
		return t.Refuse("agreement.movedon")
	}
	if f.Field("by") == "" {
		return t.Wrong("by", "agreement.empty.extend")
	}
	by, err := f.When(t, "by", 0)
	if err != nil {
		return err
	}
	if !t.Now().Before(flows.End(by)) {
		return t.Wrong("by", "agreement.byover")
	}
	if err := t.Disarm(p.Offer); err != nil {
		return err
	}
	p.Offer, p.State, p.TimeUp, p.By, p.Nudge, p.Longer = "", Asking, false, by, time.Time{}, t.Person()
	if err := p.dropAbsent(t, true); err != nil {
		return err
	}
	if len(p.missing()) == 0 {
		return p.finish(t, f.Subject)
	}
	t.At(flows.End(by), "end", f.Subject)
	return p.ask(t, f.Subject)
}
