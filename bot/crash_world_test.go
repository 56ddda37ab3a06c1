package bot

import (
	"cmp"
	"container/heap"
	"context"
	"errors"
	"fmt"
	"hash/fnv"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"trellis/adapters/chat"
	"trellis/flows"
	"trellis/storage"
	"trellis/storage/bolt"
)

// world is a core on a real file, and a platform that is slow, refuses, breaks off and tells of events twice, on a
// clock that moves from one thing that happens to the next. The same kill function gives the same run.
type world struct {
	t      testing.TB
	folder string
	book   *flows.Book
	kill   func() bool                                                // asked at each boundary
	commit func(step func() (Output, error)) (out Output, alive bool) // around each step; nil: nothing is

	now    time.Time
	agenda agenda
	due    int // number of the next entry

	deaths  int // how often it was killed; what belongs to an earlier life is void
	core    *Core
	store   *bolt.Store
	noSync  bool
	in      Input
	acks    []func() // of in.Batches
	stepAt  time.Time
	bounded int // boundaries so far

	waiting map[chat.RoomID][]chat.Event // not accepted yet, in their order
	acked   map[chat.EventID]bool
	tries   map[string]int // of each text at each place
	posts   []*post
	byID    map[chat.DeliveryID]*post
	wrong   []string // what must not be
	faults  map[string]int
}

// post is a message that stands on the platform.
type post struct {
	lane  chat.Place
	class string
	texts []string // the first one, and what it was changed to
}

type entryOfAgenda struct {
	at   time.Time
	n    int
	life int // -1: whatever dies
	do   func()
}

type agenda []entryOfAgenda

func (a agenda) Len() int { return len(a) }
func (a agenda) Less(i, j int) bool {
	return cmp.Or(a[i].at.Compare(a[j].at), a[i].n-a[j].n) < 0
}
func (a agenda) Swap(i, j int) { a[i], a[j] = a[j], a[i] }
func (a *agenda) Push(x any)   { *a = append(*a, x.(entryOfAgenda)) }
func (a *agenda) Pop() any {
	last := len(*a) - 1
	e := (*a)[last]
	*a = (*a)[:last]
	return e
}

// The platform's ways.
const (
	wayThere    = 70 * time.Millisecond
	wayBack     = 50 * time.Millisecond
	stepTakes   = 2 * time.Millisecond
	startTakes  = time.Second      // longer than what is on its way takes to arrive
	tellAgain   = 3 * time.Second  // an event that was not acknowledged
	tellTwice   = 61 * time.Second // one that was
	adapterWait = 10 * time.Second // for an answer that comes late
)

// later puts something on the agenda. Of this life alone: it happens in the process, and dies with it.
func (w *world) later(after time.Duration, ofThisLife bool, do func()) {
	life := -1
	if ofThisLife {
		life = w.deaths
	}
	w.due++
	heap.Push(&w.agenda, entryOfAgenda{w.now.Add(after), w.due, life, do})
}

func newWorld(t testing.TB, folder string, book *flows.Book) *world {
	return &world{
		t: t, folder: folder, book: book, now: began, noSync: true, kill: func() bool { return false },
		waiting: map[chat.RoomID][]chat.Event{}, acked: map[chat.EventID]bool{}, tries: map[string]int{},
		byID: map[chat.DeliveryID]*post{}, faults: map[string]int{},
	}
}

// run plays a plan to its end.
func (w *world) run(plan []chat.Event, until time.Time) {
	w.start()
	for _, e := range plan {
		w.later(e.At.Sub(w.now), false, func() {
			w.waiting[e.Room] = append(w.waiting[e.Room], e)
			if len(w.waiting[e.Room]) == 1 {
				w.tell(e)
			}
			if w.draw("twice "+string(e.ID)) < 10 {
				w.later(tellTwice, false, func() { w.hand(e, func() {}) })
			}
		})
	}
	for len(w.agenda) > 0 && !w.agenda[0].at.After(until) {
		next := heap.Pop(&w.agenda).(entryOfAgenda)
		w.now = next.at
		if next.life == -1 || next.life == w.deaths {
			next.do()
		}
	}
	if err := w.store.Close(); err != nil {
		w.t.Fatal(err)
	}
	for room, left := range w.waiting {
		if len(left) > 0 {
			w.wrong = append(w.wrong, fmt.Sprintf("%d events of %s were never accepted", len(left), room))
		}
	}
}

