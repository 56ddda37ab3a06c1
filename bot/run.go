package bot

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"slices"
	"sync"
	"sync/atomic"
	"time"

	"trellis/adapters/chat"
	"trellis/storage"
)

// Config makes an Engine.
type Config struct {
	Options
	Adapters []chat.Adapter
	// Begun is a file beside the store: in it is noted which turn does not end, for the next start. Empty: nowhere.
	Begun string
	// Grace is how long deliveries that are out may take to end when the engine is stopped; zero: 10 s.
	Grace time.Duration
	// Forget takes what an adapter keeps of an account's words in a file of its own out of it, after the engine has
	// forgotten the account. It is called again, also after a start, until it returns nil. Nil: no adapter has any.
	Forget func(context.Context, chat.Place) error
	// Erase overwrites what the store has deleted; it is called after something was forgotten, and once a day when
	// anything was deleted or replaced. Nil: nothing does.
	Erase func(context.Context) error
	// Ahead is how far the engine's clock is ahead of the real one, or behind it when negative: for a demo, which moves
	// it by Advance.
	Ahead time.Duration
	// Bytes is the size of the store, for metrics; nil: unknown.
	Bytes func(context.Context) (int64, error)
}

const (
	usualGrace    = 10 * time.Second
	deliverWithin = 2 * time.Minute // a delivery that takes longer has an unknown outcome; adapters give up much earlier
	eventsAStep   = 1024            // how many events one transaction takes in at most, so that the first does not wait for long
	retryStore    = time.Second     // between tries on a store that takes nothing; doubled…
	retryStoreMax = 15 * time.Second
	storeFails    = time.Minute // how long a store may fail for another reason than a full disk
)

// Engine runs a Core: with the clock, and the adapters in goroutines. These are its goroutines: Run itself, which steps the core;
// one for each adapter's Run; one for each delivery that is out; the watchdog; and one while something is erased.
type Engine struct {
	config   Config
	log      *slog.Logger
	adapters map[chat.Platform]chat.Adapter
	core     atomic.Pointer[Core] // nil before Run

	requests chan *request
	outcomes chan Outcome // has room for all deliveries that can be out, so that none waits to say how it ended
	ended    chan adapterEnd
	closing  chan struct{} // closed when nothing more is taken in
	suspects atomic.Bool   // turns that the last process noted are still to be set aside

	health health
	erase  chan struct{} // has a token while something is to be erased
	ahead  atomic.Int64  // nanoseconds between the real clock and the engine's
	jumps  chan *jump
}

// request is a batch, or an order, on its way into a step.
type request struct {
	in     Input
	events int
	done   chan result
}

type result struct {
	replies []chat.Reply
	err     error
}

type adapterEnd struct {
	platform chat.Platform
	err      error
}

// ErrClosing says that the engine takes nothing more in. What was handed over was not kept.
var ErrClosing = errors.New("engine is stopping")

// New makes an engine, which does nothing until Run.
func New(c Config) (*Engine, error) {
	if c.Store == nil || c.Book == nil {
		return nil, errors.New("make the engine: it needs a store and a book of flows")
	}
	if c.Grace == 0 {
		c.Grace = usualGrace
	}
	e := &Engine{
		config: c, log: c.Log, adapters: map[chat.Platform]chat.Adapter{}, requests: make(chan *request, eventsAStep),
		ended: make(chan adapterEnd, len(c.Adapters)), closing: make(chan struct{}), erase: make(chan struct{}, 1),
		jumps: make(chan *jump),
	}
	if e.log == nil {
		e.log = slog.New(slog.DiscardHandler)
	}
	e.ahead.Store(int64(c.Ahead))
	out := 0
	for _, a := range c.Adapters {
		p := a.Platform()
		if e.adapters[p] != nil {
			return nil, fmt.Errorf("make the engine: two adapters speak to %s", p)
		}
		e.adapters[p] = a
	}
	// A platform whose adapter is gone may still have deliveries; they end at once, one after the other.
	for p := range e.adapters {
		out += max(c.Pace[p].Parallel, usualParallel)
	}
	e.outcomes = make(chan Outcome, out+usualParallel)
	return e, nil
}

