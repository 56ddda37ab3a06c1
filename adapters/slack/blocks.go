package slack

import (
	"fmt"
	"net/url"
	"strings"
	"time"
	"unicode/utf8"

	slackgo "github.com/slack-go/slack"

	"trellis/adapters/chat"
)

// Limits of messages (Block Kit reference; those without a source there were found by others).
const (
	mostHeader  = 150
	mostButton  = 75
	mostValue   = 2000
	mostInBlock = 3000 // of a rich text, unless one paragraph is longer
	// mostInMessage is the sum of what stands in one message's blocks; from about 13,200 on Slack refuses it.
	mostInMessage = 12_000
	// mostHeadings is how many there are in one message of at most 50 blocks: each begins a block, and ends the one before.
	mostHeadings   = 18
	mostUpdated    = 4000    // chat.update refuses a longer text
	mostAltogether = 100_000 // of a delivery, in all its messages
)

// block is one block, with the fields of those kinds that are used.
type block struct {
	Type     string     `json:"type"`
	BlockID  string     `json:"block_id,omitempty"`
	Text     *object    `json:"text,omitempty"`
	Elements []*element `json:"elements,omitempty"`
	Label    *object    `json:"label,omitempty"`
	Hint     *object    `json:"hint,omitempty"`
	Element  *element   `json:"element,omitempty"`
	Optional bool       `json:"optional,omitempty"`
}

// BlockType is slackgo.Block's.
func (b *block) BlockType() slackgo.MessageBlockType { return slackgo.MessageBlockType(b.Type) }

// ID is slackgo.Block's.
func (b *block) ID() string { return b.BlockID }

// object is a text object.
type object struct {
	Type  string `json:"type"`
	Text  string `json:"text"`
	Emoji *bool  `json:"emoji,omitempty"`
}

// label is a text that Slack does not read for markup.
func label(text string, most int) *object {
	no := false // :smile: stays as people wrote it
	return &object{Type: "plain_text", Text: fit(orDash(text), most), Emoji: &no}
}

// orDash stands in for a text that Slack would refuse for being empty.
func orDash(text string) string {
	if strings.TrimSpace(text) == "" {
		return "–"
	}
	return text
}

// element is one of a block's elements, or a part of rich text.
type element struct {
	Type     string     `json:"type"`
	Elements []*element `json:"elements,omitempty"`
	Text     any        `json:"text,omitempty"` // a string in rich text, an object on a button
	Style    any        `json:"style,omitempty"`
	UserID   string     `json:"user_id,omitempty"`
	URL      string     `json:"url,omitempty"`

	Timestamp int64  `json:"timestamp,omitempty"`
	Format    string `json:"format,omitempty"`
	Fallback  string `json:"fallback,omitempty"`

	ActionID      string    `json:"action_id,omitempty"`
	Value         string    `json:"value,omitempty"`
	Confirm       *confirm  `json:"confirm,omitempty"`
	Multiline     bool      `json:"multiline,omitempty"`
	MaxLength     int       `json:"max_length,omitempty"`
	InitialValue  string    `json:"initial_value,omitempty"`
	InitialDate   string    `json:"initial_date,omitempty"`
	InitialTime   string    `json:"initial_time,omitempty"`
	InitialUser   string    `json:"initial_user,omitempty"`
	InitialOption *option   `json:"initial_option,omitempty"`
	Options       []*option `json:"options,omitempty"`
}

type option struct {
	Text  *object `json:"text"`
	Value string  `json:"value"`
}

type confirm struct {
	Title   *object `json:"title"`
	Text    *object `json:"text"`
	Confirm *object `json:"confirm"`
	Deny    *object `json:"deny"`
	Style   string  `json:"style,omitempty"`
}

type style struct {
	Bold bool `json:"bold,omitempty"`
	Code bool `json:"code,omitempty"`
}

// dateFormat is how Slack shows an instant, in each reader's own zone (docs: Formatting text).
const dateFormat = "{date_short_pretty} at {time}"

// part is what goes into one message.
type part struct {
	text   chat.Text
	blocks []*block
}

// parts are the messages that a text needs, mostly one.
func parts(t chat.Text) []part {
	var all []part
	for _, p := range divide(t, mostInMessage) {
		all = append(all, part{text: p, blocks: textBlocks(p)})
	}
	if len(all) == 0 {
		all = []part{{}}
	}
	return all
}

// textBlocks renders a text. All but headings is rich text, which Slack does not read for markup: people's words
// mention nobody there, and look as they were typed.
func textBlocks(t chat.Text) []*block {
	var blocks []*block
	var rich *block
	size := 0
	for i := 0; i < len(t); i++ {
		b := t[i]
		if heading, ok := header(b); ok {
			blocks, rich = append(blocks, heading), nil
			continue
		}
		n := length(b)
		if rich == nil || size+n > mostInBlock {
			rich, size = &block{Type: "rich_text"}, 0
			blocks = append(blocks, rich)
		}
		size += n
		switch b.Kind {
		case chat.Item:
			last := len(rich.Elements) - 1
			if last < 0 || rich.Elements[last].Type != "rich_text_list" {
				rich.Elements, last = append(rich.Elements, &element{Type: "rich_text_list", Style: "bullet"}), last+1
			}
			list := rich.Elements[last]
			list.Elements = append(list.Elements, &element{Type: "rich_text_section", Elements: spans(b.Spans, false)})
		case chat.Quote:
			rich.Elements = append(rich.Elements, &element{Type: "rich_text_quote", Elements: spans(b.Spans, false)})
		case chat.Heading:
			rich.Elements = append(rich.Elements, &element{Type: "rich_text_section", Elements: spans(b.Spans, true)})
		case chat.Paragraph:
			rich.Elements = append(rich.Elements, &element{Type: "rich_text_section", Elements: spans(b.Spans, false)})
		}
	}
	return blocks
}

