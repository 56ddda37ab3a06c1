package matrix_test

import (
	"errors"
	"fmt"
	"os"
	"slices"
	"strings"
	"testing"

	"trellis/adapters/chat"
	"trellis/adapters/matrix"
	"trellis/adapters/matrix/matrixtest"
)

// fake is a world on matrixtest with one room of all, in which Trellis is.
func fake(t *testing.T) (w *world, by map[string]*matrixtest.Person, room string) {
	t.Helper()
	w, by = newWorld(t)
	room, err := by["ana"].CreateRoom(t.Context(), "air", w.bot, by["ben"].ID)
	w.must(err)
	w.must(by["ben"].Join(t.Context(), room))
	w.brought(1)
	return w, by, room
}

func of[W chat.Happening](in *inbox) (all []W) {
	for _, e := range in.all() {
		if what, is := e.What.(W); is {
			all = append(all, what)
		}
	}
	return all
}

func TestNothingOfBeforeIsActedUpon(t *testing.T) {
	w, by := newWorld(t)
	ana := by["ana"]
	room, err := ana.CreateRoom(t.Context(), "air", by["ben"].ID)
	w.must(err)
	for range 3 {
		_, err := ana.Write(t.Context(), room, "", "!trellis help before")
		w.must(err)
	}
	in := newInbox(chat.Stored{})
	end := w.runs(w.adapter(), in)
	defer end()
	w.eventually("the first sync is done", func() bool { s, _ := in.Stored(t.Context()); return len(s.Cursor) > 0 })
	w.must(ana.Act(t.Context(), room, "invite", w.bot))
	e := awaits[chat.Invited](w, in, 1)
	if what := e.What.(chat.Invited); what.Name != "air" || len(what.People) != 1 || e.By.Account != chat.AccountID(ana.ID) {
		t.Errorf("it was told %+v by %s", what, e.By.Account)
	}
	_, err = ana.Write(t.Context(), room, "", "!trellis help after")
	w.must(err)
	awaits[chat.Command](w, in, 1)
	if all := of[chat.Command](in); len(all) != 1 || all[0].Text != "help after" {
		t.Errorf("it acted upon %+v", all)
	}
}

func TestGapIsFilledOnceAndInOrder(t *testing.T) {
	w, by, room := fake(t)
	var want []string
	for i := range 130 { // more than a sync holds, and more than a page of history
		text := "!trellis remind " + strings.Repeat("i", i+1)
		_, err := by["ana"].Write(t.Context(), room, "", text)
		w.must(err)
		want = append(want, strings.TrimPrefix(text, "!trellis "))
	}
	in := newInbox(w.stored)
	end := w.runs(w.adapter(), in)
	defer end()
	awaits[chat.Command](w, in, len(want))
	var got []string
	for _, c := range of[chat.Command](in) {
		got = append(got, c.Text)
	}
	if !slices.Equal(got, want) {
		t.Errorf("it heard %d commands, of which the first is %q, want %d in their order", len(got), got[0], len(want))
	}
}

func TestInvitationsAreAcceptedOfThoseNamed(t *testing.T) {
	w, by := newWorld(t)
	o := w.options()
	o.AllowInvites = []string{by["ana"].ID}
	a, err := matrix.New(t.Context(), o)
	w.must(err)
	w.now = a
	in := newInbox(chat.Stored{})
	end := w.runs(a, in)
	defer end()
	bens, err := by["ben"].CreateRoom(t.Context(), "bens", w.bot)
	w.must(err)
	w.fail(matrixtest.Fault{Method: "POST", Path: "/join/", Kind: matrixtest.Broken}) // an invitation outlives a failed join
	_, err = by["ana"].CreateRoom(t.Context(), "anas", w.bot)
	w.must(err)
	if e := awaits[chat.Invited](w, in, 1); e.What.(chat.Invited).Name != "anas" {
		t.Errorf("it came into %+v", e)
	}
	members, err := by["ben"].Members(t.Context(), bens)
	w.must(err)
	if members[w.bot] != "invite" {
		t.Errorf("in Ben's room it is %q", members[w.bot])
	}
}

