package matrix

import (
	"errors"
	"strings"
	"time"

	"maunium.net/go/mautrix/event"
	"maunium.net/go/mautrix/id"

	"trellis/adapters/chat"
)

// look makes events of one event of a room.
func (d *draft) look(in id.RoomID, e *event.Event) error {
	if e.StateKey != nil {
		return d.stateChanged(in, e)
	}
	if e.Sender == d.client.UserID || e.Unsigned.RedactedBecause != nil {
		return nil // our own words, or nothing any more
	}
	switch e.Type {
	case event.EventEncrypted:
		return d.decrypted(in, e)
	case event.EventMessage:
		encrypted, err := d.state.IsEncrypted(d.ctx, in)
		if err != nil {
			return err
		}
		if encrypted {
			// The server could have put it there; who writes in an encrypted room encrypts.
			d.log.Info("matrix: a message in clear in an encrypted room is not acted upon", "event", e.ID)
			return nil
		}
		return d.message(in, e)
	case event.EventReaction:
		return d.reacted(in, e)
	case event.EventRedaction:
		d.redacted(in, e)
	}
	return nil
}

// add hands over that something happened.
func (d *draft) add(in id.RoomID, e *event.Event, suffix string, by id.UserID, what chat.Happening) {
	r := d.kept.rooms[in]
	of := chat.Event{
		ID: chat.EventID(string(e.ID) + suffix), At: time.UnixMilli(e.Timestamp), Room: chat.RoomID(in), Direct: r.Direct != "", What: what,
	}
	if by != "" {
		of.By = d.profile(in, by)
	}
	d.batch.Events = append(d.batch.Events, of)
}

// profile is a person as they are known in a room.
func (a *draft) profile(in id.RoomID, of id.UserID) chat.Profile {
	p := chat.Profile{Account: chat.AccountID(of)}
	if m, err := a.state.TryGetMember(a.ctx, in, of); err == nil && m != nil {
		p.Name = chat.Clean(m.Displayname)
	}
	if p.Name == "" {
		p.Name, _, _ = strings.Cut(strings.TrimPrefix(string(of), "@"), ":")
	}
	return p
}

// message takes in what a person wrote.
func (d *draft) message(in id.RoomID, e *event.Event) error {
	m, ok := e.Content.Parsed.(*event.MessageEventContent)
	if !ok || m.MsgType != event.MsgText && m.MsgType != event.MsgEmote {
		return nil // a notice is a bot's, and never answered
	}
	d.seen[in] = e.ID
	r := d.kept.rooms[in]
	if of := m.RelatesTo.GetReplaceID(); of != "" {
		return d.edited(in, e, of, m)
	}
	d.recent.wrote(e.ID, e.Sender)
	text := written(m)
	command, isCommand := addressed(text, d.client.UserID, d.names(in))
	if !isCommand && r.Direct != "" && d.fills(in, e, text) {
		return nil
	}
	if !isCommand {
		of, choice, err := d.typed(d.ctx, r, in, m, text)
		if err != nil {
			return err
		}
		if of != "" {
			d.add(in, e, "", e.Sender, chat.Pressed{Message: of, Value: choice.Value})
			return nil
		}
	}
	thread := m.RelatesTo.GetThreadParent()
	if thread == "" {
		thread = m.RelatesTo.GetReplyTo()
	}
	if isCommand {
		d.add(in, e, "", e.Sender, chat.Command{Message: chat.MessageID(e.ID), Thread: chat.MessageID(thread), Text: command})
	} else {
		d.add(in, e, "", e.Sender, chat.Said{Message: chat.MessageID(e.ID), Thread: chat.MessageID(thread), Text: text})
	}
	return nil
}

// names are what people type to speak to Trellis where their client makes no mention of it: the bot's display name and
// the local part of its ID.
func (d *draft) names(in id.RoomID) []string {
	local, _, _ := strings.Cut(string(d.client.UserID), ":")
	all := []string{string(d.client.UserID), local}
	if m, err := d.state.TryGetMember(d.ctx, in, d.client.UserID); err == nil && m != nil && m.Displayname != "" {
		all = append(all, "@"+m.Displayname, m.Displayname+":")
	}
	return append(all, strings.TrimPrefix(local, "@")+":")
}

