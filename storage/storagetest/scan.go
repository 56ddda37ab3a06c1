package storagetest

import (
	"fmt"
	"slices"
	"testing"

	"trellis/storage"
)

// scan: keys are shown as the transaction stands when each is shown, also when visit writes.
func scan(t *testing.T, s Suite) {
	rows := []struct {
		name  string
		have  []string // committed before
		own   []string // written in the transaction before the scan
		write map[string]func(tx storage.Tx) error
		want  []pair
	}{
		{
			name: "deleted ahead, committed", have: []string{"a", "b", "c"},
			write: map[string]func(storage.Tx) error{"a": del("b")},
			want:  []pair{{"a", "a"}, {"c", "c"}},
		},
		{
			name: "deleted ahead, own", have: []string{"a", "c"}, own: []string{"b"},
			write: map[string]func(storage.Tx) error{"a": del("b")},
			want:  []pair{{"a", "a"}, {"c", "c"}},
		},
		{
			name: "added ahead", have: []string{"a", "c"},
			write: map[string]func(storage.Tx) error{"a": set("b", "new")},
			want:  []pair{{"a", "a"}, {"b", "new"}, {"c", "c"}},
		},
		{
			name: "added at the end", have: []string{"a"},
			write: map[string]func(storage.Tx) error{"a": set("b", "1"), "b": set("c", "2")},
			want:  []pair{{"a", "a"}, {"b", "1"}, {"c", "2"}},
		},
		{
			name: "added behind", have: []string{"b", "c"},
			write: map[string]func(storage.Tx) error{"b": set("a", "new"), "c": set("a\x00", "new")},
			want:  []pair{{"b", "b"}, {"c", "c"}},
		},
		{
			name: "changed ahead", have: []string{"a", "b"}, own: []string{"c"},
			write: map[string]func(storage.Tx) error{"a": set("b", "new"), "b": set("c", "longer than before")},
			want:  []pair{{"a", "a"}, {"b", "new"}, {"c", "longer than before"}},
		},
		{
			name: "the shown key deleted", have: []string{"a", "b", "c"},
			write: map[string]func(storage.Tx) error{"a": del("a"), "b": del("b"), "c": del("c")},
			want:  []pair{{"a", "a"}, {"b", "b"}, {"c", "c"}},
		},
		{
			name: "the shown key changed is not shown again", have: []string{"a", "b"},
			write: map[string]func(storage.Tx) error{"a": set("a", "new")},
			want:  []pair{{"a", "a"}, {"b", "b"}},
		},
		{
			name: "deleted and added again", have: []string{"a", "b", "c"},
			write: map[string]func(storage.Tx) error{"a": both(del("b"), set("b", "again"))},
			want:  []pair{{"a", "a"}, {"b", "again"}, {"c", "c"}},
		},
		{
			name: "added and deleted again", have: []string{"a", "c"},
			write: map[string]func(storage.Tx) error{"a": both(set("b", "x"), del("b"))},
			want:  []pair{{"a", "a"}, {"c", "c"}},
		},
		{
			name: "added beyond the range", have: []string{"a", "b"},
			write: map[string]func(storage.Tx) error{"b": set("z", "out")},
			want:  []pair{{"a", "a"}, {"b", "b"}},
		},
		{
			name: "everything ahead deleted", have: []string{"a", "b", "c"}, own: []string{"bb", "d"},
			write: map[string]func(storage.Tx) error{"a": both(both(del("b"), del("c")), both(del("bb"), del("d")))},
			want:  []pair{{"a", "a"}},
		},
		{
			name: "own and committed interleave", have: []string{"a", "c", "e"}, own: []string{"b", "c", "d"},
			want: []pair{{"a", "a"}, {"b", "b"}, {"c", "c"}, {"d", "d"}, {"e", "e"}},
		},
		{
			name: "own writes before a committed key", have: []string{"c"}, own: []string{"a"},
			write: map[string]func(storage.Tx) error{"a": both(set("b", "new"), set("c", "changed"))},
			want:  []pair{{"a", "a"}, {"b", "new"}, {"c", "changed"}},
		},
	}
	for _, r := range rows {
		t.Run(r.name, func(t *testing.T) {
			store := s.Open(t)
			put(t, store, r.have...)
			update(t, store, func(tx storage.Tx) error {
				for _, k := range r.own {
					if err := tx.Put([]byte(k), []byte(k)); err != nil {
						return err
					}
				}
				var got []pair
				err := tx.Scan([]byte("a"), []byte("y"), func(key, value []byte) (bool, error) {
					got = append(got, pair{string(key), string(value)})
					if write := r.write[string(key)]; write != nil {
						return true, write(tx)
					}
					return true, nil
				})
				if !slices.Equal(got, r.want) {
					t.Errorf("got %v, want %v", got, r.want)
				}
				return err
			})
		})
	}
	t.Run("scans within scans", func(t *testing.T) { nested(t, s.Open(t)) })
	t.Run("a long range that shrinks and grows", func(t *testing.T) { shifting(t, s.Open(t)) })
	t.Run("arguments may be what the transaction handed out", func(t *testing.T) { borrowed(t, s.Open(t)) })
}

