package storagetest

import (
	"errors"
	"math"
	"os"
	"os/signal"
	"path/filepath"
	"strings"
	"syscall"
	"testing"

	"trellis/storage"
)

// fullDisk: an update for which there is no room is refused with ErrFull and leaves nothing; reads go on, and
// updates too as soon as there is room again. In another process, since room is taken away by a limit on the size of
// its files.
func fullDisk(t *testing.T, _ File) {
	cmd, in, out := start(t, "fill", filepath.Join(t.TempDir(), "store"))
	var said []string
	for out.Scan() {
		said = append(said, out.Text())
	}
	if err := errors.Join(in.Close(), cmd.Wait()); err != nil || !strings.Contains(strings.Join(said, "\n"), "filled twice") {
		t.Errorf("%v:\n%s", err, strings.Join(said, "\n"))
	}
}

// fill fills the disk twice: there is no room for the file to grow, and none for pages within it.
func fill(t *testing.T, f File, path string) {
	signal.Ignore(syscall.SIGXFSZ)
	s := f.open(t, path)
	put(t, s, "a", "b")
	info, err := os.Stat(path)
	if err != nil {
		t.Fatal(err)
	}
	want := []pair{{"a", "a"}, {"b", "b"}}
	chunk := strings.Repeat("0123456789", 20<<10)

	limit(t, uint64(info.Size()))
	for i := 0; ; i++ {
		key := string([]byte{'c', byte('A' + i)})
		err := s.Update(t.Context(), both(set(key, chunk), del("a")))
		if err == nil {
			want = append(want, pair{key, chunk})
			want = deleted(want, "a")
			continue
		}
		if !errors.Is(err, storage.ErrFull) {
			t.Fatalf("update on a full disk: %v", err)
		}
		break
	}
	expect(t, s, want...)
	limit(t, math.MaxInt64)
	update(t, s, set("d", chunk))
	want = append(want, pair{"d", chunk})
	expect(t, s, want...)

	limit(t, uint64(3*f.PageSize))
	for range 3 {
		if err := s.Update(t.Context(), both(set("e", "e"), del("b"))); !errors.Is(err, storage.ErrFull) {
			t.Fatalf("update on a disk that takes no page: %v", err)
		}
		expect(t, s, want...)
	}
	limit(t, math.MaxInt64)
	update(t, s, both(set("e", "e"), del("b")))
	want = append(deleted(want, "b"), pair{"e", "e"})
	expect(t, s, want...)
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	expect(t, f.open(t, path), want...)
	t.Log("filled twice")
}

func deleted(pairs []pair, key string) (left []pair) {
	for _, p := range pairs {
		if p.key != key {
			left = append(left, p)
		}
	}
	return left
}

// limit sets how large files may get.
func limit(t *testing.T, size uint64) {
	t.Helper()
	var now syscall.Rlimit
	if err := syscall.Getrlimit(syscall.RLIMIT_FSIZE, &now); err != nil {
		t.Fatal(err)
	}
	now.Cur = min(size, now.Max)
	if err := syscall.Setrlimit(syscall.RLIMIT_FSIZE, &now); err != nil {
		t.Fatal(err)
	}
}
