package bolt_test

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"go.etcd.io/bbolt"

	"trellis/storage"
	"trellis/storage/bolt"
)

func set(key, value string) func(storage.Tx) error {
	return func(tx storage.Tx) error { return tx.Put([]byte(key), []byte(value)) }
}

func must(t testing.TB, errs ...error) {
	t.Helper()
	if err := errors.Join(errs...); err != nil {
		t.Fatal(err)
	}
}

// get returns the value under key, "" when there is none.
func get(t testing.TB, s *bolt.Store, key string) (value string) {
	t.Helper()
	must(t, s.View(t.Context(), func(tx storage.Tx) error {
		v, err := tx.Get([]byte(key))
		value = string(v)
		if errors.Is(err, storage.ErrNotFound) {
			return nil
		}
		return err
	}))
	return value
}

func TestFilesAreForTheOwnerAlone(t *testing.T) {
	dir := t.TempDir()
	path := filepath.Join(dir, "store.db")
	s := open(t, bolt.Options{Path: path, NoSync: true})
	must(t, s.Update(t.Context(), set("a", "1")), s.Backup(t.Context(), filepath.Join(dir, "backup.db")), s.Close(), os.Chmod(path, 0o644))
	s = open(t, bolt.Options{Path: path, NoSync: true})
	must(t, filepath.WalkDir(dir, func(path string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		info, err := d.Info()
		if err == nil && info.Mode() != 0o600 {
			t.Errorf("%s has mode %v", path, info.Mode())
		}
		return err
	}))
	must(t, s.Close())
	left, err := filepath.Glob(filepath.Join(dir, "*"))
	must(t, err)
	if len(left) != 2 {
		t.Errorf("left after close: %q, want the store and the backup", left)
	}
}

func TestReadOnly(t *testing.T) {
	path := filepath.Join(t.TempDir(), "store.db")
	if _, err := bolt.Open(t.Context(), bolt.Options{Path: path, ReadOnly: true}); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("without a file: %v", err)
	}
	s := open(t, bolt.Options{Path: path, NoSync: true})
	must(t, s.Update(t.Context(), set("a", "1")), s.Close())
	before, err := os.ReadFile(path)
	must(t, err)
	s = open(t, bolt.Options{Path: path, ReadOnly: true})
	if err := s.Update(t.Context(), set("a", "2")); !errors.Is(err, storage.ErrReadOnly) {
		t.Errorf("update: %v", err)
	}
	if err := s.Scrub(t.Context()); !errors.Is(err, storage.ErrReadOnly) {
		t.Errorf("scrub: %v", err)
	}
	must(t, s.Check(t.Context()))
	if v := get(t, s, "a"); v != "1" {
		t.Errorf("a is %q", v)
	}
	must(t, s.Close())
	if after, err := os.ReadFile(path); err != nil || !bytes.Equal(before, after) {
		t.Errorf("the file was changed, %v", err)
	}
}

// TestForeign hands over files of bbolt that are not ours.
func TestForeign(t *testing.T) {
	for name, buckets := range map[string][]string{
		"no bucket":      nil,
		"another bucket": {"users"},
		"data alone":     {"data"},
		"one too many":   {"data", "trellis", "users"},
	} {
		t.Run(name, func(t *testing.T) {
			path := filepath.Join(t.TempDir(), "store.db")
			db, err := bbolt.Open(path, 0o600, nil)
			must(t, err, db.Update(func(tx *bbolt.Tx) error {
				for _, b := range buckets {
					if _, err := tx.CreateBucket([]byte(b)); err != nil {
						return err
					}
				}
				return nil
			}), db.Close())
			s, err := bolt.Open(t.Context(), bolt.Options{Path: path})
			if err == nil {
				t.Fatal("it was opened", s.Close())
			}
			if !errors.Is(err, storage.ErrDamaged) || !strings.Contains(err.Error(), "not a store of Trellis") {
				t.Errorf("refused with: %v", err)
			}
		})
	}
}

