package web

import (
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"

	"trellis/adapters/chat"
)

// clean makes text what a page shows as it stands: no control characters. Marks that turn text around stay: the page
// isolates each text, so they turn nothing else.
func clean(text string) string {
	text = strings.ReplaceAll(text, "\r\n", "\n")
	return strings.Map(func(r rune) rune {
		if unicode.IsControl(r) && r != '\n' && r != '\t' {
			return utf8.RuneError
		}
		return r
	}, strings.ToValidUTF8(text, string(utf8.RuneError)))
}

// cleanMessage is clean for all of a message. What the practice handed over stays as it was.
func cleanMessage(m chat.Message) chat.Message {
	text := make(chat.Text, len(m.Text))
	for i, b := range m.Text {
		text[i] = chat.Block{Kind: b.Kind, Spans: slices.Clone(b.Spans)}
		for j := range text[i].Spans {
			s := &text[i].Spans[j]
			s.Text = clean(s.Text)
		}
	}
	m.Text, m.Choices = text, slices.Clone(m.Choices)
	for i := range m.Choices {
		m.Choices[i].Label = clean(m.Choices[i].Label)
	}
	return m
}

// addressed tells whether a line in a room is meant for Trellis, and returns the line without its name.
func addressed(line string) (string, bool) {
	const name = "trellis"
	line = strings.TrimSpace(line)
	first, rest := line, ""
	if at := strings.IndexFunc(line, unicode.IsSpace); at >= 0 {
		first, rest = line[:at], line[at:]
	}
	if strings.EqualFold(strings.TrimRight(strings.TrimLeft(first, "/!@"), ":,"), name) {
		return strings.TrimSpace(rest), true
	}
	for at := 0; ; at++ {
		next := strings.IndexByte(line[at:], '@')
		if next < 0 {
			return "", false
		}
		at += next
		if after := line[at+1:]; len(after) >= len(name) && strings.EqualFold(after[:len(name)], name) {
			after = after[len(name):]
			if r, _ := utf8.DecodeRuneInString(after); after == "" || unicode.IsSpace(r) || strings.ContainsRune(":,.!?;", r) {
				return strings.TrimSpace(strings.TrimLeft(after, " \t:,")), true
			}
		}
	}
}

// named is how somebody of a room can be named after an @.
type named struct {
	fold    string
	account chat.AccountID
}

// names are all names of the people of a room, the longest first. A name that two have is nobody's.
func (p *places) names(r Room) []named {
	var all []named
	for _, s := range r.Seats {
		if s.Left {
			continue
		}
		own := []string{s.Handle}
		if full := strings.ToLower(p.people[s.Account].Name); full != s.Handle {
			own = append(own, full)
		}
		for _, name := range own {
			all = append(all, named{name, s.Account})
		}
	}
	slices.SortStableFunc(all, func(a, b named) int { return len(b.fold) - len(a.fold) })
	return slices.DeleteFunc(all, func(n named) bool {
		return slices.ContainsFunc(all, func(o named) bool { return o.fold == n.fold && o.account != n.account })
	})
}

// mentions writes each "@name" of somebody in the room as a mention.
func mentions(text string, names []named) string {
	text = strings.ReplaceAll(text, "@\u27e8", "@ \u27e8") // what a mention looks like, typed by hand, is none
	var b strings.Builder
	for rest := text; ; {
		before, after, found := strings.Cut(rest, "@")
		b.WriteString(before)
		if !found {
			return b.String()
		}
		account, length := namedAt(after, names)
		if prev, _ := utf8.DecodeLastRuneInString(before); before != "" && (unicode.IsLetter(prev) || unicode.IsDigit(prev)) {
			length = 0 // ben@example.org
		}
		if length == 0 {
			b.WriteByte('@')
			rest = after
			continue
		}
		b.WriteString(chat.MentionOf(account))
		rest = after[length:]
	}
}

// namedAt returns who is named where a text begins, and how many bytes their name has there.
func namedAt(text string, names []named) (chat.AccountID, int) {
	for _, n := range names {
		if len(text) < len(n.fold) || !strings.EqualFold(text[:len(n.fold)], n.fold) {
			continue
		}
		next, _ := utf8.DecodeRuneInString(text[len(n.fold):])
		if len(text) == len(n.fold) || !unicode.IsLetter(next) && !unicode.IsDigit(next) {
			return n.account, len(n.fold)
		}
	}
	return "", 0
}
