package bot

import (
	"context"
	"errors"
	"io"
	"net/http"
	"net/http/httptest"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"trellis/adapters/chat"
	"trellis/flows"
	"trellis/flows/words"
	"trellis/storage"
)

// scripted is a platform whose every delivery ends as a test says.
type scripted struct {
	inbox   chan chat.Inbox
	deliver func(ctx context.Context, d chat.Delivery) (chat.Receipt, error) // nil: taken at once
	run     error                                                            // what Run returns at once; nil: when ctx ends

	mu   sync.Mutex // guards took
	took []chat.Delivery
}

func newScripted() *scripted { return &scripted{inbox: make(chan chat.Inbox, 1)} }

func (s *scripted) Platform() chat.Platform { return here }

func (s *scripted) Run(ctx context.Context, in chat.Inbox) error {
	if s.run != nil {
		return s.run
	}
	s.inbox <- in
	<-ctx.Done()
	return nil
}

func (s *scripted) Deliver(ctx context.Context, d chat.Delivery) (chat.Receipt, error) {
	if s.deliver != nil {
		if r, err := s.deliver(ctx, d); err != nil {
			return r, err
		}
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.took = append(s.took, d)
	return chat.Receipt{Message: chat.MessageID("m" + string(d.ID))}, nil
}

func (s *scripted) texts() (all []string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, d := range s.took {
		all = append(all, d.Message.Text.Plain())
	}
	return all
}

func said(id, text string) chat.Batch {
	return chat.Batch{Events: []chat.Event{{
		ID: chat.EventID(id), At: time.Now(), Room: "#air", By: chat.Profile{Account: "ana", Name: "ana"}, What: chat.Command{Text: text},
	}}}
}

func TestEngineTakesInFiresAndDelivers(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p := newScripted()
		stop := runEngine(t, Config{Options: Options{Store: storage.Memory(), Book: newBook(t)}, Adapters: []chat.Adapter{p}})
		defer stop()
		in := <-p.inbox
		var all sync.WaitGroup
		for _, text := range []string{"say one", "remind 60 timer", "fill x"} {
			all.Go(func() {
				replies, err := in.Accept(t.Context(), said(text, text))
				if err != nil || (len(replies) == 1) != (text == "fill x") {
					t.Errorf("%s: %v, %v", text, replies, err)
				}
			})
		}
		all.Wait()
		time.Sleep(59 * time.Second)
		if got := strings.Join(p.texts(), ", "); got != "one" {
			t.Errorf("after 59 s people saw %s", got)
		}
		time.Sleep(time.Second)
		synctest.Wait()
		if got := strings.Join(p.texts(), ", "); got != "one, timer" {
			t.Errorf("after a minute people saw %s", got)
		}
	})
}

func TestShutdownStoresWhatEndsWithinTheGrace(t *testing.T) {
	for name, c := range map[string]struct {
		takes time.Duration
		doubt bool
	}{"within": {5 * time.Second, false}, "beyond": {time.Minute, true}} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				store := storage.Memory()
				p := newScripted()
				p.deliver = func(ctx context.Context, _ chat.Delivery) (chat.Receipt, error) {
					return chat.Receipt{}, pause(ctx, c.takes)
				}
				stop := runEngine(t, Config{Options: Options{Store: store, Book: newBook(t)}, Adapters: []chat.Adapter{p}})
				in := <-p.inbox
				for _, text := range []string{"say one", "say two"} {
					if _, err := in.Accept(t.Context(), said(text, text)); err != nil {
						t.Fatal(err)
					}
				}
				synctest.Wait()
				start := time.Now()
				stop()
				if took := time.Since(start); took > usualGrace {
					t.Errorf("stopping took %s", took)
				}
				if _, err := in.Accept(t.Context(), said("late", "say late")); !errors.Is(err, ErrClosing) {
					t.Errorf("after the end Accept returned %v", err)
				}
				q := newScripted()
				again := runEngine(t, Config{Options: Options{Store: store, Book: newBook(t)}, Adapters: []chat.Adapter{q}})
				defer again()
				time.Sleep(time.Minute)
				want := "two"
				if c.doubt {
					want = "one, two"
				}
				if got := strings.Join(q.texts(), ", "); got != want {
					t.Errorf("after the restart %q was sent, want %q", got, want)
				}
				q.mu.Lock()
				defer q.mu.Unlock()
				if len(q.took) > 0 && q.took[0].Doubt != c.doubt {
					t.Errorf("the first one is in doubt: %t", q.took[0].Doubt)
				}
			})
		})
	}
}

