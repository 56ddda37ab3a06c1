package main

import (
	"archive/tar"
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"trellis/storage"
	"trellis/storage/bolt"
)

// busy is a Trellis at work: ana commits to one thing after another until the returned function is called.
func (r *trellis) busy() (stop func() (made int)) {
	enough, done := make(chan struct{}), make(chan int)
	go func() {
		n := 0
		defer func() { done <- n }()
		for {
			select {
			case <-enough:
				return
			default:
			}
			n++
			if _, err := r.people.Write("ana", "#air", fmt.Sprintf("trellis commit %q by friday", fmt.Sprintf("thing number %d", n))); err != nil {
				r.t.Error(err)
				return
			}
			r.await(fmt.Sprintf("thing number %d”", n))
		}
	}()
	return func() int {
		close(enough)
		return <-done
	}
}

// all are the keys and values of a store.
func all(t *testing.T, path string) map[string]string {
	t.Helper()
	s, err := bolt.Open(t.Context(), bolt.Options{Path: path, ReadOnly: true, InitialMmapSize: 1})
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	m := map[string]string{}
	if err := s.View(t.Context(), func(tx storage.Tx) error {
		return tx.Scan(nil, nil, func(k, v []byte) (bool, error) {
			m[string(k)] = string(v)
			return true, nil
		})
	}); err != nil {
		t.Fatal(err)
	}
	return m
}

// A backup taken in the middle of work is one state that was committed: restored elsewhere it has every commitment up
// to some number and none after it, each with all that belongs to it, and works on.
func TestBackupWhileItWorks(t *testing.T) {
	r := newTrellis(t)
	r.start()
	r.await("Trellis")
	stop := r.busy()
	r.await("thing number 20”")
	file := filepath.Join(t.TempDir(), "while.tar")
	out, _ := r.command(exitOK, "backup", file)
	if !strings.Contains(out, "is a whole copy: trellis.db, ") {
		t.Errorf("backup says %q", out)
	}
	made := stop()
	r.end()
	if info, err := os.Stat(file); err != nil || info.Mode().Perm() != 0o600 {
		t.Errorf("the backup is %v, %v, want it for its owner alone", info.Mode(), err)
	}

	elsewhere := newTrellis(t)
	elsewhere.command(exitOK, "restore", file)
	kept := all(t, filepath.Join(elsewhere.folder, storeName))
	last := 0
	for key := range kept {
		if strings.Contains(key, "commitment/commitment\x00") {
			last++
		}
	}
	if last < 20 || last > made {
		t.Errorf("the backup has %d commitments; 20 were made before it and %d in all", last, made)
	}
	elsewhere.people = r.people // the platform has gone on meanwhile
	elsewhere.start()
	r.people.Write("ben", "#air", "trellis commitments here")
	elsewhere.await(fmt.Sprintf("%d commitments are open", last))
	elsewhere.await(fmt.Sprintf("C%d", last))
}

// When Trellis is stopped, the backup is the store to the last byte of every record.
func TestBackupAtRest(t *testing.T) {
	r := newTrellis(t)
	r.start()
	r.await("Trellis")
	r.write("ana", "#air", `trellis commit "publish the readings" by friday`)
	r.await("publish the readings")
	r.end()
	file := filepath.Join(t.TempDir(), "rest.tar")
	r.command(exitOK, "backup", file)
	elsewhere := newTrellis(t)
	elsewhere.command(exitOK, "restore", file)
	same(t, all(t, filepath.Join(elsewhere.folder, storeName)), all(t, filepath.Join(r.folder, storeName)))
	names, err := os.ReadDir(r.folder)
	r.must(err)
	for _, d := range names {
		if d.Name() != storeName {
			t.Errorf("%s stays behind", d.Name())
		}
	}
}

func same(t *testing.T, got, want map[string]string) {
	t.Helper()
	if len(want) == 0 {
		t.Error("there is nothing to compare")
	}
	for k, v := range want {
		if g, ok := got[k]; !ok || g != v {
			t.Errorf("%q is %q, want %q", k, g, v)
		}
	}
	for k := range got {
		if _, ok := want[k]; !ok {
			t.Errorf("%q is there and should not be", k)
		}
	}
}

// side is a file of an adapter's own beside the store.
func side(name string) stateFile { return stateFile{name: name, copy: copyStore} }

// An adapter's own file is copied with the store, restored with it, and kept beside with it.
func TestBackupTakesTheAdaptersFiles(t *testing.T) {
	r := newTrellis(t)
	r.files = []stateFile{side("side.db"), side("unused.db")}
	files := stateFiles([]platformSpec{{files: r.files}})
	r.must(os.MkdirAll(r.folder, 0o700))
	fill(t, filepath.Join(r.folder, "side.db"), "talk", "hello")
	r.start()
	r.await("Trellis")
	running := filepath.Join(t.TempDir(), "running.tar")
	m, err := backup(t.Context(), r.settings(), files, running)
	r.must(err)
	if len(m.Files) != 2 || m.Files[0].Name != storeName || m.Files[1].Name != "side.db" {
		t.Errorf("the backup holds %v, want the store first, and the adapter's file", m.Files)
	}
	r.end()

	elsewhere := newTrellis(t)
	r.must(os.MkdirAll(elsewhere.folder, 0o700))
	fill(t, filepath.Join(elsewhere.folder, "side.db"), "talk", "of before")
	fill(t, filepath.Join(elsewhere.folder, "unused.db"), "talk", "of before")
	if _, err := restore(t.Context(), elsewhere.settings(), files, running, false); !errors.Is(err, os.ErrExist) {
		t.Errorf("restore over what is there: %v", err)
	}
	kept, err := restore(t.Context(), elsewhere.settings(), files, running, true)
	r.must(err)
	if len(kept) != 2 {
		t.Errorf("it kept %v, want what was there, also that which the backup does not have", kept)
	}
	for _, name := range kept {
		same(t, all(t, name), map[string]string{"talk": "of before"})
	}
	same(t, all(t, filepath.Join(elsewhere.folder, "side.db")), map[string]string{"talk": "hello"})
	if _, err := os.Stat(filepath.Join(elsewhere.folder, "unused.db")); err == nil {
		t.Error("a file that is not of the backup's state stays in its place")
	}
	if _, err := restore(t.Context(), elsewhere.settings(), files[:1], running, true); !errors.Is(err, storage.ErrNewer) {
		t.Errorf("a version that does not know the adapter's file restores it: %v", err)
	}
}

