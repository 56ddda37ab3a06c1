package agreement

import (
	"slices"

	"trellis/flows"
)

// left takes somebody who is no longer a member off every list.
func left(t *flows.Turn, s flows.Signal) error {
	return eachOpen(t, func(id flows.ID, p Proposal) error {
		if s.Value == flows.Forgotten && p.now().By == s.Person {
			return p.takeBack(t, id)
		}
		return p.takeOff(t, id, s.Person)
	})
}

// away takes somebody off the lists on which they have not answered. What they said before stands.
func away(t *flows.Turn, s flows.Signal) error {
	return eachOpen(t, func(id flows.ID, p Proposal) error {
		if p.answer(s.Person) >= 0 {
			return nil
		}
		return p.takeOff(t, id, s.Person)
	})
}

// takeOff takes a person off the list; the room is told so, without a reason. They may have been the last to wait for.
func (p *Proposal) takeOff(t *flows.Turn, id flows.ID, person flows.PersonID) error {
	if p.State != Asking || !slices.Contains(p.Named, person) {
		return nil
	}
	if err := t.Settle(person, typed[p.Step], id); err != nil {
		return err
	}
	p.unname(person)
	if _, err := t.Say(p.takenOffMessage(person)); err != nil {
		return err
	}
	switch {
	case len(p.Named) == 0:
		return p.drop(t, id)
	case len(p.missing()) == 0:
		return p.finish(t, id)
	}
	if err := t.Update(p.Card, p.card(id)); err != nil {
		return err
	}
	return proposals.Put(t, id, *p)
}

// unname takes a person off the list, with what they answered in the step at hand.
func (p *Proposal) unname(person flows.PersonID) {
	p.Named = slices.DeleteFunc(slices.Clone(p.Named), func(n flows.PersonID) bool { return n == person })
	p.Answers = slices.DeleteFunc(slices.Clone(p.Answers), func(a Answer) bool { return a.By == person })
}

// drop ends a proposal about which nobody can be asked any more.
func (p *Proposal) drop(t *flows.Turn, id flows.ID) error {
	if err := p.rest(t, id); err != nil {
		return err
	}
	p.unschedule(t, id)
	p.record(t, false)
	p.State = Left
	return p.put(t, id)
}

// linked makes what was another ID's this person's.
func linked(t *flows.Turn, s flows.Signal) error {
	was := flows.PersonID(s.Value)
	swap := func(p *flows.PersonID) {
		if *p == was {
			*p = s.Person
		}
	}
	if err := proposals.All(t, func(id flows.ID, p Proposal) (bool, error) {
		p.Named = slices.Clone(p.Named)
		for i := range p.Named {
			swap(&p.Named[i])
		}
		p.Named = unique(p.Named)
		p.people(swap)
		return true, proposals.Put(t, id, p)
	}); err != nil {
		return err
	}
	return agreements.All(t, func(id flows.ID, a Agreement) (bool, error) {
		a.people(swap)
		return true, agreements.Put(t, id, a)
	})
}

func unique(ids []flows.PersonID) []flows.PersonID {
	var one []flows.PersonID
	for _, id := range ids {
		if !slices.Contains(one, id) {
			one = append(one, id)
		}
	}
	return one
}

// people visits every person of a proposal but those named.
func (p *Proposal) people(visit func(*flows.PersonID)) {
	visit(&p.Author)
	p.Answers, p.Versions, p.Questions, p.Past = slices.Clone(p.Answers), slices.Clone(p.Versions), slices.Clone(p.Questions), slices.Clone(p.Past)
	visitAnswers(p.Answers, visit)
	visitText(p.Versions, p.Questions, p.Past, visit)
}

// people visits every person of an agreement.
func (a *Agreement) people(visit func(*flows.PersonID)) {
	visit(&a.Author)
	a.Versions, a.Questions, a.Rounds, a.Changes = slices.Clone(a.Versions), slices.Clone(a.Questions), slices.Clone(a.Rounds), slices.Clone(a.Changes)
	visitText(a.Versions, a.Questions, a.Rounds, visit)
	for i := range a.Changes {
		visit(&a.Changes[i].By)
	}
}

func visitText(versions []Version, questions []Query, rounds []Round, visit func(*flows.PersonID)) {
	for i := range versions {
		visit(&versions[i].By)
	}
	for i := range questions {
		visit(&questions[i].By)
	}
	for i := range rounds {
		rounds[i].Answers = slices.Clone(rounds[i].Answers)
		visitAnswers(rounds[i].Answers, visit)
	}
}

func visitAnswers(answers []Answer, visit func(*flows.PersonID)) {
	for i := range answers {
		visit(&answers[i].By)
	}
}

