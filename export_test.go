package main

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"trellis/flows"
	"trellis/storage"
	"trellis/storage/bolt"
)

// exportOf is the export of everything at rest, without the line in which its own time stands.
func (r *trellis) exportOf(args ...string) string {
	r.t.Helper()
	out, _ := r.command(exitOK, append([]string{"export"}, args...)...)
	if !json.Valid([]byte(out)) {
		r.t.Fatalf("the export is no JSON: %.200s", out)
	}
	_, records, ok := strings.Cut(out, "\n")
	if !ok {
		r.t.Fatalf("the export is one line: %.200s", out)
	}
	return records
}

// worked is a Trellis whose group has made something, and that is stopped.
func worked(t *testing.T) *trellis {
	r := newTrellis(t)
	r.start()
	r.await("Trellis")
	r.write("ana", "#air", `trellis session start "Clean air on Brook Street" lens=clarify`)
	r.await("Clean air on Brook Street")
	r.write("ben", "#air", `trellis session scope off "The <b>bypass</b>" who="the county"`)
	r.await("bypass")
	r.write("ana", "#air", `trellis checkin "How are you arriving?" by="tomorrow 17:00"`)
	r.await("How are you arriving")
	r.write("ben", "", "tired of the thirteenth of May")
	r.await("1 of 3")
	r.write("chi", "#air", `trellis commit "publish the # readings" by "tomorrow 17:00"`)
	r.await("readings")
	r.write("ana", "#air", `trellis remind us "bring the sensor" every "monday 09:00"`)
	r.await("bring the sensor")
	r.end()
	return r
}

// Everything comes back: key for key and byte for byte, timers and what waits among it, and it works on.
func TestExportIsAllThereIs(t *testing.T) {
	r := worked(t)
	file := filepath.Join(t.TempDir(), "all.json")
	r.command(exitOK, "export", "--json", file)
	elsewhere := newTrellis(t)
	out, _ := elsewhere.command(exitOK, "import", file)
	if !strings.Contains(out, "records are in ") {
		t.Errorf("import says %q", out)
	}
	want := all(t, filepath.Join(r.folder, storeName))
	same(t, all(t, filepath.Join(elsewhere.folder, storeName)), want)
	if got, want := elsewhere.exportOf("--all"), r.exportOf(); got != want {
		t.Errorf("the export of what was imported differs:\n%s", difference(got, want))
	}
	elsewhere.people = r.people
	elsewhere.start()
	r.write("ana", "#air", "trellis commitments here")
	elsewhere.await("C1")
	elsewhere.end()
	if _, stderr := elsewhere.command(exitFailed, "import", file); !strings.Contains(stderr, "there is a store") {
		t.Errorf("import over a store says %q", stderr)
	}
}

// Whatever stands in a store, written by whatever version, is the same after an export and an import.
func TestExportKeepsEveryRecord(t *testing.T) {
	folder := t.TempDir()
	n := 0
	rapid.Check(t, func(rt *rapid.T) {
		n++
		from, to := filepath.Join(folder, fmt.Sprintf("%d-from.db", n)), filepath.Join(folder, fmt.Sprintf("%d-to.db", n))
		random(t, rt, from)
		text := exportFile(t, from)
		if err := importFile(t, to, text); err != nil {
			rt.Fatal(err)
		}
		if again := exportFile(t, to); tail(again) != tail(text) {
			rt.Fatalf("the export of what was imported differs:\n%s", difference(tail(again), tail(text)))
		}
		a, b := all(t, from), all(t, to)
		if len(a) != len(b) {
			rt.Fatalf("%d keys became %d", len(a), len(b))
		}
		for k, v := range a {
			if b[k] != v {
				rt.Fatalf("%q was %q and is %q", k, v, b[k])
			}
		}
	})
}

func tail(export string) string {
	_, rest, _ := strings.Cut(export, "\n")
	return rest
}

