package storage

import (
	"encoding/binary"
	"encoding/json"
	"errors"
	"fmt"
	"strings"
)

// Table keeps records of type V, each under a Scope and a key. Declare it once, as a package variable, with its
// indexes and migrations; from then on it does not change and is for use by many goroutines.
type Table[V any] struct {
	name    string
	version uint64
	indexes []*Index[V]
	upgrade []func(json.RawMessage) (json.RawMessage, error) // [i] brings version i+1 to i+2
	recent  *recent[V]                                       // nil: nothing is remembered
}

// NewTable returns the table of that name. The name has two letters or more and is stored: to change it is to lose the
// records. The version is that of V's format as JSON, from 1; fields may be added without a new one.
func NewTable[V any](name string, version int) *Table[V] {
	if len(name) < 2 || strings.ContainsAny(name, "\x00\x01#") || version < 1 {
		panic(fmt.Sprintf("storage: table %q, version %d: a name of two letters or more, and a version from 1", name, version))
	}
	return &Table[V]{
		name:    name,
		version: uint64(version),
		upgrade: make([]func(json.RawMessage) (json.RawMessage, error), version-1),
	}
}

// Name returns the name under which the table is stored.
func (t *Table[V]) Name() string { return t.name }

// Migrate declares how a record of version from becomes one of the next version; step neither keeps nor changes old. Records are migrated when they are
// read, and stored so when they are next written. Where an index would find other values after it, a Step has to
// call Reindex.
func (t *Table[V]) Migrate(from int, step func(old json.RawMessage) (json.RawMessage, error)) *Table[V] {
	if from < 1 || from > len(t.upgrade) || t.upgrade[from-1] != nil {
		panic(fmt.Sprintf("storage: table %s: migration from version %d is there already, or leads beyond version %d", t.name, from, t.version))
	}
	t.upgrade[from-1] = step
	return t
}

// Get returns the record under key, or ErrNotFound.
func (t *Table[V]) Get(tx Tx, in Scope, key string) (V, error) {
	s := takeScratch()
	defer s.release()
	var v V
	s.key = t.appendKey(s.key[:0], in, key)
	stored, err := tx.Get(s.key)
	if err == nil {
		v, err = t.read(s.key, stored)
	}
	if err != nil {
		return v, t.failed("read", key, err)
	}
	return v, nil
}

// read decodes what is stored under a full key, or takes it as it was decoded before.
func (t *Table[V]) read(full, stored []byte) (V, error) {
	if v, ok := t.recent.get(full, stored); ok {
		return v, nil
	}
	var v V
	if err := t.decode(stored, &v); err != nil {
		return v, err
	}
	return t.recent.put(full, stored, v), nil
}

// Has says whether there is a record under key, without decoding it.
func (t *Table[V]) Has(tx Tx, in Scope, key string) (bool, error) {
	s := takeScratch()
	defer s.release()
	s.key = t.appendKey(s.key[:0], in, key)
	_, err := tx.Get(s.key)
	if err == nil || errors.Is(err, ErrNotFound) {
		return err == nil, nil
	}
	return false, t.failed("read", key, err)
}

// Put sets the record under key and brings the indexes in step with it.
func (t *Table[V]) Put(tx Tx, in Scope, key string, v V) error {
	s := takeScratch()
	defer s.release()
	if err := t.put(tx, s, in, key, v); err != nil {
		return t.failed("write", key, err)
	}
	return nil
}

// Add is Put for a key under which nothing is, nor was by an older format: it looks for no old index entries. A record
// under a name made of chance is one.
func (t *Table[V]) Add(tx Tx, in Scope, key string, v V) error {
	if len(t.indexes) > 0 {
		return t.Put(tx, in, key, v)
	}
	s := takeScratch()
	defer s.release()
	s.entries = s.entries[:0]
	if err := t.write(tx, s, in, key, v, 0); err != nil {
		return t.failed("write", key, err)
	}
	return nil
}