func (w *world) file() string { return filepath.Join(w.folder, fmt.Sprintf("%d.db", w.deaths)) }

// start opens the store as it is, and a core on it.
func (w *world) start() {
	store, err := bolt.Open(context.Background(), bolt.Options{Path: w.file(), NoSync: w.noSync, InitialMmapSize: 1 << 20})
	if err != nil {
		w.t.Fatalf("start after %d deaths: %v", w.deaths, err)
	}
	w.store = store
	core, err := NewCore(context.Background(), Options{
		Store: store, Book: w.book, Rand: seeded,
		Pace: map[chat.Platform]Pace{here: {Limits: []Limit{{Every: 20 * time.Millisecond}}, Parallel: 3}},
	}, w.now)
	if err != nil {
		w.t.Fatal(err)
	}
	w.core, w.in, w.acks, w.stepAt = core, Input{}, nil, time.Time{}
	w.step(0)
}

// boundary tells whether the process dies here.
func (w *world) boundary() bool {
	w.bounded++
	if !w.kill() {
		return false
	}
	data, err := os.ReadFile(w.file())
	if err != nil {
		w.t.Fatal(err)
	}
	w.die(data)
	return true
}

// die stops the process dead: what it had in memory is gone, and of the file is left what is handed in. What is on its
// way to the platform arrives, or not.
func (w *world) die(left []byte) {
	died, dead := w.file(), w.store
	w.deaths++
	if err := errors.Join(os.WriteFile(w.file(), left, 0o600), dead.Close(), os.Remove(died)); err != nil {
		w.t.Fatal(err)
	}
	w.core = nil
	w.later(startTakes, true, w.start)
}

// step has the core step soon; what comes in until then goes in with it.
func (w *world) step(after time.Duration) {
	at := w.now.Add(after)
	if !w.stepAt.IsZero() && !w.stepAt.After(at) {
		return
	}
	w.stepAt = at
	w.later(after, true, func() {
		if w.stepAt.Equal(w.now) {
			w.stepNow()
		}
	})
}

func (w *world) stepNow() {
	in, acks := w.in, w.acks
	w.in, w.acks, w.stepAt = Input{}, nil, time.Time{}
	step := func() (Output, error) { return w.core.Step(context.Background(), w.now, in) }
	var out Output
	if w.commit != nil {
		var alive bool
		if out, alive = w.commit(step); !alive {
			return
		}
	} else {
		var err error
		if out, err = step(); err != nil {
			w.t.Fatal(err)
		}
	}
	if w.boundary() { // committed, and nothing was answered or sent
		return
	}
	for _, ack := range acks {
		ack()
		if w.boundary() { // answered this one, and not the next
			return
		}
	}
	for _, d := range out.Send {
		life := w.deaths
		w.later(wayThere, false, func() { w.arrive(d, life) }) // it is on its way, whatever becomes of us
	}
	if !out.Wake.IsZero() {
		w.step(max(out.Wake.Sub(w.now), stepTakes))
	}
}

// tell tells of an event until it is acknowledged; only then of the next of that room.
func (w *world) tell(e chat.Event) {
	if w.acked[e.ID] {
		return
	}
	w.hand(e, func() {
		if w.acked[e.ID] {
			return
		}
		w.acked[e.ID] = true
		w.waiting[e.Room] = w.waiting[e.Room][1:]
		if next := w.waiting[e.Room]; len(next) > 0 {
			w.later(stepTakes, false, func() { w.tell(next[0]) })
		}
	})
	w.later(tellAgain, false, func() { w.tell(e) })
}

// hand hands an event to the process, if it lives.
func (w *world) hand(e chat.Event, ack func()) {
	if w.core == nil {
		return
	}
	w.in.Batches = append(w.in.Batches, Incoming{Platform: here, Batch: chat.Batch{Events: []chat.Event{e}}})
	w.acks = append(w.acks, ack)
	w.step(stepTakes)
}

