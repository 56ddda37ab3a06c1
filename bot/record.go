package bot

import "trellis/storage"

// Records that are written by the thousand in one step are put by hand, without the look for old index entries that
// storage.Table makes. They are stored as a Table of the same name stores them, so that what reads, exports or
// migrates them needs to know nothing of it.
const (
	header = "\x01\x00" // format 1, no index entries; JSON follows
	empty  = header + "{}"
)

var emptyRecord = []byte(empty)

// plain is such a table.
type plain string

// key appends the key of a record to b.
func (p plain) key(b []byte, key string) []byte {
	return append(append(append(b, p...), 0), key...)
}

// prefix is what all its keys begin with.
func (p plain) prefix() []byte { return append([]byte(p), 0) }

// end is the end of the range of its keys.
func (p plain) end() []byte { return append([]byte(p), 1) }

func get(tx storage.Tx, key []byte) ([]byte, error) {
	value, err := tx.Get(key)
	if err != nil {
		return nil, err
	}
	if len(value) < len(header) || string(value[:len(header)]) != header {
		return nil, storage.ErrDamaged
	}
	return value[len(header):], nil
}
