// Package adaptertest is the suite that every chat.Adapter passes.
//
// How it works: the test of an adapter says how to open its platform, what people do there and what they see (Suite,
// Platform); Run holds the adapter to the contract of package chat, one file a promise. The suite stands in the
// engine's place: it has an inbox that takes or refuses batches, and it delivers.
//
// What always holds: only tests import this package, which is why it may import testing. The suite knows nothing of any
// platform; how platforms differ is told by fields, and a promise that a platform cannot make is one that is not
// asked for. It waits for nothing but what must come: that something does not come is shown by what comes next.
//
// To test the suite itself, run it over adapters/rehearsal, which has no network between people and adapter.
package adaptertest

import (
	"context"
	"crypto/rand"
	"fmt"
	"slices"
	"testing"
	"time"

	"go.uber.org/goleak"

	"trellis/adapters/chat"
)

// Suite knows how to open the platform of the adapter that is tested.
type Suite struct {
	// Open returns a platform on which nothing was said yet. t's cleanup ends it.
	Open func(t testing.TB) *Platform
	// Patience is how long something that must come may take; ten seconds unless given.
	Patience time.Duration
	// Redelivers says that the platform may send an event again, and Platform.Redeliver makes it do so.
	Redelivers bool
	// Faulty says that faults can come between the adapter and its platform, and Platform.Fault makes them.
	Faulty bool
	// Unfindable says that a word to one person in a room cannot be looked for, so in doubt it is not said again.
	Unfindable bool
}

// Platform is a platform in the hands of a test, with Trellis in Room and Other. What people do is on the platform
// when its function returns; what they see is asked again until it is there, so that a platform may take its time.
type Platform struct {
	Adapter chat.Adapter
	// Reopen returns an adapter to the same platform, as after a restart. It is called after Run of the last one ended.
	Reopen func() chat.Adapter

	// Ana and Ben are in Room and in Other, Chi is in Room alone. None of them has written to Trellis.
	Ana, Ben, Chi chat.AccountID
	Room, Other   chat.RoomID
	// Missing is the form of a room's ID that there is not.
	Missing chat.RoomID

	// Write is somebody writing a line: in a room (under thread, when it is set), or with no room to Trellis directly.
	// It returns the message's ID as the platform tells it to an adapter.
	Write func(by chat.AccountID, in chat.RoomID, thread chat.MessageID, text string) chat.MessageID
	// Address makes of a text what somebody types in a room to say it to Trellis.
	Address func(text string) string
	Edit    func(by chat.AccountID, in chat.RoomID, m chat.MessageID, text string)
	Delete  func(by chat.AccountID, in chat.RoomID, m chat.MessageID)
	// React puts an emoji under a message. Key is its name without colons; Emoji is what it looks like.
	React func(by chat.AccountID, in chat.RoomID, m chat.MessageID, key, emoji string)
	Leave func(by chat.AccountID, in chat.RoomID)
	Join  func(by chat.AccountID, in chat.RoomID)
	// Press takes the choice with this label.
	Press func(by chat.AccountID, in chat.RoomID, m chat.MessageID, label string)
	// Fill fills the form that is open for somebody, and sends it.
	Fill func(by chat.AccountID, fields map[string]string)

	// See is what somebody has before them in a room, or with no room in their direct room, oldest first. Of people
	// and Trellis alike, as it stands now.
	See func(by chat.AccountID, in chat.RoomID) []Seen
	// Form is the form that is open for somebody now; nil: none.
	Form func(of chat.AccountID) *SeenForm

	// Redeliver sends the last event again.
	Redeliver func()
	// Fault makes the next delivery meet a fault.
	Fault func(Fault)
}

// Seen is a message as a person reads it, without markup.
type Seen struct {
	ID      chat.MessageID
	Trellis bool // by Trellis
	Text    string
	Choices []string // labels
	Thread  chat.MessageID
	// Notified are those whom it wakes by name; All says that it wakes everyone.
	Notified []chat.AccountID
	All      bool
}

// SeenForm is a form as a person reads it.
type SeenForm struct {
	Title  string
	Labels []string          // of the fields, in order
	Errors map[string]string // by field
}

// Fault is what becomes of one delivery.
type Fault struct {
	Kind  FaultKind
	After time.Duration // of a TooFast: how long the platform asks to wait
}

// FaultKind says what kind.
type FaultKind int

// Kinds of fault.
const (
	TooFast   FaultKind = iota // refused by a limit of pace (429)
	Broken                     // a server's error (5xx); the message is not there
	LostWay                    // the connection is cut before the platform takes it
	LostReply                  // the platform takes it, and the connection is cut before it answers
)