func TestRoomThatGoesOnAsAnother(t *testing.T) {
	w, by, room := fake(t)
	in := newInbox(w.stored)
	end := w.runs(w.adapter(), in)
	defer end()
	next, err := by["ana"].Replace(t.Context(), room, "air")
	w.must(err)
	_, err = by["ana"].Write(t.Context(), room, "", "!trellis help") // joining is refused until somebody invites
	w.must(err)
	awaits[chat.Command](w, in, 1)
	w.must(by["ana"].Act(t.Context(), next, "invite", w.bot))
	e := awaits[chat.Moved](w, in, 1)
	if e.Room != chat.RoomID(room) || e.What.(chat.Moved).To != chat.RoomID(next) {
		t.Errorf("it moved from %s to %+v, want from %s to %s", e.Room, e.What, room, next)
	}
	if n := len(of[chat.Invited](in)); n != 0 {
		t.Errorf("it was told %d times that it is in a new room", n)
	}
}

func TestKickedIsToldOnce(t *testing.T) {
	w, by, room := fake(t)
	in := newInbox(w.stored)
	a := w.adapter()
	end := w.runs(a, in)
	defer end()
	w.must(by["ana"].Act(t.Context(), room, "kick", w.bot))
	if e := awaits[chat.Removed](w, in, 1); e.Room != chat.RoomID(room) {
		t.Errorf("removed from %q", e.Room)
	}
	_, err := a.Deliver(t.Context(), chat.Delivery{ID: "d1", To: chat.Place{Room: chat.RoomID(room)}, Message: plainMessage("hello")})
	if r, ok := errors.AsType[*chat.Refused](err); !ok || r.Scope != chat.ThisPlace || r.Who != chat.Facilitator {
		t.Errorf("a room that it was taken out of: %v", err)
	}
	w.must(by["ana"].Act(t.Context(), room, "invite", w.bot))
	awaits[chat.Invited](w, in, 1)
	if n := len(of[chat.Removed](in)); n != 1 {
		t.Errorf("it was told %d times", n)
	}
}

func plainMessage(text string) chat.Message {
	return chat.Message{Text: chat.Text{{Spans: []chat.Span{{Text: text}}}}}
}

func TestWhatIsNotForTrellisStartsNothing(t *testing.T) {
	w, by, room := fake(t)
	ctx, ana, ben := t.Context(), by["ana"], by["ben"]
	in := newInbox(w.stored)
	end := w.runs(w.adapter(), in)
	defer end()
	_, err := ana.Send(ctx, room, "m.room.message", map[string]any{"msgtype": "m.notice", "body": "!trellis help by a bot"})
	w.must(err)
	first, err := ana.Write(ctx, room, "", "!trellis remind me")
	w.must(err)
	w.must(ben.Edit(ctx, room, first, "!trellis drop 1"))          // not Ben's to change
	_, err = ana.Send(ctx, room, "m.room.message", map[string]any{ // no new content at all
		"msgtype": "m.text", "body": "* x", "m.relates_to": map[string]any{"rel_type": "m.replace", "event_id": first},
	})
	w.must(err)
	_, err = ana.Send(ctx, room, "m.room.message", map[string]any{"msgtype": 3, "body": []string{"nonsense"}, "m.relates_to": "?"})
	w.must(err)
	w.must(ana.Edit(ctx, room, first, "!trellis remind us"))
	e := awaits[chat.Edited](w, in, 1)
	if what := e.What.(chat.Edited); what.Text != "remind us" || !what.Addressed || e.By.Account != chat.AccountID(ana.ID) {
		t.Errorf("it heard %+v", e)
	}
	if all := of[chat.Command](in); len(all) != 1 || len(of[chat.Edited](in)) != 1 {
		t.Errorf("it heard %+v and %d edits", all, len(of[chat.Edited](in)))
	}
}

func TestMentions(t *testing.T) {
	w, by, room := fake(t)
	in := newInbox(w.stored)
	end := w.runs(w.adapter(), in)
	defer end()
	ben := by["ben"]
	_, err := by["ana"].Send(t.Context(), room, "m.room.message", map[string]any{
		"msgtype": "m.text", "body": "Trellis: ask Ben to bring bread", "format": "org.matrix.custom.html",
		"formatted_body": `<a href="https://matrix.to/#/` + w.bot + `">Trellis</a>: ask <a href="https://matrix.to/#/` + ben.ID + `">Ben</a> to bring bread`,
	})
	w.must(err)
	e := awaits[chat.Command](w, in, 1)
	if got, want := e.What.(chat.Command).Text, "ask "+chat.MentionOf(chat.AccountID(ben.ID))+" to bring bread"; got != want {
		t.Errorf("it heard %q, want %q", got, want)
	}
}

