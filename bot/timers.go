package bot

import (
	"bytes"
	"errors"
	"fmt"
	"strings"
	"time"

	"trellis/flows"
	"trellis/storage"
)

// Timers stand in the order of their time over all groups, and the key is all there is of one:
//
//	bot/timer · instant (8 bytes) · group · flow · name · subject → nothing
//
// A timer is gone in the transaction that fires it, so a clock that steps back fires none again. None is held in
// memory but the instant of the earliest.
const timers plain = "bot/timer"

// A step fires timers until it has fired timersAStep, or its turns have read and written turnsBudget keys in all:
// then live events have their turn. The first makes few syncs of many reminders, the second keeps a few hundred
// large digests from holding everything up.
const (
	timersAStep = 1000
	turnsBudget = 30_000
)

var (
	firstInstant = time.Unix(0, 0)
	lastInstant  = time.Date(2261, 1, 1, 0, 0, 0, 0, time.UTC) // beyond it the nanoseconds do not fit into a key
)

// timerKey appends the key of a timer to b.
func timerKey(b []byte, t flows.Timer) ([]byte, error) {
	at := t.At
	if at.Before(firstInstant) {
		at = firstInstant // long due
	}
	if at.After(lastInstant) {
		return nil, fmt.Errorf("timer %s/%s: its time is in the year %d", t.Flow, t.Name, at.Year())
	}
	start := len(b)
	b = append(append(b, timers...), 0)
	b = append(b, storage.Instant(at)...)
	b = append(b, storage.Key(string(t.Group), t.Flow, t.Name)...)
	b = append(b, t.Subject...)
	if len(b)-start > storage.MaxKey {
		return nil, fmt.Errorf("timer %s/%s: its names are too long", t.Flow, t.Name)
	}
	return b, nil
}

func parseTimer(key []byte) (flows.Timer, error) {
	at, rest, err := storage.InstantOf(string(key[len(timers)+1:]))
	if err != nil {
		return flows.Timer{}, fmt.Errorf("timer %q: %w: %w", key, err, storage.ErrDamaged)
	}
	// The subject stands at the end as it is; the parts before it are ended.
	end := 0
	for range 3 {
		n := strings.IndexByte(rest[end:], 0)
		if n < 0 {
			return flows.Timer{}, fmt.Errorf("timer %q: %w", key, storage.ErrDamaged)
		}
		end += n + 1
	}
	parts, err := storage.Parts(rest[:end])
	if err != nil || len(parts) != 3 {
		return flows.Timer{}, fmt.Errorf("timer %q: %w", key, storage.ErrDamaged)
	}
	return flows.Timer{
		At: at, Group: flows.GroupID(parts[0]), Flow: parts[1], Name: parts[2], Subject: flows.ID(rest[end:]),
	}, nil
}

// setTimers stores what a turn wants of timers, after nameTimers: first what it takes back.
func (s *step) setTimers(e flows.Effects) (err error) {
	for _, t := range e.Cancel {
		if s.key, err = timerKey(s.key[:0], t); err != nil {
			continue // there can be none
		}
		if err := s.tx.Delete(s.key); err != nil {
			return fmt.Errorf("take back timer %s/%s: %w", t.Flow, t.Name, err)
		}
		s.cancelled = true
		if t.At.UnixNano() <= s.c.next {
			s.lost = true
		}
	}
	start := 0
	for i, t := range e.Timers {
		if err := s.tx.Put(s.names[start:s.ends[i]], emptyRecord); err != nil {
			return fmt.Errorf("set timer %s/%s: %w", t.Flow, t.Name, err)
		}
		start = s.ends[i]
		s.c.next = min(s.c.next, max(t.At.UnixNano(), 0))
	}
	return nil
}

// fireDue fires what is due, the earliest first, up to the step's share.
func (s *step) fireDue() error {
	end, err := timerKey(nil, flows.Timer{At: s.now.Add(1)})
	if err != nil {
		return err
	}
	var due [][]byte
	if err := s.tx.Scan(timers.prefix(), end[:len(timers)+1+8], func(key, _ []byte) (bool, error) {
		due = append(due, bytes.Clone(key))
		return len(due) < timersAStep, nil
	}); err != nil {
		return err
	}
	s.cancelled, s.lost = false, true
	spent := s.spent
	for _, key := range due {
		if s.cancelled { // one that was fired in this step may have taken this one back
			if _, err := s.tx.Get(key); errors.Is(err, storage.ErrNotFound) {
				continue
			} else if err != nil {
				return err
			}
		}
		if err := s.fire(key); err != nil {
			return err
		}
		if s.spent-spent > turnsBudget {
			break
		}
	}
	return nil
}

// fire runs one timer, which is gone whatever becomes of it.
func (s *step) fire(key []byte) error {
	t, err := parseTimer(key)
	if err != nil {
		return err
	}
	if err := s.tx.Delete(key); err != nil {
		return err
	}
	return s.timer(t)
}

// firstTimer is when the earliest timer is due.
func firstTimer(tx storage.Tx) (int64, error) {
	at := never
	err := tx.Scan(timers.prefix(), timers.end(), func(key, _ []byte) (bool, error) {
		t, _, err := storage.InstantOf(string(key[len(timers)+1 : min(len(key), len(timers)+1+8)]))
		if err != nil {
			return false, fmt.Errorf("timer %q: %w: %w", key, err, storage.ErrDamaged)
		}
		at = t.UnixNano()
		return false, nil
	})
	return at, err
}
