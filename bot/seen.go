package bot

import (
	"crypto/sha256"
	"encoding/binary"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"time"

	"trellis/adapters/chat"
	"trellis/storage"
)

// Seen events stand in buckets of a day, so that a look-up knows where to look and what is old goes as a range:
//
//	bot/seen · day since 1970 (4 bytes) · platform · event ID → the reply, if there was one
const seen plain = "bot/seen"

// seenDays is how many buckets are kept besides today's. Slack tells of an event again for up to 48 hours; the
// third day is because a bucket begins before most of what stands in it.
const seenDays = 3

// seenReply is what a seen event keeps: how it was answered, and whose it was, so that it can be forgotten.
type seenReply struct {
	By    chat.AccountID
	Reply chat.Reply
}

func dayOf(t time.Time) uint32 { return uint32(t.Unix() / (24 * 60 * 60)) }

func seenKey(b []byte, day uint32, p chat.Platform, id chat.EventID) []byte {
	b = append(append(b, seen...), 0)
	b = binary.BigEndian.AppendUint32(b, day)
	b = append(append(b, p...), 0)
	if len(id) > maxEventID {
		sum := sha256.Sum256([]byte(id))
		return append(b, hex.EncodeToString(sum[:])...)
	}
	return append(b, id...)
}

// maxEventID is in bytes. A longer ID, which no platform has, stands there as its hash: a key is limited.
const maxEventID = 512

// seenBefore tells whether an event was handled, and how it was answered. All buckets are looked into, whatever the
// clock says: it may have been set back since.
func (s *step) seenBefore(p chat.Platform, id chat.EventID) (*chat.Reply, bool, error) {
	for _, day := range slices.Backward(s.c.buckets) {
		s.key = seenKey(s.key[:0], day, p, id)
		value, err := get(&s.tx, s.key)
		if errors.Is(err, storage.ErrNotFound) {
			continue
		}
		if err != nil {
			return nil, false, fmt.Errorf("look for event %s: %w", id, err)
		}
		if len(value) <= len("{}") {
			return nil, true, nil
		}
		var r seenReply
		if err := json.Unmarshal(value, &r); err != nil {
			return nil, false, fmt.Errorf("read the reply to event %s: %w", id, err)
		}
		return &r.Reply, true, nil
	}
	return nil, false, nil
}

// putSeen notes that an event was handled.
func (s *step) putSeen(p chat.Platform, e chat.Event, reply *chat.Reply) error {
	day := dayOf(s.now)
	if at, found := slices.BinarySearch(s.c.buckets, day); !found {
		s.c.buckets = slices.Insert(s.c.buckets, at, day)
	}
	s.key = seenKey(s.key[:0], day, p, e.ID)
	s.value = append(s.value[:0], empty...)
	if reply != nil {
		text, err := json.Marshal(seenReply{By: e.By.Account, Reply: *reply})
		if err != nil {
			return fmt.Errorf("keep the reply to event %s: %w", e.ID, err)
		}
		s.value = append(append(s.value[:0], header...), text...)
	}
	if err := s.tx.Put(s.key, s.value); err != nil {
		return fmt.Errorf("note event %s: %w", e.ID, err)
	}
	return nil
}

// seenBuckets finds the days that have seen events, by a look at the first event of each.
func seenBuckets(tx storage.Tx) ([]uint32, error) {
	var days []uint32
	from, end := seen.prefix(), seen.end()
	for {
		found := false
		err := tx.Scan(from, end, func(key, _ []byte) (bool, error) {
			if len(key) < len(seen)+1+4 {
				return false, fmt.Errorf("seen event %q: %w", key, storage.ErrDamaged)
			}
			days, found = append(days, binary.BigEndian.Uint32(key[len(seen)+1:])), true
			return false, nil
		})
		if err != nil || !found {
			return days, err
		}
		from = binary.BigEndian.AppendUint32(seen.prefix(), days[len(days)-1]+1)
	}
}

// expireSeen deletes up to limit seen events that are too old to be told of again, and says whether more are left.
func (s *step) expireSeen(limit int) (more bool, err error) {
	last := dayOf(s.now)
	if len(s.c.buckets) == 0 || s.c.buckets[0]+seenDays >= last {
		return false, nil
	}
	from := seen.prefix()
	to := binary.BigEndian.AppendUint32(seen.prefix(), last-seenDays)
	var old [][]byte
	if err := s.tx.Scan(from, to, func(key, _ []byte) (bool, error) {
		old = append(old, slices.Clone(key))
		return len(old) < limit, nil
	}); err != nil {
		return false, err
	}
	for _, key := range old {
		if err := s.tx.Delete(key); err != nil {
			return false, err
		}
	}
	if len(old) == limit {
		return true, nil
	}
	s.c.buckets = slices.DeleteFunc(s.c.buckets, func(day uint32) bool { return day+seenDays < last })
	return false, nil
}
