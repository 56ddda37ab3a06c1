package storagetest

import (
	"context"
	"errors"
	"slices"
	"testing"

	"trellis/storage"
)

// isolation: an update commits whole or not at all, a view sees one committed state and writes nothing, there is
// one writer at a time, and nothing runs after Close.
func isolation(t *testing.T, s Suite) {
	t.Run("an error undoes all", func(t *testing.T) {
		store, mine := s.Open(t), errors.New("mine")
		put(t, store, "a", "b")
		err := store.Update(t.Context(), func(tx storage.Tx) error {
			return errors.Join(both(both(set("a", "changed"), del("b")), set("c", "new"))(tx), mine)
		})
		if !errors.Is(err, mine) {
			t.Errorf("update returned %v", err)
		}
		expect(t, store, pair{"a", "a"}, pair{"b", "b"})
		put(t, store, "d")
		expect(t, store, pair{"a", "a"}, pair{"b", "b"}, pair{"d", "d"})
	})
	t.Run("a panic undoes all and goes on", func(t *testing.T) {
		store := s.Open(t)
		put(t, store, "a")
		func() {
			defer func() {
				if recover() != "mine" {
					t.Error("the panic was lost")
				}
			}()
			_ = store.Update(t.Context(), func(tx storage.Tx) error {
				if err := set("a", "changed")(tx); err != nil {
					t.Error(err)
				}
				panic("mine")
			})
		}()
		expect(t, store, pair{"a", "a"})
		put(t, store, "b")
		expect(t, store, pair{"a", "a"}, pair{"b", "b"})
	})
	t.Run("own writes are read", func(t *testing.T) {
		update(t, s.Open(t), func(tx storage.Tx) error {
			if err := both(set("a", "1"), set("a", "22"))(tx); err != nil {
				return err
			}
			if v, ok := get(t, tx, "a"); !ok || v != "22" {
				t.Errorf("a is %q, there: %v", v, ok)
			}
			if err := set("a", "3")(tx); err != nil {
				return err
			}
			if v, ok := get(t, tx, "a"); !ok || v != "3" {
				t.Errorf("a is %q, there: %v", v, ok)
			}
			if err := del("a")(tx); err != nil {
				return err
			}
			if _, ok := get(t, tx, "a"); ok {
				t.Error("a is there after it was deleted")
			}
			return nil
		})
	})
	t.Run("a view does not write", func(t *testing.T) {
		store := s.Open(t)
		put(t, store, "a")
		view(t, store, func(tx storage.Tx) error {
			if err := set("a", "b")(tx); !errors.Is(err, storage.ErrReadOnly) {
				t.Errorf("put: %v", err)
			}
			if err := del("a")(tx); !errors.Is(err, storage.ErrReadOnly) {
				t.Errorf("delete: %v", err)
			}
			return nil
		})
		expect(t, store, pair{"a", "a"})
	})
	t.Run("a view keeps its state", func(t *testing.T) { keepsState(t, s.Open(t)) })
	t.Run("one writer at a time", func(t *testing.T) { oneWriter(t, s.Open(t)) })
	t.Run("a cancelled context", func(t *testing.T) { cancelled(t, s.Open(t)) })
	t.Run("nothing after close", func(t *testing.T) {
		store := s.Open(t)
		if err := store.Close(); err != nil {
			t.Fatal(err)
		}
		none := func(storage.Tx) error { t.Error("f ran after close"); return nil }
		if err := store.View(t.Context(), none); !errors.Is(err, storage.ErrClosed) {
			t.Errorf("view: %v", err)
		}
		if err := store.Update(t.Context(), none); !errors.Is(err, storage.ErrClosed) {
			t.Errorf("update: %v", err)
		}
		if err := store.Close(); err != nil {
			t.Errorf("close again: %v", err)
		}
	})
}

func expect(t *testing.T, store storage.Store, want ...pair) {
	t.Helper()
	view(t, store, func(tx storage.Tx) error {
		got, err := all(tx, "", "")
		if !slices.Equal(got, want) {
			t.Errorf("the store holds %v, want %v", got, want)
		}
		return err
	})
}

// keepsState runs an update to its end while a view is open, which also shows that neither waits for the other.
func keepsState(t *testing.T, store storage.Store) {
	put(t, store, "a", "b")
	opened, written := make(chan struct{}), make(chan error, 1)
	go func() {
		<-opened
		written <- store.Update(t.Context(), both(both(set("a", "changed"), del("b")), set("c", "new")))
	}()
	view(t, store, func(tx storage.Tx) error {
		close(opened)
		if err := <-written; err != nil {
			t.Errorf("update: %v", err)
		}
		got, err := all(tx, "", "")
		if want := []pair{{"a", "a"}, {"b", "b"}}; !slices.Equal(got, want) {
			t.Errorf("the open view shows %v, want %v", got, want)
		}
		return err
	})
	expect(t, store, pair{"a", "changed"}, pair{"c", "new"})
}

// oneWriter lets many goroutines count in one key: a lost update would show.
func oneWriter(t *testing.T, store storage.Store) {
	const writers, each = 8, 25
	done := make(chan error, writers)
	for range writers {
		go func() {
			for range each {
				err := store.Update(t.Context(), func(tx storage.Tx) error {
					v, err := tx.Get([]byte("n"))
					if err != nil && !errors.Is(err, storage.ErrNotFound) {
						return err
					}
					return tx.Put([]byte("n"), append([]byte("+"), v...))
				})
				if err != nil {
					done <- err
					return
				}
			}
			done <- nil
		}()
	}
	for range writers {
		if err := <-done; err != nil {
			t.Error(err)
		}
	}
	view(t, store, func(tx storage.Tx) error {
		if v, _ := get(t, tx, "n"); len(v) != writers*each {
			t.Errorf("counted %d, want %d", len(v), writers*each)
		}
		return nil
	})
}

// cancelled ends an update that waits for the writer, and one that has not begun.
func cancelled(t *testing.T, store storage.Store) {
	ctx, cancel := context.WithCancel(t.Context())
	waits := make(chan error, 1)
	update(t, store, func(storage.Tx) error {
		go func() {
			waits <- store.Update(ctx, func(storage.Tx) error { t.Error("two writers at once"); return nil })
		}()
		cancel()
		if err := <-waits; !errors.Is(err, context.Canceled) {
			t.Errorf("the waiting update: %v", err)
		}
		return nil
	})
	none := func(storage.Tx) error { t.Error("f ran with a cancelled context"); return nil }
	if err := store.Update(ctx, none); !errors.Is(err, context.Canceled) {
		t.Errorf("update: %v", err)
	}
	if err := store.View(ctx, none); !errors.Is(err, context.Canceled) {
		t.Errorf("view: %v", err)
	}
}
