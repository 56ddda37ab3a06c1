package bolt_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"sync/atomic"
	"testing"

	"trellis/storage"
	"trellis/storage/bolt"
)

// TestBackupWhileWriting takes backups beside a writer that keeps two keys equal: each one must have them so, and
// not be older than what was committed when it began.
func TestBackupWhileWriting(t *testing.T) {
	dir := t.TempDir()
	s := open(t, bolt.Options{Path: filepath.Join(dir, "store.db"), NoSync: true})
	fillSome(t, s, 2000)
	var committed atomic.Int64
	stop, stopped := make(chan struct{}), make(chan error, 1)
	go func() {
		for n := int64(1); ; n++ {
			select {
			case <-stop:
				stopped <- nil
				return
			default:
			}
			err := s.Update(t.Context(), func(tx storage.Tx) error {
				v := fmt.Sprintf("%08d", n)
				return errors.Join(set("a", v)(tx), set("z", v)(tx), set("key-"+fmt.Sprint(n%2000), v)(tx))
			})
			if err != nil {
				stopped <- err
				return
			}
			committed.Store(n)
		}
	}()
	for i := range 8 {
		least := committed.Load()
		path := filepath.Join(dir, fmt.Sprintf("backup-%d.db", i))
		must(t, s.Backup(t.Context(), path))
		b := open(t, bolt.Options{Path: path, ReadOnly: true})
		a, z := get(t, b, "a"), get(t, b, "z")
		if a != z || least > 0 && a < fmt.Sprintf("%08d", least) {
			t.Errorf("backup %d has %q and %q, %d was committed before", i, a, z, least)
		}
	}
	close(stop)
	must(t, <-stopped)
}

func TestBackupRefuses(t *testing.T) {
	dir := t.TempDir()
	s := open(t, bolt.Options{Path: filepath.Join(dir, "store.db"), NoSync: true})
	there := filepath.Join(dir, "there")
	must(t, os.WriteFile(there, []byte("precious"), 0o600))
	if err := s.Backup(t.Context(), there); !errors.Is(err, fs.ErrExist) {
		t.Errorf("over another file: %v", err)
	}
	if err := s.Backup(t.Context(), filepath.Join(dir, "none", "backup")); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("into no folder: %v", err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if err := s.Backup(ctx, filepath.Join(dir, "cancelled")); !errors.Is(err, context.Canceled) {
		t.Errorf("cancelled: %v", err)
	}
	left, err := filepath.Glob(filepath.Join(dir, "*"))
	must(t, err)
	if len(left) != 3 { // the store, its owner's number, and the other file
		t.Errorf("left: %q", left)
	}
}

func TestRestore(t *testing.T) {
	dir := t.TempDir()
	path, backup := filepath.Join(dir, "store.db"), filepath.Join(dir, "backup.db")
	o := bolt.Options{Path: path, NoSync: true}
	s := open(t, o)
	must(t, s.Update(t.Context(), set("a", "1")), s.Backup(t.Context(), backup), s.Update(t.Context(), set("a", "2")))
	if _, err := bolt.Restore(t.Context(), backup, path, true); !errors.Is(err, storage.ErrInUse) {
		t.Errorf("over an open store: %v", err)
	}
	must(t, s.Close())
	if _, err := bolt.Restore(t.Context(), backup, path, false); !errors.Is(err, fs.ErrExist) || !strings.Contains(err.Error(), "--force") {
		t.Errorf("without force: %v", err)
	}
	if _, err := bolt.Restore(t.Context(), path, path, true); err == nil {
		t.Error("a store was restored from itself")
	}
	kept, err := bolt.Restore(t.Context(), backup, path, true)
	must(t, err)
	if v := get(t, open(t, o), "a"); v != "1" {
		t.Errorf("restored: %q", v)
	}
	if v := get(t, open(t, bolt.Options{Path: kept, ReadOnly: true}), "a"); v != "2" {
		t.Errorf("kept beside in %s: %q", kept, v)
	}

	fresh := filepath.Join(dir, "fresh.db")
	if kept, err := bolt.Restore(t.Context(), backup, fresh, false); err != nil || kept != "" {
		t.Errorf("to where nothing was: %q, %v", kept, err)
	}
	if v := get(t, open(t, bolt.Options{Path: fresh, NoSync: true}), "a"); v != "1" {
		t.Errorf("restored to where nothing was: %q", v)
	}
}

// TestRestoreDamaged restores over a damaged store, and not from a damaged backup.
func TestRestoreDamaged(t *testing.T) {
	dir := t.TempDir()
	path, backup := filepath.Join(dir, "store.db"), filepath.Join(dir, "backup.db")
	o := bolt.Options{Path: path, NoSync: true}
	s := open(t, o)
	must(t, s.Update(t.Context(), set("a", "a value to be found")), s.Backup(t.Context(), backup), s.Close())
	must(t, os.WriteFile(path, nil, 0o600))
	_, err := bolt.Restore(t.Context(), backup, path, true)
	must(t, err)
	if v := get(t, open(t, o), "a"); v != "a value to be found" {
		t.Errorf("restored over an empty file: %q", v)
	}

	content, err := os.ReadFile(backup)
	must(t, err)
	at := bytes.Index(content, []byte("a value to be found"))
	content[at] ^= 1
	must(t, os.WriteFile(backup, content, 0o600))
	to := filepath.Join(dir, "other.db")
	if _, err := bolt.Restore(t.Context(), backup, to, false); !errors.Is(err, storage.ErrDamaged) {
		t.Errorf("from a damaged backup: %v", err)
	}
	if _, err := os.Stat(to); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("something was restored: %v", err)
	}
}
