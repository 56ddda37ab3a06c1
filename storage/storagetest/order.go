package storagetest

import (
	"bytes"
	"errors"
	"slices"
	"testing"

	"trellis/storage"
)

// order: keys are shown in ascending bytewise order, in [from, to), whatever the order they came in.
func order(t *testing.T, s Suite) {
	store := s.Open(t)
	sorted := []string{"\x00", "\x00\x00", "\x00\xff", " ", "A", "a", "a\x00", "a\x00b", "a/b", "aa", "b", "é", "\xff", "\xff\xff"}
	mixed := slices.Clone(sorted)
	slices.Reverse(mixed)
	mixed[0], mixed[5] = mixed[5], mixed[0]
	put(t, store, mixed...)

	rows := []struct {
		name, from, to string
		want           []string
	}{
		{"everything", "", "", sorted},
		{"from a key that is there", "a", "", sorted[5:]},
		{"from a key that is not there", "a\x00a", "", sorted[7:]},
		{"to is left out", "a", "b", sorted[5:10]},
		{"to is not there", "a", "az", sorted[5:10]},
		{"one key", "a", "a\x00", sorted[5:6]},
		{"nothing between", "c", "d", nil},
		{"from is to", "a", "a", nil},
		{"from is above to", "b", "a", nil},
		{"beyond the last", "\xff\xff\x00", "", nil},
	}
	for _, r := range rows {
		t.Run(r.name, func(t *testing.T) {
			check := func(tx storage.Tx) error {
				got, err := all(tx, r.from, r.to)
				if err != nil {
					return err
				}
				if !slices.Equal(keysOf(got), r.want) {
					t.Errorf("got %q, want %q", keysOf(got), r.want)
				}
				return nil
			}
			view(t, store, check)
			update(t, store, check)
		})
	}
	t.Run("an empty to is no end", func(t *testing.T) {
		view(t, store, func(tx storage.Tx) error {
			return tx.Scan(nil, []byte{}, func(key, _ []byte) (bool, error) {
				t.Errorf("shown: %q, which is not below the empty key", key)
				return true, nil
			})
		})
	})
	t.Run("visit ends it", func(t *testing.T) {
		mine := errors.New("mine")
		view(t, store, func(tx storage.Tx) error {
			shown := 0
			visit := func(more bool, err error) func(_, _ []byte) (bool, error) {
				return func(_, _ []byte) (bool, error) { shown++; return more, err }
			}
			if err := tx.Scan(nil, nil, visit(false, nil)); err != nil || shown != 1 {
				t.Errorf("after false: %d shown, error %v", shown, err)
			}
			shown = 0
			if err := tx.Scan(nil, nil, visit(true, mine)); !errors.Is(err, mine) || shown != 1 {
				t.Errorf("after an error: %d shown, error %v", shown, err)
			}
			return nil
		})
	})
}

// limits: an empty value is a value, a missing key is ErrNotFound, and what is out of limits changes nothing.
func limits(t *testing.T, s Suite) {
	store := s.Open(t)
	longest := bytes.Repeat([]byte("k"), storage.MaxKey)
	update(t, store, func(tx storage.Tx) error {
		if _, err := tx.Get([]byte("empty")); !errors.Is(err, storage.ErrNotFound) {
			t.Errorf("a missing key: %v", err)
		}
		if err := tx.Delete([]byte("empty")); err != nil {
			t.Errorf("deleting what is not there: %v", err)
		}
		return errors.Join(tx.Put([]byte("empty"), nil), tx.Put(longest, []byte("v")))
	})
	update(t, store, func(tx storage.Tx) error {
		tooLong := append(slices.Clone(longest), 'k')
		rows := []struct {
			name       string
			key, value []byte
		}{
			{"empty key", nil, []byte("v")},
			{"key above the limit", tooLong, []byte("v")},
			{"value above the limit", []byte("empty"), make([]byte, storage.MaxValue+1)},
		}
		for _, r := range rows {
			if err := tx.Put(r.key, r.value); !errors.Is(err, storage.ErrTooLarge) {
				t.Errorf("%s: %v", r.name, err)
			}
		}
		for _, key := range [][]byte{nil, tooLong} {
			if _, err := tx.Get(key); !errors.Is(err, storage.ErrNotFound) {
				t.Errorf("get of a key of %d bytes: %v", len(key), err)
			}
			if err := tx.Delete(key); err != nil {
				t.Errorf("delete of a key of %d bytes: %v", len(key), err)
			}
		}
		return nil
	})
	view(t, store, func(tx storage.Tx) error {
		if v, ok := get(t, tx, "empty"); !ok || v != "" {
			t.Errorf("the empty value: %q, there: %v", v, ok)
		}
		if v, ok := get(t, tx, string(longest)); !ok || v != "v" {
			t.Errorf("the longest key: %q, there: %v", v, ok)
		}
		pairs, err := all(tx, "", "")
		if len(pairs) != 2 {
			t.Errorf("%d keys, want the two that were within the limits", len(pairs))
		}
		return err
	})
}
