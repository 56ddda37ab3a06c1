package agreement

import (
	"encoding/json"
	"fmt"

	"trellis/flows"
)

// title says what is asked about, and in which step.
func (p Proposal) title() flows.Message {
	var m flows.Message
	switch p.Aim {
	case ToKeep, ToEnd:
		m = flows.Note("agreement.title."+string(p.Aim), "a", name(p.About))
	case ToChange:
		m = flows.Note("agreement.title.change", "a", name(p.About), "author", p.Author, "n", p.now().Number)
	default:
		m = flows.Note("agreement.title."+string(p.Step), "author", p.Author)
		if v := p.now(); v.Number > 1 {
			m = m.With("agreement.version", "n", v.Number)
		}
	}
	return m.Quote(p.said())
}

// about says what the step is for and what follows.
func (p Proposal) about(m flows.Message) flows.Message {
	if p.Aim == ToKeep || p.Aim == ToEnd {
		m = m.With("agreement.about." + string(p.Aim))
	}
	m = m.With("agreement.about." + string(p.Step))
	for i, step := range p.Steps {
		if step == p.Step && i+1 < len(p.Steps) {
			m = m.With("agreement.then." + string(p.Steps[i+1]))
		}
	}
	return m
}

// card is the step in the room: how many have answered, never who.
func (p Proposal) card(id flows.ID) flows.Message {
	m := p.about(p.title())
	if p.Longer != "" {
		m = m.With("agreement.longer", "person", p.Longer)
	}
	m = m.With("agreement.count", "n", len(p.Answers), "of", len(p.Named)).With("agreement.until", "by", p.By)
	switch first := len(p.Past) == 0 || p.Step == Decide; {
	case !first || p.Aim == ToEnd:
	case p.Review.IsZero():
		m = m.With("agreement.review.usual")
	default:
		m = m.With("agreement.review.then", "date", p.Review)
	}
	m = m.Choose(p.choices(id)...).Choose(flows.Choice{Key: "agreement.button.next", Action: "next", Subject: id, Arg: p.stamp()})
	if p.amendable() {
		m = m.With("agreement.amendable", "author", p.Author).
			Choose(flows.Choice{Key: "agreement.button.amend", Action: "amend", Subject: id, Arg: p.stamp()})
	}
	return m
}

// choices are the answers that the step offers.
func (p Proposal) choices(id flows.ID) []flows.Choice {
	var all []flows.Choice
	add := func(name string) {
		all = append(all, flows.Choice{Key: "agreement.button." + name, Action: name, Subject: id, Arg: p.stamp(), Discreet: true})
	}
	if p.Step == Understand {
		add("ask")
	}
	for _, w := range words[p.Step] {
		add(string(w))
	}
	return all
}

// overCard is the card once the step is over.
func (p Proposal) overCard() flows.Message { return p.title().With("agreement.over") }

// private asks one person, with the step's choices.
func (p Proposal) private(id flows.ID, key string) flows.Message {
	m := flows.Note(key, "by", p.By)
	m.Lines = append(m.Lines, p.about(p.title()).Lines...)
	return m.Choose(p.choices(id)...)
}

// heard confirms an answer to whoever gave it.
func (p Proposal) heard(w Word, last bool) flows.Message {
	m := flows.Note("agreement.heard."+string(w), "title", p.short())
	if !last {
		m = m.With("agreement.heard.until")
	}
	return m
}

// reactionsMessage shows all reactions together; who passed is not named.
func reactionsMessage(reactions []Answer, passed int) flows.Message {
	m := flows.Note("agreement.reactions.none")
	if len(reactions) > 0 {
		m = flows.Note("agreement.reactions.title")
	}
	for _, a := range reactions {
		m = m.With("agreement.says.react", "person", a.By).Quote(flows.Said{Text: a.Text, By: a.By})
	}
	if passed > 0 {
		m = m.With("agreement.reactions.passed", "n", passed)
	}
	return m
}

