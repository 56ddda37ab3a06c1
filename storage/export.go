package storage

import (
	"encoding/binary"
	"encoding/json"
	"fmt"
	"strings"
)

// Record is one record of any table, as an export keeps it: whole, and without knowing its type.
type Record struct {
	Table   string          `json:"table"`
	Key     []byte          `json:"key"`
	Version uint64          `json:"version"`
	Index   [][]byte        `json:"index,omitempty"` // its index entries
	Value   json.RawMessage `json:"value"`
}

// Records shows all records of a scope, table by table. Those of the scope Global are the ones that stand in no other.
func Records(tx Tx, in Scope, visit func(r Record) (more bool, err error)) error {
	var from, to []byte
	if from = []byte(in); in != Global {
		to = []byte(End(string(in)))
	}
	return tx.Scan(from, to, func(full, stored []byte) (bool, error) {
		name, key, err := cutPart(full[len(in):])
		if err != nil {
			return false, fmt.Errorf("key %q: %w: %w", full, err, ErrDamaged)
		}
		if strings.Contains(name, "#") || len(name) < 2 {
			return true, nil // an index, or another scope
		}
		parsed, err := parseRecord(stored)
		if err != nil {
			return false, fmt.Errorf("read %s %q: %w", name, key, err)
		}
		r := Record{Table: name, Key: append([]byte{}, key...), Version: parsed.version, Value: append(json.RawMessage{}, parsed.json...)}
		_ = parsed.eachEntry(func(entry []byte) error { // parseRecord has been through them
			r.Index = append(r.Index, append([]byte{}, entry...))
			return nil
		})
		return visit(r)
	})
}

// PutRecord writes a record that Records showed, with its index entries, into a scope that does not have it.
func PutRecord(tx Tx, in Scope, r Record) error {
	if len(r.Table) < 2 || strings.ContainsAny(r.Table, "\x00\x01#") || !json.Valid(r.Value) {
		return fmt.Errorf("record of table %q is not one of ours", r.Table)
	}
	stored := binary.AppendUvarint(binary.AppendUvarint(nil, r.Version), uint64(len(r.Index)))
	for _, entry := range r.Index {
		stored = append(binary.AppendUvarint(stored, uint64(len(entry))), entry...)
		full := append([]byte(string(in)+r.Table+"#"), entry...)
		if err := tx.Put(append(full, r.Key...), nil); err != nil {
			return fmt.Errorf("write the index of %s %q: %w", r.Table, r.Key, err)
		}
	}
	full := append([]byte(string(in)+r.Table+"\x00"), r.Key...)
	if err := tx.Put(full, append(stored, r.Value...)); err != nil {
		return fmt.Errorf("write %s %q: %w", r.Table, r.Key, err)
	}
	return nil
}

// Scopes shows each owner that has anything in the scopes of a kind, in ascending order, without reading it.
func Scopes(tx Tx, kind string, visit func(in Scope, owner string) (more bool, err error)) error {
	from, end := kind+"\x00", kind+"\x01"
	for {
		owner, found := "", false
		err := tx.Scan([]byte(from), []byte(end), func(full, _ []byte) (bool, error) {
			var err error
			if owner, _, err = cutPart(full[len(kind)+1:]); err != nil {
				return false, fmt.Errorf("key %q: %w: %w", full, err, ErrDamaged)
			}
			found = true
			return false, nil
		})
		if err != nil || !found {
			return err
		}
		in := In(kind, owner)
		if more, err := visit(in, owner); !more || err != nil {
			return err
		}
		from = End(string(in))
	}
}
