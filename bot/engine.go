// Package bot is the runtime: it takes in events, has the flows handle them, and delivers what they say.
//
// How it works: a Core is stepped. Into a step go batches of events, outcomes of deliveries and one instant; out of
// it, after one transaction, come replies, deliveries to hand to their adapters, and the next wake-up. The Engine is
// the loop around a Core: it has the clock, the goroutines and the adapters. Rehearsals, crash tests and benchmarks
// step the same Core.
//
// What always holds: records, timers, messages, seen events and the cursor of a step commit together or not at all. A
// delivery is marked as being sent in the transaction whose step hands it out, so that after a crash only those
// marked are in doubt. One delivery of a lane is out at a time; what is handed out is reported as an Outcome exactly
// once. A Core is for use by one goroutine, but for Stored, Status and Running.
//
// To test with it, step a Core by hand over storage.Memory, or run an Engine in a testing/synctest bubble. For flows,
// write a rehearsal (bot/rehearse).
package bot

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"math/rand/v2"
	"sync/atomic"
	"time"

	"trellis/adapters/chat"
	"trellis/flows"
	"trellis/storage"
)

// Options make a Core.
type Options struct {
	Store storage.Store
	Book  *flows.Book
	// Rand returns randomness for what is named, the same for the same name; nil: the system's. A rehearsal gives
	// a seeded one, anything that people use must not.
	Rand func(name string) *rand.Rand
	// Log is told what the operator should know, never what people wrote; nil: nothing is logged.
	Log *slog.Logger
	// Pace is what each platform allows. A platform that is not here has no limits, and eight deliveries out at once.
	Pace map[chat.Platform]Pace
	// Suspects name turns that did not end when they were last begun (Core.Running told them): they are set aside
	// without being run again.
	Suspects []string
}

// Core is the engine without clock and goroutines.
type Core struct {
	store    storage.Store
	book     *flows.Book
	rand     func(name string) *rand.Rand
	seeded   bool // rand depends on the name
	log      *slog.Logger
	suspects map[string]bool

	running atomic.Pointer[turnName] // the turn that runs now, for the watchdog
	over    *storage.Overlay         // every turn's, one after the other
	metrics *metrics
	broken  error // why memory is not what the store holds; nil: it is

	// What follows mirrors the store, and is read from it again when a transaction fails.
	meta    meta
	buckets []uint32 // days that have seen events, ascending
	loaded  bool     // what was learned of paces is taken up
	next    int64    // Unix nanoseconds of the earliest timer; never: none
	paused  map[chat.Place]Paused
	lanes   map[chat.Place]*lane
	out     map[chat.DeliveryID]*flight

	platforms []*platform // by name
	waiting   laneHeap    // lanes whose time has not come
	swept     int64       // when housekeeping is due next, Unix nanoseconds
	sweep     sweep
	dirty     bool // the store was written to since what it has deleted was last overwritten
}

// meta is what the engine counts.
type meta struct {
	Seq  uint64 `json:"seq"`  // of the last delivery; never used again
	Sent int64  `json:"sent"` // when something was last handed out, Unix nanoseconds
}

var metas = storage.NewTable[meta]("bot/meta", 1)

const never = int64(1<<63 - 1) // an instant that does not come

// Input is what a step takes in. When the step fails, nothing of it was kept: hand the same in again.
type Input struct {
	Batches  []Incoming
	Outcomes []Outcome
	Orders   []Order
	// Forgotten are accounts that Owed named, and that their adapters have forgotten since.
	Forgotten []chat.Place
	// Closing says that this is the last step: timers do not fire, and nothing is handed out.
	Closing bool
}

// Incoming is one batch of one platform.
type Incoming struct {
	Platform chat.Platform
	Batch    chat.Batch
}

// Outcome is how a delivery ended: what Adapter.Deliver returned.
type Outcome struct {
	Delivery chat.DeliveryID
	Receipt  chat.Receipt
	Err      error
}

