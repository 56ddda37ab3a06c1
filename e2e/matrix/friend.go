//go:build goolm

package matrix

import (
	"context"
	"database/sql"
	"fmt"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"go.mau.fi/util/dbutil"
	"maunium.net/go/mautrix"
	"maunium.net/go/mautrix/crypto/cryptohelper"
	"maunium.net/go/mautrix/event"
	"maunium.net/go/mautrix/id"
	_ "modernc.org/sqlite" // the driver that needs no C
)

// friend is a person whose client encrypts, and whose device they have signed.
type friend struct {
	*testing.T
	name   string
	client *mautrix.Client
	helper *cryptohelper.CryptoHelper

	mu       sync.Mutex // guards what follows
	lines    []line
	direct   map[id.UserID]id.RoomID
	unread   int // events that could not be decrypted
	asked    int // how often somebody asked for a key
	reaction map[id.EventID][]string
}

// line is a message as the client shows it.
type line struct {
	id        id.EventID
	room      id.RoomID
	from      id.UserID
	text      string
	kind      event.MessageType
	encrypted bool
	trust     id.TrustState
	edits     int
}

const friendPassword = "not-so-secret"

// newFriend logs somebody in, signs their device, and has their client run.
func newFriend(t *testing.T, homeserver, name string) *friend {
	t.Helper()
	ctx := t.Context()
	f := &friend{T: t, name: name, direct: map[id.UserID]id.RoomID{}, reaction: map[id.EventID][]string{}}
	client, err := mautrix.NewClient(homeserver, "", "")
	f.must(err)
	f.client = client
	_, err = client.Login(ctx, &mautrix.ReqLogin{
		Type: mautrix.AuthTypePassword, Identifier: mautrix.UserIdentifier{Type: mautrix.IdentifierTypeUser, User: name},
		Password: friendPassword, InitialDeviceDisplayName: "phone", StoreCredentials: true,
	})
	f.must(err)
	display, _, _ := strings.Cut(name, "-")
	f.must(client.SetDisplayName(ctx, strings.ToUpper(display[:1])+display[1:]))
	file := filepath.Join(t.TempDir(), "keys.db")
	raw, err := sql.Open("sqlite", "file:"+file+"?_txlock=immediate&_time_format=sqlite&_pragma=foreign_keys(1)&_pragma=journal_mode(WAL)&_pragma=busy_timeout(10000)")
	f.must(err)
	db, err := dbutil.NewWithDB(raw, "sqlite3")
	f.must(err)
	f.helper, err = cryptohelper.NewCryptoHelper(client, []byte("pickle"), db)
	f.must(err)
	f.helper.DecryptErrorCallback = func(e *event.Event, _ error) {
		f.mu.Lock()
		defer f.mu.Unlock()
		f.unread++
	}
	f.must(f.helper.Init(ctx))
	client.Crypto = f.helper
	machine := f.helper.Machine()
	_, _, err = machine.GenerateAndUploadCrossSigningKeysWithPassword(ctx, friendPassword, "")
	f.must(err)
	f.must(machine.SignOwnDevice(ctx, machine.OwnIdentity()))
	f.must(machine.SignOwnMasterKey(ctx))

	syncer := client.Syncer.(*mautrix.DefaultSyncer)
	syncer.OnEventType(event.EventMessage, func(_ context.Context, e *event.Event) { f.hear(e) })
	syncer.OnEventType(event.EventReaction, func(_ context.Context, e *event.Event) {
		c := e.Content.AsReaction()
		f.mu.Lock()
		defer f.mu.Unlock()
		f.reaction[c.RelatesTo.EventID] = append(f.reaction[c.RelatesTo.EventID], c.RelatesTo.Key)
	})
	syncer.OnEventType(event.ToDeviceRoomKeyRequest, func(context.Context, *event.Event) {
		f.mu.Lock()
		defer f.mu.Unlock()
		f.asked++
	})
	syncer.OnEventType(event.StateMember, func(ctx context.Context, e *event.Event) {
		if m := e.Content.AsMember(); m.Membership == event.MembershipInvite && e.GetStateKey() == client.UserID.String() {
			if _, err := client.JoinRoomByID(ctx, e.RoomID); err == nil && m.IsDirect {
				f.mu.Lock()
				f.direct[e.Sender] = e.RoomID
				f.mu.Unlock()
			}
		}
	})
	ctx, stop := context.WithCancel(context.WithoutCancel(ctx))
	ended := make(chan struct{})
	go func() {
		defer close(ended)
		for ctx.Err() == nil {
			_ = client.SyncWithContext(ctx) // the server may be down for a while
			select {
			case <-ctx.Done():
			case <-time.After(100 * time.Millisecond):
			}
		}
	}()
	t.Cleanup(func() {
		stop()
		<-ended
		_ = raw.Close()
	})
	return f
}

