package web

import (
	"context"
	"errors"
	"time"

	"trellis/adapters/chat"
	"trellis/storage"
)

// maxSaid is in bytes of text; what is longer no page should carry. A practice says some thousands at most.
const maxSaid = 1 << 20

// waitForRoom is how long the disk is given before the next try, when it is full.
const waitForRoom = 30 * time.Second

// Deliver is chat.Adapter's. A message is put under its delivery ID, so a doubtful one needs no looking for.
func (a *Adapter) Deliver(ctx context.Context, d chat.Delivery) (chat.Receipt, error) {
	if ctx.Err() != nil {
		return chat.Receipt{}, &chat.Later{Reason: "stopped before it was sent"}
	}
	in, only, err := a.whereTo(d.To)
	if err != nil {
		return chat.Receipt{}, err
	}
	if len(d.Message.Choices) > chat.MaxChoices || len(d.Message.Text.Plain()) > maxSaid {
		return chat.Receipt{}, &chat.Refused{Who: chat.Operator, Reason: "too_large"}
	}
	said := cleanMessage(d.Message)
	id := chat.MessageID(a.secret.id("delivery", string(d.ID)))
	var stands chat.Receipt
	err = a.store.Update(ctx, func(tx storage.Tx) (err error) {
		if d.Update != "" {
			stands, err = updated(tx, d, in, said)
			return err
		}
		for _, place := range placesOf(d.To, in) {
			_, _, there, err := find(tx, place, id)
			if err != nil {
				return err
			}
			if there {
				stands = chat.Receipt{Message: id, Room: place}
				return nil
			}
		}
		stands = chat.Receipt{Message: id, Room: in}
		return add(tx, in, entry{ID: id, Only: only, Thread: d.Thread, At: a.now(), Said: &said})
	})
	if errors.Is(err, storage.ErrFull) {
		return chat.Receipt{}, &chat.Later{After: waitForRoom, Scope: chat.ThisPlatform, Reason: "no room for the timeline"}
	}
	if err != nil {
		return chat.Receipt{}, err
	}
	if only != "" {
		a.learn(ctx, only, said)
	}
	a.hub.tell(stands.Room)
	return stands, nil
}

// updated puts a message in the place of one of Trellis's.
func updated(tx storage.Tx, d chat.Delivery, in chat.RoomID, said chat.Message) (chat.Receipt, error) {
	for _, place := range placesOf(d.To, in) {
		key, e, there, err := find(tx, place, d.Update)
		if err != nil {
			return chat.Receipt{}, err
		}
		if there && e.Said != nil && (d.To.Account == "" || e.sees(d.To.Account)) {
			e.Said = &said
			return chat.Receipt{Message: e.ID, Room: place}, alter(tx, place, key, e)
		}
	}
	return chat.Receipt{}, &chat.Refused{Reason: "message_not_found", Anew: true}
}

// placesOf are where a message to a place may stand: a word to somebody in a room may have gone to them directly,
// because they had left.
func placesOf(to chat.Place, in chat.RoomID) []chat.RoomID {
	// An update comes to where its message stands, which may be the direct room itself.
	if to.Room == "" || to.Account == "" {
		return []chat.RoomID{in}
	}
	return []chat.RoomID{to.Room, directOf(to.Account)}
}

// whereTo says in which stream a message stands, and who alone sees it there.
func (a *Adapter) whereTo(to chat.Place) (in chat.RoomID, only chat.AccountID, err error) {
	p := a.places.Load()
	gone := &chat.Refused{Scope: chat.ThisPlace, Who: chat.Facilitator, Reason: "account_not_found"}
	if to.Account != "" {
		if _, known := p.people[to.Account]; !known {
			return "", "", gone
		}
	}
	// An update comes to where its message stands, which may be the direct room itself.
	if to.Room == "" || to.Account != "" && to.Room == directOf(to.Account) {
		if !p.anywhere(to.Account) {
			gone.Reason = "account_left"
			return "", "", gone
		}
		return directOf(to.Account), to.Account, nil
	}
	if _, known := p.rooms[to.Room]; !known {
		return "", "", &chat.Refused{Scope: chat.ThisPlace, Who: chat.Facilitator, Reason: "room_not_found"}
	}
	if to.Account == "" {
		return to.Room, "", nil
	}
	if _, _, here := p.seat(to.Room, to.Account); !here {
		return directOf(to.Account), to.Account, nil
	}
	return to.Room, to.Account, nil
}

// learn notes the language and zone in which Trellis speaks to a person: they may have chosen them, and the page follows.
// It tells them to nobody else, so what the platform says of a person stays what they came with.
func (a *Adapter) learn(ctx context.Context, who chat.AccountID, m chat.Message) {
	reads := func(p person) person {
		if m.Language != "" {
			p.Reads = m.Language
		}
		if m.Zone != "" {
			p.In = m.Zone
		}
		return p
	}
	if p := a.places.Load().people[who]; reads(p) == p {
		return
	}
	_, err := a.change(ctx, func(d *draft) error { return d.writePerson(who, reads(d.people[who])) })
	if err != nil {
		a.log.Warn("web: a person's language was not kept", "error", err)
	}
}
