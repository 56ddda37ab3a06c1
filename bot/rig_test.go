package bot

import (
	"fmt"
	"hash/fnv"
	"math/rand/v2"
	"strings"
	"testing"
	"time"

	"go.uber.org/goleak"

	"trellis/adapters/chat"
	"trellis/flows"
	"trellis/flows/words"
	"trellis/storage"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

const here chat.Platform = "here"

var began = time.Date(2026, 3, 2, 9, 0, 0, 0, time.UTC)

func newBook(t testing.TB) *flows.Book {
	t.Helper()
	catalogues, err := words.Load()
	if err != nil {
		t.Fatal(err)
	}
	book, err := flows.New(flows.Options{Flows: []flows.Flow{counter}, Words: catalogues})
	if err != nil {
		t.Fatal(err)
	}
	return book
}

// seeded is randomness that depends on the name alone.
func seeded(name string) *rand.Rand {
	h := fnv.New64a()
	h.Write([]byte(name))
	return rand.New(rand.NewPCG(h.Sum64(), 1))
}

// rig is a core that a test steps, and a platform that takes everything unless fail says otherwise.
type rig struct {
	t     testing.TB
	opts  Options
	core  *Core
	now   time.Time
	n     int // events so far
	shown []string
	took  []chat.Delivery
	texts map[chat.MessageID]string
	out   []chat.Delivery // handed out, no outcome reported
	wake  time.Time
	fail  func(d chat.Delivery) error
}

func newRig(t testing.TB, change ...func(*Options)) *rig {
	t.Helper()
	r := &rig{t: t, now: began, texts: map[chat.MessageID]string{}}
	r.opts = Options{Store: storage.Memory(), Book: newBook(t), Rand: seeded}
	for _, c := range change {
		c(&r.opts)
	}
	r.start()
	return r
}

// start opens a core anew, as after a crash: what is out is forgotten.
func (r *rig) start() {
	r.t.Helper()
	core, err := NewCore(r.t.Context(), r.opts, r.now)
	if err != nil {
		r.t.Fatal(err)
	}
	r.core, r.out = core, nil
}

func (r *rig) step(in Input) Output {
	r.t.Helper()
	out, err := r.core.Step(r.t.Context(), r.now, in)
	if err != nil {
		r.t.Fatal(err)
	}
	r.out, r.wake = append(r.out, out.Send...), out.Wake
	return out
}

// event is what a person of a room did.
func (r *rig) event(room chat.RoomID, by chat.AccountID, what chat.Happening) chat.Event {
	r.n++
	return chat.Event{
		ID: chat.EventID(fmt.Sprintf("e%d", r.n)), At: r.now, Room: room,
		By: chat.Profile{Account: by, Name: string(by)}, What: what,
	}
}

func batch(events ...chat.Event) Input {
	return Input{Batches: []Incoming{{Platform: here, Batch: chat.Batch{Events: events}}}}
}

// command has ana give a command in #air.
func (r *rig) command(text string) Output {
	r.t.Helper()
	return r.step(batch(r.event("#air", "ana", chat.Command{Text: text})))
}

// take has the platform take one delivery.
func (r *rig) take(d chat.Delivery) Outcome {
	o := Outcome{Delivery: d.ID}
	if r.fail != nil {
		if o.Err = r.fail(d); o.Err != nil {
			return o
		}
	}
	r.took = append(r.took, d)
	text := d.Message.Text.Plain()
	where := string(d.To.Room) + string(d.To.Account)
	if d.Update != "" {
		r.texts[d.Update] = text
		r.shown = append(r.shown, fmt.Sprintf("%s* %s", where, text))
		return o
	}
	o.Receipt.Message = chat.MessageID("m" + string(d.ID))
	if d.To.Room == "" {
		o.Receipt.Room = chat.RoomID("@" + d.To.Account)
	}
	r.texts[o.Receipt.Message] = text
	r.shown = append(r.shown, where+" "+text)
	return o
}

// deliver has the platform take what is out, until nothing more comes at this instant.
func (r *rig) deliver() {
	r.t.Helper()
	for range 10_000 {
		in := Input{}
		for _, d := range r.out {
			in.Outcomes = append(in.Outcomes, r.take(d))
		}
		r.out = nil
		if len(in.Outcomes) == 0 && (r.wake.IsZero() || r.wake.After(r.now)) {
			return
		}
		r.step(in)
	}
	r.t.Fatal("the core does not come to rest")
}

// until goes on to an instant, and delivers all that comes on the way.
func (r *rig) until(at time.Time) {
	r.t.Helper()
	for {
		r.deliver()
		if r.wake.IsZero() || r.wake.After(at) {
			break
		}
		if r.wake.After(r.now) {
			r.now = r.wake
		}
		r.step(Input{})
	}
	r.now = at
}

// saw tells what people saw since it was last asked.
func (r *rig) saw() string {
	s := strings.Join(r.shown, "\n")
	r.shown = nil
	return s
}

func (r *rig) want(saw ...string) {
	r.t.Helper()
	if got := r.saw(); got != strings.Join(saw, "\n") {
		r.t.Errorf("people saw\n%s\nwant\n%s", got, strings.Join(saw, "\n"))
	}
}
