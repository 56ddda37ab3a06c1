package web_test

import (
	"context"
	"errors"
	"maps"
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"

	"trellis/adapters/chat"
	"trellis/adapters/web"
	"trellis/storage"
)

// A form that is sent twice, by a second click or after a cut connection, is one thing that happened.
func TestSentTwiceIsOnce(t *testing.T) {
	w := newTown(t, nil)
	c, path := w.as("ana", "air")
	m := w.deliver("d1", chat.Place{Room: "air"}, plain("Will you?", chat.Choice{Label: "Yes", Name: "Yes", Value: "y"}), "", "")
	say := c.page(path).one(byID("compose-room")).fields(nil)
	say["text"] = "once"
	form, button := choice(c.page(path).one(byID("room-entries")), m, "Yes")
	press := form.fields(button)
	for range 2 {
		c.post(path+"/say", say)
		c.post(path+"/press", press)
	}
	said := 0
	for _, s := range w.see("ben", "air") {
		if s.Text == "once" {
			said++
		}
	}
	in := &counter{}
	w.told(in)
	if said != 1 || len(in.of("said")) != 1 || len(in.of("pressed")) != 1 {
		t.Errorf("it stands there %d times, and is %d lines and %d presses to Trellis", said, len(in.of("said")), len(in.of("pressed")))
	}
	// A page that was loaded again makes it another one.
	form, button = choice(c.page(path).one(byID("room-entries")), m, "Yes")
	c.submit(form, button, nil)
	w.told(in)
	if len(in.of("pressed")) != 2 {
		t.Error("a choice cannot be taken a second time")
	}
}

func TestChoiceThatIsGone(t *testing.T) {
	w := newTown(t, nil)
	c, path := w.as("ana", "air")
	m := w.deliver("d1", chat.Place{Room: "air"}, plain("Which?", chat.Choice{Label: "A", Name: "A", Value: "a"}, chat.Choice{Label: "B", Name: "B", Value: "b"}), "", "")
	form, button := choice(c.page(path).one(byID("room-entries")), m, "B")
	w.deliver("d2", chat.Place{Room: "air"}, plain("Which?", chat.Choice{Label: "A", Name: "A", Value: "a"}), m, "")
	resp, body := c.send(path+"/press", form.fields(button))
	if resp.StatusCode != http.StatusConflict || !strings.Contains(body, "has changed meanwhile") {
		t.Errorf("a choice that is gone: %s", resp.Status)
	}
	in := &counter{}
	w.told(in)
	if len(in.of("pressed")) != 0 {
		t.Error("another choice was taken in its place")
	}
}

func TestTalkIsKeptForAWhile(t *testing.T) {
	w := newTown(t, func(o *web.Options) { o.Keep = 7 * 24 * time.Hour })
	for i := range 1100 { // more than one transaction deletes
		w.deliver(chat.DeliveryID("old"+string(rune('a'+i%26))+strings.Repeat("x", i/26)), chat.Place{Room: "air"}, plain("old"), "", "")
	}
	old := w.deliver("old", chat.Place{Account: "ana"}, plain("old and private"), "", "")
	w.now.Add(6 * 24 * 3600)
	w.deliver("new", chat.Place{Room: "air"}, plain("new"), "", "")
	w.now.Add(2 * 24 * 3600)
	runUntil(t, w.adapter, &counter{}, func() bool {
		seen, err := w.adapter.Seen(t.Context(), "ana", "air")
		must(t, err)
		private, err := w.adapter.Seen(t.Context(), "ana", "")
		must(t, err)
		return len(seen) == 1 && seen[0].Text == "new" && len(private) == 0
	})
	_, err := w.adapter.Deliver(t.Context(), chat.Delivery{ID: "late", To: chat.Place{Account: "ana"}, Update: old, Message: plain("changed")})
	if r, ok := errors.AsType[*chat.Refused](err); !ok || !r.Anew {
		t.Errorf("an update of what is gone: %v, want that it be said anew", err)
	}
	left := 0
	must(t, w.store.View(t.Context(), func(tx storage.Tx) error {
		return tx.Scan([]byte{0}, nil, func(_, v []byte) (bool, error) {
			if strings.Contains(string(v), "old and private") {
				left++
			}
			return true, nil
		})
	}))
	if left != 0 {
		t.Errorf("the store still holds it %d times", left)
	}
}

func TestLinksAndSessionsAreTidiedUp(t *testing.T) {
	w := newTown(t, nil)
	w.as("chi", "air")
	in := &counter{}
	w.told(in)
	w.now.Add(40 * 24 * 3600)
	runUntil(t, w.reopen(), in, func() bool { return in.links() == "" })
	sessions := 0
	must(t, w.store.View(t.Context(), func(tx storage.Tx) error {
		return tx.Scan([]byte("web/session\x00"), []byte("web/session\x01"), func(_, _ []byte) (bool, error) {
			sessions++
			return true, nil
		})
	}))
	if sessions > 0 {
		t.Errorf("%d sessions are left", sessions)
	}
}

