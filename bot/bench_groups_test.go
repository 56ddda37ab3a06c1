package bot_test

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"trellis/adapters/chat"
	"trellis/bot"
	"trellis/flows"
	"trellis/flows/words"
	"trellis/storage/bolt"
)

// These benchmarks run the practices of the binary over stores that have grown.

const platform chat.Platform = "here"

var monday = time.Date(2026, 3, 2, 10, 0, 0, 0, time.UTC)

// grown is a core on a store that grows, with a clock that a benchmark moves. What is said is delivered at once.
type grown struct {
	b     *testing.B
	core  *bot.Core
	store *bolt.Store
	now   time.Time
	n     int // events so far
}

func grow(b *testing.B, noSync bool, pace map[chat.Platform]bot.Pace) *grown {
	b.Helper()
	catalogues, err := words.Load()
	if err != nil {
		b.Fatal(err)
	}
	book, err := flows.New(flows.Options{Flows: practices(), Words: catalogues})
	if err != nil {
		b.Fatal(err)
	}
	s, err := bolt.Open(context.Background(), bolt.Options{Path: filepath.Join(b.TempDir(), "store.db"), NoSync: noSync})
	if err != nil {
		b.Fatal(err)
	}
	b.Cleanup(func() {
		if err := s.Close(); err != nil {
			b.Error(err)
		}
	})
	core, err := bot.NewCore(context.Background(), bot.Options{Store: s, Book: book, Pace: pace}, monday)
	if err != nil {
		b.Fatal(err)
	}
	return &grown{b: b, core: core, store: s, now: monday}
}

func (g *grown) event(room chat.RoomID, by string, what chat.Happening) chat.Event {
	g.n++
	return chat.Event{
		ID: chat.EventID(fmt.Sprintf("Ev%09d", g.n)), At: g.now, Room: room,
		By: chat.Profile{Account: chat.AccountID(by), Name: by}, What: what,
	}
}

func (g *grown) step(in bot.Input) bot.Output {
	g.b.Helper()
	out, err := g.core.Step(context.Background(), g.now, in)
	if err != nil {
		g.b.Fatal(err)
	}
	return out
}

// take steps with events, and returns how long that took; what it causes is delivered after.
func (g *grown) take(events ...chat.Event) time.Duration {
	g.b.Helper()
	in := bot.Input{Batches: []bot.Incoming{{Platform: platform, Batch: chat.Batch{Events: events}}}}
	begin := time.Now()
	out := g.step(in)
	took := time.Since(begin)
	g.settle(out)
	return took
}

// settle delivers until nothing is left to do at this instant, and returns when there is next.
func (g *grown) settle(out bot.Output) time.Time {
	g.b.Helper()
	for len(out.Send) > 0 || !out.Wake.IsZero() && !out.Wake.After(g.now) {
		in := bot.Input{}
		for _, d := range out.Send {
			in.Outcomes = append(in.Outcomes, bot.Outcome{Delivery: d.ID, Receipt: chat.Receipt{Message: chat.MessageID("m" + d.ID)}})
		}
		out = g.step(in)
	}
	return out.Wake
}

// until goes on to an instant, by way of all that falls due.
func (g *grown) until(at time.Time) {
	g.b.Helper()
	for {
		next := g.settle(g.step(bot.Input{}))
		if next.IsZero() || next.After(at) {
			g.now = at
			return
		}
		g.now = next
	}
}

// invite brings Trellis into a room with n people.
func (g *grown) invite(room chat.RoomID, n int) chat.Event {
	var people []chat.Profile
	for i := range n {
		name := fmt.Sprintf("%s-p%02d", room, i)
		people = append(people, chat.Profile{Account: chat.AccountID(name), Name: name})
	}
	return g.event(room, string(people[0].Account), chat.Invited{Name: string(room), People: people})
}

// weekly are the commands of a session, in the order of a meeting. What is promised in it is done by the next.
var weekly = []string{
	`session start "Clean air" lens=clarify`, `session scope on "Where vehicles stop"`, `checkin "How are you arriving?"`,
	`principle`, `commit publish the readings by friday`, `commitments here`, `agreements here`, `digest here`, `home`, `session next`,
	`session close`,
}

