package bolt

import (
	"bytes"
	"context"
	"encoding/binary"
	"fmt"
	"io"
	"slices"
	"strconv"
)

// This file walks the pages of a bbolt file as bbolt's Tx.Check does, with these differences: it reads with ReadAt,
// so that a page that is not there is an error and no fault in a goroutine where nobody can catch it; it needs no
// writer to wait; it looks at our checksums on the way; and it can leave the leaves out, which is fast enough for
// every start.

// walker goes through the pages that one commit uses.
type walker struct {
	meta
	r      io.ReaderAt
	leaves bool     // look into leaves, too
	used   bitset   // pages that the trees, or the list of free pages, take up
	free   bitset   // pages in the list of free pages; nil when the file has no list
	bufs   [][]byte // one for each depth
	lowest int      // depth of the branches above the leaves of the tree that is walked; 0: not known yet
	ctx    context.Context

	format int  // what storeBucket says; 0: it was not found
	clean  bool // cleanKey was there
	data   bool // dataBucket was found
}

func newWalker(ctx context.Context, r io.ReaderAt, m meta, leaves bool) *walker {
	return &walker{meta: m, r: r, leaves: leaves, ctx: ctx, used: newBitset(m.pages)}
}

// walk returns the first damage that it finds.
func (w *walker) walk() error {
	w.used.add(0)
	w.used.add(1)
	if err := w.readFreelist(); err != nil {
		return err
	}
	if err := w.tree(w.root, 0, nil, nil, w.bucket); err != nil {
		return err
	}
	if w.format == 0 || !w.data {
		return damaged("%s", foreign)
	}
	if w.leaves && w.free != nil {
		for id := range w.pages {
			if !w.used.has(id) && !w.free.has(id) {
				return damaged("page %d is neither used nor free", id)
			}
		}
	}
	return nil
}

// take notes that a page is used, with those that follow it.
func (w *walker) take(id, overflow uint64) error {
	if id < 2 || id >= w.pages || overflow >= w.pages-id {
		return damaged("page %d and %d more are outside of the file", id, overflow)
	}
	for ; ; id++ {
		if w.used.has(id) || w.free != nil && w.free.has(id) {
			return damaged("page %d is used twice, or free and used", id)
		}
		w.used.add(id)
		if overflow == 0 {
			return nil
		}
		overflow--
	}
}

// page is one page in a buffer, with those that follow it.
type page struct {
	id       uint64
	flags    uint16
	count    int
	overflow uint64
	bytes    []byte
}

// header reads the head of a page.
func (w *walker) header(id uint64) (page, error) {
	var b [headerSize]byte
	if id >= w.pages {
		return page{}, damaged("page %d is outside of the file", id)
	}
	if _, err := w.r.ReadAt(b[:], int64(id)*w.pageSize); err != nil {
		return page{}, damaged("page %d: %w", id, err)
	}
	return parseHeader(id, b[:])
}

func parseHeader(id uint64, b []byte) (page, error) {
	num := binary.NativeEndian
	p := page{id: id, flags: num.Uint16(b[8:]), count: int(num.Uint16(b[10:])), overflow: uint64(num.Uint32(b[12:]))}
	if num.Uint64(b) != id {
		return page{}, damaged("page %d says it is page %d", id, num.Uint64(b))
	}
	return p, nil
}

// read reads a whole page into the buffer of that depth.
func (w *walker) read(id uint64, depth int) (page, error) {
	if err := w.ctx.Err(); err != nil {
		return page{}, err
	}
	if depth == len(w.bufs) {
		w.bufs = append(w.bufs, make([]byte, w.pageSize))
	}
	buf := w.bufs[depth][:w.pageSize]
	if id >= w.pages {
		return page{}, damaged("page %d is outside of the file", id)
	}
	if _, err := w.r.ReadAt(buf, int64(id)*w.pageSize); err != nil {
		return page{}, damaged("page %d: %w", id, err)
	}
	p, err := parseHeader(id, buf)
	if err != nil {
		return page{}, err
	}
	if p.overflow > 0 {
		if p.overflow >= w.pages-id {
			return page{}, damaged("page %d and %d more are outside of the file", id, p.overflow)
		}
		size := int64(p.overflow+1) * w.pageSize
		buf = slices.Grow(buf[:0], int(size))[:size]
		w.bufs[depth] = buf
		if _, err := w.r.ReadAt(buf, int64(id)*w.pageSize); err != nil {
			return page{}, damaged("page %d: %w", id, err)
		}
	}
	p.bytes = buf
	return p, nil
}