// TestUncleanStop damages a leaf of a store too large to be walked at each start. A clean stop lets it be found by
// Check, an unclean one by the next start.
func TestUncleanStop(t *testing.T) {
	path := filepath.Join(t.TempDir(), "store.db")
	o := bolt.Options{Path: path, NoSync: true}
	s := open(t, o)
	value := bytes.Repeat([]byte("v"), 1000)
	must(t, s.Update(t.Context(), func(tx storage.Tx) error {
		for i := range 9000 {
			if err := tx.Put(fmt.Appendf(nil, "key-%06d", i), value); err != nil {
				return err
			}
		}
		return nil
	}))
	unclean, err := os.ReadFile(path) // while it is open
	must(t, err, s.Close())
	clean, err := os.ReadFile(path)
	must(t, err)
	for name, content := range map[string][]byte{"clean": clean, "unclean": unclean} {
		t.Run(name, func(t *testing.T) {
			at := bytes.Index(content, []byte("key-005000")) + 500
			content[at] ^= 1
			must(t, os.WriteFile(path, content, 0o600))
			s, err := bolt.Open(t.Context(), o)
			if name == "unclean" {
				if !errors.Is(err, storage.ErrDamaged) {
					t.Fatalf("opened: %v", errors.Join(err, s.Close()))
				}
				return
			}
			must(t, err)
			defer s.Close()
			if err := s.Check(t.Context()); !errors.Is(err, storage.ErrDamaged) {
				t.Errorf("check: %v", err)
			}
			if err := s.Backup(t.Context(), path+".backup"); !errors.Is(err, storage.ErrDamaged) {
				t.Errorf("backup: %v", err)
			}
			if v := get(t, s, "key-000001"); v != string(value) {
				t.Errorf("another value is %q", v)
			}
		})
	}
}

// rewrite makes testdata/format-1.db anew. It was written by version 1 of the formats; to write it with another one
// would empty the test of its meaning.
var rewrite = flag.Bool("update", false, "write testdata/format-1.db anew")

const fixture = "testdata/format-1.db"

// promise is what TestFormats keeps, as version 1 knew it.
type promise struct {
	Text  string
	Owner string
}

// promiseNow is what became of it: several may have promised together.
type promiseNow struct {
	Text   string
	Owners []string
}

var group = storage.In("g", "brook street")

func TestWriteFixture(t *testing.T) {
	if !*rewrite {
		return
	}
	must(t, os.MkdirAll("testdata", 0o700))
	if err := os.Remove(fixture); !errors.Is(err, fs.ErrNotExist) {
		must(t, err)
	}
	table := storage.NewTable[promise]("promise", 1)
	table.Index("owner", func(_ string, p promise) []string { return []string{p.Owner} })
	s := open(t, bolt.Options{Path: fixture, InitialMmapSize: small})
	must(t, s.Update(t.Context(), func(tx storage.Tx) error {
		return errors.Join(
			table.Put(tx, group, "c1", promise{"publish the readings", "ana"}),
			table.Put(tx, group, "c2", promise{"bring the sensor", "ben"}),
			table.Put(tx, storage.Global, "c3", promise{"call the council", "ana"}),
		)
	}), s.Close())
}

