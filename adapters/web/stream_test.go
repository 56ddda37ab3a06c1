package web_test

import (
	"bufio"
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"strings"
	"sync"
	"testing"
	"time"

	"trellis/adapters/chat"
	"trellis/adapters/web"
)

// news is one event of a stream.
type news struct {
	name, id string
	entry    struct {
		ID, List, Under, HTML, Say string
		Fresh, Gone                bool
	}
	state struct {
		Panels string
		Form   *string
		Open   int
		Clock  string
	}
}

// listener is an open stream.
type listener struct {
	t      testing.TB
	events chan news
	status int
	stop   func()
}

// listen opens a stream where a page stands; last is the ID of the last event that was heard.
func (c *client) listen(path, since, last string) *listener {
	c.t.Helper()
	ctx, cancel := context.WithCancel(c.t.Context())
	r, err := http.NewRequestWithContext(ctx, http.MethodGet, c.w.server.URL+path+"/events?since="+since, nil)
	must(c.t, err)
	if last != "" {
		r.Header.Set("Last-Event-ID", last)
	}
	resp, err := c.Do(r) //nolint:bodyclose // the goroutine below closes it
	must(c.t, err)
	l := &listener{t: c.t, events: make(chan news, 1000), status: resp.StatusCode}
	done := make(chan struct{})
	l.stop = func() { cancel(); <-done }
	c.t.Cleanup(l.stop)
	go func() {
		defer close(done)
		defer close(l.events)
		defer resp.Body.Close()
		var n news
		lines := bufio.NewScanner(resp.Body)
		lines.Buffer(nil, 1<<20)
		for lines.Scan() {
			name, value, _ := strings.Cut(lines.Text(), ": ")
			switch name {
			case "event":
				n.name = value
			case "id":
				n.id = value
			case "data":
				_ = json.Unmarshal([]byte(value), map[string]any{"entry": &n.entry, "state": &n.state}[n.name])
			case "":
				if n.name != "" {
					l.events <- n
				}
				n = news{}
			}
		}
	}()
	return l
}

// next is the next event of one kind.
func (l *listener) next(name string) news {
	l.t.Helper()
	late := time.After(10 * time.Second)
	for {
		select {
		case n, open := <-l.events:
			if !open {
				l.t.Fatalf("the stream ended before %q", name)
			}
			if n.name == name {
				return n
			}
		case <-late:
			l.t.Fatalf("no %q came", name)
		}
	}
}

// ends waits until the stream ends, and returns its last event.
func (l *listener) ends() (last news) {
	l.t.Helper()
	late := time.After(10 * time.Second)
	for {
		select {
		case n, open := <-l.events:
			if !open {
				return last
			}
			last = n
		case <-late:
			l.t.Fatal("the stream does not end")
		}
	}
}

func (c *client) since(path string) string {
	c.t.Helper()
	return c.page(path).one(byID("page")).attr["data-since"]
}

func (w *town) deliver(id chat.DeliveryID, to chat.Place, m chat.Message, update, thread chat.MessageID) chat.MessageID {
	w.t.Helper()
	r, err := w.adapter.Deliver(w.t.Context(), chat.Delivery{ID: id, To: to, Message: m, Update: update, Thread: thread})
	must(w.t, err)
	return r.Message
}

func TestStreamTellsWhatIsNew(t *testing.T) {
	w := newTown(t, nil)
	ben, path := w.as("ben", "air")
	w.deliver("d0", chat.Place{Room: "air"}, plain("on the page already"), "", "")
	l := ben.listen(path, ben.since(path), "")
	l.next("at")

	m := w.deliver("d1", chat.Place{Room: "air"}, plain("0 of 3", chat.Choice{Label: "Answer", Name: "Answer", Value: "v"}), "", "")
	e := l.next("entry").entry
	if e.ID != string(m) || e.List != "room-entries" || !e.Fresh || e.Say != "Trellis: 0 of 3" || !strings.Contains(e.HTML, "Answer") {
		t.Errorf("a new message is told as %+v", e)
	}
	w.deliver("d2", chat.Place{Room: "air"}, plain("1 of 3"), m, "")
	if e := l.next("entry").entry; e.ID != string(m) || e.Fresh || e.Say != "" || !strings.Contains(e.HTML, "1 of 3") {
		t.Errorf("an update is told as %+v; it is not to be read out", e)
	}
	w.deliver("d3", chat.Place{Room: "air", Account: "ana"}, plain("for Ana"), "", "")
	w.deliver("d4", chat.Place{Account: "ana"}, plain("for Ana too"), "", "")
	w.deliver("d5", chat.Place{Account: "ben"}, plain("for Ben", chat.Choice{Label: "Pass", Name: "Pass", Value: "p"}), "", "")
	if e := l.next("entry").entry; e.List != "mine-entries" || e.Say != "For you alone, from Trellis: for Ben" {
		t.Errorf("after words to Ana alone Ben is told %+v", e)
	}
	said := w.write("ana", "air", m, "an answer")
	if e := l.next("entry").entry; e.Under != string(m) || e.Say != "Ana: an answer" {
		t.Errorf("an answer is told as %+v", e)
	}
	w.takeBack("ana", "air", said)
	if e := l.next("entry").entry; e.ID != string(said) || !e.Gone || strings.Contains(e.HTML, "an answer") {
		t.Errorf("what was taken back is told as %+v", e)
	}
	own := w.write("ben", "air", "", "my own")
	if e := l.next("entry").entry; e.ID != string(own) || e.Say != "" || !e.Fresh {
		t.Errorf("one's own words are told as %+v; they are not to be read out", e)
	}
}