// resultsMessage says who gave which answer: reasons first, so that they are read.
func results(m flows.Message, answers []Answer) flows.Message {
	for _, w := range []Word{Objects, Concerned, Aside} {
		for _, a := range those(answers, w) {
			m = m.With("agreement.says."+string(w), "person", a.By).Quote(flows.Said{Text: a.Text, By: a.By})
			if a.Whom != "" {
				m = m.With("agreement.says.whom", "whom", flows.Said{Text: a.Whom, By: a.By})
			}
		}
	}
	if people := names(those(answers, Consents)); len(people) > 0 {
		m = m.With("agreement.says.consent", "people", people)
	}
	return m
}

func names(answers []Answer) []flows.Phrase {
	var list []flows.Phrase
	for _, a := range answers {
		list = append(list, flows.Words("agreement.name", "person", a.By))
	}
	return list
}

// notAgreedMessage says that a decision did not come to an agreement, and why.
func (p Proposal) notAgreedMessage() flows.Message {
	m := flows.Note("agreement.not.title").Quote(p.short())
	objections, missing := len(those(p.Answers, Objects)), len(p.missing())
	if objections > 0 {
		m = m.With("agreement.not.objections", "n", objections)
	}
	if missing > 0 {
		m = m.With("agreement.not.missing", "n", missing)
	}
	if objections+missing == 0 {
		m = m.With("agreement.not.nobody")
	}
	if p.About > 0 {
		m = m.With("agreement.stands", "a", name(p.About))
	}
	return results(m, p.Answers)
}

// timeUpMessage says that the time is over, and names nobody.
func (p Proposal) timeUpMessage() flows.Message {
	m := flows.Note("agreement.not.time").Quote(p.short()).With("agreement.not.missing", "n", len(p.missing()))
	if p.About > 0 {
		m = m.With("agreement.stands", "a", name(p.About))
	}
	return m
}

// takenOffMessage says that somebody is not asked any more; why is nobody's business.
func (p Proposal) takenOffMessage(person flows.PersonID) flows.Message {
	return flows.Note("agreement.takenoff", "person", person, "title", p.short(), "n", len(p.Named))
}

// agreedMessage says what was agreed, by whom, and when the group looks at it again.
func (a Agreement) agreedMessage(what What, r Round) flows.Message {
	m := results(flows.Note("agreement.agreed."+string(what), "a", a.Name(), "n", a.Version).Quote(a.said()), r.Answers)
	if what == Ended {
		return m
	}
	return m.With("agreement.review.on", "date", a.Review)
}

// item is an agreement in the list of all.
func (a Agreement) item(m flows.Message) flows.Message {
	key := "agreement.list.item"
	if a.Version > 1 {
		key = "agreement.list.version"
	}
	return m.With(key, "a", a.Name(), "n", a.Version, "date", a.Review).Quote(a.said())
}

// reviewMessage asks a facilitator what a review shall come to: of one agreement, or of all that are due on a day.
func reviewMessage(due []Agreement, w terms) (flows.Message, error) {
	m := flows.Note("agreement.review.ask", "n", len(due))
	if w.Day.IsZero() {
		m = flows.Note("agreement.review.offer")
	}
	for _, a := range due {
		m = m.With("agreement.review.item", "a", a.Name(), "date", a.Review).Quote(a.said())
		for _, concern := range those(a.decided().Answers, Concerned) {
			m = m.With("agreement.says.concern", "person", concern.By).Quote(flows.Said{Text: concern.Text, By: concern.By})
		}
	}
	return reviewChoices(m.With("agreement.review.questions"), due, w)
}

// mostChoices is how many agreements have their buttons under one message.
const mostChoices = 8

// reviewChoices adds the buttons of a review; where there are several agreements, each says which it is about.
func reviewChoices(m flows.Message, due []Agreement, w terms) (flows.Message, error) {
	arg, err := json.Marshal(w)
	if err != nil {
		return m, fmt.Errorf("keep the terms of a review: %w", err)
	}
	for i, a := range due {
		if i == mostChoices {
			return m.With("agreement.review.more"), nil
		}
		of := ""
		if len(due) > 1 {
			of = a.Name()
		}
		for _, name := range []string{"keep", "change", "end"} {
			m = m.Choose(flows.Choice{Key: "agreement.button." + name, Action: name, Subject: a.id(), Arg: string(arg), Of: of})
		}
	}
	return m, nil
}
