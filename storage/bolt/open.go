package bolt

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"math/bits"
	"os"
	"path/filepath"
	"runtime"
	"strconv"
	"strings"
	"syscall"
	"time"

	"go.etcd.io/bbolt"
	berrors "go.etcd.io/bbolt/errors"

	"trellis/storage"
)

// Options say which store to open, and how.
type Options struct {
	Path     string         // of the file; one that is not there is created, readable by its owner alone
	ReadOnly bool           // writes nothing, not even a mark that it was open; the file must be there
	Steps    []storage.Step // bring the records of an older format to the newest, which is the number of steps and one
	NoSync   bool           // loses the last commits in a power cut: for tests
	// InitialMmapSize is how many bytes of address space the file may grow to before its map is moved, for which
	// running views have to end first, and the writer to wait for them. It costs no memory. Zero means 16 GiB, where
	// addresses have 64 bits and a map does not enlarge the file, else the size of the file, which is also what is
	// taken where there is less than asked for. The file grows in steps
	// of 16 MB, not all of which are on the disk, or, when this is less, by doubling.
	InitialMmapSize int
}

// lockWait is how long bbolt tries to lock the file: once, for a second process is told so at once.
const lockWait = time.Millisecond

func (o Options) mmapSize() int {
	if o.InitialMmapSize == 0 && bits.UintSize == 64 && runtime.GOOS != "windows" {
		return 16 << 30
	}
	return o.InitialMmapSize
}

// Open opens the store, or creates it if there is no file. Before it does, it looks at the pages that lead to the
// others, and at all of them after an unclean stop.
//
// ErrInUse names the process that has the store. ErrDamaged also covers a file that is empty, cut off or not of
// Trellis, and its text says how to go back to a backup. ErrNewer means that a newer version wrote it.
func Open(ctx context.Context, o Options) (*Store, error) {
	s, err := open(ctx, o)
	if err != nil {
		return nil, fmt.Errorf("open %w", explained(o.Path, err))
	}
	return s, nil
}

func open(ctx context.Context, o Options) (*Store, error) {
	info, err := os.Stat(o.Path)
	switch {
	case errors.Is(err, fs.ErrNotExist) && !o.ReadOnly:
		if err := create(o); err != nil {
			return nil, fmt.Errorf("create store %s: %w", o.Path, refused(err))
		}
	case err != nil:
		return nil, err
	case !info.Mode().IsRegular():
		return nil, fmt.Errorf("store %s is not a file", o.Path)
	case info.Size() == 0:
		return nil, damaged("the file is empty")
	}
	w, err := inspect(ctx, o.Path)
	if err != nil {
		return nil, err
	}
	if newest := len(o.Steps) + 1; w.format > newest {
		return nil, fmt.Errorf("store %s is of format %d, this version knows formats up to %d: %w", o.Path, w.format, newest, storage.ErrNewer)
	}
	s := &Store{
		path:     o.Path,
		readOnly: o.ReadOnly,
		clean:    w.clean,
		writer:   make(chan struct{}, 1),
		views:    map[int]int{},
	}
	if s.db, s.file, err = openFile(o.Path, o); errors.Is(err, syscall.ENOMEM) {
		o.InitialMmapSize = 1 // there are not as many addresses: take as many as the file needs
		s.db, s.file, err = openFile(o.Path, o)
	}
	if err != nil {
		return nil, err
	}
	if o.ReadOnly {
		return s, nil
	}
	if err := s.prepare(ctx, w.format, o.Steps); err != nil {
		return nil, errors.Join(err, s.Close())
	}
	return s, nil
}

// prepare makes an open file ready to be written.
func (s *Store) prepare(ctx context.Context, format int, steps []storage.Step) error {
	if err := s.file.Chmod(0o600); err != nil {
		return err
	}
	noteOwner(s.path)
	if format > len(steps) {
		return nil
	}
	// A copy first: an older version can go back to it.
	copied := unused(fmt.Sprintf("%s.format-%d", s.path, format))
	if err := s.Backup(ctx, copied); err != nil {
		return fmt.Errorf("copy the store before it is migrated: %w", err)
	}
	release, err := s.lock(ctx)
	if err != nil {
		return err
	}
	defer release()
	return s.update(func(t *tx) error {
		to, err := storage.Migrate(t, format, steps)
		if err != nil {
			return err
		}
		return t.bolt.Bucket(storeBucket).Put(formatKey, sealedFormat(to))
	})
}

func sealedFormat(format int) []byte {
	return seal(nil, formatKey, strconv.AppendInt(nil, int64(format), 10))
}

// inspect walks the file while nobody else can write it, before bbolt, which trusts what it reads, gets to.
func inspect(ctx context.Context, path string) (*walker, error) {
	db, file, err := openFile(path, Options{ReadOnly: true, InitialMmapSize: 1})
	if err != nil {
		return nil, err
	}
	w, err := walkFile(ctx, file)
	return w, errors.Join(err, guard(db.Close))
}