// element is one entry of a branch or a leaf.
type element struct {
	key, value []byte
	child      uint64 // of a branch
	flags      uint32 // of a leaf
	end        uint64 // where it ends in its page
}

// element returns entry i; before is where the one before it ends.
func (p page) element(i int, before uint64) (element, error) {
	num, at := binary.NativeEndian, headerSize+i*elementSize
	if at+elementSize > len(p.bytes) {
		return element{}, damaged("page %d has no room for %d entries", p.id, p.count)
	}
	b := p.bytes[at:]
	var e element
	var pos, ksize, vsize uint64
	if p.flags == branchPage {
		pos, ksize, e.child = uint64(num.Uint32(b)), uint64(num.Uint32(b[4:])), num.Uint64(b[8:])
	} else {
		e.flags, pos, ksize, vsize = num.Uint32(b), uint64(num.Uint32(b[4:])), uint64(num.Uint32(b[8:])), uint64(num.Uint32(b[12:]))
	}
	start := uint64(at) + pos
	e.end = start + ksize + vsize
	if pos < elementSize || e.end > uint64(len(p.bytes)) {
		return element{}, damaged("entry %d of page %d is outside of it", i, p.id)
	}
	// bbolt writes keys and values one after the other, right behind the entries: otherwise their number is wrong.
	behind := uint64(headerSize + p.count*elementSize)
	if i > 0 {
		behind = before
	}
	if start != behind {
		return element{}, damaged("entry %d of page %d does not follow what is before it", i, p.id)
	}
	e.key, e.value = p.bytes[start:start+ksize], p.bytes[start+ksize:e.end]
	return e, nil
}

// tree walks the page and all below it, whose keys are in [from, to), and shows the entries of its leaves.
func (w *walker) tree(id uint64, depth int, from, to []byte, show func(element) error) error {
	if depth > maxDepth {
		return damaged("page %d is deeper than any tree", id)
	}
	p, err := w.read(id, depth)
	if err != nil {
		return err
	}
	if err := w.take(id, p.overflow); err != nil {
		return err
	}
	switch p.flags {
	case leafPage:
		return p.leaf(from, to, show)
	case branchPage:
		if depth == 0 {
			return damaged("%s", foreign) // two buckets need no branch
		}
	default:
		return damaged("page %d is of kind %#x in the middle of a tree", id, p.flags)
	}
	deeper, err := w.look(p, depth)
	if err != nil {
		return err
	}
	last, end := bytes.Clone(from), uint64(0)
	for i := range p.count {
		e, err := p.element(i, end)
		if err != nil {
			return err
		}
		if i > 0 && bytes.Compare(e.key, last) <= 0 || i == 0 && bytes.Compare(e.key, last) < 0 || to != nil && bytes.Compare(e.key, to) >= 0 {
			return damaged("key %d of page %d is out of order", i, id)
		}
		last, end = append(last[:0], e.key...), e.end
		if !deeper {
			if err := w.take(e.child, 0); err != nil {
				return err
			}
			continue
		}
		below := to
		if i+1 < p.count {
			next, err := p.element(i+1, end)
			if err != nil {
				return err
			}
			below = next.key
		}
		if err := w.tree(e.child, depth+1, last, below, show); err != nil {
			return err
		}
	}
	return nil
}

// look says whether to go below a branch: not if only leaves are there, which are to be left out. All leaves of a
// tree lie equally deep, so that the first page below the first branch of that depth tells for all.
func (w *walker) look(p page, depth int) (bool, error) {
	if p.count == 0 {
		return false, damaged("branch page %d is empty", p.id)
	}
	if w.leaves || depth < w.lowest {
		return true, nil
	}
	if depth == w.lowest {
		return false, nil
	}
	e, err := p.element(0, 0)
	if err != nil {
		return false, err
	}
	first, err := w.header(e.child)
	if err != nil || first.flags != leafPage {
		return true, err
	}
	w.lowest = depth
	return false, nil
}

