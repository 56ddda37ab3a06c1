package bot

import (
	crypto "crypto/rand"
	"encoding/binary"
)

// systemSource is the system's randomness as a rand.Source: what is anonymous is ordered and named by it, so it must
// not be computable from anything. It is fetched for several numbers at once, since one ID takes ten.
type systemSource struct {
	bytes [512]byte
	left  int // bytes at the end that were not given out yet
}

// Uint64 is rand.Source's.
func (s *systemSource) Uint64() uint64 {
	if s.left == 0 {
		_, _ = crypto.Read(s.bytes[:]) // never fails: it ends the program instead
		s.left = len(s.bytes)
	}
	next := s.bytes[len(s.bytes)-s.left:][:8]
	s.left -= len(next)
	n := binary.LittleEndian.Uint64(next)
	clear(next) // what was given out stands here no more
	return n
}
