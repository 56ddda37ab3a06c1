package storage

import (
	"bytes"
	"context"
	"slices"
	"sort"
	"sync"
)

// Memory returns a Store that keeps everything in memory and loses it with the process. A commit copies the list of
// all keys, which is what makes a view free of locks: right for tests, whose stores are small.
func Memory() Store {
	return &memory{writer: make(chan struct{}, 1)}
}

type memory struct {
	writer chan struct{} // holds one token while an update runs
	mu     sync.RWMutex  // guards state and closed
	state  frozen
	closed bool
	open   sync.WaitGroup // transactions that run; added to under mu while not closed
}

func (s *memory) begin(ctx context.Context) (frozen, error) {
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	s.mu.RLock()
	defer s.mu.RUnlock()
	if s.closed {
		return nil, ErrClosed
	}
	s.open.Add(1)
	return s.state, nil
}

func (s *memory) View(ctx context.Context, f func(Tx) error) error {
	state, err := s.begin(ctx)
	if err != nil {
		return err
	}
	defer s.open.Done()
	return f(state)
}

func (s *memory) Update(ctx context.Context, f func(Tx) error) error {
	if err := ctx.Err(); err != nil {
		return err
	}
	select {
	case s.writer <- struct{}{}:
		defer func() { <-s.writer }()
	case <-ctx.Done():
		return ctx.Err()
	}
	state, err := s.begin(ctx)
	if err != nil {
		return err
	}
	defer s.open.Done()
	tx := NewOverlay(state)
	defer tx.Reset(nil) // one that was kept beyond f touches nothing
	if err := f(tx); err != nil {
		return err
	}
	state = state.with(tx)
	s.mu.Lock()
	defer s.mu.Unlock()
	s.state = state
	return nil
}

func (s *memory) Close() error {
	s.mu.Lock()
	s.closed = true
	s.mu.Unlock()
	s.open.Wait()
	return nil
}

// frozen is a committed state, ascending by key, and a Tx that only reads it. It never changes.
type frozen []write

// with returns the state after tx.
func (f frozen) with(tx *Overlay) frozen {
	if tx.Len() == 0 {
		return f
	}
	next := make(frozen, 0, len(f)+tx.Len())
	for _, i := range tx.order {
		w := tx.writes[i]
		at := f.from(w.key)
		next, f = append(next, f[:at]...), f[at:]
		if len(f) > 0 && bytes.Equal(f[0].key, w.key) {
			f = f[1:]
		}
		if !w.deleted {
			next = append(next, write{key: w.key, value: slices.Clip(w.value)})
		}
	}
	return append(next, f...)
}

// from returns the place of the first key that is not below key.
func (f frozen) from(key []byte) int {
	return sort.Search(len(f), func(i int) bool { return bytes.Compare(f[i].key, key) >= 0 })
}

func (f frozen) Get(key []byte) ([]byte, error) {
	if at := f.from(key); at < len(f) && bytes.Equal(f[at].key, key) {
		return f[at].value, nil
	}
	return nil, ErrNotFound
}

func (f frozen) Put(_, _ []byte) error { return ErrReadOnly }

func (f frozen) Delete(_ []byte) error { return ErrReadOnly }

func (f frozen) Scan(from, to []byte, visit func(key, value []byte) (bool, error)) error {
	for _, w := range f[f.from(from):] {
		if to != nil && bytes.Compare(w.key, to) >= 0 {
			return nil
		}
		if more, err := visit(w.key, w.value); !more || err != nil {
			return err
		}
	}
	return nil
}
