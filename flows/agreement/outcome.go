package agreement

import (
	"slices"

	"trellis/flows"
)

// decide says what came of a decide step that is over.
func (p *Proposal) decide(t *flows.Turn, id flows.ID) error {
	agree := len(those(p.Answers, Consents)) + len(those(p.Answers, Concerned))
	aside, missing := len(those(p.Answers, Aside)), len(p.missing())
	switch {
	case missing > 0 || agree == 0 || len(those(p.Answers, Objects)) > 0:
		p.record(t, false)
		return p.offer(t, id, p.notAgreedMessage())
	case aside*asideShare >= len(p.Named):
		return p.weigh(t, id)
	}
	return p.agree(t, id)
}

// offer lets the author choose how it goes on; where it was decided about often enough, it says so, and ends.
func (p *Proposal) offer(t *flows.Turn, id flows.ID, m flows.Message) error {
	p.State = Pending
	if !p.TimeUp && !p.mayTryAgain() {
		p.State = Spent
		if _, err := t.Say(m.With("agreement.spent")); err != nil {
			return err
		}
		return p.put(t, id)
	}
	m, err := p.whatNow(t, m)
	if err != nil {
		return err
	}
	if p.Offer, err = t.Say(m.Choose(p.offers(id)...).As(flows.ClassAwaited)); err != nil {
		return err
	}
	return p.put(t, id)
}

// whatNow adds what can be chosen, and who may.
func (p Proposal) whatNow(t *flows.Turn, m flows.Message) (flows.Message, error) {
	here, err := t.Here(p.Author)
	if here {
		return m.With(p.howOn("author"), "author", flows.Mention(p.Author)).Noticed(), err
	}
	return m.With(p.howOn("facilitator")), err
}

// howOn is the text that says what can be chosen, and who may.
func (p Proposal) howOn(who string) string {
	switch {
	case p.TimeUp && p.mayTryAgain():
		return "agreement.howon.time." + who
	case p.TimeUp:
		return "agreement.howon.lasttime." + who
	}
	return "agreement.howon.text." + who
}

// offers are the choices of whoever leads.
func (p Proposal) offers(id flows.ID) []flows.Choice {
	choice := func(name string) flows.Choice {
		return flows.Choice{Key: "agreement.button." + name, Action: name, Subject: id, Arg: p.stamp()}
	}
	var all []flows.Choice
	if p.TimeUp {
		all = append(all, choice("extend"))
	}
	if p.mayTryAgain() {
		all = append(all, choice("amend"))
	}
	return append(all, choice("withdraw"), choice("leave"))
}

// put stores it; what is over is taken off the agreement that it was about.
func (p *Proposal) put(t *flows.Turn, id flows.ID) error {
	if p.closed() || p.State == Pending && !p.TimeUp {
		p.Answers = nil // they are among what is past
	}
	if p.closed() && p.About > 0 {
		if err := p.giveBack(t); err != nil {
			return err
		}
	}
	return proposals.Put(t, id, *p)
}

// weigh asks author and facilitators whether there is an agreement when many stand aside.
func (p *Proposal) weigh(t *flows.Turn, id flows.ID) error {
	p.State = Weighing
	var err error
	m := results(flows.Note("agreement.weigh.room", "n", len(those(p.Answers, Aside)), "of", len(p.Named)), p.Answers)
	if p.Offer, err = t.Say(m.With("agreement.weigh.who", "author", p.Author).Choose(p.weights(id)...)); err != nil {
		return err
	}
	asked, err := t.Facilitators()
	if err != nil {
		return err
	}
	if !slices.Contains(asked, p.Author) {
		asked = append(asked, p.Author)
	}
	for _, person := range asked {
		if err := p.askWeigh(t, id, person); err != nil {
			return err
		}
	}
	return p.put(t, id)
}

func (p Proposal) weights(id flows.ID) []flows.Choice {
	return []flows.Choice{
		{Key: "agreement.button.goon", Action: "goon", Subject: id, Arg: p.stamp()},
		{Key: "agreement.button.talk", Action: "talk", Subject: id, Arg: p.stamp()},
	}
}

// askWeigh asks one of them in private, when they may be spoken to.
func (p *Proposal) askWeigh(t *flows.Turn, id flows.ID, person flows.PersonID) error {
	if here, err := t.Here(person); err != nil || !here {
		return err
	}
	at, err := p.mayTell(t, person)
	if err != nil {
		return err
	}
	if at.After(t.Now()) {
		t.At(at, "weigh", part(id, string(person)))
		return nil
	}
	return p.tell(t, person, p.weighMessage(id))
}

func (p Proposal) weighMessage(id flows.ID) flows.Message {
	return flows.Note("agreement.weigh.ask", "n", len(those(p.Answers, Aside)), "of", len(p.Named)).
		Quote(p.said()).Choose(p.weights(id)...)
}

func weighLater(t *flows.Turn, s flows.ID) error {
	id, of := cut(s)
	p, found, err := proposals.Find(t, id)
	if err != nil || !found || p.State != Weighing {
		return err
	}
	if err := p.askWeigh(t, id, flows.PersonID(of)); err != nil {
		return err
	}
	return p.put(t, id)
}

// weighed reads a proposal that is weighed, for author and facilitators; what asked them loses its buttons.
func weighed(t *flows.Turn, a flows.Action) (Proposal, error) {
	p, err := find(t, a.Subject)
	if err != nil {
		return p, err
	}
	if may, err := p.leadsOrFacilitates(t); err != nil {
		return p, err
	} else if !may {
		return p, t.Refuse("agreement.leadonly")
	}
	if p.State != Weighing || p.stamp() != a.Arg {
		return p, t.Refuse("agreement.movedon")
	}
	for _, posted := range append(slices.Clone(p.Prompts), p.Offer) {
		if err := t.Disarm(posted); err != nil {
			return p, err
		}
	}
	p.Prompts, p.Offer = nil, ""
	return p, nil
}

// goOn is "Go on": it is an agreement, with all who stand aside.
func goOn(t *flows.Turn, a flows.Action) error {
	p, err := weighed(t, a)
	if err != nil {
		return err
	}
	return p.agree(t, a.Subject)
}

// talkAgain is "Talk again": it is not agreed.
func talkAgain(t *flows.Turn, a flows.Action) error {
	p, err := weighed(t, a)
	if err != nil {
		return err
	}
	p.record(t, false)
	return p.offer(t, a.Subject, flows.Note("agreement.weigh.talk", "person", t.Person()))
}

// agree makes an agreement of it, or does what the review wanted.
func (p *Proposal) agree(t *flows.Turn, id flows.ID) error {
	p.record(t, true)
	a := Agreement{}
	var err error
	if p.About == 0 {
		if a.Number, err = t.NextNumber("A"); err != nil {
			return err
		}
		a.Author, a.Made = p.Author, t.Now()
	} else if a, err = read(t, p.About); err != nil {
		return err
	}
	what := Made
	switch p.Aim {
	case ToKeep:
		what = Kept
	case ToChange:
		what = Changed
	case ToEnd:
		what = Ended
	}
	if err := a.take(t, *p, what); err != nil {
		return err
	}
	if _, err := t.Say(a.agreedMessage(what, p.Past[len(p.Past)-1])); err != nil {
		return err
	}
	return proposals.Delete(t, id)
}
