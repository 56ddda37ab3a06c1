package bot

import (
	"context"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"trellis/adapters/chat"
	"trellis/adapters/rehearsal"
	"trellis/storage"
)

// A demo's clock: what falls due on the way comes at its own time, in order, and not as if Trellis had been away.
func TestAdvanceRunsEachTimerAtItsOwnTime(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var e *Engine
		people := rehearsal.New(rehearsal.Options{Now: func() time.Time { return e.Now() }})
		if err := people.AddPerson(chat.Profile{Account: "ana", Name: "Ana"}); err != nil {
			t.Fatal(err)
		}
		e, err := New(Config{
			Options: Options{Store: storage.Memory(), Book: newBook(t), Rand: seeded}, Adapters: []chat.Adapter{people}, Ahead: -48 * time.Hour,
		})
		if err != nil {
			t.Fatal(err)
		}
		start := e.Now()
		if behind := time.Until(start); behind > -48*time.Hour+time.Second {
			t.Errorf("the clock starts %s from the real one, want two days behind", behind)
		}
		ctx, cancel := context.WithCancel(t.Context())
		ended := make(chan error, 1)
		go func() { ended <- e.Run(ctx) }()
		if err := people.OpenRoom("#air", "air", "ana"); err != nil {
			t.Fatal(err)
		}
		for _, line := range []string{"trellis remind 10800 second", "trellis remind 1800 first", "trellis remind 18000 never"} {
			if _, err := people.Write("ana", "#air", line); err != nil {
				t.Fatal(err)
			}
		}
		synctest.Wait()
		if err := e.Advance(ctx, start.Add(4*time.Hour)); err != nil {
			t.Fatal(err)
		}
		if got := e.Now().Sub(start); got < 4*time.Hour || got > 4*time.Hour+time.Minute {
			t.Errorf("the clock moved by %s, want 4 hours", got)
		}
		var came []string
		for _, s := range people.Log(0) {
			if text := s.Text; text == "first" || text == "second" || text == "never" || strings.Contains(text, "away") {
				came = append(came, text+" "+s.At.Sub(start).Round(time.Minute).String())
			}
		}
		if got := strings.Join(came, ", "); got != "first 30m0s, second 3h0m0s" {
			t.Errorf("what came on the way: %s", got)
		}
		cancel()
		if err := <-ended; err != nil {
			t.Error(err)
		}
		if err := e.Advance(context.Background(), start.Add(5*time.Hour)); err == nil {
			t.Error("an engine that has stopped moves its clock")
		}
	})
}
