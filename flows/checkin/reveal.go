package checkin

import (
	"slices"

	"trellis/flows"
)

// deadline ends a round at the time that was given for it.
func deadline(t *flows.Turn, id flows.ID) error {
	r, ok, err := rounds.Find(t, id)
	if err != nil || !ok || r.State != Open || !r.Until.Equal(t.Due()) {
		return err
	}
	return r.reveal(t, id)
}

// revealPressed is "Reveal now".
func revealPressed(t *flows.Turn, a flows.Action) error {
	r, err := find(t, a.Subject)
	if err != nil {
		return err
	}
	return r.revealBy(t, a.Subject)
}

// revealBy ends a round before its time, for who may.
func (r Round) revealBy(t *flows.Turn, id flows.ID) error {
	switch may, err := r.mayEnd(t, t.Person()); {
	case err != nil:
		return err
	case !may:
		return t.Refuse("checkin.notyours")
	case r.State != Open:
		return t.Refuse("checkin.over")
	}
	t.Cancel(r.Until, "reveal", id)
	return r.reveal(t, id)
}

// reveal ends the round and shows what was said, all at once and in an order that tells nothing.
func (r Round) reveal(t *flows.Turn, id flows.ID) error {
	r.Ended, r.State = t.Now(), Closed
	if !r.Anonymous && !r.talked() && !r.complete() {
		r.State = Late
		t.At(t.Now().Add(lateFor), "settle", id)
	}
	if err := r.gather(t, id); err != nil {
		return err
	}
	if err := t.Update(r.Card, r.card(id).As(flows.ClassAwaited)); err != nil {
		return err
	}
	pages, err := r.pages(t, id)
	if err != nil {
		return err
	}
	if r.talked() && !t.Due().IsZero() {
		pages = nil // the talk ended long ago, and nobody needs to hear it now
	}
	for _, page := range pages {
		shown, err := t.Say(page.Noticed().As(flows.ClassAwaited))
		if err != nil {
			return err
		}
		r.Shown = append(r.Shown, shown)
	}
	if err := r.release(t, id); err != nil {
		return err
	}
	if err := rounds.Put(t, id, r); err != nil {
		return err
	}
	return t.Signal(flows.Signal{Name: SignalRevealed, Subject: id, Value: string(r.About)})
}

// gather puts the answers into the order in which they are shown. Anonymous ones that are too few are not kept.
func (r *Round) gather(t *flows.Turn, id flows.ID) error {
	r.Order = nil
	if !r.Anonymous {
		for _, v := range r.Voices {
			if v.Answer == "" {
				continue
			}
			r.Order = append(r.Order, v.Answer)
			if err := heard(t, v.Person); err != nil {
				return err
			}
		}
	} else if err := byRound.Find(t, string(id), func(answer flows.ID, _ Answer) (bool, error) {
		r.Order = append(r.Order, answer)
		return true, nil
	}); err != nil {
		return err
	}
	if r.Anonymous && !r.showable() {
		for _, answer := range r.Order {
			if err := answers.Delete(t, answer); err != nil {
				return err
			}
		}
		r.Order, r.Sums = nil, nil
		return nil
	}
	t.Rand().Shuffle(len(r.Order), func(i, j int) { r.Order[i], r.Order[j] = r.Order[j], r.Order[i] })
	return nil
}

// showable tells whether an anonymous round that is over has enough answers for any to be shown.
func (r Round) showable() bool {
	n := len(r.Order)
	for _, sum := range r.Sums {
		n += sum
	}
	return n >= enough
}

// release lets people's next messages mean something else. Who has not spoken may still answer, but is not asked any
// more, and a question that is over loses its buttons.
func (r Round) release(t *flows.Turn, id flows.ID) error {
	if r.talked() {
		return nil
	}
	for _, v := range r.Voices {
		if v.Spoken || r.State == Closed || v.Off {
			if err := t.Settle(v.Person, "answer", id); err != nil {
				return err
			}
		} else if err := t.Answered(v.Person, "answer", id); err != nil {
			return err
		}
		if v.Spoken {
			continue
		}
		card := v.Card
		if v.Nudge != "" {
			card = v.Nudge
		}
		if err := t.Update(card, r.over(id).As(flows.ClassReminder)); err != nil {
			return err
		}
	}
	return nil
}

// addLate adds an answer below the others, and says so in the thread.
func (r Round) addLate(t *flows.Turn, id flows.ID, i int, text string) error {
	v := &r.Voices[i]
	v.Answer, v.Spoken = t.NewID(), true
	if err := answers.Put(t, v.Answer, Answer{Round: id, By: v.Person, Text: text, Late: true}); err != nil {
		return err
	}
	if err := heard(t, v.Person); err != nil {
		return err
	}
	r.Order = append(slices.Clone(r.Order), v.Answer)
	if err := t.Settle(v.Person, "answer", id); err != nil {
		return err
	}
	if r.complete() {
		r.State = Closed
	}
	if err := r.show(t, id); err != nil {
		return err
	}
	line := flows.Note("checkin.added.line")
	if len(r.Shown) > 0 {
		line.Thread = r.Shown[len(r.Shown)-1]
	}
	if _, err := t.Say(line); err != nil {
		return err
	}
	if _, err := t.Whisper(flows.Note("checkin.added.kept")); err != nil {
		return err
	}
	return rounds.Put(t, id, r)
}

// show brings the messages that show the answers up to date; what no longer fits goes into a further one.
func (r *Round) show(t *flows.Turn, id flows.ID) error {
	pages, err := r.pages(t, id)
	if err != nil {
		return err
	}
	for i, page := range pages {
		if i < len(r.Shown) {
			if err := t.Update(r.Shown[i], page); err != nil {
				return err
			}
			continue
		}
		shown, err := t.Say(page)
		if err != nil {
			return err
		}
		r.Shown = append(r.Shown, shown)
	}
	return nil
}

// settleLate closes a round for good: nothing is added any more.
func settleLate(t *flows.Turn, id flows.ID) error {
	r, ok, err := rounds.Find(t, id)
	if err != nil || !ok || r.State != Late {
		return err
	}
	return r.closeLate(t, id)
}

func (r Round) closeLate(t *flows.Turn, id flows.ID) error {
	r.State = Closed
	for _, v := range r.Voices {
		if err := t.Settle(v.Person, "answer", id); err != nil {
			return err
		}
	}
	if err := r.show(t, id); err != nil {
		return err
	}
	return rounds.Put(t, id, r)
}
