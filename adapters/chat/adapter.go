// Package chat is the neutral vocabulary between Trellis and the platforms: what happened there, what is to be
// said there, and the two contracts that carry it.
//
// How it works: an adapter turns what its platform tells into Events and hands them to the Inbox in Batches,
// each with the cursor that stands after it; what Trellis says reaches the adapter as Deliveries.
//
// What always holds: Accept returns after the commit, so an adapter tells its platform "received" after Accept
// and never before. Deliveries of one lane (a room, or a person's direct room) come one at a time, in order;
// those of different lanes come in parallel. What was handed over is not shared: neither side changes it afterwards.
//
// An adapter is tested with adaptertest.Suite.
package chat

import "context"

// Adapter speaks to one platform.
type Adapter interface {
	// Platform names it. It never changes.
	Platform() Platform
	// Run takes in what happens until ctx ends, and returns nil then. It is called once. It returns an error only
	// when going on is useless (a token that is refused); passing faults it waits out by itself, with growing pauses.
	Run(ctx context.Context, in Inbox) error
	// Deliver sends one message. It is called at any time, also before Run and from many goroutines, and never
	// twice at once for one Delivery. A nil error means that the message stands there; otherwise the error says
	// what is known: *Refused (never again), *Later (not accepted, wait), anything else: unknown, it may have arrived.
	Deliver(ctx context.Context, d Delivery) (Receipt, error)
}