// forget takes a person's words out. What the group agreed to is its own, and stays.
func forget(t *flows.Turn, person flows.PersonID) error {
	gone := t.RoomText("flows.takenback")
	if err := proposals.All(t, func(id flows.ID, p Proposal) (bool, error) {
		p.forget(person, gone)
		return true, proposals.Put(t, id, p)
	}); err != nil {
		return err
	}
	return agreements.All(t, func(id flows.ID, a Agreement) (bool, error) {
		a.forget(person, gone)
		return true, agreements.Put(t, id, a)
	})
}

// takeBack ends what somebody proposed who is being forgotten: its words are about to go.
func (p *Proposal) takeBack(t *flows.Turn, id flows.ID) error {
	if p.State == Asking {
		if err := p.rest(t, id); err != nil {
			return err
		}
		p.unschedule(t, id)
	}
	if err := t.Disarm(p.Offer); err != nil {
		return err
	}
	p.State = Withdrawn
	if _, err := t.Say(flows.Note("agreement.takenback")); err != nil {
		return err
	}
	return p.put(t, id)
}

// forget takes a person's words out of a proposal.
func (p *Proposal) forget(person flows.PersonID, gone string) {
	p.Versions, p.Questions, p.Past = slices.Clone(p.Versions), slices.Clone(p.Questions), slices.Clone(p.Past)
	for i, v := range p.Versions {
		if v.By == person {
			p.Versions[i].Text = gone
		}
	}
	blankAnswers(&p.Answers, person, gone)
	blank(p.Questions, p.Past, p.Author == person, person, gone)
}

// forget takes a person's words out of an agreement's history; a text that the group consented to is the group's.
func (a *Agreement) forget(person flows.PersonID, gone string) {
	a.Versions, a.Questions, a.Rounds = slices.Clone(a.Versions), slices.Clone(a.Questions), slices.Clone(a.Rounds)
	for i, v := range a.Versions {
		if v.By != person {
			continue
		}
		a.Versions[i].By = ""
		if !a.agreedTo(v.Number) {
			a.Versions[i].Text = gone
		}
	}
	blank(a.Questions, a.Rounds, a.Author == person, person, gone)
}

// agreedTo tells whether the group consented to a version at some time.
func (a Agreement) agreedTo(version int) bool {
	return slices.ContainsFunc(a.Rounds, func(r Round) bool { return r.Version == version && r.Agreed })
}

func blank(questions []Query, rounds []Round, author bool, person flows.PersonID, gone string) {
	for i, q := range questions {
		if q.By == person {
			questions[i].Text = gone
		}
		if author && q.Answer != "" {
			questions[i].Answer = gone
		}
	}
	for i := range rounds {
		blankAnswers(&rounds[i].Answers, person, gone)
	}
}

func blankAnswers(answers *[]Answer, person flows.PersonID, gone string) {
	*answers = slices.Clone(*answers)
	for i, a := range *answers {
		if a.By != person {
			continue
		}
		if a.Text != "" {
			(*answers)[i].Text = gone
		}
		if a.Whom != "" {
			(*answers)[i].Whom = gone
		}
	}
}

// export gathers what is kept of a person's words.
func export(t *flows.Turn, s flows.Signal) error {
	var lines []flows.Phrase
	add := func(key, text string, args ...any) {
		if text != "" {
			lines = append(lines, flows.Words("agreement.export."+key, append([]any{"text", flows.Said{Text: text, By: s.Person}}, args...)...))
		}
	}
	collect := func(versions []Version, questions []Query, answers []Answer, author flows.PersonID) {
		for _, v := range versions {
			if v.By == s.Person {
				add("text", v.Text, "date", v.At)
			}
		}
		for _, q := range questions {
			if q.By == s.Person {
				add("question", q.Text)
			}
			if author == s.Person {
				add("reply", q.Answer)
			}
		}
		for _, a := range answers {
			if a.By != s.Person {
				continue
			}
			if a.Text == "" {
				lines = append(lines, flows.Words("agreement.export.word", "word", flows.Words(label(a.Word))))
			}
			add("answer", a.Text, "word", flows.Words(label(a.Word)))
			add("answer", a.Whom, "word", flows.Words(label(a.Word)))
		}
	}
	if err := proposals.All(t, func(_ flows.ID, p Proposal) (bool, error) {
		collect(p.Versions, p.Questions, append(inRounds(p.Past), p.Answers...), p.Author)
		return true, nil
	}); err != nil {
		return err
	}
	if err := agreements.All(t, func(_ flows.ID, a Agreement) (bool, error) {
		collect(a.Versions, a.Questions, inRounds(a.Rounds), a.Author)
		return true, nil
	}); err != nil || len(lines) == 0 {
		return err
	}
	s.Gather.Add(flows.Section{Order: 30, Heading: flows.Words("agreement.export.title"), Lines: lines})
	return nil
}

func inRounds(rounds []Round) []Answer {
	var all []Answer
	for _, r := range rounds {
		all = append(all, r.Answers...)
	}
	return all
}
