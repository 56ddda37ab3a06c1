package bot

import (
	"context"
	"errors"
	"slices"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"trellis/adapters/chat"
	"trellis/flows"
	"trellis/flows/words"
	"trellis/storage"
)

// erasing notes what an engine wants forgotten and overwritten.
type erasing struct {
	mu     sync.Mutex // guards what follows
	forgot []chat.Place
	erased int
	fault  error // what forgetting returns
}

func (e *erasing) config(t *testing.T, store storage.Store, p chat.Adapter) Config {
	catalogues, err := words.Load()
	if err != nil {
		t.Fatal(err)
	}
	vanish := flows.Flow{Name: "vanish", Commands: flows.Commands{
		"vanish": {Usage: "", Run: func(t *flows.Turn, _ flows.Command) error { return t.Forget(t.Person()) }},
	}}
	book, err := flows.New(flows.Options{Flows: []flows.Flow{counter, vanish}, Words: catalogues})
	if err != nil {
		t.Fatal(err)
	}
	return Config{
		Options: Options{Store: store, Book: book}, Adapters: []chat.Adapter{p},
		Forget: func(_ context.Context, p chat.Place) error {
			e.mu.Lock()
			defer e.mu.Unlock()
			e.forgot = append(e.forgot, p)
			return e.fault
		},
		Erase: func(context.Context) error {
			e.mu.Lock()
			defer e.mu.Unlock()
			e.erased++
			return nil
		},
	}
}

// since returns what happened since it was last asked.
func (e *erasing) since() (forgot []chat.Place, erased int) {
	e.mu.Lock()
	defer e.mu.Unlock()
	forgot, erased = e.forgot, e.erased
	e.forgot, e.erased = nil, 0
	return forgot, erased
}

func (e *erasing) fail(err error) {
	e.mu.Lock()
	defer e.mu.Unlock()
	e.fault = err
}

func TestWhatWasDeletedIsOverwrittenOnceADay(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p, e := newScripted(), &erasing{}
		stop := runEngine(t, e.config(t, storage.Memory(), p))
		defer stop()
		in := <-p.inbox
		hours := func(n time.Duration, want int, why string) {
			t.Helper()
			time.Sleep(n * time.Hour)
			synctest.Wait()
			if _, erased := e.since(); erased != want {
				t.Errorf("%s: overwritten %d times, want %d", why, erased, want)
			}
		}
		hours(1, 1, "soon after the start, for what the process before left")
		hours(24, 0, "on a day on which nothing was written")
		if _, err := in.Accept(t.Context(), said("e1", "say hello")); err != nil {
			t.Fatal(err)
		}
		hours(22, 0, "before the day is over")
		hours(2, 1, "at the end of a day on which something was written")
		hours(7*24, 1, "in the week after it, when it is no longer noted that the event was seen")
		hours(7*24, 0, "in a quiet week")
	})
}

// An adapter forgets who was forgotten, however often that fails and whatever happens to the process meanwhile.
func TestAdapterForgets(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p, e, store := newScripted(), &erasing{}, storage.Memory()
		e.fail(errors.New("the disk is full"))
		stop := runEngine(t, e.config(t, store, p))
		in := <-p.inbox
		for _, text := range []string{"say hello", "vanish"} {
			if _, err := in.Accept(t.Context(), said(text, text)); err != nil {
				t.Fatal(err)
			}
		}
		synctest.Wait()
		ana := []chat.Place{{Platform: here, Account: "ana"}}
		want := func(times int, why string) {
			t.Helper()
			forgot, erased := e.since()
			if !slices.Equal(forgot, slices.Repeat(ana, times)) || erased == 0 && times > 0 {
				t.Errorf("%s: told to forget %v, and overwritten %d times", why, forgot, erased)
			}
		}
		want(1, "at once")
		time.Sleep(25 * time.Hour)
		synctest.Wait()
		want(2, "with the housekeeping, soon after the start and a day later")
		stop()
		e.fail(nil)
		q := newScripted()
		stop = runEngine(t, e.config(t, store, q))
		<-q.inbox
		time.Sleep(time.Hour)
		synctest.Wait()
		want(1, "after a restart")
		time.Sleep(48 * time.Hour)
		synctest.Wait()
		want(0, "after that")
		stop()
	})
}
