package slack

import (
	"context"
	"encoding/json"
	"fmt"
	"strings"
	"time"

	slackgo "github.com/slack-go/slack"

	"trellis/adapters/chat"
)

// place is a room that Trellis is in, as it is kept.
type place struct {
	Name   string
	Shared bool `json:",omitempty"`
}

// entering is a room that Trellis was brought into, until who is there is known: finding out takes longer than Slack
// waits for an acknowledgement.
type entering struct {
	ID chat.EventID
	At time.Time
	By string `json:",omitempty"` // the user who did it
}

const (
	roomRecord     = "room/"
	enteringRecord = "entering/"
)

// roomArrived reads what became of a room, or of who is in it.
func (a *Adapter) roomArrived(w *workspace, v *event, told func(chat.Happening) chat.Event) arrival {
	room := roomID(w.team, v.Channel.ID)
	gone := func(reason string) arrival {
		e := told(chat.Removed{Reason: reason})
		e.Room, e.Direct = room, false
		arrived := a.one(w, v.User.ID, e)
		if w.own(v.User.ID, "") {
			arrived = a.one(w, "", e)
		}
		if reason == "is_archived" { // Trellis stays in it, and it may be opened again
			return arrived
		}
		arrived.keep = []chat.Record{{Name: roomRecord + string(room)}, {Name: enteringRecord + string(room)}}
		arrived.then = func() { a.forgetRoom(room) }
		return arrived
	}
	switch v.Type {
	case "member_joined_channel":
		if !w.own(v.User.ID, "") {
			return a.one(w, v.User.ID, told(chat.Joined{}))
		}
		e := told(nil)
		note, err := json.Marshal(entering{ID: e.ID, At: e.At, By: v.Inviter})
		if err != nil {
			return arrival{}
		}
		r := chat.Record{Name: enteringRecord + string(room), Value: note}
		return arrival{w: w, keep: []chat.Record{r}, then: func() { a.enterLater(r) }}
	case "member_left_channel":
		if w.own(v.User.ID, "") {
			return gone("removed")
		}
		return a.one(w, v.User.ID, told(chat.Left{}))
	case "channel_left", "group_left":
		return gone("removed")
	case "channel_archive", "group_archive":
		return gone("is_archived")
	case "channel_deleted", "group_deleted":
		return gone("channel_not_found")
	case "channel_unarchive", "group_unarchive":
		return a.one(w, v.User.ID, told(chat.Reachable{}))
	case "channel_rename", "group_rename":
		arrived := a.one(w, "", told(chat.Renamed{Name: v.Channel.Name}))
		arrived.keep = a.keepRoom(room, func(p *place) { p.Name = v.Channel.Name })
		return arrived
	case "channel_id_changed":
		e := told(chat.Moved{To: roomID(w.team, v.New)})
		e.Room, e.Direct = roomID(w.team, v.Old), false
		arrived := a.one(w, "", e)
		a.mu.Lock()
		p, known := a.rooms[e.Room]
		a.mu.Unlock()
		if known {
			if value, err := json.Marshal(p); err == nil {
				arrived.keep = []chat.Record{{Name: roomRecord + string(e.Room)}, {Name: roomRecord + string(roomID(w.team, v.New)), Value: value}}
			}
			arrived.then = func() { a.moveRoom(e.Room, roomID(w.team, v.New)) }
		}
		return arrived
	}
	return arrival{}
}

func (a *Adapter) forgetRoom(room chat.RoomID) {
	a.mu.Lock()
	defer a.mu.Unlock()
	delete(a.rooms, room)
}

func (a *Adapter) moveRoom(from, to chat.RoomID) {
	a.mu.Lock()
	defer a.mu.Unlock()
	a.rooms[to] = a.rooms[from]
	delete(a.rooms, from)
}

// keepRoom changes what is known of a room that Trellis is in.
func (a *Adapter) keepRoom(room chat.RoomID, change func(*place)) []chat.Record {
	a.mu.Lock()
	defer a.mu.Unlock()
	was := a.rooms[room]
	if was == nil {
		return nil
	}
	now := *was
	change(&now)
	value, err := json.Marshal(now)
	if err != nil {
		return nil
	}
	a.rooms[room] = &now
	return []chat.Record{{Name: roomRecord + string(room), Value: value}}
}

// enterLater finds out who is in a room.
func (a *Adapter) enterLater(r chat.Record) {
	if run := a.run.Load(); run != nil {
		run.start(func() { a.enter(run.ctx, r) })
	}
}

