package bolt

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"

	"go.etcd.io/bbolt"

	"trellis/storage"
)

// Check walks every page and looks at every checksum of one committed state, while the store goes on. It returns
// the first damage that it finds.
func (s *Store) Check(ctx context.Context) error {
	return s.snapshot(ctx, func(_ *bbolt.Tx, m meta) error {
		return newWalker(ctx, s.file, m, true).walk()
	})
}

// Backup writes one committed state to a new file, while the store goes on. The copy is made beside the store, so
// that a slow target holds up nothing, read back and walked, cleared of what was deleted, and only then moved to path.
func (s *Store) Backup(ctx context.Context, path string) error {
	if _, err := os.Lstat(path); err == nil {
		return fmt.Errorf("back up to %s: %w; give another name", path, fs.ErrExist)
	}
	local, err := os.CreateTemp(filepath.Dir(s.path), filepath.Base(s.path)+".copy-*") // for its owner alone
	if err != nil {
		return fmt.Errorf("back up to %s: %w", path, refused(err))
	}
	defer os.Remove(local.Name())
	err = s.snapshot(ctx, func(b *bbolt.Tx, _ meta) error {
		_, err := b.WriteTo(cancelled{ctx, local})
		return err
	})
	if err == nil {
		err = finishCopy(ctx, local)
	}
	if err = errors.Join(err, local.Close()); err == nil {
		err = deliver(ctx, local.Name(), path)
	}
	if err != nil {
		return fmt.Errorf("back up to %s: %w", path, refused(err))
	}
	return nil
}

// finishCopy makes sure that a copy is whole, on the disk, and holds nothing that was deleted.
func finishCopy(ctx context.Context, file *os.File) error {
	if err := file.Sync(); err != nil {
		return err
	}
	info, err := file.Stat()
	if err != nil {
		return err
	}
	m, err := readMeta(file, info.Size())
	if err != nil {
		return err
	}
	w := newWalker(ctx, file, m, true)
	if err := w.walk(); err != nil {
		return err
	}
	if err := w.clear(file, info.Size()); err != nil {
		return err
	}
	return file.Sync()
}

// deliver moves a finished copy to its place, through another copy when that is on another disk.
func deliver(ctx context.Context, from, to string) error {
	if err := place(from, to); err == nil || errors.Is(err, fs.ErrExist) {
		return err
	}
	return copyTo(ctx, from, to)
}

// copyTo copies a store that nobody writes to a new file, which is there when it is whole.
func copyTo(ctx context.Context, from, to string) error {
	source, err := os.Open(from)
	if err != nil {
		return err
	}
	defer source.Close()
	half, err := os.CreateTemp(filepath.Dir(to), filepath.Base(to)+".part-*") // for its owner alone
	if err != nil {
		return err
	}
	defer os.Remove(half.Name())
	if _, err = io.Copy(cancelled{ctx, half}, source); err == nil {
		err = finishCopy(ctx, half)
	}
	if err := errors.Join(err, half.Close()); err != nil {
		return err
	}
	return place(half.Name(), to)
}

// cancelled ends a long copy when ctx ends.
type cancelled struct {
	ctx context.Context
	w   io.Writer
}

func (c cancelled) Write(b []byte) (int, error) {
	if err := c.ctx.Err(); err != nil {
		return 0, err
	}
	return c.w.Write(b)
}

// Restore puts the backup from in the place of the store to, after it has walked it. A store that is there is
// replaced only with force, and kept beside, under the name that is returned. No process may have either open.
func Restore(ctx context.Context, from, to string, force bool) (kept string, err error) {
	kept, err = restore(ctx, from, to, force)
	if err != nil {
		return kept, fmt.Errorf("restore %s from %s: %w", to, from, refused(err))
	}
	return kept, nil
}

func restore(ctx context.Context, from, to string, force bool) (kept string, err error) {
	source, err := os.Stat(from)
	if err != nil {
		return "", err
	}
	old, err := os.Stat(to)
	switch {
	case errors.Is(err, fs.ErrNotExist):
	case err != nil:
		return "", err
	case os.SameFile(source, old):
		return "", errors.New("the two are the same file")
	case !force:
		return "", fmt.Errorf("there is a store: %w; --force replaces it and keeps it beside", fs.ErrExist)
	default:
		if err := free(to); err != nil {
			return "", err
		}
	}
	if _, err := inspect(ctx, from); err != nil {
		return "", err
	}
	fresh := unused(to + ".restored")
	if err := copyTo(ctx, from, fresh); err != nil {
		return "", err
	}
	if old != nil {
		kept = unused(fmt.Sprintf("%s.replaced-%s", to, old.ModTime().UTC().Format("20060102T150405Z")))
		if err := place(to, kept); err != nil {
			return "", errors.Join(err, os.Remove(fresh))
		}
	}
	return kept, place(fresh, to)
}

// free says whether no process has the file open, whatever state it is in.
func free(path string) error {
	db, _, err := openFile(path, Options{ReadOnly: true, InitialMmapSize: 1})
	if err == nil {
		return guard(db.Close)
	}
	if errors.Is(err, storage.ErrInUse) {
		return err
	}
	return nil // damaged, which is why it is replaced
}
