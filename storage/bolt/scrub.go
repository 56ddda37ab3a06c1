package bolt

import (
	"context"
	"fmt"
	"io"

	"trellis/storage"
)

// Scrub overwrites with zeros what deleted and replaced values left in the file: bbolt only notes their pages as
// free. It waits for the views that began before it, then keeps updates out while it works, about a second for a
// million keys. Backups made before keep what they have.
func (s *Store) Scrub(ctx context.Context) error {
	if s.readOnly {
		return storage.ErrReadOnly
	}
	if err := s.scrub(ctx); err != nil {
		return fmt.Errorf("scrub: %w", explained(s.path, refused(err)))
	}
	return nil
}

func (s *Store) scrub(ctx context.Context) error {
	// Once without the lock, so that no update waits for a view that takes long.
	if err := s.earlierViews(ctx); err != nil {
		return err
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
	// Two commits that change nothing: both meta pages then lead to the same tree, and no start after a power cut
	// goes back to one that has a page which is free now.
	for range 2 {
		if err := s.update(func(*tx) error { return nil }); err != nil {
			return err
		}
	}
	if err := s.earlierViews(ctx); err != nil {
		return err
	}
	info, err := s.file.Stat()
	if err != nil {
		return err
	}
	m, err := readMeta(s.file, info.Size())
	if err != nil {
		return err
	}
	w := newWalker(ctx, s.file, m, true)
	if err := w.walk(); err != nil {
		return err
	}
	if err := w.clear(s.file, info.Size()); err != nil {
		return err
	}
	return s.db.Sync()
}

// earlierViews waits until all views have ended that were running at the call.
func (s *Store) earlierViews(ctx context.Context) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.era++
	for now := s.era; s.anyBefore(now); {
		if s.ended == nil {
			s.ended = make(chan struct{})
		}
		ended := s.ended
		s.mu.Unlock()
		select {
		case <-ended:
		case <-ctx.Done():
		}
		s.mu.Lock()
		if err := ctx.Err(); err != nil {
			return err
		}
	}
	return nil
}

// anyBefore says whether a view runs that began in an earlier era; the caller holds mu.
func (s *Store) anyBefore(era int) bool {
	for began := range s.views {
		if began < era {
			return true
		}
	}
	return false
}

// clear overwrites every page that the walk found unused, and what lies behind the last page. It reads before it
// writes: what is zero already, or a hole in the file, stays as it is.
func (w *walker) clear(file interface {
	io.ReaderAt
	io.WriterAt
}, size int64,
) error {
	buf, zeros := make([]byte, w.pageSize), make([]byte, w.pageSize)
	for at, id := int64(0), uint64(0); at < size; at, id = at+w.pageSize, id+1 {
		if id < w.pages && w.used.has(id) {
			continue
		}
		if err := w.ctx.Err(); err != nil {
			return err
		}
		n := min(w.pageSize, size-at)
		if _, err := file.ReadAt(buf[:n], at); err != nil {
			return err
		}
		if string(buf[:n]) == string(zeros[:n]) {
			continue
		}
		if _, err := file.WriteAt(zeros[:n], at); err != nil {
			return err
		}
	}
	return nil
}
