package agreement

import (
	"slices"

	"trellis/flows"
)

// start names who is asked, and begins with the first step.
func (p *Proposal) start(t *flows.Turn, id flows.ID) error {
	members, err := t.Members()
	if err != nil {
		return err
	}
	if len(members) == 0 {
		return t.Refuse("agreement.nobody")
	}
	if p.Number, err = t.NextNumber("proposal"); err != nil {
		return err
	}
	p.Named, p.Opened, p.Round = members, t.Now(), 1
	p.schedule(t, id)
	return p.begin(t, id, p.Steps[0])
}

// schedule sets the end of the last step, and when who is missing is asked once more.
func (p *Proposal) schedule(t *flows.Turn, id flows.ID) {
	over := flows.End(p.By)
	t.At(over, "end", id)
	if length := over.Sub(t.Now()); length >= nudged {
		p.Nudge = t.Now().Add(length / 2)
		t.At(p.Nudge, "nudge", id)
	}
}

// unschedule takes back what schedule set.
func (p *Proposal) unschedule(t *flows.Turn, id flows.ID) {
	t.Cancel(flows.End(p.By), "end", id)
	if !p.Nudge.IsZero() {
		t.Cancel(p.Nudge, "nudge", id)
	}
}

// begin asks everyone named about a step.
func (p *Proposal) begin(t *flows.Turn, id flows.ID, step Step) error {
	p.State, p.Step, p.Begun, p.Answers, p.TimeUp, p.Longer = Asking, step, t.Now(), nil, false, ""
	return p.ask(t, id)
}

// ask puts the step at hand to the room, and in private to those who would be seen answering there.
func (p *Proposal) ask(t *flows.Turn, id flows.ID) error {
	var err error
	if p.Card, err = t.Say(p.card(id)); err != nil {
		return err
	}
	for _, person := range p.missing() {
		if err := t.Await(person, p.question(id)); err != nil {
			return err
		}
		if apart, err := t.Apart(person); err != nil {
			return err
		} else if !apart {
			continue
		}
		if err := p.prompt(t, id, person); err != nil {
			return err
		}
	}
	return proposals.Put(t, id, *p)
}

// forms are the handlers of what is typed, by step.
var typed = map[Step]string{Understand: "word", React: "react", Decide: "word"}

// question is how the step waits for a direct message.
func (p Proposal) question(id flows.ID) flows.Question {
	q := flows.Question{Form: typed[p.Step], Field: "text", Subject: id, Arg: p.stamp(), Title: p.short().Text, By: p.said().By}
	if p.Step == React {
		q.Pass = "pass"
		return q
	}
	for _, w := range words[p.Step] {
		q.Labels = append(q.Labels, label(w))
	}
	return q
}

// prompt asks one person in private, when they may be spoken to.
func (p *Proposal) prompt(t *flows.Turn, id flows.ID, person flows.PersonID) error {
	at, err := p.mayTell(t, person)
	if err != nil {
		return err
	}
	if at.After(t.Now()) {
		t.At(at, "prompt", part(id, string(person)))
		return nil
	}
	return p.tell(t, person, p.private(id, "agreement.asked.first"))
}

// tell says something with the buttons of the step, which lose them when it is over.
func (p *Proposal) tell(t *flows.Turn, person flows.PersonID, m flows.Message) error {
	posted, err := t.Tell(person, m.Noticed())
	if posted != "" {
		p.Prompts = append(slices.Clone(p.Prompts), posted)
	}
	return err
}

// wanted reads a proposal and tells whether a person's word on it is still missing, for what Trellis begins by itself.
func wanted(t *flows.Turn, s flows.ID) (id flows.ID, p Proposal, person flows.PersonID, is bool, err error) {
	id, of := cut(s)
	person = flows.PersonID(of)
	p, found, err := proposals.Find(t, id)
	if err != nil || !found || p.State != Asking || !t.Now().Before(flows.End(p.By)) || !slices.Contains(p.missing(), person) {
		return id, p, person, false, err
	}
	is, err = t.Here(person)
	return id, p, person, is, err
}

func promptLater(t *flows.Turn, s flows.ID) error {
	id, p, person, is, err := wanted(t, s)
	if err != nil || !is {
		return err
	}
	if err := p.prompt(t, id, person); err != nil {
		return err
	}
	return proposals.Put(t, id, p)
}

