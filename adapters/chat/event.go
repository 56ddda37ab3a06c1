package chat

import "time"

// Event is one thing that happened on a platform.
type Event struct {
	ID EventID
	// At is when the platform says it happened; for people to read, never to decide on an order.
	At time.Time
	// Room is where; for what happens in private, the person's direct room.
	Room RoomID `json:",omitempty"`
	// Direct says that Room is a direct room.
	Direct bool `json:",omitempty"`
	// By is who did it, with what the platform told of them; empty where nobody did (a room was archived by the platform).
	By Profile
	// What is one of the types below.
	What Happening
}

// Profile is an account and what the platform tells of it. Empty fields are unknown, not empty.
type Profile struct {
	Account  AccountID
	Name     string `json:",omitempty"` // as people see it; text from people
	Zone     string `json:",omitempty"` // IANA
	Language string `json:",omitempty"` // BCP 47
	Guest    bool   `json:",omitempty"` // of another organisation, or with limited rights
	Gone     bool   `json:",omitempty"` // deactivated
}

// Happening is what happened: exactly the types of this file. Bots and Trellis itself never make one.
type Happening interface{ happening() }

// Message is something that a person wrote: in a direct room, to Trellis; in a room, to the others. What nobody
// waits for is not stored.
type (
	Said struct {
		Message MessageID
		Thread  MessageID `json:",omitempty"`
		Text    string
	}

	// Command is text addressed to Trellis: a slash command, or what follows a mention or prefix, without it.
	Command struct {
		Message MessageID `json:",omitempty"` // empty for a slash command
		Thread  MessageID `json:",omitempty"`
		Text    string
		// About is what the command was used on (a message shortcut): its text is in Text's place as the platform shows it.
		About *Quoted `json:",omitempty"`
	}

	// Pressed is a choice taken on a message of ours.
	Pressed struct {
		Message MessageID
		Value   string // Choice.Value
	}

	// Filled is a form sent off.
	Filled struct {
		Value  string            // Form.Value
		Fields map[string]string // by Field.Name, trimmed
	}

	// Closed is a form put away without sending.
	Closed struct{ Value string }

	// Reacted is an emoji put under a message, or taken back.
	Reacted struct {
		Message MessageID
		Key     string // a name without colons and skin tone, such as +1, or the emoji itself
		Removed bool   `json:",omitempty"`
	}

	// Edited is a message that its author changed. Text is the whole new text.
	Edited struct {
		Message MessageID
		Text    string
		// Addressed says that the text, as it is now, is addressed to Trellis; it is then without mention or prefix.
		Addressed bool `json:",omitempty"`
	}

	// Deleted is a message that was taken away.
	Deleted struct{ Message MessageID }

	// Joined is a person who came into the room, or was there when Trellis came. By is that person.
	Joined struct{}

	// Left is a person who left the room. By is that person.
	Left struct{}

	// Invited is Trellis having been brought into the room. By is who did it, where the platform tells.
	Invited struct {
		Name   string    // of the room
		People []Profile // who is there already, without bots
		Shared bool      `json:",omitempty"` // people of other organisations read along
	}

	// Removed is Trellis having been taken out of the room, or the room having been archived or deleted.
	Removed struct{ Reason string }

	// Renamed is a room with a new name.
	Renamed struct{ Name string }

	// Moved is a room that goes on under another ID (Matrix's upgrade, Slack's channel_id_changed).
	Moved struct{ To RoomID }

	// Changed is a person whose name, zone, language or state is now as By says.
	Changed struct{}

	// Opened is a person looking at their own page with Trellis (Slack's Home tab).
	Opened struct{}

	// Reachable is a room or person that was paused and can be reached again.
	Reachable struct{}
)

// Quoted is a message of a person that a command was used on.
type Quoted struct {
	Text string
	Link string
	By   AccountID
}

func (Said) happening()      {}
func (Command) happening()   {}
func (Pressed) happening()   {}
func (Filled) happening()    {}
func (Closed) happening()    {}
func (Reacted) happening()   {}
func (Edited) happening()    {}
func (Deleted) happening()   {}
func (Joined) happening()    {}
func (Left) happening()      {}
func (Invited) happening()   {}
func (Removed) happening()   {}
func (Renamed) happening()   {}
func (Moved) happening()     {}
func (Changed) happening()   {}
func (Opened) happening()    {}
func (Reachable) happening() {}
