package web

import (
	"context"
	"errors"
	"maps"
	"slices"
	"strconv"
	"sync"
	"time"

	"trellis/adapters/chat"
	"trellis/storage"
)

// queued is what waits to be handed on: events, and small records with the generation that they make.
type queued struct {
	Events     []chat.Event
	Keep       []chat.Record `json:",omitempty"`
	Generation uint64        `json:",omitempty"`
}

// waiting holds what was not handed on yet, in its order.
var waiting = storage.NewTable[queued]("web/waiting", 1)

// queue tells who waits how far what waits was handed on.
type queue struct {
	news chan struct{} // holds one token when something was added
	end  chan struct{} // closed when Run ended; from then on nothing is handed on

	mu      *sync.Mutex   // guards what follows
	running bool          // Run has begun
	done    uint64        // all up to this number were handed on
	moved   chan struct{} // closed and replaced when done grows
}

func newQueue() queue {
	return queue{news: make(chan struct{}, 1), end: make(chan struct{}), mu: new(sync.Mutex), moved: make(chan struct{})}
}

func (q *queue) load(tx storage.Tx) error {
	last, err := counters.value(tx, "waiting")
	if err != nil {
		return err
	}
	q.done = last
	return waiting.All(tx, storage.Global, func(key string, _ queued) (bool, error) {
		q.done = numberOf(key) - 1
		return false, nil
	})
}

// add has something wait, and returns its number.
func (q *queue) add(tx storage.Tx, w queued) (uint64, error) {
	n, err := counters.next(tx, "waiting")
	if err != nil {
		return 0, err
	}
	return n, waiting.Put(tx, storage.Global, storage.Number(n), w)
}

// outdated takes the small records out of what waits: the other side has newer ones.
func outdated(tx storage.Tx) error {
	old := map[string]queued{}
	err := waiting.All(tx, storage.Global, func(key string, w queued) (bool, error) {
		if w.Generation > 0 {
			w.Keep, w.Generation = nil, 0
			old[key] = w
		}
		return true, nil
	})
	for _, key := range slices.Sorted(maps.Keys(old)) {
		err = errors.Join(err, waiting.Put(tx, storage.Global, key, old[key]))
	}
	return err
}

// added says, after the commit, that something waits.
func (q *queue) added() {
	select {
	case q.news <- struct{}{}:
	default:
	}
}

// begin says that from now on what waits is handed on.
func (q *queue) begin() {
	q.mu.Lock()
	defer q.mu.Unlock()
	q.running = true
}

// advance says that all up to n were handed on.
func (q *queue) advance(n uint64) {
	q.mu.Lock()
	defer q.mu.Unlock()
	q.done = max(q.done, n)
	close(q.moved)
	q.moved = make(chan struct{})
}

// wait returns when n was handed on, or when it is useless to wait on: nothing is lost then.
func (q *queue) wait(ctx context.Context, n uint64) {
	for {
		q.mu.Lock()
		done, moved := !q.running || q.done >= n, q.moved
		q.mu.Unlock()
		if done {
			return
		}
		select {
		case <-moved:
		case <-q.end:
			return
		case <-ctx.Done():
			return
		}
	}
}

// The pauses after what was not accepted: double each time.
const (
	firstPause   = 20 * time.Millisecond
	longestPause = 10 * time.Second
)

// batchMost is how much is handed on at once.
const batchMost = 64

// Run is chat.Adapter's.
func (a *Adapter) Run(ctx context.Context, in chat.Inbox) error {
	defer close(a.queue.end)
	pause := firstPause
	steps := a.steps(in)
	clean := time.NewTimer(0)
	defer clean.Stop()
	for ctx.Err() == nil {
		n, err := steps[0](ctx)
		switch {
		case err != nil && ctx.Err() == nil:
			a.log.Warn("web: what waits for Trellis was not taken; it is tried again", "error", err, "pause", pause)
			select {
			case <-ctx.Done():
			case <-time.After(pause):
				pause = min(2*pause, longestPause)
			}
			continue
		case err != nil:
			return nil
		}
		pause = firstPause
		if n > 0 {
			continue
		}
		if len(steps) > 1 {
			steps = steps[1:]
			continue
		}
		select {
		case <-ctx.Done():
		case <-a.queue.news:
		case <-clean.C:
			if err := a.clean(ctx); err != nil && ctx.Err() == nil {
				a.log.Warn("web: deleting what is over did not work; it is tried again in an hour", "error", err)
			}
			clean.Reset(cleanEvery)
		}
	}
	return nil
}

// steps are what Run does, each until it returns that there was nothing to do; the last one again whenever there is.
func (a *Adapter) steps(in chat.Inbox) []func(context.Context) (int, error) {
	handOn := func(ctx context.Context) (int, error) { return a.handOn(ctx, in) }
	met := false // they had records of ours when Run began
	return []func(context.Context) (int, error){
		func(ctx context.Context) (int, error) {
			s, err := in.Stored(ctx)
			if err == nil {
				met = s.Cursor != nil
				err = a.adopt(ctx, s)
			}
			if err == nil {
				a.queue.begin()
			}
			return 0, err
		},
		handOn,
		func(ctx context.Context) (int, error) {
			s, err := in.Stored(ctx)
			if err != nil {
				return 0, err
			}
			b, err := a.lacking(ctx, s, met)
			if err == nil && len(b.Keep) > 0 {
				_, err = in.Accept(ctx, b)
			}
			return 0, err
		},
		a.welcome,
		handOn,
	}
}

// welcome opens the first room, where that is wanted and there is none, and tells how its host comes in.
func (a *Adapter) welcome(ctx context.Context) (int, error) {
	f := a.o.First
	if f == nil {
		return 0, nil
	}
	link, err := a.firstLink(ctx, f.Room, f.Host)
	if err == nil && link != "" {
		err = f.Tell(link)
	}
	return 0, err
}

// handOn hands on what waits longest, and returns how much that was.
func (a *Adapter) handOn(ctx context.Context, in chat.Inbox) (int, error) {
	var numbers []uint64
	var b chat.Batch
	err := a.store.View(ctx, func(tx storage.Tx) error {
		return waiting.All(tx, storage.Global, func(key string, w queued) (bool, error) {
			numbers = append(numbers, numberOf(key))
			b.Events = append(b.Events, w.Events...)
			b.Keep = append(b.Keep, w.Keep...)
			if w.Generation > 0 {
				b.Cursor = strconv.AppendUint(nil, w.Generation, 10)
			}
			return len(numbers) < batchMost, nil
		})
	})
	if err != nil || len(numbers) == 0 {
		return 0, err
	}
	replies, err := in.Accept(ctx, b)
	if err != nil {
		return 0, err
	}
	touched := map[chat.AccountID]bool{}
	err = a.store.Update(context.WithoutCancel(ctx), func(tx storage.Tx) error {
		for _, e := range b.Events {
			changed, err := a.answered(tx, e, replies)
			if err != nil {
				return err
			}
			if changed {
				touched[e.By.Account] = true
			}
		}
		for _, n := range numbers {
			if err := waiting.Delete(tx, storage.Global, storage.Number(n)); err != nil {
				return err
			}
		}
		return nil
	})
	if err != nil {
		return 0, err // handed on again, under the same IDs
	}
	for account := range touched {
		a.hub.tell(directOf(account))
	}
	a.queue.advance(numbers[len(numbers)-1])
	return len(numbers), nil
}

func numberOf(key string) (n uint64) {
	for i := range len(key) {
		n = n<<8 | uint64(key[i])
	}
	return n
}