// random fills a store with records of random tables, groups and indexes.
func random(t *testing.T, rt *rapid.T, path string) {
	s, err := bolt.Open(t.Context(), bolt.Options{Path: path, NoSync: true, InitialMmapSize: 1 << 20})
	if err != nil {
		t.Fatal(err)
	}
	value := rapid.OneOf(
		rapid.Map(rapid.String(), func(s string) any { return s }),
		rapid.Map(rapid.Int(), func(n int) any { return n }),
		rapid.Map(rapid.SliceOf(rapid.String()), func(s []string) any { return map[string]any{"of": s, "<&>": "\u2028"} }),
	)
	err = s.Update(t.Context(), func(tx storage.Tx) error {
		for range rapid.IntRange(0, 30).Draw(rt, "records") {
			in := storage.Global
			if group := rapid.SampledFrom([]string{"", "one", "two\x00", "þrír"}).Draw(rt, "group"); group != "" {
				in = storage.In(groupScope, group)
			}
			table := rapid.SampledFrom([]string{"bot/timer", "persons", "agreement/agreement"}).Draw(rt, "table")
			text := storage.Record{
				Table: table, Key: rapid.SliceOfN(rapid.Byte(), 1, 40).Draw(rt, "key"), Version: rapid.Uint64Range(1, 300).Draw(rt, "version"),
				Index: rapid.SliceOfN(rapid.Map(rapid.String(), func(s string) []byte { return []byte(storage.Key("by", s)) }), 0, 3).Draw(rt, "index"),
			}
			var err error
			if text.Value, err = marshal(value.Draw(rt, "value")); err != nil {
				return err
			}
			if has, err := hasKey(tx, in, text); err != nil || has {
				if err != nil {
					return err
				}
				continue
			}
			if err := storage.PutRecord(tx, in, text); err != nil {
				return err
			}
		}
		return nil
	})
	if err := errors.Join(err, s.Close()); err != nil {
		t.Fatal(err)
	}
}

// marshal is JSON as the tables store it.
func marshal(v any) (json.RawMessage, error) {
	var b bytes.Buffer
	e := json.NewEncoder(&b)
	e.SetEscapeHTML(false)
	err := e.Encode(v)
	return bytes.TrimSuffix(b.Bytes(), []byte("\n")), err
}

func hasKey(tx storage.Tx, in storage.Scope, r storage.Record) (bool, error) {
	_, err := tx.Get(append([]byte(string(in)+r.Table+"\x00"), r.Key...))
	if errors.Is(err, storage.ErrNotFound) {
		return false, nil
	}
	return err == nil, err
}

func exportFile(t *testing.T, path string) string {
	t.Helper()
	s, err := bolt.Open(t.Context(), bolt.Options{Path: path, ReadOnly: true, InitialMmapSize: 1})
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	var b bytes.Buffer
	if err := writeExport(t.Context(), s, "", &b); err != nil {
		t.Fatal(err)
	}
	return b.String()
}

func importFile(t *testing.T, path, text string) error {
	s, err := bolt.Open(t.Context(), bolt.Options{Path: path, NoSync: true, InitialMmapSize: 1 << 20})
	if err != nil {
		t.Fatal(err)
	}
	_, err = readInto(t.Context(), s, strings.NewReader(text), true)
	return errors.Join(err, s.Close())
}

// group is the ID of the one group.
func (r *trellis) group() string {
	r.t.Helper()
	_, stderr := r.command(exitFailed, "export", "--group", "nobody")
	_, known, ok := strings.Cut(stderr, "There are:\n")
	if !ok {
		r.t.Fatalf("export of a group that is not there says %q", stderr)
	}
	id, _, _ := strings.Cut(strings.TrimSpace(known), " ")
	return id
}

// One group goes into a Trellis that has others, with its people, who may be there already, and with what it is owed.
func TestExportOfOneGroup(t *testing.T) {
	r := worked(t)
	r.must(r.people.OpenRoom("#lane", "The lane", "chi", "ana"))
	r.start()
	r.write("ana", "#lane", `trellis commit "sweep the lane" by friday`)
	r.await("sweep the lane")
	r.end()
	var air, lane string
	s, err := bolt.Open(t.Context(), bolt.Options{Path: filepath.Join(r.folder, storeName), ReadOnly: true})
	r.must(err)
	r.must(s.View(t.Context(), func(tx storage.Tx) error {
		return flows.Groups(tx, func(id flows.GroupID, g flows.Group) (bool, error) {
			if g.Name == "The lane" {
				lane = string(id)
			} else {
				air = string(id)
			}
			return true, nil
		})
	}))
	r.must(s.Close())
	dir := t.TempDir()
	for _, group := range []string{air, lane} {
		r.command(exitOK, "export", "--group", group, "--json", filepath.Join(dir, group))
	}
	text, err := os.ReadFile(filepath.Join(dir, lane))
	r.must(err)
	if strings.Contains(string(text), "tired of") || strings.Contains(string(text), air) {
		t.Error("the export of one group tells of another")
	}
	elsewhere := newTrellis(t)
	elsewhere.command(exitOK, "import", filepath.Join(dir, lane))
	if got, want := elsewhere.exportOf("--group", lane), r.exportOf("--group", lane); got != want {
		t.Errorf("the export of what was imported differs:\n%s", difference(got, want))
	}
	elsewhere.command(exitOK, "import", filepath.Join(dir, air)) // ana and chi are there already
	for _, group := range []string{air, lane} {
		if got, want := elsewhere.exportOf("--group", group), r.exportOf("--group", group); got != want {
			t.Errorf("the export of group %s after both were imported differs:\n%s", group, difference(got, want))
		}
	}
	before := elsewhere.exportOf()
	if _, stderr := elsewhere.command(exitFailed, "import", filepath.Join(dir, air)); !strings.Contains(stderr, "is there already") {
		t.Errorf("import of a group that is there says %q", stderr)
	}
	if elsewhere.exportOf() != before {
		t.Error("an import that was refused changed something")
	}
	elsewhere.people = r.people
	elsewhere.start()
	r.write("ana", "#lane", "trellis commitments here")
	elsewhere.await("sweep the lane”, ")
}

