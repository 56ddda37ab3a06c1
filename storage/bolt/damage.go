package bolt

import (
	"encoding/binary"
	"errors"
	"fmt"
	"hash/crc32"
	"runtime/debug"
	"strings"
	"syscall"

	berrors "go.etcd.io/bbolt/errors"

	"trellis/storage"
)

const sealSize = 4 // bytes that seal adds to a value

var castagnoli = crc32.MakeTable(crc32.Castagnoli) // processors compute this one

// seal appends value and its checksum to b. The key is part of it, so that a value under a wrong key is noticed.
func seal(b, key, value []byte) []byte {
	sum := crc32.Update(crc32.Checksum(key, castagnoli), castagnoli, value)
	return binary.LittleEndian.AppendUint32(append(b, value...), sum)
}

// unseal returns the value in what seal made. It reads every byte, so that what can't be read faults here, where it
// is caught, and not where the value is used.
func unseal(key, sealed []byte) ([]byte, error) {
	n := len(sealed) - sealSize
	if n < 0 {
		return nil, fmt.Errorf("value without a checksum: %w", storage.ErrDamaged)
	}
	value := sealed[:n:n]
	if crc32.Update(crc32.Checksum(key, castagnoli), castagnoli, value) != binary.LittleEndian.Uint32(sealed[n:]) {
		return nil, fmt.Errorf("checksum of a value does not match: %w", storage.ErrDamaged)
	}
	return value, nil
}

// damaged returns an error that says what is damaged.
func damaged(format string, args ...any) error {
	return fmt.Errorf(format+": %w", append(args, storage.ErrDamaged)...)
}

// guard turns panics of bbolt in f, and faults of its memory map, into ErrDamaged.
func guard(f func() error) (err error) {
	defer debug.SetPanicOnFault(debug.SetPanicOnFault(true))
	defer func() {
		if p := recover(); p != nil {
			err = panicked(p)
		}
	}()
	return f()
}

func panicked(p any) error { return fmt.Errorf("%v: %w", p, storage.ErrDamaged) }

// full are what a disk answers that has no room or is not to be written. All but the last two may pass by themselves.
var full = []syscall.Errno{syscall.ENOSPC, syscall.EDQUOT, syscall.EFBIG, syscall.EROFS}

// refused adds to an error of bbolt what callers decide on.
func refused(err error) error {
	switch {
	case err == nil:
		return nil
	case errors.Is(err, berrors.ErrDatabaseNotOpen):
		return storage.ErrClosed
	case errors.Is(err, berrors.ErrInvalid), errors.Is(err, berrors.ErrChecksum), errors.Is(err, berrors.ErrVersionMismatch):
		return fmt.Errorf("%w: %w", err, storage.ErrDamaged)
	}
	for _, errno := range full {
		// bbolt keeps only the text of some of them, at its end.
		if errors.Is(err, errno) || strings.HasSuffix(err.Error(), errno.Error()) {
			return fmt.Errorf("%w: %w", err, storage.ErrFull)
		}
	}
	return err
}

// explained says which file is damaged and what to do.
func explained(path string, err error) error {
	if errors.Is(err, storage.ErrDamaged) {
		return fmt.Errorf("store %s: %w; stop Trellis and go back to a backup with `trellis restore FILE --force`, which keeps the damaged file beside", path, err)
	}
	return err
}
