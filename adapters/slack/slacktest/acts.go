package slacktest

import (
	"fmt"
	"slices"
	"strings"
	"time"
)

// What people do is on Slack when its method returns; the app hears of it afterwards. A channel "" is somebody's direct
// messages with the app.

func (w *Workspace) where(user, id string) *channel {
	if id == "" {
		return w.direct(user)
	}
	return w.room(id)
}

// encode is what a client makes of what somebody types: @names become mentions.
func (w *Workspace) encode(text string) string {
	text = strings.NewReplacer("&", "&amp;", "<", "&lt;", ">", "&gt;").Replace(text)
	for id, p := range w.people {
		if p.Name != "" {
			text = strings.ReplaceAll(text, "@"+p.Name+" ", "<@"+id+"> ")
			if rest, ok := strings.CutSuffix(text, "@"+p.Name); ok {
				text = rest + "<@" + id + ">"
			}
		}
	}
	return text
}

// Write is somebody writing a line; it returns its ts.
func (w *Workspace) Write(user, in, thread, text string) string {
	w.s.mu.Lock()
	defer w.s.mu.Unlock()
	ch := w.where(user, in)
	m := &message{ts: w.s.ts(), thread: thread, user: user, text: w.encode(text)}
	ch.messages = append(ch.messages, m)
	e := object{"type": "message", "user": user, "text": m.text, "ts": m.ts, "event_ts": m.ts, "channel": ch.ID, "team": w.ID}
	if thread != "" {
		e["thread_ts"] = thread
	}
	if ch.direct != "" {
		e["channel_type"] = "im"
		w.event(e, "")
	} else if strings.Contains(m.text, "<@"+w.Bot+">") && slices.Contains(ch.members, w.Bot) {
		e["type"] = "app_mention"
		w.event(e, "")
	}
	return m.ts
}

// Edit is somebody changing what they wrote.
func (w *Workspace) Edit(user, in, ts, text string) {
	w.s.mu.Lock()
	defer w.s.mu.Unlock()
	ch := w.where(user, in)
	m := ch.find(ts)
	before := m.text
	m.text, m.edited = w.encode(text), true
	if ch.direct == "" {
		return // the app is told of its direct messages alone
	}
	now := w.s.ts()
	w.event(object{
		"type": "message", "subtype": "message_changed", "hidden": true, "channel": ch.ID, "channel_type": "im", "ts": now, "event_ts": now,
		"message":          object{"type": "message", "user": user, "text": m.text, "ts": ts, "edited": object{"user": user, "ts": now}},
		"previous_message": object{"type": "message", "user": user, "text": before, "ts": ts},
	}, "")
}

// Delete is somebody taking a message away: their own, or as an administrator any.
func (w *Workspace) Delete(user, in, ts string) {
	w.s.mu.Lock()
	defer w.s.mu.Unlock()
	ch := w.where(user, in)
	m := ch.find(ts)
	m.gone = true
	if ch.direct == "" {
		return
	}
	now := w.s.ts()
	w.event(object{
		"type": "message", "subtype": "message_deleted", "hidden": true, "channel": ch.ID, "channel_type": "im", "ts": now, "event_ts": now,
		"deleted_ts": ts, "previous_message": object{"type": "message", "user": m.user, "text": m.text, "ts": ts},
	}, "")
}

// React is somebody putting an emoji under a message.
func (w *Workspace) React(user, in, ts, name string) {
	w.s.mu.Lock()
	defer w.s.mu.Unlock()
	ch := w.where(user, in)
	m := ch.find(ts)
	w.event(object{
		"type": "reaction_added", "user": user, "reaction": name, "item_user": m.user, "event_ts": w.s.ts(),
		"item": object{"type": "message", "channel": ch.ID, "ts": ts},
	}, "")
}

// Join brings somebody into a channel, the app itself too; by is who did it.
func (w *Workspace) Join(user, in, by string) {
	w.s.mu.Lock()
	defer w.s.mu.Unlock()
	ch := w.room(in)
	if !slices.Contains(ch.members, user) {
		ch.members = append(ch.members, user)
	}
	w.event(object{
		"type": "member_joined_channel", "user": user, "channel": in, "channel_type": "C", "team": w.ID, "inviter": by, "event_ts": w.s.ts(),
	}, "")
}