func (t *Table[V]) put(tx Tx, s *scratch, in Scope, key string, v V) error {
	n := 0
	s.entries = s.entries[:0]
	for _, x := range t.indexes {
		for _, value := range x.of(key, v) {
			s.end = x.appendEntry(s.end[:0], value)
			s.entries = append(binary.AppendUvarint(s.entries, uint64(len(s.end))), s.end...)
			n++
		}
	}
	// Also without indexes: the stored record may have entries of one that was dropped since.
	if err := t.reconcile(tx, s, in, key, record{entries: s.entries, n: uint64(n)}); err != nil {
		return err
	}
	return t.write(tx, s, in, key, v, n)
}

// write stores the record, with the n index entries that are in s.
func (t *Table[V]) write(tx Tx, s *scratch, in Scope, key string, v V, n int) error {
	s.value.Reset()
	s.value.Write(binary.AppendUvarint(binary.AppendUvarint(s.value.AvailableBuffer(), t.version), uint64(n)))
	s.value.Write(s.entries)
	if err := s.encoder.Encode(v); err != nil {
		return err
	}
	s.key = t.appendKey(s.key[:0], in, key)
	stored := s.value.Bytes()
	return tx.Put(s.key, stored[:len(stored)-1]) // without the newline that the encoder ends with
}

// Delete removes the record under key from the table and its indexes; that there was none is no error.
func (t *Table[V]) Delete(tx Tx, in Scope, key string) error {
	s := takeScratch()
	defer s.release()
	err := t.reconcile(tx, s, in, key, record{})
	if err == nil {
		s.key = t.appendKey(s.key[:0], in, key)
		err = tx.Delete(s.key)
	}
	if err != nil {
		return t.failed("delete", key, err)
	}
	return nil
}

// Scan shows the records with keys in [from, to) in ascending order; an empty to means to the end. visit may write
// to the same table, and sees what it wrote ahead, as with Tx.Scan.
func (t *Table[V]) Scan(tx Tx, in Scope, from, to string, visit func(key string, v V) (more bool, err error)) error {
	s := takeScratch()
	defer s.release()
	s.key = t.appendKey(s.key[:0], in, from)
	prefix := len(s.key) - len(from)
	if to == "" {
		s.end = append(t.appendPrefix(s.end[:0], in), endOfPart+1)
	} else {
		s.end = t.appendKey(s.end[:0], in, to)
	}
	return tx.Scan(s.key, s.end, func(full, stored []byte) (bool, error) {
		key := string(full[prefix:])
		v, err := t.read(full, stored)
		if err != nil {
			return false, t.failed("read", key, err)
		}
		return visit(key, v)
	})
}

// All shows all records of a scope in ascending order of their keys.
func (t *Table[V]) All(tx Tx, in Scope, visit func(key string, v V) (more bool, err error)) error {
	return t.Scan(tx, in, "", "", visit)
}

// Reindex computes the index entries of a scope anew: for a Step, after an index was added or came to mean
// something else.
func (t *Table[V]) Reindex(tx Tx, in Scope) error {
	return t.All(tx, in, func(key string, v V) (bool, error) { return true, t.Put(tx, in, key, v) })
}

// decode turns a stored record into v, through the migrations that it has missed.
func (t *Table[V]) decode(stored []byte, v *V) error {
	r, err := parseRecord(stored)
	if err != nil {
		return err
	}
	if r.version > t.version {
		return fmt.Errorf("format %d, known up to %d: %w", r.version, t.version, ErrNewer)
	}
	if r.version == 0 {
		return errRecord
	}
	for from := r.version; from < t.version; from++ {
		step := t.upgrade[from-1]
		if step == nil {
			return fmt.Errorf("no migration from format %d of %s", from, t.name)
		}
		if r.json, err = step(r.json); err != nil {
			return fmt.Errorf("migrate from format %d: %w", from, err)
		}
	}
	return json.Unmarshal(r.json, v)
}

// appendPrefix appends what all keys of the table in that scope begin with, but for the end of its name.
func (t *Table[V]) appendPrefix(b []byte, in Scope) []byte {
	return append(append(b, in...), t.name...)
}

func (t *Table[V]) appendKey(b []byte, in Scope, key string) []byte {
	return append(append(t.appendPrefix(b, in), endOfPart), key...)
}

func (t *Table[V]) failed(verb, key string, err error) error {
	return fmt.Errorf("%s %s %q: %w", verb, t.name, key, err)
}
