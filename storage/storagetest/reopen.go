package storagetest

import (
	"fmt"
	"testing"

	"trellis/storage"
)

// reopen: what was committed is there after a restart, and nothing else.
func reopen(t *testing.T, s Suite) {
	store := s.Open(t)
	var want []pair
	for round := range 5 {
		key := fmt.Sprintf("k%d", round)
		put(t, store, key, "gone")
		update(t, store, del("gone"))
		want = append(want, pair{key, key})
		if err := store.Update(t.Context(), func(tx storage.Tx) error {
			return fmt.Errorf("undone: %w", set("undone", "x")(tx))
		}); err == nil {
			t.Fatal("an update with an error was committed")
		}
		store = s.Reopen(t, store)
		expect(t, store, want...)
	}
}