func TestStreamGoesOnWhereItWasCut(t *testing.T) {
	w := newTown(t, nil)
	ben, path := w.as("ben", "air")
	l := ben.listen(path, ben.since(path), "")
	w.deliver("d1", chat.Place{Room: "air"}, plain("heard"), "", "")
	l.next("entry")
	last := l.next("at").id
	l.stop()
	for i := range 3 {
		w.deliver(chat.DeliveryID(fmt.Sprint("missed", i)), chat.Place{Room: "air"}, plain(fmt.Sprint("missed ", i)), "", "")
	}
	w.reopen() // it holds over a restart
	l = ben.listen(path, "anything", last)
	for i := range 3 {
		if e := l.next("entry").entry; e.Say != fmt.Sprint("Trellis: missed ", i) || !e.Fresh {
			t.Errorf("after the cut %+v was told", e)
		}
	}
	l.next("at")
	w.deliver("d9", chat.Place{Room: "air"}, plain("and on"), "", "")
	if e := l.next("entry").entry; e.Say != "Trellis: and on" {
		t.Errorf("then %+v was told", e)
	}
	// A position that is none, and one too far back, have the page loaded again.
	if n := ben.listen(path, "nonsense", "").ends(); n.name != "reload" {
		t.Errorf("nonsense leads to %+v", n)
	}
	for i := range 301 {
		w.deliver(chat.DeliveryID(fmt.Sprint("many", i)), chat.Place{Room: "air"}, plain("x"), "", "")
	}
	if n := ben.listen(path, "", last).ends(); n.name != "reload" {
		t.Errorf("300 missed messages lead to %+v", n)
	}
}

// A position tells nobody how much is said in private.
func TestPositionsAreOpaque(t *testing.T) {
	w := newTown(t, nil)
	ben, path := w.as("ben", "air")
	before := ben.since(path)
	w.deliver("d1", chat.Place{Account: "ana"}, plain("x"), "", "")
	if after := ben.since(path); after != before {
		t.Error("Ben's position moves with what Ana is told directly")
	}
	w.deliver("d2", chat.Place{Room: "air"}, plain("x"), "", "")
	after := ben.since(path)
	same := 0
	for i := range before {
		if before[i] == after[i] {
			same++
		}
	}
	if len(before) != len(after) || same > len(before)/2 {
		t.Errorf("positions can be compared: %s, %s", before, after)
	}
}

func TestStreamEndsWithTheLink(t *testing.T) {
	w := newTown(t, nil)
	for _, row := range []struct {
		name string
		end  func() error
	}{
		{"the link ended", func() error { return w.adapter.EndLinks(t.Context(), "air", "ben") }},
		{"the person left", func() error { return w.adapter.Leave(t.Context(), "air", "chi") }},
	} {
		who := chat.AccountID(map[string]string{"the link ended": "ben", "the person left": "chi"}[row.name])
		c, path := w.as(who, "air")
		l := c.listen(path, c.since(path), "")
		l.next("at")
		must(t, row.end())
		if n := l.ends(); n.name != "ended" {
			t.Errorf("%s: the last thing told is %+v", row.name, n)
		}
		if l := c.listen(path, "", ""); l.status != http.StatusNotFound {
			t.Errorf("%s: a new stream gets %d", row.name, l.status)
		}
	}
}

