package slack_test

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"trellis/adapters/chat"
	"trellis/adapters/slack"
	"trellis/adapters/slack/slacktest"
)

// While one socket is announced to end, the next is open: what is sent meanwhile comes once, and at once.
func TestHandOver(t *testing.T) {
	r := start(t, false, slacktest.Options{})
	r.s.Disconnect("refresh_requested", 400*time.Millisecond)
	r.eventually("two sockets are open", func() bool { return r.s.Sockets() == 2 })
	for i := range 20 {
		r.w.Write("UANA", "", "", fmt.Sprintf("line %d", i))
	}
	r.eventually("all came", func() bool { return len(of[chat.Said](r.in)) == 20 })
	r.eventually("the old socket is closed", func() bool { return r.s.Sockets() == 1 })
	r.w.Write("UANA", "", "", "after it")
	r.eventually("it came", func() bool { return len(of[chat.Said](r.in)) == 21 })
}

func TestSocketCutOff(t *testing.T) {
	r := start(t, false, slacktest.Options{})
	r.s.Cut()
	r.w.Write("UANA", "", "", "while nobody listened")
	_, said := next[chat.Said](r, 0)
	if said.Text != "while nobody listened" {
		t.Errorf("got %+v", said)
	}
}

// One message under several event IDs, and as two kinds of event, is one.
func TestOneMessageOnce(t *testing.T) {
	r := start(t, false, slacktest.Options{})
	r.w.Write("UANA", "", "", "once")
	next[chat.Said](r, 0)
	for i := range 11 {
		r.s.RedeliverAs(fmt.Sprintf("EvAgain%d", i))
	}
	r.eventually("all are acknowledged", func() bool { return r.s.Unacknowledged() == 0 })
	if n := len(of[chat.Said](r.in)); n != 1 {
		t.Errorf("it came %d times", n)
	}
}

// Nothing is acknowledged that is not stored: it comes again, and what was tried before is the same event.
func TestNothingAcknowledgedUnstored(t *testing.T) {
	for _, byHTTP := range []bool{false, true} {
		t.Run(map[bool]string{false: "socket", true: "http"}[byHTTP], func(t *testing.T) {
			r := start(t, byHTTP, slacktest.Options{})
			hold := make(chan struct{})
			r.in.set(func(k *keeper) { k.hold = hold })
			r.w.Write("UANA", "", "", "hold this")
			if r.s.Unacknowledged() != 1 {
				t.Error("it was acknowledged before it was stored")
			}
			close(hold)
			r.eventually("it is acknowledged", func() bool { return r.s.Unacknowledged() == 0 })
			if n := len(of[chat.Said](r.in)); n != 1 {
				t.Errorf("it came %d times", n)
			}
		})
	}
}

func TestBotsStartNothing(t *testing.T) {
	r := start(t, false, slacktest.Options{})
	r.w.AddPerson(slacktest.Person{ID: "UOTHER", Name: "Otherbot", Bot: true})
	r.w.Write("UOTHER", "CAIR", "", "@trellis help")
	r.w.Join("UOTHER", "CAIR", "")
	r.w.Write("UANA", "CAIR", "", "@trellis home")
	_, c := next[chat.Command](r, 0)
	if c.Text != "home" || len(of[chat.Joined](r.in)) != 0 {
		t.Errorf("got %+v, and joins %v", c, of[chat.Joined](r.in))
	}
}

func TestSlashCommand(t *testing.T) {
	for _, byHTTP := range []bool{false, true} {
		r := start(t, byHTTP, slacktest.Options{})
		if !r.w.Slash("UBEN", "CAIR", `ask @Ana to bring <bread> & "jam" by friday`) {
			t.Fatal("it was not acknowledged")
		}
		e, c := next[chat.Command](r, 0)
		want := `ask ` + chat.MentionOf("T1/UANA") + ` to bring <bread> & "jam" by friday`
		if c.Text != want || e.Room != "T1/CAIR" || e.By.Name != "Ben" || e.By.Language != "en-US" || e.By.Zone != "UTC" {
			t.Errorf("got %+v by %+v, want %q", c, e.By, want)
		}
	}
}

