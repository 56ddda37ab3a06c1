package web_test

import (
	"bytes"
	"net/http"
	"net/http/cookiejar"
	"net/url"
	"strings"
	"testing"

	"trellis/adapters/chat"
	"trellis/adapters/web"
	"trellis/storage"
)

func (w *town) link(in chat.RoomID, who chat.AccountID) string {
	w.t.Helper()
	link, err := w.adapter.NewLink(w.t.Context(), in, who)
	must(w.t, err)
	return strings.TrimPrefix(link, w.server.URL)
}

func (c *client) status(path string) int {
	c.t.Helper()
	resp, _ := c.get(path)
	return resp.StatusCode
}

func TestLinkIsUsedOnlyByItsButton(t *testing.T) {
	w := newTown(t, nil)
	link := w.link("air", "chi")
	for range 3 { // a preview, a scanner of mails, the person
		resp, body := w.browser().get(link)
		if resp.StatusCode != http.StatusOK || len(resp.Cookies) > 0 || !strings.Contains(body, "Chi") {
			t.Fatalf("a look at the link: %s, cookies %v", resp.Status, resp.Cookies)
		}
	}
	c := w.browser()
	if c.status("/r/air/chi") != http.StatusNotFound {
		t.Error("the page is there before anybody came in")
	}
	resp := c.comeIn(w.server.URL + link)
	if resp.URL.Path != "/r/air/chi" {
		t.Errorf("the button leads to %s", resp.URL)
	}
	// On another device it is good as well: people without accounts have nothing else to come back by.
	w.browser().comeIn(w.server.URL + link)
}

func TestCookie(t *testing.T) {
	for _, row := range []struct {
		name, url, cookie string
		secure            bool
	}{
		{"in the clear", "http://trellis.test", "trellis", false},
		{"over TLS", "https://trellis.test", "__Host-trellis", true},
	} {
		t.Run(row.name, func(t *testing.T) {
			w := newTown(t, func(o *web.Options) { o.URL = row.url })
			link, err := w.adapter.NewLink(t.Context(), "air", "chi")
			must(t, err)
			path := strings.TrimPrefix(link, row.url)
			r, err := http.NewRequestWithContext(t.Context(), http.MethodPost, w.server.URL+path, strings.NewReader(""))
			must(t, err)
			r.Host = "trellis.test"
			r.Header.Set("Origin", row.url)
			r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
			w.server.Client().CheckRedirect = func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }
			resp, err := w.server.Client().Do(r)
			must(t, err)
			defer resp.Body.Close()
			cookies := resp.Cookies()
			if len(cookies) != 1 {
				t.Fatalf("%s, cookies %v, want one", resp.Status, cookies)
			}
			c := cookies[0]
			if c.Name != row.cookie || c.Secure != row.secure || !c.HttpOnly || c.SameSite != http.SameSiteLaxMode || c.Path != "/" || c.Domain != "" {
				t.Errorf("the cookie is %v", c)
			}
			if hsts := resp.Header.Get("Strict-Transport-Security"); (hsts != "") != row.secure {
				t.Errorf("Strict-Transport-Security is %q", hsts)
			}
		})
	}
}

func TestLinkEnds(t *testing.T) {
	w := newTown(t, nil)
	day := func(n int64) { w.now.Add(n * 24 * 3600) }
	c, path := w.as("chi", "air")
	for range 4 { // each visit moves its end
		day(20)
		if c.status(path) != http.StatusOK {
			t.Fatal("a link that is used ends")
		}
	}
	day(31)
	if c.status(path) != http.StatusNotFound {
		t.Error("a link that nobody used for 31 days is still good")
	}

	first := w.link("air", "ben")
	second := w.link("air", "ben")
	if w.browser().status(first) != http.StatusNotFound || w.browser().status(second) != http.StatusOK {
		t.Error("a new link does not take the place of the old one")
	}
	c = w.browser()
	c.comeIn(w.server.URL + second)
	must(t, w.adapter.EndLinks(t.Context(), "air", "ben"))
	if c.status("/r/air/ben") != http.StatusNotFound || w.browser().status(second) != http.StatusNotFound {
		t.Error("an ended link opens something")
	}
	resp, _ := c.send("/r/air/ben/say", map[string]string{"text": "still here", "in": "room"})
	if resp.StatusCode != http.StatusNotFound {
		t.Errorf("writing after the link ended: %s", resp.Status)
	}
}

