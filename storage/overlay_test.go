package storage_test

import (
	"context"
	"errors"
	"fmt"
	"testing"

	"trellis/storage"
	"trellis/storage/storagetest"
)

// stacked runs each update in overlays over the update of the store below, as the engine does.
type stacked struct {
	storage.Store
	over []*storage.Overlay // used again for each update, the highest last
}

func (s *stacked) Update(ctx context.Context, f func(storage.Tx) error) error {
	return s.Store.Update(ctx, func(tx storage.Tx) error {
		for _, o := range s.over {
			o.Reset(tx)
			tx = o
		}
		if err := f(tx); err != nil {
			return err
		}
		for i := range s.over {
			if err := s.over[len(s.over)-1-i].Flush(); err != nil {
				return err
			}
		}
		return nil
	})
}

func TestOverlay(t *testing.T) {
	for _, depth := range []int{1, 3} {
		t.Run(fmt.Sprint(depth), func(t *testing.T) {
			storagetest.Suite{Open: func(testing.TB) storage.Store {
				s := &stacked{Store: storage.Memory()}
				for range depth {
					s.over = append(s.over, storage.NewOverlay(nil))
				}
				return s
			}}.Run(t)
		})
	}
}

func TestOverlayDropped(t *testing.T) {
	below := storage.NewOverlay(nil)
	over := storage.NewOverlay(below)
	must(t, below.Put([]byte("a"), []byte("1")), over.Put([]byte("a"), []byte("2")), over.Delete([]byte("b")))
	over.Reset(below)
	if v, err := over.Get([]byte("a")); err != nil || string(v) != "1" {
		t.Errorf("after the drop a is %q, %v", v, err)
	}
	if over.Len() != 0 {
		t.Errorf("%d keys left after the drop", over.Len())
	}
}

func TestOverlayCounts(t *testing.T) {
	below := storage.NewOverlay(nil)
	must(t, below.Put([]byte("a"), nil), below.Put([]byte("b"), nil))
	over := storage.NewOverlay(below)
	must(t, over.Put([]byte("b"), []byte("2")), over.Put([]byte("c"), nil), over.Delete([]byte("c")))
	_, missing := over.Get([]byte("none"))
	if !errors.Is(missing, storage.ErrNotFound) {
		t.Error(missing)
	}
	must(t, over.Scan(nil, nil, func(_, _ []byte) (bool, error) { return true, nil }))
	if over.Reads() != 3 || over.Writes() != 3 || over.Len() != 2 {
		t.Errorf("%d reads, %d writes, %d keys, want 3, 3 and 2", over.Reads(), over.Writes(), over.Len())
	}
}

// TestOverlayKeepsNothing hands in one buffer again and again: the overlay must have copied it.
func TestOverlayKeepsNothing(t *testing.T) {
	o, key, value := storage.NewOverlay(nil), []byte("k0"), []byte("v0")
	for i := range byte(10) {
		key[1], value[1] = '0'+i, '0'+i
		must(t, o.Put(key, value))
	}
	key[1] = '4'
	v, err := o.Get(key)
	if err != nil || string(v) != "v4" {
		t.Errorf("k4 is %q, %v", v, err)
	}
	_ = append(v, "overrun"...)
	key[1] = '5'
	if v, err := o.Get(key); err != nil || string(v) != "v5" {
		t.Errorf("k5 is %q, %v, after k4 was appended to", v, err)
	}
}

// TestOverlayAllocates holds the overlay to what makes one a turn affordable: used again, it allocates nothing.
func TestOverlayAllocates(t *testing.T) {
	below, o := storage.NewOverlay(nil), storage.NewOverlay(nil)
	must(t, below.Put([]byte("key-3"), []byte("below")))
	visit := func(_, _ []byte) (bool, error) { return true, nil }
	keys := [][]byte{[]byte("key-1"), []byte("key-5"), []byte("key-2"), []byte("key-4")}
	turn := func() {
		o.Reset(below)
		for _, k := range keys {
			must(t, o.Put(k, k))
		}
		must(t, o.Scan(nil, nil, visit))
	}
	turn()
	if n := testing.AllocsPerRun(100, turn); n > 0 {
		t.Errorf("%v allocations a turn", n)
	}
}

func must(t testing.TB, errs ...error) {
	t.Helper()
	if err := errors.Join(errs...); err != nil {
		t.Fatal(err)
	}
}

// BenchmarkOverlay is one turn: read a record, write six keys, flush.
func BenchmarkOverlay(b *testing.B) {
	below, o := storage.NewOverlay(nil), storage.NewOverlay(nil)
	keys, value := make([][]byte, 6), make([]byte, 200)
	for i := range keys {
		keys[i] = fmt.Appendf(nil, "g\x00group\x00table\x00record-%d", 5-i)
	}
	b.ReportAllocs()
	for b.Loop() {
		below.Reset(nil)
		o.Reset(below)
		_, _ = o.Get(keys[0])
		for _, k := range keys {
			if err := o.Put(k, value); err != nil {
				b.Fatal(err)
			}
		}
		if err := o.Flush(); err != nil {
			b.Fatal(err)
		}
	}
}
