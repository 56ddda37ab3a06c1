package slack

import (
	"encoding/json"
	"fmt"
	"strings"
	"time"

	"trellis/adapters/chat"
)

// commandArrived reads a slash command.
func (a *Adapter) commandArrived(s slash) arrival {
	w := a.workspace(s.team())
	if w == nil {
		return arrival{}
	}
	room, direct := a.roomOf(w, s.ChannelID, s.UserID)
	at := a.one(w, s.UserID, chat.Event{
		ID: eventID(w.team, "t", s.TriggerID), At: time.Now(), Room: room, Direct: direct,
		What: chat.Command{Text: strings.TrimSpace(typed(w.team, s.Text))},
	})
	at.trigger = s.TriggerID
	return at
}

// interactionArrived reads a click, a form, or a message shortcut. None of them has an event's ID, but a trigger is made once.
func (a *Adapter) interactionArrived(payload []byte) (arrival, error) {
	var i interaction
	if err := json.Unmarshal(payload, &i); err != nil {
		return arrival{}, fmt.Errorf("read interaction: %w", err)
	}
	w := a.workspace(i.team())
	if w == nil {
		return arrival{}, nil
	}
	switch i.Type {
	case "block_actions":
		return a.pressed(w, &i), nil
	case "view_submission":
		return a.submitted(w, &i), nil
	case "view_closed":
		return a.closed(w, &i), nil
	case "message_action":
		return a.shortcut(w, &i), nil
	}
	return arrival{}, nil
}

func (a *Adapter) pressed(w *workspace, i *interaction) arrival {
	if len(i.Actions) == 0 || i.Actions[0].Value == "" {
		return arrival{} // a link, or a picker that is read when its form is sent
	}
	channel := i.Container.ChannelID
	if channel == "" {
		channel = i.Channel.ID
	}
	room, direct := directID(w.team, i.User.ID), true // the Home tab is in private
	if channel != "" {
		room, direct = a.roomOf(w, channel, i.User.ID)
	}
	var on chat.MessageID
	if channel != "" && i.Container.MessageTS != "" {
		on = messageID(w.team, channel, i.Container.MessageTS)
	}
	at := a.one(w, i.User.ID, chat.Event{
		ID: eventID(w.team, "t", i.TriggerID), At: time.Now(), Room: room, Direct: direct,
		What: chat.Pressed{Message: on, Value: i.Actions[0].Value},
	})
	at.trigger = i.TriggerID
	return at
}

func (a *Adapter) submitted(w *workspace, i *interaction) arrival {
	if i.View == nil {
		return arrival{}
	}
	f := readForm(w, i)
	if f == nil {
		return arrival{}
	}
	room, direct := f.room(w, i.User.ID)
	e := chat.Event{ID: eventID(w.team, "t", i.TriggerID), At: time.Now(), Room: room, Direct: direct}
	if f.meta.Shortcut != "" {
		e.What = f.command(w)
	} else {
		e.What = chat.Filled{Value: f.meta.Value, Fields: f.fields}
	}
	at := a.one(w, i.User.ID, e)
	at.form = f
	return at
}

func (a *Adapter) closed(w *workspace, i *interaction) arrival {
	if i.View == nil {
		return arrival{}
	}
	f := readForm(w, i)
	if f == nil || f.meta.Shortcut != "" {
		return arrival{}
	}
	room, direct := f.room(w, i.User.ID)
	return a.one(w, i.User.ID, chat.Event{
		ID: eventID(w.team, "closed", i.View.ID), At: time.Now(), Room: room, Direct: direct, What: chat.Closed{Value: f.meta.Value},
	})
}
