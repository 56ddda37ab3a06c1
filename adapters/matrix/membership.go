package matrix

import (
	"slices"

	"maunium.net/go/mautrix"
	"maunium.net/go/mautrix/event"
	"maunium.net/go/mautrix/id"

	"trellis/adapters/chat"
)

// enterRoom takes in a room that Trellis has come into, and returns what happened there since: what was said before is
// not for it.
func (d *draft) enterRoom(in id.RoomID, state, timeline []*event.Event) ([]*event.Event, error) {
	came := slices.IndexFunc(timeline, func(e *event.Event) bool { return d.isOwnJoin(e) })
	var own *event.Event
	if came >= 0 {
		own = timeline[came]
	} else if at := slices.IndexFunc(state, func(e *event.Event) bool { return d.isOwnJoin(e) }); at >= 0 {
		own = state[at]
	} else {
		own = &event.Event{ID: id.EventID(in)} // a server that does not tell of it; the room is joined, so it did happen
	}
	for _, e := range slices.Concat(state, timeline[:max(came, 0)]) {
		if e.StateKey != nil {
			d.observe(e)
		}
	}
	r := room{Name: d.nameIn(slices.Concat(state, timeline))}
	invited := d.kept.invites[in]
	var err error
	if r.Direct, err = d.whoseDirect(in, invited); err != nil {
		return nil, err
	}
	delete(d.kept.invites, in)
	d.kept.rooms[in] = r
	switch {
	case invited.From != "" && d.isSuccessor(in, invited.From):
		d.add(invited.From, own, "#moved", "", chat.Moved{To: chat.RoomID(in)})
		delete(d.kept.rooms, invited.From)
	case r.Direct == "":
		people, err := d.people(in)
		if err != nil {
			return nil, err
		}
		d.add(in, own, "#here", invited.By, chat.Invited{Name: r.Name, People: people})
	}
	return timeline[came+1:], nil
}

// isSuccessor tells whether a room says itself that it goes on from another.
func (d *draft) isSuccessor(in, from id.RoomID) bool {
	created, err := d.state.GetCreate(d.ctx, in)
	if err != nil || created == nil {
		return false
	}
	c := created.Content.AsCreate()
	return c.Predecessor != nil && c.Predecessor.RoomID == from
}

func (d *draft) isOwnJoin(e *event.Event) bool {
	m, ok := e.Content.Parsed.(*event.MemberEventContent)
	return ok && e.GetStateKey() == string(d.client.UserID) && m.Membership == event.MembershipJoin && before(e) != event.MembershipJoin
}

// before is what the membership was that an event changes; empty: unknown, or none.
func before(e *event.Event) event.Membership {
	if e.Unsigned.PrevContent == nil {
		return ""
	}
	_ = e.Unsigned.PrevContent.ParseRaw(event.StateMember)
	if m, ok := e.Unsigned.PrevContent.Parsed.(*event.MemberEventContent); ok {
		return m.Membership
	}
	return ""
}

func (d *draft) nameIn(events []*event.Event) (name string) {
	for _, e := range events {
		if c, ok := e.Content.Parsed.(*event.RoomNameEventContent); ok && e.StateKey != nil {
			name = chat.Clean(c.Name)
		}
	}
	return name
}

// whoseDirect tells whose direct room a new room is.
func (d *draft) whoseDirect(in id.RoomID, invited invite) (id.UserID, error) {
	d.opening.Lock() // one that is being made is noted when this is ours
	defer d.opening.Unlock()
	of, err := d.store.directOf(d.ctx, in)
	if err != nil || of != "" {
		return of, err
	}
	if invited.Direct && invited.By != "" {
		noted, _, err := d.store.direct(d.ctx, invited.By)
		if err != nil {
			return "", err
		}
		if noted.Room == "" {
			if err := d.store.putDirect(d.ctx, invited.By, direct{Room: in}); err != nil {
				return "", err
			}
		}
		return invited.By, d.listDirect(d.ctx, invited.By, in)
	}
	listed, err := d.listedDirect(d.ctx)
	if err != nil {
		return "", err
	}
	for user, rooms := range listed {
		if slices.Contains(rooms, in) {
			return user, nil
		}
	}
	return "", nil
}