func (f *friend) must(err error) {
	f.Helper()
	if err != nil {
		f.Fatalf("%s: %v", f.name, err)
	}
}

func (f *friend) hear(e *event.Event) {
	c := e.Content.AsMessage()
	f.mu.Lock()
	defer f.mu.Unlock()
	if of := c.RelatesTo.GetReplaceID(); of != "" && c.NewContent != nil {
		for i := range f.lines {
			if f.lines[i].id == of && f.lines[i].from == e.Sender {
				f.lines[i].text, f.lines[i].edits = c.NewContent.Body, f.lines[i].edits+1
			}
		}
		return
	}
	f.lines = append(f.lines, line{
		id: e.ID, room: e.RoomID, from: e.Sender, text: c.Body, kind: c.MsgType, encrypted: e.Mautrix.WasEncrypted, trust: e.Mautrix.TrustState,
	})
}

func (f *friend) read() []line {
	f.mu.Lock()
	defer f.mu.Unlock()
	return append([]line(nil), f.lines...)
}

// within is how long something that must come may take, on two busy cores.
const within = 2 * time.Minute

func (f *friend) eventually(what string, so func() bool) {
	f.Helper()
	late := time.After(within)
	for !so() {
		select {
		case <-time.After(20 * time.Millisecond):
		case <-late:
			f.transcript()
			f.Fatalf("%s: still not: %s", f.name, what)
		}
	}
}

// sees waits for a message of somebody's with a text in it, in a room; in the direct room when none is named.
func (f *friend) sees(from id.UserID, in id.RoomID, text string) (found line) {
	f.Helper()
	f.eventually(fmt.Sprintf("it reads %q", text), func() bool {
		where := in
		if where == "" {
			where = f.directWith(from)
		}
		for _, l := range f.read() {
			if l.from == from && l.room == where && strings.Contains(l.text, text) {
				found = l
				return true
			}
		}
		return false
	})
	return found
}

func (f *friend) directWith(who id.UserID) id.RoomID {
	f.mu.Lock()
	defer f.mu.Unlock()
	return f.direct[who]
}

// write says something, encrypted where the room is.
func (f *friend) write(in id.RoomID, text string) id.EventID {
	f.Helper()
	r, err := f.client.SendMessageEvent(f.Context(), in, event.EventMessage, &event.MessageEventContent{MsgType: event.MsgText, Body: text, Mentions: &event.Mentions{}})
	f.must(err)
	return r.EventID
}

// press takes a choice of the newest message of somebody's that has it, by the reaction that stands before it.
func (f *friend) press(from id.UserID, label string) {
	f.Helper()
	var of line
	var sign string
	f.eventually(fmt.Sprintf("there is a choice %q", label), func() bool {
		for _, l := range f.read() {
			for text := range strings.SplitSeq(l.text, "\n") {
				if key, rest, _ := strings.Cut(text, " "); l.from == from && rest == label {
					of, sign = l, key
				}
			}
		}
		return sign != ""
	})
	_, err := f.client.SendReaction(f.Context(), of.room, of.id, sign)
	f.must(err)
}

// transcript prints what the client showed.
func (f *friend) transcript() {
	f.Helper()
	for _, l := range f.read() {
		where := "room"
		if l.room == f.directWith(l.from) {
			where = "direct"
		}
		f.Logf("%s read in %s (%s, encrypted %v, %s) from %s: %s", f.name, where, l.kind, l.encrypted, l.trust, l.from, l.text)
	}
}
