package storagetest

import (
	"bytes"
	"errors"
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"trellis/storage"
)

// File knows how to open the store that lives in one file.
type File struct {
	// Open opens the store at path, and creates it when there is no file. Syncing is off where a test has nothing
	// to do with power cuts.
	Open func(path string) (storage.Store, error)
	// PageSize is the number of bytes in which the store writes.
	PageSize int
}

// damage: what is not a whole store is refused with the way back, stays as it is, and never becomes a new one; what
// opens reads as it was written.
func damage(t *testing.T, f File) {
	whole, want := f.sample(t)
	t.Run("not whole", func(t *testing.T) { notWhole(t, f, whole) })
	t.Run("flipped bits", func(t *testing.T) { flipped(t, f, whole, want) })
	t.Run("flipped while open", func(t *testing.T) { flippedOpen(t, f) })
	t.Run("not a file", func(t *testing.T) {
		if s, err := f.Open(t.TempDir()); err == nil {
			t.Error("a folder was opened", s.Close())
		}
	})
}

// sample makes a store that has been worked with, and returns its file and what is in it.
func (f File) sample(t *testing.T) (whole []byte, want []pair) {
	t.Helper()
	path := filepath.Join(t.TempDir(), "store")
	s := f.open(t, path)
	for round := range 2 {
		update(t, s, func(tx storage.Tx) error {
			for i := range 120 {
				key, value := fmt.Sprintf("key-%d", (i*37+round)%200), fmt.Sprintf("value %d of %d", i, round)
				if err := set(key, value)(tx); err != nil {
					return err
				}
			}
			return errors.Join(set("large", strings.Repeat("large ", 2000))(tx), set("empty", "")(tx), del("key-7")(tx))
		})
	}
	view(t, s, func(tx storage.Tx) (err error) {
		want, err = all(tx, "", "")
		return err
	})
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	whole, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	return whole, want
}

func (f File) open(t testing.TB, path string) storage.Store {
	t.Helper()
	s, err := f.Open(path)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := s.Close(); err != nil {
			t.Error(err)
		}
	})
	return s
}

func notWhole(t *testing.T, f File, whole []byte) {
	noise := make([]byte, 4*f.PageSize)
	rnd := rand.New(rand.NewPCG(5, 6))
	for i := range noise {
		noise[i] = byte(rnd.Uint32())
	}
	rows := map[string][]byte{
		"empty":          {},
		"one byte":       whole[:1],
		"half a page":    whole[:f.PageSize/2],
		"one page":       whole[:f.PageSize],
		"two pages":      whole[:2*f.PageSize],
		"three pages":    whole[:3*f.PageSize],
		"half":           whole[:len(whole)/2],
		"zeros":          make([]byte, len(whole)),
		"zeros in front": append(make([]byte, 2*f.PageSize), whole[2*f.PageSize:]...),
		"noise":          noise,
		"text":           []byte(strings.Repeat("to whom it may concern\n", 1000)),
		"database":       append([]byte("SQLite format 3\x00"), make([]byte, 2*f.PageSize)...),
		"shifted":        append([]byte{0}, whole...),
	}
	for name, content := range rows {
		t.Run(name, func(t *testing.T) {
			path := filepath.Join(t.TempDir(), "store")
			if err := os.WriteFile(path, content, 0o600); err != nil {
				t.Fatal(err)
			}
			s, err := f.Open(path)
			if err == nil {
				t.Fatal("it was opened", s.Close())
			}
			if !errors.Is(err, storage.ErrDamaged) || !strings.Contains(err.Error(), "trellis restore") || !strings.Contains(err.Error(), path) {
				t.Errorf("refused with: %v", err)
			}
			if after, err := os.ReadFile(path); err != nil || !bytes.Equal(after, content) {
				t.Errorf("the file was changed: %d bytes of %d, %v", len(after), len(content), err)
			}
		})
	}
}

