package bot

import (
	"fmt"
	"time"

	"trellis/adapters/chat"
	"trellis/flows"
	"trellis/storage"
)

// Paused is a room or a person that cannot be written to. What waits for it is kept.
type Paused struct {
	Place  chat.Place // the lane
	Reason string     // the platform's word
	Who    chat.Who   // has to act, and was told
	Since  time.Time
	Until  time.Time // when it is tried again even if nothing is heard from it
}

// Stopped is a whole platform, or one tenant of it, that takes nothing, or nothing of one kind.
type Stopped struct {
	Platform chat.Platform
	Tenant   string  `json:",omitempty"`
	Only     *Method `json:",omitempty"` // nil: everything
	Reason   string
	Who      chat.Who
	Since    time.Time
	Tries    int
}

var (
	pauses = storage.NewTable[Paused]("bot/paused", 1)
	stops  = storage.NewTable[Stopped]("bot/stopped", 1)
)

const (
	tryPlaceAgain = 24 * time.Hour // a room that is opened again without a word is found within a day
	tryStopped    = time.Minute    // doubled with each try…
	tryStoppedMax = time.Hour      // …up to here
)

func placeKey(p chat.Place) string {
	return storage.Key(string(p.Platform), string(p.Room), string(p.Account))
}

// pause holds a lane, and tells who has to act, once.
func (s *step) pause(f *flight, r *chat.Refused) error {
	l := f.lane
	p, again := s.c.paused[l.to]
	if !again {
		p = Paused{Place: l.to, Reason: r.Reason, Who: r.Who, Since: s.now}
		s.c.log.Warn("place paused", "platform", l.to.Platform, "group", f.entry.Group, "reason", r.Reason)
	}
	p.Until = s.now.Add(tryPlaceAgain)
	if err := s.putPaused(l, p); err != nil || again {
		return err
	}
	if r.Who == chat.Operator {
		s.c.log.Error("the operator has to act on a paused place", "platform", l.to.Platform, "reason", r.Reason)
		return nil
	}
	return s.tell("tell of a paused place", func(o *storage.Overlay) (flows.Effects, error) {
		return s.c.book.Unreachable(o, f.entry.Group, l.to, s.moment("unreachable", string(f.id)))
	})
}

func (s *step) putPaused(l *lane, p Paused) error {
	l.paused, l.hold = true, p.Until.UnixNano()
	s.c.paused[l.to] = p
	s.c.place(l, s.at)
	return pauses.Put(&s.tx, storage.Global, placeKey(l.to), p)
}

// resume lets a paused lane go on.
func (s *step) resume(place chat.Place) error {
	p, ok := s.c.paused[place]
	if !ok {
		return nil
	}
	l := s.c.lane(place)
	l.paused, l.hold = false, 0
	delete(s.c.paused, place)
	s.c.place(l, s.at)
	s.c.log.Info("place goes on", "platform", place.Platform, "reason", p.Reason, "paused", s.now.Sub(p.Since))
	return pauses.Delete(&s.tx, storage.Global, placeKey(place))
}

// hear takes what an event says about whether its place can be written to.
func (s *step) hear(p chat.Platform, e chat.Event) error {
	room := chat.Place{Platform: p, Room: e.Room}
	switch what := e.What.(type) {
	case chat.Removed:
		if e.Room == "" {
			return nil
		}
		now := Paused{Place: room, Reason: what.Reason, Since: s.now, Until: s.now.Add(tryPlaceAgain)}
		if l := s.c.lanes[room]; l != nil && !l.paused && !l.empty() {
			return s.putPaused(l, now)
		}
		return nil
	case chat.Moved:
		return s.move(room, chat.Place{Platform: p, Room: what.To})
	case chat.Left:
		return nil
	case chat.Reachable:
		if e.Room == "" && e.By.Account == "" {
			for _, t := range s.c.platform(p).tenants {
				if err := s.restart(t); err != nil {
					return err
				}
			}
		}
	}
	if len(s.c.paused) == 0 {
		return nil
	}
	if e.Room != "" && !e.Direct {
		if err := s.resume(room); err != nil {
			return err
		}
	}
	if e.By.Account == "" || e.By.Gone {
		return nil
	}
	return s.resume(chat.Place{Platform: p, Account: e.By.Account})
}

