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
	"log/slog"
	"math/rand/v2"
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
	opts Options
}

// Input is what a step takes in. When the step fails, nothing of it was kept: hand the same in again.
type Input struct {
	Batches  []Incoming
	Outcomes []Outcome
	Orders   []Order
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
	// Wake is when to step again even if nothing comes in: at once when it is not after now. Zero: never.
	Wake time.Time
}

// NewCore opens a core over a store. Deliveries that were being sent when the last one ended come out in doubt.
func NewCore(ctx context.Context, o Options, now time.Time) (*Core, error) {
	return nil, errors.ErrUnsupported
}

// Step takes in what happened, fires due timers, and settles what is sent next, in one transaction. After an error
// nothing was kept: storage.ErrFull passes, storage.ErrDamaged does not.
func (c *Core) Step(ctx context.Context, now time.Time, in Input) (Output, error) {
	return Output{}, errors.ErrUnsupported
}

// Stored is chat.Inbox's, for one platform.
func (c *Core) Stored(ctx context.Context, p chat.Platform) (chat.Stored, error) {
	return chat.Stored{}, errors.ErrUnsupported
}
