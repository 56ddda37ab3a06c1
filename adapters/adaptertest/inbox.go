package adaptertest

import (
	"context"
	"errors"
	"maps"
	"slices"
	"sync"
	"time"

	"trellis/adapters/chat"
)

// inbox is the engine's: it keeps what an adapter asks to be kept, drops what came before, and answers.
type inbox struct {
	mu     sync.Mutex // guards what follows
	cursor []byte
	kept   map[string][]byte
	refuse int // so many batches with events are refused
	tries  []chat.Event
	events []chat.Event // accepted, and not looked at yet
	known  map[chat.EventID]bool
	reply  func(chat.Event) *chat.Reply
	news   chan struct{} // holds one token when something came
}

func newInbox() *inbox {
	return &inbox{kept: map[string][]byte{}, known: map[chat.EventID]bool{}, news: make(chan struct{}, 1)}
}

// Stored is chat.Inbox's.
func (in *inbox) Stored(context.Context) (chat.Stored, error) {
	in.mu.Lock()
	defer in.mu.Unlock()
	return chat.Stored{Cursor: slices.Clone(in.cursor), Kept: maps.Clone(in.kept)}, nil
}

// Accept is chat.Inbox's.
func (in *inbox) Accept(_ context.Context, b chat.Batch) ([]chat.Reply, error) {
	in.mu.Lock()
	defer in.mu.Unlock()
	in.tries = append(in.tries, b.Events...)
	if len(b.Events) > 0 && in.refuse > 0 {
		in.refuse--
		return nil, errors.New("the disk is full")
	}
	if b.Cursor != nil {
		in.cursor = slices.Clone(b.Cursor)
	}
	for _, r := range b.Keep {
		if r.Value == nil {
			delete(in.kept, r.Name)
		} else {
			in.kept[r.Name] = slices.Clone(r.Value)
		}
	}
	var replies []chat.Reply
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

// refuseNext makes so many batches fail.
func (in *inbox) refuseNext(n int) {
	in.mu.Lock()
	defer in.mu.Unlock()
	in.refuse = n
}

// answer sets what is answered at once.
func (in *inbox) answer(reply func(chat.Event) *chat.Reply) {
	in.mu.Lock()
	defer in.mu.Unlock()
	in.reply = reply
}

// tried is how often an event was handed over.
func (in *inbox) tried(id chat.EventID) int {
	in.mu.Lock()
	defer in.mu.Unlock()
	n := 0
	for _, e := range in.tries {
		if e.ID == id {
			n++
		}
	}
	return n
}

func (in *inbox) take() (chat.Event, bool) {
	in.mu.Lock()
	defer in.mu.Unlock()
	if len(in.events) == 0 {
		return chat.Event{}, false
	}
	e := in.events[0]
	in.events = in.events[1:]
	return e, true
}

// next waits for the next event that was not there before.
func (e *engine) next() chat.Event {
	e.Helper()
	late := time.After(e.suite.Patience)
	for {
		if event, ok := e.inbox.take(); ok {
			return event
		}
		select {
		case <-e.inbox.news:
		case <-late:
			e.Fatalf("no event came within %s", e.suite.Patience)
		}
	}
}

// anywhere is a room for happened: a form belongs to a person, and platforms differ in where they say it was.
const anywhere chat.RoomID = "*"

// happened is the next event, which must be of one kind, by somebody, in a room; "" is their direct room.
func happened[W chat.Happening](e *engine, by chat.AccountID, in chat.RoomID) (chat.Event, W) {
	e.Helper()
	event := e.next()
	what, ok := event.What.(W)
	if !ok {
		var want W
		e.Fatalf("a %s came (%+v), want a %s", event.Kind(), event.What, chat.Event{What: want}.Kind())
	}
	if event.By.Account != by {
		e.Errorf("%s by %q, want %q", event.Kind(), event.By.Account, by)
	}
	if in != "" && in != anywhere && (event.Room != in || event.Direct) {
		e.Errorf("%s in %q (direct: %v), want %q", event.Kind(), event.Room, event.Direct, in)
	}
	if in == "" && (event.Room == "" || !event.Direct) {
		e.Errorf("%s in %q (direct: %v), want a direct room", event.Kind(), event.Room, event.Direct)
	}
	if event.ID == "" || event.At.IsZero() {
		e.Errorf("%s without an ID or a time: %+v", event.Kind(), event)
	}
	return event, what
}
