package storage_test

import (
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"
	"testing"
	"time"

	"pgregory.net/rapid"

	"trellis/storage"
)

type task struct {
	Owner string
	Due   time.Time
	Text  string
	Tags  []string
}

var (
	tasks   = storage.NewTable[task]("commitment/task", 1)
	byOwner = tasks.Index("owner", func(_ string, v task) []string { return []string{v.Owner} })
	byTag   = tasks.Index("tag", func(_ string, v task) []string { return v.Tags })
	byDue   = tasks.Index("due", func(_ string, v task) []string {
		if v.Due.IsZero() {
			return nil
		}
		return []string{storage.Instant(v.Due)}
	})
	airs = storage.In("g", "clean-air")
)

// gather lists the keys that a scan shows.
func gather[V any](t *testing.T, scan func(visit func(string, V) (bool, error)) error) (keys []string) {
	t.Helper()
	must(t, scan(func(key string, _ V) (bool, error) { keys = append(keys, key); return true, nil }))
	return keys
}

func find(t *testing.T, tx storage.Tx, x *storage.Index[task], value string) []string {
	t.Helper()
	return gather(t, func(visit func(string, task) (bool, error)) error { return x.Find(tx, airs, value, visit) })
}

func TestTable(t *testing.T) {
	tx := storage.NewOverlay(nil)
	due := time.Date(2026, 4, 3, 17, 0, 0, 0, time.UTC)
	want := task{Owner: "ana", Due: due, Text: "bring <the> sensor & ladder\x00", Tags: []string{"air"}}
	if _, err := tasks.Get(tx, airs, "c1"); !errors.Is(err, storage.ErrNotFound) {
		t.Errorf("a missing record: %v", err)
	}
	if has, err := tasks.Has(tx, airs, "c1"); has || err != nil {
		t.Errorf("has a missing record: %v, %v", has, err)
	}
	must(t, tasks.Put(tx, airs, "c1", want))
	got, err := tasks.Get(tx, airs, "c1")
	if err != nil || fmt.Sprint(got) != fmt.Sprint(want) {
		t.Errorf("got %v, %v, want %v", got, err, want)
	}
	if has, err := tasks.Has(tx, airs, "c1"); !has || err != nil {
		t.Errorf("has the record: %v, %v", has, err)
	}
	for _, elsewhere := range []storage.Scope{storage.Global, storage.In("g", "clean"), storage.In("p", "clean-air")} {
		if has, _ := tasks.Has(tx, elsewhere, "c1"); has {
			t.Errorf("the record is in scope %q too", elsewhere)
		}
	}
	must(t, tasks.Delete(tx, airs, "c1"), tasks.Delete(tx, airs, "c1"))
	must(t, tx.Scan(nil, nil, func(key, _ []byte) (bool, error) { t.Errorf("left: %q", key); return true, nil }))
}

func TestIndexKeepsStep(t *testing.T) {
	tx := storage.NewOverlay(nil)
	day := func(d int) time.Time { return time.Date(1969, 12, 30+d, 9, 0, 0, 0, time.UTC) } // crosses 1970
	must(t,
		tasks.Put(tx, airs, "c1", task{Owner: "ana", Due: day(3), Tags: []string{"air", "road"}}),
		tasks.Put(tx, airs, "c2", task{Owner: "ben", Due: day(1), Tags: []string{"air"}}),
		tasks.Put(tx, airs, "c3", task{Owner: "ana", Due: day(2)}),
		tasks.Put(tx, storage.In("g", "other"), "c9", task{Owner: "ana", Due: day(2), Tags: []string{"air"}}),
	)
	same := func(what string, got []string, want ...string) {
		t.Helper()
		if !slices.Equal(got, want) {
			t.Errorf("%s: %q, want %q", what, got, want)
		}
	}
	due := func(from, to string) []string {
		return gather(t, func(visit func(string, task) (bool, error)) error { return byDue.Scan(tx, airs, from, to, visit) })
	}
	same("ana's", find(t, tx, byOwner, "ana"), "c1", "c3")
	same("an's", find(t, tx, byOwner, "an"))
	same("air", find(t, tx, byTag, "air"), "c1", "c2")
	same("all by date", due("", ""), "c2", "c3", "c1")
	same("up to the third day", due("", storage.Instant(day(3))), "c2", "c3")
	same("from the second day", due(storage.Instant(day(2)), ""), "c3", "c1")

	must(t, tasks.Put(tx, airs, "c1", task{Owner: "ben", Tags: []string{"road", "path"}}), tasks.Delete(tx, airs, "c3"))
	same("ana's after", find(t, tx, byOwner, "ana"))
	same("ben's after", find(t, tx, byOwner, "ben"), "c1", "c2")
	same("air after", find(t, tx, byTag, "air"), "c2")
	same("path after", find(t, tx, byTag, "path"), "c1")
	same("all by date after", due("", ""), "c2")
}

