package checkin

import (
	"slices"

	"trellis/flows"
	"trellis/flows/session"
)

// checkOut asks everyone how a session ended for them.
func checkOut(t *flows.Turn, s flows.Signal) error {
	number, err := t.NextNumber("checkin")
	if err != nil {
		return err
	}
	_, err = open(t, Round{
		Question: Question{Text: s.Value, Closing: true, About: s.Subject}, Number: number, Until: t.Now().Add(usualRound),
	})
	return err
}

// markCheckedOut lets a session that is coming to its end know that people are being asked already.
func markCheckedOut(t *flows.Turn) error {
	_, s, ok, err := session.Current(t)
	if err != nil || !ok || s.Phase != "close" && s.Phase != "commit" {
		return err
	}
	return session.MarkCheckedOut(t)
}

// eachPending runs f on each round that still means something to the person: open, or open to an answer after the
// reveal.
func eachPending(t *flows.Turn, p flows.PersonID, f func(id flows.ID, r Round, i int) error) error {
	var pending []numbered[Round]
	for _, state := range []State{Open, Late} {
		if err := states.Find(t, string(state), func(id flows.ID, r Round) (bool, error) {
			pending = append(pending, numbered[Round]{id, r})
			return true, nil
		}); err != nil {
			return err
		}
	}
	for _, r := range pending {
		if i := r.v.voice(p); i >= 0 {
			if err := f(r.id, r.v, i); err != nil {
				return err
			}
		}
	}
	return nil
}

// left stops waiting for somebody who is gone.
func left(t *flows.Turn, s flows.Signal) error {
	return eachPending(t, s.Person, func(id flows.ID, r Round, i int) error {
		if err := t.Settle(s.Person, "answer", id); err != nil {
			return err
		}
		return r.excuse(t, id, i)
	})
}

// away stops waiting for somebody who is away; their word is still welcome.
func away(t *flows.Turn, s flows.Signal) error {
	return eachPending(t, s.Person, func(id flows.ID, r Round, i int) error { return r.excuse(t, id, i) })
}

// excuse does not wait for a person any more; when nobody else is waited for, the round is revealed.
func (r Round) excuse(t *flows.Turn, id flows.ID, i int) error {
	if r.Voices[i].Spoken || r.Voices[i].Off {
		return nil
	}
	r.Voices[i].Off = true
	switch {
	case r.State != Open:
		return rounds.Put(t, id, r)
	case r.complete():
		t.Cancel(r.Until, "reveal", id)
		return r.reveal(t, id)
	case !r.Anonymous:
		if err := t.Update(r.Card, r.card(id)); err != nil {
			return err
		}
	}
	return rounds.Put(t, id, r)
}

// back waits again for somebody who was away, if the round is still open. What waited is put to them by the message
// that says so.
func back(t *flows.Turn, s flows.Signal) error {
	return eachPending(t, s.Person, func(id flows.ID, r Round, i int) error {
		v := &r.Voices[i]
		if r.State != Open || v.Spoken || !v.Off {
			return nil
		}
		v.Off = false
		if v.Asked.IsZero() {
			v.Asked = t.Now()
		}
		if !r.Anonymous {
			if err := t.Update(r.Card, r.card(id)); err != nil {
				return err
			}
		}
		return rounds.Put(t, id, r)
	})
}

// linked gives what was said under another account to the person who that turned out to be.
func linked(t *flows.Turn, s flows.Signal) error {
	old := flows.PersonID(s.Value)
	if err := eachPending(t, old, func(id flows.ID, r Round, i int) error {
		if err := t.Settle(old, "answer", id); err != nil {
			return err
		}
		was := r.Voices[i]
		if at := r.voice(s.Person); at >= 0 {
			if !r.Voices[at].Spoken && was.Spoken {
				r.Voices[at].Spoken, r.Voices[at].Passed, r.Voices[at].Answer = true, was.Passed, was.Answer
			}
			r.Voices = slices.Delete(r.Voices, i, i+1)
		} else {
			r.Voices[i].Person = s.Person
			if err := r.await(t, id, s.Person); err != nil {
				return err
			}
			if was.Spoken {
				if err := t.Answered(s.Person, "answer", id); err != nil {
					return err
				}
			}
		}
		if r.State == Open && r.complete() {
			return r.reveal(t, id)
		}
		return rounds.Put(t, id, r)
	}); err != nil {
		return err
	}
	return eachAnswer(t, old, func(id flows.ID, a Answer) error {
		a.By = s.Person
		return answers.Put(t, id, a)
	})
}

