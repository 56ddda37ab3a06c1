package bolt_test

import (
	"os"
	"path/filepath"
	"testing"

	"go.uber.org/goleak"

	"trellis/storage"
	"trellis/storage/bolt"
	"trellis/storage/storagetest"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// small makes files that tests read and write as a whole.
const small = 1 << 15

func open(t testing.TB, o bolt.Options) *bolt.Store {
	t.Helper()
	s, err := bolt.Open(t.Context(), o)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := s.Close(); err != nil {
			t.Error(err)
		}
	})
	return s
}

func TestStore(t *testing.T) {
	paths := map[storage.Store]string{}
	storagetest.Suite{
		Open: func(t testing.TB) storage.Store {
			path := filepath.Join(t.TempDir(), "store.db")
			s := open(t, bolt.Options{Path: path, NoSync: true, InitialMmapSize: 1 << 30})
			paths[s] = path
			return s
		},
		Reopen: func(t testing.TB, s storage.Store) storage.Store {
			if err := s.Close(); err != nil {
				t.Fatal(err)
			}
			path := paths[s]
			again := open(t, bolt.Options{Path: path, NoSync: true, InitialMmapSize: 1 << 30})
			paths[again] = path
			return again
		},
		File: &storagetest.File{
			Open: func(path string) (storage.Store, error) {
				return bolt.Open(t.Context(), bolt.Options{Path: path, NoSync: true, InitialMmapSize: small})
			},
			PageSize: os.Getpagesize(),
		},
	}.Run(t)
}