// TestIndexWhileWriting moves each record out of the range that is being shown.
func TestIndexWhileWriting(t *testing.T) {
	tx := storage.NewOverlay(nil)
	for i := range 9 {
		must(t, tasks.Put(tx, airs, fmt.Sprint("c", i), task{Owner: "ana"}))
	}
	n := 0
	must(t, byOwner.Find(tx, airs, "ana", func(key string, v task) (bool, error) {
		n++
		v.Owner = "ben"
		return true, tasks.Put(tx, airs, key, v)
	}))
	if n != 9 || len(find(t, tx, byOwner, "ben")) != 9 || find(t, tx, byOwner, "ana") != nil {
		t.Errorf("%d of 9 moved", n)
	}
}

func TestScanRange(t *testing.T) {
	tx := storage.NewOverlay(nil)
	keys := []string{"", "\x00", "a", "a\x00", "a\x01", "ab", "b", "\xff", "\xff\xff"}
	for _, k := range keys {
		must(t, tasks.Put(tx, airs, k, task{}))
	}
	must(t, tasks.Put(tx, storage.In("g", "clean-air\x00"), "x", task{}), tasks.Put(tx, storage.Global, "x", task{}))
	for _, r := range [][2]string{{"", ""}, {"a", "b"}, {"a", "a\x01"}, {"b", ""}, {"c", "d"}} {
		var want []string
		for _, k := range keys {
			if k >= r[0] && (r[1] == "" || k < r[1]) {
				want = append(want, k)
			}
		}
		got := gather(t, func(visit func(string, task) (bool, error)) error { return tasks.Scan(tx, airs, r[0], r[1], visit) })
		if !slices.Equal(got, want) {
			t.Errorf("[%q, %q): %q, want %q", r[0], r[1], got, want)
		}
	}
}

func TestMigrateRecord(t *testing.T) {
	type first struct{ Name string }
	type third struct{ First, Last, Full string }
	old, now := storage.NewTable[first]("person", 1), storage.NewTable[third]("person", 3)
	now.Migrate(2, func(old json.RawMessage) (json.RawMessage, error) {
		var v third
		err := json.Unmarshal(old, &v)
		v.Full = v.First + " " + v.Last
		out, _ := json.Marshal(v)
		return out, err
	}).Migrate(1, func(old json.RawMessage) (json.RawMessage, error) {
		var v first
		err := json.Unmarshal(old, &v)
		a, b, _ := strings.Cut(v.Name, " ")
		out, _ := json.Marshal(map[string]string{"First": a, "Last": b})
		return out, err
	})
	tx := storage.NewOverlay(nil)
	must(t, old.Put(tx, storage.Global, "p1", first{"Ana Ruiz"}))
	want := third{"Ana", "Ruiz", "Ana Ruiz"}
	if got, err := now.Get(tx, storage.Global, "p1"); err != nil || got != want {
		t.Errorf("got %v, %v, want %v", got, err, want)
	}
	must(t, now.All(tx, storage.Global, func(_ string, v third) (bool, error) {
		if v != want {
			t.Errorf("scan shows %v, want %v", v, want)
		}
		return true, nil
	}))
	must(t, now.Put(tx, storage.Global, "p1", want))
	if _, err := old.Get(tx, storage.Global, "p1"); !errors.Is(err, storage.ErrNewer) {
		t.Errorf("a newer record: %v", err)
	}
	gap := storage.NewTable[third]("gap", 2)
	must(t, storage.NewTable[first]("gap", 1).Put(tx, storage.Global, "x", first{}))
	if _, err := gap.Get(tx, storage.Global, "x"); err == nil {
		t.Error("a record without a way to the newest version was read")
	}
}

