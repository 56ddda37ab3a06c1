package web

import (
	"errors"
	"fmt"
	"strings"
	"time"

	"trellis/adapters/chat"
	"trellis/storage"
)

// entry is one message on the timeline of a room, or of what Trellis and one person say to each other.
type entry struct {
	ID chat.MessageID
	// Change counts the changes of the stream, up to the newest of this entry; Made is what it was when the entry
	// came. A page that knows the stream up to some change is brought up to date with the entries changed since.
	Made, Change uint64
	Only         chat.AccountID `json:",omitempty"` // who alone sees it; empty: everyone in the room
	From         chat.AccountID `json:",omitempty"` // empty: Trellis
	Name         string         `json:",omitempty"` // of who wrote it, then
	Thread       chat.MessageID `json:",omitempty"`
	At           time.Time
	Edited       bool          `json:",omitempty"`
	Gone         bool          `json:",omitempty"` // taken back; nothing of it is left but its place
	Text         string        `json:",omitempty"` // of a person
	Said         *chat.Message `json:",omitempty"` // of Trellis
	Reactions    []reaction    `json:",omitempty"`
}

// reaction is an emoji that somebody put under a message.
type reaction struct {
	Key string
	By  chat.AccountID
}

// stream is what stands at one place: a room, or a person's direct room.
type stream struct {
	Last   uint64 // number of the newest entry
	Change uint64
}

// The tables of the timeline. Entries stand in the scope of their stream, by number.
var (
	entries  = storage.NewTable[entry]("web/entry", 1)
	byID     = entries.Index("id", func(_ string, e entry) []string { return []string{string(e.ID)} })
	byChange = entries.Index("change", func(_ string, e entry) []string { return []string{storage.Number(e.Change)} })
	streams  = storage.NewTable[stream]("web/stream", 1)
)

// directMark begins the name of a direct room; no other room's does.
const directMark = "~"

func directOf(a chat.AccountID) chat.RoomID { return chat.RoomID(directMark + string(a)) }

func isDirect(id chat.RoomID) bool { return strings.HasPrefix(string(id), directMark) }

func scopeOf(in chat.RoomID) storage.Scope { return storage.In("r", string(in)) }

// sees tells whether an entry is for somebody who is at its place.
func (e entry) sees(who chat.AccountID) bool { return e.Only == "" || e.Only == who }

func streamOf(tx storage.Tx, in chat.RoomID) (stream, error) {
	s, err := streams.Get(tx, storage.Global, string(in))
	if errors.Is(err, storage.ErrNotFound) {
		return stream{}, nil
	}
	return s, err
}

// add puts a new entry at the end of its stream.
func add(tx storage.Tx, in chat.RoomID, e entry) error {
	s, err := streamOf(tx, in)
	if err != nil {
		return err
	}
	s.Last++
	s.Change++
	e.Made, e.Change = s.Change, s.Change
	if err := entries.Put(tx, scopeOf(in), storage.Number(s.Last), e); err != nil {
		return err
	}
	return streams.Put(tx, storage.Global, string(in), s)
}

// find returns an entry and its key; false when there is none.
func find(tx storage.Tx, in chat.RoomID, id chat.MessageID) (key string, e entry, found bool, err error) {
	if id == "" {
		return "", entry{}, false, nil
	}
	err = byID.Find(tx, scopeOf(in), string(id), func(k string, v entry) (bool, error) {
		key, e, found = k, v, true
		return false, nil
	})
	return key, e, found, err
}

// alter puts an entry that was changed in its place.
func alter(tx storage.Tx, in chat.RoomID, key string, e entry) error {
	s, err := streamOf(tx, in)
	if err != nil {
		return err
	}
	s.Change++
	e.Change = s.Change
	if err := entries.Put(tx, scopeOf(in), key, e); err != nil {
		return err
	}
	return streams.Put(tx, storage.Global, string(in), s)
}

// pageOf is a part of a stream, oldest first, and whether there is more before it.
type pageOf struct {
	Entries []entry
	Earlier bool
	Change  uint64
}

// newest returns what somebody sees of the last entries of a stream, before one of them when it is named.
func newest(tx storage.Tx, in chat.RoomID, who chat.AccountID, before chat.MessageID, most int) (pageOf, error) {
	s, err := streamOf(tx, in)
	if err != nil {
		return pageOf{}, err
	}
	end := storage.Number(s.Last + 1)
	if before != "" {
		key, e, found, err := find(tx, in, before)
		if err != nil {
			return pageOf{}, err
		}
		if found && e.sees(who) {
			end = key
		}
	}
	// Keys can be read in ascending order alone, so blocks of them are read from the end on until there is enough.
	page := pageOf{Change: s.Change}
	for to := end; ; {
		from, first := back(to, 2*most)
		var block []entry
		err := entries.Scan(tx, scopeOf(in), from, to, func(_ string, e entry) (bool, error) {
			if e.sees(who) && !e.Gone {
				block = append(block, e)
			}
			return true, nil
		})
		if err != nil {
			return pageOf{}, fmt.Errorf("read the timeline: %w", err)
		}
		page.Entries = append(block, page.Entries...)
		if n := len(page.Entries); n > most {
			page.Entries, page.Earlier = page.Entries[n-most:], true
			return page, nil
		}
		if first {
			return page, nil
		}
		to = from
	}
}

// back returns the key that stands n before another, and whether it is the first of all.
func back(key string, n int) (string, bool) {
	var at uint64
	for i := range 8 {
		at = at<<8 | uint64(key[i])
	}
	if at <= uint64(n) {
		return storage.Number(0), true
	}
	return storage.Number(at - uint64(n)), false
}

// changed shows what somebody sees of the entries that were changed after a change, in the order of these.
func changed(tx storage.Tx, in chat.RoomID, who chat.AccountID, after uint64, visit func(entry) bool) (upTo uint64, err error) {
	s, err := streamOf(tx, in)
	if err != nil {
		return 0, err
	}
	err = byChange.Scan(tx, scopeOf(in), storage.Number(after+1), "", func(_ string, e entry) (bool, error) {
		return !e.sees(who) || visit(e), nil
	})
	return s.Change, err
}

// forgetChunk is how many entries one transaction deletes, so that nobody waits long for it.
const forgetChunk = 500

// forgetBefore deletes the oldest entries of a stream that are older than an instant, and says whether there may be more.
func forgetBefore(tx storage.Tx, in chat.RoomID, when time.Time) (more bool, err error) {
	var old []string
	err = entries.All(tx, scopeOf(in), func(key string, e entry) (bool, error) {
		if !e.At.Before(when) || len(old) == forgetChunk {
			return false, nil
		}
		old = append(old, key)
		return true, nil
	})
	for _, key := range old {
		err = errors.Join(err, entries.Delete(tx, scopeOf(in), key))
	}
	return len(old) == forgetChunk, err
}
