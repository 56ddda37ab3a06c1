package storagetest

import (
	"errors"
	"maps"
	"slices"
	"testing"

	"pgregory.net/rapid"

	"trellis/storage"
)

// model: whatever is done, the store answers as a map would whose keys are sorted when they are asked for.
func model(t *testing.T, s Suite) {
	rapid.Check(t, func(r *rapid.T) {
		store := s.Open(t)
		committed := naive{}
		for range rapid.IntRange(1, 6).Draw(r, "transactions") {
			tried := maps.Clone(committed)
			mine := errors.New("mine")
			keep := rapid.IntRange(0, 3).Draw(r, "keep") > 0
			err := store.Update(t.Context(), func(tx storage.Tx) error {
				for range rapid.IntRange(0, 12).Draw(r, "steps") {
					step(r, tx, tried, 0)
				}
				if !keep {
					return mine
				}
				return nil
			})
			switch {
			case keep && err != nil:
				r.Fatalf("update: %v", err)
			case !keep && !errors.Is(err, mine):
				r.Fatalf("update returned %v instead of its function's error", err)
			case keep:
				committed = tried
			}
			err = store.View(t.Context(), func(tx storage.Tx) error { compare(r, tx, committed); return nil })
			if err != nil {
				r.Fatalf("view: %v", err)
			}
		}
		if err := store.Close(); err != nil {
			r.Fatalf("close: %v", err)
		}
	})
}

// naive is the store as one would draw it on a blackboard.
type naive map[string]string

// first returns the lowest key of [from, to) above after; a nil to is the end.
func (n naive) first(from, to, after []byte, begun bool) (string, bool) {
	for _, k := range slices.Sorted(maps.Keys(n)) {
		if k >= string(from) && (to == nil || k < string(to)) && (!begun || k > string(after)) {
			return k, true
		}
	}
	return "", false
}

// keys are few and prefixes of each other, so that steps hit each other often.
var keys = rapid.StringOfN(rapid.SampledFrom([]rune("\x00ab")), 1, 3, -1)

// step does one thing to both and compares what they answer; scans take further steps inside.
func step(r *rapid.T, tx storage.Tx, n naive, depth int) {
	key := keys.Draw(r, "key")
	switch rapid.IntRange(0, 3+min(1, 2-depth)).Draw(r, "verb") {
	case 0, 1:
		value := rapid.StringN(0, 20, -1).Draw(r, "value")
		if err := tx.Put([]byte(key), []byte(value)); err != nil {
			r.Fatalf("put: %v", err)
		}
		n[key] = value
	case 2:
		if err := tx.Delete([]byte(key)); err != nil {
			r.Fatalf("delete: %v", err)
		}
		delete(n, key)
	case 3:
		v, err := tx.Get([]byte(key))
		want, there := n[key]
		if there && (err != nil || string(v) != want) || !there && !errors.Is(err, storage.ErrNotFound) {
			r.Fatalf("get %q: %q, %v, want %q, there: %v", key, v, err, want, there)
		}
	case 4:
		scanBoth(r, tx, n, depth)
	}
}

// scanBoth scans a range and lets visit take steps of its own.
func scanBoth(r *rapid.T, tx storage.Tx, n naive, depth int) {
	from, to := []byte(keys.Draw(r, "from")), []byte(nil)
	if rapid.Bool().Draw(r, "bounded") {
		to = []byte(keys.Draw(r, "to"))
	}
	var last []byte
	begun, stopped := false, false
	err := tx.Scan(from, to, func(key, value []byte) (bool, error) {
		want, there := n.first(from, to, last, begun)
		if !there || want != string(key) || n[want] != string(value) {
			r.Fatalf("scan after %q shows %q = %q, want %q = %q, there: %v", last, key, value, want, n[want], there)
		}
		last, begun = []byte(want), true
		for range rapid.IntRange(0, 2).Draw(r, "steps inside") {
			step(r, tx, n, depth+1)
		}
		stopped = rapid.IntRange(0, 7).Draw(r, "stop") == 0
		return !stopped, nil
	})
	if err != nil {
		r.Fatalf("scan: %v", err)
	}
	if want, there := n.first(from, to, last, begun); there && !stopped {
		r.Fatalf("scan ended after %q without showing %q", last, want)
	}
}

func compare(r *rapid.T, tx storage.Tx, n naive) {
	got := naive{}
	err := tx.Scan(nil, nil, func(key, value []byte) (bool, error) {
		got[string(key)] = string(value)
		return true, nil
	})
	if err != nil || !maps.Equal(got, n) {
		r.Fatalf("the store holds %q (%v), want %q", got, err, n)
	}
}