// TestDroppedIndex writes with an index and then without it: its entries must not stay behind.
func TestDroppedIndex(t *testing.T) {
	with, without := storage.NewTable[task]("thing", 1), storage.NewTable[task]("thing", 1)
	with.Index("text", func(_ string, v task) []string { return []string{v.Text} })
	for name, end := range map[string]func(tx storage.Tx) error{
		"written": func(tx storage.Tx) error { return without.Put(tx, airs, "x", task{}) },
		"deleted": func(tx storage.Tx) error { return without.Delete(tx, airs, "x") },
	} {
		tx := storage.NewOverlay(nil)
		must(t, with.Put(tx, airs, "x", task{Text: "secret"}), end(tx))
		must(t, tx.Scan(nil, nil, func(key, _ []byte) (bool, error) {
			if strings.Contains(string(key), "secret") {
				t.Errorf("%s: left: %q", name, key)
			}
			return true, nil
		}))
	}
}

func TestReindex(t *testing.T) {
	before, after := storage.NewTable[task]("thing", 1), storage.NewTable[task]("thing", 1)
	owner := after.Index("owner", func(_ string, v task) []string { return []string{v.Owner} })
	tx := storage.NewOverlay(nil)
	must(t, before.Put(tx, airs, "x", task{Owner: "ana"}), after.Reindex(tx, airs))
	if got := find(t, tx, owner, "ana"); !slices.Equal(got, []string{"x"}) {
		t.Errorf("after reindex ana has %q", got)
	}
}

func TestExport(t *testing.T) {
	from, to := storage.NewOverlay(nil), storage.NewOverlay(nil)
	must(t,
		tasks.Put(from, airs, "c1", task{Owner: "ana", Tags: []string{"air", "x\x00y"}}),
		tasks.Put(from, airs, "\xffbinary", task{Owner: "ben"}),
		tasks.Put(from, storage.In("g", "other"), "c1", task{Owner: "chi"}),
		tasks.Put(from, storage.Global, "c0", task{Owner: "dee"}),
	)
	scopes := []storage.Scope{storage.Global}
	must(t, storage.Scopes(from, "g", func(in storage.Scope, owner string) (bool, error) {
		if in != storage.In("g", owner) {
			t.Errorf("scope %q of owner %q", in, owner)
		}
		scopes = append(scopes, in)
		return true, nil
	}))
	if len(scopes) != 3 {
		t.Errorf("%d scopes, want 3: %q", len(scopes), scopes)
	}
	for _, in := range scopes {
		must(t, storage.Records(from, in, func(r storage.Record) (bool, error) {
			line, err := json.Marshal(r)
			var back storage.Record
			return true, errors.Join(err, json.Unmarshal(line, &back), storage.PutRecord(to, in, back))
		}))
	}
	if a, b := dump(t, from), dump(t, to); !maps.Equal(a, b) {
		t.Errorf("imported %q, want %q", b, a)
	}
}

func dump(t *testing.T, tx storage.Tx) map[string]string {
	t.Helper()
	all := map[string]string{}
	must(t, tx.Scan(nil, nil, func(key, value []byte) (bool, error) { all[string(key)] = string(value); return true, nil }))
	return all
}