// move takes what waits for a room to where the room went on.
func (s *step) move(from, to chat.Place) error {
	l := s.c.lanes[from]
	if l == nil || to.Room == "" || from == to {
		return nil
	}
	next := s.c.lane(to)
	for class := range l.queues {
		for _, q := range l.queues[class] {
			e, err := s.read(q.seq)
			if err != nil {
				return err
			}
			e.Room = to.Room
			if err := s.write(q.seq, &e); err != nil {
				return err
			}
			if err := s.stands(e, func(p *flows.StandingPlace) { p.To.Room = to.Room }); err != nil {
				return err
			}
			next.push(q)
		}
	}
	l.remove(func(queued) bool { return true })
	s.c.place(l, s.at)
	s.c.place(next, s.at)
	return s.resume(from)
}

// stop holds a tenant that refuses everything, or all of one kind, and tries it again with growing pauses.
func (s *step) stop(f *flight, r *chat.Refused) error {
	t := f.lane.tenant
	if t.stopped == nil {
		t.stopped = &Stopped{Platform: t.platform.name, Tenant: t.name, Reason: r.Reason, Who: r.Who, Since: s.now}
		if r.Scope == chat.ThisMethod {
			t.stopped.Only = &f.method
		}
		s.c.log.Error("the platform takes nothing", "platform", t.platform.name, "reason", r.Reason, "operator", r.Who == chat.Operator)
	}
	if max(t.hold, t.holds[f.method]) > s.at {
		return nil // another one that was out has said so
	}
	until := s.at + int64(min(tryStopped<<min(t.stopped.Tries, 10), tryStoppedMax))
	t.stopped.Tries++
	if r.Scope == chat.ThisMethod {
		t.holdMethod(f.method, until)
	} else {
		t.hold = max(t.hold, until)
	}
	return stops.Put(&s.tx, storage.Global, storage.Key(string(t.platform.name), t.name), *t.stopped)
}

// works notes that a tenant took something.
func (s *step) works(f *flight) error {
	if f.lane.paused {
		if err := s.resume(f.lane.to); err != nil {
			return err
		}
	}
	t := f.lane.tenant
	if t.stopped == nil || t.stopped.Only != nil && *t.stopped.Only != f.method {
		return nil
	}
	return s.restart(t)
}

// restart lets a stopped tenant go on.
func (s *step) restart(t *tenant) error {
	if t.stopped == nil {
		return nil
	}
	s.c.log.Info("the platform takes messages again", "platform", t.platform.name, "reason", t.stopped.Reason, "stopped", s.now.Sub(t.stopped.Since))
	t.stopped, t.hold, t.holds = nil, 0, [methods]int64{}
	return stops.Delete(&s.tx, storage.Global, storage.Key(string(t.platform.name), t.name))
}

// loadPaused takes up what was paused. A stopped platform is tried at once: a restart is how a new token comes.
func (c *Core) loadPaused(tx storage.Tx) error {
	c.paused = map[chat.Place]Paused{}
	err := pauses.All(tx, storage.Global, func(_ string, p Paused) (bool, error) {
		c.paused[p.Place] = p
		return true, nil
	})
	if err != nil {
		return fmt.Errorf("read what is paused: %w", err)
	}
	for _, p := range c.platforms {
		for _, t := range p.tenants {
			t.stopped = nil
		}
	}
	return stops.All(tx, storage.Global, func(_ string, stopped Stopped) (bool, error) {
		c.platform(stopped.Platform).tenantNamed(stopped.Tenant).stopped = &stopped
		return true, nil
	})
}
