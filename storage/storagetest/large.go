package storagetest

import (
	"bytes"
	"encoding/binary"
	"fmt"
	"math/rand/v2"
	"testing"

	"trellis/storage"
)

// large: the largest value, and many keys in one transaction, come back as they went in.
func large(t *testing.T, s Suite) {
	t.Run("the largest value", func(t *testing.T) {
		store := s.Open(t)
		big := make([]byte, storage.MaxValue)
		rnd := rand.New(rand.NewPCG(1, 2))
		for i := 0; i < len(big); i += 8 {
			binary.LittleEndian.PutUint64(big[i:], rnd.Uint64())
		}
		key := []byte("big")
		update(t, store, func(tx storage.Tx) error { return tx.Put(key, big) })
		view(t, store, func(tx storage.Tx) error {
			v, err := tx.Get(key)
			if !bytes.Equal(v, big) {
				t.Errorf("%d bytes came back, or others", len(v))
			}
			return err
		})
		update(t, store, func(tx storage.Tx) error { return tx.Put(key, []byte("small")) })
		expect(t, store, pair{"big", "small"})
	})
	t.Run("many keys", func(t *testing.T) {
		const n = 10_000
		store := s.Open(t)
		keys := rand.New(rand.NewPCG(3, 4)).Perm(n)
		update(t, store, func(tx storage.Tx) error {
			for _, k := range keys {
				if err := tx.Put(fmt.Appendf(nil, "k%06d", k), fmt.Appendf(nil, "v%d", k)); err != nil {
					return err
				}
			}
			return nil
		})
		view(t, store, func(tx storage.Tx) error {
			next := 0
			err := tx.Scan(nil, nil, func(key, value []byte) (bool, error) {
				if string(key) != fmt.Sprintf("k%06d", next) || string(value) != fmt.Sprintf("v%d", next) {
					return false, fmt.Errorf("key %d is %q = %q", next, key, value)
				}
				next++
				return true, nil
			})
			if next != n {
				t.Errorf("%d keys shown, want %d", next, n)
			}
			return err
		})
	})
}