// TestFormats opens a store written by version 1 of all formats with a version that has moved on.
func TestFormats(t *testing.T) {
	old, err := os.ReadFile(fixture)
	must(t, err)
	path := filepath.Join(t.TempDir(), "store.db")
	must(t, os.WriteFile(path, old, 0o600))

	table := storage.NewTable[promiseNow]("promise", 2).Migrate(1, func(old json.RawMessage) (json.RawMessage, error) {
		return bytes.Replace(bytes.Replace(old, []byte(`"Owner":`), []byte(`"Owners":[`), 1), []byte(`"}`), []byte(`"]}`), 1), nil
	})
	owners := table.Index("owners", func(_ string, p promiseNow) []string { return p.Owners })
	reindex := func(tx storage.Tx) error {
		return errors.Join(table.Reindex(tx, storage.Global), storage.Scopes(tx, "g", func(in storage.Scope, _ string) (bool, error) {
			return true, table.Reindex(tx, in)
		}))
	}
	steps := []storage.Step{reindex, func(tx storage.Tx) error { return table.Delete(tx, storage.Global, "c3") }}

	s := open(t, bolt.Options{Path: path, Steps: steps, NoSync: true})
	must(t, s.View(t.Context(), func(tx storage.Tx) error {
		got := map[string]string{}
		err := owners.Find(tx, group, "ana", func(key string, p promiseNow) (bool, error) {
			got[key] = p.Text
			return true, nil
		})
		if len(got) != 1 || got["c1"] != "publish the readings" {
			t.Errorf("ana's are %v", got)
		}
		if has, _ := table.Has(tx, storage.Global, "c3"); has {
			t.Error("the second step was not taken")
		}
		return err
	}), s.Close())

	copied := open(t, bolt.Options{Path: path + ".format-1", ReadOnly: true})
	before := storage.NewTable[promise]("promise", 1)
	must(t, copied.View(t.Context(), func(tx storage.Tx) error {
		if p, err := before.Get(tx, storage.Global, "c3"); err != nil || p.Owner != "ana" {
			t.Errorf("the copy has %v, %v", p, err)
		}
		return nil
	}))

	for _, known := range [][]storage.Step{nil, steps[:1]} {
		if s, err := bolt.Open(t.Context(), bolt.Options{Path: path, Steps: known}); !errors.Is(err, storage.ErrNewer) {
			t.Errorf("a newer store: %v, %v", s, err)
		}
	}
	again := open(t, bolt.Options{Path: path, Steps: append(steps, func(storage.Tx) error { return errors.New("mine") })[:2], NoSync: true})
	must(t, again.Close())
	if left, err := filepath.Glob(path + ".format-*"); err != nil || len(left) != 1 {
		t.Errorf("copies: %q, %v", left, err)
	}
}

// TestStepFails leaves a store that the older version can still open.
func TestStepFails(t *testing.T) {
	path := filepath.Join(t.TempDir(), "store.db")
	s := open(t, bolt.Options{Path: path, NoSync: true})
	must(t, s.Update(t.Context(), set("a", "1")), s.Close())
	mine := errors.New("mine")
	_, err := bolt.Open(t.Context(), bolt.Options{Path: path, NoSync: true, Steps: []storage.Step{func(tx storage.Tx) error {
		return errors.Join(set("a", "2")(tx), mine)
	}}})
	if !errors.Is(err, mine) {
		t.Errorf("open: %v", err)
	}
	if v := get(t, open(t, bolt.Options{Path: path, NoSync: true}), "a"); v != "1" {
		t.Errorf("a is %q", v)
	}
}

// TestHalfMade leaves what a power cut leaves while a new store is made: it is no obstacle.
func TestHalfMade(t *testing.T) {
	path := filepath.Join(t.TempDir(), "store.db")
	must(t, os.WriteFile(path+".new-123", nil, 0o600))
	must(t, open(t, bolt.Options{Path: path, NoSync: true}).Close())
}

// TestFewAddresses asks for more addresses than a process has: the wish is dropped, not the store.
func TestFewAddresses(t *testing.T) {
	s := open(t, bolt.Options{Path: filepath.Join(t.TempDir(), "store.db"), NoSync: true, InitialMmapSize: 1 << 47})
	fillSome(t, s, 100)
	must(t, s.Check(t.Context()))
}

func TestNoFolder(t *testing.T) {
	if _, err := bolt.Open(context.Background(), bolt.Options{Path: filepath.Join(t.TempDir(), "none", "store.db")}); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("open: %v", err)
	}
}