// draw is a number below 100, the same for the same name.
func (w *world) draw(name string) int {
	h := fnv.New64a()
	h.Write([]byte(name))
	return rand.New(rand.NewPCG(h.Sum64(), 7)).IntN(100)
}

// arrive is a delivery reaching the platform. What happens to it depends on what it says and how often it came.
func (w *world) arrive(d chat.Delivery, life int) {
	text := d.Message.Text.Plain()
	name := fmt.Sprint(d.To.Lane(), text)
	w.tries[name]++
	fate := w.draw(fmt.Sprint(name, w.tries[name]))
	if w.tries[name] > 3 {
		fate = 99 // it goes well at last
	}
	answer := func(after time.Duration, r chat.Receipt, err error) {
		if life != w.deaths {
			return // nobody waits for it
		}
		w.later(after, true, func() {
			w.in.Outcomes = append(w.in.Outcomes, Outcome{Delivery: d.ID, Receipt: r, Err: err})
			if !w.boundary() { // we know, and have not stored it
				w.step(stepTakes)
			}
		})
	}
	taken := func(name string, after time.Duration, err error) {
		w.faults[name]++
		r := w.take(d, text)
		if err != nil {
			r = chat.Receipt{}
		}
		if life != w.deaths || w.boundary() { // the platform has it, and we do not know
			return
		}
		answer(after, r, err)
	}
	switch {
	case strings.Contains(text, "unsayable"):
		w.faults["refused"]++
		answer(wayBack, chat.Receipt{}, &chat.Refused{Scope: chat.ThisMessage, Reason: "msg_too_long"})
	case fate < 6:
		w.faults["429 with Retry-After, this room"]++
		answer(wayBack, chat.Receipt{}, &chat.Later{After: 2 * time.Second, Scope: chat.ThisPlace, Limit: true, Reason: "ratelimited"})
	case fate < 9:
		w.faults["429 with Retry-After, everything"]++
		answer(wayBack, chat.Receipt{}, &chat.Later{After: time.Second, Scope: chat.ThisPlatform, Limit: true, Reason: "ratelimited"})
	case fate < 12:
		w.faults["429 without Retry-After"]++
		answer(wayBack, chat.Receipt{}, &chat.Later{Scope: chat.ThisMethod, Limit: true, Reason: "ratelimited"})
	case fate < 17:
		w.faults["503, not taken"]++
		answer(wayBack, chat.Receipt{}, errors.New("503"))
	case fate < 23:
		taken("connection cut, taken", wayBack, errors.New("connection reset"))
	case fate < 26:
		w.faults["connection cut, not taken"]++
		answer(wayBack, chat.Receipt{}, errors.New("connection reset"))
	case fate < 30:
		taken("answer after 30 s, taken", adapterWait, context.DeadlineExceeded)
	case fate < 33:
		taken("answer is no JSON, taken", wayBack, errors.New("invalid character"))
	default:
		taken("well", wayBack+time.Duration(fate)*time.Millisecond, nil)
	}
}

// take has a message stand. The adapter looks for one that is in doubt; one that is not must not be there already.
func (w *world) take(d chat.Delivery, text string) chat.Receipt {
	r := chat.Receipt{Message: chat.MessageID("m-" + string(d.ID))}
	if d.To.Room == "" {
		r.Room = chat.RoomID("@" + d.To.Account)
	}
	if d.Update != "" {
		p := w.byID[chat.DeliveryID(strings.TrimPrefix(string(d.Update), "m-"))]
		if p == nil {
			w.wrong = append(w.wrong, fmt.Sprintf("update of %s, which does not stand", d.Update))
			return r
		}
		p.texts = append(p.texts, text)
		r.Message = d.Update
		return r
	}
	if w.byID[d.ID] != nil {
		if !d.Doubt {
			w.wrong = append(w.wrong, fmt.Sprintf("%q was sent again without a look", text))
		}
		return r
	}
	p := &post{lane: d.To.Lane(), class: classOf(text), texts: []string{text}}
	w.byID[d.ID] = p
	w.posts = append(w.posts, p)
	return r
}