func TestFullDiskRefusesAndGoesOn(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		store := &brittle{Store: storage.Memory()}
		p := newScripted()
		e, stop := startEngine(t, Config{Options: Options{Store: store, Book: newBook(t)}, Adapters: []chat.Adapter{p}})
		defer stop()
		in := <-p.inbox
		if _, err := in.Accept(t.Context(), said("a", "remind 30 timer")); err != nil {
			t.Fatal(err)
		}
		store.fails.Store(&storage.ErrFull)
		time.Sleep(time.Minute) // the timer is due, and cannot be stored
		if _, err := in.Accept(t.Context(), said("b", "say one")); !errors.Is(err, storage.ErrFull) {
			t.Errorf("a full disk: %v", err)
		}
		if code, text := get200(e.Readyz()); code != http.StatusServiceUnavailable || !strings.Contains(text, "full") {
			t.Errorf("readyz: %d %s", code, text)
		}
		if code, text := get200(e.Healthz()); code != http.StatusOK {
			t.Errorf("healthz: %d %s", code, text)
		}
		store.fails.Store(nil)
		if _, err := in.Accept(t.Context(), said("b", "say one")); err != nil {
			t.Errorf("with room again: %v", err)
		}
		time.Sleep(time.Minute)
		if got := strings.Join(p.texts(), ", "); got != "one, timer" && got != "timer, one" {
			t.Errorf("people saw %q", got)
		}
		if code, text := get200(e.Readyz()); code != http.StatusOK {
			t.Errorf("readyz: %d %s", code, text)
		}
	})
}

func TestDamagedStoreEndsTheEngine(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		store := &brittle{Store: storage.Memory()}
		p := newScripted()
		e, err := New(Config{Options: Options{Store: store, Book: newBook(t)}, Adapters: []chat.Adapter{p}})
		if err != nil {
			t.Fatal(err)
		}
		done := make(chan error, 1)
		go func() { done <- e.Run(t.Context()) }()
		in := <-p.inbox
		store.fails.Store(&storage.ErrDamaged)
		if _, err := in.Accept(t.Context(), said("b", "say one")); !errors.Is(err, storage.ErrDamaged) {
			t.Errorf("Accept returned %v", err)
		}
		if err := <-done; !errors.Is(err, storage.ErrDamaged) {
			t.Errorf("Run returned %v", err)
		}
		if code, _ := get200(e.Healthz()); code != http.StatusServiceUnavailable {
			t.Errorf("healthz: %d", code)
		}
	})
}

func TestOneSpoiltBatchSpoilsNoOther(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p := newScripted()
		stop := runEngine(t, Config{Options: Options{Store: storage.Memory(), Book: newBook(t)}, Adapters: []chat.Adapter{p}})
		defer stop()
		in := <-p.inbox
		var all sync.WaitGroup
		for _, b := range []chat.Batch{
			said("a", "say one"), {Keep: []chat.Record{{Name: strings.Repeat("x", storage.MaxKey), Value: []byte("v")}}}, said("b", "say two"),
		} {
			all.Go(func() {
				if _, err := in.Accept(t.Context(), b); (err != nil) != (len(b.Keep) > 0) {
					t.Errorf("%+v: %v", b, err)
				}
			})
		}
		all.Wait()
		synctest.Wait()
		if got := p.texts(); len(got) != 2 {
			t.Errorf("people saw %q", got)
		}
	})
}

func TestAdapterThatEndsLeavesTheOthers(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p, q := newScripted(), &refused{newScripted()}
		q.run = errors.New("invalid_auth")
		e, stop := startEngine(t, Config{Options: Options{Store: storage.Memory(), Book: newBook(t)}, Adapters: []chat.Adapter{p, q}})
		defer stop()
		in := <-p.inbox
		if _, err := in.Accept(t.Context(), said("a", "say one")); err != nil {
			t.Fatal(err)
		}
		synctest.Wait()
		if code, text := get200(e.Readyz()); code != http.StatusServiceUnavailable || !strings.Contains(text, "there has ended: invalid_auth") {
			t.Errorf("readyz: %d %s", code, text)
		}
		if len(p.texts()) != 1 {
			t.Error("the other adapter does not go on")
		}
	})
}

func TestEngineEndsWhenNoAdapterIsLeft(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p := newScripted()
		p.run = errors.New("invalid_auth")
		e, err := New(Config{Options: Options{Store: storage.Memory(), Book: newBook(t)}, Adapters: []chat.Adapter{p}})
		if err != nil {
			t.Fatal(err)
		}
		if err := e.Run(t.Context()); err == nil || !strings.Contains(err.Error(), "run here: invalid_auth") {
			t.Errorf("Run returned %v", err)
		}
	})
}

// refused is a scripted adapter of another platform.
type refused struct{ *scripted }

func (*refused) Platform() chat.Platform { return "there" }

func TestAdapterThatPanicsIsInDoubt(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p := newScripted()
		first := true
		p.deliver = func(context.Context, chat.Delivery) (chat.Receipt, error) {
			if first {
				first = false
				panic("a bug")
			}
			return chat.Receipt{}, nil
		}
		stop := runEngine(t, Config{Options: Options{Store: storage.Memory(), Book: newBook(t)}, Adapters: []chat.Adapter{p}})
		defer stop()
		if _, err := (<-p.inbox).Accept(t.Context(), said("a", "say one")); err != nil {
			t.Fatal(err)
		}
		time.Sleep(time.Minute)
		p.mu.Lock()
		defer p.mu.Unlock()
		if len(p.took) != 1 || !p.took[0].Doubt {
			t.Errorf("taken: %+v", p.took)
		}
	})
}

