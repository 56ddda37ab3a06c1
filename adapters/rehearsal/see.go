package rehearsal

import (
	"fmt"
	"slices"
	"time"

	"trellis/adapters/chat"
)

// Kind says what a line of the log is.
type Kind int

// Kinds of line.
const (
	Told      Kind = iota // by Trellis
	Opened                // a form, by Trellis
	Corrected             // what is wrong with what was filled in, by Trellis
	Wrote
	Pressed
	Filled
	PutAway // a form
	Reacted
	TookBack // a message
	Came
	Went
)

// Shown is one line of the log: something that somebody did or was shown.
type Shown struct {
	Kind   Kind
	ID     chat.MessageID // of this line, where it is a message
	Edits  chat.MessageID // the message that it changes, or is about
	Thread chat.MessageID
	At     time.Time
	Room   chat.RoomID
	// Only is who alone sees it.
	Only    chat.AccountID
	From    chat.AccountID // empty: Trellis
	Text    string         // without anything that a terminal would act on
	Choices []string       // labels
	Content chat.Message   // as it was handed over, of what was Told
	Form    *chat.Form     // likewise, of what was Opened; not to be changed
}

// ByTrellis tells whether Trellis said it.
func (s Shown) ByTrellis() bool { return s.From == "" }

// Private tells whether one person alone sees it, and who.
func (s Shown) Private() (chat.AccountID, bool) {
	if s.Only != "" {
		return s.Only, true
	}
	if of, ok := Direct(s.Room); ok {
		return of, true
	}
	return "", false
}

// Direct tells whose direct room it is.
func Direct(id chat.RoomID) (chat.AccountID, bool) {
	if len(id) > 1 && id[0] == '@' {
		return chat.AccountID(id[1:]), true
	}
	return "", false
}

// show adds a line to the log.
func (a *Adapter) show(s Shown) {
	s.At = a.now()
	a.log = append(a.log, s)
}

func (a *Adapter) nextMessage() chat.MessageID {
	a.messages++
	return chat.MessageID(fmt.Sprintf("m%d", a.messages))
}

// Log is what was done and shown from the line with number from on.
func (a *Adapter) Log(from int) []Shown {
	a.mu.Lock()
	defer a.mu.Unlock()
	return slices.Clone(a.log[min(from, len(a.log)):])
}

// Seen is what a person has before them in a room, or with no room in their direct room: each message as it stands
// now, oldest first.
func (a *Adapter) Seen(by chat.AccountID, in chat.RoomID) []Shown {
	a.mu.Lock()
	defer a.mu.Unlock()
	if in == "" {
		in = direct(by)
	}
	var seen []Shown
	for _, m := range a.timeline {
		if m.room != in || !a.in(by, in) || m.only != "" && m.only != by {
			continue
		}
		var now Shown
		for _, s := range a.log {
			if (s.ID == m.id || s.Edits == m.id) && (s.Kind == Told || s.Kind == Wrote) {
				thread := now.Thread
				now = s
				now.ID, now.Edits = m.id, ""
				if thread != "" {
					now.Thread = thread
				}
			}
		}
		seen = append(seen, now)
	}
	return seen
}
