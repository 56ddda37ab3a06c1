package web_test

import (
	"context"
	"fmt"
	"io"
	"maps"
	"net/http"
	"net/http/cookiejar"
	"net/http/httptest"
	"net/url"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"go.uber.org/goleak"

	"trellis/adapters/chat"
	"trellis/adapters/web"
	"trellis/flows/words"
	"trellis/storage"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

func must(t testing.TB, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

// texts are the real ones.
func texts(t testing.TB) func(language, key string, n int) string {
	t.Helper()
	catalogues, err := words.Load()
	must(t, err)
	return func(language, key string, n int) string {
		template, ok := catalogues.Find(language, key, n)
		if !ok {
			t.Errorf("the catalogue lacks %s", key)
		}
		var b strings.Builder
		for _, block := range template {
			for _, part := range block.Parts {
				if part.Kind == words.Slot {
					b.WriteString("{" + part.Text + "}")
				} else {
					b.WriteString(part.Text)
				}
			}
		}
		return b.String()
	}
}

// town is a web platform with people who use it through their browsers.
type town struct {
	t       testing.TB
	store   storage.Store
	options web.Options
	server  *httptest.Server
	now     atomic.Int64 // seconds

	mu      sync.Mutex // guards what follows
	adapter *web.Adapter
	handler http.Handler
	clients map[string]*client // by path
	from    int
}

const start = 1_774_602_000 // 2026-03-27 09:00 UTC

// newTown opens air (ana, ben, chi) and lane (ana, ben), of which Trellis was told already.
func newTown(t testing.TB, change func(*web.Options)) *town {
	t.Helper()
	w := &town{t: t, store: storage.Memory(), clients: map[string]*client{}}
	w.now.Store(start)
	w.server = httptest.NewServer(http.HandlerFunc(func(rw http.ResponseWriter, r *http.Request) {
		w.mu.Lock()
		h := w.handler
		w.mu.Unlock()
		h.ServeHTTP(rw, r)
	}))
	t.Cleanup(w.server.Close)
	w.options = web.Options{
		Store: w.store, URL: w.server.URL, Words: texts(t), Languages: []string{"en", "cy"},
		Now: func() time.Time { return time.Unix(w.now.Load(), 0).UTC() },
	}
	if change != nil {
		change(&w.options)
		w.store = w.options.Store
	}
	w.reopen()
	ana, ben := web.Newcomer{Name: "Ana", Account: "ana"}, web.Newcomer{Name: "Ben", Account: "ben"}
	_, err := w.adapter.OpenRoom(t.Context(), web.NewRoom{ID: "air", Name: "Clean air", People: []web.Newcomer{ana, ben, {Name: "Chi", Account: "chi"}}})
	must(t, err)
	_, err = w.adapter.OpenRoom(t.Context(), web.NewRoom{ID: "lane", Name: "Mill Lane", People: []web.Newcomer{ana, ben}})
	must(t, err)
	w.told(&counter{})
	w.reopen()
	return w
}

// reopen is a new adapter on the same store, as after a restart.
func (w *town) reopen() *web.Adapter {
	w.t.Helper()
	a, err := web.New(w.t.Context(), w.options)
	must(w.t, err)
	w.mu.Lock()
	defer w.mu.Unlock()
	w.adapter, w.handler = a, a.Handler()
	return a
}

// told has all that happened so far handed on to an inbox that takes everything.
func (w *town) told(c *counter) {
	w.t.Helper()
	// What waits is handed on in its order, so when the record of a new link is there, all is.
	before := c.links()
	w.reopen() // an adapter runs once
	_, err := w.adapter.NewLink(w.t.Context(), "air", "chi")
	must(w.t, err)
	ctx, stop := context.WithCancel(w.t.Context())
	ended := make(chan error, 1)
	go func() { ended <- w.adapter.Run(ctx, c) }()
	eventually(w.t, "all is handed on", func() bool { return c.links() != before })
	stop()
	must(w.t, <-ended)
}

// eventually asks until it is so.
func eventually(t testing.TB, what string, so func() bool) {
	t.Helper()
	late := time.After(10 * time.Second)
	again := time.NewTicker(2 * time.Millisecond)
	defer again.Stop()
	for !so() {
		select {
		case <-again.C:
		case <-late:
			t.Fatalf("still not: %s", what)
		}
	}
}

// fullStore is a store whose disk can be full.
type fullStore struct {
	storage.Store
	full atomic.Bool
}

// counter is an inbox that takes everything.
type counter struct {
	mu     sync.Mutex // guards what follows
	stored chat.Stored
	events []chat.Event
	reply  func(chat.Event) *chat.Reply
}

func (c *counter) Stored(context.Context) (chat.Stored, error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	return chat.Stored{Cursor: c.stored.Cursor, Kept: maps.Clone(c.stored.Kept)}, nil
}

func (c *counter) Accept(_ context.Context, b chat.Batch) (replies []chat.Reply, _ error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if b.Cursor != nil {
		c.stored.Cursor = b.Cursor
	}
	if c.stored.Kept == nil {
		c.stored.Kept = map[string][]byte{}
	}
	for _, r := range b.Keep {
		if r.Value == nil {
			delete(c.stored.Kept, r.Name)
		} else {
			c.stored.Kept[r.Name] = slices.Clone(r.Value)
		}
	}
	for _, e := range b.Events {
		c.events = append(c.events, e)
		if c.reply != nil {
			if r := c.reply(e); r != nil {
				r.To = e.ID
				replies = append(replies, *r)
			}
		}
	}
	return replies, nil
}

// links are the names of the records of links.
func (c *counter) links() string {
	c.mu.Lock()
	defer c.mu.Unlock()
	names := slices.Sorted(maps.Keys(c.stored.Kept))
	return strings.Join(slices.DeleteFunc(names, func(n string) bool { return !strings.HasPrefix(n, "link/") }), " ")
}

// of returns the events of one kind, by their IDs once.
func (c *counter) of(kind string) (found []chat.Event) {
	c.mu.Lock()
	defer c.mu.Unlock()
	for _, e := range c.events {
		if e.Kind() == kind && !slices.ContainsFunc(found, func(o chat.Event) bool { return o.ID == e.ID }) {
			found = append(found, e)
		}
	}
	return found
}

// client is a browser.
type client struct {
	*http.Client
	w    *town
	t    testing.TB
	here bool // it says that it comes from this machine, and no proxy
}

func (w *town) browser() *client {
	jar, _ := cookiejar.New(nil)
	return &client{w: w, t: w.t, Client: &http.Client{Jar: jar, Transport: w.server.Client().Transport}}
}

// as is the browser of somebody who came into a room by their link.
func (w *town) as(who chat.AccountID, in chat.RoomID) (*client, string) {
	w.t.Helper()
	path := "/r/" + string(in) + "/" + string(who)
	w.mu.Lock()
	c := w.clients[path]
	w.mu.Unlock()
	if c != nil {
		return c, path
	}
	link, err := w.adapter.NewLink(w.t.Context(), in, who)
	must(w.t, err)
	c = w.browser()
	c.comeIn(link)
	w.mu.Lock()
	defer w.mu.Unlock()
	w.clients[path] = c
	return c, path
}

// comeIn opens a link and presses its button.
func (c *client) comeIn(link string) *answer {
	c.t.Helper()
	page := c.page(strings.TrimPrefix(link, c.w.server.URL))
	form := page.one(byTag("form"))
	if form == nil {
		c.t.Fatalf("a link leads to %q", page.words())
	}
	return c.post(form.attr["action"], form.fields(nil))
}

// do sends a request. Each seems to come from somewhere else, so that limits of an address are not what is tested.
func (c *client) do(r *http.Request) (*answer, string) {
	c.t.Helper()
	if r.Header.Get("X-Forwarded-For") == "" && !c.here {
		c.w.mu.Lock()
		c.w.from++
		r.Header.Set("X-Forwarded-For", fmt.Sprintf("10.%d.%d.1", c.w.from>>8&255, c.w.from&255))
		c.w.mu.Unlock()
	}
	resp, err := c.Do(r)
	must(c.t, err)
	defer resp.Body.Close()
	body, err := io.ReadAll(resp.Body)
	must(c.t, err)
	return &answer{resp.StatusCode, resp.Status, resp.Header, resp.Cookies(), resp.Request.URL}, string(body)
}

// answer is what a browser got, after redirects.
type answer struct {
	StatusCode int
	Status     string
	Header     http.Header
	Cookies    []*http.Cookie
	URL        *url.URL
}

func (c *client) get(path string) (*answer, string) {
	c.t.Helper()
	r, err := http.NewRequestWithContext(c.t.Context(), http.MethodGet, c.w.server.URL+path, nil)
	must(c.t, err)
	return c.do(r)
}

// page is a page that must be there.
func (c *client) page(path string) *node {
	c.t.Helper()
	resp, body := c.get(path)
	if resp.StatusCode != http.StatusOK {
		c.t.Fatalf("GET %s: %s\n%s", path, resp.Status, body)
	}
	return parseHTML(c.t, body)
}

// send posts a form; its answer is the last after redirects.
func (c *client) send(path string, fields map[string]string) (*answer, string) {
	c.t.Helper()
	r, err := http.NewRequestWithContext(c.t.Context(), http.MethodPost, c.w.server.URL+path, nil)
	must(c.t, err)
	r.Body, r.ContentLength = body(fields)
	r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	r.Header.Set("Origin", c.w.server.URL)
	return c.do(r)
}

func body(fields map[string]string) (io.ReadCloser, int64) {
	values := url.Values{}
	for name, value := range fields {
		values.Set(name, value)
	}
	text := values.Encode()
	return io.NopCloser(strings.NewReader(text)), int64(len(text))
}

func (c *client) post(path string, fields map[string]string) *answer {
	c.t.Helper()
	resp, body := c.send(path, fields)
	if resp.StatusCode != http.StatusOK {
		c.t.Fatalf("POST %s: %s\n%s", path, resp.Status, body)
	}
	return resp
}

// submit fills a form of a page and sends it by one of its buttons.
func (c *client) submit(form *node, button *node, fields map[string]string) *answer {
	c.t.Helper()
	values := form.fields(button)
	maps.Copy(values, fields)
	action := form.attr["action"]
	if button != nil && button.attr["formaction"] != "" {
		action = button.attr["formaction"]
	}
	return c.post(action, values)
}

// runUntil runs an adapter until something is so.
func runUntil(t testing.TB, a *web.Adapter, in chat.Inbox, so func() bool) {
	t.Helper()
	ctx, stop := context.WithCancel(t.Context())
	ended := make(chan error, 1)
	go func() { ended <- a.Run(ctx, in) }()
	eventually(t, "what Run is to do", so)
	stop()
	must(t, <-ended)
}
