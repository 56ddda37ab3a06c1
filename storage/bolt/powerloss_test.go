package bolt_test

import (
	"bytes"
	"errors"
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"testing"

	"trellis/storage"
	"trellis/storage/bolt"
	"trellis/storage/storagetest"
)

// TestPowerLoss cuts the power in each of many commits and opens what is left: it must be at the commit before, or
// at this one. With syncing off the same test has to find commits that are lost or torn.
func TestPowerLoss(t *testing.T) {
	for _, syncing := range []bool{true, false} {
		t.Run(fmt.Sprintf("syncing=%v", syncing), func(t *testing.T) {
			images, bad := cutPower(t, syncing)
			t.Logf("%d images, %d not at a commit", images, bad)
			if syncing && bad > 0 {
				t.Errorf("%d of %d images are not at a commit", bad, images)
			}
			if !syncing && bad == 0 {
				t.Error("the control found nothing: the test shows nothing")
			}
		})
	}
}

func cutPower(t *testing.T, syncing bool) (images, bad int) {
	const commits, cuts = 25, 8
	dir := t.TempDir()
	path, cut := filepath.Join(dir, "store.db"), filepath.Join(dir, "cut.db")
	s := open(t, bolt.Options{Path: path, InitialMmapSize: small, NoSync: !syncing})
	rnd := rand.New(rand.NewPCG(9, 10))
	for n := range commits {
		before, err := os.ReadFile(path)
		must(t, err, s.Update(t.Context(), func(tx storage.Tx) error { return writeCommit(tx, n) }))
		after, err := os.ReadFile(path)
		must(t, err)
		i := storagetest.Images{Before: before, After: after, PageSize: os.Getpagesize(), Syncing: syncing}
		if data, meta := i.Changed(); len(data) == 0 || len(meta) != 1 {
			t.Fatalf("commit %d wrote pages %v and meta pages %v", n, data, meta)
		}
		for range cuts {
			images++
			must(t, os.RemoveAll(cut), os.WriteFile(cut, i.Image(rnd), 0o600))
			if err := atCommit(t, cut, n-1); err != nil {
				if bad++; syncing {
					t.Errorf("commit %d: %v", n, err)
				}
			}
		}
	}
	return images, bad
}

// writeCommit writes commit n: it counts in all of 40 keys, and moves a few large values about.
func writeCommit(tx storage.Tx, n int) error {
	for k := range 40 {
		if err := set(fmt.Sprintf("k%02d", k*7%40), fmt.Sprint(n))(tx); err != nil {
			return err
		}
	}
	return errors.Join(
		tx.Put(fmt.Appendf(nil, "large-%d", n%5), bytes.Repeat([]byte{byte(n)}, 6000)),
		tx.Delete(fmt.Appendf(nil, "large-%d", (n+2)%5)),
	)
}

// atCommit says whether the store in the file is at commit n, or the one after it; before the first one it is empty.
func atCommit(t *testing.T, path string, n int) error {
	s, err := bolt.Open(t.Context(), bolt.Options{Path: path, NoSync: true, InitialMmapSize: small})
	if err != nil {
		return err
	}
	defer s.Close()
	return s.View(t.Context(), func(tx storage.Tx) error {
		seen := map[string]int{}
		err := tx.Scan([]byte("k"), []byte("l"), func(_, value []byte) (bool, error) { seen[string(value)]++; return true, nil })
		if err != nil {
			return err
		}
		if n < 0 && len(seen) == 0 || seen[fmt.Sprint(n)] == 40 || seen[fmt.Sprint(n+1)] == 40 {
			return nil
		}
		return fmt.Errorf("the store shows %v, want 40 of %d or the next", seen, n)
	})
}
