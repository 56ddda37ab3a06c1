package bolt

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"runtime/debug"
	"sync"

	"go.etcd.io/bbolt"

	"trellis/storage"
)

// View is storage.Store's.
func (s *Store) View(ctx context.Context, f func(storage.Tx) error) error {
	if err := ctx.Err(); err != nil {
		return err
	}
	end, err := s.begin(true)
	if err != nil {
		return err
	}
	defer end()
	return s.view(func(t *tx) error { return f(t) })
}

// view runs f in a read transaction that is counted in already.
func (s *Store) view(f func(t *tx) error) error {
	defer debug.SetPanicOnFault(debug.SetPanicOnFault(true))
	t, err := s.start(false)
	if err != nil {
		return explained(s.path, refused(err))
	}
	defer t.finish()
	return explained(s.path, f(t))
}

// Update is storage.Store's.
func (s *Store) Update(ctx context.Context, f func(storage.Tx) error) error {
	if s.readOnly {
		return storage.ErrReadOnly
	}
	release, err := s.lock(ctx)
	if err != nil {
		return err
	}
	defer release()
	end, err := s.begin(false)
	if err != nil {
		return err
	}
	defer end()
	return explained(s.path, s.update(func(t *tx) error { return f(t) }))
}

// update runs f in the write transaction; the caller holds the lock.
func (s *Store) update(f func(t *tx) error) error {
	defer debug.SetPanicOnFault(debug.SetPanicOnFault(true))
	t, err := s.start(true)
	if err != nil {
		return refused(err)
	}
	defer func() {
		t.finish()
		if s.arena = s.arena[:0]; cap(s.arena) > arenaKept {
			s.arena = nil
		}
	}()
	if err := f(t); err != nil {
		return err
	}
	if t.broken != nil {
		return t.broken // f may have overlooked it
	}
	return s.commit(t)
}

// commit makes the transaction durable. When it can't tell whether that worked, no update may follow: bbolt would
// build it on what the disk may not have.
func (s *Store) commit(t *tx) error {
	clean, id := s.clean, t.bolt.ID()
	err := guard(func() error {
		if clean {
			if err := t.bolt.Bucket(storeBucket).Delete(cleanKey); err != nil {
				return err
			}
		}
		return t.bolt.Commit()
	})
	if err == nil {
		s.clean = false
		return nil
	}
	if err = refused(err); !errors.Is(err, storage.ErrDamaged) {
		seen := 0
		if guard(func() error { return s.db.View(func(b *bbolt.Tx) error { seen = b.ID(); return nil }) }) == nil && seen < id {
			return fmt.Errorf("commit: %w", err) // nothing of it is there
		}
	}
	err = fmt.Errorf("the disk did not confirm a commit, start again to see what it has: %w", err)
	s.giveUp(err, false)
	return err
}

// start opens a transaction of bbolt, which keeps its locks for good if it panics here.
func (s *Store) start(write bool) (t *tx, err error) {
	s.mu.Lock()
	err = s.broken
	if !write && !s.stuck {
		err = nil
	}
	s.mu.Unlock()
	if err != nil {
		return nil, err
	}
	t = &tx{store: s, write: write}
	if err := guard(func() (err error) { t.bolt, err = s.db.Begin(write); return err }); err != nil {
		if errors.Is(err, storage.ErrDamaged) {
			s.giveUp(err, true)
		}
		return nil, err
	}
	err = guard(func() error {
		if t.bucket = t.bolt.Bucket(dataBucket); t.bucket == nil {
			return damaged("%s", foreign)
		}
		t.cursor = t.bucket.Cursor()
		return nil
	})
	if err != nil {
		t.finish()
		return nil, err
	}
	return t, nil
}

// giveUp notes that no update may follow, and, when stuck, nothing at all.
func (s *Store) giveUp(why error, stuck bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.broken, s.stuck = why, s.stuck || stuck
}

// arenaKept is how many bytes of buffer stay from one update to the next, so that one large one does not weigh forever.
const arenaKept = 4 << 20

// tx is one transaction.
type tx struct {
	store  *Store
	bolt   *bbolt.Tx
	bucket *bbolt.Bucket
	cursor *bbolt.Cursor   // of Get
	idle   []*bbolt.Cursor // of scans that ended
	write  bool
	ended  bool
	writes int   // changes so far: a cursor is lost when it differs
	broken error // bbolt panicked, so that its state is unknown: nothing may be committed
}

var errEnded = errors.New("transaction has ended")

// finish ends what was not committed.
func (t *tx) finish() {
	t.ended = true
	err := guard(func() error {
		_ = t.bolt.Rollback() // says only that the transaction ended already, by its commit
		return nil
	})
	if err != nil {
		t.store.giveUp(err, true)
	}
}

// caught turns a panic of bbolt, or a fault of its map, into ErrDamaged.
func (t *tx) caught(err *error) {
	if p := recover(); p != nil {
		t.broken = panicked(p)
		*err = t.broken
	}
}