// leaf shows the entries of a leaf after it has looked at their order.
func (p page) leaf(from, to []byte, show func(element) error) error {
	last, end := from, uint64(0)
	if p.count == 0 && len(bytes.Trim(p.bytes[headerSize:], "\x00")) > 0 {
		return damaged("page %d has entries and says that it has none", p.id)
	}
	for i := range p.count {
		e, err := p.element(i, end)
		if err != nil {
			return err
		}
		if c := bytes.Compare(e.key, last); c < 0 || c == 0 && i > 0 || to != nil && bytes.Compare(e.key, to) >= 0 {
			return damaged("key %d of page %d is out of order", i, p.id)
		}
		if err := show(e); err != nil {
			return fmt.Errorf("entry %d of page %d: %w", i, p.id, err)
		}
		last, end = e.key, e.end
	}
	return nil
}

// bucket walks the tree of a bucket, which an entry of the root's tree names.
func (w *walker) bucket(e element) error {
	show := sealed
	switch {
	case e.flags != bucketFlag || len(e.value) < bucketSize:
		return damaged("an entry outside of our buckets")
	case bytes.Equal(e.key, dataBucket):
		w.data = true
	case bytes.Equal(e.key, storeBucket):
		show = w.own
	default:
		return damaged("%s", foreign)
	}
	root := binary.NativeEndian.Uint64(e.value)
	if w.lowest = 0; root != 0 {
		return w.tree(root, 1, nil, nil, show)
	}
	inline := page{bytes: e.value[bucketSize:]}
	if len(inline.bytes) < headerSize {
		return damaged("a bucket is cut short")
	}
	head, err := parseHeader(0, inline.bytes)
	if err != nil || head.flags != leafPage {
		return damaged("a bucket within its entry is no leaf")
	}
	head.bytes = inline.bytes
	return head.leaf(nil, nil, show)
}

// sealed looks at an entry of dataBucket.
func sealed(e element) error {
	if e.flags != 0 {
		return damaged("an entry that is not ours")
	}
	_, err := unseal(e.key, e.value)
	return err
}

// own looks at an entry of storeBucket and notes what it says.
func (w *walker) own(e element) error {
	if err := sealed(e); err != nil {
		return err
	}
	switch {
	case bytes.Equal(e.key, cleanKey):
		w.clean = true
	case bytes.Equal(e.key, formatKey):
		n, err := strconv.Atoi(string(e.value[:len(e.value)-sealSize]))
		if err != nil || n < 1 {
			return damaged("format %q", e.value[:len(e.value)-sealSize])
		}
		w.format = n
	}
	return nil
}

// readFreelist notes the pages in the list of free pages.
func (w *walker) readFreelist() error {
	if w.freelist == noFreelist {
		return nil
	}
	p, err := w.read(w.freelist, 0)
	if err != nil {
		return err
	}
	if p.flags != freelistPage {
		return damaged("page %d is not the list of free pages", p.id)
	}
	if err := w.take(p.id, p.overflow); err != nil {
		return err
	}
	ids, n := p.bytes[headerSize:], uint64(p.count)
	if n == 0xFFFF { // then the number stands before the list
		n, ids = binary.NativeEndian.Uint64(ids), ids[8:]
	}
	if n > uint64(len(ids)/8) {
		return damaged("list of %d free pages is longer than its page", n)
	}
	w.free = newBitset(w.pages)
	for i := range n {
		id := binary.NativeEndian.Uint64(ids[8*i:])
		if id < 2 || id >= w.pages || w.used.has(id) || w.free.has(id) {
			return damaged("free page %d is outside of the file, used, or listed twice", id)
		}
		w.free.add(id)
	}
	return nil
}

// bitset is a set of pages.
type bitset []uint64

func newBitset(n uint64) bitset { return make(bitset, (n+63)/64) }

func (b bitset) add(id uint64) { b[id/64] |= 1 << (id % 64) }

func (b bitset) has(id uint64) bool { return b[id/64]&(1<<(id%64)) != 0 }
