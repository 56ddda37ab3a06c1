package bot

import (
	"errors"

	"trellis/adapters/chat"
	"trellis/storage"
)

// Order is what the operator wants done about something that was set aside or does not get through.
type Order struct {
	// ID is that of a Failed or a Waiting in Status. One that is there no more is no error: it has settled itself.
	ID   string
	Verb Verb
}

// Verb is what to do.
type Verb int

// Verbs.
const (
	Retry   Verb = iota // handle the event, or send the message, again now
	Discard             // forget it
)

// ErrOrder says that an order cannot be obeyed. The rest of its step is undone as well: give orders a step of their own.
var ErrOrder = errors.New("order cannot be obeyed")

func (s *step) obey(o Order) error {
	seq, delivery := seqOf(chat.DeliveryID(o.ID))
	switch {
	case delivery && o.Verb == Retry:
		return s.hurry(seq, chat.DeliveryID(o.ID))
	case delivery:
		return s.discard(seq, chat.DeliveryID(o.ID))
	case o.Verb == Retry:
		return s.again(o.ID)
	}
	return failures.Delete(&s.tx, storage.Global, o.ID)
}

// waits returns the entry of a delivery that waits, and its lane.
func (s *step) waits(seq uint64, id chat.DeliveryID) (entry, *lane, bool, error) {
	e, err := s.read(seq)
	if ok, err := found(err); !ok {
		return e, nil, false, err
	}
	if deliveryID(seq, e.Random) != id || s.c.out[id] != nil {
		return e, nil, false, nil
	}
	return e, s.c.lane(e.place().Lane()), true, nil
}

// hurry takes away what a delivery waits for, as far as that is ours to say.
func (s *step) hurry(seq uint64, id chat.DeliveryID) error {
	e, l, ok, err := s.waits(seq, id)
	if !ok {
		return err
	}
	e.Wait = 0
	for class := range l.queues {
		for i := range l.queues[class] {
			if l.queues[class][i].seq == seq {
				l.queues[class][i].wait = 0
			}
		}
	}
	l.hold = 0
	if err := s.write(seq, &e); err != nil {
		return err
	}
	if err := s.resume(l.to); err != nil {
		return err
	}
	s.c.place(l, s.at)
	return nil
}

// discard gives a delivery up.
func (s *step) discard(seq uint64, id chat.DeliveryID) error {
	e, l, ok, err := s.waits(seq, id)
	if !ok {
		return err
	}
	l.remove(func(q queued) bool { return q.seq == seq })
	s.c.place(l, s.at)
	return s.giveUp(seq, e)
}
