package matrix

import (
	"context"
	"maps"
	"slices"
	"strings"
	"time"

	"maunium.net/go/mautrix"
	"maunium.net/go/mautrix/event"
	"maunium.net/go/mautrix/id"
)

// invitation takes in that somebody wants Trellis in a room. It is kept, and joined afterwards: the server tells of it
// once, and joining may fail for minutes.
func (d *draft) invitation(in id.RoomID, told *mautrix.SyncInvitedRoom) {
	was := d.kept.invites[in]
	now := invite{From: was.From, Via: was.Via}
	for _, e := range told.State.Events {
		d.prepare(in, e)
		m, ok := e.Content.Parsed.(*event.MemberEventContent)
		if ok && e.GetStateKey() == string(d.client.UserID) && m.Membership == event.MembershipInvite {
			now.By, now.Direct = e.Sender, m.IsDirect
		}
	}
	if now.From == "" && !d.mayInvite(now.By) {
		d.log.Info("matrix: an invitation is not accepted, for matrix.allow_invites does not name who invites", "by", now.By)
		return
	}
	now.Via = withVia(now.By)
	d.kept.invites[in] = now
}

// mayInvite tells whether somebody's invitations are accepted.
func (a *Adapter) mayInvite(by id.UserID) bool {
	_, server, _ := strings.Cut(string(by), ":")
	return by != "" && slices.ContainsFunc(a.o.AllowInvites, func(who string) bool {
		return who == everyone || who == string(by) || strings.EqualFold(who, server)
	})
}

// follow notes that a room goes on as another.
func (d *draft) follow(in id.RoomID, e *event.Event, c *event.TombstoneEventContent) {
	if c.ReplacementRoom == "" {
		return
	}
	if _, there := d.kept.rooms[c.ReplacementRoom]; there {
		return
	}
	d.kept.invites[c.ReplacementRoom] = invite{From: in, Via: withVia(e.Sender)}
}

// settleInvites takes out the invitations that nothing will come of.
func (d *draft) settleInvites() {
	d.run.mu.Lock()
	defer d.run.mu.Unlock()
	for _, in := range d.run.settled {
		if _, joined := d.kept.rooms[in]; !joined {
			delete(d.kept.invites, in)
		}
	}
	d.run.settled = nil
}

// news shows the joining goroutine what is kept now.
func (r *run) news() {
	r.mu.Lock()
	changed := !maps.EqualFunc(r.invited, r.kept.invites, func(a, b invite) bool { return string(mustJSON(a)) == string(mustJSON(b)) })
	r.invited = maps.Clone(r.kept.invites)
	r.mu.Unlock()
	if changed {
		select {
		case r.hurry <- struct{}{}:
		default:
		}
	}
}

// joinRooms joins rooms that Trellis was invited to, again and again while it fails in a way that may pass.
func (r *run) joinRooms(ctx context.Context) {
	const usual, longest = time.Second, 5 * time.Minute
	for pause := usual; ctx.Err() == nil; {
		r.mu.Lock()
		todo := maps.Clone(r.invited)
		r.mu.Unlock()
		again := false
		for in, i := range todo {
			again = r.join(ctx, in, i) || again
		}
		var later <-chan time.Time
		if again {
			t := time.NewTimer(pause)
			defer t.Stop()
			later, pause = t.C, min(2*pause, longest)
		}
		select {
		case <-ctx.Done():
		case <-later:
		case <-r.hurry:
			pause = usual
		}
	}
}

// join tries once, and tells whether another try may do better. That Trellis is in, the sync tells.
func (r *run) join(ctx context.Context, in id.RoomID, i invite) (again bool) {
	_, err := r.client.JoinRoom(ctx, string(in), &mautrix.ReqJoinRoom{Via: i.Via})
	if err == nil || ctx.Err() != nil {
		return false
	}
	said, ok := answerOf(err)
	if !ok || said.status >= 500 || said.tooFast() {
		return true
	}
	r.log.Info("matrix: a room cannot be joined", "room", in, "error", said.reason())
	if i.From == "" { // a room that goes on is joined when somebody invites
		r.mu.Lock()
		r.settled = append(r.settled, in)
		delete(r.invited, in)
		r.mu.Unlock()
	}
	return false
}