// Run holds the adapter to each promise in a subtest.
func (s Suite) Run(t *testing.T) {
	if s.Patience == 0 {
		s.Patience = 10 * time.Second
	}
	for _, part := range []struct {
		name     string
		promises []promise
	}{{"intake", intake}, {"order", order}, {"faults", faults}, {"private", private}} {
		for _, p := range part.promises {
			if p.needs != nil && !p.needs(s) {
				continue
			}
			t.Run(part.name+"/"+p.name, func(t *testing.T) {
				running := goleak.IgnoreCurrent()
				t.Cleanup(func() { goleak.VerifyNone(t, running) })
				p.test(open(t, s))
			})
		}
	}
}

// promise is one thing that is held against the adapter.
type promise struct {
	name string
	test func(*engine)
	// needs says whether the platform can show it; nil: every one can.
	needs func(Suite) bool
}

// engine stands in the place of Trellis's own.
type engine struct {
	*testing.T
	*Platform
	suite  Suite
	inbox  *inbox
	stop   context.CancelFunc
	ended  chan error
	prefix string // of the delivery IDs, so that tests on one server have different ones
	sent   int
}

// open opens a platform and lets its adapter run.
func open(t *testing.T, s Suite) *engine {
	e := &engine{T: t, Platform: s.Open(t), suite: s, inbox: newInbox(), prefix: rand.Text()[:12] + "-"}
	e.start()
	t.Cleanup(e.end)
	return e
}

func (e *engine) start() {
	ctx, stop := context.WithCancel(context.WithoutCancel(e.Context()))
	e.stop, e.ended = stop, make(chan error, 1)
	go func() { e.ended <- e.Adapter.Run(ctx, e.inbox) }()
}

// end ends the adapter, which must go quietly.
func (e *engine) end() {
	e.Helper()
	if e.stop == nil {
		return
	}
	e.stop()
	e.stop = nil
	select {
	case err := <-e.ended:
		if err != nil {
			e.Errorf("Run ended with %v, want nil after its context ended", err)
		}
	case <-time.After(e.suite.Patience):
		e.Errorf("Run did not end within %s of its context", e.suite.Patience)
	}
}

// restart is the end of one adapter and the beginning of another on the same platform.
func (e *engine) restart() {
	e.Helper()
	e.end()
	e.Adapter = e.Reopen()
	e.start()
}

// deliver sends a message that must be taken, and returns its receipt.
func (e *engine) deliver(d chat.Delivery) chat.Receipt {
	e.Helper()
	r, err := e.try(d)
	if err != nil {
		e.Fatalf("deliver %s: %v", d.ID, err)
	}
	if r.Message == "" {
		e.Fatalf("deliver %s: the receipt names no message", d.ID)
	}
	return r
}

func (e *engine) try(d chat.Delivery) (chat.Receipt, error) {
	ctx, cancel := context.WithTimeout(e.Context(), e.suite.Patience)
	defer cancel()
	return e.Adapter.Deliver(ctx, d)
}

// to is a new delivery.
func (e *engine) to(p chat.Place, m chat.Message) chat.Delivery {
	e.sent++
	p.Platform = e.Adapter.Platform()
	return chat.Delivery{ID: chat.DeliveryID(fmt.Sprintf("%s%d", e.prefix, e.sent)), To: p, Message: m}
}

func (e *engine) room() chat.Place   { return chat.Place{Room: e.Room} }
func of(a chat.AccountID) chat.Place { return chat.Place{Account: a} }
func say(text string, c ...chat.Choice) chat.Message {
	return chat.Message{Text: chat.Text{{Spans: []chat.Span{{Text: text}}}}, Choices: c, Language: "en", Zone: "UTC"}
}

func choice(label string) chat.Choice {
	return chat.Choice{Label: label, Name: label, Value: "value of " + label}
}

// eventually asks until it is so.
func (e *engine) eventually(what string, so func() bool) {
	e.Helper()
	late := time.After(e.suite.Patience)
	again := time.NewTicker(5 * time.Millisecond)
	defer again.Stop()
	for !so() {
		select {
		case <-again.C:
		case <-late:
			e.Fatalf("after %s still not: %s", e.suite.Patience, what)
		}
	}
}

// sees waits until somebody sees messages of Trellis with exactly these texts, in this order.
func (e *engine) sees(by chat.AccountID, in chat.RoomID, texts ...string) []Seen {
	e.Helper()
	var seen []Seen
	defer func() {
		if e.Failed() {
			e.Logf("%s sees %q in %q", by, textsOf(seen), in)
		}
	}()
	e.eventually(fmt.Sprintf("%s sees %q in %q", by, texts, in), func() bool {
		seen = e.byTrellis(by, in)
		return slices.Equal(textsOf(seen), texts)
	})
	return seen
}

// byTrellis is what somebody sees of Trellis.
func (e *engine) byTrellis(by chat.AccountID, in chat.RoomID) []Seen {
	return slices.DeleteFunc(e.See(by, in), func(s Seen) bool { return !s.Trellis })
}

func textsOf(seen []Seen) []string {
	texts := make([]string, 0, len(seen))
	for _, s := range seen {
		texts = append(texts, s.Text)
	}
	return texts
}
