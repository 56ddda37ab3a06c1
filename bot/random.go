package bot

import (
	crypto "crypto/rand"
	"encoding/binary"
)

// systemSource is the system's randomness as a rand.Source: what is anonymous is ordered and named by it, so it must
// not be computable from anything.
type systemSource struct{}

// Uint64 is rand.Source's.
func (systemSource) Uint64() uint64 {
	var b [8]byte
	_, _ = crypto.Read(b[:]) // never fails: it ends the program instead
	return binary.LittleEndian.Uint64(b[:])
}