// Leave takes somebody out of a channel, the app itself too.
func (w *Workspace) Leave(user, in string) {
	w.s.mu.Lock()
	defer w.s.mu.Unlock()
	ch := w.room(in)
	ch.members = slices.DeleteFunc(ch.members, func(m string) bool { return m == user })
	e := object{"type": "member_left_channel", "user": user, "channel": in, "channel_type": "C", "team": w.ID, "event_ts": w.s.ts()}
	if user == w.Bot {
		e = object{"type": "channel_left", "channel": in, "actor_id": "", "event_ts": w.s.ts()}
	}
	w.event(e, "")
}

// Archive archives a channel, or opens it again.
func (w *Workspace) Archive(user, in string, archived bool) {
	w.s.mu.Lock()
	defer w.s.mu.Unlock()
	w.room(in).Archived = archived
	w.event(object{"type": map[bool]string{true: "channel_archive", false: "channel_unarchive"}[archived], "channel": in, "user": user, "event_ts": w.s.ts()}, "")
}

// Rename gives a channel another name.
func (w *Workspace) Rename(in, name string) {
	w.s.mu.Lock()
	defer w.s.mu.Unlock()
	w.room(in).Name = name
	w.event(object{"type": "channel_rename", "channel": object{"id": in, "name": name, "created": 1}, "event_ts": w.s.ts()}, "")
}

// ChangeID lets a channel go on under another ID.
func (w *Workspace) ChangeID(from, to string) {
	w.s.mu.Lock()
	defer w.s.mu.Unlock()
	ch := w.room(from)
	delete(w.channels, from)
	ch.ID = to
	w.channels[to] = ch
	w.event(object{"type": "channel_id_changed", "old_channel_id": from, "new_channel_id": to, "event_ts": w.s.ts()}, "")
}

// Uninstall removes the app from the workspace: both events that Slack sends come.
func (w *Workspace) Uninstall() {
	w.s.mu.Lock()
	defer w.s.mu.Unlock()
	w.revoked = "account_inactive"
	w.event(object{"type": "tokens_revoked", "tokens": object{"oauth": []string{}, "bot": []string{w.Bot}}, "event_ts": w.s.ts()}, "")
	w.event(object{"type": "app_uninstalled", "event_ts": w.s.ts()}, "")
}

// OpenHome is somebody opening the app's Home tab.
func (w *Workspace) OpenHome(user string) {
	w.s.mu.Lock()
	defer w.s.mu.Unlock()
	w.event(object{"type": "app_home_opened", "user": user, "channel": w.direct(user).ID, "tab": "home", "event_ts": w.s.ts()}, "")
}

// Home is what stands on somebody's Home tab; nil: nothing.
func (w *Workspace) Home(user string) *View {
	w.s.mu.Lock()
	defer w.s.mu.Unlock()
	return w.homes[user]
}

// Modal is what is open for somebody; nil: nothing.
func (w *Workspace) Modal(user string) *View {
	w.s.mu.Lock()
	defer w.s.mu.Unlock()
	return w.views[user]
}

// trigger is called with s.mu held.
func (w *Workspace) trigger(user string) string {
	id := fmt.Sprintf("%d.%s.%s", w.s.number(), w.ID, user)
	w.s.triggers[id] = &trigger{user: user, w: w, at: time.Now()}
	return id
}

func (w *Workspace) who(user string) object {
	return object{"id": user, "team_id": w.ID, "username": user, "name": user}
}

// Slash is somebody using the app's command; it waits for the acknowledgement and tells whether it came.
func (w *Workspace) Slash(user, in, text string) bool {
	w.s.mu.Lock()
	ch := w.where(user, in)
	e := w.s.send(&envelope{kind: "slash_commands", once: true, w: w, payload: object{
		"command": "/trellis", "text": w.encode(text), "team_id": w.ID, "channel_id": ch.ID, "channel_name": ch.Name, "user_id": user,
		"trigger_id": w.trigger(user), "api_app_id": AppID, "is_enterprise_install": "false",
	}})
	w.s.mu.Unlock()
	return w.s.heard(e)
}

