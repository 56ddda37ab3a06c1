package storage

import (
	"bytes"
	"encoding/binary"
	"testing"
)

// FuzzRecord takes apart anything: what comes apart as a record must go together again.
func FuzzRecord(f *testing.F) {
	f.Add([]byte{1, 0, '{', '}'})
	f.Add([]byte{1, 2, 3, 'a', 0, 'b', 1, 'c', '{', '}'})
	f.Add([]byte{1, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 1})
	f.Add([]byte{0x80})
	f.Fuzz(func(t *testing.T, stored []byte) {
		r, err := parseRecord(stored)
		if err != nil {
			return
		}
		n := uint64(0)
		if err := r.eachEntry(func(entry []byte) error {
			n++
			if !r.has(entry) {
				t.Errorf("entry %q is not found", entry)
			}
			return nil
		}); err != nil || n != r.n {
			t.Errorf("%d entries of %d, %v", n, r.n, err)
		}
		back := binary.AppendUvarint(binary.AppendUvarint(nil, r.version), r.n)
		back = append(append(back, r.entries...), r.json...)
		again, err := parseRecord(back)
		if err != nil || again.version != r.version || !bytes.Equal(again.json, r.json) {
			t.Errorf("%q came back as %q, %v", stored, back, err)
		}
	})
}

// FuzzParts takes apart anything: what comes apart as a key must be the only key of its parts.
func FuzzParts(f *testing.F) {
	f.Add("a\x00b\x00")
	f.Add("\x01\x01\x01\x02\x00")
	f.Add("\x01")
	f.Fuzz(func(t *testing.T, key string) {
		parts, err := Parts(key)
		if err == nil && Key(parts...) != key {
			t.Errorf("%q has the parts %q, whose key is %q", key, parts, Key(parts...))
		}
	})
}
