package slacktest

import (
	"fmt"
	"regexp"
	"slices"
	"strings"
	"time"
)

// Seen is a message as somebody reads it.
type Seen struct {
	TS, Thread, User string
	Only             bool // they alone see it
	Text             string
	Fallback         string // what notifications show and screen readers read, as it was sent
	Choices          []string
	Notified         []string // users
	All              bool     // everyone is woken
	Blocks           []any
}

func (m *message) seenBy(user string) bool { return !m.gone && (m.only == "" || m.only == user) }

// See is what somebody has before them in a channel, or with "" in their direct messages with the app, oldest first.
func (w *Workspace) See(user, in string) []Seen {
	w.s.mu.Lock()
	defer w.s.mu.Unlock()
	ch := w.channels[in]
	if in == "" {
		ch = w.channels[DirectID(user)]
	}
	if ch == nil || !slices.Contains(ch.members, user) {
		return nil
	}
	r := reader{w: w, zone: time.UTC, plain: w.s.o.Plain}
	if p := w.people[user]; p != nil && p.Zone != "" {
		if zone, err := time.LoadLocation(p.Zone); err == nil {
			r.zone = zone
		}
	}
	var seen []Seen
	for _, m := range ch.messages {
		if !m.seenBy(user) {
			continue
		}
		at := Seen{TS: m.ts, Thread: m.thread, User: m.user, Only: m.only != "", Fallback: m.text, Blocks: m.blocks}
		if len(m.blocks) > 0 {
			at.Text, at.Choices = r.blocks(m.blocks)
			at.Notified, at.All = woken(m.blocks)
			more, all := wokenBy(m.text) // whether Slack does is not documented
			at.Notified, at.All = append(at.Notified, more...), at.All || all
		} else {
			at.Text = r.mrkdwn(m.text)
			at.Notified, at.All = wokenBy(m.text)
		}
		seen = append(seen, at)
	}
	return seen
}

// reader renders as Slack's clients do; plain, as it was written: dates by their fallback, mentions by the name alone, code
// and links with their marks.
type reader struct {
	w     *Workspace
	zone  *time.Location
	plain bool
}

func (r reader) blocks(blocks []any) (text string, choices []string) {
	var lines []string
	for _, b := range blocks {
		b := b.(object)
		switch b["type"] {
		case "header", "section":
			if t, ok := b["text"].(object); ok {
				lines = append(lines, r.object(t))
			}
		case "context":
			for _, e := range list(b["elements"]) {
				lines = append(lines, r.object(e))
			}
		case "rich_text":
			for _, e := range list(b["elements"]) {
				lines = append(lines, r.rich(e))
			}
		case "input":
			lines = append(lines, r.object(b["label"].(object)))
			if initial, ok := b["element"].(object)["initial_value"].(string); ok {
				lines = append(lines, initial)
			}
		case "actions":
			for _, e := range list(b["elements"]) {
				if t, ok := e["text"].(object); ok {
					choices = append(choices, r.object(t))
				}
			}
		}
	}
	return strings.Join(lines, "\n"), choices
}

func list(v any) []object {
	items, _ := v.([]any)
	all := make([]object, 0, len(items))
	for _, i := range items {
		if o, ok := i.(object); ok {
			all = append(all, o)
		}
	}
	return all
}

func (r reader) object(t object) string {
	text, _ := t["text"].(string)
	if t["type"] == "mrkdwn" {
		return r.mrkdwn(text)
	}
	return text
}

func (r reader) rich(e object) string {
	var b strings.Builder
	switch e["type"] {
	case "rich_text_list":
		var items []string
		for _, item := range list(e["elements"]) {
			items = append(items, "- "+r.rich(item))
		}
		return strings.Join(items, "\n")
	case "rich_text_quote":
		b.WriteString("> ")
	}
	for _, part := range list(e["elements"]) {
		b.WriteString(r.part(part))
	}
	return b.String()
}

func (r reader) part(e object) string {
	text, _ := e["text"].(string)
	switch e["type"] {
	case "link":
		to, _ := e["url"].(string)
		switch {
		case text == "" || text == to:
			return to
		case r.plain:
			return text + " (" + to + ")"
		}
		return text
	case "user":
		id, _ := e["user_id"].(string)
		return r.name(id)
	case "date":
		at, _ := e["timestamp"].(float64)
		format, _ := e["format"].(string)
		if fallback, ok := e["fallback"].(string); ok && r.plain {
			return fallback
		}
		return r.date(int64(at), format)
	case "broadcast":
		return fmt.Sprintf("@%v", e["range"])
	}
	if st, ok := e["style"].(object); ok && st["code"] == true && r.plain {
		return "`" + text + "`"
	}
	return text
}