func TestFormSurvivesARestart(t *testing.T) {
	w, by, room := fake(t)
	ana, h := chat.AccountID(by["ana"].ID), hands{w}
	in := newInbox(w.stored)
	in.reply = func(e chat.Event) *chat.Reply {
		if _, is := e.What.(chat.Command); !is {
			return nil
		}
		return &chat.Reply{Form: &chat.Form{Title: "Object", Value: "v", Fields: []chat.Field{
			{Name: "reason", Label: "What would have to change?"},
			{Name: "who", Label: "Who?", Kind: chat.Select, Options: []chat.Option{{Value: "v1", Label: "Ana"}, {Value: "v2", Label: "Ben"}}},
		}}}
	}
	asks := func(label string) func() bool {
		return func() bool {
			all := h.messages(ana, "")
			return len(all) > 0 && all[len(all)-1].Sender == w.bot && strings.Contains(all[len(all)-1].Body, label)
		}
	}
	end := w.runs(w.adapter(), in)
	_, err := by["ana"].Write(t.Context(), room, "", "!trellis object")
	w.must(err)
	w.eventually("it asks", asks("What would have to change?"))
	h.write(ana, "", "", "the day")
	w.eventually("it asks on", asks("Who?"))
	end()
	before := len(h.messages(ana, ""))
	end = w.runs(w.adapter(), in)
	defer end()
	h.write(ana, "", "", "yn ôl")
	w.eventually("it asks again", asks("So far: the day"))
	h.write(ana, "", "", "=")
	w.eventually("it asks on", asks("Who?"))
	h.write(ana, "", "", "somebody else")
	w.eventually("it asks once more", func() bool { return len(h.messages(ana, "")) == before+6 && asks("Who?")() })
	h.write(ana, "", "", "2")
	e := awaits[chat.Filled](w, in, 1)
	if f := e.What.(chat.Filled); f.Value != "v" || f.Fields["reason"] != "the day" || f.Fields["who"] != "v2" {
		t.Errorf("it was sent %+v", f)
	}
	w.eventually("it is closed", asks("Sent."))
	_, err = by["ana"].Write(t.Context(), room, "", "!trellis object")
	w.must(err)
	w.eventually("it asks", asks("What would have to change?"))
	h.write(ana, "", "", "Canslo")
	awaits[chat.Closed](w, in, 1)
	w.eventually("it is put away", asks("Put away."))
}

func TestTypedNumbersAndLabelsAreChoices(t *testing.T) {
	w, by, room := fake(t)
	ana, h := chat.AccountID(by["ana"].ID), hands{w}
	in := newInbox(w.stored)
	a := w.adapter()
	end := w.runs(a, in)
	defer end()
	m := plainMessage("Will you?")
	m.Choices = []chat.Choice{{Label: "Derbyn", Name: "Accept", Value: "yes"}, {Label: "Gwrthod", Name: "Decline", Value: "no"}}
	posted, err := a.Deliver(t.Context(), chat.Delivery{ID: "d1", To: chat.Place{Room: chat.RoomID(room)}, Message: m})
	w.must(err)
	_, err = a.Deliver(t.Context(), chat.Delivery{ID: "d2", To: chat.Place{Account: ana}, Message: m})
	w.must(err)
	for _, text := range []string{"2", "accept", "derbyn!", "1️⃣"} {
		_, err := by["ana"].Reply(t.Context(), room, string(posted.Message), text)
		w.must(err)
	}
	w.eventually("she has a direct room", func() bool { return len(h.messages(ana, "")) == 1 })
	h.write(ana, "", "", "2")
	h.write(ana, "", "", "3") // there is no third
	awaits[chat.Said](w, in, 1)
	var got []string
	for _, p := range of[chat.Pressed](in) {
		got = append(got, p.Value)
	}
	slices.Sort(got)
	if !slices.Equal(got, []string{"no", "no", "yes", "yes", "yes"}) {
		t.Errorf("pressed were %q", got)
	}
	if all := h.messages(ana, chat.RoomID(room)); len(all[len(all)-5].Reactions) != 2 {
		t.Errorf("the message has the reactions %v, want two", all[len(all)-5].Reactions)
	}
}