// Run works until ctx ends, and returns nil then; or until going on is useless: the store is damaged, or no adapter
// is left. It is called once. Before it returns, deliveries that are out have ended, as far as Grace allows, and how
// they ended is stored.
func (e *Engine) Run(ctx context.Context) error {
	noMore := sync.OnceFunc(func() { close(e.closing) })
	defer noMore()
	defer e.health.stopped()
	options := e.config.Options
	options.Suspects = append(slices.Clone(options.Suspects), readBegun(e.config.Begun)...)
	e.suspects.Store(len(options.Suspects) > 0)
	core, err := NewCore(ctx, options, e.Now())
	if err != nil {
		return err
	}
	e.core.Store(core)
	e.health.started()

	// Steps and deliveries may end after ctx has.
	steps := context.WithoutCancel(ctx)
	work, cancel := context.WithCancel(steps)
	intake, stop := context.WithCancel(ctx)
	var helpers, adapters sync.WaitGroup
	defer helpers.Wait()
	defer cancel()
	defer stop()
	helpers.Go(func() { e.watch(work) })
	helpers.Go(func() { e.eraser(work) })
	for _, a := range e.config.Adapters {
		adapters.Go(func() { e.runAdapter(intake, a) })
	}
	l := &loop{e: e, core: core, steps: steps, work: work}
	err = l.run(ctx)

	noMore()
	stop()
	adapters.Wait()
	return errors.Join(err, l.close(cancel))
}

func (e *Engine) runAdapter(ctx context.Context, a chat.Adapter) {
	err := func() (err error) {
		defer func() {
			if p := recover(); p != nil {
				err = panicked(p)
			}
		}()
		return a.Run(ctx, inbox{engine: e, platform: a.Platform()})
	}()
	if err == nil && ctx.Err() == nil {
		err = errors.New("it ended by itself")
	}
	if ctx.Err() != nil {
		return
	}
	e.ended <- adapterEnd{a.Platform(), err}
}

// loop is Run while it runs.
type loop struct {
	e        *Engine
	core     *Core
	steps    context.Context // of transactions
	work     context.Context // of deliveries
	requests []*request      // to be taken in by the next step
	events   int             // in requests
	outcomes []Outcome       // likewise
	out      sync.WaitGroup  // deliveries that are out
	flying   int             // their number
	gone     int             // adapters that ended
	jump     *jump           // of the clock, under way
	fails    int             // steps in a row that the store did not take
	since    time.Time       // when the first of these was
}

// run steps the core whenever something came in or falls due.
func (l *loop) run(ctx context.Context) error {
	wake := time.NewTimer(0)
	defer wake.Stop()
	for {
		select {
		case r := <-l.e.requests:
			l.add(r)
		case o := <-l.e.outcomes:
			l.ended(o)
		case <-wake.C:
		case j := <-l.jumps():
			l.jump = j
		case end := <-l.e.ended:
			if err := l.adapterEnded(end); err != nil {
				return err
			}
			continue
		case <-ctx.Done():
			return nil
		}
		l.drain()
		next, err := l.step(false)
		if err != nil {
			return err
		}
		next = l.leap(next)
		wake.Stop()
		if !next.IsZero() {
			wake.Reset(max(next.Sub(l.e.Now()), 0))
		}
	}
}

func (l *loop) add(r *request) {
	l.requests = append(l.requests, r)
	l.events += r.events
}

func (l *loop) ended(o Outcome) {
	l.outcomes = append(l.outcomes, o)
	l.flying--
}

// drain takes what else is there already, so that one transaction serves all who wait.
func (l *loop) drain() {
	for l.events < eventsAStep {
		select {
		case r := <-l.e.requests:
			l.add(r)
		case o := <-l.e.outcomes:
			l.ended(o)
		default:
			return
		}
	}
}

// step steps the core, acts on what comes out, and returns when to step again.
func (l *loop) step(closing bool) (time.Time, error) {
	in := Input{Outcomes: l.outcomes, Closing: closing}
	for _, r := range l.requests {
		in.Batches, in.Orders = append(in.Batches, r.in.Batches...), append(in.Orders, r.in.Orders...)
		in.Forgotten = append(in.Forgotten, r.in.Forgotten...)
	}
	out, err := l.once(in)
	switch {
	case err == nil:
		l.outcomes = l.outcomes[:0]
		at := 0
		for _, r := range l.requests {
			r.done <- result{replies: flat(out.Replies[at : at+len(r.in.Batches)])}
			at += len(r.in.Batches)
		}
	case len(l.requests) > 1 && !fatal(err):
		return l.oneByOne(closing)
	default:
		for _, r := range l.requests {
			r.done <- result{err: err}
		}
	}
	clear(l.requests)
	l.requests, l.events = l.requests[:0], 0
	if err != nil {
		return l.failed(err)
	}
	l.fails = 0
	l.e.health.stores(nil)
	if l.e.suspects.Load() && len(l.core.suspects) == 0 {
		l.e.suspects.Store(false)
		l.e.forgetBegun()
	}
	l.send(out)
	return out.Wake, nil
}

