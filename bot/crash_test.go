package bot

import (
	"fmt"
	"maps"
	"math/rand/v2"
	"os"
	"slices"
	"testing"
	"time"

	"trellis/flows"
)

// everyKill tells whether all kills are made that there are, by TRELLIS_CRASH=all; else a part of them is, for every day.
func everyKill() bool { return os.Getenv("TRELLIS_CRASH") == "all" }

// crashSeed is a new one each time, or that of TRELLIS_SEED, to play a run again.
func crashSeed(t testing.TB) uint64 {
	t.Helper()
	seed := uint64(time.Now().UnixNano())
	if text := os.Getenv("TRELLIS_SEED"); text != "" {
		if _, err := fmt.Sscan(text, &seed); err != nil {
			t.Fatalf("TRELLIS_SEED: %v", err)
		}
	}
	return seed
}

// calmRun is the run that is never killed.
func calmRun(t testing.TB, book *flows.Book) *world {
	t.Helper()
	w := newWorld(t, t.TempDir(), book)
	w.run(plan())
	for _, wrong := range w.wrong {
		t.Errorf("the run that is never killed: %s", wrong)
	}
	return w
}

// killedRun is one that kill kills.
func killedRun(t testing.TB, book *flows.Book, kill func() bool) *world {
	t.Helper()
	w := newWorld(t, t.TempDir(), book)
	w.kill = kill
	w.run(plan())
	return w
}

func TestCrashCalmRunMeetsEveryFault(t *testing.T) {
	w := calmRun(t, newBook(t))
	for _, fault := range slices.Sorted(maps.Keys(w.faults)) {
		t.Logf("%4d × %s", w.faults[fault], fault)
	}
	if len(w.faults) < 10 {
		t.Errorf("the platform knows %d kinds of fate, want ten", len(w.faults))
	}
	posts, updates := len(w.posts), 0
	for _, p := range w.posts {
		updates += len(p.texts) - 1
	}
	t.Logf("%d messages, %d updates, %d boundaries", posts, updates, w.bounded)
	w.sameAs(t, w, "the run that is never killed")
}

func TestCrashAtEveryBoundaryInTurn(t *testing.T) {
	book := newBook(t)
	calm := calmRun(t, book)
	// One pass, killed again and again: after one boundary, after two, after three, and so on up to twenty. A run
	// that was killed at each would never get on: until what was handed out is settled it takes a dozen.
	n, gap := 0, 1
	w := killedRun(t, book, func() bool {
		if n++; n < gap {
			return false
		}
		n, gap = 0, gap%20+1
		return true
	})
	t.Logf("killed at %d of %d boundaries in one pass", w.deaths, w.bounded)
	if w.deaths < calm.bounded/10 {
		t.Errorf("killed %d times only", w.deaths)
	}
	w.sameAs(t, calm, "killed in turn")
}

func TestCrashAtOneBoundary(t *testing.T) {
	book := newBook(t)
	calm := calmRun(t, book)
	step := 1
	if !everyKill() {
		step = calm.bounded/40 + 1
	}
	kills := 0
	for at := 1; at <= calm.bounded && !t.Failed(); at += step {
		n := 0
		w := killedRun(t, book, func() bool { n++; return n == at })
		kills += w.deaths
		w.sameAs(t, calm, fmt.Sprintf("killed at boundary %d of %d", at, calm.bounded))
	}
	t.Logf("boundaries killed: %d of %d, each in a run of its own", kills, calm.bounded)
}

func TestCrashAtRandom(t *testing.T) {
	book := newBook(t)
	calm := calmRun(t, book)
	want := 100
	if everyKill() {
		want = 1000
	}
	seed := crashSeed(t)
	chance := rand.New(rand.NewPCG(seed, seed))
	kills, runs := 0, 0
	for kills < want && !t.Failed() {
		runs++
		often := 5 + chance.IntN(60)
		w := killedRun(t, book, func() bool { return chance.IntN(often) == 0 })
		kills += w.deaths
		w.sameAs(t, calm, fmt.Sprintf("random kills, run %d", runs))
	}
	t.Logf("random kills: %d in %d runs; seed %d (TRELLIS_SEED=%d plays them again)", kills, runs, seed, seed)
}