func TestTurnThatDoesNotEndIsNoticedAndSetAside(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		begun, store := filepath.Join(t.TempDir(), "begun"), storage.Memory()
		release := make(chan struct{})
		spin := flows.Flow{Name: "spin", Commands: flows.Commands{"spin": {Usage: "TEXT", Run: func(*flows.Turn, flows.Command) error {
			<-release
			return nil
		}}}}
		catalogues, err := words.Load()
		if err != nil {
			t.Fatal(err)
		}
		book, err := flows.New(flows.Options{Flows: []flows.Flow{counter, spin}, Words: catalogues})
		if err != nil {
			t.Fatal(err)
		}
		p := newScripted()
		e, stop := startEngine(t, Config{Options: Options{Store: store, Book: book}, Adapters: []chat.Adapter{p}, Begun: begun})
		in := <-p.inbox
		done := make(chan struct{})
		go func() {
			defer close(done)
			_, _ = in.Accept(t.Context(), said("bad", "spin x"))
		}()
		time.Sleep(9 * time.Second)
		if code, text := get200(e.Healthz()); code != http.StatusOK {
			t.Errorf("healthz after 9 s: %d %s", code, text)
		}
		time.Sleep(5 * time.Second)
		if code, text := get200(e.Healthz()); code != http.StatusServiceUnavailable || !strings.Contains(text, "event bad of here") {
			t.Errorf("healthz after 14 s: %d %s", code, text)
		}
		noted, err := os.ReadFile(begun)
		if err != nil || !strings.Contains(string(noted), "event bad of here") {
			t.Errorf("noted %q, %v", noted, err)
		}
		// The next process begins where this one hangs; its store is what was committed.
		q := newScripted()
		e2, stop2 := startEngine(t, Config{Options: Options{Store: after(t, store), Book: book}, Adapters: []chat.Adapter{q}, Begun: begun})
		in2 := <-q.inbox
		for _, b := range []chat.Batch{said("bad", "spin x"), said("good", "say one")} {
			if _, err := in2.Accept(t.Context(), b); err != nil {
				t.Fatal(err)
			}
		}
		synctest.Wait()
		if got := strings.Join(q.texts(), ", "); !strings.Contains(got, "one") {
			t.Errorf("people saw %q", got)
		}
		s, err := ReadStatus(t.Context(), e2.config.Store)
		if err != nil || len(s.Failed) != 1 || !strings.Contains(s.Failed[0].Fault, "did not end") {
			t.Errorf("set aside: %+v, %v", s.Failed, err)
		}
		if _, err := os.Stat(begun); !errors.Is(err, os.ErrNotExist) {
			t.Errorf("the note is still there: %v", err)
		}
		stop2()
		close(release)
		<-done
		stop()
	})
}

// after is a store with what another one has committed.
func after(t testing.TB, s storage.Store) storage.Store {
	t.Helper()
	all, next := dump(t, s), storage.Memory()
	if err := next.Update(t.Context(), func(tx storage.Tx) error {
		for key, value := range all {
			if err := tx.Put([]byte(key), []byte(value)); err != nil {
				return err
			}
		}
		return nil
	}); err != nil {
		t.Fatal(err)
	}
	return next
}

func TestOrdersOverHTTP(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p := newScripted()
		e, stop := startEngine(t, Config{Options: Options{Store: storage.Memory(), Book: newBook(t)}, Adapters: []chat.Adapter{p}})
		defer stop()
		if _, err := (<-p.inbox).Accept(t.Context(), said("a", "fail my secret")); err != nil {
			t.Fatal(err)
		}
		code, text := get200(e.StatusHandler())
		if code != http.StatusOK || strings.Contains(text, "secret") {
			t.Errorf("status: %d %s", code, text)
		}
		s, err := ReadStatus(t.Context(), e.config.Store)
		if err != nil || len(s.Failed) != 1 {
			t.Fatalf("%+v, %v", s, err)
		}
		for do, want := range map[string]int{"retry": http.StatusNoContent, "mend": http.StatusBadRequest, "discard": http.StatusNoContent} {
			r := httptest.NewRequest(http.MethodPost, "/", strings.NewReader(url.Values{"do": {do}, "id": {s.Failed[0].ID}}.Encode()))
			r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
			w := httptest.NewRecorder()
			e.StatusHandler().ServeHTTP(w, r)
			if w.Code != want {
				t.Errorf("%s: %d %s", do, w.Code, w.Body)
			}
		}
		synctest.Wait()
		if code, text := get200(e.Metrics()); code != http.StatusOK || !strings.Contains(text, `trellis_events_total{outcome="failed",platform="here"} 1`) {
			t.Errorf("metrics: %d %s", code, text)
		}
	})
}

func get200(h http.Handler) (int, string) {
	w := httptest.NewRecorder()
	h.ServeHTTP(w, httptest.NewRequest(http.MethodGet, "/", nil))
	text, _ := io.ReadAll(w.Body)
	return w.Code, string(text)
}
