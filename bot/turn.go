package bot

import (
	"errors"
	"fmt"
	"runtime"
	"strings"

	"trellis/adapters/chat"
	"trellis/flows"
	"trellis/storage"
)

// turnName says which turn runs.
type turnName struct {
	platform chat.Platform
	event    chat.EventID
	timer    *flows.Timer
	other    string // when it is of neither
}

// String names the turn, the same each time it is begun.
func (n turnName) String() string {
	switch t := n.timer; {
	case n.other != "":
		return n.other
	case t != nil:
		return fmt.Sprintf("timer %s/%s of group %q about %q at %s", t.Flow, t.Name, t.Group, t.Subject, t.At.UTC().Format(timeFormat))
	}
	return fmt.Sprintf("event %s of %s", n.event, n.platform)
}

const timeFormat = "2006-01-02T15:04:05.999999999Z"

// Running names the turn that runs at this moment; empty when none does. It is for use by any goroutine: one that
// sees the same name for long knows of a turn that does not end. Hand its name to the next Core as a suspect.
func (c *Core) Running() string {
	if n := c.running.Load(); n != nil {
		return n.String()
	}
	return ""
}

// event handles one event in an overlay of its own.
func (s *step) event(p chat.Platform, e chat.Event) (*chat.Reply, error) {
	reply, before, err := s.seenBefore(p, e.ID)
	if err != nil || before {
		if before {
			s.tally.event(p, "repeated")
		}
		return reply, err
	}
	if err := s.hear(p, e); err != nil {
		return nil, err
	}
	name := &turnName{platform: p, event: e.ID}
	effects, err := s.try(name, func(o *storage.Overlay) (flows.Effects, error) {
		return s.c.book.Handle(o, p, e, s.moment("event", string(p)+" "+string(e.ID)))
	})
	switch {
	case fatal(err):
		return nil, err
	case err != nil:
		s.tally.event(p, "failed")
		if err := s.setAside(Failed{Platform: p, Event: &e}, name, err); err != nil {
			return nil, err
		}
		return nil, s.putSeen(p, e, nil)
	case !effects.Handled:
		s.tally.event(p, "ignored")
		return nil, nil
	}
	s.tally.event(p, "handled")
	if err := s.commit(effects); err != nil {
		return nil, err
	}
	return effects.Reply, s.putSeen(p, e, effects.Reply)
}

// timer handles one timer that is due. Its key is gone already.
func (s *step) timer(t flows.Timer) error {
	name := &turnName{timer: &t}
	effects, err := s.try(name, func(o *storage.Overlay) (flows.Effects, error) {
		return s.c.book.Fire(o, t, s.moment("timer", name.seed(s.c.seeded)))
	})
	s.tally.fired++
	s.tally.late = max(s.tally.late, s.now.Sub(t.At))
	if fatal(err) {
		return err
	}
	if err != nil {
		return s.setAside(Failed{Timer: &t}, name, err)
	}
	return s.commit(effects)
}

// seed is the name where randomness depends on it.
func (n turnName) seed(seeded bool) string {
	if !seeded {
		return ""
	}
	return n.String()
}

func (s *step) moment(kind, name string) flows.Moment {
	if !s.c.seeded {
		return flows.Moment{Now: s.now, Rand: s.c.rand("")}
	}
	return flows.Moment{Now: s.now, Rand: s.c.rand(kind + " " + name)}
}

// errSuspect is the fault of a turn that did not end when it was last begun.
var errSuspect = errors.New("it did not end when it was begun before the restart")

// try runs one turn in the overlay. After an error nothing of the turn is there.
func (s *step) try(name *turnName, turn func(*storage.Overlay) (flows.Effects, error)) (e flows.Effects, err error) {
	o := s.c.over
	o.Reset(&s.tx)
	if len(s.c.suspects) > 0 && s.c.suspects[name.String()] {
		return e, errSuspect
	}
	s.c.running.Store(name)
	defer func() {
		s.c.running.Store(nil)
		s.spent += o.Reads() + o.Writes()
		if p := recover(); p != nil {
			err = panicked(p)
		}
		if err != nil {
			o.Drop()
		}
	}()
	if e, err = turn(o); err == nil {
		err = s.nameTimers(e)
	}
	return e, err
}

// nameTimers makes the keys of the timers that a turn wants, or says which of them cannot be.
func (s *step) nameTimers(e flows.Effects) error {
	s.names, s.ends = s.names[:0], s.ends[:0]
	for _, t := range e.Timers {
		key, err := timerKey(s.names, t)
		if err != nil {
			return err
		}
		s.names, s.ends = key, append(s.ends, len(key))
	}
	return nil
}

// commit puts what a turn did into the step's transaction.
func (s *step) commit(e flows.Effects) error {
	if err := s.c.over.Flush(); err != nil {
		return err
	}
	if err := s.setTimers(e); err != nil {
		return err
	}
	for _, p := range e.Forgotten {
		if err := s.forget(p); err != nil {
			return err
		}
	}
	return s.enqueue(e.Sends)
}

// tell runs a turn that only says something. That it cannot be said is no reason to lose anything else.
func (s *step) tell(what string, turn func(*storage.Overlay) (flows.Effects, error)) error {
	effects, err := s.try(&turnName{other: what}, turn)
	if fatal(err) {
		return err
	}
	if err != nil {
		s.c.log.Error(what, "error", scrub(err, nil))
		return nil
	}
	return s.commit(effects)
}

// fatal tells whether an error is the store's, not the turn's: then the whole step ends.
func fatal(err error) bool {
	for _, of := range []error{storage.ErrDamaged, storage.ErrFull, storage.ErrReadOnly, storage.ErrClosed, storage.ErrInUse} {
		if errors.Is(err, of) {
			return true
		}
	}
	return false
}

// panicError is a handler's panic: where it was, and what, if the runtime says it. What else a handler panics with
// may hold words of people.
type panicError struct{ what, where string }

func (p *panicError) Error() string { return "panic: " + p.what + " at " + p.where }

func panicked(p any) error {
	if err, ok := p.(error); ok && fatal(err) {
		return err
	}
	what := fmt.Sprintf("a value of type %T", p)
	if r, ok := p.(runtime.Error); ok {
		what = r.Error()
	}
	var pcs [32]uintptr
	frames := runtime.CallersFrames(pcs[:runtime.Callers(3, pcs[:])])
	for {
		f, more := frames.Next()
		if f.Function != "" && !strings.HasPrefix(f.Function, "runtime.") {
			return &panicError{what: what, where: fmt.Sprintf("%s:%d", f.Function, f.Line)}
		}
		if !more {
			return &panicError{what: what, where: "an unknown place"}
		}
	}
}
