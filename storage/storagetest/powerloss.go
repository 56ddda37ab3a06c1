package storagetest

import (
	"bytes"
	"math/rand/v2"
)

// Images makes the files that a power cut in the middle of one commit may leave. Use it so:
//
//	before, _ := os.ReadFile(path)
//	… one commit …
//	after, _ := os.ReadFile(path)
//	images := storagetest.Images{Before: before, After: after, PageSize: os.Getpagesize(), Syncing: true}
//	os.WriteFile(copy, images.Image(rnd), 0o600)
//	… open the copy: it must be at a committed state, and have what was acknowledged before the commit began …
//
// A disk keeps unsynced pages in any order or not at all. A store that syncs its data before it writes the meta page
// that leads to them can only leave some of the data without the meta page. One that does not sync can leave the
// meta page as well, without what it leads to: that is the control, in which a test must find a lost or torn commit.
type Images struct {
	Before, After []byte // the file before the commit and after it
	PageSize      int    // bytes
	Syncing       bool   // the store syncs
}

// metaPages are the first pages, of which each commit writes one, last.
const metaPages = 2

// Changed returns the numbers of the pages that the commit wrote.
func (i Images) Changed() (data, meta []int) {
	for n := 0; n*i.PageSize < len(i.After); n++ {
		if bytes.Equal(i.page(i.Before, n), i.page(i.After, n)) {
			continue
		}
		if n < metaPages {
			meta = append(meta, n)
		} else {
			data = append(data, n)
		}
	}
	return data, meta
}

// Image returns one of the files that the power cut may leave. Of ten, one has no changed data page and one has all.
func (i Images) Image(rnd *rand.Rand) []byte {
	data, meta := i.Changed()
	share := rnd.Float64() // how likely each page is on the disk
	switch rnd.IntN(10) {
	case 0:
		share = 0
	case 1:
		share = 1
	}
	image := bytes.Clone(i.Before)
	if rnd.IntN(2) == 0 && len(i.After) > len(image) { // the new size may be there before the pages
		image = append(image, make([]byte, len(i.After)-len(image))...)
	}
	for _, n := range data {
		if rnd.Float64() < share {
			image = i.keep(image, n)
		}
	}
	if !i.Syncing && rnd.IntN(2) == 0 {
		for _, n := range meta {
			image = i.keep(image, n)
		}
	}
	return image
}

// page returns a page of a file, which may end before it or in it.
func (i Images) page(file []byte, n int) []byte {
	start := min(n*i.PageSize, len(file))
	return file[start:min(start+i.PageSize, len(file))]
}

// keep puts a page of After into the image, which grows by zeros when it is shorter.
func (i Images) keep(image []byte, n int) []byte {
	page := i.page(i.After, n)
	if end := n*i.PageSize + len(page); end > len(image) {
		image = append(image, make([]byte, end-len(image))...)
	}
	copy(image[n*i.PageSize:], page)
	return image
}
