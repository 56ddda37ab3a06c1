package bot

import (
	"time"

	"trellis/adapters/chat"
)

// Pace is what a platform allows.
type Pace struct {
	Limits []Limit
	// Parallel is how many deliveries may be out at once; zero: 8.
	Parallel int
	// Tenant names whom the limits of a place are counted against, such as the workspace it belongs to; nil: all
	// places count together.
	Tenant func(chat.Place) string
}

// Limit is one limit of a platform's. A message is sent when all limits that apply to it allow it.
type Limit struct {
	Of      []Method      // empty: all
	PerLane bool          // each room or person by itself; else all of a tenant together
	Every   time.Duration // between two messages, on average; zero: unknown, it is learned from the platform's refusals
	Burst   int           // how many may come at once after a pause; zero: 1
}

// Method is a kind of sending, as platforms limit it.
type Method int

// Methods.
const (
	Post      Method = iota // a new message in a room
	Update                  // another text for a message that stands
	Private                 // a new message in a person's direct room
	Ephemeral               // a word in a room, shown to one person alone
)