func TestSteps(t *testing.T) {
	add := func(s string) storage.Step {
		return func(tx storage.Tx) error { return tx.Put([]byte(s), nil) }
	}
	steps := []storage.Step{add("to 2"), add("to 3")}
	for from, want := range map[int]int{1: 2, 2: 1, 3: 0} {
		tx := storage.NewOverlay(nil)
		to, err := storage.Migrate(tx, from, steps)
		if err != nil || to != 3 || tx.Len() != want {
			t.Errorf("from %d: to %d, %d steps, %v", from, to, tx.Len(), err)
		}
	}
	if _, err := storage.Migrate(storage.NewOverlay(nil), 4, steps); !errors.Is(err, storage.ErrNewer) {
		t.Errorf("a newer store: %v", err)
	}
	if _, err := storage.Migrate(storage.NewOverlay(nil), 0, steps); !errors.Is(err, storage.ErrDamaged) {
		t.Errorf("a store without a format: %v", err)
	}
}

// TestKey holds keys to what makes them keys: they sort as their parts, come apart again, and do not bleed.
func TestKey(t *testing.T) {
	part := rapid.StringOfN(rapid.SampledFrom([]rune("\x00\x01\x02a\u00ff")), 0, 4, -1)
	rapid.Check(t, func(r *rapid.T) {
		a := rapid.SliceOfN(part, 0, 4).Draw(r, "a")
		b := rapid.SliceOfN(part, 0, 4).Draw(r, "b")
		if got, want := strings.Compare(storage.Key(a...), storage.Key(b...)), slices.Compare(a, b); got != want {
			r.Fatalf("keys compare as %d, parts as %d", got, want)
		}
		if got, err := storage.Parts(storage.Key(a...)); err != nil || !slices.Equal(got, a) {
			r.Fatalf("parts %q come back as %q, %v", a, got, err)
		}
		prefix, key := storage.Key(a...), storage.Key(append(slices.Clone(a), b...)...)
		if end := storage.End(prefix); key < prefix || end != "" && key >= end {
			r.Fatalf("%q is not in the range of %q", key, prefix)
		}
	})
	for _, bad := range []string{"a", "\x01", "\x01\x05\x00", "a\x00b"} {
		if got, err := storage.Parts(bad); err == nil {
			t.Errorf("%q came apart as %q", bad, got)
		}
	}
}

func TestInstantKey(t *testing.T) {
	rapid.Check(t, func(r *rapid.T) {
		a, b := rapid.Int64().Draw(r, "a"), rapid.Int64().Draw(r, "b")
		ta, tb := time.Unix(0, a), time.Unix(0, b)
		if got, want := strings.Compare(storage.Instant(ta), storage.Instant(tb)), ta.Compare(tb); got != want {
			r.Fatalf("keys compare as %d, instants as %d", got, want)
		}
		back, rest, err := storage.InstantOf(storage.Instant(ta) + "id")
		if err != nil || !back.Equal(ta) || rest != "id" {
			r.Fatalf("%v came back as %v, %q, %v", ta, back, rest, err)
		}
	})
}

func TestDamagedRecord(t *testing.T) {
	tx := storage.NewOverlay(nil)
	must(t, tasks.Put(tx, airs, "c1", task{Owner: "ana"}))
	for key, stored := range dump(t, tx) {
		if stored == "" {
			continue
		}
		for _, cut := range []int{0, 1, 2, 5} {
			must(t, tx.Put([]byte(key), []byte(stored[:cut])))
			if _, err := tasks.Get(tx, airs, "c1"); !errors.Is(err, storage.ErrDamaged) {
				t.Errorf("cut to %d bytes: %v", cut, err)
			}
		}
	}
}

// BenchmarkTable reads a record and writes it back with a changed index value, in memory.
func BenchmarkTable(b *testing.B) {
	below, tx := storage.NewOverlay(nil), storage.NewOverlay(nil)
	v := task{Owner: "ana", Due: time.Now().UTC(), Text: strings.Repeat("words ", 20), Tags: []string{"air"}}
	must(b, tasks.Put(below, airs, "c1", v))
	b.ReportAllocs()
	for b.Loop() {
		tx.Reset(below)
		v, err := tasks.Get(tx, airs, "c1")
		if err != nil {
			b.Fatal(err)
		}
		v.Owner = "ben"
		if err := tasks.Put(tx, airs, "c1", v); err != nil {
			b.Fatal(err)
		}
	}
}
