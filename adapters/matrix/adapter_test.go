package matrix_test

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"go.uber.org/goleak"

	"trellis/adapters/adaptertest"
	"trellis/adapters/chat"
	"trellis/adapters/matrix"
	"trellis/adapters/matrix/matrixtest"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

func TestAdapter(t *testing.T) {
	adaptertest.Suite{Open: open, Redelivers: false, Faulty: true}.Run(t)
}

// words are those of the adapter, as a test reads them.
func words(_, key string, _ int) string {
	return map[string]string{
		"matrix.form.how": "One thing at a time.", "matrix.form.optional": "(may be left out)", "matrix.form.skip": "Write - to leave it out.",
		"matrix.form.stands": "So far: {text}", "matrix.form.sent": "Sent.", "matrix.form.away": "Put away.",
		"matrix.form.word.back": "yn ôl", "matrix.form.word.cancel": "canslo",
	}[key]
}

// world is a homeserver with a bot and people.
type world struct {
	testing.TB
	url    string
	server *matrixtest.Server     // nil: a real one
	fail   func(matrixtest.Fault) // makes the next request that fits meet a fault
	local  string                 // of the bot's ID
	folder string
	bot    string
	people map[chat.AccountID]*matrixtest.Person
	stored chat.Stored // of the run in which Trellis came into its rooms
	now    *matrix.Adapter
}

// The tests run over matrixtest, or over a real homeserver whose address is in the one variable, and in the other the
// secret by which accounts are made there.
const (
	realVariable   = "TRELLIS_HOMESERVER"
	secretVariable = "TRELLIS_HOMESERVER_SECRET"
)

const password = "not-so-secret"

// newWorld opens a homeserver with Ana, Ben and Chi. Nobody has invited Trellis yet.
func newWorld(t testing.TB) (*world, map[string]*matrixtest.Person) {
	w := &world{TB: t, folder: t.TempDir(), people: map[chat.AccountID]*matrixtest.Person{}}
	suffix, register := "", func(name string) { w.server.AddUser(name, password) }
	if real := os.Getenv(realVariable); real != "" {
		proxy, err := matrixtest.StartProxy(real)
		w.must(err)
		t.Cleanup(proxy.Close)
		w.url, w.fail, suffix = proxy.URL, proxy.Fail, "-"+strings.ToLower(rand.Text()[:8])
		register = func(name string) {
			w.must(matrixtest.Register(t.Context(), real, os.Getenv(secretVariable), name, password))
		}
	} else {
		w.server = matrixtest.Start()
		t.Cleanup(w.server.Close)
		w.url, w.fail = w.server.URL, w.server.Fail
	}
	w.local = "trellis" + suffix
	register(w.local)
	by := map[string]*matrixtest.Person{}
	for _, name := range []string{"ana", "ben", "chi"} {
		register(name + suffix)
		p, err := matrixtest.NewPerson(t.Context(), w.url, name+suffix, password)
		w.must(err)
		t.Cleanup(p.Close)
		w.people[chat.AccountID(p.ID)], by[name] = p, p
		_, server, _ := strings.Cut(p.ID, ":")
		w.bot = "@" + w.local + ":" + server
	}
	t.Cleanup(w.close)
	return w, by
}

func (w *world) must(err error) {
	w.Helper()
	if err != nil {
		w.Fatal(err)
	}
}

func (w *world) options() matrix.Options {
	return matrix.Options{
		Homeserver: w.url, User: w.local, Password: password, Store: filepath.Join(w.folder, "matrix.db"),
		AllowInvites: []string{"everyone"}, Words: words,
	}
}

// adapter opens the adapter anew, as after a restart.
func (w *world) adapter() *matrix.Adapter {
	w.Helper()
	w.close()
	a, err := matrix.New(w.Context(), w.options())
	w.must(err)
	w.now = a
	return a
}

func (w *world) close() {
	if w.now != nil {
		if err := w.now.Close(); err != nil {
			w.Errorf("close the adapter: %v", err)
		}
		w.now = nil
	}
}

// inbox is an engine's for tests that look at events themselves.
type inbox struct {
	mu     sync.Mutex // guards what follows
	stored chat.Stored
	events []chat.Event
	known  map[chat.EventID]bool
	reply  func(chat.Event) *chat.Reply
	fail   int // so many batches are refused
	news   chan struct{}
}

func newInbox(from chat.Stored) *inbox {
	in := &inbox{stored: chat.Stored{Cursor: slices.Clone(from.Cursor), Kept: maps.Clone(from.Kept)}, known: map[chat.EventID]bool{}, news: make(chan struct{}, 1)}
	if in.stored.Kept == nil {
		in.stored.Kept = map[string][]byte{}
	}
	return in
}

func (in *inbox) Stored(context.Context) (chat.Stored, error) {
	in.mu.Lock()
	defer in.mu.Unlock()
	return chat.Stored{Cursor: slices.Clone(in.stored.Cursor), Kept: maps.Clone(in.stored.Kept)}, nil
}

func (in *inbox) Accept(_ context.Context, b chat.Batch) (replies []chat.Reply, err error) {
	in.mu.Lock()
	defer in.mu.Unlock()
	if in.fail > 0 {
		in.fail--
		return nil, errors.New("the disk is full")
	}
	if b.Cursor != nil {
		in.stored.Cursor = slices.Clone(b.Cursor)
	}
	for _, r := range b.Keep {
		if r.Value == nil {
			delete(in.stored.Kept, r.Name)
		} else {
			in.stored.Kept[r.Name] = slices.Clone(r.Value)
		}
	}
	for _, e := range b.Events {
		if in.reply != nil {
			if r := in.reply(e); r != nil {
				r.To = e.ID
				replies = append(replies, *r)
			}
		}
		if !in.known[e.ID] {
			in.known[e.ID] = true
			in.events = append(in.events, e)
		}
	}
	select {
	case in.news <- struct{}{}:
	default:
	}
	return replies, nil
}

