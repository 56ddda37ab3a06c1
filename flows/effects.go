package flows

import (
	"time"

	"trellis/adapters/chat"
)

// Effects is what a turn asks for, as data. The records that it wrote are in its overlay already, those of what it
// said (Standing) among them.
type Effects struct {
	// Handled says that the event meant something to Trellis. Else nothing of it is to be kept, not even that it came.
	Handled bool
	Sends   []Send
	Timers  []Timer
	// Cancel names timers that are no longer wanted. That there is none is no error.
	Cancel []Timer
	Reply  *chat.Reply
	// Forgotten are accounts of which nothing may be left: what the engine keeps of their events goes too, and what
	// the store has deleted is to be overwritten.
	Forgotten []chat.Place
}

// Send asks that what stands under Posted be brought to one of its places: posted first, updated after.
type Send struct {
	Group  GroupID
	Posted Posted
	Place  int        // which of the places of the Standing
	To     chat.Place // where that is
	Class  Class
	Update bool
}

// Class says what goes first in a lane.
type Class uint8

// Classes, the higher first.
const (
	ClassReminder Class = iota // reminders and digests
	ClassAwaited               // what people wait for
	ClassAnswer                // what answers something that a person just did
)

// Timer is a wish to be run at an instant. All of it together is its name: the same one asked for twice is one.
type Timer struct {
	At      time.Time
	Group   GroupID // empty: of a person alone, or of none
	Flow    string
	Name    string
	Subject ID
}
