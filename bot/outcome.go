package bot

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"syscall"
	"time"

	"trellis/adapters/chat"
	"trellis/flows"
)

// settle stores how a delivery ended, and lets its lane go on. One that is not out was settled before.
func (s *step) settle(o Outcome) error {
	was := s.c.out[o.Delivery]
	if was == nil || slices.Contains(s.settled, o.Delivery) {
		return nil
	}
	s.settled = append(s.settled, o.Delivery)
	copied := *was // the step may fail, and come again
	f := &copied
	f.lane.out = false
	f.lane.tenant.out--
	f.lane.tenant.platform.out--
	var later *chat.Later
	var refused *chat.Refused
	var err error
	switch {
	case o.Err == nil:
		err = s.delivered(f, o.Receipt)
	case errors.As(o.Err, &refused):
		err = s.refused(f, refused)
	case errors.As(o.Err, &later):
		err = s.later(f, later)
	default:
		err = s.unknown(f, o.Err)
	}
	s.c.place(f.lane, s.at)
	if err != nil {
		return err
	}
	return s.storePace(f.lane.tenant)
}

// delivered stores where a message stands.
func (s *step) delivered(f *flight, r chat.Receipt) error {
	s.tally.delivery(f.entry.On, "delivered")
	s.tally.waited = append(s.tally.waited, float64(s.at-f.entry.Since)/float64(time.Second))
	t := f.lane.tenant
	t.strikes = 0
	for i := range t.paces {
		if t.platform.limits[i].covers(f.method) {
			t.paces[i].taken(t.gauge(f.lane, i), f.at)
		}
	}
	if err := s.works(f); err != nil {
		return err
	}
	if err := s.remove(f.seq); err != nil || f.update {
		return err
	}
	return s.stands(f.entry, func(p *flows.StandingPlace) { p.Message, p.Room = r.Message, r.Room })
}

// stands changes what is known of where a message stands. A word in a room to one person alone can never be updated:
// nothing of it is kept once it is said.
func (s *step) stands(e entry, change func(*flows.StandingPlace)) error {
	standing, err := flows.GetStanding(&s.tx, e.Group, e.Posted)
	if ok, err := found(err); !ok || e.Index >= len(standing.Places) {
		return err // it was forgotten meanwhile
	}
	if len(standing.Places) == 1 && methodOf(e.place(), false) == Ephemeral {
		return flows.DeleteStanding(&s.tx, e.Group, e.Posted)
	}
	change(&standing.Places[e.Index])
	return flows.PutStanding(&s.tx, e.Posted, standing)
}

// refused handles a message that will never be accepted, or a place or platform where nothing is.
func (s *step) refused(f *flight, r *chat.Refused) error {
	s.tally.delivery(f.entry.On, "refused")
	if r.Anew && f.update {
		return s.anew(f, r)
	}
	switch r.Scope {
	case chat.ThisPlace:
		if err := s.wait(f, r.Reason, 0, false); err != nil {
			return err
		}
		return s.pause(f, r)
	case chat.ThisMethod, chat.ThisPlatform:
		if err := s.wait(f, r.Reason, 0, false); err != nil {
			return err
		}
		return s.stop(f, r)
	case chat.ThisMessage:
	}
	s.c.log.Warn("message refused", "delivery", f.id, "platform", f.entry.On, "group", f.entry.Group, "reason", r.Reason)
	return s.giveUp(f.seq, f.entry)
}

// giveUp takes a message out of the outbox that will not stand at its place.
func (s *step) giveUp(seq uint64, e entry) error {
	if err := s.remove(seq); err != nil || e.Update {
		return err
	}
	return s.stands(e, func(p *flows.StandingPlace) { p.Refused = true })
}

// anew turns an update of what is gone into a post, under a new ID: the old one was refused.
func (s *step) anew(f *flight, r *chat.Refused) error {
	e := f.entry
	if err := s.stands(e, func(p *flows.StandingPlace) { p.Message, p.Room = "", "" }); err != nil {
		return err
	}
	f.update, f.doubt, f.method = false, false, methodOf(e.place(), false)
	e.Update, e.Marked, e.Reason = false, false, r.Reason
	e.Random = s.c.rand("anew " + string(f.id)).Uint64()
	f.lane.putBack(f.queued)
	return s.write(f.seq, &e)
}