// Output is what a step gives out. It is to be acted on only because the step has committed.
type Output struct {
	Replies [][]chat.Reply // those of each batch, in the order of Input.Batches
	// Send is to be handed to the adapters, in parallel. Each ends in an Outcome of a later step; what a crash
	// leaves without one comes out of the next Core in doubt.
	Send []chat.Delivery
	// Forgot says that what somebody wrote was deleted for good: have the adapters forget who Owed names, and overwrite
	// what the store has of it in free places. It also comes once a day when anything was deleted or replaced.
	Forgot bool
	// Wake is when to step again even if nothing comes in: at once when it is not after now. Zero: never.
	Wake time.Time
}

// NewCore opens a core over a store. Deliveries that were being sent when the last one ended come out in doubt.
func NewCore(ctx context.Context, o Options, now time.Time) (*Core, error) {
	if o.Store == nil || o.Book == nil {
		return nil, errors.New("open the engine: it needs a store and a book of flows")
	}
	c := &Core{
		store: o.Store, book: o.Book, log: o.Log, over: storage.NewOverlay(nil), suspects: map[string]bool{},
		out: map[chat.DeliveryID]*flight{}, metrics: newMetrics(), lanes: map[chat.Place]*lane{}, swept: now.Add(firstSweep).UnixNano(),
		dirty: true, // by whoever ran before, for all that is known
	}
	if c.log == nil {
		c.log = slog.New(slog.DiscardHandler)
	}
	c.seeded, c.rand = o.Rand != nil, o.Rand
	if c.rand == nil {
		system := rand.New(&systemSource{})
		c.rand = func(string) *rand.Rand { return system }
	}
	for _, name := range o.Suspects {
		c.suspects[name] = true
	}
	for name, pace := range o.Pace {
		if err := pace.check(); err != nil {
			return nil, fmt.Errorf("pace of %s: %w", name, err)
		}
		c.addPlatform(name, pace)
	}
	return c, c.reload(ctx, now)
}

// reload makes memory what the store holds. What is out stays out: its outcomes are still to come.
func (c *Core) reload(ctx context.Context, now time.Time) error {
	c.broken = c.store.View(ctx, func(tx storage.Tx) error { return c.load(tx, now.UnixNano()) })
	if c.broken != nil {
		c.broken = fmt.Errorf("read the engine's state: %w", c.broken)
	}
	return c.broken
}

func (c *Core) load(tx storage.Tx, now int64) (err error) {
	if c.meta, err = metas.Get(tx, storage.Global, ""); err != nil && !errors.Is(err, storage.ErrNotFound) {
		return err
	}
	if c.buckets, err = seenBuckets(tx); err != nil {
		return err
	}
	if c.next, err = firstTimer(tx); err != nil {
		return err
	}
	if err := c.loadPaces(tx); err != nil {
		return err
	}
	if err := c.loadPaused(tx); err != nil {
		return err
	}
	return c.loadOutbox(tx, now)
}

// errNothing ends a transaction that wrote nothing, so that it costs no sync.
var errNothing = errors.New("nothing was written")

// Step takes in what happened, fires due timers, and settles what is sent next, in one transaction. After an error
// nothing was kept: storage.ErrFull passes, storage.ErrDamaged does not.
func (c *Core) Step(ctx context.Context, now time.Time, in Input) (Output, error) {
	if c.broken != nil {
		if err := c.reload(ctx, now); err != nil {
			return Output{}, err
		}
	}
	s := &step{c: c, now: now.UTC(), at: now.UnixNano()}
	if c.hasWork(s.at, in) {
		err := c.store.Update(ctx, func(tx storage.Tx) error {
			s.tx.Tx = tx
			if err := s.run(in); err != nil {
				return err
			}
			if s.tx.writes == 0 {
				return errNothing
			}
			return nil
		})
		c.over.Reset(nil)
		c.running.Store(nil)
		if err != nil && !errors.Is(err, errNothing) {
			c.metrics.failures.Inc()
			return Output{}, errors.Join(err, c.reload(ctx, now))
		}
		for _, id := range s.settled {
			delete(c.out, id)
		}
		for _, f := range s.handed {
			c.out[f.id] = f
		}
		c.metrics.add(&s.tally)
		c.dirty = (c.dirty || s.tx.writes > 0) && !s.out.Forgot
	}
	s.out.Wake = c.wake(s.at)
	return s.out, nil
}