func (r reader) name(id string) string {
	if r.w != nil && r.w.people[id] != nil {
		if r.plain {
			return r.w.people[id].Name
		}
		return "@" + r.w.people[id].Name
	}
	return "@" + id
}

func (r reader) date(at int64, format string) string {
	zone := r.zone
	if zone == nil {
		zone = time.UTC
	}
	t := time.Unix(at, 0).In(zone)
	return strings.NewReplacer("{date_short_pretty}", t.Format("2 Jan 2006"), "{date_short}", t.Format("2 Jan 2006"), "{time}", t.Format("15:04")).Replace(format)
}

var (
	angled  = regexp.MustCompile(`<([^<>]*)>`)
	unalias = strings.NewReplacer("&lt;", "<", "&gt;", ">", "&amp;", "&")
)

func (r reader) mrkdwn(text string) string {
	text = angled.ReplaceAllStringFunc(text, func(inside string) string {
		to, label, _ := strings.Cut(strings.Trim(inside, "<>"), "|")
		switch {
		case strings.HasPrefix(to, "@"):
			return r.name(to[1:])
		case strings.HasPrefix(to, "!date^"):
			parts := strings.Split(to, "^")
			var at int64
			if len(parts) > 2 {
				_, _ = fmt.Sscan(parts[1], &at)
				return r.date(at, parts[2])
			}
		case strings.HasPrefix(to, "!"):
			return "@" + to[1:]
		}
		if label != "" {
			return label
		}
		return to
	})
	return unalias.Replace(text)
}

// woken is whom a message's blocks wake.
func woken(v any) (users []string, all bool) {
	switch v := v.(type) {
	case []any:
		for _, x := range v {
			more, everyone := woken(x)
			users, all = append(users, more...), all || everyone
		}
	case object:
		switch v["type"] {
		case "user":
			if id, ok := v["user_id"].(string); ok {
				return []string{id}, false
			}
		case "broadcast", "usergroup":
			return nil, true
		case "mrkdwn":
			text, _ := v["text"].(string)
			return wokenBy(text)
		}
		for k, x := range v {
			if k != "style" {
				more, everyone := woken(x)
				users, all = append(users, more...), all || everyone
			}
		}
	}
	return users, all
}

func wokenBy(text string) (users []string, all bool) {
	for _, m := range angled.FindAllStringSubmatch(text, -1) {
		to, _, _ := strings.Cut(m[1], "|")
		switch {
		case strings.HasPrefix(to, "@"):
			users = append(users, to[1:])
		case strings.HasPrefix(to, "!date"):
		case strings.HasPrefix(to, "!"):
			all = true
		}
	}
	return users, all
}

// Shown is one thing that the app showed.
type Shown struct {
	Channel string
	TS      string
	Only    string // who alone sees it: an ephemeral word, a direct message, a modal
	Update  bool
	Text    string
	Choices []string
}

// Log is what the app has shown, from the entry with number from on.
func (s *Server) Log(from int) []Shown {
	s.mu.Lock()
	defer s.mu.Unlock()
	return slices.Clone(s.log[min(from, len(s.log)):])
}

// shows is called with s.mu held.
func (w *Workspace) shows(ch *channel, m *message, update bool) {
	at := Shown{Channel: ch.ID, TS: m.ts, Only: m.only, Update: update}
	if ch.direct != "" {
		at.Only = ch.direct
	}
	r := reader{w: w, zone: time.UTC, plain: w.s.o.Plain}
	if at.Text, at.Choices = r.blocks(m.blocks); len(m.blocks) == 0 {
		at.Text = r.mrkdwn(m.text)
	}
	w.s.log = append(w.s.log, at)
}

// showsView is called with s.mu held.
func (w *Workspace) showsView(user string, v *View, errs map[string]string) {
	blocks, _ := v.Raw["blocks"].([]any)
	text, _ := reader{w: w, zone: time.UTC, plain: w.s.o.Plain}.blocks(blocks)
	lines := []string{v.Title, text}
	if errs != nil {
		lines = nil
		for _, wrong := range errs {
			lines = append(lines, wrong)
		}
	}
	w.s.log = append(w.s.log, Shown{Only: user, TS: v.ID, Text: strings.Join(lines, "\n")})
}
