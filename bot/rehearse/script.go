// Package rehearse plays a rehearsal: a session with invented people, written down as a text file, on the real
// engine, with a clock that moves only when it is told.
//
// How it works: Parse reads a file into steps. Play takes them in turn: a person's act goes to the platform in memory
// (adapters/rehearsal), the engine's core is stepped until nothing is left to handle or to send, and what people were
// shown is kept. Expectations look at what Trellis said since the last step that was none.
//
// What always holds: Parse is a pure function and tells every mistake of a file at once. The same file gives the same
// transcript. A crash leaves behind the store as it was at that instant, and the platform, which knows nothing of it.
//
// To test a flow with it, write a file and keep its transcript beside it; nothing here needs package testing.
package rehearse

import (
	"fmt"
	"strings"
	"time"

	"trellis/adapters/chat"
)

// Script is a rehearsal file that was read.
type Script struct {
	File  string
	Zone  *time.Location
	Steps []Step
}

// Step is one line of it.
type Step struct {
	Line int
	Do   Do
}

// Do is what a step does: exactly the types of this file.
type Do interface{ do() }

type (
	// At moves the clock to an instant.
	At struct{ Time time.Time }
	// Wait moves the clock on.
	Wait struct{ For time.Duration }
	// People are there from now on.
	People struct{ Profiles []chat.Profile }
	// Room is opened with these people. With Joins it becomes part of that room's group.
	Room struct {
		Room, Joins chat.RoomID
		People      []chat.AccountID
	}
	// Write is a line by somebody; with no room to Trellis directly.
	Write struct {
		By   chat.AccountID
		Room chat.RoomID
		Text string
	}
	// Press takes a choice; with a room, one in that room.
	Press struct {
		By    chat.AccountID
		Room  chat.RoomID
		Label string
	}
	// Fill fills the form that is open for somebody, and sends it.
	Fill struct {
		By     chat.AccountID
		Fields map[string]string
	}
	// React puts an emoji under the newest message that somebody sees.
	React struct {
		By   chat.AccountID
		Room chat.RoomID
		Key  string
	}
	// Edit changes the newest message that somebody wrote.
	Edit struct {
		By   chat.AccountID
		Room chat.RoomID
		Text string
	}
	// Delete takes the newest message away that somebody wrote.
	Delete struct {
		By   chat.AccountID
		Room chat.RoomID
	}
	// Join brings somebody into a room.
	Join struct {
		By   chat.AccountID
		Room chat.RoomID
	}
	// Leave takes somebody out of a room.
	Leave struct {
		By   chat.AccountID
		Room chat.RoomID
	}
	// Restart stops the engine cleanly and starts it on the same store.
	Restart struct{}
	// Crash stops it dead in the next step, and starts it again.
	Crash struct{ Sending bool }
	// Redeliver sends the last event again.
	Redeliver struct{}
	// Expect looks at what Trellis said to a room or a person since the last step that was none of these.
	Expect struct {
		Room   chat.RoomID
		Person chat.AccountID
		Once   bool
		Refute bool
		Text   string
	}
)

func (At) do()        {}
func (Wait) do()      {}
func (People) do()    {}
func (Room) do()      {}
func (Write) do()     {}
func (Press) do()     {}
func (Fill) do()      {}
func (React) do()     {}
func (Edit) do()      {}
func (Delete) do()    {}
func (Join) do()      {}
func (Leave) do()     {}
func (Restart) do()   {}
func (Crash) do()     {}
func (Redeliver) do() {}
func (Expect) do()    {}

// Mistake is a line that cannot be read, or a step that cannot be taken.
type Mistake struct {
	File string
	Line int
	Text string // what is wrong, and what would be accepted
}

func (m Mistake) Error() string { return fmt.Sprintf("%s:%d: %s", m.File, m.Line, m.Text) }

// Mistakes are all of a file, in the order of its lines.
type Mistakes []Mistake

func (m Mistakes) Error() string {
	var lines []string
	for _, one := range m {
		lines = append(lines, one.Error())
	}
	return strings.Join(lines, "\n")
}

// Parse reads a file. When it cannot, the error is Mistakes.
func Parse(file, text string) (*Script, error) {
	r := newReader(file)
	for i, line := range strings.Split(text, "\n") {
		r.line = i + 1
		line = strings.TrimSpace(line)
		if line == "" || strings.HasPrefix(line, "#") {
			continue
		}
		do, err := r.read(line)
		if err != nil {
			r.mistakes = append(r.mistakes, Mistake{File: file, Line: r.line, Text: err.Error()})
			continue
		}
		if do != nil {
			r.script.Steps = append(r.script.Steps, Step{Line: r.line, Do: do})
		}
	}
	if len(r.script.Steps) == 0 && len(r.mistakes) == 0 {
		r.mistakes = append(r.mistakes, Mistake{File: file, Line: 1, Text: "there is no step in this file; a first one may be: at 2026-03-27 09:00"})
	}
	if len(r.mistakes) > 0 {
		return nil, r.mistakes
	}
	return &r.script, nil
}
