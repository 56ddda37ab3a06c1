package storage

import (
	"bytes"
	"slices"
)

// Overlay is a Tx over a Tx: what is written stays in the overlay until Flush puts it into the Tx below or Reset
// drops it. Over nothing (the zero Overlay) it is a store in memory of one transaction.
//
// The Tx below must not be written to, nor the overlay flushed or reset, while the overlay scans. One overlay is
// meant to be used again for the next transaction: Reset keeps its buffers.
type Overlay struct {
	below  Tx      // nil: nothing is below
	writes []write // in the order they came, one for each key
	order  []int32 // indexes into writes, ascending by key
	shifts int     // how often a key was added: a scan that remembers a place in order looks it up again when this changed
	arena  []byte  // holds keys and values; only its free end is written, so what was handed out stays
	idle   []*merge
	reads  int
	wrote  int
}

// write is the newest state of one key.
type write struct {
	key, value []byte // in the arena; value may be overwritten in place by a later Put, key never
	deleted    bool
}

const (
	arenaStart = 4 << 10 // bytes; a turn's records, timers and messages fit
	arenaKept  = 1 << 20 // bytes of buffer that Reset keeps, so that one large turn does not weigh forever
	writesKept = 4 << 10 // writes that Reset keeps room for, for the same reason
)

// NewOverlay returns an empty overlay over below, or over nothing when below is nil.
func NewOverlay(below Tx) *Overlay { return &Overlay{below: below} }

// Reset drops what was written and puts the overlay over below. The counts start again.
func (o *Overlay) Reset(below Tx) {
	if cap(o.arena) > arenaKept {
		o.arena = nil
	}
	if cap(o.writes) > writesKept {
		o.writes, o.order = nil, nil
	}
	clear(o.writes) // they may hold on to arenas that were too small
	o.below, o.arena, o.writes, o.order = below, o.arena[:0], o.writes[:0], o.order[:0]
	o.shifts, o.reads, o.wrote = 0, 0, 0
}

// Flush puts what was written into the Tx below, in the order of the keys, and leaves the overlay empty over it.
// After an error the Tx below holds a part of it: end that transaction with the error. Over nothing, Flush does nothing.
func (o *Overlay) Flush() error {
	if o.below == nil {
		return nil
	}
	for _, i := range o.order {
		w, err := &o.writes[i], error(nil)
		if w.deleted {
			err = o.below.Delete(w.key)
		} else {
			err = o.below.Put(w.key, w.value)
		}
		if err != nil {
			return err
		}
	}
	o.Reset(o.below)
	return nil
}

// Drop forgets what was written; the overlay stays over the same Tx.
func (o *Overlay) Drop() { o.Reset(o.below) }

// Len says how many keys the overlay would put or delete below.
func (o *Overlay) Len() int { return len(o.writes) }

// Reads counts the calls of Get and the keys that scans showed since Reset.
func (o *Overlay) Reads() int { return o.reads }

// Writes counts the calls of Put and Delete since Reset.
func (o *Overlay) Writes() int { return o.wrote }

// Get is Tx's.
func (o *Overlay) Get(key []byte) ([]byte, error) {
	o.reads++
	if at, found := o.find(key); found {
		w := &o.writes[o.order[at]]
		if w.deleted {
			return nil, ErrNotFound
		}
		return slices.Clip(w.value), nil
	}
	if o.below == nil {
		return nil, ErrNotFound
	}
	return o.below.Get(key)
}

// Put is Tx's.
func (o *Overlay) Put(key, value []byte) error {
	if err := CheckSize(key, value); err != nil {
		return err
	}
	o.wrote++
	w := o.write(key)
	w.deleted = false
	if len(value) <= cap(w.value) {
		w.value = append(w.value[:0], value...)
	} else {
		w.value = o.keep(value)
	}
	return nil
}

// Delete is Tx's.
func (o *Overlay) Delete(key []byte) error {
	o.wrote++
	if CheckSize(key, nil) != nil {
		return nil // no such key can exist
	}
	o.write(key).deleted = true
	return nil
}

// CheckSize is the check of limits that every Put makes.
func CheckSize(key, value []byte) error {
	if len(key) == 0 || len(key) > MaxKey || len(value) > MaxValue {
		return ErrTooLarge
	}
	return nil
}

// find returns the first place in order whose key is not below key, and whether it is key.
func (o *Overlay) find(key []byte) (at int, found bool) {
	low, high := 0, len(o.order)
	for low < high {
		mid := int(uint(low+high) >> 1)
		switch bytes.Compare(o.writes[o.order[mid]].key, key) {
		case -1:
			low = mid + 1
		case 0:
			return mid, true
		default:
			high = mid
		}
	}
	return low, false
}

