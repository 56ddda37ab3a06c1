package chat

import "context"

// Inbox takes what an adapter received. Each adapter is given its own.
type Inbox interface {
	// Stored returns the cursor of the last accepted batch and the adapter's own small records, by name.
	// Both are empty at first.
	Stored(ctx context.Context) (Stored, error)
	// Accept commits the batch and returns the momentary replies, at most one for each event, by its ID. An event
	// that was accepted before changes nothing and is answered the same. After an error nothing was kept: the
	// batch is to be handed over again.
	Accept(ctx context.Context, b Batch) ([]Reply, error)
}

// Stored is what an adapter kept.
type Stored struct {
	Cursor []byte
	Kept   map[string][]byte
}

// Batch is what is committed together.
type Batch struct {
	Events []Event
	// Cursor, when not nil, replaces the stored one: from here the platform is read on.
	Cursor []byte
	Keep   []Record
}

// Record is one small record of an adapter's own: a direct room, an installation, a guest's link.
type Record struct {
	Name  string // unique within the adapter; it sorts the records
	Value []byte // nil deletes it
}

// Reply is what can be answered only now, such as a form, which Slack opens within three seconds of a press. It is
// computed in the turn and lost without harm.
type Reply struct {
	To     EventID
	Form   *Form             // a form to open
	Errors map[string]string // by field: what would be accepted; the form stays open with what was typed
}
