package bot

import (
	"context"
	"fmt"
	"path/filepath"
	"runtime"
	"slices"
	"testing"
	"time"

	"trellis/adapters/chat"
	"trellis/flows"
	"trellis/storage"
	"trellis/storage/bolt"
)

// putTimers stores n timers of the work flow, from an instant on, in the groups given, one after the other.
func putTimers(b testing.TB, s storage.Store, groups []flows.GroupID, n int, at func(i int) time.Time) {
	b.Helper()
	const each = 50_000
	for from := 0; from < n; from += each {
		err := s.Update(context.Background(), func(tx storage.Tx) error {
			for i := from; i < min(from+each, n); i++ {
				key, err := timerKey(nil, flows.Timer{
					At: at(i), Group: groups[i%len(groups)], Flow: "work", Name: "remind", Subject: flows.ID(fmt.Sprintf("r%09d", i)),
				})
				if err != nil {
					return err
				}
				if err := tx.Put(key, emptyRecord); err != nil {
					return err
				}
			}
			return nil
		})
		if err != nil {
			b.Fatal(err)
		}
	}
}

// makeGroups has one person give a command in each of n rooms, and returns the groups that came of it.
func makeGroups(b testing.TB, s storage.Store, book *flows.Book, n int) (groups []flows.GroupID) {
	b.Helper()
	core, err := NewCore(context.Background(), Options{Store: s, Book: book, Pace: idle}, began)
	if err != nil {
		b.Fatal(err)
	}
	for from := 0; from < n; from += 500 {
		in := Input{}
		for i := from; i < min(from+500, n); i++ {
			in.Batches = append(in.Batches, Incoming{Platform: here, Batch: chat.Batch{Events: []chat.Event{{
				ID: chat.EventID(fmt.Sprintf("make-%d", i)), At: began, Room: chat.RoomID(fmt.Sprintf("C%06d", i)),
				By: chat.Profile{Account: chat.AccountID(fmt.Sprintf("U%06d", i))}, What: chat.Command{Text: "work x"},
			}}}})
		}
		if _, err := core.Step(context.Background(), began, in); err != nil {
			b.Fatal(err)
		}
	}
	after := ""
	err = s.View(context.Background(), func(tx storage.Tx) error {
		for {
			group, more, err := groupAfter(tx, after)
			if err != nil || !more {
				return err
			}
			groups, after = append(groups, flows.GroupID(group)), group
		}
	})
	if err != nil || len(groups) != n {
		b.Fatalf("%d groups, %v", len(groups), err)
	}
	return groups
}

// BenchmarkDueReminders is 10,000 reminders due in one second: until all are durable in the outbox, and how long live
// events wait meanwhile.
func BenchmarkDueReminders(b *testing.B) {
	const n = 10_000
	for _, groups := range []int{1, 100, 10_000} {
		b.Run(fmt.Sprintf("groups=%d", groups), func(b *testing.B) {
			book := workBook(b)
			var worst time.Duration
			var took []time.Duration
			var worked time.Duration
			for b.Loop() {
				b.StopTimer()
				s := openBench(b)
				putTimers(b, s, makeGroups(b, s, book, groups), n, func(i int) time.Time {
					return began.Add(time.Hour + time.Duration(i)*time.Second/n)
				})
				core, err := NewCore(context.Background(), Options{Store: s, Book: book, Pace: idle}, began)
				if err != nil {
					b.Fatal(err)
				}
				now := began.Add(time.Hour + time.Second)
				runtime.GC()
				b.StartTimer()
				begin, cpu := time.Now(), processor()
				for live := 0; core.next <= now.UnixNano(); live++ {
					// As the loop does: whoever waits goes into the next step.
					asked := time.Now()
					_, err := core.Step(context.Background(), now, Input{Batches: []Incoming{{Platform: here, Batch: chat.Batch{
						Events: []chat.Event{{
							ID: chat.EventID(fmt.Sprintf("live-%d", live)), At: now, Room: "C000000",
							By: chat.Profile{Account: "U000000"}, What: chat.Command{Text: "work x"},
						}},
					}}}})
					if err != nil {
						b.Fatal(err)
					}
					worst = max(worst, time.Since(asked))
					if core.next > now.UnixNano() {
						break
					}
				}
				took = append(took, time.Since(begin))
				worked += processor() - cpu
				b.StopTimer()
				if status, err := ReadStatus(context.Background(), s); err != nil || status.Queued < n {
					b.Fatalf("%d messages in the outbox, %v", status.Queued, err)
				}
				b.StartTimer()
			}
			slices.Sort(took)
			b.ReportMetric(float64(took[len(took)/2].Microseconds())/1000, "ms")
			b.ReportMetric(float64(worked.Microseconds())/1000/float64(len(took)), "cpu-ms")
			b.ReportMetric(float64(worst.Microseconds())/1000, "worst-live-ms")
			b.ReportMetric(appends(b), "F/s")
			b.ReportMetric(0, "ns/op")
		})
	}
}

// BenchmarkPendingReminders opens an engine on a store with 1,000,000 reminders to come, after a clean stop.
func BenchmarkPendingReminders(b *testing.B) {
	const n = 1_000_000
	book, path := workBook(b), filepath.Join(b.TempDir(), "store.db")
	s, err := bolt.Open(context.Background(), bolt.Options{Path: path, NoSync: true})
	if err != nil {
		b.Fatal(err)
	}
	putTimers(b, s, makeGroups(b, s, book, 100), n, func(i int) time.Time { return began.Add(time.Hour + time.Duration(i)*time.Second) })
	if err := s.Close(); err != nil {
		b.Fatal(err)
	}
	var heap float64
	var opened []time.Duration
	for b.Loop() {
		var before, after runtime.MemStats
		runtime.GC()
		runtime.ReadMemStats(&before)
		begin := time.Now()
		s, err := bolt.Open(context.Background(), bolt.Options{Path: path})
		if err != nil {
			b.Fatal(err)
		}
		core, err := NewCore(context.Background(), Options{Store: s, Book: book, Pace: idle}, began)
		if err != nil {
			b.Fatal(err)
		}
		opened = append(opened, time.Since(begin))
		runtime.GC()
		runtime.ReadMemStats(&after)
		heap = float64(int64(after.HeapAlloc)-int64(before.HeapAlloc)) / n
		runtime.KeepAlive(core)
		if err := s.Close(); err != nil {
			b.Fatal(err)
		}
	}
	slices.Sort(opened)
	b.ReportMetric(float64(opened[len(opened)/2].Microseconds())/1000, "ms-to-open")
	b.ReportMetric(heap, "heap-B/reminder")
	b.ReportMetric(0, "ns/op")
}
