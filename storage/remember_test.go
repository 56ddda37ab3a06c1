package storage

import (
	"fmt"
	"slices"
	"testing"
)

type shelf struct{ Books []string }

func TestRememberedRecordIsTheStoredOne(t *testing.T) {
	table := NewTable[shelf]("shelves", 1).Remember(3, func(s *shelf) { s.Books = slices.Clip(s.Books) })
	var tx, undone Overlay
	want := map[string]int{}
	check := func(tx Tx, key string, n int) {
		t.Helper()
		for range 2 {
			s, err := table.Get(tx, Global, key)
			if err != nil || len(s.Books) != n {
				t.Fatalf("%s holds %v, %v; want %d", key, s.Books, err, n)
			}
			_ = append(s.Books, "of one reader") // is seen by no other
		}
	}
	for i := range 100 {
		key := fmt.Sprint(i * i % 7)
		s, err := table.Get(&tx, Global, key)
		if err != nil && want[key] > 0 {
			t.Fatal(err)
		}
		s.Books = append(s.Books, fmt.Sprint(i))
		if err := table.Put(&tx, Global, key, s); err != nil {
			t.Fatal(err)
		}
		want[key]++
		check(&tx, key, want[key])

		// What another transaction writes, and never commits, is its own.
		undone.Reset(&tx)
		if err := table.Put(&undone, Global, key, shelf{}); err != nil {
			t.Fatal(err)
		}
		check(&undone, key, 0)
		check(&tx, key, want[key])
	}
	for key, n := range want {
		s, err := table.Get(&tx, Global, key)
		if err != nil || len(s.Books) != n || slices.Contains(s.Books, "of one reader") {
			t.Errorf("%s holds %v, %v", key, s.Books, err)
		}
	}
}