// Another person's account, and another group's room, are not taken over.
func TestImportRefusesWhatIsTaken(t *testing.T) {
	r, other := worked(t), worked(t) // the same accounts and the same room, as other people and another group
	file := filepath.Join(t.TempDir(), "group.json")
	r.command(exitOK, "export", "--group", r.group(), "--json", file)
	before := other.exportOf()
	if _, stderr := other.command(exitFailed, "import", file); !strings.Contains(stderr, flows.ErrTaken.Error()) {
		t.Errorf("import says %q", stderr)
	}
	if other.exportOf() != before {
		t.Error("an import that was refused changed something")
	}
}

// An export that was cut off, changed, or is none, is refused, and there is no store afterwards.
func TestDamagedExportIsRefused(t *testing.T) {
	r := worked(t)
	whole := filepath.Join(t.TempDir(), "all.json")
	r.command(exitOK, "export", "--json", whole)
	text, err := os.ReadFile(whole)
	r.must(err)
	lines := strings.SplitAfter(string(text), "\n")
	for name, spoilt := range map[string]string{
		"empty":            "",
		"cut off":          string(text[:len(text)/2]),
		"cut at a record":  strings.Join(lines[:len(lines)-5], ""),
		"a record missing": strings.Join(append(append([]string{}, lines[:3]...), lines[4:]...), ""),
		"something behind": string(text) + "{}",
		"another file":     `{"name":"trellis"}`,
		"a list":           `[1,2]`,
		"of tomorrow":      strings.Replace(string(text), `"trellis-export":1`, `"trellis-export":2`, 1),
		"no format":        strings.Replace(string(text), `"trellis-export":1`, `"trellis-import":1`, 1),
		"not JSON inside":  strings.Replace(string(text), `"value":{`, `"value":{{`, 1),
		"a key too long":   strings.Replace(string(text), `"key":"`, `"key":"`+strings.Repeat("k", storage.MaxKey), 1),
		"a strange index":  strings.Replace(string(text), `"version":1,`, `"version":1,"index":["AQE="],`, 1),
		"a strange table":  strings.Replace(string(text), `"table":"`, `"table":"a#b`, 1),
	} {
		t.Run(name, func(t *testing.T) {
			elsewhere := newTrellis(t)
			broken := filepath.Join(t.TempDir(), "broken.json")
			r.must(os.WriteFile(broken, []byte(spoilt), 0o600))
			if _, stderr := elsewhere.command(exitFailed, "import", broken); strings.Contains(stderr, "goroutine") {
				t.Errorf("it says %q", stderr)
			}
			names, err := os.ReadDir(elsewhere.folder)
			r.must(err)
			for _, d := range names {
				t.Errorf("%s is there", d.Name())
			}
		})
	}
}

// What an export is while Trellis runs is what it is at rest.
func TestExportWhileItRuns(t *testing.T) {
	r := worked(t)
	r.start()
	running := r.exportOf("--all")
	group := r.group()
	ofGroup := r.exportOf("--group", group)
	file := filepath.Join(t.TempDir(), "running.json")
	r.command(exitOK, "export", "--json", file)
	if info, err := os.Stat(file); err != nil || info.Mode().Perm() != 0o600 {
		t.Errorf("the export is %v, %v, want it for its owner alone", info.Mode(), err)
	}
	if _, stderr := r.command(exitFailed, "export", "--json", file); !strings.Contains(stderr, "file already exists") {
		t.Errorf("export over a file says %q", stderr)
	}
	r.end()
	if got := r.exportOf("--group", group); got != ofGroup {
		t.Errorf("the group's export at rest differs:\n%s", difference(got, ofGroup))
	}
	if got := r.exportOf(); len(got) < len(running)/2 {
		t.Errorf("the export at rest has %d bytes, it had %d", len(got), len(running))
	}
}
