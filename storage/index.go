package storage

import (
	"bytes"
	"errors"
	"fmt"
	"strings"
)

// Index finds the records of a table by something else than their key. It lies beside the table, in the same scope:
//
//	scope · table#index · value · key of the record → nothing
type Index[V any] struct {
	table *Table[V]
	name  string
	of    func(key string, v V) []string
}

// Index declares an index: of returns the values under which a record is found, none, one or several, and depends on
// nothing but its arguments. Values sort bytewise; Key, Number and Instant make those of several parts.
// A table that holds records already needs Reindex.
func (t *Table[V]) Index(name string, of func(key string, v V) []string) *Index[V] {
	if name == "" || strings.ContainsAny(name, "\x00\x01#") {
		panic(fmt.Sprintf("storage: table %s: index %q needs a plain name", t.name, name))
	}
	for _, x := range t.indexes {
		if x.name == name {
			panic(fmt.Sprintf("storage: table %s: index %s is declared twice", t.name, name))
		}
	}
	x := &Index[V]{table: t, name: name, of: of}
	t.indexes = append(t.indexes, x)
	return x
}

// Scan shows the records with values in [from, to), in ascending order of value and then key; an empty to means to
// the end. A record is shown once for each of its values in the range. visit may write, as with Tx.Scan.
func (x *Index[V]) Scan(tx Tx, in Scope, from, to string, visit func(key string, v V) (more bool, err error)) error {
	return x.Keys(tx, in, from, to, func(_, key string) (bool, error) { return x.show(tx, in, key, visit) })
}

// Find shows the records with exactly that value, in ascending order of their keys.
func (x *Index[V]) Find(tx Tx, in Scope, value string, visit func(key string, v V) (more bool, err error)) error {
	s := takeScratch()
	defer s.release()
	s.key = x.appendEntry(x.appendPrefix(s.key[:0], in), value)
	s.end = append(append(s.end[:0], s.key[:len(s.key)-1]...), endOfPart+1)
	return x.scan(tx, s, in, func(_, key string) (bool, error) { return x.show(tx, in, key, visit) })
}

// Keys is Scan without reading the records.
func (x *Index[V]) Keys(tx Tx, in Scope, from, to string, visit func(value, key string) (more bool, err error)) error {
	s := takeScratch()
	defer s.release()
	s.key = x.appendEntry(x.appendPrefix(s.key[:0], in), from)
	s.key = s.key[:len(s.key)-1] // no value ends before from does
	s.end = x.appendPrefix(s.end[:0], in)
	if to == "" {
		s.end = append(append(s.end, x.name...), endOfPart+1)
	} else {
		s.end = x.appendEntry(s.end, to)
		s.end = s.end[:len(s.end)-1]
	}
	return x.scan(tx, s, in, visit)
}

func (x *Index[V]) scan(tx Tx, s *scratch, in Scope, visit func(value, key string) (bool, error)) error {
	prefix := len(in) + len(x.table.name) + 1 + len(x.name) + 1
	return tx.Scan(s.key, s.end, func(full, _ []byte) (bool, error) {
		value, key, err := cutPart(full[prefix:])
		if err != nil {
			return false, fmt.Errorf("index %s of %s: %w: %w", x.name, x.table.name, err, ErrDamaged)
		}
		return visit(value, string(key))
	})
}

// show reads the record of an entry. That there is none means that the two are not in step.
func (x *Index[V]) show(tx Tx, in Scope, key string, visit func(key string, v V) (bool, error)) (bool, error) {
	v, err := x.table.Get(tx, in, key)
	if errors.Is(err, ErrNotFound) {
		return false, fmt.Errorf("index %s names %s %q, which is not there: %w", x.name, x.table.name, key, ErrDamaged)
	}
	if err != nil {
		return false, err
	}
	return visit(key, v)
}

// appendPrefix appends what all keys of the table's indexes in that scope begin with.
func (x *Index[V]) appendPrefix(b []byte, in Scope) []byte {
	return append(x.table.appendPrefix(b, in), '#')
}

// appendEntry appends the part of an entry's key that a record keeps: the index and the value.
func (x *Index[V]) appendEntry(b []byte, value string) []byte {
	return appendPart(append(append(b, x.name...), endOfPart), value)
}

// reconcile makes the index entries of the record under key those of next, whatever they were.
func (t *Table[V]) reconcile(tx Tx, s *scratch, in Scope, key string, next record) error {
	s.key = t.appendKey(s.key[:0], in, key)
	stored, err := tx.Get(s.key)
	var old record
	switch {
	case errors.Is(err, ErrNotFound):
	case err != nil:
		return err
	default:
		if old, err = parseRecord(stored); err != nil {
			return err
		}
	}
	if old.n == next.n && bytes.Equal(old.entries, next.entries) {
		return nil
	}
	old.entries = bytes.Clone(old.entries) // the next call of tx ends the life of stored
	err = old.eachEntry(func(entry []byte) error {
		if next.has(entry) {
			return nil
		}
		return tx.Delete(t.entryKey(s, in, entry, key))
	})
	if err != nil {
		return err
	}
	return next.eachEntry(func(entry []byte) error {
		if old.has(entry) {
			return nil
		}
		return tx.Put(t.entryKey(s, in, entry, key), nil)
	})
}

func (t *Table[V]) entryKey(s *scratch, in Scope, entry []byte, key string) []byte {
	s.key = append(append(append(t.appendPrefix(s.key[:0], in), '#'), entry...), key...)
	return s.key
}

func (r record) has(entry []byte) bool {
	err := r.eachEntry(func(e []byte) error {
		if bytes.Equal(e, entry) {
			return errFound
		}
		return nil
	})
	return errors.Is(err, errFound)
}

var errFound = errors.New("found")
