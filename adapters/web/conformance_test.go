package web_test

import (
	"strings"
	"testing"

	"trellis/adapters/adaptertest"
	"trellis/adapters/chat"
	"trellis/adapters/web"
)

func TestAdapter(t *testing.T) {
	adaptertest.Suite{Open: open}.Run(t)
}

// open puts the platform into the suite's hands: all that people do and see goes over HTTP, without a script.
func open(t testing.TB) *adaptertest.Platform {
	w := newTown(t, nil)
	return &adaptertest.Platform{
		Adapter: w.adapter,
		Reopen:  func() chat.Adapter { return w.reopen() },
		Ana:     "ana", Ben: "ben", Chi: "chi", Room: "air", Other: "lane", Missing: "moor",
		Address: func(text string) string { return strings.TrimSpace("trellis " + text) },
		Write:   w.write, Edit: w.edit, Delete: w.takeBack, React: w.react, Press: w.press, Fill: w.fill,
		Join: func(by chat.AccountID, in chat.RoomID) {
			_, err := w.adapter.Join(t.Context(), in, web.Newcomer{Account: by})
			must(t, err)
		},
		Leave: func(by chat.AccountID, in chat.RoomID) {
			c, path := w.as(by, in)
			form := c.page(path + "/people").one(func(n *node) bool { return n.attr["action"] == path+"/leave" })
			c.submit(form, nil, nil)
		},
		See: w.see, Form: w.form,
	}
}

// at is somebody's browser, their page for a room, and the list of it in which a place's messages are.
func (w *town) at(by chat.AccountID, in chat.RoomID) (c *client, path, list, compose string) {
	if in == "" {
		c, path = w.as(by, "air")
		return c, path, "mine-entries", "compose-mine"
	}
	c, path = w.as(by, in)
	return c, path, "room-entries", "compose-room"
}

func (w *town) write(by chat.AccountID, in chat.RoomID, thread chat.MessageID, text string) chat.MessageID {
	c, path, _, compose := w.at(by, in)
	ask := path
	if thread != "" {
		ask += "?reply=" + string(thread)
	}
	resp := c.submit(c.page(ask).one(byID(compose)), nil, map[string]string{"text": text})
	return chat.MessageID(strings.TrimPrefix(resp.URL.Fragment, "m-"))
}

func (w *town) change(by chat.AccountID, in chat.RoomID, m chat.MessageID, button string, text string) {
	c, path, _, compose := w.at(by, in)
	form := c.page(path + "?change=" + string(m)).one(byID(compose))
	var pressed *node
	if button != "" {
		pressed = form.one(func(n *node) bool { return n.attr["name"] == button })
	}
	c.submit(form, pressed, map[string]string{"text": text})
}

func (w *town) edit(by chat.AccountID, in chat.RoomID, m chat.MessageID, text string) {
	w.change(by, in, m, "", text)
}

func (w *town) takeBack(by chat.AccountID, in chat.RoomID, m chat.MessageID) {
	w.change(by, in, m, "takeback", "")
}

func (w *town) react(by chat.AccountID, in chat.RoomID, m chat.MessageID, key, _ string) {
	c, path, _, _ := w.at(by, in)
	button := c.page(path + "?react=" + string(m)).one(byID("react-" + string(m))).one(func(n *node) bool { return n.attr["value"] == key })
	c.submit(button.up(byTag("form")), button, nil)
}

func (w *town) press(by chat.AccountID, in chat.RoomID, m chat.MessageID, label string) {
	w.t.Helper()
	c, path, list, _ := w.at(by, in)
	form, button := choice(c.page(path).one(byID(list)), m, label)
	if form == nil {
		w.t.Fatalf("%s sees no button %q on %s", by, label, m)
	}
	c.submit(form, button, nil)
}

// choice finds the button of a message with this label.
func choice(list *node, m chat.MessageID, label string) (form, button *node) {
	article := list.one(byID("m-" + string(m))).one(byTag("article"))
	for _, l := range article.all(byClass("label")) {
		if l.words() != label {
			continue
		}
		if form = l.up(byTag("form")); form == nil { // asked once more
			form = l.up(byTag("details")).one(byTag("form"))
		}
		return form, form.one(byTag("button"))
	}
	return nil, nil
}

func (w *town) fill(by chat.AccountID, fields map[string]string) {
	c, path, _, _ := w.at(by, "air")
	values := map[string]string{}
	for name, value := range fields {
		values["f."+name] = value
	}
	c.submit(c.page(path).one(byID("form-fields")), nil, values)
}

func (w *town) form(of chat.AccountID) *adaptertest.SeenForm {
	c, path, _, _ := w.at(of, "air")
	form := c.page(path).one(byID("form"))
	if form == nil {
		return nil
	}
	seen := &adaptertest.SeenForm{Title: form.one(byID("form-title")).words(), Errors: map[string]string{}}
	for _, field := range form.all(byClass("field")) {
		label := field.one(byTag("label"))
		seen.Labels = append(seen.Labels, label.below[0].words())
		input := field.one(func(n *node) bool { return strings.HasPrefix(n.attr["name"], "f.") })
		if wrong := field.one(byClass("error")); wrong != nil {
			seen.Errors[strings.TrimPrefix(input.attr["name"], "f.")] = wrong.words()
		}
	}
	return seen
}

func (w *town) see(by chat.AccountID, in chat.RoomID) (all []adaptertest.Seen) {
	c, path, list, _ := w.at(by, in)
	for _, li := range c.page(path).one(byID(list)).all(byClass("entry")) {
		if s, ok := seenIn(li); ok {
			all = append(all, s)
		}
	}
	return all
}

// seenIn is a message as it stands in a list.
func seenIn(li *node) (s adaptertest.Seen, ok bool) {
	article := li.one(byTag("article"))
	if article == nil || article.words() == "" {
		return s, false
	}
	id := strings.TrimPrefix(li.attr["id"], "m-")
	s = adaptertest.Seen{ID: chat.MessageID(id), Trellis: article.has("trellis"), Thread: chat.MessageID(strings.TrimPrefix(li.attr["data-under"], "m-"))}
	var lines []string
	for _, p := range article.one(byID("t-" + id)).all(func(n *node) bool { return n.tag == "p" || n.tag == "li" }) {
		lines = append(lines, p.words())
	}
	s.Text = strings.Join(lines, "\n")
	for _, label := range article.all(byClass("label")) {
		s.Choices = append(s.Choices, label.words())
	}
	for _, name := range article.all(byClass("name")) {
		if who := name.attr["data-notify"]; who != "" {
			s.Notified = append(s.Notified, chat.AccountID(who))
		}
	}
	return s, true
}
