package bot

import (
	"fmt"

	"trellis/adapters/chat"
	"trellis/flows"
)

// flight is a delivery that is out.
type flight struct {
	id    chat.DeliveryID
	lane  *lane
	at    int64 // when it was handed out, Unix nanoseconds
	entry entry
	queued
}

// dispatch hands out what may go now: the higher class first, over all lanes of a platform, and within a class the
// lane that waits longest.
func (s *step) dispatch() error {
	s.c.release(s.at)
	for _, p := range s.c.platforms {
		for class := classes - 1; class >= 0; class-- {
			for _, t := range p.tenants {
				for m := range t.ready[class] {
					if err := s.drain(t, class, Method(m)); err != nil {
						return err
					}
				}
			}
		}
	}
	return nil
}

func (s *step) drain(t *tenant, class int, m Method) error {
	list := &t.ready[class][m]
	for list.first != nil && t.platform.out < t.platform.parallel && t.free(m) <= s.at && (t.stopped == nil || t.out == 0) {
		l := list.first
		q := l.pop(class)
		d, e, err := s.prepare(l, q)
		if err != nil {
			return fmt.Errorf("prepare delivery %d: %w", q.seq, err)
		}
		if d == nil {
			if err := s.remove(q.seq); err != nil {
				return err
			}
			s.c.place(l, s.at)
			continue
		}
		e.Marked = true
		if err := s.write(q.seq, &e); err != nil {
			return err
		}
		t.take(l, m, s.at)
		l.out, s.sent = true, true
		s.c.place(l, s.at)
		t.platform.out++
		t.out++
		s.handed = append(s.handed, &flight{id: d.ID, lane: l, at: s.at, entry: e, queued: q})
		s.out.Send = append(s.out.Send, *d)
	}
	return nil
}

// prepare reads what is to stand there now. It returns nil when nothing is to be sent any more.
func (s *step) prepare(l *lane, q queued) (*chat.Delivery, entry, error) {
	e, err := s.read(q.seq)
	if err != nil {
		return nil, e, err
	}
	standing, err := flows.GetStanding(&s.tx, e.Group, e.Posted)
	if ok, err := found(err); !ok {
		return nil, e, err
	}
	if e.Index >= len(standing.Places) {
		return nil, e, fmt.Errorf("message %s has no place %d", e.Posted, e.Index)
	}
	place := standing.Places[e.Index]
	if e.Update && (place.Message == "" || place.Refused) {
		return nil, e, nil // what it is of never came to stand there
	}
	d := &chat.Delivery{ID: deliveryID(q.seq, e.Random), To: e.place(), Message: place.Content, Doubt: q.doubt}
	if e.Update {
		d.Update = place.Message
		if place.Room != "" {
			d.To.Room = place.Room
		}
	}
	if standing.Thread != "" {
		if d.Thread, err = s.thread(standing, e); err != nil {
			return nil, e, err
		}
	}
	return d, e, nil
}

// thread is the message under which one goes, at the same place. Where that does not stand, there is no thread.
func (s *step) thread(standing flows.Standing, e entry) (chat.MessageID, error) {
	root, err := flows.GetStanding(&s.tx, standing.Group, standing.Thread)
	if ok, err := found(err); !ok {
		return "", err
	}
	for _, place := range root.Places {
		if place.To.Platform == e.On && place.To.Room == e.Room && place.To.Account == e.To {
			return place.Message, nil
		}
	}
	return "", nil
}
