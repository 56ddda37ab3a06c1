package slack

import (
	"strings"
	"unicode/utf8"

	"trellis/adapters/chat"
)

var (
	escaper   = strings.NewReplacer("&", "&amp;", "<", "&lt;", ">", "&gt;")
	unescaper = strings.NewReplacer("&lt;", "<", "&gt;", ">", "&amp;", "&")
)

// typed is what a person typed, of a text in Slack's markup: mentions as chat has them, links as they look, and the
// three escaped characters themselves.
func typed(team, text string) string {
	var b strings.Builder
	for {
		before, rest, found := strings.Cut(text, "<")
		b.WriteString(unescaper.Replace(before))
		inside, after, closed := strings.Cut(rest, ">")
		if !found || !closed {
			if found {
				b.WriteString("<" + unescaper.Replace(rest))
			}
			return b.String()
		}
		b.WriteString(reference(team, inside))
		text = after
	}
}

// reference is what a person sees of what stands in angle brackets.
func reference(team, inside string) string {
	to, label, labelled := strings.Cut(inside, "|")
	label = unescaper.Replace(label)
	switch {
	case strings.HasPrefix(to, "@"):
		return chat.MentionOf(accountID(team, to[1:]))
	case strings.HasPrefix(to, "#"):
		if label == "" {
			return "#" + to[1:]
		}
		return "#" + label
	case strings.HasPrefix(to, "!date^"):
		return label
	case strings.HasPrefix(to, "!"):
		if label == "" {
			return "@" + to[1:] // !here, !channel
		}
		return label
	}
	to = unescaper.Replace(to)
	if !labelled || label == "" {
		return strings.TrimPrefix(to, "mailto:")
	}
	if strings.HasSuffix(to, label) {
		return label // what was typed, which Slack has made a link of
	}
	return label + " (" + to + ")"
}

// addressed takes a mention of the bot off a text in Slack's markup: what follows it is meant for Trellis, or where
// nothing follows, what stands before it.
func addressed(text, bot string) (string, bool) {
	at := -1
	var length int
	for _, form := range []string{"<@" + bot + ">", "<@" + bot + "|"} {
		if i := strings.Index(text, form); i >= 0 && (at < 0 || i < at) {
			if end := strings.IndexByte(text[i:], '>'); end >= 0 {
				at, length = i, end+1
			}
		}
	}
	if at < 0 || bot == "" {
		return text, false
	}
	before, after := strings.TrimSpace(text[:at]), strings.TrimSpace(strings.TrimLeft(text[at+length:], ",: \u00a0"))
	if after == "" {
		return before, true
	}
	return after, true
}

// fit is a label of at most so many characters: what does not fit is cut at a word, and an ellipsis says so.
func fit(text string, most int) string {
	text = chat.Clean(text)
	if utf8.RuneCountInString(text) <= most {
		return text
	}
	runes := []rune(text)[:most-1]
	if i := strings.LastIndexAny(string(runes), " \n"); i > len(string(runes))/2 {
		return strings.TrimSpace(string(runes)[:i]) + "…"
	}
	return string(runes) + "…"
}
