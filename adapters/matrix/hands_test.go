package matrix_test

import (
	"slices"
	"strconv"
	"strings"

	"trellis/adapters/adaptertest"
	"trellis/adapters/chat"
	"trellis/adapters/matrix/matrixtest"
)

// hands are what people do and see, in the suite's words.
type hands struct{ *world }

// room is the ID of a room; without one, of the direct room with Trellis, which is made when there is none.
func (h hands) room(by chat.AccountID, in chat.RoomID) string {
	h.Helper()
	if in != "" {
		return string(in)
	}
	p := h.people[by]
	direct, err := p.Direct(h.Context(), h.bot)
	h.must(err)
	if direct != "" {
		return direct
	}
	direct, err = p.CreateDirect(h.Context(), h.bot)
	h.must(err)
	h.eventually("Trellis has come into the direct room", func() bool {
		members, err := p.Members(h.Context(), direct)
		h.must(err)
		return members[h.bot] == "join"
	})
	return direct
}

func (h hands) write(by chat.AccountID, in chat.RoomID, thread chat.MessageID, text string) chat.MessageID {
	h.Helper()
	m, err := h.people[by].Write(h.Context(), h.room(by, in), string(thread), text)
	h.must(err)
	return chat.MessageID(m)
}

// messages are those that somebody sees; none when they have no direct room.
func (h hands) messages(by chat.AccountID, in chat.RoomID) []matrixtest.Message {
	h.Helper()
	p, room := h.people[by], string(in)
	if in == "" {
		direct, err := p.Direct(h.Context(), h.bot)
		h.must(err)
		if direct == "" {
			return nil
		}
		room = direct
	}
	all, err := p.Messages(h.Context(), room)
	h.must(err)
	return all
}

const firstKey = "1\ufe0f\u20e3 "

// choicesOf takes the choices off a body.
func choicesOf(body string) (text string, labels []string) {
	at := strings.LastIndex(body, "\n"+firstKey)
	if at < 0 {
		return body, nil
	}
	for line := range strings.SplitSeq(body[at+1:], "\n") {
		_, label, _ := strings.Cut(line, " ")
		labels = append(labels, label)
	}
	return strings.TrimSuffix(body[:at], "\n"), labels
}

func (h hands) see(by chat.AccountID, in chat.RoomID) []adaptertest.Seen {
	h.Helper()
	var seen []adaptertest.Seen
	for _, m := range h.messages(by, in) {
		s := adaptertest.Seen{ID: chat.MessageID(m.ID), Trellis: m.Sender == h.bot, Thread: chat.MessageID(m.Thread)}
		s.Text, s.Choices = choicesOf(m.Body)
		if m.Mentions != nil {
			s.All = m.Mentions.Room
			for _, u := range m.Mentions.Users {
				s.Notified = append(s.Notified, chat.AccountID(u))
			}
		} else if s.Trellis {
			h.Errorf("%q has no m.mentions, so a client may find some in its words", m.Body)
		}
		if s.Trellis {
			h.onlyOurTags(m.HTML)
		}
		seen = append(seen, s)
	}
	return seen
}

// onlyOurTags fails for a tag that is not of those that the adapter writes.
func (h hands) onlyOurTags(html string) {
	h.Helper()
	for rest := html; ; {
		_, after, found := strings.Cut(rest, "<")
		if !found {
			return
		}
		tag, after, _ := strings.Cut(after, ">")
		name, _, _ := strings.Cut(strings.TrimPrefix(tag, "/"), " ")
		if !slices.Contains([]string{"p", "ul", "li", "strong", "code", "br", "blockquote", "a"}, name) {
			h.Errorf("there is a tag %q in %q", tag, html)
		}
		rest = after
	}
}

func (h hands) press(by chat.AccountID, in chat.RoomID, m chat.MessageID, label string) {
	h.Helper()
	room := h.room(by, in)
	for _, s := range h.messages(by, in) {
		if chat.MessageID(s.ID) != m {
			continue
		}
		_, labels := choicesOf(s.Body)
		at := slices.Index(labels, label)
		if at < 0 {
			h.Fatalf("there is no choice %q, only %q", label, labels)
		}
		var err error
		if at < 9 {
			_, err = h.people[by].React(h.Context(), room, s.ID, strconv.Itoa(at+1)+"\ufe0f\u20e3")
		} else {
			_, err = h.people[by].Reply(h.Context(), room, s.ID, strconv.Itoa(at+1))
		}
		h.must(err)
		return
	}
	h.Fatalf("there is no message %s", m)
}

// labels are the fields of the suite's form.
var labels = map[string]string{"What would have to change?": "reason", "Whom does it harm?": "whom"}

// form reads the form that is asked for in a direct room.
func (h hands) form(of chat.AccountID) *adaptertest.SeenForm {
	h.Helper()
	var form *adaptertest.SeenForm
	for _, m := range h.messages(of, "") {
		lines := strings.Split(m.Body, "\n")
		switch {
		case m.Sender != h.bot:
		case slices.Contains(lines, "One thing at a time."):
			form = &adaptertest.SeenForm{Title: lines[0], Errors: map[string]string{}}
			for _, line := range lines {
				if label, is := strings.CutPrefix(line, "- "); is {
					form.Labels = append(form.Labels, strings.TrimSuffix(label, " (may be left out)"))
				}
			}
		case m.Body == "Sent." || m.Body == "Put away.":
			form = nil
		case form != nil && len(lines) > 1 && labels[lines[1]] != "":
			form.Errors[labels[lines[1]]] = lines[0]
		}
	}
	return form
}

// fill answers the questions of a form as they are put.
func (h hands) fill(by chat.AccountID, fields map[string]string) {
	h.Helper()
	for _, label := range h.form(by).Labels {
		h.eventually("Trellis asks "+label, func() bool {
			all := h.messages(by, "")
			last := all[len(all)-1]
			lines := strings.Split(last.Body, "\n")
			return last.Sender == h.bot && slices.Contains(lines, label)
		})
		answer, given := fields[labels[label]]
		if !given {
			answer = "-"
		}
		h.write(by, "", "", answer)
	}
}
