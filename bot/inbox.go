package bot

import (
	"context"
	"fmt"

	"trellis/adapters/chat"
)

// inbox is chat.Inbox for one adapter.
type inbox struct {
	engine   *Engine
	platform chat.Platform
}

var _ chat.Inbox = inbox{}

// Stored is chat.Inbox's.
func (in inbox) Stored(ctx context.Context) (chat.Stored, error) {
	return in.engine.core.Load().Stored(ctx, in.platform)
}

// Accept is chat.Inbox's.
func (in inbox) Accept(ctx context.Context, b chat.Batch) ([]chat.Reply, error) {
	r := &request{in: Input{Batches: []Incoming{{Platform: in.platform, Batch: b}}}, events: len(b.Events)}
	replies, err := in.engine.ask(ctx, r)
	if err != nil {
		return nil, fmt.Errorf("accept %d events of %s: %w", len(b.Events), in.platform, err)
	}
	return replies, nil
}

// Order has an order obeyed. It is for use by any goroutine while Run runs.
func (e *Engine) Order(ctx context.Context, o Order) error {
	_, err := e.ask(ctx, &request{in: Input{Orders: []Order{o}}})
	return err
}

// ask has the loop take in a request, and waits for the commit.
func (e *Engine) ask(ctx context.Context, r *request) ([]chat.Reply, error) {
	r.done = make(chan result, 1) // the loop does not wait for who asked
	select {
	case <-e.closing:
		return nil, ErrClosing
	default:
	}
	select {
	case e.requests <- r:
	case <-e.closing:
		return nil, ErrClosing
	case <-ctx.Done():
		return nil, ctx.Err()
	}
	select {
	case done := <-r.done:
		return done.replies, done.err
	case <-e.closing: // what the loop has not answered by now it never will
		select {
		case done := <-r.done:
			return done.replies, done.err
		default:
			return nil, ErrClosing
		}
	case <-ctx.Done():
		return nil, ctx.Err()
	}
}
