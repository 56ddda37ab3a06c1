// Package bolt keeps a storage.Store in one bbolt file.
//
// How it works: one bucket holds everything, a second one the format of the store and the mark of a clean stop. Each
// value ends in a checksum over its key and itself, which bbolt does not have. The list of free pages is written only
// by Close: a commit then costs the same however long the list is, and opening after a clean stop finds it.
//
// What always holds: an update that returned nil is on the disk (fdatasync of the pages, then of the meta page, both
// by bbolt). What was read was written so: anything else is storage.ErrDamaged, also where bbolt panics or a page
// cannot be read, and a file that is not whole is never opened, and never taken for a new one. A Store is for many
// goroutines. No goroutine may wait for an update while it has a view open, since the file's map can't be moved then;
// nor call Check, Backup or Scrub in an update, or Scrub in a view, for which these wait.
//
// To test with it, open a file in a temporary folder with NoSync, which loses what a power cut would lose and
// nothing else, and a small InitialMmapSize, which keeps the file small. It passes storagetest.
package bolt

import (
	"context"
	"fmt"
	"os"
	"sync"

	"go.etcd.io/bbolt"

	"trellis/storage"
)

// Names in the file. They are part of the format.
var (
	dataBucket  = []byte("data")    // everything that transactions see
	storeBucket = []byte("trellis") // what the store keeps about itself, sealed as data is
	formatKey   = []byte("format")  // the format's number, as storage.Step counts it, in decimal digits
	cleanKey    = []byte("clean")   // is there while the last writer had closed the store
)

// Store is one open file.
type Store struct {
	path     string
	db       *bbolt.DB
	file     *os.File // bbolt's own, to read pages past its map, which faults where the disk does
	readOnly bool
	clean    bool          // cleanKey is there; only the writer reads and changes it
	arena    []byte        // values of the running update, which bbolt keeps until its end
	writer   chan struct{} // holds a token while an update runs, or what must not run beside one

	mu     sync.Mutex // guards what follows
	closed bool
	broken error          // no update may follow: see Update
	stuck  bool           // bbolt holds locks for good: it can't be closed
	open   sync.WaitGroup // running transactions; added to under mu while not closed
	era    int            // how often Scrub asked for the views that were running
	views  map[int]int    // how many views run, by the era in which they began
	ended  chan struct{}  // closed when a view ends; nil: nobody waits for that
}

// Stats says how large the store is.
type Stats struct {
	Bytes int64 // of the file, as far as pages in it were ever used
	Free  int64 // of these, in pages that are free or will be when the views that read them end
	Views int   // running now
}

// Stats waits for no update.
func (s *Store) Stats(ctx context.Context) (Stats, error) {
	var stats Stats
	err := s.View(ctx, func(t storage.Tx) error {
		db := s.db.Stats()
		stats.Bytes = t.(*tx).bolt.Size()
		stats.Free = int64(db.FreeAlloc)
		return nil
	})
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, n := range s.views {
		stats.Views += n
	}
	return stats, err
}

// begin counts a transaction in, and returns what counts it out.
func (s *Store) begin(view bool) (end func(), err error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.closed {
		return nil, storage.ErrClosed
	}
	s.open.Add(1)
	if !view {
		return s.open.Done, nil
	}
	era := s.era
	s.views[era]++
	return func() {
		s.mu.Lock()
		defer s.mu.Unlock()
		if s.views[era]--; s.views[era] == 0 {
			delete(s.views, era)
		}
		if s.ended != nil {
			close(s.ended)
			s.ended = nil
		}
		s.open.Done()
	}, nil
}

// lock waits until no update runs, and keeps others out until release is called.
func (s *Store) lock(ctx context.Context) (release func(), err error) {
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	select {
	case s.writer <- struct{}{}:
		return func() { <-s.writer }, nil
	case <-ctx.Done():
		return nil, ctx.Err()
	}
}

// Close waits for running transactions, marks the file as cleanly stopped and releases it.
func (s *Store) Close() error {
	s.mu.Lock()
	if s.closed {
		s.mu.Unlock()
		return nil
	}
	s.closed = true
	s.mu.Unlock()
	s.open.Wait()
	if s.stuck {
		return s.file.Close() // which also ends the lock on it
	}
	if !s.readOnly && !s.clean {
		// That the mark can't be written, as on a full disk, costs the next start a walk, and no data.
		_ = s.markClean()
	}
	if s.stuck {
		return s.file.Close()
	}
	if err := guard(s.db.Close); err != nil {
		return fmt.Errorf("close store %s: %w", s.path, err)
	}
	if !s.readOnly {
		forgetOwner(s.path)
	}
	return nil
}

// markClean writes the mark, and with it the list of free pages, without which the next start has to look for them.
func (s *Store) markClean() error {
	s.db.NoFreelistSync = false
	return s.update(func(t *tx) error {
		return guard(func() error { return t.bolt.Bucket(storeBucket).Put(cleanKey, seal(nil, cleanKey, nil)) })
	})
}