// edited takes in a message that its author changed. The server has not checked that it is theirs.
func (d *draft) edited(in id.RoomID, e *event.Event, of id.EventID, m *event.MessageEventContent) error {
	if m.NewContent == nil {
		return nil
	}
	author, known := d.recent.author(of)
	if !known {
		original, err := d.client.GetEvent(d.ctx, in, of)
		if said, ok := answerOf(err); ok && said.status < 500 && !said.tooFast() {
			return nil // it is not there
		}
		if err != nil {
			return err
		}
		author = original.Sender
	}
	if author != e.Sender {
		return nil
	}
	m.NewContent.RelatesTo = nil
	what := chat.Edited{Message: chat.MessageID(of), Text: written(m.NewContent)}
	if command, ok := addressed(what.Text, d.client.UserID, d.names(in)); ok {
		what.Text, what.Addressed = command, true
	}
	d.add(in, e, "", e.Sender, what)
	return nil
}

// reacted takes in a reaction: a choice where it is one of those under a message of ours.
func (d *draft) reacted(in id.RoomID, e *event.Event) error {
	c, ok := e.Content.Parsed.(*event.ReactionEventContent)
	if !ok || c.RelatesTo.Type != event.RelAnnotation || c.RelatesTo.EventID == "" {
		return nil
	}
	of, key := c.RelatesTo.EventID, bareKey(c.RelatesTo.Key)
	where, stands, err := d.store.stands(d.ctx, of)
	if err == nil && where == "" {
		d.Adapter.sending.Lock() // it may be one that is being sent: its choices are there when this is ours
		//nolint:staticcheck // waiting is all that is wanted
		d.Adapter.sending.Unlock()
		where, stands, err = d.store.stands(d.ctx, of)
	}
	if err != nil {
		return err
	}
	if choice, ok := stands.byKey(key); ok && where == in {
		d.add(in, e, "", e.Sender, chat.Pressed{Message: chat.MessageID(of), Value: choice.Value})
		return nil
	}
	d.recent.put(e.ID, reaction{of, key})
	d.add(in, e, "", e.Sender, chat.Reacted{Message: chat.MessageID(of), Key: key})
	return nil
}

// redacted takes in that something was taken away.
func (d *draft) redacted(in id.RoomID, e *event.Event) {
	of := e.Redacts
	if c, ok := e.Content.Parsed.(*event.RedactionEventContent); ok && of == "" {
		of = c.Redacts
	}
	if of == "" {
		return
	}
	if r, ok := d.recent.reaction(of); ok {
		d.add(in, e, "", e.Sender, chat.Reacted{Message: chat.MessageID(r.of), Key: r.key, Removed: true})
		return
	}
	delete(d.kept.parked, of)
	d.add(in, e, "", e.Sender, chat.Deleted{Message: chat.MessageID(of)})
}

// decrypted takes in an encrypted event, or parks it until its key is there.
func (d *draft) decrypted(in id.RoomID, e *event.Event) error {
	if d.cipher == nil {
		return nil
	}
	clear, err := d.cipher.decrypt(d.ctx, e)
	switch {
	case err == nil:
	case errors.Is(err, errNoKey):
		if _, there := d.kept.parked[e.ID]; !there && !d.first {
			d.park(in, e)
		}
		return nil
	default:
		d.log.Warn("matrix: an encrypted event cannot be read", "event", e.ID, "error", err)
		return nil
	}
	clear.RoomID = in
	if !d.cipher.trusted(clear) {
		d.log.Info("matrix: a message is of a device that its owner has not signed, and is not acted upon", "event", e.ID)
		d.tell(in, e.Sender, "matrix.untrusted", "untrusted-"+string(e.ID))
		return nil
	}
	switch clear.Type.Type {
	case event.EventMessage.Type:
		return d.message(in, clear)
	case event.EventReaction.Type:
		return d.reacted(in, clear)
	}
	return nil
}