func flat(replies [][]chat.Reply) (all []chat.Reply) {
	for _, r := range replies {
		all = append(all, r...)
	}
	return all
}

// oneByOne steps with each request alone, after one of them spoiled the step of all.
func (l *loop) oneByOne(closing bool) (next time.Time, err error) {
	all := append([]*request(nil), l.requests...)
	for _, r := range all {
		l.requests, l.events = append(l.requests[:0], r), r.events
		if next, err = l.step(closing); err != nil {
			return next, err
		}
	}
	return next, nil
}

// once steps, and measures it.
func (l *loop) once(in Input) (Output, error) {
	start := time.Now()
	l.e.health.stepping(start)
	out, err := l.core.Step(l.steps, l.e.Now(), in)
	l.e.health.stepping(time.Time{})
	l.core.metrics.steps.Observe(time.Since(start).Seconds())
	return out, err
}

// failed decides on a step that the store did not take. A full disk may have room again; damage does not heal.
func (l *loop) failed(err error) (time.Time, error) {
	now := l.e.Now()
	if l.fails++; l.fails == 1 {
		l.since = now
		l.e.log.Error("the store takes nothing", "error", err)
	}
	l.e.health.stores(err)
	if errors.Is(err, storage.ErrDamaged) || !errors.Is(err, storage.ErrFull) && now.Sub(l.since) > storeFails {
		return time.Time{}, fmt.Errorf("work on the store: %w", err)
	}
	return now.Add(min(retryStore<<min(l.fails-1, 5), retryStoreMax)), nil
}

// send hands out what a step gave.
func (l *loop) send(out Output) {
	if out.Forgot {
		select {
		case l.e.erase <- struct{}{}:
		default: // it is to be erased already
		}
	}
	for _, d := range out.Send {
		l.flying++
		l.out.Go(func() { l.e.outcomes <- l.e.deliver(l.work, d) })
	}
}

// deliver has an adapter send one message.
func (e *Engine) deliver(ctx context.Context, d chat.Delivery) (o Outcome) {
	o.Delivery = d.ID
	a := e.adapters[d.To.Platform]
	if a == nil {
		o.Err = &chat.Later{After: time.Hour, Scope: chat.ThisPlatform, Reason: "no adapter is configured"}
		return o
	}
	ctx, cancel := context.WithTimeout(ctx, deliverWithin)
	defer cancel()
	defer func() {
		if p := recover(); p != nil {
			o.Err = panicked(p)
		}
	}()
	o.Receipt, o.Err = a.Deliver(ctx, d)
	return o
}

// adapterEnded notes an adapter that will take nothing in any more. The others go on.
func (l *loop) adapterEnded(end adapterEnd) error {
	l.gone++
	l.e.health.adapter(end.platform, end.err)
	l.e.log.Error("adapter ended", "platform", end.platform, "error", end.err)
	if l.gone == len(l.e.config.Adapters) {
		return fmt.Errorf("run %s: %w", end.platform, end.err)
	}
	return nil
}

// close stores how what is out ends. After the grace it is cut off, and looked for at the next start.
func (l *loop) close(cut func()) error {
	grace := time.NewTimer(l.e.config.Grace)
	defer grace.Stop()
	for l.flying > 0 {
		select {
		case o := <-l.e.outcomes:
			l.ended(o)
		case <-grace.C:
			l.e.log.Warn("deliveries did not end in time", "number", l.flying)
			cut()
		}
	}
	l.out.Wait()
	if len(l.outcomes) == 0 {
		return nil
	}
	if _, err := l.once(Input{Outcomes: l.outcomes, Closing: true}); err != nil {
		return fmt.Errorf("store how deliveries ended: %w", err)
	}
	return nil
}
