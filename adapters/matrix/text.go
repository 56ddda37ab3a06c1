package matrix

import (
	"html"
	"net/url"
	"regexp"
	"slices"
	"strings"
	"unicode"

	"maunium.net/go/mautrix/event"
	"maunium.net/go/mautrix/id"

	"trellis/adapters/chat"
)

var (
	// pill is a person named in the markup of a message: what every client writes for a mention.
	pill = regexp.MustCompile(`(?s)<a\s[^>]*?href="(?:https://matrix\.to/#/|matrix:u/)([^"]+)"[^>]*>(.*?)</a>`)
	tag  = regexp.MustCompile(`<[^>]*>`)
	// typedID is a whole ID as somebody types it.
	typedID = regexp.MustCompile(`@[a-zA-Z0-9._=/+-]+:[a-zA-Z0-9.-]+(?::[0-9]+)?`)
)

// written is what a person wrote: mentions as chat has them, without the words of what it replies to.
func written(m *event.MessageEventContent) string {
	text, rest := m.Body, m.FormattedBody
	if m.RelatesTo.GetReplyTo() != "" {
		text = withoutFallback(text)
		if _, after, found := strings.Cut(rest, "</mx-reply>"); found {
			rest = after
		}
	}
	text = strings.ReplaceAll(text, "@\u27e8", "@ \u27e8") // what a mention looks like, typed by hand, is none
	var b strings.Builder
	if m.Format == event.FormatHTML {
		for _, p := range pill.FindAllStringSubmatch(rest, -1) {
			user, ok := pilled(p[1])
			name := html.UnescapeString(tag.ReplaceAllString(p[2], ""))
			before, after, found := strings.Cut(text, name)
			if !ok || name == "" || !found {
				continue
			}
			b.WriteString(ids(strings.TrimSuffix(before, "@")))
			b.WriteString(chat.MentionOf(chat.AccountID(user)))
			text = after
		}
	}
	b.WriteString(ids(text))
	return b.String()
}

// pilled is the person whom the address of a pill names.
func pilled(address string) (id.UserID, bool) {
	address = html.UnescapeString(address)
	address, _, _ = strings.Cut(address, "?")
	if plain, err := url.PathUnescape(address); err == nil {
		address = plain
	}
	if !strings.HasPrefix(address, "@") && strings.Contains(address, ":") && !strings.ContainsAny(address[:1], "!#$") {
		address = "@" + address // matrix:u/ana:example.org
	}
	return id.UserID(address), typedID.FindString(address) == address && address != ""
}

// ids writes whole IDs that were typed as mentions.
func ids(text string) string {
	return typedID.ReplaceAllStringFunc(text, func(user string) string { return chat.MentionOf(chat.AccountID(user)) })
}

// withoutFallback takes off the quoted words with which old clients begin a reply.
func withoutFallback(text string) string {
	if !strings.HasPrefix(text, "> <") && !strings.HasPrefix(text, "> * <") {
		return text
	}
	lines := strings.Split(text, "\n")
	at := slices.IndexFunc(lines, func(l string) bool { return !strings.HasPrefix(l, "> ") && l != ">" })
	if at < 0 {
		return text
	}
	return strings.TrimPrefix(strings.Join(lines[at:], "\n"), "\n")
}

// prefix is what a line for Trellis begins with where it is not mentioned.
const prefix = "!trellis"

// addressed tells whether what somebody wrote is meant for Trellis, and returns it without its name. A mention counts
// wherever it stands; names are what people type where their client makes no mention of them.
func addressed(text string, me id.UserID, names []string) (string, bool) {
	text = strings.TrimSpace(text)
	if len(text) >= len(prefix) && strings.EqualFold(text[:len(prefix)], prefix) {
		if rest := text[len(prefix):]; rest == "" || unicode.IsSpace(rune(rest[0])) || rest[0] == ':' {
			return strings.TrimSpace(strings.TrimPrefix(rest, ":")), true
		}
	}
	if before, after, found := strings.Cut(text, chat.MentionOf(chat.AccountID(me))); found {
		if after = strings.TrimSpace(strings.TrimLeft(after, ":,\u00a0 ")); after == "" {
			after = strings.TrimSpace(before)
		}
		return after, true
	}
	for _, name := range names {
		if name == "" || len(text) < len(name) || !strings.EqualFold(text[:len(name)], name) {
			continue
		}
		rest := text[len(name):]
		if rest == "" || rest[0] == ':' || rest[0] == ',' || unicode.IsSpace(rune(rest[0])) {
			return strings.TrimSpace(strings.TrimLeft(rest, ":,")), true
		}
	}
	return text, false
}

// bareKey is a reaction's key as it is compared: without the mark that makes it colourful, and without skin tone.
func bareKey(key string) string {
	return strings.Map(func(r rune) rune {
		if r == '\ufe0f' || r >= 0x1f3fb && r <= 0x1f3ff {
			return -1
		}
		return r
	}, key)
}