// later handles a message that was not accepted now.
func (s *step) later(f *flight, l *chat.Later) error {
	s.tally.delivery(f.entry.On, "later")
	t := f.lane.tenant
	if l.Limit && f.at >= t.struck {
		t.strikes++
		t.struck = s.at
	}
	after := l.After
	if after <= 0 {
		after = backoff(max(f.entry.Tries+1, t.strikes), s.jitter(f))
	}
	until := s.at + int64(after)
	switch l.Scope {
	case chat.ThisPlace:
		f.lane.hold = max(f.lane.hold, until)
	case chat.ThisMethod:
		t.holdMethod(f.method, until)
	case chat.ThisPlatform:
		t.hold = max(t.hold, until)
	case chat.ThisMessage:
	}
	t.learned = t.learned || l.Scope > chat.ThisPlace
	if l.Limit {
		t.tooFast(f, l.Scope, s.at, until)
	}
	// One that was in doubt before stays so: it may be the look-up that was not accepted.
	return s.wait(f, l.Reason, after, f.doubt)
}

// unknown handles a message of which nobody knows whether it arrived.
func (s *step) unknown(f *flight, err error) error {
	s.tally.delivery(f.entry.On, "unknown")
	s.c.log.Info("delivery ended without an answer", "delivery", f.id, "platform", f.entry.On, "tries", f.entry.Tries+1, "error", plainError(err))
	after := backoff(f.entry.Tries+1, s.jitter(f))
	return s.wait(f, "no answer", after, true)
}

// jitter is a part of a wait's random half.
func (s *step) jitter(f *flight) float64 {
	return s.c.rand("wait " + string(f.id) + " " + strconv.Itoa(f.entry.Tries)).Float64()
}

// wait puts a delivery back to the head of its class.
func (s *step) wait(f *flight, reason string, after time.Duration, doubt bool) error {
	e := f.entry
	e.Tries++
	e.Reason, e.Marked, e.Wait = reason, doubt, 0
	if after > 0 {
		e.Wait = s.at + int64(after)
	}
	f.wait, f.doubt = e.Wait, doubt
	if !doubt {
		if err := s.carry(f); err != nil {
			return err
		}
	}
	f.lane.putBack(f.queued)
	return s.write(f.seq, &e)
}

// carry takes out the updates that came while a delivery was out: it was not accepted, and the next try brings what
// they were to bring.
func (s *step) carry(f *flight) error {
	return s.takeOut(f.lane, func(q queued) bool {
		return q.ref == f.ref && q.update && !q.doubt && (!f.update || q.class <= f.class)
	})
}

// holdMethod holds a method, and those that share a limit with it.
func (t *tenant) holdMethod(m Method, until int64) {
	t.holds[m] = max(t.holds[m], until)
	for i := range t.platform.limits {
		limit := &t.platform.limits[i]
		if limit.PerLane || len(limit.Of) == 0 || !limit.covers(m) {
			continue
		}
		for _, other := range limit.Of {
			t.holds[other] = max(t.holds[other], until)
		}
	}
}

// tooFast learns from a platform that wanted less. Which of the limits was meant, the scope says; where no limit has
// that scope, every one that applies is meant.
func (t *tenant) tooFast(f *flight, scope chat.Scope, now, until int64) {
	meant := func(limit *Limit) bool {
		switch scope {
		case chat.ThisMessage, chat.ThisPlace:
			return limit.PerLane
		case chat.ThisMethod:
			return !limit.PerLane && len(limit.Of) > 0
		case chat.ThisPlatform:
			return !limit.PerLane && len(limit.Of) == 0
		}
		return true
	}
	found := false
	for _, strict := range []bool{true, false} {
		for i := range t.platform.limits {
			limit := &t.platform.limits[i]
			if limit.covers(f.method) && (!strict || meant(limit)) {
				t.paces[i].refused(t.gauge(f.lane, i), f.at, now, until)
				found = true
			}
		}
		if found {
			break
		}
	}
	t.learned = true
}

// plainError is an error as it may be logged: a platform may have put words of people into its text.
func plainError(err error) string {
	var number syscall.Errno
	switch {
	case errors.As(err, &number):
		return number.Error()
	case errors.Is(err, context.DeadlineExceeded):
		return "timed out"
	case errors.Is(err, context.Canceled):
		return "cancelled"
	}
	for next := errors.Unwrap(err); next != nil; next = errors.Unwrap(err) {
		err = next
	}
	return fmt.Sprintf("%T", err)
}
