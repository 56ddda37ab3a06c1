package matrix

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"slices"
	"sync"

	"maunium.net/go/mautrix"
	"maunium.net/go/mautrix/event"
	"maunium.net/go/mautrix/id"

	"trellis/adapters/chat"
)

// run is what there is while Run runs. Its goroutine alone touches since and kept.
type run struct {
	*Adapter
	in    chat.Inbox
	since string // the cursor that stands
	kept  kept
	work  *sync.WaitGroup

	mu      sync.Mutex // guards what follows, which the joining goroutine shares
	invited map[id.RoomID]invite
	settled []id.RoomID // invitations that need no more trying
	hurry   chan struct{}
}

func newRun(a *Adapter, in chat.Inbox, stored chat.Stored) (*run, error) {
	k, err := newKept(stored.Kept)
	if err != nil {
		return nil, err
	}
	r := &run{Adapter: a, in: in, since: string(stored.Cursor), kept: k, invited: map[id.RoomID]invite{}, hurry: make(chan struct{}, 1)}
	maps.Copy(r.invited, k.invites)
	return r, nil
}

// draft is what one sync makes, until it is accepted.
type draft struct {
	*run
	ctx   context.Context
	batch chat.Batch
	kept  kept
	first bool                     // the first sync: what is in it happened before Trellis came
	after []func()                 // what is done once the batch is accepted
	seen  map[id.RoomID]id.EventID // up to where a person's words were read
}

// syncFor is how long the server holds a sync when nothing happens, in milliseconds.
const syncFor = 30_000

// filter leaves out what Trellis has no use for. Members are not loaded lazily: who is missing would get no key.
const filter = `{"presence":{"types":[]},"room":{"ephemeral":{"types":[]},"account_data":{"types":[]},"timeline":{"limit":50,"lazy_load_members":false},"state":{"lazy_load_members":false}}}`

// sync takes in what happens until ctx ends, or going on is useless.
func (r *run) sync(ctx context.Context) error {
	r.askAgain(ctx)
	for hold := 0; ctx.Err() == nil; hold = syncFor {
		var answer *mautrix.RespSync
		err := r.patiently(ctx, func(ctx context.Context) (err error) {
			answer, err = r.client.FullSyncRequest(ctx, mautrix.ReqSync{Timeout: hold, Since: r.since, FilterID: filter, SetPresence: event.PresenceOnline})
			return r.tokenFault(ctx, err)
		})
		if err != nil {
			return err
		}
		if r.cipher != nil {
			r.cipher.take(ctx, answer)
		}
		if err := r.patiently(ctx, func(ctx context.Context) error { return r.accept(ctx, answer) }); err != nil {
			return err
		}
	}
	return nil
}

// tokenFault logs in again where the token ended and the device did not.
func (r *run) tokenFault(ctx context.Context, err error) error {
	said, ok := answerOf(err)
	if !ok || said.code != "M_UNKNOWN_TOKEN" && said.code != "M_MISSING_TOKEN" {
		return err
	}
	if !said.soft {
		return &final{"the server has taken Trellis's token back (" + said.reason() + "): see the account's devices, then start Trellis again"}
	}
	r.leave()
	return errors.Join(err, r.enter(ctx))
}

// accept makes events of an answer and has them stored with the cursor.
func (r *run) accept(ctx context.Context, answer *mautrix.RespSync) error {
	d := &draft{run: r, ctx: ctx, kept: r.kept.clone(), first: r.since == "", seen: map[id.RoomID]id.EventID{}}
	if err := d.take(answer); err != nil {
		return err
	}
	d.batch.Cursor = []byte(answer.NextBatch)
	d.batch.Keep = d.kept.changes(r.kept)
	if answer.NextBatch == r.since && len(d.batch.Events) == 0 && len(d.batch.Keep) == 0 {
		return nil
	}
	replies, err := r.in.Accept(ctx, d.batch)
	if err != nil {
		return fmt.Errorf("store what happened: %w", err)
	}
	r.since, r.kept = answer.NextBatch, d.kept
	r.news()
	for _, do := range d.after {
		do()
	}
	r.answer(ctx, d.batch.Events, replies)
	r.read(ctx, d.seen)
	return nil
}

// take makes events of all that an answer holds.
func (d *draft) take(answer *mautrix.RespSync) error {
	d.settleInvites()
	if err := d.lateKeys(); err != nil {
		return err
	}
	for _, in := range slices.Sorted(maps.Keys(answer.Rooms.Join)) {
		if err := d.joined(in, answer.Rooms.Join[in]); err != nil {
			return fmt.Errorf("take in a room: %w", err)
		}
	}
	for _, in := range slices.Sorted(maps.Keys(answer.Rooms.Leave)) {
		if err := d.left(in, answer.Rooms.Leave[in]); err != nil {
			return fmt.Errorf("take in a room that was left: %w", err)
		}
	}
	for _, in := range slices.Sorted(maps.Keys(answer.Rooms.Invite)) {
		d.invitation(in, answer.Rooms.Invite[in])
	}
	return nil
}