// Get is storage.Tx's.
func (t *tx) Get(key []byte) (value []byte, err error) {
	if t.ended {
		return nil, errEnded
	}
	if len(key) == 0 {
		return nil, storage.ErrNotFound
	}
	defer t.caught(&err)
	k, sealed := t.cursor.Seek(key)
	if k == nil {
		return nil, storage.ErrNotFound
	}
	// Also when it is another key: it may be ours, damaged.
	if value, err = unseal(k, sealed); err != nil {
		return nil, err
	}
	if !bytes.Equal(k, key) {
		return nil, storage.ErrNotFound
	}
	return value, nil
}

// Put is storage.Tx's.
func (t *tx) Put(key, value []byte) (err error) {
	if err := t.changes(); err != nil {
		return err
	}
	if err := storage.CheckSize(key, value); err != nil {
		return err
	}
	defer t.caught(&err)
	t.writes++
	return t.bucket.Put(key, t.keep(key, value))
}

// Delete is storage.Tx's.
func (t *tx) Delete(key []byte) (err error) {
	if err := t.changes(); err != nil {
		return err
	}
	if storage.CheckSize(key, nil) != nil {
		return nil // no such key can exist
	}
	defer t.caught(&err)
	t.writes++
	return t.bucket.Delete(key)
}

// changes says whether the transaction may write.
func (t *tx) changes() error {
	if t.ended {
		return errEnded
	}
	if !t.write {
		return storage.ErrReadOnly
	}
	return nil
}

// keep seals value into the arena: bbolt holds on to a value until the end of the transaction.
func (t *tx) keep(key, value []byte) []byte {
	arena, n := t.store.arena, len(value)+sealSize
	if n > cap(arena)-len(arena) {
		arena = make([]byte, 0, max(64<<10, min(2*cap(arena), arenaKept), n))
	}
	start := len(arena)
	arena = seal(arena, key, value)
	t.store.arena = arena
	return arena[start:len(arena):len(arena)]
}

// Scan is storage.Tx's. A cursor of bbolt does not know what was written after it was placed; it is placed again
// after each key at which something was. Keys and values of bbolt live as long as the transaction, so that none is
// copied.
func (t *tx) Scan(from, to []byte, visit func(key, value []byte) (bool, error)) error {
	if t.ended {
		return errEnded
	}
	s := scan{tx: t, cursor: t.takeCursor()}
	defer func() { t.idle = append(t.idle, s.cursor) }()
	key, value, err := s.seek(from)
	for key != nil && err == nil && (to == nil || bytes.Compare(key, to) < 0) {
		more, err := visit(key, value)
		if err != nil || !more {
			return err
		}
		if t.ended {
			return errEnded
		}
		if key, value, err = s.after(key); err != nil {
			return err
		}
	}
	return err
}

func (t *tx) takeCursor() *bbolt.Cursor {
	if n := len(t.idle); n > 0 {
		c := t.idle[n-1]
		t.idle = t.idle[:n-1]
		return c
	}
	return t.bucket.Cursor()
}

// scan is one that runs.
type scan struct {
	tx     *tx
	cursor *bbolt.Cursor
	writes int // the transaction's when the cursor was placed
}

// seek goes to the first key not below from; a nil key is the end.
func (s *scan) seek(from []byte) (key, value []byte, err error) {
	defer s.tx.caught(&err)
	s.writes = s.tx.writes
	return unsealed(s.cursor.Seek(from))
}

// after goes to the first key above key.
func (s *scan) after(key []byte) (next, value []byte, err error) {
	defer s.tx.caught(&err)
	if s.writes == s.tx.writes {
		return unsealed(s.cursor.Next())
	}
	s.writes = s.tx.writes
	next, value = s.cursor.Seek(key)
	if bytes.Equal(next, key) {
		next, value = s.cursor.Next()
	}
	return unsealed(next, value)
}

func unsealed(key, sealed []byte) (k, value []byte, err error) {
	if key == nil {
		return nil, nil, nil
	}
	value, err = unseal(key, sealed)
	return key, value, err
}

// snapshot runs f with a read transaction and what the file's head says at it, and stops no writer meanwhile.
func (s *Store) snapshot(ctx context.Context, f func(b *bbolt.Tx, m meta) error) error {
	release, err := s.lock(ctx) // the head must not change between the two
	if err != nil {
		return err
	}
	free := sync.OnceFunc(release)
	defer free()
	end, err := s.begin(true)
	if err != nil {
		return err
	}
	defer end()
	return s.view(func(t *tx) error {
		m, err := s.head()
		free()
		if err != nil {
			return err
		}
		if m.txid != uint64(t.bolt.ID()) {
			return damaged("the file's head is of commit %d, the store's of %d", m.txid, t.bolt.ID())
		}
		return f(t.bolt, m)
	})
}

func (s *Store) head() (meta, error) {
	info, err := s.file.Stat()
	if err != nil {
		return meta{}, err
	}
	return readMeta(s.file, info.Size())
}
