package web

import (
	"encoding/json"
	"fmt"
	"net/http"
	"time"

	"trellis/adapters/chat"
	"trellis/storage"
)

const (
	streamWithin = 15 * time.Second // for one write; a reader that is slower is dropped, and comes again
	beatEvery    = 20 * time.Second // shorter than what proxies wait for
	panelsEvery  = time.Second      // at most so often, however much is said
	catchUpMost  = 300              // changes that a page is told of one by one; what missed more loads again
)

// liveEntry is one message that came or changed.
type liveEntry struct {
	ID   chat.MessageID `json:"id"`
	List string         `json:"list"` // of the page
	// Under is the message below which it stands, when it is on the page.
	Under   chat.MessageID `json:"under,omitempty"`
	HTML    string         `json:"html,omitempty"`
	Day     string         `json:"day,omitempty"`
	DayText string         `json:"dayText,omitempty"`
	Gone    bool           `json:"gone,omitempty"`
	// Fresh says that it came since the page was made; else it changed, and is nothing to a page that lacks it.
	Fresh bool `json:"fresh,omitempty"`
	// Say is what is read out, of a message that is new to the page.
	Say string `json:"say,omitempty"`
}

// liveState is what else a page shows.
type liveState struct {
	Panels  string  `json:"panels,omitempty"`
	Form    *string `json:"form,omitempty"`
	Open    int     `json:"open"`
	Clock   string  `json:"clock,omitempty"`
	ClockAt string  `json:"clockAt,omitempty"`
}

// live is one page that is kept fresh.
type live struct {
	a     *Adapter
	w     http.ResponseWriter
	rc    *http.ResponseController
	v     *visit
	at    position
	form  string // ID and state of the form that the page has
	state string // as it was sent last
	drawn time.Time
}

// stream keeps a page fresh: it says what came and changed since a position, and goes on doing so.
func (a *Adapter) stream(w http.ResponseWriter, r *http.Request, v *visit) {
	if r.Method == http.MethodHead {
		return
	}
	if !a.limits.openStream(v.seat.Account) {
		w.Header().Set("Retry-After", "30")
		http.Error(w, "too many open pages", http.StatusTooManyRequests)
		return
	}
	defer a.limits.closeStream(v.seat.Account)
	since := r.Header.Get("Last-Event-ID")
	if since == "" {
		since = r.URL.Query().Get("since")
	}
	l := &live{a: a, w: w, rc: http.NewResponseController(w), v: v}
	at, ok := a.secret.unseal(since)
	l.at = at
	_ = l.rc.SetReadDeadline(time.Time{}) // the server's own is for requests that end
	w.Header().Set("Content-Type", "text/event-stream")
	w.Header().Set("X-Accel-Buffering", "no")
	watch := a.hub.watch(v.room.ID, directOf(v.seat.Account))
	defer a.hub.end(watch)
	if !ok {
		_ = l.event("reload", struct{}{})
		return
	}
	beat := time.NewTicker(beatEvery)
	defer beat.Stop()
	var redraw <-chan time.Time // set while panels wait to be drawn
	for first := true; ; first = false {
		more, err := l.tell(r, first)
		if err != nil || !more {
			return
		}
		if wait := time.Until(l.drawn.Add(panelsEvery)); wait <= 0 || first {
			err, redraw = l.redraw(r), nil
			if err != nil {
				return
			}
		} else if redraw == nil {
			redraw = time.After(wait)
		}
		if r.URL.Query().Get("once") != "" {
			_ = l.event("end", struct{}{})
			return
		}
		select {
		case <-watch.news:
		case <-redraw:
			l.drawn = time.Time{}
		case <-beat.C:
			if l.raw(": beat\n\n") != nil {
				return
			}
		case <-a.queue.end:
			return
		case <-r.Context().Done():
			return
		}
	}
}