// people are those in a room, but for Trellis.
func (d *draft) people(in id.RoomID) (all []chat.Profile, err error) {
	members, err := d.state.GetRoomMembers(d.ctx, in, event.MembershipJoin)
	if err != nil {
		return nil, err
	}
	for user := range members {
		if user != d.client.UserID {
			all = append(all, d.profile(in, user))
		}
	}
	slices.SortFunc(all, func(a, b chat.Profile) int { return compare(a.Account, b.Account) })
	return all, nil
}

func compare[S ~string](a, b S) int {
	switch {
	case a < b:
		return -1
	case a > b:
		return 1
	}
	return 0
}

// stateChanged takes in a change of a room's state.
func (d *draft) stateChanged(in id.RoomID, e *event.Event) error {
	switch c := e.Content.Parsed.(type) {
	case *event.MemberEventContent:
		d.memberChanged(in, e, c)
	case *event.RoomNameEventContent:
		r := d.kept.rooms[in]
		if name := chat.Clean(c.Name); name != r.Name {
			r.Name = name
			d.kept.rooms[in] = r
			d.add(in, e, "", e.Sender, chat.Renamed{Name: name})
		}
	case *event.PowerLevelsEventContent:
		if e.Unsigned.PrevContent != nil { // Trellis may be allowed to write again
			d.add(in, e, "#reachable", "", chat.Reachable{})
		}
	case *event.TombstoneEventContent:
		d.follow(in, e, c)
	}
	return nil
}

func (d *draft) memberChanged(in id.RoomID, e *event.Event, m *event.MemberEventContent) {
	who, was := id.UserID(e.GetStateKey()), before(e)
	if who == d.client.UserID {
		return // of coming and going the sections of the sync tell
	}
	if was == "" {
		was = d.membership(d.ctx, in, who)
	}
	d.observe(e)
	r := d.kept.rooms[in]
	switch {
	case r.Direct != "":
		if noted, _, err := d.store.direct(d.ctx, who); err == nil && noted.Invited && m.Membership == event.MembershipJoin && was != event.MembershipJoin {
			d.add(in, e, "#reachable", who, chat.Reachable{}) // who had left is back
		}
	case m.Membership == event.MembershipJoin && was != event.MembershipJoin:
		d.add(in, e, "", who, chat.Joined{})
	case m.Membership == event.MembershipJoin:
		d.add(in, e, "", who, chat.Changed{})
	case was == event.MembershipJoin:
		d.add(in, e, "", who, chat.Left{})
	}
}

// left takes in a room that Trellis is not in any more. That may be told more than once, or of a room never entered.
func (d *draft) left(in id.RoomID, told *mautrix.SyncLeftRoom) error {
	r, known := d.kept.rooms[in]
	if d.kept.invites[in].From == "" {
		delete(d.kept.invites, in) // the invitation was taken back
	}
	if !known {
		return nil
	}
	gone := &event.Event{ID: id.EventID(string(in) + "/" + string(r.Last))}
	for _, e := range told.Timeline.Events {
		d.prepare(in, e)
		m, ok := e.Content.Parsed.(*event.MemberEventContent)
		if ok && e.GetStateKey() == string(d.client.UserID) && m.Membership != event.MembershipJoin {
			gone = e
			continue
		}
		if err := d.happened(in, e); err != nil {
			return err
		}
	}
	reason := "left"
	if m, ok := gone.Content.Parsed.(*event.MemberEventContent); ok {
		if reason = string(m.Membership); m.Membership == event.MembershipLeave && gone.Sender != d.client.UserID {
			reason = "kicked"
		}
	}
	if r.Direct == "" {
		d.add(in, gone, "#removed", "", chat.Removed{Reason: reason})
	}
	delete(d.kept.rooms, in)
	// What is not known any more is asked for before anything is sent there again.
	return d.state.ClearCachedMembers(d.ctx, in)
}