// nudge asks those once more who have not answered, and only them.
func nudge(t *flows.Turn, id flows.ID) error {
	p, found, err := proposals.Find(t, id)
	if err != nil || !found || p.State != Asking || !p.Nudge.Equal(t.Due()) {
		return err
	}
	for _, person := range p.missing() {
		t.At(t.Free(person), "remind", part(id, string(person)))
	}
	return nil
}

// remind asks one person once more. Who waits for the author's answer is not asked.
func remind(t *flows.Turn, s flows.ID) error {
	id, p, person, is, err := wanted(t, s)
	if err != nil || !is || p.waitsForAuthor(person) {
		return err
	}
	if at := t.Free(person); at.After(t.Now()) {
		t.At(at, "remind", s)
		return nil
	}
	if err := p.tell(t, person, p.private(id, "agreement.asked.again")); err != nil {
		return err
	}
	return proposals.Put(t, id, p)
}

// rest takes the buttons off whatever asked, because the step is over or begins anew.
func (p *Proposal) rest(t *flows.Turn, id flows.ID) error {
	for _, person := range p.Named {
		if err := t.Settle(person, typed[p.Step], id); err != nil {
			return err
		}
	}
	if err := t.Update(p.Card, p.overCard()); err != nil {
		return err
	}
	for _, posted := range p.Prompts {
		if err := t.Update(posted, p.overCard()); err != nil {
			return err
		}
	}
	p.Prompts = nil
	return nil
}

// record keeps a step that is over for good.
func (p *Proposal) record(t *flows.Turn, agreed bool) {
	p.Past = append(slices.Clone(p.Past), Round{
		Version: p.now().Number, Step: p.Step, Round: p.Round, Aim: p.Aim, Ended: t.Now(),
		Answers: p.Answers, Missing: len(p.missing()), Agreed: agreed,
	})
}

// finish ends the step at hand: everyone named has answered, or somebody went on.
func (p *Proposal) finish(t *flows.Turn, id flows.ID) error {
	if err := p.rest(t, id); err != nil {
		return err
	}
	if p.Step == Decide {
		p.unschedule(t, id)
		return p.decide(t, id)
	}
	p.record(t, false)
	if p.Step == React {
		if err := p.reveal(t); err != nil {
			return err
		}
	}
	return p.begin(t, id, p.Steps[slices.Index(p.Steps, p.Step)+1])
}

// reveal shows all reactions together, in no order.
func (p *Proposal) reveal(t *flows.Turn) error {
	reactions := those(p.Answers, Reacts)
	t.Rand().Shuffle(len(reactions), func(i, j int) { reactions[i], reactions[j] = reactions[j], reactions[i] })
	_, err := t.Say(reactionsMessage(reactions, len(those(p.Answers, Passed))))
	return err
}

// next is "Next": the author or a facilitator ends the step.
func next(t *flows.Turn, a flows.Action) error {
	p, err := at(t, a.Subject, a.Arg)
	if err != nil {
		return err
	}
	if may, err := p.leadsOrFacilitates(t); err != nil {
		return err
	} else if !may {
		return t.Refuse("agreement.leadonly")
	}
	return p.finish(t, a.Subject)
}

// leadsOrFacilitates tells whether who acts is the author or a facilitator.
func (p Proposal) leadsOrFacilitates(t *flows.Turn) (bool, error) {
	if t.Person() == p.Author {
		return true, nil
	}
	return t.Holds(t.Person(), flows.Facilitator)
}

// at reads the proposal that a press was meant for, refused when its step is over.
func at(t *flows.Turn, id flows.ID, stamp string) (Proposal, error) {
	p, err := find(t, id)
	if err != nil {
		return p, err
	}
	if p.State != Asking || p.stamp() != stamp {
		return p, t.Refuse("agreement.movedon")
	}
	return p, nil
}

// timeUp is the end that was given: silence is no consent. What was answered stays unseen, since there may be more time.
func timeUp(t *flows.Turn, id flows.ID) error {
	p, found, err := proposals.Find(t, id)
	if err != nil || !found || p.State != Asking || !flows.End(p.By).Equal(t.Due()) {
		return err
	}
	if err := p.rest(t, id); err != nil {
		return err
	}
	p.TimeUp = true
	return p.offer(t, id, p.timeUpMessage())
}
