package rehearsal

import (
	"context"
	"fmt"
	"slices"

	"trellis/adapters/chat"
)

// Deliver puts a message under its delivery ID: one that comes again is the same message, so a doubtful one needs no
// looking for.
func (a *Adapter) Deliver(ctx context.Context, d chat.Delivery) (chat.Receipt, error) {
	if err := ctx.Err(); err != nil {
		return chat.Receipt{}, &chat.Later{Reason: "stopped before it was sent"}
	}
	a.mu.Lock()
	defer a.mu.Unlock()
	if r, ok := a.deliveries[d.ID]; ok {
		return r, nil
	}
	room, only, err := a.whereTo(d.To)
	if err != nil {
		return chat.Receipt{}, err
	}
	if len(d.Message.Choices) > chat.MaxChoices {
		return chat.Receipt{}, &chat.Refused{Who: chat.Operator, Reason: fmt.Sprintf("more than %d choices", chat.MaxChoices)}
	}
	var m *message
	if d.Update != "" {
		at := slices.IndexFunc(a.timeline, func(m *message) bool { return m.id == d.Update && m.from == "" })
		if at < 0 {
			return chat.Receipt{}, &chat.Refused{Reason: "message_not_found", Anew: true}
		}
		m = a.timeline[at]
	}
	shown := Shown{
		Kind: Told, ID: a.nextMessage(), Edits: d.Update, Thread: d.Thread, Room: room, Only: only,
		Text: clean(d.Message.Text.Plain()), Content: d.Message,
	}
	for _, c := range d.Message.Choices {
		shown.Choices = append(shown.Choices, clean(c.Label))
	}
	if m == nil {
		m = &message{id: shown.ID, room: room, only: only}
		a.timeline = append(a.timeline, m)
	} else {
		shown.Room, shown.Only, shown.Thread = m.room, m.only, ""
	}
	m.choices = slices.Clone(d.Message.Choices)
	a.show(shown)
	r := chat.Receipt{Message: m.id, Room: m.room}
	a.deliveries[d.ID] = r
	return r, nil
}

// whereTo says in which room a message stands, and who alone sees it there.
func (a *Adapter) whereTo(to chat.Place) (room chat.RoomID, only chat.AccountID, err error) {
	if to.Account != "" && a.people[to.Account] == nil {
		return "", "", &chat.Refused{Scope: chat.ThisPlace, Who: chat.Facilitator, Reason: "account_not_found"}
	}
	switch {
	case to.Room == "":
		return direct(to.Account), to.Account, nil
	case a.rooms[to.Room] == nil:
		return "", "", &chat.Refused{Scope: chat.ThisPlace, Who: chat.Facilitator, Reason: "room_not_found"}
	case to.Account != "" && !a.in(to.Account, to.Room): // left meanwhile: said where they are
		return direct(to.Account), to.Account, nil
	}
	return to.Room, to.Account, nil
}
