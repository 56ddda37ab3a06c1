package bot_test

import (
	"context"
	"errors"
	"fmt"
	"hash/fnv"
	"maps"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"trellis/adapters/chat"
	"trellis/adapters/rehearsal"
	"trellis/bot/rehearse"
	"trellis/flows"
	"trellis/flows/agreement"
	"trellis/flows/checkin"
	"trellis/flows/commitment"
	"trellis/flows/digest"
	"trellis/flows/group"
	"trellis/flows/home"
	"trellis/flows/principle"
	"trellis/flows/privacy"
	"trellis/flows/reminder"
	"trellis/flows/session"
	"trellis/flows/words"
	"trellis/storage"
	"trellis/storage/bolt"
)

// golden plays the rehearsals of the repository, and kills the engine in them. Their platform is quick and never
// refuses: whatever people see otherwise than in the run that is never killed comes from the kill.
type golden struct {
	t       *testing.T
	script  *rehearse.Script
	options rehearse.Options
	calm    map[string][]string
	n       int // boundaries of the calm run
}

// practices are those of the rehearsals, in the order of the binary.
func practices() []flows.Flow {
	return []flows.Flow{
		group.Flow, session.Flow, checkin.Flow, principle.Flow, agreement.Flow, commitment.Flow, reminder.Flow, digest.Flow,
		home.Flow, privacy.Flow,
	}
}

func openGolden(t *testing.T, file string) *golden {
	t.Helper()
	text, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	script, err := rehearse.Parse(file, string(text))
	if err != nil {
		t.Fatal(err)
	}
	catalogues, err := words.Load()
	if err != nil {
		t.Fatal(err)
	}
	g := &golden{t: t, script: script, options: rehearse.Options{
		Flows: flows.Options{Flows: practices(), Words: catalogues},
		Open: func(ctx context.Context, file string) (storage.Store, error) {
			return bolt.Open(ctx, bolt.Options{Path: file, NoSync: true, InitialMmapSize: 1 << 20})
		},
	}}
	g.calm = g.play("never killed", func() bool { g.n++; return false })
	if t.Failed() {
		t.FailNow() // there is nothing to compare with
	}
	return g
}

// play returns what people saw: at each place, each message as it stands last, in the order of the first ones.
func (g *golden) play(what string, kill func() bool) map[string][]string {
	g.t.Helper()
	options := g.options
	options.Folder = g.t.TempDir()
	options.Kill = func(rehearse.Boundary) bool { return kill() }
	result, err := rehearse.Play(g.t.Context(), g.script, options)
	if err = errors.Join(err, os.RemoveAll(options.Folder)); err != nil {
		g.t.Errorf("%s: %v", what, err)
	}
	type place struct {
		room chat.RoomID
		only chat.AccountID
	}
	texts, order := map[chat.MessageID]string{}, map[place][]chat.MessageID{}
	for _, e := range result.Entries {
		if e.Note != "" || !e.ByTrellis() || e.Kind != rehearsal.Told {
			continue
		}
		id := e.ID
		if e.Edits != "" {
			id = e.Edits
		} else {
			at := place{e.Room, e.Only}
			order[at] = append(order[at], id)
		}
		texts[id] = fmt.Sprint(e.Text, e.Choices)
	}
	seen := map[string][]string{}
	for at, ids := range order {
		for _, id := range ids {
			seen[fmt.Sprint(at)] = append(seen[fmt.Sprint(at)], texts[id])
		}
	}
	return seen
}

// killed plays with kills, and compares.
func (g *golden) killed(what string, kill func() bool) (kills int) {
	g.t.Helper()
	seen := g.play(what, func() bool {
		if kill() {
			kills++
			return true
		}
		return false
	})
	for _, at := range slices.Sorted(maps.Keys(g.calm)) {
		if !slices.Equal(seen[at], g.calm[at]) {
			g.t.Errorf("%s: at %s people saw\n%s\nwant\n%s", what, at, strings.Join(seen[at], "\n"), strings.Join(g.calm[at], "\n"))
		}
	}
	for at := range seen {
		if g.calm[at] == nil {
			g.t.Errorf("%s: at %s people saw %q, want nothing", what, at, seen[at])
		}
	}
	return kills
}

// every kills at every n-th boundary, the first time at the from-th.
func every(n, from int) func() bool {
	at := n - from
	return func() bool {
		at++
		return at%n == 0
	}
}

// stride is how many boundaries lie between two kills of one run, so that each kill is as good as alone: what a step
// causes is settled in less.
const stride = 29

func TestCrashGoldenRehearsals(t *testing.T) {
	files, err := filepath.Glob("../rehearsals/*.trellis")
	if err != nil || len(files) == 0 {
		t.Fatalf("no rehearsals: %v", err)
	}
	all := os.Getenv("TRELLIS_CRASH") == "all"
	var boundaries, kills, random int
	for _, file := range files {
		t.Run(filepath.Base(file), func(t *testing.T) {
			g := openGolden(t, file)
			boundaries += g.n
			gap, n := 1, 0
			kills += g.killed("killed in turn", func() bool {
				if n++; n < gap {
					return false
				}
				n, gap = 0, gap%stride+1
				return true
			})
			froms := []int{1 + g.n%stride}
			if all {
				froms = froms[:0]
				for from := range stride {
					froms = append(froms, from+1)
				}
			}
			for _, from := range froms {
				kills += g.killed(fmt.Sprintf("killed at boundary %d and each %dth after", from, stride), every(stride, from))
			}
			h := fnv.New64a()
			h.Write([]byte(file))
			chance := rand.New(rand.NewPCG(h.Sum64(), 2))
			random += g.killed("killed at random", func() bool { return chance.IntN(40) == 0 })
		})
	}
	t.Logf("rehearsals: %d with %d boundaries; killed at boundaries: %d, at random: %d", len(files), boundaries, kills, random)
}
