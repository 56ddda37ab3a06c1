package bot

import (
	"context"
	"errors"
	"fmt"
	"math"
	"math/rand/v2"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"trellis/adapters/chat"
	"trellis/storage"
)

// limited is a platform that takes rate messages a second, with a burst after a pause, and refuses more.
type limited struct {
	rate, burst float64
	latency     time.Duration
	after       func(time.Duration) time.Duration // what its Retry-After says; nil: there is none
	scope       chat.Scope
	inbox       chan chat.Inbox

	mu      sync.Mutex // guards what follows
	chance  *rand.Rand
	tokens  float64
	filled  time.Time
	tooFast int
	took    []chat.Delivery
	at      []time.Time
}

func (l *limited) Platform() chat.Platform { return here }

func (l *limited) Run(ctx context.Context, in chat.Inbox) error {
	l.inbox <- in
	<-ctx.Done()
	return nil
}

func (l *limited) Deliver(ctx context.Context, d chat.Delivery) (chat.Receipt, error) {
	half := l.half()
	if err := pause(ctx, half); err != nil {
		return chat.Receipt{}, err
	}
	err := l.take(d)
	return chat.Receipt{Message: chat.MessageID("m" + string(d.ID))}, errors.Join(err, pause(ctx, half))
}

// half is the way there or back: together they take between half and all of latency.
func (l *limited) half() time.Duration {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.latency/4 + time.Duration(l.chance.Int64N(int64(l.latency)/4+1))
}

func pause(ctx context.Context, d time.Duration) error {
	select {
	case <-time.After(d):
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}

func (l *limited) take(d chat.Delivery) error {
	l.mu.Lock()
	defer l.mu.Unlock()
	now := time.Now()
	if l.filled.IsZero() {
		l.tokens = l.burst
	} else {
		l.tokens = min(l.tokens+now.Sub(l.filled).Seconds()*l.rate, l.burst)
	}
	l.filled = now
	if l.tokens < 1-1e-9 {
		l.tooFast++
		later := &chat.Later{Scope: l.scope, Limit: true, Reason: "ratelimited"}
		if l.after != nil {
			later.After = l.after(time.Duration((1 - l.tokens) / l.rate * float64(time.Second)))
		}
		return later
	}
	l.tokens--
	l.took, l.at = append(l.took, d), append(l.at, now)
	return nil
}

func wholeSeconds(d time.Duration) time.Duration {
	return time.Duration(math.Ceil(max(d, 1).Seconds())) * time.Second
}

// flood, in a bubble of synctest, has Trellis say n messages in rooms, and returns how long it took and how many the platform refused.
func flood(t *testing.T, l *limited, store storage.Store, pace Pace, n, rooms int) (took time.Duration, tooFast int) {
	t.Helper()
	l.inbox = make(chan chat.Inbox, 1)
	l.chance = rand.New(rand.NewPCG(1, 1))
	stop := runEngine(t, Config{
		Options:  Options{Store: store, Book: newBook(t), Rand: seeded, Pace: map[chat.Platform]Pace{here: pace}},
		Adapters: []chat.Adapter{l},
	})
	defer stop()
	in := <-l.inbox
	var events []chat.Event
	start := time.Now()
	for i := range n {
		events = append(events, chat.Event{
			ID: chat.EventID(fmt.Sprintf("%d-%d", start.UnixNano(), i)), At: start, Room: chat.RoomID(fmt.Sprintf("#%d", i%rooms)),
			By: chat.Profile{Account: "ana", Name: "ana"}, What: chat.Command{Text: fmt.Sprintf("digest %d", i)},
		})
	}
	if _, err := in.Accept(t.Context(), chat.Batch{Events: events}); err != nil {
		t.Fatal(err)
	}
	for l.count() < n {
		time.Sleep(10 * time.Millisecond)
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.at[n-1].Sub(start), l.tooFast
}

func (l *limited) count() int {
	l.mu.Lock()
	defer l.mu.Unlock()
	return len(l.took)
}

// runEngine runs an engine until stop is called.
func runEngine(t testing.TB, c Config) (stop func()) {
	t.Helper()
	_, stop = startEngine(t, c)
	return stop
}

func startEngine(t testing.TB, c Config) (e *Engine, stop func()) {
	t.Helper()
	e, err := New(c)
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(context.Background())
	done := make(chan error, 1)
	go func() { done <- e.Run(ctx) }()
	return e, sync.OnceFunc(func() {
		cancel()
		if err := <-done; err != nil {
			t.Errorf("the engine ended with %v", err)
		}
	})
}

func TestKnownLimitIsUsedFullyAndNeverExceeded(t *testing.T) {
	for _, c := range []struct {
		name  string
		l     *limited
		pace  Pace
		rooms int
	}{
		{"20 a second over all", &limited{rate: 20, burst: 2}, Pace{Limits: []Limit{{Every: 50 * time.Millisecond}}}, 40},
		{"one a second in a room", &limited{rate: 1, burst: 1.2}, Pace{Limits: []Limit{{Every: time.Second, PerLane: true}}}, 1},
		{"burst of ten", &limited{rate: 10, burst: 10.5}, Pace{Limits: []Limit{{Every: 100 * time.Millisecond, Burst: 10}}}, 50},
		{"a hundred a minute of a method", &limited{rate: 100.0 / 60, burst: 1.2}, Pace{Limits: []Limit{{Of: []Method{Post}, Every: 600 * time.Millisecond}}}, 8},
	} {
		t.Run(c.name, func(t *testing.T) {
			c.l.latency = 40 * time.Millisecond
			synctest.Test(t, func(t *testing.T) { learns(t, c.l, storage.Memory(), c.pace, c.rooms, 1.02, 0) })
		})
	}
}

func TestUnknownLimitIsLearned(t *testing.T) {
	for _, rate := range []float64{1, 2, 5} {
		for _, burst := range []float64{3, 5} {
			for name, after := range map[string]func(time.Duration) time.Duration{"Retry-After": wholeSeconds, "no Retry-After": nil} {
				t.Run(fmt.Sprintf("%g a second, burst %g, %s", rate, burst, name), func(t *testing.T) {
					l := &limited{rate: rate, burst: burst, latency: 60 * time.Millisecond, after: after, scope: chat.ThisMethod}
					synctest.Test(t, func(t *testing.T) {
						learns(t, l, storage.Memory(), Pace{Limits: []Limit{{Of: []Method{Post}}}}, 50, 1.15, 5)
					})
				})
			}
		}
	}
}

// learns floods a platform with 1,000 messages, and checks the time against the ideal one.
func learns(t *testing.T, l *limited, store storage.Store, pace Pace, rooms int, most float64, refused int) {
	t.Helper()
	const n = 1000
	took, tooFast := flood(t, l, store, pace, n, rooms)
	ideal := time.Duration((n - math.Floor(l.burst)) / l.rate * float64(time.Second))
	ratio := took.Seconds() / ideal.Seconds()
	t.Logf("took %s, ideal %s, ratio %.3f, refused %d", took, ideal, ratio, tooFast)
	if ratio > most || tooFast > refused {
		t.Errorf("took %.3f of the ideal time, want at most %.2f; refused %d, want at most %d", ratio, most, tooFast, refused)
	}
}

func TestLearnedRateIsKeptOverARestart(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		store := storage.Memory()
		pace := Pace{Limits: []Limit{{Of: []Method{Post}}}}
		slow := func() *limited {
			return &limited{rate: 5, burst: 5, latency: 60 * time.Millisecond, after: wholeSeconds, scope: chat.ThisMethod}
		}
		learns(t, slow(), store, pace, 50, 1.15, 5)
		// It takes no refusal now to find the pace, two at most to find that it has not grown.
		learns(t, slow(), store, pace, 50, 1.15, 2)
	})
}