// write returns the state of key, which it adds when there is none.
func (o *Overlay) write(key []byte) *write {
	at, found := o.find(key)
	if !found {
		o.shifts++
		o.order = slices.Insert(o.order, at, int32(len(o.writes)))
		o.writes = append(o.writes, write{key: o.keep(key)})
	}
	return &o.writes[o.order[at]]
}

// keep copies b into the arena. A full arena is left to those who hold slices of it.
func (o *Overlay) keep(b []byte) []byte {
	if len(b) > cap(o.arena)-len(o.arena) {
		o.arena = make([]byte, 0, max(arenaStart, min(2*cap(o.arena), arenaKept), len(b)))
	}
	start := len(o.arena)
	o.arena = append(o.arena, b...)
	return o.arena[start:len(o.arena):len(o.arena)]
}

// Scan is Tx's. It follows the scan of the Tx below, where nothing changes meanwhile, and before each key shown
// looks up what the overlay itself has, where visit may write.
func (o *Overlay) Scan(from, to []byte, visit func(key, value []byte) (bool, error)) error {
	m := o.begin(to, visit)
	defer o.end(m)
	m.at, _ = o.find(from)
	if o.below != nil {
		if err := o.below.Scan(from, to, m.follow); err != nil || m.stopped {
			return err
		}
	}
	_, err := m.own(nil)
	return err
}

// merge is one running scan.
type merge struct {
	o       *Overlay
	visit   func(key, value []byte) (bool, error)
	to      []byte // a copy: the caller's may die when visit calls the Tx
	toEnd   bool   // to is nil
	key     []byte // a copy of the key that the Tx below shows, for the same reason
	last    []byte // a copy of the key that was shown, or found deleted, last
	at      int    // place in order of the first own key above last…
	shifts  int    // …as long as this is still the overlay's
	stopped bool   // visit wanted no more, or failed
	follow  func(key, value []byte) (bool, error)
}

// begin returns a merge, a used one if there is one: a scan then allocates nothing.
func (o *Overlay) begin(to []byte, visit func(key, value []byte) (bool, error)) *merge {
	var m *merge
	if n := len(o.idle); n > 0 {
		m, o.idle = o.idle[n-1], o.idle[:n-1]
	} else {
		m = &merge{o: o}
		m.follow = m.below
	}
	m.visit, m.to, m.toEnd = visit, append(m.to[:0], to...), to == nil
	m.last, m.shifts, m.stopped = m.last[:0], o.shifts, false
	return m
}

func (o *Overlay) end(m *merge) {
	m.visit = nil
	o.idle = append(o.idle, m)
}

// below takes one key of the Tx below, and shows it after the overlay's own keys before it.
func (m *merge) below(key, value []byte) (bool, error) {
	m.key = append(m.key[:0], key...)
	reads := m.o.reads
	if more, err := m.own(m.key); !more {
		return false, err
	}
	if m.o.reads != reads { // visit was called, so value may be gone
		var err error
		if value, err = m.o.below.Get(m.key); err != nil {
			return false, err
		}
	}
	if w := m.next(); w != nil && bytes.Equal(w.key, m.key) {
		m.at++
		if w.deleted {
			m.last = append(m.last[:0], w.key...)
			return true, nil
		}
		value = slices.Clip(w.value)
	}
	m.last = append(m.last[:0], m.key...)
	return m.show(slices.Clip(m.key), value)
}

// own shows the overlay's own keys up to, without, before; nil means up to the end of the scan.
func (m *merge) own(before []byte) (bool, error) {
	for w := m.next(); w != nil; w = m.next() {
		if before != nil && bytes.Compare(w.key, before) >= 0 {
			break
		}
		m.at, m.last = m.at+1, append(m.last[:0], w.key...)
		if w.deleted {
			continue
		}
		if more, err := m.show(w.key, slices.Clip(w.value)); !more {
			return false, err
		}
	}
	return true, nil
}

// next returns the overlay's first own key above the last one, or nil.
func (m *merge) next() *write {
	o := m.o
	if m.shifts != o.shifts { // visit wrote, so something was shown
		at, found := o.find(m.last)
		if found {
			at++
		}
		m.at, m.shifts = at, o.shifts
	}
	if m.at == len(o.order) {
		return nil
	}
	w := &o.writes[o.order[m.at]]
	if !m.toEnd && bytes.Compare(w.key, m.to) >= 0 {
		return nil
	}
	return w
}

func (m *merge) show(key, value []byte) (bool, error) {
	m.o.reads++
	more, err := m.visit(key, value)
	m.stopped = !more || err != nil
	return !m.stopped, err
}
