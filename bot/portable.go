package bot

import (
	"fmt"
	"slices"

	"trellis/flows"
	"trellis/storage"
)

// TimersOf shows the timers of a group, as records that storage.PutRecord takes: what Trellis owes it at a time.
func TimersOf(tx storage.Tx, group flows.GroupID, visit func(r storage.Record) error) error {
	return tx.Scan(timers.prefix(), timers.end(), func(key, value []byte) (bool, error) {
		t, err := parseTimer(key)
		if err != nil {
			return false, err
		}
		if t.Group != group {
			return true, nil
		}
		return true, visit(storage.Record{
			Table: string(timers), Key: slices.Clone(key[len(timers)+1:]), Version: 1, Value: slices.Clone(value[len(header):]),
		})
	})
}

// PutTimer writes what TimersOf showed, and says false for a record that is no timer.
func PutTimer(tx storage.Tx, group flows.GroupID, r storage.Record) (ours bool, err error) {
	if r.Table != string(timers) {
		return false, nil
	}
	t, err := parseTimer(timers.key(nil, string(r.Key)))
	if err != nil || t.Group != group {
		return true, fmt.Errorf("timer %q is not the group's: %w", r.Key, flows.ErrTaken)
	}
	return true, storage.PutRecord(tx, storage.Global, r)
}
