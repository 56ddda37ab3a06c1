package storage

import (
	"bytes"
	"encoding/binary"
	"encoding/json"
	"fmt"
	"sync"
)

// A record is stored as
//
//	version of its format (uvarint) · number of index entries (uvarint) · each entry (uvarint length, bytes) · JSON
//
// The entries are those that were written for it. They travel with the record, so that what removes them needs
// neither the decoded value nor the function that computed them, which a newer version may have changed.
type record struct {
	version uint64
	entries []byte // as they are stored, without their number
	n       uint64 // their number
	json    []byte
}

// parseRecord takes a stored record apart. The parts share its bytes.
func parseRecord(stored []byte) (r record, err error) {
	b := stored
	if r.version, b, err = cutUvarint(b); err != nil {
		return record{}, err
	}
	if r.n, b, err = cutUvarint(b); err != nil {
		return record{}, err
	}
	entries := b
	for range r.n {
		if _, b, err = cutEntry(b); err != nil {
			return record{}, err
		}
	}
	r.entries, r.json = entries[:len(entries)-len(b)], b
	return r, nil
}

// eachEntry shows the entries in the order in which they were written.
func (r record) eachEntry(visit func(entry []byte) error) error {
	for b := r.entries; len(b) > 0; {
		entry, rest, err := cutEntry(b)
		if err != nil {
			return err
		}
		if err := visit(entry); err != nil {
			return err
		}
		b = rest
	}
	return nil
}

var errRecord = fmt.Errorf("record is cut short: %w", ErrDamaged)

func cutUvarint(b []byte) (uint64, []byte, error) {
	v, n := binary.Uvarint(b)
	if n <= 0 {
		return 0, nil, errRecord
	}
	return v, b[n:], nil
}

func cutEntry(b []byte) (entry, rest []byte, err error) {
	n, b, err := cutUvarint(b)
	if err != nil {
		return nil, nil, err
	}
	if n > uint64(len(b)) {
		return nil, nil, errRecord
	}
	return b[:n], b[n:], nil
}

// scratch is what one call of a Table needs to build keys and values in.
type scratch struct {
	key     []byte
	end     []byte // a second key: the end of a range, or an index entry
	value   bytes.Buffer
	entries []byte // entries of the record being written, as they are stored
	encoder *json.Encoder
}

var scratches = sync.Pool{New: func() any {
	s := &scratch{}
	s.encoder = json.NewEncoder(&s.value)
	s.encoder.SetEscapeHTML(false) // stored, not shown; & and < would take six bytes each
	return s
}}

const scratchKept = 1 << 20 // bytes of buffer kept for the next call, so that one large record does not weigh forever

func takeScratch() *scratch { return scratches.Get().(*scratch) }

func (s *scratch) release() {
	if s.value.Cap() <= scratchKept && cap(s.entries) <= scratchKept {
		scratches.Put(s)
	}
}