func TestServerThatForgotTransactions(t *testing.T) {
	w, _, room := fake(t)
	if w.server == nil {
		t.Log("a real server forgets when it restarts, which this test cannot make it do: matrixtest does it")
		return
	}
	a := w.adapter()
	d := chat.Delivery{ID: "d1", To: chat.Place{Room: chat.RoomID(room)}, Message: plainMessage("once")}
	w.fail(matrixtest.Fault{Method: "PUT", Path: "/send/", Kind: matrixtest.LostReply})
	if _, err := a.Deliver(t.Context(), d); err == nil {
		t.Fatal("a lost answer is none")
	}
	w.server.Forget()
	a = w.adapter()
	d.Doubt = true
	_, err := a.Deliver(t.Context(), d)
	w.must(err)
	n := 0
	for p := range w.people {
		if strings.HasPrefix(string(p), "@ana") {
			for _, m := range (hands{w}).messages(p, chat.RoomID(room)) {
				if m.Body == "once" {
					n++
				}
			}
		}
	}
	if n != 1 {
		t.Errorf("it stands there %d times", n)
	}
}

func TestTokens(t *testing.T) {
	w, by, room := fake(t)
	if w.server == nil {
		t.Log("tokens are taken back by matrixtest alone")
		return
	}
	in := newInbox(w.stored)
	a := w.adapter()
	end := w.runs(a, in)
	w.server.Revoke(w.bot, true) // soft: the device stays
	_, err := by["ana"].Write(t.Context(), room, "", "!trellis help")
	w.must(err)
	awaits[chat.Command](w, in, 1)
	if n := w.server.Devices(w.bot); n != 1 {
		t.Errorf("after logging in again there are %d devices", n)
	}
	end()
	w.server.Revoke(w.bot, false)
	r, ok := errors.AsType[*chat.Refused](deliverErr(t, w.now, room))
	if !ok || r.Scope != chat.ThisPlatform || r.Who != chat.Operator {
		t.Errorf("a token that was taken back: %+v", r)
	}
	if err := a.Run(t.Context(), in); err == nil || !strings.Contains(err.Error(), "taken Trellis's token back") {
		t.Errorf("Run ended with %v", err)
	}
}

func deliverErr(t *testing.T, a *matrix.Adapter, room string) error {
	t.Helper()
	_, err := a.Deliver(t.Context(), chat.Delivery{ID: "after", To: chat.Place{Room: chat.RoomID(room)}, Message: plainMessage("hello")})
	return err
}

func TestCopyIsAnotherDevice(t *testing.T) {
	w, _, room := fake(t)
	a := w.adapter()
	w.must(deliverErr(t, a, room))
	copied := w.folder + "/copy.db"
	w.must(a.Backup(t.Context(), copied))
	info, err := os.Stat(copied)
	w.must(err)
	if info.Mode().Perm() != 0o600 {
		t.Errorf("others may read the copy: %v", info.Mode())
	}
	o := w.options()
	o.Store = copied
	w.close()
	b, err := matrix.New(t.Context(), o)
	w.must(err)
	w.now = b
	w.must(deliverErr(t, b, room)) // the same delivery as before the backup, by another device: it is found
	ana := chat.AccountID("")
	for p := range w.people {
		if strings.HasPrefix(string(p), "@ana") {
			ana = p
		}
	}
	n := 0
	for _, m := range (hands{w}).messages(ana, chat.RoomID(room)) {
		if m.Body == "hello" {
			n++
		}
	}
	if n != 1 {
		t.Errorf("after the restore it stands there %d times", n)
	}
}

func TestPersonWhoLeavesTheirDirectRoom(t *testing.T) {
	w, by, _ := fake(t)
	ana, h, n := by["ana"], hands{w}, 0
	a := w.adapter()
	in := newInbox(w.stored)
	end := w.runs(a, in)
	defer end()
	tell := func() error {
		n++
		_, err := a.Deliver(t.Context(), chat.Delivery{ID: chat.DeliveryID(fmt.Sprint("d", n)), To: chat.Place{Account: chat.AccountID(ana.ID)}, Message: plainMessage("hello")})
		return err
	}
	w.must(tell())
	direct := h.room(chat.AccountID(ana.ID), "")
	w.must(ana.Act(t.Context(), direct, "leave", ""))
	w.eventually("she is asked back", func() bool {
		w.must(tell())
		invited, err := ana.Invitations(t.Context())
		w.must(err)
		return slices.Contains(invited, direct)
	})
	w.must(ana.Act(t.Context(), direct, "leave", ""))
	w.eventually("she is left alone", func() bool {
		r, ok := errors.AsType[*chat.Refused](tell())
		return ok && r.Scope == chat.ThisPlace && r.Reason == "account_left"
	})
}
