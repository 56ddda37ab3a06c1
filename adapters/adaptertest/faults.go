package adaptertest

import (
	"context"
	"errors"
	"time"

	"trellis/adapters/chat"
)

// How a delivery ended is told as it is, and a doubtful one is never said twice.
var faults = []promise{
	{name: "refused for good", test: refused},
	{name: "in doubt and there", test: doubtThere},
	{name: "in doubt and not there", test: doubtNotThere},
	{name: "in doubt after a restart", test: doubtRestart},
	{name: "in doubt for one person", test: doubtPrivate},
	{name: "an update in doubt", test: doubtUpdate},
	{name: "a context that ended", test: cancelled},
	{name: "too fast", test: tooFast, needs: faulty},
	{name: "a server's error", test: broken, needs: faulty},
	{name: "cut before it arrived", test: lostWay, needs: faulty},
	{name: "cut before the answer", test: lostReply, needs: faulty},
}

func faulty(s Suite) bool { return s.Faulty }

func isRefused(err error) bool {
	_, ok := errors.AsType[*chat.Refused](err)
	return ok
}

func refused(e *engine) {
	_, err := e.try(e.to(chat.Place{Room: e.Missing}, say("is anybody there?")))
	r, ok := errors.AsType[*chat.Refused](err)
	if !ok {
		e.Fatalf("a room that there is not: %v, want a *chat.Refused", err)
	}
	if r.Scope < chat.ThisPlace || r.Reason == "" {
		e.Errorf("got %+v, want a reason, and the place refused", r)
	}
	e.deliver(e.to(e.room(), say("elsewhere it goes on")))
}

func doubtThere(e *engine) {
	d := e.to(e.room(), say("once"))
	first := e.deliver(d)
	e.sees(e.Ben, e.Room, "once")
	e.deliver(e.to(e.room(), say("later")))
	d.Doubt = true
	if r := e.deliver(d); r.Message != first.Message {
		e.Errorf("it was found as %q, want %q", r.Message, first.Message)
	}
	e.deliver(e.to(e.room(), say("last")))
	e.sees(e.Ben, e.Room, "once", "later", "last")
}

func doubtNotThere(e *engine) {
	d := e.to(e.room(), say("once"))
	d.Doubt = true
	e.deliver(d)
	e.deliver(e.to(e.room(), say("last")))
	e.sees(e.Ben, e.Room, "once", "last")
}

func doubtRestart(e *engine) {
	d := e.to(of(e.Ana), say("once"))
	first := e.deliver(d)
	e.restart()
	d.Doubt = true
	if r := e.deliver(d); r.Message != first.Message {
		e.Errorf("after a restart it was found as %q, want %q", r.Message, first.Message)
	}
	e.deliver(e.to(of(e.Ana), say("last")))
	e.sees(e.Ana, "", "once", "last")
}

func doubtPrivate(e *engine) {
	d := e.to(chat.Place{Room: e.Room, Account: e.Ana}, say("for you alone"))
	e.deliver(d)
	d.Doubt = true
	r, err := e.try(d)
	switch {
	case err != nil:
		e.Fatalf("deliver in doubt: %v", err)
	case e.suite.Unfindable && r.Message != "":
		e.Errorf("it cannot be looked for, and was found as %q", r.Message)
	}
	e.deliver(e.to(e.room(), say("last")))
	e.deliver(e.to(of(e.Ana), say("last")))
	seen := 0
	e.eventually("Ana sees all", func() bool {
		all := append(e.byTrellis(e.Ana, e.Room), e.byTrellis(e.Ana, "")...)
		seen = 0
		for _, s := range all {
			if s.Text == "for you alone" {
				seen++
			}
		}
		return len(all) >= 3
	})
	if seen != 1 {
		e.Errorf("Ana sees it %d times", seen)
	}
}

func doubtUpdate(e *engine) {
	first := e.deliver(e.to(e.room(), say("0 of 3")))
	d := e.to(e.room(), say("1 of 3"))
	d.Update = first.Message
	e.deliver(d)
	d.Doubt = true
	e.deliver(d)
	e.deliver(e.to(e.room(), say("last")))
	e.sees(e.Ben, e.Room, "1 of 3", "last")
}

func cancelled(e *engine) {
	ctx, cancel := context.WithCancel(e.Context())
	cancel()
	d := e.to(e.room(), say("maybe"))
	_, err := e.Adapter.Deliver(ctx, d)
	if isRefused(err) {
		e.Errorf("got %v: a context that ended refuses nothing for good", err)
	}
	d.Doubt = true
	e.deliver(d)
	e.sees(e.Ben, e.Room, "maybe")
}

func tooFast(e *engine) {
	for _, after := range []time.Duration{7 * time.Second, 0} {
		d := e.to(e.room(), say("slowly"))
		e.Fault(Fault{Kind: TooFast, After: after})
		_, err := e.try(d)
		l, ok := errors.AsType[*chat.Later](err)
		if !ok || !l.Limit || l.After < after {
			e.Fatalf("got %v (%+v), want a *chat.Later of a limit, after %s at least", err, l, after)
		}
	}
	e.deliver(e.to(e.room(), say("slowly")))
	e.sees(e.Ben, e.Room, "slowly")
}

func broken(e *engine) { e.onceDespite(Broken) }

func lostWay(e *engine) { e.onceDespite(LostWay) }

func lostReply(e *engine) { e.onceDespite(LostReply) }

// onceDespite delivers through a fault, as the engine does: what was not accepted is sent again, what may have
// arrived is looked for.
func (e *engine) onceDespite(kind FaultKind) {
	e.Helper()
	d := e.to(e.room(), say("once"))
	e.Fault(Fault{Kind: kind})
	_, err := e.try(d)
	if err == nil || isRefused(err) {
		e.Fatalf("got %v, want an error that allows another try", err)
	}
	if _, later := errors.AsType[*chat.Later](err); later && kind == LostReply {
		e.Errorf("got %v: it may have arrived", err)
	} else {
		d.Doubt = !later
	}
	e.deliver(d)
	e.deliver(e.to(e.room(), say("last")))
	e.sees(e.Ben, e.Room, "once", "last")
}
