package commitment

import (
	"slices"
	"strings"

	"trellis/flows"
)

// back is a person being here again. What they were not asked meanwhile stands in the overview that they get with it.
func back(t *flows.Turn, s flows.Signal) error {
	asked, err := pleas(t, waitingFor, string(s.Person))
	if err != nil {
		return err
	}
	for _, r := range asked {
		if r.Put {
			continue
		}
		r.Put = true
		if err := r.store(t); err != nil {
			return err
		}
	}
	t.At(t.Now(), "told", flows.ID(s.Person))
	return nil
}

// told runs once a person has seen, in their overview, what became of what they asked.
func told(t *flows.Turn, subject flows.ID) error {
	asking, err := pleas(t, askedBy, string(subject))
	if err != nil {
		return err
	}
	for _, r := range asking {
		if r.Answer == Waiting {
			continue
		}
		r.Told = true
		if err := r.store(t); err != nil {
			return err
		}
	}
	return nil
}

// left ends what a person who left was asked or asked. What they promised stays, until the facilitators have said what
// becomes of it. Who only watches from now on keeps what they promised.
func left(t *flows.Turn, s flows.Signal) error {
	asked, err := pleas(t, waitingFor, string(s.Person))
	if err != nil {
		return err
	}
	for _, r := range asked {
		if err := r.end(t, Withdrawn); err != nil {
			return err
		}
		if err := r.tellAsker(t); err != nil {
			return err
		}
	}
	in, err := t.Holds(s.Person, flows.Member)
	if err != nil || in {
		return err
	}
	asking, err := pleas(t, askedBy, string(s.Person))
	if err != nil {
		return err
	}
	for _, r := range asking {
		if r.Answer != Waiting {
			continue
		}
		if err := r.end(t, Withdrawn); err != nil {
			return err
		}
	}
	mine, err := openOf(t, s.Person)
	if err != nil || len(mine) == 0 || s.Value == flows.Forgotten {
		return err
	}
	facilitators, err := t.Facilitators()
	if err != nil {
		return err
	}
	for _, f := range facilitators {
		t.At(t.Free(f), "left", flows.ID(string(s.Person)+between+string(f)))
	}
	return nil
}

// leftBehind asks one facilitator, in private, what becomes of what somebody promised who left.
func leftBehind(t *flows.Turn, subject flows.ID) error {
	owner, facilitator, _ := strings.Cut(string(subject), between)
	gone, to := flows.PersonID(owner), flows.PersonID(facilitator)
	if in, err := t.Holds(gone, flows.Member); err != nil || in {
		return err
	}
	if holds, err := t.Holds(to, flows.Facilitator); err != nil || !holds {
		return err
	}
	if here, err := t.Here(to); err != nil || !here {
		return err
	}
	list, err := openOf(t, gone)
	if err != nil || len(list) == 0 {
		return err
	}
	m := flows.Note("commitment.left.ask", "n", len(list), "person", gone)
	for i, c := range list {
		m = m.Item(c.line())
		of := ""
		if len(list) > 1 {
			of = c.label()
		}
		if i < mostCards {
			m = m.Choose(
				flows.Choice{Key: "commitment.button.reassign", Action: "reassign", Subject: c.id, Of: of},
				flows.Choice{Key: "commitment.button.release", Action: "release", Subject: c.id, Of: of},
			)
		}
	}
	_, err = t.Tell(to, m)
	return err
}

// orphan reads a commitment whose owner left, for a facilitator.
func orphan(t *flows.Turn, id flows.ID) (entry, error) {
	c, ok, err := commitments.Find(t, id)
	if err != nil {
		return entry{}, err
	}
	holds, err := t.Holds(t.Person(), flows.Facilitator)
	if err != nil {
		return entry{}, err
	}
	if !ok || !holds {
		return entry{}, t.Refuse("flows.oldbutton")
	}
	in, err := t.Holds(c.Owner, flows.Member)
	switch {
	case err != nil:
		return entry{}, err
	case in:
		return entry{}, t.Refuse("commitment.notyours", "c", c.label(), "owner", c.Owner)
	case c.State != Open:
		return entry{}, t.Refuse("commitment.closed."+string(c.State), "c", c.label(), "text", c.Text)
	}
	return entry{id, c}, nil
}

