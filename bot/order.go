package bot

// Order is what the operator wants done about something that was set aside or does not get through.
type Order struct {
	// ID is that of Failed or Waiting, in Status.
	ID   string
	Verb Verb
}

// Verb is what to do.
type Verb int

// Verbs.
const (
	Retry   Verb = iota // handle the event, or send the message, again now
	Discard             // forget it
)