// enterRooms goes on with what was left over, and finds the rooms that Trellis was brought into while it was away.
func (a *Adapter) enterRooms(ctx context.Context, kept map[string][]byte) {
	for name, value := range kept {
		if strings.HasPrefix(name, enteringRecord) {
			a.enter(ctx, chat.Record{Name: name, Value: value})
		}
	}
	for _, w := range a.all() {
		if err := a.findRooms(ctx, w); err != nil && ctx.Err() == nil {
			a.log.Warn("the rooms that Trellis is in cannot be listed; a room that it joined while it was away is met at the first command there",
				"workspace", w.team, "error", plain(err))
		}
	}
}

func (a *Adapter) findRooms(ctx context.Context, w *workspace) error {
	for cursor := ""; ; {
		page, next, err := w.api().GetConversationsForUserContext(ctx, &slackgo.GetConversationsForUserParameters{
			Cursor: cursor, Types: []string{"public_channel", "private_channel"}, Limit: 200, ExcludeArchived: true,
		})
		if err != nil {
			return err
		}
		for _, c := range page {
			room := roomID(w.team, c.ID)
			a.mu.Lock()
			_, known := a.rooms[room]
			a.mu.Unlock()
			if known {
				continue
			}
			now := time.Now()
			note, err := json.Marshal(entering{ID: eventID(w.team, "found", c.ID, fmt.Sprint(now.UnixNano())), At: now})
			if err != nil {
				return err
			}
			a.enter(ctx, chat.Record{Name: enteringRecord + string(room), Value: note})
		}
		if cursor = next; cursor == "" {
			return nil
		}
	}
}

// most is how many people of a room are told of when Trellis comes; the others are met when they act.
const most = 1000

// enter tells the engine of a room, once it is known who is there. It tries until it is told.
func (a *Adapter) enter(ctx context.Context, r chat.Record) {
	var note entering
	if json.Unmarshal(r.Value, &note) != nil {
		return
	}
	room := chat.RoomID(strings.TrimPrefix(r.Name, enteringRecord))
	team, channel, _ := split(room)
	for pause := time.Second; ctx.Err() == nil; pause = min(2*pause, 5*time.Minute) {
		w := a.workspace(team)
		if w == nil {
			return
		}
		invited, err := a.whoIsThere(ctx, w, channel)
		if err == nil {
			e := chat.Event{ID: note.ID, At: note.At, Room: room, What: invited}
			if note.By != "" {
				e.By = a.people.of(ctx, w, note.By).Profile
			}
			p := place{Name: invited.Name, Shared: invited.Shared}
			value, _ := json.Marshal(p)
			run := a.run.Load()
			if run == nil {
				return
			}
			_, err = run.in.Accept(ctx, chat.Batch{
				Events: []chat.Event{e}, Keep: []chat.Record{{Name: r.Name}, {Name: roomRecord + string(room), Value: value}},
			})
			if err == nil {
				a.mu.Lock()
				a.rooms[room] = &p
				a.mu.Unlock()
				return
			}
		}
		if isFinal(err) {
			a.log.Warn("a room that Trellis was brought into cannot be looked at", "room", room, "error", plain(err))
			return
		}
		wait(ctx, max(pause, retryAfter(err)))
	}
}

func (a *Adapter) whoIsThere(ctx context.Context, w *workspace, channel string) (chat.Invited, error) {
	c, err := w.api().GetConversationInfoContext(ctx, &slackgo.GetConversationInfoInput{ChannelID: channel})
	if err != nil {
		return chat.Invited{}, fmt.Errorf("read channel: %w", err)
	}
	invited := chat.Invited{Name: c.Name, Shared: c.IsExtShared}
	for cursor := ""; ; {
		page, next, err := w.api().GetUsersInConversationContext(ctx, &slackgo.GetUsersInConversationParameters{ChannelID: channel, Cursor: cursor, Limit: 200})
		if err != nil {
			return chat.Invited{}, fmt.Errorf("read members: %w", err)
		}
		for _, u := range page {
			if p := a.people.of(ctx, w, u); !p.bot && !w.own(u, "") && len(invited.People) < most {
				invited.People = append(invited.People, p.Profile)
			}
		}
		if cursor = next; cursor == "" || len(invited.People) >= most {
			return invited, nil
		}
	}
}
