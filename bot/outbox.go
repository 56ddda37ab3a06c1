package bot

import (
	"encoding/binary"
	"encoding/json"
	"errors"
	"fmt"
	"hash/maphash"
	"strconv"
	"strings"
	"time"

	"trellis/adapters/chat"
	"trellis/flows"
	"trellis/storage"
)

// The outbox holds what is still to be brought to its place, in the order in which it was said:
//
//	bot/outbox · number (8 bytes) → entry
//
// What is to stand there is in the flows.Standing, and read when it is sent: there is one copy of people's words, and
// an update that a newer one replaced is never sent.
const outbox plain = "bot/outbox"

// entry is one message on its way to one place.
type entry struct {
	Group  flows.GroupID  `json:"g,omitempty"`
	Posted flows.Posted   `json:"p"`
	Index  int            `json:"i,omitempty"` // of the place in the Standing
	On     chat.Platform  `json:"f"`
	Room   chat.RoomID    `json:"r,omitempty"`
	To     chat.AccountID `json:"a,omitempty"`
	Class  flows.Class    `json:"c,omitempty"`
	Update bool           `json:"u,omitempty"`
	Since  int64          `json:"t"`           // when it was said, Unix nanoseconds
	Marked bool           `json:"m,omitempty"` // it is being sent, or nobody knows whether it arrived
	Tries  int            `json:"n,omitempty"` // how often sending did not work
	Wait   int64          `json:"w,omitempty"` // not before then, Unix nanoseconds
	Random uint64         `json:"x"`           // makes the delivery's ID differ from any of a store that was restored
	Reason string         `json:"e,omitempty"` // why it did not work last; the platform's word
}

// append appends the entry as json.Marshal would write it, at a fraction of the cost: a step writes thousands.
func (e *entry) append(b []byte) []byte {
	text := func(name, value string) {
		if value != "" {
			b = appendText(append(append(b, name...), ':'), value)
			b = append(b, ',')
		}
	}
	number := func(name string, value int64) {
		if value != 0 {
			b = strconv.AppendInt(append(append(b, name...), ':'), value, 10)
			b = append(b, ',')
		}
	}
	truth := func(name string, value bool) {
		if value {
			b = append(append(b, name...), ":true,"...)
		}
	}
	b = append(b, '{')
	text(`"g"`, string(e.Group))
	text(`"p"`, string(e.Posted))
	number(`"i"`, int64(e.Index))
	text(`"f"`, string(e.On))
	text(`"r"`, string(e.Room))
	text(`"a"`, string(e.To))
	number(`"c"`, int64(e.Class))
	truth(`"u"`, e.Update)
	number(`"t"`, e.Since)
	truth(`"m"`, e.Marked)
	number(`"n"`, int64(e.Tries))
	number(`"w"`, e.Wait)
	text(`"e"`, e.Reason)
	b = strconv.AppendUint(append(b, `"x":`...), e.Random, 10)
	return append(b, '}')
}

// appendText appends a JSON string.
func appendText(b []byte, s string) []byte {
	for i := range len(s) {
		if c := s[i]; c < ' ' || c > '~' || c == '"' || c == '\\' {
			quoted, _ := json.Marshal(s) // a string always has a form
			return append(b, quoted...)
		}
	}
	b = append(b, '"')
	b = append(b, s...)
	return append(b, '"')
}

func (e *entry) place() chat.Place {
	return chat.Place{Platform: e.On, Room: e.Room, Account: e.To}
}

// deliveryID is the name of an entry outside.
func deliveryID(seq, random uint64) chat.DeliveryID {
	return chat.DeliveryID(strconv.FormatUint(seq, 36) + "-" + strconv.FormatUint(random, 36))
}

// seqOf is the number in a delivery's ID.
func seqOf(id chat.DeliveryID) (uint64, bool) {
	number, _, ok := strings.Cut(string(id), "-")
	seq, err := strconv.ParseUint(number, 36, 64)
	return seq, ok && err == nil
}

func entryKey(b []byte, seq uint64) []byte {
	return binary.BigEndian.AppendUint64(append(append(b, outbox...), 0), seq)
}

var hashSeed = maphash.MakeSeed()

// hash stands in memory for what an entry is about: which message, in which of its places.
func (e *entry) hash() uint64 {
	return maphash.Comparable(hashSeed, struct {
		g flows.GroupID
		p flows.Posted
		i int
	}{e.Group, e.Posted, e.Index})
}

// enqueue puts what a turn said into the outbox. It is stored at the step's end, since much of it is marked by then.
func (s *step) enqueue(sends []flows.Send) error {
	for _, send := range sends {
		e := entry{
			Group: send.Group, Posted: send.Posted, Index: send.Place, On: send.To.Platform, Room: send.To.Room,
			To: send.To.Account, Class: min(send.Class, flows.ClassAnswer), Update: send.Update, Since: s.at,
		}
		l := s.c.lane(send.To.Lane())
		q := queued{ref: e.hash(), method: methodOf(send.To, send.Update), class: e.Class, update: e.Update}
		if q.update && l.carries(q) {
			continue
		}
		s.c.meta.Seq++
		e.Random = s.c.rand("delivery " + s.c.number()).Uint64()
		q.seq = s.c.meta.Seq
		s.fresh = append(s.fresh, e)
		if q.update {
			if err := s.replaced(l, q); err != nil {
				return err
			}
		}
		l.push(q)
		s.c.place(l, s.at)
	}
	return nil
}