func TestStreamsOfOnePersonAreFew(t *testing.T) {
	w := newTown(t, nil)
	ben, path := w.as("ben", "air")
	since := ben.since(path)
	var open []*listener
	for range 8 {
		l := ben.listen(path, since, "")
		if l.status != http.StatusOK {
			t.Fatalf("got %d", l.status)
		}
		open = append(open, l)
	}
	if l := ben.listen(path, since, ""); l.status != http.StatusTooManyRequests {
		t.Errorf("the ninth gets %d", l.status)
	}
	if ana, path := w.as("ana", "air"); ana.listen(path, "", "").status != http.StatusOK {
		t.Error("others are held up")
	}
	open[0].stop()
	eventually(t, "there is room again", func() bool {
		l := ben.listen(path, since, "")
		l.stop()
		return l.status == http.StatusOK
	})
}

// A form comes to the page by the stream as well, and goes when it was sent from elsewhere.
func TestStreamBringsForms(t *testing.T) {
	var mu sync.Mutex // guards asked
	var asked []string
	w := newTown(t, func(o *web.Options) {
		o.Show = func(_ context.Context, room chat.RoomID, who chat.AccountID, line string) (chat.Message, error) {
			mu.Lock()
			defer mu.Unlock()
			asked = append(asked, fmt.Sprint(room, " ", who, " ", line))
			return plain("nothing yet for <b>"), nil
		}
	})
	ben, path := w.as("ben", "air")
	page := ben.page(path)
	if n := len(page.one(byID("panels")).all(byClass("panel"))); n != 3 || !strings.Contains(strings.Join(asked, "\n"), "air ben session scope\nair ben agreements\nair ben commitments") {
		t.Errorf("%d panels, asked for %q", n, asked)
	}
	in := &counter{reply: func(e chat.Event) *chat.Reply {
		if e.Kind() == "pressed" {
			return &chat.Reply{Form: &chat.Form{Title: "When", Submit: "Send", Value: "f", Fields: []chat.Field{
				{Name: "by", Label: "By when?", Kind: chat.When},
				{Name: "who", Label: "Who?", Kind: chat.Person},
				{Name: "how", Label: "How?", Kind: chat.Select, Options: []chat.Option{{Value: "a", Label: "A"}}},
				{Name: "why", Label: "Why?", Kind: chat.Lines, Optional: true, Max: 10},
			}}}
		}
		return nil
	}}
	ctx, stop := context.WithCancel(t.Context())
	ended := make(chan error, 1)
	go func() { ended <- w.adapter.Run(ctx, in) }()
	l := ben.listen(path, page.one(byID("page")).attr["data-since"], "")
	if s := l.next("state").state; *s.Form != "" || !strings.Contains(s.Panels, "nothing yet for &lt;b&gt;") {
		t.Errorf("at first the state is %+v", s)
	}
	m := w.deliver("d1", chat.Place{Account: "ben"}, plain("Will you?", chat.Choice{Label: "Later", Name: "Later", Value: "l"}), "", "")
	for l.next("state").state.Open != 1 {
		t.Error("it is not told that a question is open")
	}
	w.press("ben", "", m, "Later")
	form := l.next("state").state.Form
	if form == nil || !strings.Contains(*form, "By when?") {
		t.Fatalf("the form comes as %v", form)
	}
	dialog := parseHTML(t, *form)
	fields := dialog.one(byID("form-fields"))
	for _, input := range fields.all(func(n *node) bool { return strings.HasPrefix(n.attr["name"], "f.") }) {
		if label := fields.one(func(n *node) bool { return n.tag == "label" && n.attr["for"] == input.attr["id"] }); label == nil {
			t.Errorf("%s has no label", input.attr["name"])
		}
	}
	// What needs no practice to see it is said at once, and what was typed stays.
	ben.submit(fields, nil, map[string]string{"f.by": "friday", "f.who": "ana", "f.how": "b", "f.why": "far too long for it"})
	dialog = parseHTML(t, *l.next("state").state.Form)
	wrong := map[string]bool{}
	for _, p := range dialog.all(byClass("error")) {
		wrong[p.attr["id"]] = true
	}
	if wrong["f0-error"] || wrong["f1-error"] || !wrong["f2-error"] || !wrong["f3-error"] {
		t.Errorf("wrong are %v", wrong)
	}
	if dialog.one(byID("f0")).attr["value"] != "friday" {
		t.Error("what was typed is gone")
	}
	ben.submit(dialog.one(byID("form-fields")), nil, map[string]string{"f.how": "a", "f.why": ""})
	if form := l.next("state").state.Form; form == nil || *form != "" {
		t.Errorf("after it was sent the form is %v", form)
	}
	filled := in.of("filled")
	if len(filled) != 1 || filled[0].What.(chat.Filled).Fields["who"] != chat.MentionOf("ana") || filled[0].What.(chat.Filled).Fields["by"] != "friday" {
		t.Errorf("filled %+v", filled)
	}
	// When Trellis ends, so do the streams: a server that shuts down waits for none.
	stop()
	must(t, <-ended)
	l.ends()
}