func TestAnswerOvertakesAQueueOfDigests(t *testing.T) {
	// The digests go to other rooms and persons than the answer: what they share is the platform's limit.
	synctest.Test(t, func(t *testing.T) {
		l := &limited{rate: 1000, burst: 1000, latency: 40 * time.Millisecond, inbox: make(chan chat.Inbox, 1), chance: rand.New(rand.NewPCG(1, 1))}
		stop := runEngine(t, Config{
			Options: Options{
				Store: storage.Memory(), Book: newBook(t), Rand: seeded,
				Pace: map[chat.Platform]Pace{here: {Limits: []Limit{{Every: time.Second}}, Parallel: 2}},
			},
			Adapters: []chat.Adapter{l},
		})
		defer stop()
		in := <-l.inbox
		var events []chat.Event
		for i := range 500 {
			events = append(events, chat.Event{
				ID: chat.EventID(fmt.Sprint(i)), At: time.Now(), Room: chat.RoomID(fmt.Sprintf("#%d", i%100)),
				By: chat.Profile{Account: "ana", Name: "ana"}, What: chat.Command{Text: "digest x"},
			})
		}
		if _, err := in.Accept(t.Context(), chat.Batch{Events: events}); err != nil {
			t.Fatal(err)
		}
		time.Sleep(10*time.Second + 300*time.Millisecond)
		before := l.count()
		click := chat.Event{
			ID: "click", At: time.Now(), Room: "#7", By: chat.Profile{Account: "ben", Name: "ben"}, What: chat.Command{Text: "answer now"},
		}
		if _, err := in.Accept(t.Context(), chat.Batch{Events: []chat.Event{click}}); err != nil {
			t.Fatal(err)
		}
		time.Sleep(3 * time.Second)
		l.mu.Lock()
		defer l.mu.Unlock()
		for i, d := range l.took[before:] {
			if d.To.Account == "ben" {
				t.Logf("the answer was send %d after the click", i+1)
				if i >= 2 {
					t.Errorf("the answer came after %d other sends", i)
				}
				return
			}
		}
		t.Error("the answer did not come within three seconds")
	})
}