// flipped flips one bit at a time: in the heads of all pages, where most means something, and anywhere.
func flipped(t *testing.T, f File, whole []byte, want []pair) {
	rnd := rand.New(rand.NewPCG(7, 8))
	var bits []int
	for page := 0; page < len(whole)/f.PageSize; page++ {
		if start := page * f.PageSize; len(bytes.Trim(whole[start:start+f.PageSize], "\x00")) == 0 {
			continue // never written
		}
		for range 8 {
			bits = append(bits, 8*page*f.PageSize+rnd.IntN(64))
		}
		for bit := 64; bit < 128; bit++ { // kind, number of entries, number of pages
			bits = append(bits, 8*page*f.PageSize+bit)
		}
	}
	for range 200 {
		bits = append(bits, rnd.IntN(8*len(whole)))
	}
	path := filepath.Join(t.TempDir(), "store")
	file, err := os.Create(path)
	if err != nil {
		t.Fatal(err)
	}
	defer file.Close()
	if _, err := file.Write(whole); err != nil {
		t.Fatal(err)
	}
	refused, harmless := 0, 0
	for _, bit := range bits {
		at, good := int64(bit/8), whole[bit/8]
		if _, err := file.WriteAt([]byte{good ^ 1<<(bit%8)}, at); err != nil {
			t.Fatal(err)
		}
		if err := f.readAll(t, path, want); err == nil {
			harmless++
		} else if refused++; !errors.Is(err, storage.ErrDamaged) {
			t.Errorf("bit %d of byte %d: %v", bit%8, bit/8, err)
		}
		if _, err := file.WriteAt([]byte{good}, at); err != nil {
			t.Fatal(err)
		}
	}
	if after, err := os.ReadFile(path); err != nil || !bytes.Equal(after, whole) {
		t.Errorf("reading changed the file, %v", err)
	}
	t.Logf("%d bits flipped: %d noticed, %d in what is not used", len(bits), refused, harmless)
	if refused == 0 {
		t.Error("no flipped bit was noticed")
	}
}

// readAll opens the store and reads everything in both ways.
func (f File) readAll(t *testing.T, path string, want []pair) error {
	t.Helper()
	s, err := f.Open(path)
	if err != nil {
		return err
	}
	err = s.View(t.Context(), func(tx storage.Tx) error {
		got, err := all(tx, "", "")
		if err != nil {
			return err
		}
		if !slices.Equal(got, want) {
			return fmt.Errorf("a scan shows %d keys of %d, or others", len(got), len(want))
		}
		for _, p := range want {
			if v, err := tx.Get([]byte(p.key)); err != nil || string(v) != p.value {
				return fmt.Errorf("%q is %q: %w", p.key, v, err)
			}
		}
		return nil
	})
	return errors.Join(err, s.Close())
}

// flippedOpen flips bits in the file of a store that is open: the next read notices, and the rest goes on.
func flippedOpen(t *testing.T, f File) {
	path := filepath.Join(t.TempDir(), "store")
	s := f.open(t, path)
	const mark = "a value to be found in the file"
	update(t, s, both(set("a", "first"), both(set("b", mark), set("c", "last"))))
	file, err := os.OpenFile(path, os.O_RDWR, 0)
	if err != nil {
		t.Fatal(err)
	}
	defer file.Close()
	content, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	flips := 0
	for at := 0; ; flips++ {
		next := bytes.Index(content[at:], []byte(mark))
		if next < 0 {
			break
		}
		if _, err := file.WriteAt([]byte{content[at+next] ^ 4}, int64(at+next)); err != nil {
			t.Fatal(err)
		}
		at += next + 1
	}
	if flips == 0 {
		t.Fatal("the value is not in the file as it is")
	}
	view(t, s, func(tx storage.Tx) error {
		if v, err := tx.Get([]byte("b")); !errors.Is(err, storage.ErrDamaged) {
			t.Errorf("get: %q, %v", v, err)
		}
		if _, err := all(tx, "", ""); !errors.Is(err, storage.ErrDamaged) {
			t.Errorf("scan: %v", err)
		}
		if v, ok := get(t, tx, "a"); !ok || v != "first" {
			t.Errorf("the value beside it: %q, %v", v, ok)
		}
		return nil
	})
	if err := s.View(t.Context(), func(tx storage.Tx) error { _, err := tx.Get([]byte("b")); return err }); err == nil || !strings.Contains(err.Error(), "trellis restore") {
		t.Errorf("the transaction ends with: %v", err)
	}
}
