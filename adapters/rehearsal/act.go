package rehearsal

import (
	"fmt"
	"slices"
	"strings"

	"trellis/adapters/chat"
)

// Write is a person writing a line: in a room, or with no room to Trellis directly. In a room it is a command when it
// begins with Trellis's name or mentions it.
func (a *Adapter) Write(by chat.AccountID, in chat.RoomID, text string) (chat.MessageID, error) {
	return a.WriteUnder(by, in, "", text)
}

// WriteUnder is Write in a thread.
func (a *Adapter) WriteUnder(by chat.AccountID, in chat.RoomID, thread chat.MessageID, text string) (chat.MessageID, error) {
	a.mu.Lock()
	defer a.mu.Unlock()
	if in == "" {
		in = direct(by)
	}
	if err := a.mayWrite(by, in); err != nil {
		return "", err
	}
	m := &message{id: a.nextMessage(), room: in, from: by}
	a.timeline = append(a.timeline, m)
	a.show(Shown{Kind: Wrote, ID: m.id, Thread: thread, Room: in, From: by, Text: clean(text)})
	command, addressed := Addressed(text)
	switch {
	case addressed && !a.isDirect(in):
		a.happen(by, in, chat.Command{Message: m.id, Thread: thread, Text: command})
	default:
		a.happen(by, in, chat.Said{Message: m.id, Thread: thread, Text: text})
	}
	return m.id, nil
}

// Addressed tells whether a line in a room is meant for Trellis, and returns the line without its name.
func Addressed(line string) (string, bool) {
	const name = "trellis"
	line = strings.TrimSpace(line)
	first, rest, _ := strings.Cut(line, " ")
	if strings.EqualFold(strings.TrimRight(strings.TrimLeft(first, "/!@"), ":,"), name) {
		return strings.TrimSpace(rest), true
	}
	for at := 0; ; at++ {
		next := strings.IndexByte(line[at:], '@')
		if next < 0 {
			return "", false
		}
		at += next
		if after := line[at+1:]; len(after) >= len(name) && strings.EqualFold(after[:len(name)], name) {
			after = after[len(name):]
			if after == "" || strings.ContainsAny(after[:1], " \t:,.!?;") {
				return strings.TrimLeft(after, " \t:,"), true
			}
		}
	}
}

// Edit is a person changing the newest message of theirs.
func (a *Adapter) Edit(by chat.AccountID, in chat.RoomID, text string) error {
	a.mu.Lock()
	defer a.mu.Unlock()
	m := a.newest(by, in, func(m *message) bool { return m.from == by })
	if m == nil {
		return fmt.Errorf("%s wrote nothing%s that could be edited", by, inRoom(in))
	}
	a.show(Shown{Kind: Wrote, ID: a.nextMessage(), Edits: m.id, Room: m.room, From: by, Text: clean(text)})
	e := chat.Edited{Message: m.id, Text: text}
	if command, ok := Addressed(text); ok && !a.isDirect(m.room) {
		e.Text, e.Addressed = command, true
	}
	a.happen(by, m.room, e)
	return nil
}

// Delete is a person taking away the newest message of theirs.
func (a *Adapter) Delete(by chat.AccountID, in chat.RoomID) error {
	a.mu.Lock()
	defer a.mu.Unlock()
	m := a.newest(by, in, func(m *message) bool { return m.from == by })
	if m == nil {
		return fmt.Errorf("%s wrote nothing%s that could be deleted", by, inRoom(in))
	}
	a.timeline = slices.DeleteFunc(a.timeline, func(o *message) bool { return o == m })
	a.show(Shown{Kind: TookBack, Room: m.room, From: by, Edits: m.id})
	a.happen(by, m.room, chat.Deleted{Message: m.id})
	return nil
}

// React is a person putting an emoji, by its name, under the newest message that they see.
func (a *Adapter) React(by chat.AccountID, in chat.RoomID, key string) error {
	a.mu.Lock()
	defer a.mu.Unlock()
	m := a.newest(by, in, func(*message) bool { return true })
	if m == nil {
		return fmt.Errorf("%s sees no message%s to react to", by, inRoom(in))
	}
	a.show(Shown{Kind: Reacted, Room: m.room, Only: m.only, From: by, Edits: m.id, Text: ":" + key + ":"})
	a.happen(by, m.room, chat.Reacted{Message: m.id, Key: key})
	return nil
}

// Press is a person taking the choice with this label, or this English name, on the newest message that they see with
// it; in a room only that room's. Where a message has it twice, the first is taken.
func (a *Adapter) Press(by chat.AccountID, in chat.RoomID, label string) error {
	a.mu.Lock()
	defer a.mu.Unlock()
	var chosen chat.Choice
	m := a.newest(by, in, func(m *message) bool {
		at := slices.IndexFunc(m.choices, func(c chat.Choice) bool { return c.Label == label })
		if at < 0 {
			at = slices.IndexFunc(m.choices, func(c chat.Choice) bool { return c.Name == label })
		}
		if at >= 0 {
			chosen = m.choices[at]
		}
		return at >= 0
	})
	if m == nil {
		return fmt.Errorf("%s sees no button %q%s; %s", by, label, inRoom(in), a.labels(by, in))
	}
	a.press(by, m, chosen)
	return nil
}

// PressOn is Press on one message.
func (a *Adapter) PressOn(by chat.AccountID, id chat.MessageID, label string) error {
	a.mu.Lock()
	defer a.mu.Unlock()
	m := a.newest(by, "", func(m *message) bool { return m.id == id })
	if m != nil {
		for _, c := range m.choices {
			if c.Label == label || c.Name == label {
				a.press(by, m, c)
				return nil
			}
		}
	}
	return fmt.Errorf("%s sees no button %q on %s", by, label, id)
}

func (a *Adapter) press(by chat.AccountID, m *message, c chat.Choice) {
	a.show(Shown{Kind: Pressed, Room: m.room, Only: m.only, From: by, Edits: m.id, Text: clean(c.Label)})
	a.happen(by, m.room, chat.Pressed{Message: m.id, Value: c.Value})
}

// newest returns the newest message that a person sees and that fits; in a room when one is named.
func (a *Adapter) newest(by chat.AccountID, in chat.RoomID, fits func(*message) bool) *message {
	for _, m := range slices.Backward(a.timeline) {
		if (in == "" || m.room == in) && a.in(by, m.room) && (m.only == "" || m.only == by) && fits(m) {
			return m
		}
	}
	return nil
}

// labels says which buttons a person could have meant, those of the newest message first.
func (a *Adapter) labels(by chat.AccountID, in chat.RoomID) string {
	var seen []string
	a.newest(by, in, func(m *message) bool {
		for _, c := range m.choices {
			if label := fmt.Sprintf("%q", c.Label); !slices.Contains(seen, label) {
				seen = append(seen, label)
			}
		}
		return false
	})
	if len(seen) == 0 {
		return "there is none at all"
	}
	return "there are " + strings.Join(seen, ", ")
}

func inRoom(id chat.RoomID) string {
	if id == "" {
		return ""
	}
	return " in " + string(id)
}