// BenchmarkYearOfAGroup is a group of 50 that meets each week for a year: how much longer its commands then take than in
// the first week.
func BenchmarkYearOfAGroup(b *testing.B) {
	const weeks, measured = 52, 4
	for b.Loop() {
		g := grow(b, true, nil)
		g.take(g.invite("air", 50))
		first, last := map[string][]time.Duration{}, map[string][]time.Duration{}
		for week := range weeks {
			if week > 0 { // what was promised the week before is done, as promises mostly are
				g.take(g.event("air", fmt.Sprintf("air-p%02d", (week-1)%50), chat.Command{Text: fmt.Sprintf("done %d", week)}))
			}
			for i, command := range weekly {
				by := "air-p00" // who facilitates
				if strings.HasPrefix(command, "commit ") {
					by = fmt.Sprintf("air-p%02d", week%50)
				}
				took := g.take(g.event("air", by, chat.Command{Text: command}))
				if week < measured {
					first[command] = append(first[command], took)
				} else if week >= weeks-measured {
					last[command] = append(last[command], took)
				}
				g.until(g.now.Add(time.Duration(i+1) * time.Minute))
			}
			g.until(monday.AddDate(0, 0, 7*(week+1)))
		}
		worst := 0.0
		for _, command := range weekly {
			ratio := float64(slices.Min(last[command])) / float64(slices.Min(first[command]))
			b.Logf("%-45s %8s → %8s, ×%.2f", command, slices.Min(first[command]), slices.Min(last[command]), ratio)
			worst = max(worst, ratio)
		}
		b.ReportMetric(worst, "×first-week")
	}
	b.ReportMetric(0, "ns/op")
}

// anonymous is the memory that the process itself holds, in MB; zero where the system does not tell.
func anonymous() float64 {
	text, err := os.ReadFile("/proc/self/status")
	if err != nil {
		return 0
	}
	for line := range strings.Lines(string(text)) {
		if rest, ok := strings.CutPrefix(line, "RssAnon:"); ok {
			kb, _ := strconv.ParseFloat(strings.Fields(rest)[0], 64)
			return kb / 1024
		}
	}
	return 0
}

// BenchmarkManyGroups is 10,000 groups of 25 people: what an event costs against a store of one group, and every
// group's digest on a Friday while live events come in. TRELLIS_GROUPS makes it another number.
func BenchmarkManyGroups(b *testing.B) {
	groups := 10_000
	if text := os.Getenv("TRELLIS_GROUPS"); text != "" {
		var err error
		if groups, err = strconv.Atoi(text); err != nil {
			b.Fatalf("TRELLIS_GROUPS: %v", err)
		}
	}
	slow := map[chat.Platform]bot.Pace{platform: {Limits: []bot.Limit{{Every: time.Hour}}}}
	one := func(g *grown) time.Duration { // the median of an event alone
		var took []time.Duration
		for i := range 200 {
			room := chat.RoomID(fmt.Sprintf("r%d", i*7919%groups))
			if i%2 == 0 || groups == 1 {
				room = "r0"
			}
			took = append(took, g.take(g.event(room, string(room)+"-p01", chat.Command{Text: "commit publish the readings by friday"})))
		}
		slices.Sort(took)
		return took[len(took)/2]
	}
	for b.Loop() {
		alone := grow(b, false, slow)
		alone.take(alone.invite("r0", 25))
		kept := groups
		groups = 1
		base := one(alone)
		groups = kept

		g := grow(b, false, slow)
		for from := 0; from < groups; from += 100 {
			var events []chat.Event
			for i := from; i < min(from+100, groups); i++ {
				room := chat.RoomID(fmt.Sprintf("r%d", i))
				events = append(events, g.invite(room, 25),
					g.event(room, string(room)+"-p00", chat.Command{Text: "commit publish the readings by 3 April"}),
					g.event(room, string(room)+"-p00", chat.Command{Text: `digest room every "friday 16:00"`}))
			}
			g.take(events...)
		}
		b.ReportMetric(float64(one(g))/float64(base), "×one-group")

		g.now = time.Date(2026, 3, 6, 16, 0, 1, 0, time.UTC)
		var worst time.Duration
		begin := time.Now()
		for live := true; live; {
			asked := time.Now()
			out := g.step(bot.Input{Batches: []bot.Incoming{{Platform: platform, Batch: chat.Batch{
				Events: []chat.Event{g.event("r0", "r0-p01", chat.Command{Text: "commitments"})},
			}}}})
			worst = max(worst, time.Since(asked))
			live = !out.Wake.IsZero() && !out.Wake.After(g.now)
		}
		b.ReportMetric(time.Since(begin).Seconds(), "s-for-digests")
		b.ReportMetric(float64(worst.Microseconds())/1000, "worst-live-ms")
		b.ReportMetric(anonymous(), "MB-anonymous")
	}
	b.ReportMetric(0, "ns/op")
}
