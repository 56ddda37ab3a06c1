package flows

import (
	"time"

	"trellis/storage"
)

// Key makes the value of an index from several parts; values sort as their parts do, the first one first.
func Key(parts ...string) string { return storage.Key(parts...) }

// KeyEnd is the end of the range of all values that begin with prefix.
func KeyEnd(prefix string) string { return storage.End(prefix) }

// NumberKey is a part of an index's value that sorts as n does.
func NumberKey(n int) string { return storage.Number(uint64(n)) }

// InstantKey is a part of an index's value that sorts as instants do.
func InstantKey(at time.Time) string { return storage.Instant(at) }
