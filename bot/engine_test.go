package bot

import (
	"bytes"
	"context"
	"errors"
	"log/slog"
	"slices"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"trellis/adapters/chat"
	"trellis/storage"
)

// keys returns all that a store holds, as text.
func keys(t testing.TB, s storage.Store) (all []string) {
	t.Helper()
	err := s.View(t.Context(), func(tx storage.Tx) error {
		return tx.Scan(nil, nil, func(key, value []byte) (bool, error) {
			all = append(all, string(key)+" → "+string(value))
			return true, nil
		})
	})
	if err != nil {
		t.Fatal(err)
	}
	return all
}

func TestEventIsHandledOnce(t *testing.T) {
	r := newRig(t)
	e := r.event("#air", "ana", chat.Command{Text: "count x"})
	r.step(batch(e, e))
	r.deliver()
	r.want("#air 1 so far")
	r.step(batch(e))
	r.start()
	r.step(batch(e))
	r.now = r.now.Add(49 * time.Hour)
	r.step(batch(e))
	r.now = r.now.Add(-72 * time.Hour) // a clock that was set back changes nothing
	r.step(batch(e))
	r.deliver()
	r.want("")
	r.command("count x")
	r.deliver()
	r.want("#air* 2 so far")
}

func TestOtherPlatformsEventIsAnotherEvent(t *testing.T) {
	r := newRig(t)
	e := r.event("#air", "ana", chat.Command{Text: "say x"})
	in := batch(e, e)
	in.Batches = append(in.Batches, Incoming{Platform: "there", Batch: chat.Batch{Events: []chat.Event{e}}})
	r.step(in)
	r.deliver()
	r.want("#air x", "#air x")
}

func TestTalkAmongPeopleLeavesNoTrace(t *testing.T) {
	r := newRig(t)
	before := keys(t, r.opts.Store)
	r.step(batch(r.event("#air", "ana", chat.Said{Text: "between us"})))
	if after := keys(t, r.opts.Store); !slices.Equal(before, after) {
		t.Errorf("kept of talk: %q", after)
	}
}

func TestRedeliveredEventIsAnsweredTheSame(t *testing.T) {
	r := newRig(t)
	e := r.event("#air", "ana", chat.Command{Text: "fill my words"})
	first := r.step(batch(e)).Replies[0]
	if len(first) != 1 || first[0].To != e.ID || first[0].Form == nil {
		t.Fatalf("replies: %+v", first)
	}
	r.start()
	again := r.step(batch(e)).Replies[0]
	if len(again) != 1 || again[0].To != e.ID || again[0].Form.Value != first[0].Form.Value {
		t.Errorf("answered %+v, then %+v", first, again)
	}
}

func TestSeenEventsGoWhenNobodyTellsOfThemAgain(t *testing.T) {
	r := newRig(t)
	for range 2500 {
		r.step(batch(r.event("#air", "ana", chat.Command{Text: "nothing x"})))
	}
	count := func() (n int) {
		for _, k := range keys(t, r.opts.Store) {
			if strings.HasPrefix(k, string(seen)) {
				n++
			}
		}
		return n
	}
	r.until(began.Add(3 * 24 * time.Hour))
	if n := count(); n != 2500 {
		t.Errorf("%d events are known after three days, of 2500", n)
	}
	r.until(began.Add(6 * 24 * time.Hour))
	if n := count(); n != 0 {
		t.Errorf("%d events are still known after six days", n)
	}
}

func TestFailingEventIsUndoneAlone(t *testing.T) {
	for _, command := range []string{"fail secret words", "panic secret words", "grind secret words"} {
		t.Run(command[:5], func(t *testing.T) {
			var log bytes.Buffer
			r := newRig(t, func(o *Options) { o.Log = slog.New(slog.NewTextHandler(&log, nil)) })
			bad := r.event("#air", "ana", chat.Command{Text: command})
			r.step(batch(
				r.event("#air", "ben", chat.Command{Text: "count x"}), bad,
				r.event("#air", "ben", chat.Command{Text: "count x"}),
			))
			r.deliver()
			got := r.saw()
			if !strings.Contains(got, "#air 2 so far") || !strings.Contains(got, "#airana ") {
				t.Errorf("people saw\n%s\nwant the count of both, and a word to ana", got)
			}
			r.step(batch(bad))
			r.deliver()
			r.want("")
			if strings.Contains(log.String(), "secret") || strings.Contains(log.String(), "words") {
				t.Errorf("the log repeats what was written:\n%s", log.String())
			}
			s, err := ReadStatus(t.Context(), r.opts.Store)
			if err != nil || len(s.Failed) != 1 {
				t.Fatalf("set aside: %+v, %v", s.Failed, err)
			}
			if f := s.Failed[0]; f.Event == nil || f.Event.ID != bad.ID || strings.Contains(f.Fault, "secret") {
				t.Errorf("set aside: %+v", f)
			}
			r.step(Input{Orders: []Order{{ID: s.Failed[0].ID, Verb: Retry}}})
			if s, _ = ReadStatus(t.Context(), r.opts.Store); len(s.Failed) != 1 || s.Failed[0].Tries != 2 {
				t.Errorf("after a retry: %+v", s.Failed)
			}
			r.step(Input{Orders: []Order{{ID: s.Failed[0].ID, Verb: Discard}}})
			if s, _ = ReadStatus(t.Context(), r.opts.Store); len(s.Failed) != 0 {
				t.Errorf("after discarding: %+v", s.Failed)
			}
		})
	}
}

