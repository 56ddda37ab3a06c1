package chat

import (
	"fmt"
	"time"
)

// Receipt says where a message stands.
type Receipt struct {
	Message MessageID // what an update of it names
	Room    RoomID    // where it stands, when Delivery.To named only an account
}

// Scope says how far an outcome reaches.
type Scope int

// Scopes, from narrow to wide.
const (
	ThisMessage  Scope = iota // others to the same place may go
	ThisPlace                 // the room, or the person
	ThisMethod                // all of the same kind (post, update, private) on this platform
	ThisPlatform              // everything
)

// Later says that a message was not accepted, and when to try again.
type Later struct {
	After  time.Duration // at least this long from now; zero: as long as the engine's own growing wait
	Scope  Scope         // what has to wait as well
	Limit  bool          // the platform said that we were too fast (429), so the pace is learned from it
	Reason string        // for the operator; holds no text that people wrote
}

func (l *Later) Error() string {
	return fmt.Sprintf("not accepted, again in %s: %s", l.After, l.Reason)
}

// Refused says that a message will never be accepted.
type Refused struct {
	Scope  Scope  // ThisPlace: the room or person is paused until it can be reached again
	Who    Who    // who must act, and is told once
	Reason string // the platform's word for it, such as is_archived; holds no text that people wrote
	// Anew says that the message to update is gone or closed to edits, and that posting it anew would be accepted.
	Anew bool
}

func (r *Refused) Error() string { return "refused: " + r.Reason }

// Who is it that has to act.
type Who int

// Those who can act on a refusal.
const (
	Nobody      Who = iota
	Facilitator     // of the group concerned
	Operator        // of this Trellis
)
