package web

import (
	"sync"

	"trellis/adapters/chat"
)

// hub wakes the pages that look at a place when something changed there.
type hub struct {
	mu  sync.Mutex // guards what follows
	who map[chat.RoomID]map[*watcher]bool
}

// watcher is one who waits for news of some places.
type watcher struct {
	news   chan struct{} // holds one token when there is some
	places []chat.RoomID
}

func newHub() *hub { return &hub{who: map[chat.RoomID]map[*watcher]bool{}} }

// watch begins to wait; it must be ended.
func (h *hub) watch(places ...chat.RoomID) *watcher {
	w := &watcher{news: make(chan struct{}, 1), places: places}
	h.mu.Lock()
	defer h.mu.Unlock()
	for _, p := range places {
		if h.who[p] == nil {
			h.who[p] = map[*watcher]bool{}
		}
		h.who[p][w] = true
	}
	return w
}

func (h *hub) end(w *watcher) {
	h.mu.Lock()
	defer h.mu.Unlock()
	for _, p := range w.places {
		delete(h.who[p], w)
		if len(h.who[p]) == 0 {
			delete(h.who, p)
		}
	}
}

// tell says, after the commit, that something changed at a place.
func (h *hub) tell(places ...chat.RoomID) {
	h.mu.Lock()
	defer h.mu.Unlock()
	for _, p := range places {
		for w := range h.who[p] {
			select {
			case w.news <- struct{}{}:
			default:
			}
		}
	}
}

// tellAll is tell for every place.
func (h *hub) tellAll() {
	h.mu.Lock()
	places := make([]chat.RoomID, 0, len(h.who))
	for p := range h.who {
		places = append(places, p)
	}
	h.mu.Unlock()
	h.tell(places...)
}
