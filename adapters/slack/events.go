package slack

import (
	"context"
	"strconv"
	"strings"
	"time"

	"trellis/adapters/chat"
)

// arrival is one thing that Slack told, on its way to the engine.
type arrival struct {
	w      *workspace
	events []chat.Event
	keep   []chat.Record
	user   string    // who acted; what the engine is told of them is looked up
	came   time.Time // a trigger lives from then on
	// What can be answered at once: a modal is opened by the trigger, an open one says what is wrong.
	trigger string
	form    *openForm // that was sent off
	then    func()    // after the commit
}

// one makes an arrival of one event.
func (a *Adapter) one(w *workspace, user string, e chat.Event) arrival {
	if e.By.Account == "" && user != "" {
		e.By.Account = accountID(w.team, user)
	}
	return arrival{w: w, user: user, events: []chat.Event{e}, came: time.Now()}
}

// eventArrived reads an event. One that means nothing to Trellis makes an arrival without events, which is acknowledged.
func (a *Adapter) eventArrived(_ context.Context, e envelope) (arrival, error) {
	w := a.workspace(e.team())
	if w == nil {
		return arrival{}, nil // it was removed meanwhile
	}
	v := &e.Event
	if e.Type != "event_callback" {
		if e.Type == "app_rate_limited" {
			a.log.Warn("Slack holds events back, for there are too many", "workspace", w.team)
		}
		return arrival{}, nil
	}
	at := time.Unix(e.EventTime, 0)
	if t, ok := instant(v.EventTS); ok {
		at = t
	}
	id := eventID(w.team, "e", e.EventID)
	room, direct := a.roomOf(w, v.Channel.ID, v.User.ID)
	told := func(what chat.Happening) chat.Event {
		return chat.Event{ID: id, At: at, Room: room, Direct: direct, What: what}
	}
	switch v.Type {
	case "message", "app_mention":
		return a.messageArrived(w, v, at), nil
	case "reaction_added", "reaction_removed":
		if v.Item.Type != "message" || w.own(v.User.ID, "") {
			return arrival{}, nil
		}
		room, direct = a.roomOf(w, v.Item.Channel, v.User.ID)
		key, _, _ := strings.Cut(v.Reaction, "::") // +1::skin-tone-3
		return a.one(w, v.User.ID, told(chat.Reacted{
			Message: messageID(w.team, v.Item.Channel, v.Item.TS), Key: key, Removed: v.Type == "reaction_removed",
		})), nil
	case "user_change":
		if v.User.Full == nil || v.User.Full.Bot {
			return arrival{}, nil
		}
		a.people.learn(w, *v.User.Full)
		changed := told(chat.Changed{})
		changed.Room, changed.Direct, changed.By = "", false, w.profile(*v.User.Full)
		return a.one(w, "", changed), nil
	case "dnd_updated_user":
		if v.DND != nil {
			a.people.disturb(accountID(w.team, v.User.ID), *v.DND)
		}
		return arrival{}, nil
	case "app_home_opened":
		if v.Tab != "" && v.Tab != "home" {
			return arrival{}, nil
		}
		arrived := a.one(w, v.User.ID, told(chat.Opened{}))
		arrived.then = func() { a.home.watch(accountID(w.team, v.User.ID)) }
		return arrived, nil
	case "app_uninstalled", "tokens_revoked":
		return a.uninstalled(w, v, id, at), nil
	}
	return a.roomArrived(w, v, told), nil
}

// roomOf is the room of a channel; a direct one belongs to who acted there, since nobody else can.
func (a *Adapter) roomOf(w *workspace, channel, user string) (chat.RoomID, bool) {
	switch {
	case channel == "":
		return "", false
	case strings.HasPrefix(channel, "D"):
		return directID(w.team, user), true
	}
	return roomID(w.team, channel), false
}

// messageArrived reads what was written, edited or deleted. Slack sends one message under several event IDs, and one
// with a mention as two kinds of event, so it is known by channel and ts.
func (a *Adapter) messageArrived(w *workspace, v *event, at time.Time) arrival {
	channel := v.Channel.ID
	switch v.Subtype {
	case "message_changed":
		m := v.Message
		if m == nil || m.Edited == nil || w.own(m.User, m.BotID) || v.Previous != nil && v.Previous.Text == m.Text {
			return arrival{} // a link's picture, not the text
		}
		text, ours := addressed(m.Text, w.botUser())
		room, direct := a.roomOf(w, channel, m.User)
		return a.one(w, m.User, chat.Event{
			ID: eventID(w.team, "edit", channel, m.TS, m.Edited.TS), At: at, Room: room, Direct: direct,
			What: chat.Edited{Message: messageID(w.team, channel, m.TS), Text: typed(w.team, text), Addressed: ours || direct},
		})
	case "message_deleted":
		m := v.Previous
		if m == nil || w.own(m.User, m.BotID) {
			return arrival{}
		}
		room, direct := a.roomOf(w, channel, m.User)
		return a.one(w, m.User, chat.Event{
			ID: eventID(w.team, "delete", channel, v.DeletedTS), At: at, Room: room, Direct: direct,
			What: chat.Deleted{Message: messageID(w.team, channel, v.DeletedTS)},
		})
	case "", "file_share", "me_message", "thread_broadcast":
	default:
		return arrival{} // what Slack itself says: who joined, what was pinned
	}
	if w.own(v.User.ID, v.BotID) {
		return arrival{}
	}
	room, direct := a.roomOf(w, channel, v.User.ID)
	e := chat.Event{ID: eventID(w.team, "m", channel, v.TS), At: at, Room: room, Direct: direct}
	id, thread := messageID(w.team, channel, v.TS), chat.MessageID("")
	if v.ThreadTS != "" && v.ThreadTS != v.TS {
		thread = messageID(w.team, channel, v.ThreadTS)
	}
	text, ours := addressed(v.Text, w.botUser())
	text = strings.TrimSpace(typed(w.team, text))
	switch {
	case ours && !direct:
		e.What = chat.Command{Message: id, Thread: thread, Text: text}
	case v.Type == "app_mention":
		return arrival{} // of another app's name for the same user
	default:
		e.What = chat.Said{Message: id, Thread: thread, Text: text}
	}
	return a.one(w, v.User.ID, e)
}

// instant reads a ts, seconds and microseconds with a point between. It is only ever for people to read.
func instant(ts string) (time.Time, bool) {
	whole, part, _ := strings.Cut(ts, ".")
	seconds, err := strconv.ParseInt(whole, 10, 64)
	if err != nil {
		return time.Time{}, false
	}
	micros, err := strconv.ParseInt((part + "000000")[:6], 10, 64)
	return time.Unix(seconds, micros*1000), err == nil
}