// smallFile is up to how many bytes a file is walked whole at each start: as fast as the disk reads them.
const smallFile = 16 << 20

// walkFile walks the branches of a file, and the leaves too when it is small or was not closed cleanly.
func walkFile(ctx context.Context, file *os.File) (*walker, error) {
	info, err := file.Stat()
	if err != nil {
		return nil, err
	}
	m, err := readMeta(file, info.Size())
	if err != nil {
		return nil, err
	}
	small := int64(m.pages)*m.pageSize <= smallFile
	w := newWalker(ctx, file, m, small)
	if err := w.walk(); err != nil || w.clean || small {
		return w, err
	}
	w = newWalker(ctx, file, m, true)
	return w, w.walk()
}

// openFile opens a file with bbolt and locks it. Should bbolt panic, the file is closed and with it the lock ended.
func openFile(path string, o Options) (db *bbolt.DB, file *os.File, err error) {
	err = guard(func() error {
		var err error
		db, err = bbolt.Open(path, 0o600, &bbolt.Options{
			Timeout:         lockWait,
			ReadOnly:        o.ReadOnly,
			NoSync:          o.NoSync,
			NoFreelistSync:  true, // see Close
			FreelistType:    bbolt.FreelistMapType,
			InitialMmapSize: o.mmapSize(),
			OpenFile: func(name string, flag int, mode os.FileMode) (*os.File, error) {
				var err error
				file, err = os.OpenFile(name, flag, mode)
				return file, err
			},
		})
		return err
	})
	if err == nil {
		return db, file, nil
	}
	if file != nil {
		_ = file.Close() // bbolt has closed it, unless it panicked
	}
	if errors.Is(err, berrors.ErrTimeout) {
		return nil, nil, fmt.Errorf("store %s is held by %s: %w", path, owner(path), storage.ErrInUse)
	}
	if errno := syscall.Errno(0); !errors.As(err, &errno) && !errors.Is(err, storage.ErrDamaged) {
		err = damaged("%w", err) // not the system refused, but bbolt
	}
	return nil, nil, refused(err)
}

// create makes an empty store beside the path and moves it there when it is whole: a file that a power cut left half
// made would be refused ever after.
func create(o Options) error {
	dir := filepath.Dir(o.Path)
	half, err := os.CreateTemp(dir, filepath.Base(o.Path)+".new-*") // for its owner alone
	if err != nil {
		return err
	}
	defer os.Remove(half.Name())
	if err := half.Close(); err != nil {
		return err
	}
	db, _, err := openFile(half.Name(), Options{InitialMmapSize: 1, NoSync: o.NoSync})
	if err != nil {
		return err
	}
	db.NoFreelistSync = false // closed cleanly
	err = db.Update(func(b *bbolt.Tx) error {
		if _, err := b.CreateBucket(dataBucket); err != nil {
			return err
		}
		own, err := b.CreateBucket(storeBucket)
		if err != nil {
			return err
		}
		return errors.Join(own.Put(formatKey, sealedFormat(len(o.Steps)+1)), own.Put(cleanKey, seal(nil, cleanKey, nil)))
	})
	if err := errors.Join(err, db.Close()); err != nil {
		return err
	}
	return place(half.Name(), o.Path)
}

// place moves a file that is complete and synced to where nothing may be yet, and makes that durable.
func place(from, to string) error {
	if _, err := os.Lstat(to); err == nil {
		return fmt.Errorf("%s: %w", to, fs.ErrExist)
	}
	if err := os.Rename(from, to); err != nil {
		return err
	}
	return syncDir(filepath.Dir(to))
}

// syncDir makes the names in a folder durable.
func syncDir(dir string) error {
	if runtime.GOOS == "windows" {
		return nil // has no such call
	}
	d, err := os.Open(dir)
	if err != nil {
		return err
	}
	return errors.Join(d.Sync(), d.Close())
}

// unused returns the name, or the first of name-2, name-3, … that no file has.
func unused(name string) string {
	free := name
	for i := 2; ; i++ {
		if _, err := os.Lstat(free); err != nil {
			return free
		}
		free = fmt.Sprintf("%s-%d", name, i)
	}
}

// The process that has a store writes its number beside it. It is there to be told to people: what keeps a second
// process out is the lock on the store itself.
func ownerFile(path string) string { return path + ".pid" }

func noteOwner(path string) {
	_ = os.WriteFile(ownerFile(path), fmt.Appendln(nil, os.Getpid()), 0o600) // it is a courtesy
}

func forgetOwner(path string) { _ = os.Remove(ownerFile(path)) }

func owner(path string) string {
	b, err := os.ReadFile(ownerFile(path))
	if pid, convErr := strconv.Atoi(strings.TrimSpace(string(b))); err == nil && convErr == nil {
		return fmt.Sprintf("process %d", pid)
	}
	return "another process"
}
