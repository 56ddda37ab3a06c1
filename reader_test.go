package main

import (
	"encoding/binary"
	"os"
	"path/filepath"
	"slices"
	"testing"
	"time"

	"trellis/storage"
	"trellis/storage/bolt"
)

// readerFor is how long the reader stays open; CI sets 10s.
func readerFor(t *testing.T) time.Duration {
	text := os.Getenv("TRELLIS_READER")
	if text == "" {
		return time.Second
	}
	d, err := time.ParseDuration(text)
	if err != nil {
		t.Fatal(err)
	}
	return d
}

// load commits to a store, one commit after the other, and returns how long each took.
type load struct {
	t     *testing.T
	store *bolt.Store
	n     uint64
}

func (l *load) commit() time.Duration {
	l.n++
	key, value := binary.BigEndian.AppendUint64(nil, l.n), make([]byte, 16<<10) // so that the file grows all the time
	began := time.Now()
	if err := l.store.Update(l.t.Context(), func(tx storage.Tx) error { return tx.Put(key, value) }); err != nil {
		l.t.Error(err)
	}
	return time.Since(began)
}

func (l *load) during(d time.Duration) (took []time.Duration) {
	for end := time.Now().Add(d); time.Now().Before(end); {
		took = append(took, l.commit())
	}
	slices.Sort(took)
	return took
}

// A reader that stays open, as for a backup or an export, makes no commit slower, though the file grows all the while:
// measured in turns in one run, the commits beside it are as fast as those without it.
func TestOpenReaderHoldsUpNobody(t *testing.T) {
	s, err := bolt.Open(t.Context(), bolt.Options{Path: filepath.Join(t.TempDir(), storeName)})
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	l := &load{t: t, store: s}
	l.commit()
	d := readerFor(t)
	alone := l.during(d / 2)
	reading, closed := make(chan struct{}), make(chan error)
	go func() {
		closed <- s.View(t.Context(), func(storage.Tx) error {
			close(reading)
			<-time.After(d)
			return nil
		})
	}()
	<-reading
	beside := l.during(d)
	if err := <-closed; err != nil {
		t.Fatal(err)
	}
	alone = append(alone, l.during(d/2)...)
	slices.Sort(alone)
	t.Logf("alone: %d commits, median %v, slowest %v; beside a reader: %d, median %v, slowest %v",
		len(alone), alone[len(alone)/2], alone[len(alone)-1], len(beside), beside[len(beside)/2], beside[len(beside)-1])
	if got, want := beside[len(beside)/2], 3*alone[len(alone)/2]; got > want {
		t.Errorf("beside a reader the median commit takes %v, want at most %v", got, want)
	}
	if slowest := beside[len(beside)-1]; slowest > alone[len(alone)-1]+d/2 {
		t.Errorf("beside a reader a commit takes %v, as if it waited for the reader", slowest)
	}
}
