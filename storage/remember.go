package storage

import (
	"bytes"
	"sync"
)

// recent keeps what was read last as it was decoded, so that reading the same record again costs a comparison of its
// bytes. Whatever was written meanwhile, by whom and in whatever transaction: other bytes are decoded anew.
type recent[V any] struct {
	limit int
	share func(v *V)

	mu    sync.RWMutex // guards what follows
	newer map[string]decoded[V]
	older map[string]decoded[V] // is forgotten when newer is full
}

// decoded is a record and the bytes that it was decoded from.
type decoded[V any] struct {
	stored []byte
	v      V
}

// Remember keeps up to twice n records decoded, for a table whose records are read far more often than they change.
// Who reads such a record shares what it points to with others, and must not write to it; share, when not nil, makes
// it fit for that once, for example by slices.Clip, after which append makes a copy.
func (t *Table[V]) Remember(n int, share func(v *V)) *Table[V] {
	t.recent = &recent[V]{limit: n, share: share, newer: map[string]decoded[V]{}}
	return t
}

// get returns the record under a full key, if these bytes are what it was decoded from.
func (r *recent[V]) get(key, stored []byte) (v V, ok bool) {
	if r == nil {
		return v, false
	}
	r.mu.RLock()
	d, found := r.newer[string(key)]
	aged := false
	if !found {
		d, aged = r.older[string(key)]
	}
	r.mu.RUnlock()
	if !bytes.Equal(d.stored, stored) || len(stored) == 0 {
		return v, false
	}
	if aged {
		r.keep(string(key), d)
	}
	return d.v, true
}

// put keeps a record that was decoded, and returns it as it is shared.
func (r *recent[V]) put(key, stored []byte, v V) V {
	if r == nil {
		return v
	}
	if r.share != nil {
		r.share(&v)
	}
	r.keep(string(key), decoded[V]{stored: bytes.Clone(stored), v: v})
	return v
}

func (r *recent[V]) keep(key string, d decoded[V]) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if len(r.newer) >= r.limit {
		r.older, r.newer = r.newer, make(map[string]decoded[V], r.limit)
	}
	r.newer[key] = d
}