// joined takes in what a sync tells of a room that Trellis is in.
func (d *draft) joined(in id.RoomID, told *mautrix.SyncJoinedRoom) error {
	was, known := d.kept.rooms[in]
	if !known {
		if err := d.fetchState(d.ctx, in); err != nil {
			return err
		}
	}
	timeline := told.Timeline.Events
	for _, e := range slices.Concat(told.State.Events, timeline) {
		d.prepare(in, e)
	}
	if known && told.Timeline.Limited && was.Last != "" {
		missed, err := d.gap(in, told.Timeline.PrevBatch, was.Last)
		if err != nil {
			return err
		}
		for _, e := range missed {
			if err := d.happened(in, e); err != nil {
				return err
			}
		}
	}
	for _, e := range told.State.Events {
		d.observe(e)
	}
	if !known {
		var err error
		if timeline, err = d.enterRoom(in, told.State.Events, timeline); err != nil {
			return err
		}
	}
	for _, e := range timeline {
		if err := d.happened(in, e); err != nil {
			return err
		}
	}
	if all := told.Timeline.Events; len(all) > 0 {
		now := d.kept.rooms[in]
		now.Last = all[len(all)-1].ID
		d.kept.rooms[in] = now
	}
	return nil
}

// How much of a gap is filled: what is older was said while Trellis was away for very long.
const (
	gapPage  = 100
	gapPages = 50
)

// gap is what happened between the last event that was handled and where a timeline begins, oldest first. It ends at
// that event and not at a token, for servers differ in what they take for one here.
func (d *draft) gap(in id.RoomID, from string, last id.EventID) ([]*event.Event, error) {
	var all []*event.Event
	for range gapPages {
		page, err := d.client.Messages(d.ctx, in, from, "", mautrix.DirectionBackward, nil, gapPage)
		if err != nil {
			return nil, fmt.Errorf("fill a gap: %w", err)
		}
		for _, e := range page.Chunk {
			if e.ID == last {
				slices.Reverse(all)
				return all, nil
			}
			d.prepare(in, e)
			all = append(all, e)
		}
		if page.End == "" || page.End == from || len(page.Chunk) == 0 {
			break
		}
		from = page.End
	}
	d.log.Warn("matrix: a gap is longer than is filled, or its end is gone", "room", in, "events", len(all))
	slices.Reverse(all)
	return all, nil
}

// prepare makes an event of a room ready to be looked at.
func (d *draft) prepare(in id.RoomID, e *event.Event) {
	e.RoomID = in
	if err := parse(e); err != nil {
		d.log.Debug("matrix: an event is not as it should be", "event", e.ID, "type", e.Type.Type)
	}
}

// parse reads the content of an event. One that cannot be read has none.
func parse(e *event.Event) error {
	e.Type.Class = event.MessageEventType
	if e.StateKey != nil {
		e.Type.Class = event.StateEventType
	}
	err := e.Content.ParseRaw(e.Type)
	if err == nil || errors.Is(err, event.ErrContentAlreadyParsed) || errors.Is(err, event.ErrUnsupportedContentType) {
		return nil
	}
	e.Content.Parsed = nil
	return err
}

// observe notes the state of a room.
func (d *draft) observe(e *event.Event) {
	if e.StateKey == nil || e.Content.Parsed == nil {
		return
	}
	mautrix.UpdateStateStore(d.ctx, d.state, e)
	if e.Type == event.StateMember && d.cipher != nil {
		d.cipher.member(d.ctx, e)
	}
}

// happened makes of one event what it is. One that makes us panic is noted and passed over: else it would come again for
// ever.
func (d *draft) happened(in id.RoomID, e *event.Event) (err error) {
	defer func() {
		if p := recover(); p != nil {
			d.log.Error("matrix: an event was passed over, for looking at it went wrong", "event", e.ID, "type", e.Type.Type)
			err = nil
		}
	}()
	before := len(d.batch.Events)
	err = d.look(in, e)
	if d.first {
		d.batch.Events = d.batch.Events[:before]
	}
	d.observe(e)
	return err
}

// fetchState asks for all that is known of a room.
func (a *Adapter) fetchState(ctx context.Context, in id.RoomID) error {
	all, err := a.client.StateAsArray(ctx, in)
	if err != nil {
		return fmt.Errorf("ask for the state of a room: %w", err)
	}
	var members []*event.Event
	for _, e := range all {
		e.RoomID = in
		if parse(e) != nil || e.StateKey == nil {
			continue
		}
		if e.Type == event.StateMember {
			members = append(members, e)
		} else {
			mautrix.UpdateStateStore(ctx, a.state, e)
		}
	}
	if len(members) == 0 {
		return errors.New("the state of a room names nobody")
	}
	// Members last: by them the room counts as known.
	return a.state.ReplaceCachedMembers(ctx, in, members)
}

// read tells people that their words were read. That it does not arrive is no more than a pity.
func (r *run) read(ctx context.Context, seen map[id.RoomID]id.EventID) {
	for in, e := range seen {
		r.work.Go(func() { _ = r.client.MarkRead(ctx, in, e) })
	}
}

func mustJSON(v any) []byte {
	data, err := json.Marshal(v)
	if err != nil {
		panic("matrix: " + err.Error()) // of our own plain records
	}
	return data
}
