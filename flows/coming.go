package flows

import (
	"fmt"
	"slices"
	"time"

	"trellis/adapters/chat"
	"trellis/storage"
)

// invited handles Trellis being brought into a room: it says hello once, and knows who is there.
func (t *Turn) invited(what chat.Invited) error {
	t.effects.Handled = true
	returned := t.groupID != ""
	if !returned {
		if err := t.found(t.place, what.Name); err != nil {
			return err
		}
	}
	if !slices.Contains(t.group.Rooms, t.place) {
		if err := t.ChangeGroup(func(g *Group) { g.Rooms = append(g.Rooms, t.place) }); err != nil {
			return err
		}
	}
	for _, profile := range what.People {
		id, err := t.meet(t.place.Platform, profile, false)
		if err != nil {
			return err
		}
		if err := t.come(id); err != nil {
			return err
		}
	}
	facilitators, err := t.Facilitators()
	if err != nil {
		return err
	}
	if t.person != "" && len(facilitators) == 0 {
		if err := t.come(t.person); err != nil {
			return err
		}
		if err := t.ChangeMember(t.person, func(m *Membership) { m.Facilitator = true }); err != nil {
			return err
		}
	}
	if returned {
		return t.unpark()
	}
	m := Note("flows.hello.text")
	if what.Shared {
		m = m.With("flows.hello.shared")
	}
	_, err = t.Say(m)
	return err
}

// come makes a person a member who is in the turn's room.
func (t *Turn) come(id PersonID) error {
	m, ok, err := t.membership(id)
	if err != nil || ok && !m.Left && slices.Contains(m.Rooms, t.place) {
		return err
	}
	return t.ChangeMember(id, func(m *Membership) {
		m.Left = false
		if !slices.Contains(m.Rooms, t.place) {
			m.Rooms = append(m.Rooms, t.place)
		}
	})
}

func (t *Turn) joined() error {
	if t.groupID == "" || t.person == "" {
		return nil
	}
	t.effects.Handled = true
	return t.come(t.person)
}

// left handles a person leaving a room; who is in no room of the group any more has left the group.
func (t *Turn) left() error {
	if t.groupID == "" || t.person == "" {
		return nil
	}
	m, ok, err := t.membership(t.person)
	if err != nil || !ok || m.Left {
		return err
	}
	t.effects.Handled = true
	gone := !slices.ContainsFunc(m.Rooms, func(p chat.Place) bool { return p != t.place })
	if err := t.ChangeMember(t.person, func(m *Membership) {
		m.Rooms = slices.DeleteFunc(m.Rooms, func(p chat.Place) bool { return p == t.place })
		m.Left = gone
		m.Facilitator = m.Facilitator && !gone
	}); err != nil || !gone {
		return err
	}
	if err := t.inheritRole(m); err != nil {
		return err
	}
	return t.Signal(Signal{Name: SignalLeft, Person: t.person})
}

// removed handles Trellis having been taken out of a room: nothing is said there, and when it was the group's last
// room, its timers wait until Trellis is invited again.
func (t *Turn) removed() error {
	if t.groupID == "" {
		return nil
	}
	t.effects.Handled = true
	return t.ChangeGroup(func(g *Group) {
		g.Rooms = slices.DeleteFunc(g.Rooms, func(p chat.Place) bool { return p == t.place })
	})
}

// parked is a timer of a group that has no room.
type parked struct {
	At      time.Time
	Flow    string
	Name    string
	Subject ID
}

// park keeps a timer until the group has a room again.
func (t *Turn) park(timer Timer) error {
	key := fmt.Sprintf("%020d/%s/%s/%s", timer.At.UnixNano(), timer.Flow, timer.Name, timer.Subject)
	return parkedTimers.Put(t.over, Scope(t.groupID), key, parked{timer.At, timer.Flow, timer.Name, timer.Subject})
}

func (t *Turn) unpark() error {
	return parkedTimers.All(t.over, Scope(t.groupID), func(key string, p parked) (bool, error) {
		t.effects.Timers = append(t.effects.Timers, Timer{At: p.At, Group: t.groupID, Flow: p.Flow, Name: p.Name, Subject: p.Subject})
		return true, parkedTimers.Delete(t.over, Scope(t.groupID), key)
	})
}

// Hush makes Trellis say nothing in the group's rooms by itself until an instant; what a timer would have said comes
// after it. The zero instant ends it now.
func (t *Turn) Hush(until time.Time) error {
	g := t.group
	if until.IsZero() {
		if !t.now.Before(g.Hushed) {
			return nil
		}
		t.effects.Cancel = append(t.effects.Cancel, t.hushEnd(g.Hushed))
		return t.endHush()
	}
	t.effects.Timers = append(t.effects.Timers, t.hushEnd(until))
	return t.ChangeGroup(func(g *Group) { g.HushedFrom, g.Hushed = t.now, until })
}

func (t *Turn) endHush() error {
	if err := t.ChangeGroup(func(g *Group) { g.Hushed = t.now }); err != nil {
		return err
	}
	return t.unpark()
}

func (t *Turn) hushEnd(at time.Time) Timer {
	return Timer{At: at.UTC(), Group: t.groupID, Flow: router, Name: "unhush"}
}

// speaksInRoom tells whether something new is said where everyone sees it.
func (e Effects) speaksInRoom() bool {
	return slices.ContainsFunc(e.Sends, func(s Send) bool { return s.To.Account == "" && !s.Update })
}

func (t *Turn) renamed(what chat.Renamed) error {
	if t.groupID == "" || len(t.group.Rooms) > 1 {
		return nil
	}
	t.effects.Handled = true
	return t.ChangeGroup(func(g *Group) {
		if !g.Named {
			g.Name = cleanName(what.Name)
		}
	})
}

// moved handles a room that goes on under another ID: the group moves with it.
func (t *Turn) moved(what chat.Moved) error {
	if t.groupID == "" {
		return nil
	}
	t.effects.Handled = true
	to := chat.Place{Platform: t.place.Platform, Room: what.To}
	if err := rooms.Put(t.over, storage.Global, roomKey(to), t.groupID); err != nil {
		return err
	}
	if err := t.ChangeGroup(func(g *Group) {
		g.Rooms = slices.DeleteFunc(g.Rooms, func(p chat.Place) bool { return p == t.place || p == to })
		g.Rooms = append(g.Rooms, to)
	}); err != nil {
		return err
	}
	everyone, err := t.Everyone()
	if err != nil {
		return err
	}
	for _, id := range everyone {
		if err := t.ChangeMember(id, func(m *Membership) {
			for i, p := range m.Rooms {
				if p == t.place {
					m.Rooms[i] = to
				}
			}
		}); err != nil {
			return err
		}
	}
	return nil
}

// changed tells the groups of a person that their zone may be another one.
func (t *Turn) changed() error {
	if t.person == "" {
		return nil
	}
	p, err := t.Profile(t.person)
	if err != nil {
		return err
	}
	for _, group := range p.Groups {
		if err := t.enter(group); err != nil {
			return err
		}
		if err := t.Signal(Signal{Name: SignalChanged, Person: t.person}); err != nil {
			return err
		}
	}
	return nil
}