// header is a heading as a block of its own, where it is short words alone.
func header(b chat.Block) (*block, bool) {
	if b.Kind != chat.Heading {
		return nil, false
	}
	var text strings.Builder
	for _, s := range b.Spans {
		if s.Kind != chat.Words && s.Kind != chat.Bold {
			return nil, false
		}
		text.WriteString(s.Text)
	}
	words := chat.Clean(text.String())
	if strings.TrimSpace(words) == "" || utf8.RuneCountInString(words) > mostHeader || strings.Contains(words, "\n") {
		return nil, false
	}
	return &block{Type: "header", Text: label(words, mostHeader)}, true
}

// spans renders a run of text.
func spans(run []chat.Span, bold bool) []*element {
	var all []*element
	for _, s := range run {
		if e := span(s, bold); e != nil {
			all = append(all, e)
		}
	}
	if len(all) == 0 {
		all = []*element{{Type: "text", Text: " "}} // Slack refuses an empty section
	}
	return all
}

func span(s chat.Span, bold bool) *element {
	text := chat.Clean(s.Text)
	switch s.Kind {
	case chat.Mention:
		if _, user, _ := split(s.Account); user != "" {
			return &element{Type: "user", UserID: user}
		}
	case chat.Date:
		if !s.At.IsZero() {
			return &element{Type: "date", Timestamp: s.At.Unix(), Format: dateFormat, Fallback: orDash(text)}
		}
	case chat.Link:
		if leads(s.URL) {
			return &element{Type: "link", URL: s.URL, Text: orDash(text)}
		}
	case chat.Words, chat.Bold, chat.Code:
	}
	if text == "" {
		return nil
	}
	e := &element{Type: "text", Text: text}
	if bold || s.Kind != chat.Words {
		st := style{Bold: bold || s.Kind == chat.Bold, Code: s.Kind == chat.Code}
		if st != (style{}) {
			e.Style = st
		}
	}
	return e
}

// leads tells whether a link may be one.
func leads(to string) bool {
	u, err := url.Parse(to)
	return err == nil && u.Host != "" && (u.Scheme == "https" || u.Scheme == "http") && len(to) <= 3000
}

// choices renders what a message offers.
func (a *Adapter) choices(m chat.Message) []*block {
	if len(m.Choices) == 0 {
		return nil
	}
	row := &block{Type: "actions"}
	for i, c := range m.Choices {
		b := &element{Type: "button", Text: label(c.Label, mostButton), ActionID: fmt.Sprintf("choice%d", i), Value: c.Value}
		switch c.Style {
		case chat.Primary:
			b.Style = "primary"
		case chat.Grave:
			word := func(key string) string { return a.o.Words(m.Language, key, 0) }
			b.Style = "danger"
			b.Confirm = &confirm{
				Title: label(c.Label, 100), Text: label(word("slack.sure"), 300),
				Confirm: label(word("slack.yes"), 30), Deny: label(word("slack.no"), 30), Style: "danger",
			}
		case chat.Plain:
		}
		row.Elements = append(row.Elements, b)
	}
	return []*block{row}
}

// fallback is the whole sense as a text: it is what notifications show and screen readers read.
func fallback(t chat.Text) string {
	var b strings.Builder
	for i, at := range t {
		if i > 0 {
			b.WriteByte('\n')
		}
		switch at.Kind {
		case chat.Item:
			b.WriteString("• ")
		case chat.Quote:
			b.WriteString("&gt; ")
		case chat.Paragraph, chat.Heading:
		}
		for _, s := range at.Spans {
			text := escaper.Replace(chat.Clean(s.Text))
			switch {
			case s.Kind == chat.Date && !s.At.IsZero():
				fmt.Fprintf(&b, "<!date^%d^%s|%s>", s.At.Unix(), dateFormat, strings.NewReplacer("|", " ", "^", " ").Replace(text))
			case s.Kind == chat.Link && leads(s.URL) && s.URL != s.Text:
				b.WriteString(text + " (" + escaper.Replace(s.URL) + ")")
			default:
				b.WriteString(text)
			}
		}
	}
	return orDash(b.String())
}

// updatedFallback is the fallback of an update, which Slack takes only up to a length: the first paragraphs. The blocks,
// which are what is shown, are whole.
func updatedFallback(t chat.Text) string {
	for n := len(t); n > 0; n-- {
		text := fallback(t[:n])
		if n < len(t) {
			text += "\n…"
		}
		if utf8.RuneCountInString(text) <= mostUpdated {
			return text
		}
	}
	plain := []rune(chat.Clean(t.Plain()))
	return escaper.Replace(string(plain[:min(len(plain), mostUpdated/6)])) + "…"
}

// length is what a block of text counts, escaped as in the fallback.
func length(b chat.Block) int {
	n := 0
	for _, s := range b.Spans {
		n += spanLength(s)
	}
	return n
}

func spanLength(s chat.Span) int {
	n := escapedLength(s.Text)
	switch s.Kind {
	case chat.Link:
		n += escapedLength(s.URL)
	case chat.Date:
		n += len(dateFormat) + len(time.DateTime)
	case chat.Words, chat.Bold, chat.Mention, chat.Code:
	}
	return n
}

func escapedLength(text string) int {
	return utf8.RuneCountInString(text) + 4*strings.Count(text, "&") + 3*strings.Count(text, "<") + 3*strings.Count(text, ">")
}