// Whichever of the two stores was restored from a backup, both come to the same state.
func TestRestoredStores(t *testing.T) {
	w := newTown(t, nil)
	in := &counter{}
	w.told(in)
	older := chat.Stored{Cursor: slices.Clone(in.stored.Cursor), Kept: maps.Clone(in.stored.Kept)}
	_, err := w.adapter.OpenRoom(t.Context(), web.NewRoom{ID: "park", Name: "The park", People: []web.Newcomer{{Account: "ana"}}})
	must(t, err)
	w.told(in)
	rooms := func(s chat.Stored) (n int) {
		for name := range s.Kept {
			if strings.HasPrefix(name, "room/") {
				n++
			}
		}
		return n
	}
	if rooms(in.stored) != 3 {
		t.Fatalf("Trellis's store has %d rooms", rooms(in.stored))
	}
	t.Run("Trellis's store is older", func(t *testing.T) {
		old := &counter{stored: chat.Stored{Cursor: older.Cursor, Kept: maps.Clone(older.Kept)}}
		runUntil(t, w.reopen(), old, func() bool {
			s, err := old.Stored(t.Context())
			must(t, err)
			return rooms(s) == 3
		})
		again := old.of("invited")
		if len(again) != 1 || again[0].Room != "park" || string(old.stored.Cursor) != string(in.stored.Cursor) {
			t.Errorf("it is told of %+v", again)
		}
	})
	t.Run("the timeline is lost", func(t *testing.T) {
		options := w.options
		options.Store = storage.Memory()
		a, err := web.New(t.Context(), options)
		must(t, err)
		runUntil(t, a, in, func() bool { return len(a.Rooms()) == 3 })
		link, err := a.NewLink(t.Context(), "park", "ana")
		must(t, err)
		w.mu.Lock()
		w.handler = a.Handler()
		w.mu.Unlock()
		w.browser().comeIn(link)
	})
}

func TestFullDisk(t *testing.T) {
	full := &fullStore{Store: storage.Memory()}
	w := newTown(t, func(o *web.Options) { o.Store = full })
	c, path := w.as("ana", "air")
	form := c.page(path).one(byID("compose-room"))
	fields := form.fields(nil)
	fields["text"] = "kept in the field"
	full.full.Store(true)
	if _, err := w.adapter.Deliver(t.Context(), chat.Delivery{ID: "d1", To: chat.Place{Room: "air"}, Message: plain("x")}); !isLater(err) {
		t.Errorf("a delivery to a full disk: %v", err)
	}
	if resp, body := c.send(path+"/say", fields); resp.StatusCode != http.StatusServiceUnavailable || !strings.Contains(body, "kept in the field") {
		t.Errorf("writing to a full disk: %s", resp.Status)
	}
	full.full.Store(false)
	if resp, _ := c.send(path+"/say", fields); resp.StatusCode != http.StatusOK {
		t.Errorf("with room again: %s", resp.Status)
	}
}

func isLater(err error) bool {
	_, ok := errors.AsType[*chat.Later](err)
	return ok
}

func (s *fullStore) Update(ctx context.Context, f func(storage.Tx) error) error {
	if s.full.Load() {
		return storage.ErrFull
	}
	return s.Store.Update(ctx, f)
}

func TestActsOfAProgram(t *testing.T) {
	w := newTown(t, nil)
	in := &counter{reply: func(e chat.Event) *chat.Reply {
		if e.Kind() == "pressed" {
			return &chat.Reply{Form: &chat.Form{Title: "F", Submit: "Send", Value: "f", Fields: []chat.Field{{Name: "a", Label: "A"}}}}
		}
		return nil
	}}
	ctx, stop := context.WithCancel(t.Context())
	ended := make(chan error, 1)
	go func() { ended <- w.adapter.Run(ctx, in) }()
	done := make(chan error, 1)
	go func() { // each waits for what it needs
		done <- errors.Join(w.adapter.Press(ctx, "ana", "", "Go"), w.adapter.Fill(ctx, "ana", map[string]string{"a": "b"}))
	}()
	w.deliver("d1", chat.Place{Account: "ana"}, plain("?", chat.Choice{Label: "Ewch", Name: "Go", Value: "g"}), "", "")
	must(t, <-done)
	if f := in.of("filled"); len(f) != 1 || f[0].What.(chat.Filled).Fields["a"] != "b" {
		t.Errorf("filled %+v", f)
	}
	_, err := w.adapter.Write(ctx, "chi", "lane", "", "I am not there")
	if err == nil {
		t.Error("somebody writes where they are not")
	}
	short, cancel := context.WithTimeout(ctx, 10*time.Millisecond)
	defer cancel()
	if err := w.adapter.Press(short, "ana", "air", "nothing"); !errors.Is(err, context.DeadlineExceeded) {
		t.Errorf("a button that never comes: %v", err)
	}
	stop()
	must(t, <-ended)
}
