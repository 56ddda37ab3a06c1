package matrix

import (
	"sync"

	"maunium.net/go/mautrix/id"

	"trellis/adapters/chat"
)

// recent is what is remembered of the last events and people, and asked for again, or done without, after a restart.
type recent struct {
	mu        *sync.Mutex // guards what follows
	authors   ring[id.UserID]
	reactions ring[reaction]
	languages map[chat.AccountID]string
}

// reaction is one that a person put, for when it is taken back.
type reaction struct {
	of  id.EventID
	key string
}

// ring holds the last so many things by the event that they belong to.
type ring[V any] struct {
	by    map[id.EventID]V
	order []id.EventID
}

const ringSize = 2_000

func newRing[V any]() ring[V] { return ring[V]{by: map[id.EventID]V{}} }

func (r *ring[V]) put(e id.EventID, v V) {
	if _, there := r.by[e]; !there {
		r.order = append(r.order, e)
	}
	r.by[e] = v
	if len(r.order) > ringSize {
		delete(r.by, r.order[0])
		r.order = r.order[1:]
	}
}

func newRecent() recent {
	return recent{mu: &sync.Mutex{}, authors: newRing[id.UserID](), reactions: newRing[reaction](), languages: map[chat.AccountID]string{}}
}

func (r *recent) wrote(e id.EventID, by id.UserID) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.authors.put(e, by)
}

func (r *recent) author(of id.EventID) (id.UserID, bool) {
	r.mu.Lock()
	defer r.mu.Unlock()
	by, ok := r.authors.by[of]
	return by, ok
}

func (r *recent) put(e id.EventID, of reaction) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.reactions.put(e, of)
}

func (r *recent) reaction(e id.EventID) (reaction, bool) {
	r.mu.Lock()
	defer r.mu.Unlock()
	of, ok := r.reactions.by[e]
	return of, ok
}

// reads notes in which language Trellis speaks to somebody.
func (r *recent) reads(who chat.AccountID, language string) {
	if who == "" || language == "" {
		return
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	r.languages[who] = language
}

func (r *recent) language(who id.UserID) string {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.languages[chat.AccountID(who)]
}
