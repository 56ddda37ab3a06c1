package storage

import "fmt"

// Step brings the records of a whole store from one format to the next. The format of a store is the number of steps
// behind it and one: a store that is opened with two steps is of format 3 when it is open.
//
// Most changes need no step: a Table migrates its own records one by one. A step is for what concerns many at once:
// Reindex, records that move to another key, tables that end.
type Step func(tx Tx) error

// Migrate takes the steps that a store of format from has not behind it, and returns the format it then has. Stores
// call it when they open, in one transaction with the new number, after they have made a copy of themselves.
func Migrate(tx Tx, from int, steps []Step) (int, error) {
	to := len(steps) + 1
	if from > to {
		return from, fmt.Errorf("the store is of format %d, this version knows formats up to %d: %w", from, to, ErrNewer)
	}
	if from < 1 {
		return from, fmt.Errorf("the store is of format %d: %w", from, ErrDamaged)
	}
	for ; from < to; from++ {
		if err := steps[from-1](tx); err != nil {
			return from, fmt.Errorf("migrate the store from format %d: %w", from, err)
		}
	}
	return to, nil
}
