package bolt

import (
	"encoding/binary"
	"fmt"
	"hash/fnv"
	"io"
)

// The format of bbolt's pages, version 2. Numbers are in the machine's byte order, as bbolt writes them.
const (
	magic       = 0xED0CDAED
	fileVersion = 2
	headerSize  = 16 // id 8, flags 2, count 2, overflow 4
	elementSize = 16 // branch: position 4, key's size 4, page 8; leaf: flags 4, position 4, key's size 4, value's size 4
	metaSize    = 64 // from magic to checksum, after the header
	bucketSize  = 16 // a bucket's value: root page 8, sequence 8, then the page itself if the root is 0

	branchPage   = 0x01
	leafPage     = 0x02
	metaPage     = 0x04
	freelistPage = 0x10
	bucketFlag   = 0x01 // of an element of a leaf

	noFreelist = 1<<64 - 1
	maxDepth   = 64 // far above any tree that fits on a disk
)

const foreign = "this is not a store of Trellis, or its head is damaged"

// meta is what a meta page says.
type meta struct {
	pageSize       int64
	root, freelist uint64
	pages          uint64 // in use or free; none from this one on
	txid           uint64
}

// readMeta returns what the newer meta page says. Both have to be whole: what they hold lies in one sector, so a
// power cut leaves the old or the new one, and one that is neither has been damaged. To go on with the other would
// silently undo the last commit.
func readMeta(r io.ReaderAt, size int64) (newest meta, err error) {
	at := int64(0)
	for page := range 2 {
		var b [headerSize + metaSize]byte
		if _, err := r.ReadAt(b[:], at); err != nil {
			return meta{}, damaged("file of %d bytes ends within meta page %d", size, page)
		}
		m, err := parseMeta(b[:])
		if err != nil {
			return meta{}, fmt.Errorf("meta page %d: %w", page, err)
		}
		if page == 0 || m.txid > newest.txid {
			newest = m
		}
		at = m.pageSize
	}
	if need := newest.pages * uint64(newest.pageSize); newest.pages > 1<<40 || uint64(size) < need {
		return meta{}, damaged("file is cut off: %d bytes of at least %d", size, need)
	}
	return newest, nil
}

func parseMeta(b []byte) (meta, error) {
	num := binary.NativeEndian
	flags, b := num.Uint16(b[8:]), b[headerSize:]
	if num.Uint32(b) != magic || num.Uint32(b[4:]) != fileVersion {
		return meta{}, damaged("%s", foreign)
	}
	sum := fnv.New64a()
	sum.Write(b[:metaSize-8])
	m := meta{
		pageSize: int64(num.Uint32(b[8:])),
		root:     num.Uint64(b[16:]),
		freelist: num.Uint64(b[32:]),
		pages:    num.Uint64(b[40:]),
		txid:     num.Uint64(b[48:]),
	}
	switch {
	case sum.Sum64() != num.Uint64(b[metaSize-8:]) || flags != metaPage:
		return meta{}, damaged("checksum does not match")
	case m.pageSize < 1<<10 || m.pageSize > 1<<24 || m.pageSize&(m.pageSize-1) != 0:
		return meta{}, damaged("pages of %d bytes", m.pageSize)
	}
	return m, nil
}