// replaced takes out the updates that wait in lower classes for what q brings first.
func (s *step) replaced(l *lane, q queued) error {
	return s.takeOut(l, func(w queued) bool { return w.ref == q.ref && w.update && !w.doubt })
}

// takeOut takes entries out of a lane and the outbox.
func (s *step) takeOut(l *lane, gone func(queued) bool) (err error) {
	l.remove(func(q queued) bool {
		if err != nil || !gone(q) {
			return false
		}
		err = s.remove(q.seq)
		return err == nil
	})
	return err
}

// number is the newest delivery's, where randomness depends on it.
func (c *Core) number() string {
	if !c.seeded {
		return ""
	}
	return strconv.FormatUint(c.meta.Seq, 10)
}

// read returns an entry, whether it is stored already or not.
func (s *step) read(seq uint64) (entry, error) {
	if seq >= s.first {
		return s.fresh[seq-s.first], nil
	}
	s.key = entryKey(s.key[:0], seq)
	value, err := get(&s.tx, s.key)
	if err != nil {
		return entry{}, fmt.Errorf("read outbox entry %d: %w", seq, err)
	}
	return parseEntry(seq, value)
}

func parseEntry(seq uint64, value []byte) (e entry, err error) {
	if err := json.Unmarshal(value, &e); err != nil {
		return e, fmt.Errorf("read outbox entry %d: %w: %w", seq, err, storage.ErrDamaged)
	}
	if e.Class > flows.ClassAnswer {
		return e, fmt.Errorf("outbox entry %d is of class %d: %w", seq, e.Class, storage.ErrDamaged)
	}
	return e, nil
}

// write changes an entry.
func (s *step) write(seq uint64, e *entry) error {
	if seq >= s.first {
		s.fresh[seq-s.first] = *e
		return nil
	}
	return s.store(seq, e)
}

func (s *step) store(seq uint64, e *entry) error {
	s.key = entryKey(s.key[:0], seq)
	s.value = e.append(append(s.value[:0], header...))
	if err := s.tx.Put(s.key, s.value); err != nil {
		return fmt.Errorf("store outbox entry %d: %w", seq, err)
	}
	return nil
}

// remove takes an entry out of the outbox.
func (s *step) remove(seq uint64) error {
	if seq >= s.first {
		s.fresh[seq-s.first].Posted = "" // is not stored
		return nil
	}
	s.key = entryKey(s.key[:0], seq)
	return s.tx.Delete(s.key)
}

// writeOutbox stores what the step added, and what the engine counts.
func (s *step) writeOutbox() (err error) {
	for i := range s.fresh {
		if s.fresh[i].Posted == "" {
			continue
		}
		if err := s.store(s.first+uint64(i), &s.fresh[i]); err != nil {
			return err
		}
	}
	if len(s.fresh) > 0 || s.sent {
		if s.sent {
			s.c.meta.Sent = s.at
		}
		if err := metas.Put(&s.tx, storage.Global, "", s.c.meta); err != nil {
			return err
		}
	}
	if s.lost {
		s.c.next, err = firstTimer(&s.tx)
	}
	return err
}

// loadOutbox makes the lanes anew. What was being sent and is not out now is in doubt.
func (c *Core) loadOutbox(tx storage.Tx, now int64) error {
	for _, l := range c.lanes {
		c.unplace(l)
		if l.paused {
			l.paused, l.hold = false, 0
		}
		l.queues, l.out = [classes][]queued{}, false
	}
	for place, p := range c.paused {
		l := c.lane(place)
		l.paused, l.hold = true, p.Until.UnixNano()
	}
	for _, p := range c.platforms {
		p.out, p.queued = 0, 0
		for _, t := range p.tenants {
			t.out = 0
		}
	}
	seen := map[chat.DeliveryID]bool{}
	var order []*lane // as their first entries stand
	err := tx.Scan(outbox.prefix(), outbox.end(), func(key, value []byte) (bool, error) {
		seq, e, err := scannedEntry(key, value)
		if err != nil {
			return false, err
		}
		l := c.lane(e.place().Lane())
		q := queued{
			seq: seq, ref: e.hash(), wait: e.Wait, class: e.Class, update: e.Update, doubt: e.Marked,
			method: methodOf(e.place(), e.Update),
		}
		if f := c.out[deliveryID(seq, e.Random)]; f != nil && e.Marked {
			f.lane, l.out, seen[f.id] = l, true, true
			return true, nil
		}
		if l.empty() {
			order = append(order, l)
		}
		l.push(q)
		return true, nil
	})
	if err != nil {
		return err
	}
	for id := range c.out {
		if !seen[id] {
			delete(c.out, id) // its end is stored
		}
	}
	for _, f := range c.out {
		f.lane.tenant.out++
		f.lane.tenant.platform.out++
	}
	for _, l := range order {
		c.place(l, now)
	}
	return nil
}

// backoff is how long to wait after so many tries in a row that did not work: growing, and jittered so that what
// broke together does not come back together.
func backoff(tries int, unit float64) time.Duration {
	const first, most = time.Second, 5 * time.Minute
	wait := most
	if tries < 9 {
		wait = min(first<<max(tries-1, 0), most)
	}
	return wait/2 + time.Duration(unit*float64(wait/2))
}

// found turns "there is no such record" into false.
func found(err error) (bool, error) {
	if errors.Is(err, storage.ErrNotFound) {
		return false, nil
	}
	return err == nil, err
}
