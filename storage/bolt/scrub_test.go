package bolt_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"testing/synctest"

	"trellis/storage"
	"trellis/storage/bolt"
)

// holds says in which files of the folder a text is.
func holds(t *testing.T, dir, text string) (files []string) {
	t.Helper()
	all, err := filepath.Glob(filepath.Join(dir, "*"))
	must(t, err)
	for _, f := range all {
		content, err := os.ReadFile(f)
		must(t, err)
		if bytes.Contains(content, []byte(text)) {
			files = append(files, filepath.Base(f))
		}
	}
	return files
}

// TestScrub deletes words in every way there is and looks for them in the raw files.
func TestScrub(t *testing.T) {
	dir := t.TempDir()
	o := bolt.Options{Path: filepath.Join(dir, "store.db"), NoSync: true, InitialMmapSize: small}
	s := open(t, o)
	const words = "what ana said in confidence"
	fillSome(t, s, 500)
	must(t, s.Update(t.Context(), func(tx storage.Tx) error {
		for i := range 300 {
			if err := set(fmt.Sprintf("said-%d", i), words+strings.Repeat(".", i*20))(tx); err != nil {
				return err
			}
		}
		return set("key "+words, strings.Repeat(words, 1000))(tx)
	}))
	must(t, s.Update(t.Context(), func(tx storage.Tx) error { return set("replaced", words)(tx) }))
	undone := s.Update(t.Context(), func(tx storage.Tx) error { return errors.Join(set("undone", words)(tx), context.Canceled) })
	if !errors.Is(undone, context.Canceled) {
		t.Fatal(undone)
	}
	must(t, s.Update(t.Context(), func(tx storage.Tx) error {
		err := tx.Scan([]byte("said-"), []byte("said."), func(key, _ []byte) (bool, error) { return true, tx.Delete(key) })
		return errors.Join(err, set("replaced", "nothing")(tx), tx.Delete([]byte("key "+words)))
	}))
	if len(holds(t, dir, words)) == 0 {
		t.Fatal("the words are gone before they were scrubbed: the test shows nothing")
	}
	must(t, s.Scrub(t.Context()))
	if in := holds(t, dir, words); in != nil {
		t.Errorf("the words are still in %q", in)
	}
	must(t, s.Check(t.Context()), s.Update(t.Context(), set("after", "1")), s.Check(t.Context()), s.Close())
	s = open(t, o)
	if in := holds(t, dir, words); in != nil {
		t.Errorf("the words are back in %q", in)
	}
	n := 0
	must(t, s.View(t.Context(), func(tx storage.Tx) error {
		return tx.Scan([]byte("key-"), []byte("key."), func(_, _ []byte) (bool, error) { n++; return true, nil })
	}))
	if n != 500 || get(t, s, "replaced") != "nothing" || get(t, s, "after") != "1" {
		t.Errorf("%d of 500 keys are left", n)
	}
}

// TestBackupIsScrubbed deletes words and takes a backup: it must not have them.
func TestBackupIsScrubbed(t *testing.T) {
	dir := t.TempDir()
	s := open(t, bolt.Options{Path: filepath.Join(t.TempDir(), "store.db"), NoSync: true})
	const words = "what ana said in confidence"
	must(t,
		s.Update(t.Context(), set("a", words)),
		s.Update(t.Context(), func(tx storage.Tx) error { return tx.Delete([]byte("a")) }),
		s.Backup(t.Context(), filepath.Join(dir, "backup.db")),
	)
	if in := holds(t, dir, words); in != nil {
		t.Errorf("the words are in %q", in)
	}
}

// TestScrubLeavesViews scrubs, also after a scrub was given up, while a view reads what was deleted since: the scrub
// must wait for it.
func TestScrubLeavesViews(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := open(t, bolt.Options{Path: filepath.Join(t.TempDir(), "store.db"), NoSync: true})
		fillSome(t, s, 2000)
		opened, read := make(chan struct{}), make(chan struct{})
		viewed := make(chan error, 1)
		shown := 0
		go func() {
			viewed <- s.View(t.Context(), func(tx storage.Tx) error {
				close(opened)
				<-read
				return tx.Scan(nil, nil, func(_, _ []byte) (bool, error) { shown++; return true, nil })
			})
		}()
		<-opened
		must(t, s.Update(t.Context(), func(tx storage.Tx) error {
			return tx.Scan(nil, nil, func(key, _ []byte) (bool, error) { return true, tx.Delete(key) })
		}))
		ctx, cancel := context.WithCancel(t.Context())
		givenUp, scrubbed := make(chan error, 1), make(chan error, 1)
		go func() { givenUp <- s.Scrub(ctx) }()
		synctest.Wait()
		cancel()
		if err := <-givenUp; !errors.Is(err, context.Canceled) {
			t.Errorf("a scrub that is given up: %v", err)
		}
		go func() { scrubbed <- s.Scrub(t.Context()) }()
		synctest.Wait()
		select {
		case err := <-scrubbed:
			t.Errorf("the scrub did not wait: %v", err)
		default:
		}
		must(t, s.Update(t.Context(), set("meanwhile", "updates go on")))
		close(read)
		must(t, <-viewed, <-scrubbed)
		if shown != 2000 {
			t.Errorf("the view showed %d keys of 2000", shown)
		}
	})
}

// TestScrubUnderLoad scrubs again and again beside a writer that replaces all values and views that read them.
func TestScrubUnderLoad(t *testing.T) {
	s := open(t, bolt.Options{Path: filepath.Join(t.TempDir(), "store.db"), NoSync: true})
	const keys = 300
	write := func(round int) error {
		return s.Update(t.Context(), func(tx storage.Tx) error {
			for i := range keys {
				if err := set(fmt.Sprintf("key-%d", i), strings.Repeat(fmt.Sprintf("%06d", round), 1+(i+round)%40))(tx); err != nil {
					return err
				}
			}
			return nil
		})
	}
	must(t, write(0))
	stop := make(chan struct{})
	var running sync.WaitGroup
	for range 3 {
		running.Go(func() {
			for {
				select {
				case <-stop:
					return
				default:
				}
				n, round := 0, ""
				err := s.View(t.Context(), func(tx storage.Tx) error {
					return tx.Scan(nil, nil, func(key, value []byte) (bool, error) {
						if n++; round == "" {
							round = string(value[:6])
						}
						if string(value[:6]) != round {
							return false, fmt.Errorf("%q is of round %s, others of %s", key, value[:6], round)
						}
						return true, nil
					})
				})
				if err != nil || n != keys {
					t.Errorf("a view shows %d keys of %d, %v", n, keys, err)
					return
				}
			}
		})
	}
	running.Go(func() {
		for round := 1; ; round++ {
			select {
			case <-stop:
				return
			default:
			}
			if err := write(round); err != nil {
				t.Error(err)
				return
			}
		}
	})
	for range 25 {
		if err := s.Scrub(t.Context()); err != nil {
			t.Error(err)
		}
	}
	close(stop)
	running.Wait()
	must(t, s.Check(t.Context()))
}
