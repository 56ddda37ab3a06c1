package bot

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"trellis/adapters/chat"
	"trellis/flows"
	"trellis/flows/words"
	"trellis/storage"
	"trellis/storage/bolt"
)

// These benchmarks are the rows on speed that concern the engine, its timers and its outbox. Each prints F, the rate
// of a small append and fdatasync on the same disk measured beside it, and its own rate as a multiple of F.

// appends measures F.
func appends(b testing.TB) float64 {
	b.Helper()
	f, err := os.Create(filepath.Join(b.TempDir(), "appended"))
	if err != nil {
		b.Fatal(err)
	}
	defer f.Close()
	record := make([]byte, 200)
	const n = 300
	begin := time.Now()
	for range n {
		if _, err := f.Write(record); err != nil {
			b.Fatal(err)
		}
		if err := dataSync(f); err != nil {
			b.Fatal(err)
		}
	}
	return n / time.Since(begin).Seconds()
}

// work is the practice of the benchmarks: a command that writes a record, sets a timer and says something.
var work = flows.Flow{
	Name: "work",
	Commands: flows.Commands{"work": {Usage: "TEXT", Run: func(t *flows.Turn, c flows.Command) error {
		id := t.NewID()
		t.At(t.Now().Add(24*time.Hour), "remind", id)
		if _, err := t.Say(plainly(c.Text)); err != nil {
			return err
		}
		return counts.Put(t, flows.ID(t.Person()), tallyRecord{N: 1}) // as an answer is kept: one a person
	}}},
	Timers: flows.Timers{"remind": func(t *flows.Turn, subject flows.ID) error {
		_, err := t.Say(plainly(string(subject)))
		return err
	}},
}

func workBook(b testing.TB) *flows.Book {
	b.Helper()
	catalogues, err := words.Load()
	if err != nil {
		b.Fatal(err)
	}
	book, err := flows.New(flows.Options{Flows: []flows.Flow{work}, Words: catalogues})
	if err != nil {
		b.Fatal(err)
	}
	return book
}

func openBench(b testing.TB) *bolt.Store {
	b.Helper()
	s, err := bolt.Open(context.Background(), bolt.Options{Path: filepath.Join(b.TempDir(), "store.db")})
	if err != nil {
		b.Fatal(err)
	}
	b.Cleanup(func() {
		if err := s.Close(); err != nil {
			b.Error(err)
		}
	})
	return s
}

// idle is a pace at which what is said waits: these benchmarks are about taking in.
var idle = map[chat.Platform]Pace{here: {Limits: []Limit{{Every: time.Hour}}}}

// BenchmarkDurableEvent is an event from Accept to its commit: seen, with a record, a timer, a message and the cursor.
func BenchmarkDurableEvent(b *testing.B) {
	for _, c := range []struct{ senders, groups int }{{1, 1}, {64, 1}, {64, 64}, {256, 1}, {256, 64}} {
		b.Run(fmt.Sprintf("senders=%d/groups=%d", c.senders, c.groups), func(b *testing.B) {
			p := newScripted()
			_, stop := startEngine(b, Config{
				Options: Options{Store: openBench(b), Book: workBook(b), Pace: idle}, Adapters: []chat.Adapter{p},
			})
			defer stop()
			in := <-p.inbox
			var n atomic.Int64
			send := func(i int64) {
				_, err := in.Accept(context.Background(), chat.Batch{
					Events: []chat.Event{{
						ID: chat.EventID(fmt.Sprintf("Ev%09d", i)), At: time.Now(), Room: chat.RoomID(fmt.Sprintf("C%d", i%int64(c.groups))),
						By: chat.Profile{Account: chat.AccountID(fmt.Sprintf("U%d", i%256))}, What: chat.Command{Text: `work "publish the readings"`},
					}},
					Cursor: fmt.Appendf(nil, "s%09d", i),
				})
				if err != nil {
					b.Error(err)
				}
			}
			for range 2 * 256 { // groups and people are there
				send(n.Add(1))
			}
			f := appends(b)
			b.ResetTimer()
			var senders sync.WaitGroup
			left := atomic.Int64{}
			left.Store(int64(b.N))
			for range c.senders {
				senders.Go(func() {
					for left.Add(-1) >= 0 {
						send(n.Add(1))
					}
				})
			}
			senders.Wait()
			b.StopTimer()
			report(b, f, float64(b.N))
		})
	}
}

// report prints a rate as a multiple of F.
func report(b *testing.B, f, n float64) {
	rate := n / b.Elapsed().Seconds()
	b.ReportMetric(rate, "events/s")
	b.ReportMetric(f, "F/s")
	b.ReportMetric(rate/f, "×F")
}

var _ storage.Store = (*bolt.Store)(nil)

// BenchmarkStep is what an event costs the processor, 256 in one step, on a store that does not sync.
func BenchmarkStep(b *testing.B) {
	for _, groups := range []int{1, 64} {
		b.Run(fmt.Sprintf("groups=%d", groups), func(b *testing.B) {
			s, err := bolt.Open(context.Background(), bolt.Options{Path: filepath.Join(b.TempDir(), "store.db"), NoSync: true})
			if err != nil {
				b.Fatal(err)
			}
			defer s.Close()
			core, err := NewCore(context.Background(), Options{Store: s, Book: workBook(b), Pace: idle}, began)
			if err != nil {
				b.Fatal(err)
			}
			b.ReportAllocs()
			n, worked := 0, processor()
			for b.Loop() {
				in := Input{}
				for range 256 {
					n++
					in.Batches = append(in.Batches, Incoming{Platform: here, Batch: chat.Batch{
						Events: []chat.Event{{
							ID: chat.EventID(fmt.Sprintf("Ev%09d", n)), At: began, Room: chat.RoomID(fmt.Sprintf("C%d", n%groups)),
							By: chat.Profile{Account: chat.AccountID(fmt.Sprintf("U%d", n%256))}, What: chat.Command{Text: `work "publish the readings"`},
						}},
						Cursor: fmt.Appendf(nil, "s%09d", n),
					}})
				}
				if _, err := core.Step(context.Background(), began.Add(time.Duration(n)*time.Microsecond), in); err != nil {
					b.Fatal(err)
				}
			}
			b.ReportMetric(float64((processor()-worked).Microseconds())/float64(n), "cpu-µs/event")
		})
	}
}
