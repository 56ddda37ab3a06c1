package commitment

import (
	"math/rand/v2"
	"strings"
	"testing"
	"time"

	"trellis/adapters/chat"
	"trellis/flows"
	"trellis/flows/words"
	"trellis/storage"
)

// stage is a group with one person, on whom timers run when the test says so: later than they were meant, too.
type stage struct {
	t     *testing.T
	book  *flows.Book
	store *storage.Overlay
	rand  *rand.Rand
}

func newStage(t *testing.T) *stage {
	t.Helper()
	catalogues, err := words.Load()
	if err != nil {
		t.Fatal(err)
	}
	book, err := flows.New(flows.Options{Flows: []flows.Flow{Flow}, Words: catalogues, Zone: "Europe/London"})
	if err != nil {
		t.Fatal(err)
	}
	return &stage{t, book, storage.NewOverlay(nil), rand.New(rand.NewPCG(1, 2))}
}

func (s *stage) says(at, line string) flows.Effects {
	s.t.Helper()
	return s.run(func(o *storage.Overlay) (flows.Effects, error) {
		return s.book.Handle(o, "test", chat.Event{
			ID: "e", Room: "air", By: chat.Profile{Account: "ben", Name: "Ben"}, What: chat.Command{Text: line},
		}, s.moment(at))
	})
}

func (s *stage) fire(at string, timer flows.Timer) flows.Effects {
	s.t.Helper()
	return s.run(func(o *storage.Overlay) (flows.Effects, error) { return s.book.Fire(o, timer, s.moment(at)) })
}

func (s *stage) moment(at string) flows.Moment {
	return flows.Moment{Now: instant(s.t, at, "Europe/London").At, Rand: s.rand}
}

func (s *stage) run(turn func(*storage.Overlay) (flows.Effects, error)) flows.Effects {
	s.t.Helper()
	o := storage.NewOverlay(s.store)
	effects, err := turn(o)
	if err != nil {
		s.t.Fatal(err)
	}
	if err := o.Flush(); err != nil {
		s.t.Fatal(err)
	}
	return effects
}

// said is what was told, in the order in which it was.
func (s *stage) said(e flows.Effects) string {
	s.t.Helper()
	var all []string
	for _, send := range e.Sends {
		standing, err := flows.GetStanding(s.store, send.Group, send.Posted)
		if err != nil {
			s.t.Fatal(err)
		}
		all = append(all, standing.Places[send.Place].Content.Text.Plain())
	}
	return strings.Join(all, "\n")
}

// timer is the one that was set for an instant.
func (s *stage) timer(e flows.Effects, at string) flows.Timer {
	s.t.Helper()
	for _, timer := range e.Timers {
		if timer.At.Equal(instant(s.t, at, "Europe/London").At) {
			return timer
		}
	}
	s.t.Fatalf("no timer for %s among %v", at, e.Timers)
	return flows.Timer{}
}

func TestWhatTrellisMissedIsToldOnceItIsBack(t *testing.T) {
	s := newStage(t)
	made := s.says("2026-03-27 09:00", "commit publish the readings by 3 April")
	coming, question := s.timer(made, "2026-04-02 09:00"), s.timer(made, "2026-04-06 09:00")

	told := s.fire("2026-04-02 13:00", coming)
	for _, want := range []string{"Trellis was away", "Thursday 2 April 2026, 09:00", "Coming up: C1"} {
		if !strings.Contains(s.said(told), want) {
			t.Errorf("told %q, want %q in it", s.said(told), want)
		}
	}
	// The question fell due in the evening of an outage: it waits for the morning, and still says for when it was.
	held := s.fire("2026-04-06 22:00", question)
	if len(held.Sends) > 0 {
		t.Errorf("told at night: %q", s.said(held))
	}
	told = s.fire("2026-04-07 08:00", s.timer(held, "2026-04-07 08:00"))
	for _, want := range []string{"Trellis was away", "Monday 6 April 2026, 09:00", "was for Friday 3 April 2026", "Done, more time"} {
		if !strings.Contains(strings.ToLower(s.said(told)), strings.ToLower(want)) {
			t.Errorf("told %q, want %q in it", s.said(told), want)
		}
	}
	if again := s.fire("2026-04-07 08:00", question); len(again.Sends) > 0 {
		t.Errorf("told twice: %q", s.said(again))
	}
}

func TestAReminderThatCameAfterItsDateIsLeftToTheQuestion(t *testing.T) {
	s := newStage(t)
	made := s.says("2026-03-27 09:00", "commit publish the readings by 3 April")
	if told := s.fire("2026-04-06 10:00", s.timer(made, "2026-04-02 09:00")); len(told.Sends) > 0 {
		t.Errorf("told %q, the question about the date is due as well", s.said(told))
	}
	told := s.fire("2026-04-06 10:00", s.timer(made, "2026-04-06 09:00"))
	if !strings.Contains(s.said(told), "was for Friday 3 April 2026") {
		t.Errorf("told %q", s.said(told))
	}
}

func TestATimerOfADateThatMovedFindsNothing(t *testing.T) {
	s := newStage(t)
	made := s.says("2026-03-27 09:00", "commit publish the readings by 3 April")
	s.says("2026-03-27 09:05", "snooze 1 8 April 10:00")
	for _, at := range []string{"2026-04-02 09:00", "2026-04-06 09:00"} {
		if told := s.fire(at, s.timer(made, at)); len(told.Sends) > 0 {
			t.Errorf("%s: told %q", at, s.said(told))
		}
	}
}

// BenchmarkDue is what a reminder costs from its timer to its message: one record read, none written.
func BenchmarkDue(b *testing.B) {
	s := newStage(&testing.T{})
	made := s.says("2026-03-27 09:00", "commit publish the readings by 3 April")
	timer := s.timer(made, "2026-04-02 09:00")
	at := flows.Moment{Now: timer.At, Rand: s.rand}
	o := storage.NewOverlay(s.store)
	b.ReportAllocs()
	for b.Loop() {
		o.Reset(s.store)
		effects, err := s.book.Fire(o, timer, at)
		if err != nil || len(effects.Sends) != 1 {
			b.Fatal(err, len(effects.Sends))
		}
	}
	b.ReportMetric(float64(time.Second)/float64(b.Elapsed())*float64(b.N), "reminders/s")
}
