package rehearse

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"time"

	"trellis/adapters/chat"
	"trellis/adapters/rehearsal"
	"trellis/bot"
	"trellis/flows"
	"trellis/storage"
)

// engine is the core over its store, and how it is stopped and started.
type engine struct {
	options Options
	book    *flows.Book
	people  *rehearsal.Adapter
	note    func(string)

	core     *bot.Core // nil: not started
	store    storage.Store
	fresh    bool // started, and not stepped yet: there may be deliveries in doubt
	wake     time.Time
	outcomes []bot.Outcome
	trap     *trap
	deaths   int
}

// trap is a crash that hits once, in one step.
type trap struct {
	sending bool
	hit     bool
}

// arm sets the crash of the coming step; nil: none.
func (e *engine) arm(c *Crash) *trap {
	e.trap = nil
	if c != nil {
		e.trap = &trap{sending: c.Sending}
	}
	return e.trap
}

// waits tells whether it has not hit yet.
func (t *trap) waits() bool { return t != nil && !t.hit }

func (t *trap) hits(b Boundary, sends int) bool {
	if !t.waits() {
		return false
	}
	t.hit = t.sending && b == Sent || !t.sending && b == Committed && sends > 0
	return t.hit
}

// file is where the store of the current start lies. After a crash it is another one: a copy of the last as it was
// at that instant, because the one that died is not closed cleanly.
func (e *engine) file() string {
	return filepath.Join(e.options.Folder, fmt.Sprintf("%d", e.deaths), "trellis.db")
}

func (e *engine) start(ctx context.Context, now time.Time) error {
	if err := os.MkdirAll(filepath.Dir(e.file()), 0o700); err != nil {
		return fmt.Errorf("make a folder for the store: %w", err)
	}
	store, err := e.options.Open(ctx, e.file())
	if err != nil {
		return fmt.Errorf("open the store: %w", err)
	}
	core, err := bot.NewCore(ctx, bot.Options{Store: store, Book: e.book, Rand: chance, Log: e.options.Log}, now)
	if err != nil {
		return errors.Join(fmt.Errorf("start the engine: %w", err), store.Close())
	}
	e.store, e.core, e.fresh, e.outcomes = store, core, true, nil
	return nil
}

// stop ends the engine cleanly.
func (e *engine) stop() error {
	if e.core == nil {
		return nil
	}
	e.core = nil
	if err := e.store.Close(); err != nil {
		return fmt.Errorf("close the store: %w", err)
	}
	return nil
}

func (e *engine) restart(ctx context.Context, now time.Time) error {
	if e.core != nil {
		if _, err := e.core.Step(ctx, now, bot.Input{Outcomes: e.outcomes, Closing: true}); err != nil {
			return fmt.Errorf("step the engine for the last time: %w", err)
		}
	}
	if err := e.stop(); err != nil {
		return err
	}
	e.note("Trellis is stopped and started again")
	return e.start(ctx, now)
}

// crash stops the engine dead: what is not in the store is gone, and nobody tidies up.
func (e *engine) crash(ctx context.Context, now time.Time) error {
	if e.core == nil {
		e.deaths++
		return nil
	}
	died, dead := e.file(), e.store
	e.core, e.outcomes = nil, nil
	e.deaths++
	if err := os.MkdirAll(filepath.Dir(e.file()), 0o700); err != nil {
		return fmt.Errorf("make a folder for the store: %w", err)
	}
	if err := copyFile(e.file(), died); err != nil {
		return fmt.Errorf("keep the store as the crash left it: %w", err)
	}
	if err := errors.Join(dead.Close(), os.RemoveAll(filepath.Dir(died))); err != nil {
		return fmt.Errorf("take the old store away: %w", err)
	}
	e.note("Trellis stops dead and is started again")
	return e.start(ctx, now)
}

func copyFile(to, from string) error {
	in, err := os.Open(from)
	if err != nil {
		return err
	}
	defer in.Close()
	out, err := os.OpenFile(to, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o600)
	if err != nil {
		return err
	}
	_, err = io.Copy(out, in)
	return errors.Join(err, out.Close())
}

// faults tells of turns that were set aside: Trellis itself was wrong, whatever the script expects.
func (e *engine) faults(ctx context.Context) error {
	if e.core == nil {
		return nil
	}
	status, err := bot.ReadStatus(ctx, e.store)
	if err != nil {
		return err
	}
	var errs []error
	for _, f := range status.Failed {
		errs = append(errs, fmt.Errorf("a turn failed, and was undone: %s", f.Fault))
	}
	return errors.Join(errs...)
}

// mostSteps is far above what one instant can cause; beyond it the engine goes round in circles.
const mostSteps = 20_000

// settle steps until nothing is left to do at this instant.
func (e *engine) settle(ctx context.Context, now time.Time) error {
	for range mostSteps {
		events := e.people.Waiting()
		due := !e.wake.IsZero() && !e.wake.After(now)
		if len(events) == 0 && len(e.outcomes) == 0 && !due && !e.fresh {
			return nil
		}
		if e.core == nil {
			if err := e.start(ctx, now); err != nil {
				return err
			}
		}
		if err := e.once(ctx, now, events); err != nil {
			return err
		}
	}
	return fmt.Errorf("the engine does not come to rest: %d steps at one instant", mostSteps)
}

// once takes in what waits, and delivers what comes out.
func (e *engine) once(ctx context.Context, now time.Time, events []chat.Event) error {
	in := bot.Input{Outcomes: e.outcomes}
	if len(events) > 0 {
		in.Batches = []bot.Incoming{{Platform: rehearsal.Name, Batch: chat.Batch{Events: events}}}
	}
	out, err := e.core.Step(ctx, now, in)
	if err != nil {
		return fmt.Errorf("step the engine: %w", err)
	}
	e.outcomes, e.wake, e.fresh = nil, out.Wake, false
	if e.dies(Committed, len(out.Send)) {
		return e.crash(ctx, now)
	}
	if len(events) > 0 {
		e.people.Taken(events, out.Replies[0])
		if e.dies(Answered, len(out.Send)) {
			return e.crash(ctx, now)
		}
	}
	for _, d := range out.Send {
		r, err := e.people.Deliver(ctx, d)
		e.outcomes = append(e.outcomes, bot.Outcome{Delivery: d.ID, Receipt: r, Err: err})
		if e.dies(Sent, 1) {
			return e.crash(ctx, now)
		}
	}
	return nil
}

func (e *engine) dies(b Boundary, sends int) bool {
	return e.trap.hits(b, sends) || e.options.Kill != nil && e.options.Kill(b)
}