// tell says which messages came or changed. It ends the page when its person may not see it any more.
func (l *live) tell(r *http.Request, first bool) (more bool, err error) {
	if !l.a.stillAllowed(l.v) {
		return false, l.event("ended", struct{}{})
	}
	p := l.a.places.Load()
	l.v.room, l.v.person = p.rooms[l.v.room.ID], p.people[l.v.seat.Account]
	s := l.a.sight(l.a.viewOf(l.v, kindRoom, ""), l.v)
	from := l.at
	var all []liveEntry
	missed := false
	err = l.a.store.View(r.Context(), func(tx storage.Tx) error {
		for _, place := range []struct {
			in    chat.RoomID
			after *uint64
			list  string
		}{{l.v.room.ID, &l.at.room, "room-entries"}, {directOf(l.v.seat.Account), &l.at.direct, "mine-entries"}} {
			after := *place.after
			var fault error
			upTo, err := changed(tx, place.in, l.v.seat.Account, after, func(e entry) bool {
				if len(all) == catchUpMost {
					missed = true
					return false
				}
				var one liveEntry
				one, fault = l.entry(s, e, place.in, e.Made > after)
				one.List = place.list
				all = append(all, one)
				return fault == nil
			})
			if err != nil || fault != nil {
				return fmt.Errorf("read what is new: %w", errorsOr(err, fault))
			}
			missed = missed || after > upTo // of another store, which was replaced by this one
			*place.after = upTo
		}
		return nil
	})
	if err != nil {
		return false, err
	}
	if missed {
		return false, l.event("reload", struct{}{})
	}
	for _, one := range all {
		if err := l.event("entry", one); err != nil {
			return false, err
		}
	}
	if l.at != from || first {
		// The position goes after all that it stands for: who was cut off before it is told again.
		return true, l.raw("event: at\nid: " + l.a.secret.seal(l.at) + "\ndata: {}\n\n")
	}
	return true, nil
}

func errorsOr(a, b error) error {
	if a != nil {
		return a
	}
	return b
}

func (l *live) entry(s sight, e entry, in chat.RoomID, isNew bool) (one liveEntry, err error) {
	one = liveEntry{ID: e.ID, Under: e.Thread, Gone: e.Gone}
	if e.Gone {
		return one, nil
	}
	it := &item{message: s.message(e, in, false), Day: s.day(e.At), Under: e.Thread}
	it.Nonce = newNonce()
	one.Day, one.DayText, one.Fresh = it.Day.Date, it.Day.Text, isNew
	if isNew {
		one.Say = s.announcement(e, in)
	}
	one.HTML, err = l.a.fragment("item", it)
	return one, err
}

// redraw says what else the page shows, when it is not what was said last.
func (l *live) redraw(r *http.Request) error {
	l.drawn = time.Now()
	page := &roomPage{view: l.a.viewOf(l.v, kindRoom, ""), Panels: l.a.panels(r.Context(), l.v)}
	f, err := l.a.read(r.Context(), l.v, wish{})
	if err != nil {
		return err
	}
	state := liveState{Open: openIn(f.mine.Entries)}
	if state.Panels, err = l.a.fragment("panels", page); err != nil {
		return err
	}
	if page.Demo != nil {
		state.Clock, state.ClockAt = page.Demo.Clock, page.Demo.ClockAt
	}
	form, html := "", ""
	if f.isOpen {
		form = f.form.version()
		if html, err = l.a.fragment("form", l.a.formView(page.view, l.v, f.form)); err != nil {
			return err
		}
	}
	if form != l.form || l.state == "" {
		state.Form = &html
	}
	l.form = form
	told, err := json.Marshal(state)
	if err != nil || string(told) == l.state {
		return err
	}
	l.state = string(told)
	return l.event("state", state)
}

func (l *live) event(name string, data any) error {
	text, err := json.Marshal(data)
	if err != nil {
		return err
	}
	return l.raw("event: " + name + "\ndata: " + string(text) + "\n\n")
}

func (l *live) raw(text string) error {
	_ = l.rc.SetWriteDeadline(time.Now().Add(streamWithin))
	if _, err := l.w.Write([]byte(text)); err != nil {
		return err
	}
	return l.rc.Flush()
}
