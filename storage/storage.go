// Package storage says what Trellis needs of a place to keep things: ordered byte keys in transactions.
//
// How it works: a Store opens transactions, a Tx has four verbs. Typed tables with secondary indexes (Table) and
// the overlay (Overlay) are built once above them, so that a new store has five verbs to write and no more.
// Records of one owner stand under a Scope, each with the version of its format, which its table migrates on reading;
// a Step changes many records at once, when a store of an older format is opened.
//
// What always holds: an update commits whole or not at all; a view sees one committed state, whatever is
// written meanwhile; there is one writer at a time. A store is for use by many goroutines, a Tx by one.
//
// To test a store, run storagetest.Suite over it; to test with a store and without a disk, use Memory, or for one
// transaction an Overlay over nothing, which pass the same suite.
package storage

import (
	"context"
	"errors"
)

// Limits that every store keeps and every Tx checks.
const (
	MaxKey   = 1 << 10  // bytes in a key; the longest of ours is some 300
	MaxValue = 16 << 20 // bytes in a value; far above any record, far below what a small machine holds in memory
)

// Errors that callers decide on.
var (
	// ErrNotFound says that there is no value under the key. Nothing is wrong with the store.
	ErrNotFound = errors.New("not found")
	// ErrTooLarge says that a key is empty or above MaxKey, or a value above MaxValue. Nothing was written.
	ErrTooLarge = errors.New("key or value out of limits")
	// ErrReadOnly says that a view was written to.
	ErrReadOnly = errors.New("transaction is read-only")
	// ErrDamaged says that what was read is not what was written. Stop, and restore a backup.
	ErrDamaged = errors.New("store is damaged")
	// ErrFull says that the disk has no room or refuses to be written. Nothing of the transaction was kept; try again later.
	ErrFull = errors.New("disk is full or read-only")
	// ErrInUse says that another process holds the store.
	ErrInUse = errors.New("store is in use")
	// ErrNewer says that a newer Trellis wrote this. Run that one.
	ErrNewer = errors.New("written by a newer version")
	// ErrClosed says that the store was closed.
	ErrClosed = errors.New("store is closed")
)

// Store opens transactions.
type Store interface {
	// View runs f in a transaction that reads one committed state. It waits for no writer.
	View(ctx context.Context, f func(Tx) error) error
	// Update runs f in the one transaction that may write, and commits durably when f returns nil: when Update
	// returns nil, a power cut loses nothing of it. When f returns an error, or panics, nothing of it is kept.
	// While it waits for another writer, a cancelled ctx ends it.
	Update(ctx context.Context, f func(Tx) error) error
	// Close waits for running transactions. After it, every transaction fails with ErrClosed.
	Close() error
}

// Tx reads and writes ordered byte keys. It ends with the function it was given to.
//
// Keys and values that a Tx hands out live until the next call on the same Tx, and must not be changed; what it
// is handed it does not keep beyond the call.
type Tx interface {
	// Get returns the value under key, or ErrNotFound. An empty value is a value.
	Get(key []byte) ([]byte, error)
	// Put sets the value under key, or returns ErrTooLarge or ErrReadOnly.
	Put(key, value []byte) error
	// Delete removes key; that there was none is no error.
	Delete(key []byte) error
	// Scan shows the keys of [from, to) in ascending bytewise order until visit returns false or an error, which
	// Scan returns. A nil to means: to the end. visit may write to the same Tx: Scan shows keys as the transaction
	// stands when each is shown, so a key deleted ahead is not shown, and one added ahead is.
	Scan(from, to []byte, visit func(key, value []byte) (more bool, err error)) error
}