// classOf reads the class that the plan put into each text.
func classOf(text string) string {
	if strings.HasSuffix(text, " so far") {
		return "card"
	}
	class, _, _ := strings.Cut(text, " ")
	return class
}

// seen is what people saw, by lane and class: each message as it stands last, in its order.
func (w *world) seen() map[string][]string {
	seen := map[string][]string{}
	for _, p := range w.posts {
		key := fmt.Sprint(p.lane, " ", p.class)
		seen[key] = append(seen[key], p.texts[len(p.texts)-1])
	}
	return seen
}

// sameAs compares what people saw with a run that was never killed.
func (w *world) sameAs(t testing.TB, calm *world, what string) {
	t.Helper()
	for _, wrong := range w.wrong {
		t.Errorf("%s: %s", what, wrong)
	}
	got, want := w.seen(), calm.seen()
	for key := range want {
		if !slices.Equal(got[key], want[key]) {
			t.Errorf("%s: in %s people saw\n%q\nwant\n%q", what, key, got[key], want[key])
		}
	}
	for key := range got {
		if _, ok := want[key]; !ok {
			t.Errorf("%s: in %s people saw %q, want nothing", what, key, got[key])
		}
	}
	for _, p := range w.posts {
		// What an update brings is what the newest one brings, or an older state on the way there: never back.
		last := ""
		for _, text := range p.texts {
			if len(text) < len(last) || len(text) == len(last) && text < last {
				t.Errorf("%s: a message went back from %q to %q", what, last, text)
			}
			last = text
		}
	}
	if err := w.rest(); err != nil {
		t.Errorf("%s: %v", what, err)
	}
}

// rest tells what is left in the outbox at the end.
func (w *world) rest() error {
	store, err := bolt.Open(context.Background(), bolt.Options{Path: w.file(), NoSync: true, InitialMmapSize: 1 << 20})
	if err != nil {
		return err
	}
	s, err := ReadStatus(context.Background(), store)
	if err == nil && (s.Queued != 0 || len(s.Failed) != 0) {
		err = fmt.Errorf("%d messages and %d failed turns are left: %+v", s.Queued, len(s.Failed), s)
	}
	return errors.Join(err, store.Close())
}

var _ storage.Store = (*bolt.Store)(nil)

// plan is what people do: in three rooms and in private, in bursts, so that new events come in while messages are out.
func plan() (events []chat.Event, until time.Time) {
	at := began
	chance := rand.New(rand.NewPCG(11, 11))
	add := func(room chat.RoomID, by chat.AccountID, text string) {
		e := chat.Event{
			ID: chat.EventID(fmt.Sprintf("e%d", len(events))), At: at, Room: room, Direct: strings.HasPrefix(string(room), "@"),
			By: chat.Profile{Account: by, Name: string(by)}, What: chat.Command{Text: text},
		}
		events = append(events, e)
	}
	rooms := []chat.RoomID{"#air", "#sea", "#soil"}
	people := []chat.AccountID{"ana", "ben", "chi"}
	for i, room := range rooms {
		add(room, people[i], "count x")
		at = at.Add(10 * time.Second)
	}
	n := 0
	for burst := range 8 {
		for range 7 {
			n++
			who := chance.IntN(len(rooms)) // each in one room, so that the order of what they are told is known
			room, by := rooms[who], people[who]
			switch chance.IntN(7) {
			case 0:
				add(room, by, fmt.Sprintf("say awaited %03d", n))
			case 1:
				add(room, by, fmt.Sprintf("digest reminder %03d", n))
			case 2:
				add(room, by, fmt.Sprintf("answer answer %03d", n))
			case 3:
				add(room, by, fmt.Sprintf("tell told %03d", n))
			case 4:
				add(room, by, fmt.Sprintf("thread awaited %03d below", n))
			case 5:
				add(room, by, fmt.Sprintf("remind %d timer %03d", 300+10*n, n))
			default:
				add(room, by, "count x")
			}
			at = at.Add(time.Duration(chance.IntN(60)) * time.Millisecond)
		}
		if burst == 3 {
			add("#air", "ana", "say awaited unsayable")
			add("#sea", "ben", "nothing x")
		}
		at = at.Add(20 * time.Second)
	}
	return events, at.Add(3 * time.Hour)
}