func TestSecretsAreNotStored(t *testing.T) {
	w := newTown(t, nil)
	link := w.link("air", "chi")
	c := w.browser()
	c.comeIn(w.server.URL + link)
	in := &counter{}
	w.told(in)
	address, err := url.Parse(w.server.URL)
	must(t, err)
	secrets := []string{strings.TrimPrefix(link, "/join/"), c.Jar.Cookies(address)[0].Value}
	look := func(where string, data []byte) {
		for _, s := range secrets {
			if bytes.Contains(bytes.ToLower(data), []byte(s)) {
				t.Errorf("%s holds a secret", where)
			}
		}
	}
	must(t, w.store.View(t.Context(), func(tx storage.Tx) error {
		return tx.Scan([]byte{0}, nil, func(k, v []byte) (bool, error) {
			look("the store", k)
			look("the store", v)
			return true, nil
		})
	}))
	for name, value := range in.stored.Kept {
		look("a record", append([]byte(name), value...))
	}
}

// Of what is not for somebody they hear what they would hear if it did not exist.
func TestOtherRoomsAreNotTold(t *testing.T) {
	w := newTown(t, nil)
	chi, own := w.as("chi", "air")
	w.as("ana", "lane")
	if chi.status(own) != http.StatusOK {
		t.Fatal("chi has no page")
	}
	want := ""
	for _, path := range []string{
		"/r/nowhere/chi", "/r/air/nobody", "/r/lane/chi", // there is none of them
		"/r/air/ana", "/r/lane/ana", "/r/lane/ben", // these are others'
		"/r/lane/ana/events", "/r/lane/ana/home", "/r/lane/ana/people", "/join/aaaaaaaaaaaaaaaaaaaaaaaaaa", "/anything",
	} {
		resp, body := chi.get(path)
		if want == "" {
			want = body
		}
		if resp.StatusCode != http.StatusNotFound || body != want {
			t.Errorf("GET %s: %s\n%s", path, resp.Status, body)
		}
	}
	for _, path := range []string{"/r/nowhere/chi/say", "/r/lane/ana/say", "/r/air/ana/press", "/r/air/chi/nothing"} {
		if resp, body := chi.send(path, map[string]string{"text": "x", "in": "room"}); resp.StatusCode != http.StatusNotFound || body != want {
			t.Errorf("POST %s: %s", path, resp.Status)
		}
	}
	// What is the host's alone is not there for others.
	resp, body := chi.send(own+"/people/invite", chi.page(own+"/people").one(byTag("form")).fields(nil))
	if resp.StatusCode != http.StatusNotFound || body != want {
		t.Errorf("chi invites somebody: %s", resp.Status)
	}
}

func TestPrivateWordsStayPrivate(t *testing.T) {
	w := newTown(t, nil)
	_, err := w.adapter.Deliver(t.Context(), chat.Delivery{ID: "d1", To: chat.Place{Room: "air", Account: "ana"}, Message: plain("a whisper")})
	must(t, err)
	_, err = w.adapter.Deliver(t.Context(), chat.Delivery{ID: "d2", To: chat.Place{Account: "ana"}, Message: plain("a letter")})
	must(t, err)
	ana, page := w.as("ana", "air")
	if text := ana.page(page).words(); !strings.Contains(text, "a whisper") || !strings.Contains(text, "a letter") || !strings.Contains(text, "Only you see this") {
		t.Error("ana does not read it, or not that it is for her alone")
	}
	ben, page := w.as("ben", "air")
	_, body := ben.get(page)
	m := w.see("ana", "air")[0].ID
	for _, s := range []string{"a whisper", "a letter", string(m)} {
		if strings.Contains(body, s) {
			t.Errorf("ben's page holds %q", s)
		}
	}
	// Naming it leads nowhere either.
	form := ben.page(page).one(byID("compose-room")).fields(nil)
	for _, try := range []string{"press", "react", "change", "say"} {
		fields := map[string]string{"token": form["token"], "in": "room", "message": string(m), "thread": string(m), "key": "+1", "choice": "x", "text": "x"}
		if resp, _ := ben.send(page+"/"+try, fields); resp.StatusCode != http.StatusConflict {
			t.Errorf("%s on a private message of somebody else: %s", try, resp.Status)
		}
	}
	if resp, body := ben.get(page + "?reply=" + string(m) + "&change=" + string(m) + "&react=" + string(m) + "&before=" + string(m)); resp.StatusCode != http.StatusOK || strings.Contains(body, "whisper") {
		t.Errorf("naming it in an address: %s", resp.Status)
	}
}

func plain(text string, choices ...chat.Choice) chat.Message {
	return chat.Message{Text: chat.Text{{Spans: []chat.Span{{Text: text}}}}, Choices: choices, Language: "en", Zone: "UTC"}
}