func askReassign(t *flows.Turn, a flows.Action) error {
	c, err := orphan(t, a.Subject)
	if err != nil {
		return err
	}
	return t.Open(personForm("reassign", c.id, ""))
}

// reassign asks somebody to take over what a person who left had promised.
func reassign(t *flows.Turn, f flows.Form) error {
	c, err := orphan(t, f.Subject)
	if err != nil {
		return err
	}
	return field(t, "to", c.handTo(t, f.Field("to")))
}

// release lets go of what a person who left had promised.
func release(t *flows.Turn, a flows.Action) error {
	c, err := orphan(t, a.Subject)
	if err != nil {
		return err
	}
	if err := c.end(t, Dropped, Event{Kind: LetGo}); err != nil {
		return err
	}
	if _, err := t.Say(flows.Note("commitment.released", "c", c.label(), "text", c.Text)); err != nil {
		return err
	}
	_, err = t.Whisper(flows.Note("commitment.line.dropped", "c", c.label(), "text", c.Text))
	return err
}

// linked makes what was one account's own the person's.
func linked(t *flows.Turn, s flows.Signal) error {
	old, now := flows.PersonID(s.Value), s.Person
	same := func(p *flows.PersonID) {
		if *p == old {
			*p = now
		}
	}
	if err := commitments.All(t, func(id flows.ID, c Commitment) (bool, error) {
		c.Story = slices.Clone(c.Story)
		was := c.Owner
		for _, p := range []*flows.PersonID{&c.Owner, &c.Asker, &c.Text.By} {
			same(p)
		}
		for i := range c.Story {
			e := &c.Story[i]
			same(&e.From)
			same(&e.To)
			same(&e.Word.By)
		}
		if was == old && c.State == Open {
			c.plan(t)
		}
		return true, commitments.Put(t, id, c)
	}); err != nil {
		return err
	}
	return requests.All(t, func(id flows.ID, r Request) (bool, error) {
		for _, p := range []*flows.PersonID{&r.Asker, &r.To, &r.Text.By} {
			same(p)
		}
		return true, requests.Put(t, id, r)
	})
}

// stop ends what comes round. What was promised once stays.
func stop(t *flows.Turn, _ flows.Signal) error {
	all, err := allOpen(t)
	if err != nil {
		return err
	}
	for _, c := range all {
		if c.Repeat == nil {
			continue
		}
		if err := c.end(t, Dropped, Event{Kind: LetGo}); err != nil {
			return err
		}
	}
	return nil
}

// forget takes a person's words and name out: what they promised ends, and of what they asked others the words go.
func forget(t *flows.Turn, p flows.PersonID) error {
	takenBack := flows.Said{Text: t.RoomText("flows.takenback")}
	if err := commitments.All(t, func(id flows.ID, c Commitment) (bool, error) {
		if c.Owner == p {
			e := entry{id, c}
			if err := e.endRequests(t); err != nil {
				return false, err
			}
			return true, commitments.Delete(t, id)
		}
		changed := false
		if c.Text.By == p {
			c.Text, changed = takenBack, true
		}
		if c.Asker == p {
			c.Asker, changed = "", true
		}
		c.Story = slices.Clone(c.Story)
		for i := range c.Story {
			if e := &c.Story[i]; e.Word.By == p {
				e.Word, changed = takenBack, true
			}
		}
		if !changed {
			return true, nil
		}
		return true, commitments.Put(t, id, c)
	}); err != nil {
		return err
	}
	return requests.All(t, func(id flows.ID, r Request) (bool, error) {
		switch {
		case r.Asker == p || r.To == p:
			return true, requests.Delete(t, id)
		case r.Text.By == p:
			r.Text = takenBack
			return true, requests.Put(t, id, r)
		}
		return true, nil
	})
}
