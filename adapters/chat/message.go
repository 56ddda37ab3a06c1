package chat

import (
	"strings"
	"time"
)

// Delivery is one message to one place.
type Delivery struct {
	ID DeliveryID
	To Place
	// Update, when set, names the message that is replaced.
	Update MessageID
	// Thread, when set, names the message under which this one goes.
	Thread  MessageID
	Message Message
	// Doubt says that an earlier try ended without an answer: look for the ID first, and send only if it is not
	// there. What cannot be looked for is not sent again; its receipt is empty.
	Doubt bool
}

// Place is where a message goes: to a room; to one person in a room (Room and Account: shown to that person alone,
// where they are now); or to one person (Account alone: in the direct room, where it stays).
type Place struct {
	Platform Platform
	Room     RoomID
	Account  AccountID
}

// Private tells whether one person alone sees it.
func (p Place) Private() bool { return p.Account != "" }

// Lane is within what messages keep their order: the room, or the person.
func (p Place) Lane() Place {
	if p.Private() {
		return Place{Platform: p.Platform, Account: p.Account}
	}
	return p
}

// Message is something that Trellis says.
type Message struct {
	Text    Text
	Choices []Choice `json:",omitempty"` // at most MaxChoices
	// Notify asks that those mentioned, or the person written to, notice it; else it may be silent.
	Notify   bool   `json:",omitempty"`
	Language string `json:",omitempty"` // BCP 47, of the reader
	Zone     string `json:",omitempty"` // IANA, of the reader
}

// MaxChoices is what every platform can show under one message: Slack takes 25 buttons in one row of actions.
const MaxChoices = 25

// Choice is an answer that a message offers.
type Choice struct {
	Label string // in the reader's language
	Name  string // the English name, the same in every language
	Value string // opaque; comes back in a Press. At most MaxChoiceValue bytes
	Style Style  `json:",omitempty"`
}

// MaxChoiceValue is in bytes; Slack takes 2,000, a Matrix adapter keeps it itself.
const MaxChoiceValue = 500

// Style says how a choice stands out. It never carries meaning alone.
type Style int

// Styles.
const (
	Plain   Style = iota
	Primary       // what most people will want
	Grave         // cannot be undone: the platform asks once more where it can
)

// Text is rich text as a small tree: blocks of spans.
type Text []Block

// Block is one paragraph, list item or quote.
type Block struct {
	Kind  BlockKind `json:",omitempty"`
	Spans []Span
}

// BlockKind says what a block is.
type BlockKind int

// Kinds of block. Neighbouring items form one list.
const (
	Paragraph BlockKind = iota
	Item
	Quote
	Heading
)

// Span is a run of text of one kind.
type Span struct {
	Kind SpanKind `json:",omitempty"`
	// Text is what everyone can read: the words, the name, the date written out in the reader's zone and
	// language, the link's label. It is data: an adapter escapes it, and it mentions nobody.
	Text string
	// Of is whose words or whose name this is, under the bot's own ID; empty for Trellis's own words.
	Of string `json:",omitempty"`
	// Account is set on a Mention of somebody who has an account here and is to notice it.
	Account AccountID `json:",omitempty"`
	// At is the instant of a Date; a platform that shows it in each reader's zone does so.
	At time.Time `json:",omitzero"`
	// URL is where a Link leads: http or https.
	URL string `json:",omitempty"`
}

// SpanKind says what a span is.
type SpanKind int

// Kinds of span.
const (
	Words SpanKind = iota
	Bold
	Mention
	Date
	Link
	Code // something to type exactly so
)

// Plain is the text as lines, for notifications, screen readers, logs of rehearsals and platforms without markup.
func (t Text) Plain() string {
	var b strings.Builder
	for i, block := range t {
		if i > 0 {
			b.WriteByte('\n')
		}
		switch block.Kind {
		case Item:
			b.WriteString("- ")
		case Quote:
			b.WriteString("> ")
		case Paragraph, Heading:
		}
		for _, s := range block.Spans {
			if s.Kind == Code {
				b.WriteString("`" + s.Text + "`")
				continue
			}
			b.WriteString(s.Text)
			if s.Kind == Link && s.URL != s.Text {
				b.WriteString(" (" + s.URL + ")")
			}
		}
	}
	return b.String()
}

// Inline is the text as one run of spans, its blocks joined by spaces: for a text inside another.
func (t Text) Inline() []Span {
	var spans []Span
	for i, block := range t {
		if i > 0 {
			spans = append(spans, Span{Text: " "})
		}
		spans = append(spans, block.Spans...)
	}
	return spans
}
