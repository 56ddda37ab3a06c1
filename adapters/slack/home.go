package slack

import (
	"context"
	"crypto/sha256"
	"encoding/json"
	"slices"
	"sync"
	"time"

	slackgo "github.com/slack-go/slack"

	"trellis/adapters/chat"
)

const (
	betweenHomes = 700 * time.Millisecond // views.publish: 100 a minute are granted, and modals come from other methods
	mostHomes    = 10_000                 // watched at once
	mostHome     = 100                    // blocks of a Home tab
	mostRooms    = 6                      // shown on one
	rememberIn   = 5 * time.Minute        // which rooms somebody is in
)

// homes are the Home tabs that people have opened since Trellis began. Opening one publishes it anew.
type homes struct {
	mu      sync.Mutex // guards what follows
	watched map[chat.AccountID]*watched
	news    chan struct{} // holds one token when some are stale
}

type watched struct {
	stale bool
	shown [sha256.Size]byte // what stands there now
	rooms []chat.RoomID     // that the person is in, and Trellis too
	asked time.Time         // when Slack said so
}

// watch has somebody's Home tab published, and kept up to date from now on.
func (h *homes) watch(id chat.AccountID) {
	h.mu.Lock()
	defer h.mu.Unlock()
	if h.watched[id] == nil {
		if len(h.watched) >= mostHomes {
			clear(h.watched)
		}
		h.watched[id] = &watched{}
	}
	h.watched[id].stale = true
	h.wake()
}

// stir says that something may have changed for somebody: because they did something, or were told something.
func (h *homes) stir(_ *workspace, id chat.AccountID) {
	h.mu.Lock()
	defer h.mu.Unlock()
	if at := h.watched[id]; at != nil {
		at.stale = true
		h.wake()
	}
}

// stirAll says that something may have changed for everybody in a workspace: because a room was told something.
func (h *homes) stirAll(team string) {
	h.mu.Lock()
	defer h.mu.Unlock()
	for id, at := range h.watched {
		if of, _, _ := split(id); of == team {
			at.stale = true
			h.wake()
		}
	}
}

// wake is called with h.mu held.
func (h *homes) wake() {
	select {
	case h.news <- struct{}{}:
	default:
	}
}

// next returns a stale one.
func (h *homes) next() (chat.AccountID, bool) {
	h.mu.Lock()
	defer h.mu.Unlock()
	for id, at := range h.watched {
		if at.stale {
			at.stale = false
			return id, true
		}
	}
	return "", false
}

// publish keeps the Home tabs up to date, at Slack's pace.
func (a *Adapter) publish(ctx context.Context) {
	for {
		select {
		case <-ctx.Done():
			return
		case <-a.home.news:
		}
		for id, any := a.home.next(); any; id, any = a.home.next() {
			pause, err := a.publishOne(ctx, id)
			if err != nil && ctx.Err() == nil {
				a.log.Warn("a Home tab was not published", "error", plain(err))
			}
			if pause > 0 && !wait(ctx, pause) {
				return
			}
		}
	}
}

// publishOne publishes one if there is something new, and returns how long to wait before the next.
func (a *Adapter) publishOne(ctx context.Context, id chat.AccountID) (time.Duration, error) {
	team, user, _ := split(id)
	w := a.workspace(team)
	if w == nil || a.o.Show == nil {
		return 0, nil
	}
	language := a.people.of(ctx, w, user).Language
	blocks := a.homeBlocks(ctx, w, id, user, language)
	view := slackgo.HomeTabViewRequest{Type: slackgo.VTHomeTab, Blocks: slackgo.Blocks{BlockSet: blocks}, CallbackID: "home"}
	text, err := json.Marshal(view)
	if err != nil {
		return 0, err
	}
	sum := sha256.Sum256(text)
	a.home.mu.Lock()
	at := a.home.watched[id]
	same := at == nil || at.shown == sum
	a.home.mu.Unlock()
	if same {
		return 0, nil
	}
	_, err = w.api().PublishViewContext(ctx, slackgo.PublishViewContextRequest{UserID: user, View: view})
	a.home.mu.Lock()
	defer a.home.mu.Unlock()
	if at = a.home.watched[id]; at != nil {
		switch {
		case err == nil:
			at.shown = sum
		case isFinal(err): // such as somebody of another organisation, who has no Home tab
			delete(a.home.watched, id)
		default:
			at.stale = true
		}
	}
	return max(betweenHomes, retryAfter(err)), err
}

// homeBlocks is what stands on a Home tab: what waits for the person and what they promised, their settings, and for each room
// that they share with Trellis its session and agreements.
func (a *Adapter) homeBlocks(ctx context.Context, w *workspace, id chat.AccountID, user, language string) []slackgo.Block {
	var all []slackgo.Block
	full := false
	add := func(heading string, room chat.RoomID, lines ...string) {
		var section []*block
		if heading != "" {
			section = append(section, &block{Type: "header", Text: label(heading, mostHeader)})
		}
		for _, line := range lines {
			m, err := a.o.Show(ctx, room, id, line)
			if err != nil {
				if ctx.Err() == nil {
					a.log.Warn("a part of a Home tab cannot be shown", "part", line, "error", plain(err))
				}
				continue
			}
			section = append(section, textBlocks(m.Text)...)
			section = append(section, a.choices(m)...)
		}
		if full = full || len(all)+len(section)+2 > mostHome; full {
			return
		}
		if len(all) > 0 {
			all = append(all, &block{Type: "divider"})
		}
		for _, b := range section {
			all = append(all, b)
		}
	}
	add("", "", "home")
	for _, room := range a.roomsOf(ctx, w, id, user) {
		a.mu.Lock()
		p := a.rooms[room]
		a.mu.Unlock()
		if p != nil {
			add("#"+p.Name, room, "session", "agreements")
		}
	}
	add(a.o.Words(language, "slack.settings", 0), "", "my")
	return all
}

// roomsOf are the rooms that somebody shares with Trellis, as Slack says: what is said there is for nobody else.
func (a *Adapter) roomsOf(ctx context.Context, w *workspace, id chat.AccountID, user string) []chat.RoomID {
	a.home.mu.Lock()
	at := a.home.watched[id]
	known := at != nil && time.Since(at.asked) < rememberIn
	var rooms []chat.RoomID
	if known {
		rooms = at.rooms
	}
	a.home.mu.Unlock()
	if known || w.lacks("channels:read") {
		return rooms
	}
	page, _, err := w.api().GetConversationsForUserContext(ctx, &slackgo.GetConversationsForUserParameters{
		UserID: user, Types: []string{"public_channel", "private_channel"}, Limit: 200, ExcludeArchived: true,
	})
	if err != nil {
		return nil
	}
	a.mu.Lock()
	for _, c := range page {
		if room := roomID(w.team, c.ID); a.rooms[room] != nil && len(rooms) < mostRooms {
			rooms = append(rooms, room)
		}
	}
	a.mu.Unlock()
	slices.Sort(rooms)
	a.home.mu.Lock()
	defer a.home.mu.Unlock()
	if at := a.home.watched[id]; at != nil {
		at.rooms, at.asked = rooms, time.Now()
	}
	return rooms
}
