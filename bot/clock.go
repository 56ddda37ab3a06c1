package bot

import (
	"context"
	"time"
)

// jump is a wish to move the clock.
type jump struct {
	to   time.Time
	done chan struct{}
}

// Now is the engine's clock: the real one, unless a demo moved it.
func (e *Engine) Now() time.Time { return time.Now().Add(time.Duration(e.ahead.Load())) }

// Advance moves the engine's clock forward, for a demo. What falls due on the way happens at its own time, one instant
// after the other, and is delivered before the next; Advance returns when all of it is. An instant that lies behind
// is reached already.
func (e *Engine) Advance(ctx context.Context, to time.Time) error {
	j := &jump{to: to, done: make(chan struct{})}
	select {
	case e.jumps <- j:
	case <-e.closing:
		return ErrClosing
	case <-ctx.Done():
		return ctx.Err()
	}
	select {
	case <-j.done:
		return nil
	case <-e.closing:
		return ErrClosing
	case <-ctx.Done():
		return ctx.Err()
	}
}

// jumps hands out the next jump, one at a time.
func (l *loop) jumps() <-chan *jump {
	if l.jump != nil {
		return nil
	}
	return l.e.jumps
}

// leap goes on with a jump of the clock once nothing is out any more: to what falls due next, or to its end. It
// returns when to step again.
func (l *loop) leap(next time.Time) time.Time {
	if l.jump == nil || l.flying > 0 {
		return next
	}
	to := l.jump.to
	if !next.IsZero() && next.Before(to) {
		to = next
	}
	if behind := to.Sub(l.e.Now()); behind > 0 {
		l.e.ahead.Add(int64(behind))
	}
	if !to.Equal(l.jump.to) {
		return to
	}
	close(l.jump.done)
	l.jump = nil
	return next
}
