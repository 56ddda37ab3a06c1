package bolt_test

import (
	"encoding/binary"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"testing"

	"go.etcd.io/bbolt"
	"pgregory.net/rapid"

	"trellis/storage"
	"trellis/storage/bolt"
)

// TestPagesGoBad damages pages under an open store in the ways in which bbolt panics or faults. Each transaction
// must end with ErrDamaged, and the process go on.
func TestPagesGoBad(t *testing.T) {
	page := int64(os.Getpagesize())
	rows := map[string]func(t *testing.T, f *os.File, pages int64){
		"other numbers": func(t *testing.T, f *os.File, pages int64) { // a page says that it is another
			overwrite(t, f, pages, 0, binary.NativeEndian.AppendUint64(nil, 77))
		},
		"other kinds": func(t *testing.T, f *os.File, pages int64) {
			overwrite(t, f, pages, 8, []byte{0x40, 0})
		},
		"entries without end": func(t *testing.T, f *os.File, pages int64) {
			overwrite(t, f, pages, 10, []byte{0xff, 0xff})
		},
		"entries far outside": func(t *testing.T, f *os.File, pages int64) {
			far := make([]byte, page-16)
			for i := range far {
				far[i] = 0x7f
			}
			overwrite(t, f, pages, 16, far)
		},
		"cut off": func(t *testing.T, f *os.File, _ int64) { must(t, f.Truncate(2*page)) },
	}
	for name, spoil := range rows {
		t.Run(name, func(t *testing.T) {
			path := filepath.Join(t.TempDir(), "store.db")
			s, err := bolt.Open(t.Context(), bolt.Options{Path: path, NoSync: true})
			must(t, err)
			fillSome(t, s, 3000)
			f, err := os.OpenFile(path, os.O_RDWR, 0)
			must(t, err)
			defer f.Close()
			stats, err := s.Stats(t.Context())
			must(t, err)
			spoil(t, f, stats.Bytes/page)

			all := func(tx storage.Tx) error {
				return tx.Scan(nil, nil, func(_, _ []byte) (bool, error) { return true, nil })
			}
			write := func(tx storage.Tx) error {
				for i := range 3000 {
					if err := tx.Put(fmt.Appendf(nil, "key-%d", i), []byte("new")); err != nil {
						return err
					}
				}
				return nil
			}
			one := func(tx storage.Tx) error { _, err := tx.Get([]byte("key-1234")); return err }
			swallow := func(tx storage.Tx) error { _ = write(tx); return nil }
			for range 2 {
				for what, err := range map[string]error{
					"get":              s.View(t.Context(), one),
					"scan":             s.View(t.Context(), all),
					"put":              s.Update(t.Context(), write),
					"an overlooked":    s.Update(t.Context(), swallow),
					"delete":           s.Update(t.Context(), func(tx storage.Tx) error { return tx.Delete([]byte("key-1234")) }),
					"check":            s.Check(t.Context()),
					"backup":           s.Backup(t.Context(), path+".backup"),
					"get in an update": s.Update(t.Context(), one),
				} {
					if !errors.Is(err, storage.ErrDamaged) {
						t.Errorf("%s: %v", what, err)
					}
				}
			}
			_ = s.Close() // it may fail, and must end
		})
	}
}

// overwrite writes b at the same place of each page but the heads.
func overwrite(t *testing.T, f *os.File, pages, at int64, b []byte) {
	t.Helper()
	for p := int64(2); p < pages; p++ {
		if _, err := f.WriteAt(b, p*int64(os.Getpagesize())+at); err != nil {
			t.Fatal(err)
		}
	}
}

func fillSome(t *testing.T, s *bolt.Store, n int) {
	t.Helper()
	must(t, s.Update(t.Context(), func(tx storage.Tx) error {
		for i := range n {
			if err := tx.Put(fmt.Appendf(nil, "key-%d", i), fmt.Appendf(nil, "value-%d", i)); err != nil {
				return err
			}
		}
		return nil
	}))
}

// TestWalkAgrees lets bbolt's own check look at what our walk finds whole, after whatever was written.
func TestWalkAgrees(t *testing.T) {
	path := filepath.Join(t.TempDir(), "store.db")
	rapid.Check(t, func(r *rapid.T) {
		must(t, os.RemoveAll(path))
		s, err := bolt.Open(t.Context(), bolt.Options{Path: path, NoSync: true, InitialMmapSize: small})
		must(t, err)
		for range rapid.IntRange(1, 5).Draw(r, "transactions") {
			must(t, s.Update(t.Context(), func(tx storage.Tx) error {
				from, n := rapid.IntRange(0, 2000).Draw(r, "from"), rapid.IntRange(0, 800).Draw(r, "n")
				size, drop := rapid.IntRange(0, 9000).Draw(r, "size"), rapid.Bool().Draw(r, "drop")
				for i := from; i < from+n; i++ {
					key := fmt.Appendf(nil, "key-%d", i)
					err := tx.Delete(key)
					if !drop {
						err = tx.Put(key, make([]byte, size/(1+i%17)))
					}
					if err != nil {
						return err
					}
				}
				return nil
			}))
			if err := s.Check(t.Context()); err != nil {
				r.Fatalf("our walk: %v", err)
			}
		}
		must(t, s.Close())
		db, err := bbolt.Open(path, 0o600, &bbolt.Options{ReadOnly: true})
		must(t, err)
		defer db.Close()
		must(t, db.View(func(tx *bbolt.Tx) error {
			for err := range tx.Check() {
				r.Errorf("bbolt's check: %v", err)
			}
			return nil
		}))
	})
}
