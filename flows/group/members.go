package group

import (
	"errors"
	"strings"

	"trellis/flows"
	"trellis/flows/calendar"
)

func members(t *flows.Turn, c flows.Command) error {
	everyone, err := t.Everyone()
	if err != nil {
		return err
	}
	m := flows.Note("group.members.title", "n", len(everyone))
	for _, p := range everyone {
		place, err := t.Membership(p)
		if err != nil {
			return err
		}
		key := "group.members.member"
		switch {
		case place.Facilitator:
			key = "group.members.facilitator"
		case place.Observer:
			key = "group.members.observer"
		}
		m = m.Item(flows.Words(key, "person", p))
	}
	_, err = t.Answer(m.Choose(flows.Shareable(c.Words)))
	return err
}

// person reads the one person that a command names.
func person(t *flows.Turn, c flows.Command) (flows.PersonID, error) {
	return t.FindPerson(c.Text)
}

func setRole(t *flows.Turn, c flows.Command) error {
	n := len(c.Tokens)
	if n < 2 {
		return t.Refuse("group.role_wanted")
	}
	p, err := t.FindPerson(c.Between(0, n-1))
	if err != nil {
		return err
	}
	role := strings.ToLower(c.Tokens[n-1].Text)
	if role != "member" && role != "observer" {
		return t.Refuse("group.role_wanted")
	}
	if err := t.ChangeMember(p, func(m *flows.Membership) { m.Observer = role == "observer" }); err != nil {
		return err
	}
	if role == "observer" {
		if err := t.Signal(flows.Signal{Name: flows.SignalLeft, Person: p}); err != nil {
			return err
		}
	}
	_, err = t.Say(flows.Note("group.set."+role, "person", p))
	return err
}

func removeMember(t *flows.Turn, c flows.Command) error {
	p, err := person(t, c)
	if err != nil {
		return err
	}
	if err := keepOneFacilitator(t, p); err != nil {
		return err
	}
	if err := t.ChangeMember(p, func(m *flows.Membership) { m.Left, m.Facilitator = true, false }); err != nil {
		return err
	}
	if err := t.Signal(flows.Signal{Name: flows.SignalLeft, Person: p}); err != nil {
		return err
	}
	_, err = t.Say(flows.Note("group.set.removed", "person", p))
	return err
}

func addFacilitator(t *flows.Turn, c flows.Command) error {
	p, err := person(t, c)
	if err != nil {
		return err
	}
	if err := t.ChangeMember(p, func(m *flows.Membership) { m.Facilitator = true }); err != nil {
		return err
	}
	_, err = t.Say(flows.Note("group.set.facilitator", "person", p))
	return err
}

// handFacilitator gives one's own role to somebody else.
func handFacilitator(t *flows.Turn, c flows.Command) error {
	p, err := person(t, c)
	if err != nil {
		return err
	}
	if p == t.Person() {
		return t.Refuse("group.hand_self")
	}
	if err := t.ChangeMember(t.Person(), func(m *flows.Membership) { m.Facilitator = false }); err != nil {
		return err
	}
	if err := t.ChangeMember(p, func(m *flows.Membership) { m.Facilitator = true }); err != nil {
		return err
	}
	_, err = t.Say(flows.Note("group.set.handed", "from", t.Person(), "person", p))
	return err
}

func removeFacilitator(t *flows.Turn, c flows.Command) error {
	p, err := person(t, c)
	if err != nil {
		return err
	}
	if err := keepOneFacilitator(t, p); err != nil {
		return err
	}
	if err := t.ChangeMember(p, func(m *flows.Membership) { m.Facilitator = false }); err != nil {
		return err
	}
	_, err = t.Say(flows.Note("group.set.notfacilitator", "person", p))
	return err
}

// keepOneFacilitator refuses to leave the group with nobody who can run things.
func keepOneFacilitator(t *flows.Turn, leaving flows.PersonID) error {
	facilitators, err := t.Facilitators()
	if err != nil {
		return err
	}
	if len(facilitators) == 1 && facilitators[0] == leaving {
		return t.Refuse("group.last_facilitator")
	}
	return nil
}

func roomCode(t *flows.Turn, _ flows.Command) error {
	code, err := t.RoomCode()
	if err != nil {
		return err
	}
	_, err = t.Whisper(flows.Note("group.code", "code", flows.Typed(code), "until", t.Now().Add(flows.CodeLife)))
	return err
}

func joinRoom(t *flows.Turn, c flows.Command) error {
	if t.Direct() {
		return t.Refuse("group.join_in_room")
	}
	if c.Text == "" {
		return t.Refuse("group.code_wanted")
	}
	if err := t.JoinRoom(c.Text); err != nil {
		return err
	}
	_, err := t.Say(flows.Note("group.joined", "name", flows.Said{Text: t.GroupName()}))
	return err
}

func link(t *flows.Turn, c flows.Command) error {
	if !t.Direct() {
		return t.Refuse("group.link_direct")
	}
	if c.Text == "" {
		code, err := t.AccountCode()
		if err != nil {
			return err
		}
		_, err = t.Whisper(flows.Note("group.link.code", "code", flows.Typed("link "+code), "until", t.Now().Add(flows.CodeLife)))
		return err
	}
	p, err := t.LinkAccount(c.Text)
	if err != nil {
		return err
	}
	_, err = t.Whisper(flows.Note("group.link.done", "person", p))
	return err
}

func unlink(t *flows.Turn, _ flows.Command) error {
	if err := t.UnlinkAccount(); err != nil {
		return err
	}
	_, err := t.Whisper(flows.Note("group.link.ended"))
	return err
}

// nearZones are the zones that a wrong name may have meant.
func nearZones(err error) string {
	var unknown *calendar.UnknownError
	if errors.As(err, &unknown) && len(unknown.Near) > 0 {
		return strings.Join(unknown.Near, ", ")
	}
	return "Europe/London"
}
