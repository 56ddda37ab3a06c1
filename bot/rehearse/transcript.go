package rehearse

import (
	"bufio"
	"encoding/json"
	"fmt"
	"io"
	"strings"
	"time"
	"unicode/utf8"

	"trellis/adapters/chat"
	"trellis/adapters/rehearsal"
)

// The columns of a transcript: local time, place, text. What is longer pushes only its own line.
const (
	placeWidth = 12
	textIndent = len("15:04  ") + placeWidth + len("  ")
)

// WriteText writes the transcript for people: what somebody did stands together with what came of it, each by the
// clocks of the group's zone.
func (r Result) WriteText(to io.Writer) error {
	w := bufio.NewWriter(to)
	day, step := "", -1
	var at time.Time
	for _, e := range r.Entries {
		local := e.At.In(r.Script.Zone)
		if d := local.Format("Monday 2 January 2006"); d != day {
			if day != "" {
				fmt.Fprintln(w)
			}
			fmt.Fprintf(w, "%s\n\n", d)
			day = d
		} else if e.Step != step || !e.At.Equal(at) {
			fmt.Fprintln(w)
		}
		step, at = e.Step, e.At
		clock := local.Format("15:04")
		if e.Note != "" {
			fmt.Fprintf(w, "%s  (%s)\n", clock, e.Note)
			continue
		}
		place := place(e.Shown)
		fmt.Fprintf(w, "%s  %s%s  %s\n", clock, place, strings.Repeat(" ", max(0, placeWidth-utf8.RuneCountInString(place))), words(e.Shown))
	}
	if err := w.Flush(); err != nil {
		return fmt.Errorf("write the transcript: %w", err)
	}
	return nil
}

// place is where it stands: a room, a person's direct room, or a room in which one person alone sees it.
func place(s rehearsal.Shown) string {
	if of, direct := rehearsal.Direct(s.Room); direct {
		return string(of)
	}
	if s.Only != "" {
		return string(s.Room) + " (" + string(s.Only) + ")"
	}
	return string(s.Room)
}

// words is the line and what belongs under it.
func words(s rehearsal.Shown) string {
	who := string(s.From)
	said := ""
	switch s.Kind {
	case rehearsal.Told, rehearsal.Wrote:
		if who == "" {
			who = "Trellis"
		}
		if s.Thread != "" {
			who += ", in the thread"
		}
		if s.Edits != "" {
			who += ", changed"
		}
		said = who + ": " + s.Text
	case rehearsal.Opened:
		said = "Trellis opens a form: " + s.Text
	case rehearsal.Corrected:
		said = "Trellis, at the form: " + s.Text
	case rehearsal.Pressed:
		said = who + " presses [" + s.Text + "]"
	case rehearsal.Filled:
		said = who + " fills the form\n" + s.Text
	case rehearsal.PutAway:
		said = who + " puts the form away"
	case rehearsal.Reacted:
		said = who + " reacts " + s.Text
	case rehearsal.TookBack:
		said = who + " takes back the last message"
	case rehearsal.Came:
		said = who + " joins the room"
	case rehearsal.Went:
		said = who + " leaves the room"
	}
	if len(s.Choices) > 0 {
		said += "\n" + labels(s.Choices)
	}
	return strings.ReplaceAll(strings.TrimRight(said, "\n"), "\n", "\n"+strings.Repeat(" ", textIndent))
}

// labels is a row of buttons.
func labels(choices []string) string {
	if len(choices) == 0 {
		return ""
	}
	return "[" + strings.Join(choices, "] [") + "]"
}

// Message is one line of the transcript for programs.
type Message struct {
	At      time.Time      `json:"at"` // UTC
	Room    chat.RoomID    `json:"room,omitempty"`
	Person  chat.AccountID `json:"person,omitempty"` // who alone sees it
	From    string         `json:"from"`
	Text    string         `json:"text"`
	Choices []string       `json:"choices"` // none: an empty list
	ID      chat.MessageID `json:"id"`
	Edits   chat.MessageID `json:"edits,omitempty"` // the message that this one updates
}

// Messages are all that was said, by people and by Trellis, forms included.
func (r Result) Messages() []Message {
	var all []Message
	for _, e := range r.Entries {
		switch e.Kind {
		case rehearsal.Told, rehearsal.Opened, rehearsal.Corrected, rehearsal.Wrote:
		default:
			continue
		}
		if e.Note != "" {
			continue
		}
		m := Message{At: e.At.UTC(), Room: e.Room, From: string(e.From), Text: e.Text, Choices: append([]string{}, e.Choices...), ID: e.ID, Edits: e.Edits}
		if of, private := e.Private(); private {
			m.Room, m.Person = "", of
		}
		if e.ByTrellis() {
			m.From = "Trellis"
		}
		all = append(all, m)
	}
	return all
}

// WriteJSON writes one object a message, each on a line.
func (r Result) WriteJSON(to io.Writer) error {
	w := bufio.NewWriter(to)
	out := json.NewEncoder(w)
	out.SetEscapeHTML(false)
	for _, m := range r.Messages() {
		if err := out.Encode(m); err != nil {
			return fmt.Errorf("write the transcript: %w", err)
		}
	}
	if err := w.Flush(); err != nil {
		return fmt.Errorf("write the transcript: %w", err)
	}
	return nil
}
