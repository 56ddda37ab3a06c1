package bolt

import (
	"bytes"
	"errors"
	"fmt"
	"os"
	"syscall"
	"testing"

	"trellis/storage"
)

// FuzzWalk walks any bytes: it must end, without a panic, and find whole only what it finds whole again.
func FuzzWalk(f *testing.F) {
	whole, err := os.ReadFile("testdata/format-1.db")
	if err != nil {
		f.Fatal(err)
	}
	f.Add(whole, uint32(0), byte(0))
	f.Add(whole, uint32(4096+20), byte(1))
	f.Add(whole[:len(whole)/2], uint32(9000), byte(255))
	f.Add([]byte("a text"), uint32(0), byte(0))
	f.Fuzz(func(t *testing.T, file []byte, at uint32, flip byte) {
		if len(file) > 0 {
			file = bytes.Clone(file)
			file[int(at)%len(file)] ^= flip
		}
		for _, leaves := range []bool{true, false} {
			m, err := readMeta(bytes.NewReader(file), int64(len(file)))
			if err == nil {
				err = newWalker(t.Context(), bytes.NewReader(file), m, leaves).walk()
			}
			if err != nil && !errors.Is(err, storage.ErrDamaged) {
				t.Errorf("leaves %v: %v", leaves, err)
			}
		}
	})
}

func TestRefused(t *testing.T) {
	rows := map[string]struct {
		err  error
		full bool
	}{
		"no room":            {&os.PathError{Op: "write", Path: "x", Err: syscall.ENOSPC}, true},
		"no room, as text":   {errors.New("file resize error: " + syscall.ENOSPC.Error()), true},
		"quota":              {fmt.Errorf("write: %w", syscall.EDQUOT), true},
		"file too large":     {errors.New("file resize error: " + syscall.EFBIG.Error()), true},
		"read-only":          {&os.PathError{Op: "open", Path: "x", Err: syscall.EROFS}, true},
		"the disk is broken": {&os.PathError{Op: "write", Path: "x", Err: syscall.EIO}, false},
		"nothing":            {nil, false},
	}
	for name, r := range rows {
		t.Run(name, func(t *testing.T) {
			got := refused(r.err)
			if errors.Is(got, storage.ErrFull) != r.full || (got == nil) != (r.err == nil) {
				t.Errorf("%v became %v", r.err, got)
			}
		})
	}
}

func TestSeal(t *testing.T) {
	sealed := seal(nil, []byte("key"), []byte("value"))
	if v, err := unseal([]byte("key"), sealed); err != nil || string(v) != "value" {
		t.Errorf("%q, %v", v, err)
	}
	if _, err := unseal([]byte("kez"), sealed); !errors.Is(err, storage.ErrDamaged) {
		t.Errorf("under another key: %v", err)
	}
	for bit := range 8 * len(sealed) {
		b := bytes.Clone(sealed)
		b[bit/8] ^= 1 << (bit % 8)
		if _, err := unseal([]byte("key"), b); !errors.Is(err, storage.ErrDamaged) {
			t.Errorf("bit %d flipped: %v", bit, err)
		}
	}
	for cut := range len(sealed) {
		if _, err := unseal([]byte("key"), sealed[:cut]); !errors.Is(err, storage.ErrDamaged) {
			t.Errorf("cut to %d bytes: %v", cut, err)
		}
	}
}
