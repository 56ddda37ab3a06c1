package matrix

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"slices"

	"maunium.net/go/mautrix"
	"maunium.net/go/mautrix/event"
	"maunium.net/go/mautrix/id"

	"trellis/adapters/chat"
)

// direct is where Trellis talks to a person.
type direct struct {
	Room    id.RoomID // empty: one was about to be made
	Invited bool      // they left it and were asked back, which is done once
}

// directMark is a state event in a direct room that Trellis made: by it the room is found when Trellis stopped before it
// had noted that it made one.
var directMark = event.Type{Type: "trellis.direct", Class: event.StateEventType}

type directContent struct {
	User id.UserID `json:"user"`
}

func (s *store) direct(ctx context.Context, of id.UserID) (d direct, there bool, err error) {
	err = s.db.QueryRow(ctx, "SELECT room, invited FROM trellis_direct WHERE person = $1", of).Scan(&d.Room, &d.Invited)
	if errors.Is(err, sql.ErrNoRows) {
		return d, false, nil
	}
	if err != nil {
		return d, false, fmt.Errorf("read a direct room: %w", err)
	}
	return d, true, nil
}

func (s *store) putDirect(ctx context.Context, of id.UserID, d direct) error {
	_, err := s.db.Exec(ctx, `INSERT INTO trellis_direct (person, room, invited) VALUES ($1, $2, $3)
		ON CONFLICT (person) DO UPDATE SET room = excluded.room, invited = excluded.invited`, of, d.Room, d.Invited)
	if err != nil {
		return fmt.Errorf("keep a direct room: %w", err)
	}
	return nil
}

// directOf is the person whose direct room this is; empty when it is none that we know.
func (s *store) directOf(ctx context.Context, in id.RoomID) (of id.UserID, err error) {
	err = s.db.QueryRow(ctx, "SELECT person FROM trellis_direct WHERE room = $1", in).Scan(&of)
	if errors.Is(err, sql.ErrNoRows) {
		return "", nil
	}
	if err != nil {
		return "", fmt.Errorf("read a direct room: %w", err)
	}
	return of, nil
}

// directRoom finds a person's direct room, or makes one.
func (a *Adapter) directRoom(ctx context.Context, of id.UserID) (id.RoomID, error) {
	a.opening.Lock()
	defer a.opening.Unlock()
	d, noted, err := a.store.direct(ctx, of)
	if err != nil {
		return "", err
	}
	if d.Room != "" {
		return a.stillDirect(ctx, of, d)
	}
	listed, err := a.listedDirect(ctx)
	if err != nil {
		return "", err
	}
	for _, in := range slices.Backward(listed[of]) {
		if a.know(ctx, in) == nil && a.membership(ctx, in, a.client.UserID) == event.MembershipJoin && isHere(a.membership(ctx, in, of)) {
			return in, a.store.putDirect(ctx, of, direct{Room: in})
		}
	}
	in := id.RoomID("")
	if noted { // one was about to be made
		if in, err = a.unnoted(ctx, of); err != nil {
			return "", err
		}
	}
	if in == "" {
		if err := a.store.putDirect(ctx, of, direct{}); err != nil {
			return "", err
		}
		if in, err = a.makeDirect(ctx, of); err != nil {
			return "", err
		}
	}
	if err := a.store.putDirect(ctx, of, direct{Room: in}); err != nil {
		return "", err
	}
	return in, a.listDirect(ctx, of, in)
}

func isHere(m event.Membership) bool { return m == event.MembershipJoin || m == event.MembershipInvite }

func (a *Adapter) membership(ctx context.Context, in id.RoomID, of id.UserID) event.Membership {
	m, err := a.state.GetMembership(ctx, in, of)
	if err != nil {
		return event.MembershipLeave
	}
	return m
}

// stillDirect asks a person back who left, once; who leaves again wants to be left alone.
func (a *Adapter) stillDirect(ctx context.Context, of id.UserID, d direct) (id.RoomID, error) {
	if err := a.know(ctx, d.Room); err != nil {
		if said, ok := answerOf(err); ok && (said.status == 403 || said.status == 404) {
			return "", errors.Join(&chat.Later{Reason: "the direct room is gone, making another"}, a.store.putDirect(ctx, of, direct{}))
		}
		return "", err
	}
	if a.membership(ctx, d.Room, a.client.UserID) != event.MembershipJoin {
		return "", errors.Join(&chat.Later{Reason: "Trellis is not in the direct room any more, making another"}, a.store.putDirect(ctx, of, direct{}))
	}
	if isHere(a.membership(ctx, d.Room, of)) {
		return d.Room, nil
	}
	if d.Invited {
		return "", &chat.Refused{Scope: chat.ThisPlace, Who: chat.Facilitator, Reason: "account_left"}
	}
	if _, err := a.client.InviteUser(ctx, d.Room, &mautrix.ReqInviteUser{UserID: of}); err != nil {
		return "", err
	}
	d.Invited = true
	return d.Room, a.store.putDirect(ctx, of, d)
}

// listedDirect is the account's own list of direct rooms, which all clients share.
func (a *Adapter) listedDirect(ctx context.Context) (map[id.UserID][]id.RoomID, error) {
	listed := map[id.UserID][]id.RoomID{}
	err := a.client.GetAccountData(ctx, event.AccountDataDirectChats.Type, &listed)
	if said, ok := answerOf(err); ok && said.status == 404 {
		return listed, nil
	}
	if err != nil {
		return nil, fmt.Errorf("read the list of direct rooms: %w", err)
	}
	return listed, nil
}

func (a *Adapter) listDirect(ctx context.Context, of id.UserID, in id.RoomID) error {
	listed, err := a.listedDirect(ctx)
	if err != nil || slices.Contains(listed[of], in) {
		return err
	}
	listed[of] = append(listed[of], in)
	if err := a.client.SetAccountData(ctx, event.AccountDataDirectChats.Type, listed); err != nil {
		return fmt.Errorf("write the list of direct rooms: %w", err)
	}
	return nil
}

// unnoted finds a room that was made for a person before Trellis could note it.
func (a *Adapter) unnoted(ctx context.Context, of id.UserID) (id.RoomID, error) {
	joined, err := a.client.JoinedRooms(ctx)
	if err != nil {
		return "", fmt.Errorf("look for a direct room: %w", err)
	}
	for _, in := range joined.JoinedRooms {
		var mark directContent
		if err := a.client.StateEvent(ctx, in, directMark, "", &mark); err == nil && mark.User == of {
			return in, a.know(ctx, in)
		} else if err != nil && unsure(err) {
			return "", fmt.Errorf("look for a direct room: %w", err)
		}
	}
	return "", nil
}

func (a *Adapter) makeDirect(ctx context.Context, of id.UserID) (id.RoomID, error) {
	key := ""
	state := []*event.Event{{Type: directMark, StateKey: &key, Content: event.Content{Parsed: &directContent{User: of}}}}
	if a.cipher != nil {
		state = append(state, &event.Event{
			Type: event.StateEncryption, StateKey: &key, Content: event.Content{Parsed: &event.EncryptionEventContent{Algorithm: id.AlgorithmMegolmV1}},
		})
	}
	made, err := a.client.CreateRoom(ctx, &mautrix.ReqCreateRoom{
		Preset: "trusted_private_chat", Visibility: "private", IsDirect: true, Invite: []id.UserID{of}, InitialState: state,
	})
	if err != nil {
		return "", err
	}
	return made.RoomID, a.fetchState(ctx, made.RoomID)
}