func set(key, value string) func(storage.Tx) error {
	return func(tx storage.Tx) error { return tx.Put([]byte(key), []byte(value)) }
}

func del(key string) func(storage.Tx) error {
	return func(tx storage.Tx) error { return tx.Delete([]byte(key)) }
}

func both(a, b func(storage.Tx) error) func(storage.Tx) error {
	return func(tx storage.Tx) error {
		if err := a(tx); err != nil {
			return err
		}
		return b(tx)
	}
}

// nested reads, scans and writes inside of a scan, three deep.
func nested(t *testing.T, store storage.Store) {
	put(t, store, "a", "c", "e")
	update(t, store, func(tx storage.Tx) error {
		if err := tx.Put([]byte("b"), []byte("b")); err != nil {
			return err
		}
		var seen []string
		err := tx.Scan(nil, nil, func(key, _ []byte) (bool, error) {
			outer := string(key)
			err := tx.Scan([]byte(outer), nil, func(key, _ []byte) (bool, error) {
				seen = append(seen, outer+string(key))
				if outer == "b" && string(key) == "c" {
					return false, tx.Put([]byte("d"), []byte("d"))
				}
				if _, err := all(tx, "", ""); err != nil {
					return false, err
				}
				_, ok := get(t, tx, "a")
				return ok, nil
			})
			return true, err
		})
		want := []string{"aa", "ab", "ac", "ae", "bb", "bc", "cc", "cd", "ce", "dd", "de", "ee"}
		if !slices.Equal(seen, want) {
			t.Errorf("got %q, want %q", seen, want)
		}
		return err
	})
}

// shifting deletes the next two keys and adds a longer one at each step, over many pages' worth of keys.
func shifting(t *testing.T, store storage.Store) {
	const n = 1200
	name := func(i int) string { return fmt.Sprintf("k%06d", i) }
	update(t, store, func(tx storage.Tx) error {
		for i := range n {
			if err := tx.Put([]byte(name(i)), []byte(name(i))); err != nil {
				return err
			}
		}
		return nil
	})
	var got, want []string
	for i := 0; i < n; i += 3 {
		want = append(want, name(i), name(i)+"+")
	}
	update(t, store, func(tx storage.Tx) error {
		i := 0
		return tx.Scan([]byte("k"), []byte("l"), func(key, _ []byte) (bool, error) {
			got = append(got, string(key))
			if len(key) > len(name(0)) {
				return true, nil
			}
			at := i
			i += 3
			return true, both(both(del(name(at+1)), del(name(at+2))), set(name(at)+"+", "new"))(tx)
		})
	})
	if !slices.Equal(got, want) {
		t.Errorf("%d keys shown, want %d", len(got), len(want))
	}
	view(t, store, func(tx storage.Tx) error {
		left, err := all(tx, "", "")
		if !slices.Equal(keysOf(left), want) {
			t.Errorf("%d keys left, want %d", len(left), len(want))
		}
		return err
	})
}

// borrowed passes keys and values that the transaction handed out straight back to it.
func borrowed(t *testing.T, store storage.Store) {
	put(t, store, "a", "b", "c")
	update(t, store, func(tx storage.Tx) error {
		v, err := tx.Get([]byte("b"))
		if err != nil {
			return err
		}
		if err := tx.Put([]byte("from"), v); err != nil {
			return err
		}
		if v, err = tx.Get([]byte("c")); err != nil {
			return err
		}
		n := 0
		err = tx.Scan(nil, v, func(key, value []byte) (bool, error) {
			n++
			return true, tx.Put(append([]byte("d"), key...), value)
		})
		if n != 2 {
			t.Errorf("%d keys shown below c, want 2", n)
		}
		if v, err := tx.Get([]byte("da")); err != nil || string(v) != "a" {
			t.Errorf("the copied value: %q, %v", v, err)
		}
		if v, err := tx.Get([]byte("from")); err != nil || string(v) != "b" {
			t.Errorf("the borrowed value: %q, %v", v, err)
		}
		return err
	})
}