// A room that Trellis is brought into is told of with all who are there; the event is acknowledged before they are known.
func TestInvited(t *testing.T) {
	r := start(t, false, slacktest.Options{})
	r.w.AddPerson(slacktest.Person{ID: "UDEE", Name: "Dee", Team: "T9"})
	r.w.AddChannel(slacktest.Channel{ID: "CNEW", Name: "new", Shared: true}, "UANA", "UDEE")
	r.s.Fault(slacktest.Fault{Kind: slacktest.Broken, Method: "conversations.members"})
	r.w.Join(r.w.Bot, "CNEW", "UANA")
	e, in := next[chat.Invited](r, 2)
	if e.Room != "T1/CNEW" || e.By.Account != "T1/UANA" || in.Name != "new" || !in.Shared || len(in.People) != 2 {
		t.Fatalf("got %+v: %+v", e, in)
	}
	if dee := in.People[1]; dee.Name != "Dee" || !dee.Guest {
		t.Errorf("got %+v, want a guest", dee)
	}
	if r.in.record("room/T1/CNEW") == nil || r.in.record("entering/T1/CNEW") != nil {
		t.Error("the room is not kept as one that Trellis is in")
	}
}

// What was begun before a stop is ended after it.
func TestInvitedBeforeAStop(t *testing.T) {
	r := start(t, false, slacktest.Options{})
	r.w.AddChannel(slacktest.Channel{ID: "CNEW", Name: "new"}, "UANA")
	r.w.SetScopes(slices.DeleteFunc(slack.ScopeNames(), func(s string) bool { return s == "channels:read" || s == "groups:read" })...)
	r.s.Fault(slacktest.Fault{Kind: slacktest.Broken, Method: "conversations.info", Times: 20})
	r.w.Join(r.w.Bot, "CNEW", "UANA")
	r.eventually("it is kept", func() bool { return r.in.record("entering/T1/CNEW") != nil })
	before := r.in.record("entering/T1/CNEW")
	if err := r.stop(); err != nil {
		t.Fatal(err)
	}
	r.w.SetScopes(slack.ScopeNames()...)
	r.s.NoFaults()
	r.a = r.anew()
	r.run()
	e, in := next[chat.Invited](r, 2)
	if e.Room != "T1/CNEW" || in.Name != "new" || !strings.Contains(string(before), string(e.ID)) {
		t.Errorf("got %+v, noted as %s", e, before)
	}
	if n := len(of[chat.Invited](r.in)); n != 3 {
		t.Errorf("rooms were told of %d times", n)
	}
}

func TestWhatBecomesOfRooms(t *testing.T) {
	r := start(t, false, slacktest.Options{})
	r.w.Rename("CAIR", "fresh-air")
	if e, n := next[chat.Renamed](r, 0); n.Name != "fresh-air" || e.Room != "T1/CAIR" {
		t.Errorf("got %+v %+v", e, n)
	}
	r.w.ChangeID("CAIR", "CAIR2")
	if e, m := next[chat.Moved](r, 0); m.To != "T1/CAIR2" || e.Room != "T1/CAIR" {
		t.Errorf("got %+v %+v", e, m)
	}
	if r.in.record("room/T1/CAIR2") == nil || r.in.record("room/T1/CAIR") != nil {
		t.Error("the kept room did not move")
	}
	r.w.Archive("UANA", "CAIR2", true)
	if e, gone := next[chat.Removed](r, 0); gone.Reason != "is_archived" || e.Room != "T1/CAIR2" {
		t.Errorf("got %+v %+v", e, gone)
	}
	_, err := r.say(chat.Place{Room: "T1/CAIR2"}, "d1", "hello")
	var refused *chat.Refused
	if !errors.As(err, &refused) || refused.Scope != chat.ThisPlace || refused.Who != chat.Facilitator || refused.Reason != "is_archived" {
		t.Errorf("got %+v", err)
	}
	r.w.Archive("UANA", "CAIR2", false)
	next[chat.Reachable](r, 0)
	r.w.Leave(r.w.Bot, "CLANE")
	if e, _ := next[chat.Removed](r, 1); e.Room != "T1/CLANE" {
		t.Errorf("got %+v", e)
	}
	r.w.ChangePerson("UCHI", func(p *slacktest.Person) { p.Name, p.Zone, p.Gone = "Chi Chi", "Europe/Madrid", true })
	if e, _ := next[chat.Changed](r, 0); e.By.Name != "Chi Chi" || e.By.Zone != "Europe/Madrid" || !e.By.Gone {
		t.Errorf("got %+v", e.By)
	}
	r.w.Uninstall()
	r.eventually("every room is told of", func() bool {
		return slices.ContainsFunc(of[chat.Removed](r.in), func(e chat.Event) bool { return e.What.(chat.Removed).Reason == "tokens_revoked" })
	})
}
