// Package storagetest is the suite that every storage.Store passes.
//
// How it works: Suite says how to open a store, how to open it again, and, for stores in a file, where the file is;
// Run holds it to the contract, one file a promise. Images makes the files that a power cut may leave, for the
// crash suite of whoever commits to a store in a file.
//
// What always holds: only tests import this package, which is why it may import testing. The suite knows nothing
// but the contract; what a store promises beyond it is tested beside that store.
//
// To test the suite itself, run it over storage.Memory, which has nothing to break but the contract.
package storagetest

import (
	"errors"
	"testing"

	"trellis/storage"
)

// Suite knows how to open the store that is tested.
type Suite struct {
	// Open returns a new, empty store. It is closed by t's cleanup, and may be closed before.
	Open func(t testing.TB) storage.Store
	// Reopen closes s and opens it again, as a restart does. Nil: the store keeps nothing over a restart.
	Reopen func(t testing.TB, s storage.Store) storage.Store
	// File is there for stores that are one file.
	File *File
}

// Run holds the store to each promise in a subtest.
func (s Suite) Run(t *testing.T) {
	if s.File != nil && child(t, *s.File) {
		return
	}
	promises := []struct {
		name string
		test func(*testing.T, Suite)
	}{
		{"order", order},
		{"limits", limits},
		{"scan", scan},
		{"isolation", isolation},
		{"readers", readers},
		{"large", large},
		{"model", model},
	}
	if s.Reopen != nil {
		promises = append(promises, struct {
			name string
			test func(*testing.T, Suite)
		}{"reopen", reopen})
	}
	for _, p := range promises {
		t.Run(p.name, func(t *testing.T) { p.test(t, s) })
	}
	if s.File != nil {
		t.Run("damage", func(t *testing.T) { damage(t, *s.File) })
		t.Run("processes", func(t *testing.T) { processes(t, *s.File) })
		t.Run("full disk", func(t *testing.T) { fullDisk(t, *s.File) })
	}
}

// pair is a key with its value.
type pair struct{ key, value string }

func update(t testing.TB, s storage.Store, f func(tx storage.Tx) error) {
	t.Helper()
	if err := s.Update(t.Context(), f); err != nil {
		t.Fatalf("update: %v", err)
	}
}

func view(t testing.TB, s storage.Store, f func(tx storage.Tx) error) {
	t.Helper()
	if err := s.View(t.Context(), f); err != nil {
		t.Fatalf("view: %v", err)
	}
}

// put commits each key with its own name as value.
func put(t testing.TB, s storage.Store, keys ...string) {
	t.Helper()
	update(t, s, func(tx storage.Tx) error {
		for _, k := range keys {
			if err := tx.Put([]byte(k), []byte(k)); err != nil {
				return err
			}
		}
		return nil
	})
}

// all lists [from, to); "" as to means the end.
func all(tx storage.Tx, from, to string) (pairs []pair, err error) {
	var end []byte
	if to != "" {
		end = []byte(to)
	}
	err = tx.Scan([]byte(from), end, func(key, value []byte) (bool, error) {
		pairs = append(pairs, pair{string(key), string(value)})
		return true, nil
	})
	return pairs, err
}

func keysOf(pairs []pair) []string {
	keys := make([]string, 0, len(pairs))
	for _, p := range pairs {
		keys = append(keys, p.key)
	}
	return keys
}

// get returns the value under key, and whether there is one.
func get(t testing.TB, tx storage.Tx, key string) (string, bool) {
	t.Helper()
	v, err := tx.Get([]byte(key))
	if errors.Is(err, storage.ErrNotFound) {
		return "", false
	}
	if err != nil {
		t.Fatalf("get %q: %v", key, err)
	}
	return string(v), true
}