func fill(t *testing.T, path, key, value string) {
	t.Helper()
	s, err := bolt.Open(t.Context(), bolt.Options{Path: path, NoSync: true, InitialMmapSize: 1 << 20})
	if err != nil {
		t.Fatal(err)
	}
	if err := errors.Join(s.Update(t.Context(), func(tx storage.Tx) error { return tx.Put([]byte(key), []byte(value)) }), s.Close()); err != nil {
		t.Fatal(err)
	}
}

// A backup in which one bit is turned, or of which any part is missing, is refused, and what is there stays.
func TestDamagedBackupIsRefused(t *testing.T) {
	r := newTrellis(t)
	r.must(os.MkdirAll(r.folder, 0o700))
	fill(t, filepath.Join(r.folder, storeName), "greeting", "hello")
	file := filepath.Join(t.TempDir(), "b.tar")
	r.command(exitOK, "backup", file)
	whole, err := os.ReadFile(file)
	r.must(err)
	parts := tarParts(t, whole)
	spoilt := map[string][]byte{
		"empty":            {},
		"cut in the head":  whole[:100],
		"cut in a file":    whole[:len(whole)/2],
		"cut at the end":   whole[:len(whole)-1024-512],
		"without its list": whole[parts[storeName]-512:],
		"two in one":       append(bytes.Clone(whole[:len(whole)-1024]), whole...),
	}
	for part, at := range parts {
		turned := bytes.Clone(whole)
		turned[at+5] ^= 0x10
		spoilt["a bit turned in "+part] = turned
	}
	turned := bytes.Clone(whole)
	turned[len(whole)*2/3] ^= 1
	spoilt["a bit turned in the middle"] = turned
	for name, text := range spoilt {
		t.Run(name, func(t *testing.T) {
			elsewhere := newTrellis(t)
			broken := filepath.Join(t.TempDir(), "broken.tar")
			r.must(os.WriteFile(broken, text, 0o600))
			if _, stderr := elsewhere.command(exitFailed, "restore", broken); strings.Contains(stderr, "goroutine") {
				t.Errorf("it says %q", stderr)
			}
			if _, err := os.Stat(filepath.Join(elsewhere.folder, storeName)); err == nil {
				t.Error("there is a store")
			}
		})
	}
}

// tarParts is where the contents of each file of a tar begin.
func tarParts(t *testing.T, text []byte) map[string]int {
	t.Helper()
	at := map[string]int{}
	in := bytes.NewReader(text)
	for archive := tar.NewReader(in); ; {
		h, err := archive.Next()
		if errors.Is(err, io.EOF) {
			return at
		}
		if err != nil {
			t.Fatal(err)
		}
		at[h.Name] = len(text) - in.Len()
	}
}

// A damaged store makes no backup, and a backup that could not be made leaves nothing.
func TestBackupOfADamagedStore(t *testing.T) {
	r := newTrellis(t)
	r.must(os.MkdirAll(r.folder, 0o700))
	store := filepath.Join(r.folder, storeName)
	fill(t, store, "greeting", "hello")
	text, err := os.ReadFile(store)
	r.must(err)
	for i := 8 << 10; i < len(text); i++ {
		text[i] ^= 0xff
	}
	r.must(os.WriteFile(store, text, 0o600))
	target := t.TempDir()
	if _, stderr := r.command(exitFailed, "backup", filepath.Join(target, "b.tar")); !strings.Contains(stderr, "damaged") {
		t.Errorf("backup says %q", stderr)
	}
	for _, folder := range []string{target, r.folder} {
		names, err := os.ReadDir(folder)
		r.must(err)
		for _, d := range names {
			if d.Name() != storeName {
				t.Errorf("%s stays behind", d.Name())
			}
		}
	}
}

// A backup that nobody waits for any more ends, and leaves nothing in the data folder.
func TestBackupIsCancelled(t *testing.T) {
	r := newTrellis(t)
	r.start()
	r.await("Trellis")
	ctx, cancel := context.WithCancel(t.Context())
	trellis, err := running(ctx, r.folder)
	r.must(err)
	answer, err := trellis.ask(ctx, "POST", "/backup", nil)
	r.must(err)
	cancel()
	_, err = io.Copy(io.Discard, answer)
	answer.Close()
	if err == nil {
		t.Log("it was over before it was cancelled")
	}
	r.end()
	left, err := filepath.Glob(filepath.Join(r.folder, leftover+"*"))
	r.must(err)
	if len(left) > 0 {
		t.Errorf("%v stay behind", left)
	}
}