// hasWork says whether a step would do anything.
func (c *Core) hasWork(now int64, in Input) bool {
	if len(in.Batches)+len(in.Outcomes)+len(in.Orders)+len(in.Forgotten) > 0 || c.next <= now || c.swept <= now {
		return true
	}
	c.release(now)
	return c.readyAt(now) <= now
}

// wake is when there is something to do next.
func (c *Core) wake(now int64) time.Time {
	at := min(c.next, c.swept, c.readyAt(now))
	if len(c.waiting) > 0 {
		at = min(at, c.waiting[0].at)
	}
	if at == never {
		return time.Time{}
	}
	return time.Unix(0, at).UTC()
}

// step is one step while it runs.
type step struct {
	c     *Core
	tx    counted
	now   time.Time
	at    int64 // now in Unix nanoseconds
	out   Output
	fresh []entry // entries that this step made, not stored yet: most are marked before they are
	first uint64  // number of the first of them
	sent  bool    // something is handed out

	handed  []*flight         // are out once the step is committed…
	settled []chat.DeliveryID // …and these are out no more

	spent int  // keys that turns read and wrote
	lost  bool // which timer is the earliest has to be looked up again

	cancelled bool // a turn took back a timer, maybe one that is due in this step

	cursors    map[chat.Platform][]byte // the newest of this step
	tally      tally
	key, value []byte // scratch
	names      []byte // keys of the timers that the last turn wants, one behind the other…
	ends       []int  // …and where each ends
}

// counted is a Tx that counts what is written.
type counted struct {
	storage.Tx
	writes int
}

func (t *counted) Put(key, value []byte) error {
	t.writes++
	return t.Tx.Put(key, value)
}

func (t *counted) Delete(key []byte) error {
	t.writes++
	return t.Tx.Delete(key)
}

// run does the step's work in the order of who waits for it: deliveries hold lanes, events have people behind them,
// timers have waited anyway.
func (s *step) run(in Input) error {
	s.first = s.c.meta.Seq + 1
	for _, o := range in.Outcomes {
		if err := s.settle(o); err != nil {
			return fmt.Errorf("store how delivery %s ended: %w", o.Delivery, err)
		}
	}
	for _, o := range in.Orders {
		if err := s.obey(o); err != nil {
			return fmt.Errorf("obey the order about %s: %w", o.ID, err)
		}
	}
	for _, p := range in.Forgotten {
		if err := owed.Delete(&s.tx, storage.Global, placeKey(p)); err != nil {
			return err
		}
	}
	for _, b := range in.Batches {
		replies, err := s.accept(b)
		if err != nil {
			return fmt.Errorf("take in from %s: %w", b.Platform, err)
		}
		s.out.Replies = append(s.out.Replies, replies)
	}
	if err := s.writeCursors(); err != nil {
		return fmt.Errorf("store where platforms are read on: %w", err)
	}
	if in.Closing {
		return s.writeOutbox()
	}
	if s.c.next <= s.at {
		if err := s.fireDue(); err != nil {
			return fmt.Errorf("fire timers: %w", err)
		}
	}
	if s.c.swept <= s.at {
		if err := s.housekeep(); err != nil {
			return fmt.Errorf("keep house: %w", err)
		}
	}
	if err := s.dispatch(); err != nil {
		return fmt.Errorf("settle what is sent: %w", err)
	}
	return s.writeOutbox()
}

// accept takes in one batch: its events, each by itself, then what the adapter keeps.
func (s *step) accept(b Incoming) ([]chat.Reply, error) {
	var replies []chat.Reply
	for _, e := range b.Batch.Events {
		reply, err := s.event(b.Platform, e)
		if err != nil {
			return nil, err
		}
		if reply != nil {
			replies = append(replies, *reply)
		}
	}
	return replies, s.keep(b.Platform, b.Batch)
}
