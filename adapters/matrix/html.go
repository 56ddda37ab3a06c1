package matrix

import (
	"html"
	"strings"

	"maunium.net/go/mautrix/event"
	"maunium.net/go/mautrix/id"

	"trellis/adapters/chat"
)

// matrixTo begins the address of a person or a message, as every client knows it.
const matrixTo = "https://matrix.to/#/"

// body is a text as people without markup read it.
func body(t chat.Text) string { return chat.Clean(t.Plain()) }

// formatted is a text in the tags that the specification lists. Everything in it that is not a tag of ours is escaped.
func formatted(t chat.Text) string {
	var b strings.Builder
	var open chat.BlockKind // what is not closed yet: Item or Quote; Paragraph: nothing
	shut := func() {
		switch open {
		case chat.Item:
			b.WriteString("</ul>")
		case chat.Quote:
			b.WriteString("</blockquote>")
		case chat.Paragraph, chat.Heading:
		}
		open = chat.Paragraph
	}
	for i, block := range t {
		if block.Kind != open {
			shut()
		}
		switch block.Kind {
		case chat.Item:
			if open != chat.Item {
				b.WriteString("<ul>")
			}
			b.WriteString("<li>" + spans(block.Spans) + "</li>")
			open = chat.Item
		case chat.Quote:
			if open != chat.Quote {
				b.WriteString("<blockquote>")
			} else {
				b.WriteString("<br>")
			}
			b.WriteString(spans(block.Spans))
			open = chat.Quote
		case chat.Heading:
			b.WriteString("<p><strong>" + spans(block.Spans) + "</strong></p>")
		case chat.Paragraph:
			if len(t) == 1 {
				return spans(block.Spans)
			}
			if len(block.Spans) > 0 || i == 0 {
				b.WriteString("<p>" + spans(block.Spans) + "</p>")
			}
		}
	}
	shut()
	return b.String()
}

func spans(all []chat.Span) string {
	var b strings.Builder
	for _, s := range all {
		text := escape(s.Text)
		switch s.Kind {
		case chat.Bold:
			b.WriteString("<strong>" + text + "</strong>")
		case chat.Mention:
			if s.Account != "" {
				text = `<a href="` + matrixTo + html.EscapeString(string(s.Account)) + `">` + text + "</a>"
			}
			b.WriteString(text)
		case chat.Link:
			if strings.HasPrefix(s.URL, "https://") || strings.HasPrefix(s.URL, "http://") {
				text = `<a href="` + html.EscapeString(chat.Clean(s.URL)) + `">` + text + "</a>"
			}
			b.WriteString(text)
		case chat.Code:
			b.WriteString("<code>" + text + "</code>")
		case chat.Words, chat.Date:
			b.WriteString(text)
		}
	}
	return b.String()
}

func escape(text string) string {
	return strings.ReplaceAll(html.EscapeString(chat.Clean(text)), "\n", "<br>")
}

// meant are those whom a message mentions so that they notice, never anybody whom its words name.
func meant(m chat.Message) *event.Mentions {
	mentions := &event.Mentions{}
	if !m.Notify {
		return mentions
	}
	for _, block := range m.Text {
		for _, s := range block.Spans {
			if s.Kind == chat.Mention && s.Account != "" && !mentions.Has(id.UserID(s.Account)) {
				mentions.UserIDs = append(mentions.UserIDs, id.UserID(s.Account))
			}
		}
	}
	return mentions
}

// content is a text as an event: silent, unless somebody is to notice it.
func content(t chat.Text, notify bool, mentions *event.Mentions) *event.MessageEventContent {
	c := &event.MessageEventContent{
		MsgType: event.MsgNotice, Body: body(t), Format: event.FormatHTML, FormattedBody: formatted(t), Mentions: mentions,
	}
	if notify {
		c.MsgType = event.MsgText // push rules silence notices
	}
	return c
}
