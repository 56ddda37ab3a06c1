package storage

import (
	"encoding/binary"
	"errors"
	"time"
)

// Keys are made of components, each ended so that none can bleed into the next, whatever people name things:
//
//	component = its bytes, with 00 written as 01 01 and 01 as 01 02, then 00
//
// Escaped components sort as the plain ones do, and no component is the beginning of another. The last component of
// a record's key, which the caller chose, is written as it is: nothing follows it.
const (
	endOfPart = 0x00
	escape    = 0x01
)

// Scope is where the records of one owner stand, as In makes it. The empty Scope is that of what has no owner.
type Scope string

// Global is the scope of records that belong to nobody in particular.
const Global Scope = ""

// In returns the scope of one owner. The kind is one letter, which keeps it apart from the names of tables:
// In("g", group) for a group.
func In(kind, owner string) Scope {
	if len(kind) != 1 {
		panic("storage: the kind of a scope is one letter, not " + kind)
	}
	return Scope(Key(kind, owner))
}

// Key returns the key that consists of parts. Keys sort as their parts do, the first one first; all keys that begin
// with the parts a and b are those from Key(a, b) to End(Key(a, b)).
func Key(parts ...string) string {
	n := len(parts)
	for _, p := range parts {
		n += len(p)
	}
	key := make([]byte, 0, n)
	for _, p := range parts {
		key = appendPart(key, p)
	}
	return string(key)
}

// Parts takes apart what Key put together.
func Parts(key string) ([]string, error) {
	var parts []string
	for key != "" {
		part, rest, err := cutPart(key)
		if err != nil {
			return nil, err
		}
		parts, key = append(parts, part), rest
	}
	return parts, nil
}

// End returns the end of the range of all keys that begin with prefix, or "", which means the end of everything.
func End(prefix string) string {
	for i := len(prefix) - 1; i >= 0; i-- {
		if prefix[i] < 0xff {
			return prefix[:i] + string([]byte{prefix[i] + 1})
		}
	}
	return ""
}

// Number returns eight bytes that sort as n does. It may stand in front of a key without being ended.
func Number(n uint64) string {
	return string(binary.BigEndian.AppendUint64(nil, n))
}

// Instant returns eight bytes that sort as instants do, from the year 1678 to 2262, to the nanosecond. Like Number,
// it may stand in front of a key.
func Instant(t time.Time) string {
	return Number(uint64(t.UnixNano()) ^ 1<<63) // flips the sign: earlier than 1970 sorts first
}

// InstantOf returns the instant that stands in front of key, in UTC, and the rest of key.
func InstantOf(key string) (t time.Time, rest string, err error) {
	if len(key) < 8 {
		return time.Time{}, "", errors.New("no instant in front of the key")
	}
	nanos := int64(binary.BigEndian.Uint64([]byte(key[:8])) ^ 1<<63)
	return time.Unix(0, nanos).UTC(), key[8:], nil
}

func appendPart[B string | []byte](key []byte, part B) []byte {
	for i := range len(part) {
		if c := part[i]; c <= escape {
			key = append(key, escape, c+1)
		} else {
			key = append(key, c)
		}
	}
	return append(key, endOfPart)
}

var errKey = errors.New("key is not made of parts")

// cutPart returns the first part of key and what follows it.
func cutPart[B string | []byte](key B) (part string, rest B, err error) {
	var plain []byte // stays nil while nothing was escaped
	for i := 0; i < len(key); i++ {
		switch c := key[i]; {
		case c == endOfPart && plain == nil:
			return string(key[:i]), key[i+1:], nil
		case c == endOfPart:
			return string(plain), key[i+1:], nil
		case c == escape:
			if plain == nil {
				plain = append(make([]byte, 0, len(key)), key[:i]...)
			}
			i++
			if i == len(key) || key[i] < 1 || key[i] > 2 {
				return "", key, errKey
			}
			plain = append(plain, key[i]-1)
		case plain != nil:
			plain = append(plain, c)
		}
	}
	return "", key, errKey
}