// heard waits until an envelope is acknowledged or given up.
func (s *Server) heard(e *envelope) bool {
	select {
	case <-e.over:
	case <-s.done:
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	return e.acked
}

// Press is somebody pressing a button of a message, with this label; it waits for the acknowledgement.
func (w *Workspace) Press(user, in, ts, label string) bool {
	w.s.mu.Lock()
	ch := w.where(user, in)
	m := ch.find(ts)
	b := button(m.blocks, label)
	if b == nil || !m.seenBy(user) {
		w.s.mu.Unlock()
		panic(fmt.Sprintf("slacktest: %s sees no button %q on %s", user, label, ts))
	}
	e := w.s.send(&envelope{kind: "interactive", once: true, w: w, payload: object{
		"type": "block_actions", "user": w.who(user), "team": object{"id": w.ID, "domain": "test"}, "api_app_id": AppID,
		"trigger_id": w.trigger(user), "channel": object{"id": ch.ID, "name": ch.Name}, "enterprise": nil, "is_enterprise_install": false,
		"container":    object{"type": "message", "message_ts": ts, "channel_id": ch.ID, "is_ephemeral": m.only != ""},
		"message":      object{"type": "message", "user": m.user, "ts": ts, "text": m.text, "blocks": m.blocks, "app_id": AppID},
		"response_url": "https://hooks.slack.com/actions/test",
		"actions":      []object{{"action_id": b["action_id"], "block_id": "b", "text": b["text"], "value": b["value"], "type": "button", "action_ts": w.s.ts()}},
	}})
	w.s.mu.Unlock()
	return w.s.heard(e)
}

// PressHome is somebody pressing a button on their Home tab.
func (w *Workspace) PressHome(user, label string) bool {
	w.s.mu.Lock()
	blocks, _ := w.homes[user].Raw["blocks"].([]any)
	b := button(blocks, label)
	if b == nil {
		w.s.mu.Unlock()
		panic(fmt.Sprintf("slacktest: %s sees no button %q on their Home tab", user, label))
	}
	e := w.s.send(&envelope{kind: "interactive", once: true, w: w, payload: object{
		"type": "block_actions", "user": w.who(user), "team": object{"id": w.ID}, "api_app_id": AppID, "trigger_id": w.trigger(user),
		"container": object{"type": "view", "view_id": w.homes[user].ID}, "view": object{"id": w.homes[user].ID, "type": "home", "private_metadata": ""},
		"actions": []object{{"action_id": b["action_id"], "value": b["value"], "type": "button", "action_ts": w.s.ts()}},
	}})
	w.s.mu.Unlock()
	return w.s.heard(e)
}

func button(blocks []any, label string) object {
	for _, b := range blocks {
		elements, _ := b.(object)["elements"].([]any)
		for _, e := range elements {
			e, _ := e.(object)
			if text, ok := e["text"].(object); ok && e["type"] == "button" && text["text"] == label {
				return e
			}
		}
	}
	return nil
}

// Shortcut is somebody using a message shortcut.
func (w *Workspace) Shortcut(user, in, ts, callback string) bool {
	w.s.mu.Lock()
	ch := w.where(user, in)
	m := ch.find(ts)
	e := w.s.send(&envelope{kind: "interactive", once: true, w: w, payload: object{
		"type": "message_action", "callback_id": callback, "trigger_id": w.trigger(user), "user": w.who(user), "team": object{"id": w.ID},
		"channel": object{"id": ch.ID, "name": ch.Name}, "message_ts": ts, "message": object{"type": "message", "user": m.user, "ts": ts, "text": m.text},
	}})
	w.s.mu.Unlock()
	return w.s.heard(e)
}

// Acknowledged waits until all that people did has been taken in by the app, or given up.
func (s *Server) Acknowledged() {
	for {
		s.mu.Lock()
		if len(s.waiting) == 0 {
			s.mu.Unlock()
			return
		}
		e := s.waiting[0]
		s.mu.Unlock()
		select {
		case <-e.over:
		case <-s.done:
			return
		}
	}
}

// Sees finds the newest message that somebody has before them with a button whose label matches: in their rooms and direct
// messages, or only in one channel. It returns the label, too; empty: there is none.
func (w *Workspace) Sees(user, in string, matches func(label string) bool) (channel, ts, label string) {
	w.s.mu.Lock()
	defer w.s.mu.Unlock()
	for id, ch := range w.channels {
		if !slices.Contains(ch.members, user) || in != "" && id != in {
			continue
		}
		for _, m := range ch.messages {
			if !m.seenBy(user) || m.ts <= ts {
				continue
			}
			_, labels := reader{}.blocks(m.blocks)
			if i := slices.IndexFunc(labels, matches); i >= 0 {
				channel, ts, label = id, m.ts, labels[i]
			}
		}
	}
	return channel, ts, label
}
