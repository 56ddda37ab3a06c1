package bolt_test

import (
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"testing"
	"time"

	"go.etcd.io/bbolt"

	"trellis/storage"
	"trellis/storage/bolt"
)

const recordSize = 200 // bytes of a value, and of a plain append: a record of a flow

// appends measures F, the rate of a small append and fdatasync on this disk, to which commits are compared.
func appends(b *testing.B) float64 {
	b.Helper()
	f, err := os.Create(filepath.Join(b.TempDir(), "appended"))
	if err != nil {
		b.Fatal(err)
	}
	defer f.Close()
	record := make([]byte, recordSize)
	const n = 300
	begin := time.Now()
	for range n {
		if _, err := f.Write(record); err != nil {
			b.Fatal(err)
		}
		if err := dataSync(f); err != nil {
			b.Fatal(err)
		}
	}
	return n / time.Since(begin).Seconds()
}

// BenchmarkCommit is one durable update of one key and of five anywhere in a store of 10,000, as a multiple of F;
// bare is bbolt alone with the same keys.
func BenchmarkCommit(b *testing.B) {
	s := open(b, bolt.Options{Path: filepath.Join(b.TempDir(), "store.db")})
	bare, err := bbolt.Open(filepath.Join(b.TempDir(), "bare.db"), 0o600, nil)
	if err != nil {
		b.Fatal(err)
	}
	defer bare.Close()
	ours := func(f func(put func(key, value []byte) error) error) error {
		return s.Update(b.Context(), func(tx storage.Tx) error { return f(tx.Put) })
	}
	theirs := func(f func(put func(key, value []byte) error) error) error {
		return bare.Update(func(tx *bbolt.Tx) error {
			bucket, err := tx.CreateBucketIfNotExists([]byte("data"))
			if err != nil {
				return err
			}
			return f(bucket.Put)
		})
	}
	for _, keys := range []int{1, 5} {
		b.Run(fmt.Sprintf("keys=%d", keys), func(b *testing.B) { commits(b, keys, ours) })
		b.Run(fmt.Sprintf("bare/keys=%d", keys), func(b *testing.B) { commits(b, keys, theirs) })
	}
}

func commits(b *testing.B, keys int, update func(f func(put func(key, value []byte) error) error) error) {
	const stored = 10_000
	value, rnd := make([]byte, recordSize), rand.New(rand.NewPCG(1, 1))
	if err := update(func(put func(key, value []byte) error) error {
		for i := range stored {
			if err := put(name(i), value); err != nil {
				return err
			}
		}
		return nil
	}); err != nil {
		b.Fatal(err)
	}
	f := appends(b)
	n, begin := 0, time.Now()
	for b.Loop() {
		if err := update(func(put func(key, value []byte) error) error {
			for range keys {
				if err := put(name(rnd.IntN(stored)), value); err != nil {
					return err
				}
			}
			return nil
		}); err != nil {
			b.Fatal(err)
		}
		n++
	}
	b.ReportMetric(f, "F/s")
	b.ReportMetric(float64(n)/time.Since(begin).Seconds()/f, "of-F")
}

// BenchmarkOpenMillion opens and closes a store of a million keys after a clean stop, and after one that was not.
func BenchmarkOpenMillion(b *testing.B) {
	o := bolt.Options{Path: filepath.Join(b.TempDir(), "store.db")}
	s, err := bolt.Open(b.Context(), o)
	if err != nil {
		b.Fatal(err)
	}
	fill(b, s, 1_000_000, 50_000)
	if err := s.Close(); err != nil {
		b.Fatal(err)
	}
	b.Run("clean", func(b *testing.B) {
		for b.Loop() {
			s, err := bolt.Open(b.Context(), o)
			if err != nil {
				b.Fatal(err)
			}
			b.StopTimer()
			if err := s.Update(b.Context(), func(tx storage.Tx) error { return tx.Put(name(1), nil) }); err != nil {
				b.Fatal(err)
			}
			if err := s.Close(); err != nil {
				b.Fatal(err)
			}
			b.StartTimer()
		}
	})
	b.Run("walk", func(b *testing.B) {
		s := open(b, o)
		for b.Loop() {
			if err := s.Check(b.Context()); err != nil {
				b.Fatal(err)
			}
		}
	})
}

// BenchmarkRead gets keys of a store of 10,000, and scans it.
func BenchmarkRead(b *testing.B) {
	s := open(b, bolt.Options{Path: filepath.Join(b.TempDir(), "store.db"), NoSync: true})
	fill(b, s, 10_000, 10_000)
	read := func(b *testing.B, f func(tx storage.Tx) error) {
		b.ReportAllocs()
		if err := s.View(b.Context(), f); err != nil {
			b.Fatal(err)
		}
	}
	b.Run("get", func(b *testing.B) {
		read(b, func(tx storage.Tx) error {
			key, i := name(0), 0
			for b.Loop() {
				if _, err := tx.Get(key); err != nil {
					return err
				}
				i++
			}
			return nil
		})
	})
	b.Run("scan", func(b *testing.B) {
		read(b, func(tx storage.Tx) error {
			for b.Loop() {
				n := 0
				err := tx.Scan(nil, nil, func(_, _ []byte) (bool, error) { n++; return n < 1000, nil })
				if err != nil {
					return err
				}
			}
			b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N)/1000, "ns/key")
			return nil
		})
	})
}

func name(i int) []byte { return fmt.Appendf(nil, "key-%09d", i) }

// fill writes n keys, some at a time.
func fill(b *testing.B, s *bolt.Store, n, atOnce int) {
	b.Helper()
	value := make([]byte, recordSize)
	for from := 0; from < n; from += atOnce {
		err := s.Update(b.Context(), func(tx storage.Tx) error {
			for i := from; i < min(n, from+atOnce); i++ {
				if err := tx.Put(name(i), value); err != nil {
					return err
				}
			}
			return nil
		})
		if err != nil {
			b.Fatal(err)
		}
	}
}