func TestFailingTimerIsSetAside(t *testing.T) {
	r := newRig(t)
	r.command("remind 10 good")
	key, err := timerKey(nil, timerOf("panic", began.Add(5*time.Second)))
	if err != nil {
		t.Fatal(err)
	}
	if err := r.opts.Store.Update(t.Context(), func(tx storage.Tx) error { return tx.Put(key, []byte(empty)) }); err != nil {
		t.Fatal(err)
	}
	r.start()
	r.until(began.Add(time.Minute))
	r.want("#air good")
	status, err := ReadStatus(t.Context(), r.opts.Store)
	if err != nil || len(status.Failed) != 1 || status.Failed[0].Timer == nil || strings.Contains(status.Failed[0].Fault, "words") {
		t.Errorf("set aside: %+v, %v", status.Failed, err)
	}
}

func TestSuspectIsSetAsideWithoutBeingRun(t *testing.T) {
	r := newRig(t)
	e := r.event("#air", "ana", chat.Command{Text: "say x"})
	r.opts.Suspects = []string{turnName{platform: here, event: e.ID}.String()}
	r.start()
	r.step(batch(e, r.event("#air", "ben", chat.Command{Text: "say y"})))
	r.deliver()
	if got := r.saw(); strings.Contains(got, "#air x") || !strings.Contains(got, "#air y") {
		t.Errorf("people saw\n%s", got)
	}
	s, err := ReadStatus(t.Context(), r.opts.Store)
	if err != nil || len(s.Failed) != 1 {
		t.Fatalf("set aside: %+v, %v", s.Failed, err)
	}
	r.step(Input{Orders: []Order{{ID: s.Failed[0].ID, Verb: Retry}}})
	r.deliver()
	r.want("#air x")
}

func TestCursorAndRecordsAreKept(t *testing.T) {
	r := newRig(t)
	in := batch(r.event("#air", "ana", chat.Command{Text: "say x"}))
	in.Batches[0].Batch.Cursor = []byte("c1")
	in.Batches[0].Batch.Keep = []chat.Record{{Name: "a/b", Value: []byte("1")}, {Name: "c", Value: []byte("2")}}
	r.step(in)
	r.step(Input{Batches: []Incoming{{Platform: here, Batch: chat.Batch{Keep: []chat.Record{{Name: "c"}}}}}})
	r.start()
	s, err := r.core.Stored(t.Context(), here)
	if err != nil || string(s.Cursor) != "c1" || len(s.Kept) != 1 || string(s.Kept["a/b"]) != "1" {
		t.Errorf("stored: %+v, %v", s, err)
	}
	s, err = r.core.Stored(t.Context(), "there")
	if err != nil || s.Cursor != nil || len(s.Kept) != 0 {
		t.Errorf("another platform has stored: %+v, %v", s, err)
	}
}

// brittle is a store whose commits fail while fails is set.
type brittle struct {
	storage.Store
	fails atomic.Pointer[error]
}

func (b *brittle) Update(ctx context.Context, f func(storage.Tx) error) error {
	return b.Store.Update(ctx, func(tx storage.Tx) error {
		err := f(tx)
		if fails := b.fails.Load(); fails != nil && err == nil {
			return *fails
		}
		return err
	})
}

func TestFailedCommitKeepsNothing(t *testing.T) {
	store := &brittle{Store: storage.Memory()}
	r := newRig(t, func(o *Options) { o.Store = store })
	r.command("say one")
	in := batch(r.event("#air", "ana", chat.Command{Text: "count x"}), r.event("#air", "ana", chat.Command{Text: "remind 5 two"}))
	in.Outcomes = []Outcome{r.take(r.out[0])}
	r.out = nil
	store.fails.Store(&storage.ErrFull)
	for range 3 {
		if _, err := r.core.Step(t.Context(), r.now, in); !errors.Is(err, storage.ErrFull) {
			t.Fatalf("a full store: %v", err)
		}
	}
	store.fails.Store(nil)
	r.step(in)
	r.until(began.Add(time.Minute))
	r.want("#air one", "#air 1 so far", "#air two")
	if s, err := ReadStatus(t.Context(), store); err != nil || s.Queued != 0 {
		t.Errorf("the outbox holds %d, %v", s.Queued, err)
	}
}
