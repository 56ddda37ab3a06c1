package chat

// Form asks for several things at once. It is opened by a Reply and comes back as a Filled.
type Form struct {
	Title  string // at most 24 characters, as Slack's modals have it
	Intro  Text   `json:",omitempty"`
	Submit string // the label of the button that sends it; at most 24 characters
	Value  string // opaque; comes back in Filled. At most MaxChoiceValue bytes
	Fields []Field
}

// Field is one thing asked for.
type Field struct {
	Name     string // as in Filled.Fields; the same in every language
	Label    string
	Hint     string `json:",omitempty"`
	Kind     FieldKind
	Optional bool     `json:",omitempty"`
	Initial  string   `json:",omitempty"` // what stands there at first
	Options  []Option `json:",omitempty"` // of a Select
	Max      int      `json:",omitempty"` // characters; zero: the platform's own limit
}

// FieldKind says how a field is asked for. Whatever the kind, what comes back is text, and is read again in the turn.
type FieldKind int

// Kinds of field.
const (
	Line   FieldKind = iota // one line
	Lines                   // several lines
	When                    // a date, with or without a time; what people type is understood as well
	Person                  // somebody of the room; comes back as an account, or as typed
	Select                  // one of Options
)

// Option is one of several values of a field.
type Option struct {
	Value string
	Label string
}
