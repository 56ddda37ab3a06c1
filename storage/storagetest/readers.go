package storagetest

import (
	"fmt"
	"sync"
	"testing"

	"trellis/storage"
)

// readers: many views at once beside a writer each see one whole commit, and later views no earlier one.
func readers(t *testing.T, s Suite) {
	const (
		keys    = 40
		commits = 60
		views   = 4
	)
	store := s.Open(t)
	write := func(round int) error {
		return store.Update(t.Context(), func(tx storage.Tx) error {
			for k := range keys {
				if err := tx.Put(fmt.Appendf(nil, "k%02d", k), fmt.Appendf(nil, "%04d", round)); err != nil {
					return err
				}
			}
			return nil
		})
	}
	if err := write(0); err != nil {
		t.Fatal(err)
	}
	stop := make(chan struct{})
	var running sync.WaitGroup
	for range views {
		running.Go(func() {
			last := ""
			for {
				select {
				case <-stop:
					return
				default:
				}
				err := store.View(t.Context(), func(tx storage.Tx) error {
					pairs, err := all(tx, "", "")
					if err != nil {
						return err
					}
					for _, p := range pairs {
						if p.value != pairs[0].value || len(pairs) != keys {
							return fmt.Errorf("half a commit: %v", pairs)
						}
					}
					if pairs[0].value < last {
						return fmt.Errorf("commit %s after %s", pairs[0].value, last)
					}
					last = pairs[0].value
					return nil
				})
				if err != nil {
					t.Error(err)
					return
				}
			}
		})
	}
	for round := range commits {
		if err := write(round + 1); err != nil {
			t.Error(err)
		}
	}
	close(stop)
	running.Wait()
}
