package flows

import (
	"fmt"
	"slices"

	"trellis/adapters/chat"
	"trellis/storage"
)

// Forget takes a person's text and name out of everything: each practice's records, what was kept on the way, and what
// Trellis said, where the platform lets it be changed. The group's agreements stay, with "a member who left". Their
// accounts become those of somebody unknown, with whom nothing is begun until they speak to Trellis.
func (t *Turn) Forget(p PersonID) error {
	profile, err := t.Profile(p)
	if err != nil {
		return err
	}
	was := t.flow
	if err := t.EachGroup(p, func() error { return t.forgetIn(p, profile.Name) }); err != nil {
		return err
	}
	t.flow = was
	if err := waitings.Delete(t.over, storage.Global, string(p)); err != nil {
		return err
	}
	if err := t.putPerson(p, Person{}); err != nil {
		return err
	}
	return t.unknownAgain(profile)
}

// unknownAgain gives the accounts of a forgotten person to somebody new, who is left alone.
func (t *Turn) unknownAgain(profile Person) error {
	stranger := PersonID(t.NewID())
	for _, a := range profile.Accounts {
		t.effects.Forgotten = append(t.effects.Forgotten, chat.Place{Platform: a.Platform, Account: a.ID})
		if err := accounts.Put(t.over, storage.Global, accountKey(a.Platform, a.ID), stranger); err != nil {
			return err
		}
	}
	if err := t.putPerson(stranger, Person{Accounts: profile.Accounts, Last: profile.Last, Silent: true}); err != nil {
		return err
	}
	for _, group := range profile.Groups {
		if err := t.enter(group); err != nil {
			return err
		}
		if err := t.ChangeMember(stranger, func(*Membership) {}); err != nil {
			return err
		}
	}
	return nil
}

// forgetIn forgets a person in the turn's group.
func (t *Turn) forgetIn(p PersonID, name string) error {
	m, err := t.Membership(p)
	if err != nil {
		return err
	}
	if err := t.ChangeMember(p, func(m *Membership) { *m = Membership{Since: m.Since, Left: true} }); err != nil {
		return err
	}
	if err := t.inheritRole(m); err != nil {
		return err
	}
	if err := t.Signal(Signal{Name: SignalLeft, Person: p, Value: Forgotten}); err != nil {
		return err
	}
	for _, f := range t.book.flows {
		if f.Forget == nil {
			continue
		}
		t.flow = f.Name
		if err := f.Forget(t, p); err != nil {
			return fmt.Errorf("forget in %s: %w", f.Name, err)
		}
	}
	if err := t.Signal(Signal{Name: SignalForgot, Person: p}); err != nil {
		return err
	}
	if err := t.forgetWaiting(p); err != nil {
		return err
	}
	if err := keptValues.All(t.over, Scope(t.groupID), func(id string, k kept) (bool, error) {
		if k.By != p {
			return true, nil
		}
		return true, keptValues.Delete(t.over, Scope(t.groupID), id)
	}); err != nil {
		return err
	}
	return t.forgetStanding(p, name)
}

// inheritRole keeps a group whose only facilitator is gone from having none: the member of longest standing holds
// the role until the group decides otherwise.
func (t *Turn) inheritRole(gone Membership) error {
	facilitators, err := t.Facilitators()
	if err != nil || !gone.Facilitator || len(facilitators) > 0 {
		return err
	}
	members, err := t.Members()
	if err != nil || len(members) == 0 {
		return err
	}
	if err := t.ChangeMember(members[0], func(m *Membership) { m.Facilitator = true }); err != nil {
		return err
	}
	_, err = t.Say(Note("flows.inherited", "person", members[0]))
	return err
}

// forgetWaiting takes the person's words out of what others are asked.
func (t *Turn) forgetWaiting(p PersonID) error {
	everyone, err := t.Everyone()
	if err != nil {
		return err
	}
	for _, id := range everyone {
		w, err := t.waitingOf(id)
		if err != nil {
			return err
		}
		w.Questions = slices.Clone(w.Questions)
		changed := false
		for i, q := range w.Questions {
			if q.By == p {
				w.Questions[i].Title, changed = t.word(t.group.Language, "flows.takenback"), true
			}
		}
		if changed {
			if err := t.putWaiting(id, w); err != nil {
				return err
			}
		}
	}
	return nil
}

// forgetStanding takes the person's words and name out of what Trellis said in the turn's group.
func (t *Turn) forgetStanding(p PersonID, name string) error {
	return standings.All(t.over, Scope(t.groupID), func(id string, s Standing) (bool, error) {
		changed, ref := false, Posted(id)
		for i, place := range s.Places {
			if !t.takeOut(&s.Places[i].Content, p, name) {
				continue
			}
			changed = true
			t.effects.Sends = append(t.effects.Sends, Send{
				Group: t.groupID, Posted: ref, Place: i, To: place.To, Class: ClassReminder, Update: true,
			})
		}
		if !changed {
			return true, nil
		}
		return true, PutStanding(t.over, ref, s)
	})
}

// takeOut replaces a person's words and name in a message, and tells whether there were any.
func (t *Turn) takeOut(m *chat.Message, p PersonID, name string) bool {
	found := false
	for i := range m.Text {
		for j, span := range m.Text[i].Spans {
			if span.Of != string(p) {
				continue
			}
			found = true
			key := "flows.takenback"
			if span.Kind == chat.Mention || span.Text == name {
				key = "flows.someone"
			}
			m.Text[i].Spans[j] = chat.Span{Text: t.word(m.Language, key)}
		}
	}
	return found
}