func (in *inbox) all() []chat.Event {
	in.mu.Lock()
	defer in.mu.Unlock()
	return slices.Clone(in.events)
}

// runs lets an adapter run until the returned function is called.
func (w *world) runs(a chat.Adapter, in chat.Inbox) (end func()) {
	ctx, stop := context.WithCancel(context.WithoutCancel(w.Context()))
	ended := make(chan error, 1)
	go func() { ended <- a.Run(ctx, in) }()
	return sync.OnceFunc(func() {
		w.Helper()
		stop()
		if err := <-ended; err != nil {
			w.Errorf("Run ended with %v", err)
		}
	})
}

// eventually asks until it is so.
func (w *world) eventually(what string, so func() bool) {
	w.Helper()
	late := time.After(15 * time.Second)
	again := time.NewTicker(5 * time.Millisecond)
	defer again.Stop()
	for !so() {
		select {
		case <-again.C:
		case <-late:
			w.Fatalf("still not: %s", what)
		}
	}
}

// awaits waits for an event of a kind and returns the last.
func awaits[W chat.Happening](w *world, in *inbox, n int) (last chat.Event) {
	w.Helper()
	w.eventually(fmt.Sprintf("%d events of type %T", n, *new(W)), func() bool {
		count := 0
		for _, e := range in.all() {
			if _, is := e.What.(W); is {
				count, last = count+1, e
			}
		}
		return count >= n
	})
	return last
}

// brought is the state in which Trellis has come into rooms: what the adapter kept in a run before.
func (w *world) brought(rooms int) {
	w.Helper()
	in := newInbox(chat.Stored{})
	end := w.runs(w.adapter(), in)
	awaits[chat.Invited](w, in, rooms)
	end()
	stored, err := in.Stored(w.Context())
	w.must(err)
	w.stored = stored
}

// earlier is an adapter that had come into its rooms before the engine of a test began.
type earlier struct {
	*matrix.Adapter
	from chat.Stored
}

func (e earlier) Run(ctx context.Context, in chat.Inbox) error {
	return e.Adapter.Run(ctx, earlierInbox{in, e.from})
}

type earlierInbox struct {
	chat.Inbox
	from chat.Stored
}

func (in earlierInbox) Stored(ctx context.Context) (chat.Stored, error) {
	s, err := in.Inbox.Stored(ctx)
	if len(s.Cursor) == 0 {
		kept := maps.Clone(in.from.Kept)
		maps.Copy(kept, s.Kept)
		return chat.Stored{Cursor: in.from.Cursor, Kept: kept}, err
	}
	kept := maps.Clone(in.from.Kept)
	maps.Copy(kept, s.Kept)
	s.Kept = kept
	return s, err
}

// open puts a homeserver into the suite's hands.
func open(t testing.TB) *adaptertest.Platform {
	w, by := newWorld(t)
	ctx := t.Context()
	ana, ben, chi := by["ana"], by["ben"], by["chi"]
	room, err := ana.CreateRoom(ctx, "air", w.bot, ben.ID, chi.ID)
	w.must(err)
	other, err := ana.CreateRoom(ctx, "lane", w.bot, ben.ID)
	w.must(err)
	w.must(errors.Join(ben.Join(ctx, room), chi.Join(ctx, room), ben.Join(ctx, other)))
	w.brought(2)
	h := hands{w}
	return &adaptertest.Platform{
		Adapter: earlier{w.adapter(), w.stored}, Reopen: func() chat.Adapter { return earlier{w.adapter(), w.stored} },
		Ana: chat.AccountID(ana.ID), Ben: chat.AccountID(ben.ID), Chi: chat.AccountID(chi.ID),
		Room: chat.RoomID(room), Other: chat.RoomID(other), Missing: chat.RoomID("!nowhere:" + w.bot[strings.Index(w.bot, ":")+1:]),
		Write:   h.write,
		Address: func(text string) string { return strings.TrimSpace("!trellis " + text) },
		Edit: func(by chat.AccountID, in chat.RoomID, m chat.MessageID, text string) {
			w.must(w.people[by].Edit(ctx, h.room(by, in), string(m), text))
		},
		Delete: func(by chat.AccountID, in chat.RoomID, m chat.MessageID) {
			w.must(w.people[by].Redact(ctx, h.room(by, in), string(m)))
		},
		React: func(by chat.AccountID, in chat.RoomID, m chat.MessageID, _, emoji string) {
			_, err := w.people[by].React(ctx, h.room(by, in), string(m), emoji)
			w.must(err)
		},
		Leave: func(by chat.AccountID, in chat.RoomID) { w.must(w.people[by].Act(ctx, string(in), "leave", "")) },
		Join: func(by chat.AccountID, in chat.RoomID) {
			w.must(ana.Act(ctx, string(in), "invite", string(by)))
			w.must(w.people[by].Join(ctx, string(in)))
		},
		Press: h.press, Fill: h.fill, See: h.see, Form: h.form,
		Fault: func(f adaptertest.Fault) {
			kind := map[adaptertest.FaultKind]matrixtest.FaultKind{
				adaptertest.TooFast: matrixtest.TooFast, adaptertest.Broken: matrixtest.Broken,
				adaptertest.LostWay: matrixtest.LostWay, adaptertest.LostReply: matrixtest.LostReply,
			}[f.Kind]
			w.fail(matrixtest.Fault{Method: "PUT", Path: "/send/", Kind: kind, After: f.After})
		},
	}
}