func TestHostInvitesPeople(t *testing.T) {
	w := newTown(t, nil)
	host, page := w.as("ana", "air")
	form := func() *node {
		return host.page(page + "/people").one(func(n *node) bool { return n.attr["action"] == page+"/people/invite" })
	}
	fields := form().fields(nil)
	fields["name"] = "Dee \u202e<i>"
	_, body := host.send(page+"/people/invite", fields)
	_, again := host.send(page+"/people/invite", fields) // a second click
	made := func(body string) string { return parseHTML(t, body).one(byID("made-link")).attr["value"] }
	if made(body) == made(again) {
		t.Error("a second click shows the link again, which is not kept")
	}
	if people := parseHTML(t, again).one(byClass("folk")).all(byTag("li")); len(people) != 4 {
		t.Errorf("two clicks make %d people, want four with Dee", len(people))
	}
	dee := w.browser()
	if w.browser().status(strings.TrimPrefix(made(body), w.server.URL)) != http.StatusNotFound {
		t.Error("both links are good")
	}
	if resp := dee.comeIn(made(again)); resp.URL.Path != "/r/air/dee-i" {
		t.Errorf("Dee comes to %s", resp.URL.Path)
	}
	if resp, _ := host.send(page+"/people/invite", map[string]string{"token": fields["token"], "name": " \u200b "}); resp.StatusCode != http.StatusUnprocessableEntity {
		t.Errorf("a name of nothing: %s", resp.Status)
	}
	// Taken out, Dee is gone at once, and Trellis hears it.
	remove := host.page(page + "/people").all(func(n *node) bool { return n.attr["action"] == page+"/people/remove" })
	last := remove[len(remove)-1]
	host.submit(last, last.one(byTag("button")), nil)
	if dee.status("/r/air/dee-i") != http.StatusNotFound {
		t.Error("Dee still has the page")
	}
	in := &counter{}
	w.told(in)
	if joined, left := in.of("joined"), in.of("left"); len(joined) != 1 || len(left) != 1 || joined[0].By.Name != "Dee <i>" || left[0].By.Account != joined[0].By.Account {
		t.Errorf("joined %+v, left %+v", joined, left)
	}
}

func TestSignOff(t *testing.T) {
	w := newTown(t, nil)
	c, page := w.as("chi", "air")
	form := c.page(page + "/people").one(func(n *node) bool { return n.attr["action"] == "/out" })
	c.submit(form, nil, nil)
	c.Jar, _ = cookiejar.New(nil)
	if c.status(page) != http.StatusNotFound {
		t.Error("signed off, the page is still there")
	}
}

func TestFirstRoom(t *testing.T) {
	var told []string
	store := storage.Memory()
	options := web.Options{
		Store: store, URL: "https://trellis.test", Words: texts(t),
		First: &web.First{Room: "Our room", Host: web.Newcomer{Name: "Host"}, Tell: func(link string) error { told = append(told, link); return nil }},
	}
	w := &town{t: t, store: store, options: options, clients: map[string]*client{}}
	in := &counter{}
	for _, row := range []struct {
		name  string
		until func() bool
		links int
	}{
		{"at first", func() bool { return len(in.of("invited")) == 1 }, 1},
		{"again", func() bool { return true }, 1},
	} {
		w.reopen()
		runUntil(t, w.adapter, in, row.until)
		if len(told) != row.links || !strings.HasPrefix(told[0], "https://trellis.test/join/") {
			t.Fatalf("%s: told %q", row.name, told)
		}
	}
	// The timeline's file is lost: the room comes back from Trellis's own store.
	w.store = storage.Memory()
	w.options.Store = w.store
	w.reopen()
	runUntil(t, w.adapter, in, func() bool { return len(w.adapter.Rooms()) == 1 })
	if len(told) != 1 || len(in.of("invited")) != 1 {
		t.Errorf("a second first room was opened: %q", told)
	}
}

func TestNames(t *testing.T) {
	w := newTown(t, nil)
	in := &counter{}
	w.told(in)
	c := w.browser()
	link := w.link("air", "chi")
	form := c.page(link).one(byTag("form"))
	fields := form.fields(nil)
	fields["name"], fields["zone"] = "Chi Ng", "Asia/Taipei"
	c.post(form.attr["action"], fields)
	rename := c.page("/r/air/chi/people").one(func(n *node) bool { return n.attr["action"] == "/r/air/chi/name" })
	c.submit(rename, nil, map[string]string{"name": "Chi Nguyen"})
	if resp, _ := c.send("/r/air/chi/name", map[string]string{"token": rename.fields(nil)["token"], "name": " "}); resp.StatusCode != http.StatusUnprocessableEntity {
		t.Errorf("a name of nothing: %s", resp.Status)
	}
	w.write("ana", "air", "", "trellis ask @Chi Nguyen to come")
	w.told(in)
	changed := in.of("changed")
	if len(changed) != 2 || changed[0].By.Name != "Chi Ng" || changed[0].By.Zone != "Asia/Taipei" || changed[1].By.Name != "Chi Nguyen" {
		t.Errorf("Trellis hears %+v", changed)
	}
	if c := in.of("command"); len(c) != 1 || c[0].What.(chat.Command).Text != "ask "+chat.MentionOf("chi")+" to come" {
		t.Errorf("Chi is named as %+v", c)
	}
}