// eachAnswer runs f on each answer that stands under a person's name; it may change or delete it.
func eachAnswer(t *flows.Turn, p flows.PersonID, f func(id flows.ID, a Answer) error) error {
	var list []numbered[Answer]
	if err := byPerson.Find(t, string(p), func(id flows.ID, a Answer) (bool, error) {
		list = append(list, numbered[Answer]{id, a})
		return true, nil
	}); err != nil {
		return err
	}
	for _, a := range list {
		if err := f(a.id, a.v); err != nil {
			return err
		}
	}
	return nil
}

// waits gathers the questions that wait for a person, each with a way to answer it.
func waits(t *flows.Turn, s flows.Signal) error {
	section := flows.Waits()
	open, err := openRounds(t)
	if err != nil {
		return err
	}
	for _, r := range open {
		i := r.v.voice(s.Person)
		if i < 0 || r.v.Voices[i].Spoken || r.v.talked() {
			continue
		}
		section.Lines = append(section.Lines, flows.Words("checkin.waits", "question", r.v.said(), "until", brief(r.v.Until)))
		section.Choices = append(section.Choices, flows.Choice{Label: short(r.v.Text), Action: "answer", Subject: r.id})
	}
	if len(section.Lines) > 0 {
		s.Gather.Add(section)
	}
	return nil
}

// questions gathers what the group was asked and is still open.
func questions(t *flows.Turn, s flows.Signal) error {
	open, err := openRounds(t)
	if err != nil || len(open) == 0 {
		return err
	}
	section := flows.Open()
	for _, r := range open {
		section.Lines = append(section.Lines, flows.Words("checkin.open", "question", r.v.said(), "until", brief(r.v.Until)))
	}
	s.Gather.Add(section)
	return nil
}

// export gathers what a person asked and said. What they said anonymously nobody can find.
func export(t *flows.Turn, s flows.Signal) error {
	var lines []flows.Phrase
	if err := eachAnswer(t, s.Person, func(_ flows.ID, a Answer) error {
		r, ok, err := rounds.Find(t, a.Round)
		if err == nil && ok {
			lines = append(lines, flows.Words("checkin.export.answer",
				"question", r.said(), "text", flows.Said{Text: a.Text, By: a.By}, "date", r.Opened))
		}
		return err
	}); err != nil {
		return err
	}
	if err := rounds.All(t, func(_ flows.ID, r Round) (bool, error) {
		if r.By == s.Person {
			lines = append(lines, flows.Words("checkin.export.asked", "question", r.said(), "date", r.Opened))
		}
		return true, nil
	}); err != nil {
		return err
	}
	if len(lines) > 0 {
		s.Gather.Add(flows.Section{Order: 20, Heading: flows.Words("checkin.export.title"), Lines: lines})
	}
	return nil
}

// forget takes a person's words out: their answers are deleted, what they asked ends, and their questions lose their
// words. Nobody waits for them (left).
func forget(t *flows.Turn, p flows.PersonID) error {
	if err := eachAnswer(t, p, func(id flows.ID, _ Answer) error { return answers.Delete(t, id) }); err != nil {
		return err
	}
	if err := seriesTable.All(t, func(id flows.ID, s Series) (bool, error) {
		if s.By != p {
			return true, nil
		}
		t.Cancel(s.Next, "again", id)
		return true, seriesTable.Delete(t, id)
	}); err != nil {
		return err
	}
	var asked []numbered[Round]
	if err := rounds.All(t, func(id flows.ID, r Round) (bool, error) {
		if r.By == p || r.voice(p) >= 0 {
			asked = append(asked, numbered[Round]{id, r})
		}
		return true, nil
	}); err != nil {
		return err
	}
	for _, r := range asked {
		if err := r.v.forget(t, r.id, p); err != nil {
			return err
		}
	}
	return heardOften.Delete(t, flows.ID(p))
}

func (r Round) forget(t *flows.Turn, id flows.ID, p flows.PersonID) error {
	if i := r.voice(p); i >= 0 {
		if answer := r.Voices[i].Answer; answer != "" {
			r.Order = slices.DeleteFunc(r.Order, func(a flows.ID) bool { return a == answer })
		}
		r.Voices = slices.Delete(r.Voices, i, i+1)
	}
	if r.By != p {
		if r.State == Open && !r.Anonymous {
			if err := t.Update(r.Card, r.card(id)); err != nil {
				return err
			}
		}
		return rounds.Put(t, id, r)
	}
	pending := r.State != Closed
	r.By, r.Text, r.State = "", t.RoomText("flows.takenback"), Closed
	for i := range r.Options {
		r.Options[i] = r.Text
	}
	if pending {
		for _, v := range r.Voices {
			if err := t.Settle(v.Person, "answer", id); err != nil {
				return err
			}
		}
		if err := t.Update(r.Card, r.card(id)); err != nil {
			return err
		}
	}
	return rounds.Put(t, id, r)
}
