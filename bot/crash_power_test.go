package bot

import (
	"bytes"
	"context"
	"fmt"
	"maps"
	"math/rand/v2"
	"os"
	"path/filepath"
	"testing"

	"trellis/adapters/chat"
	"trellis/flows"
	"trellis/storage"
	"trellis/storage/bolt"
	"trellis/storage/storagetest"
)

// powerCuts makes images of what cuts of power leave of the commits of one run, and counts what they show.
type powerCuts struct {
	t      *testing.T
	w      *world
	chance *rand.Rand
	each   int // images a commit

	images int
	torn   int // do not open, or are at no committed state
	lost   int // lack what was acknowledged
}

// during makes images of one commit. While it goes on, nothing of it was acknowledged: the state before it and the one
// after it are both right. Once it has returned what it holds is acknowledged, and only the state after it is right;
// what a store that syncs has written by then is on the disk.
func (p *powerCuts) during(step func() (Output, error)) (Output, bool) {
	before, was := p.read(), dump(p.t, p.w.store)
	acked := maps.Clone(p.w.acked)
	out, err := step()
	if err != nil {
		p.t.Fatal(err)
	}
	after := p.read()
	if bytes.Equal(before, after) {
		return out, true
	}
	is := dump(p.t, p.w.store)
	images := storagetest.Images{Before: before, After: after, PageSize: os.Getpagesize(), Syncing: !p.w.noSync}
	for i := range p.each {
		if i%2 == 0 {
			p.look(images.Image(p.chance), acked, was, is)
			continue
		}
		image := after
		if !images.Syncing {
			image = images.Image(p.chance)
		}
		p.look(image, acked, is)
	}
	return out, true
}

func (p *powerCuts) read() []byte {
	data, err := os.ReadFile(p.w.file())
	if err != nil {
		p.t.Fatal(err)
	}
	return data
}

// look opens an image, which has to be at one of the states given and to know all events that were acknowledged.
func (p *powerCuts) look(image []byte, acked map[chat.EventID]bool, states ...map[string]string) {
	p.images++
	path := filepath.Join(p.w.folder, "image.db")
	if err := os.WriteFile(path, image, 0o600); err != nil {
		p.t.Fatal(err)
	}
	defer os.Remove(path)
	store, err := bolt.Open(context.Background(), bolt.Options{Path: path, NoSync: true, InitialMmapSize: 1 << 20})
	if err != nil {
		p.torn++
		return
	}
	defer store.Close()
	found, err := read(store)
	if err != nil {
		p.torn++
		return
	}
	for id := range acked {
		if _, ok := found[string(seenKey(nil, dayOf(p.w.now), here, id))]; !ok {
			p.lost++
			return
		}
	}
	for _, state := range states {
		if maps.Equal(found, state) {
			return
		}
	}
	p.lost++
}

func dump(t testing.TB, s storage.Store) map[string]string {
	t.Helper()
	all, err := read(s)
	if err != nil {
		t.Fatal(err)
	}
	return all
}

func read(s storage.Store) (map[string]string, error) {
	all := map[string]string{}
	return all, s.View(context.Background(), func(tx storage.Tx) error {
		return tx.Scan(nil, nil, func(key, value []byte) (bool, error) {
			all[string(key)] = string(value)
			return true, nil
		})
	})
}

// cutPower runs the plan until enough images were looked at.
func cutPower(t *testing.T, book *flows.Book, noSync bool, seed uint64, enough int) *powerCuts {
	t.Helper()
	p := &powerCuts{t: t, chance: rand.New(rand.NewPCG(seed, 3)), each: enough/150 + 2}
	for p.images < enough {
		p.w = newWorld(t, t.TempDir(), book)
		p.w.noSync, p.w.commit = noSync, p.during
		p.w.run(plan())
	}
	return p
}

func TestPowerLossLeavesACommittedState(t *testing.T) {
	book, seed, enough := newBook(t), crashSeed(t), 200
	if everyKill() {
		enough = 2000
	}
	p := cutPower(t, book, false, seed, enough)
	t.Logf("images: %d; torn: %d, lost: %d; seed %d", p.images, p.torn, p.lost, seed)
	if p.torn+p.lost > 0 {
		t.Errorf("of %d images %d are torn, and %d lack what was acknowledged", p.images, p.torn, p.lost)
	}
}

func TestPowerLossControlWithoutSyncFails(t *testing.T) {
	// The same look at a store that does not sync has to find what it loses: else it would find nothing anywhere.
	p := cutPower(t, newBook(t), true, crashSeed(t), 200)
	t.Logf("control, without sync: of %d images %d are torn, and %d lack what was acknowledged", p.images, p.torn, p.lost)
	if p.torn == 0 || p.lost == 0 {
		t.Errorf("the control found %d torn and %d lost commits, want both", p.torn, p.lost)
	}
}

func TestPowerLossIsNotNoticedByPeople(t *testing.T) {
	book, seed, want := newBook(t), crashSeed(t), 30
	if everyKill() {
		want = 300
	}
	calm := calmRun(t, book)
	chance := rand.New(rand.NewPCG(seed, 5))
	cuts, runs := 0, 0
	for cuts < want && !t.Failed() {
		runs++
		w := newWorld(t, t.TempDir(), book)
		w.noSync = false
		w.commit = func(step func() (Output, error)) (Output, bool) {
			before, err := os.ReadFile(w.file())
			if err != nil {
				t.Fatal(err)
			}
			out, err := step()
			if err != nil {
				t.Fatal(err)
			}
			after, err := os.ReadFile(w.file())
			if err != nil {
				t.Fatal(err)
			}
			if chance.IntN(20) > 0 {
				return out, true
			}
			w.die(storagetest.Images{Before: before, After: after, PageSize: os.Getpagesize(), Syncing: true}.Image(chance))
			return Output{}, false
		}
		w.run(plan())
		cuts += w.deaths
		w.sameAs(t, calm, fmt.Sprintf("power cut in mid-commit, run %d", runs))
	}
	t.Logf("power cuts in mid-commit: %d in %d runs; seed %d", cuts, runs, seed)
}
