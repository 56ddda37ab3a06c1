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

// What Slack answers is told as what it means.
func TestOutcomes(t *testing.T) {
	r := start(t, false, slacktest.Options{})
	room := chat.Place{Room: "T1/CAIR"}
	for _, c := range []struct {
		code  string
		scope chat.Scope
		who   chat.Who
	}{
		{"channel_not_found", chat.ThisPlace, chat.Facilitator},
		{"not_in_channel", chat.ThisPlace, chat.Facilitator},
		{"restricted_action", chat.ThisPlace, chat.Facilitator},
		{"account_inactive", chat.ThisPlatform, chat.Operator},
		{"token_revoked", chat.ThisPlatform, chat.Operator},
		{"missing_scope", chat.ThisMethod, chat.Operator},
		{"invalid_blocks", chat.ThisMessage, chat.Operator},
		{"a_word_nobody_knows", chat.ThisMessage, chat.Operator},
	} {
		r.s.Fault(slacktest.Fault{Kind: slacktest.Refused, Error: c.code})
		_, err := r.say(room, "d-"+c.code, "hello")
		var refused *chat.Refused
		if !errors.As(err, &refused) || refused.Scope != c.scope || refused.Who != c.who || refused.Reason != c.code {
			t.Errorf("%s: %+v", c.code, err)
		}
	}
	for code, scope := range map[string]chat.Scope{"ratelimited": chat.ThisPlace, "team_added_to_org": chat.ThisPlatform, "token_expired": chat.ThisPlatform, "service_unavailable": chat.ThisMethod} {
		r.s.Fault(slacktest.Fault{Kind: slacktest.Refused, Error: code})
		_, err := r.say(room, "d-"+code, "hello")
		var later *chat.Later
		if !errors.As(err, &later) || later.Scope != scope || later.After <= 0 || later.Limit != (code == "ratelimited") {
			t.Errorf("%s: %+v", code, err)
		}
	}
	for _, f := range []slacktest.Fault{{Kind: slacktest.Refused, Error: "fatal_error"}, {Kind: slacktest.BadJSON}, {Kind: slacktest.LostReply}, {Kind: slacktest.Broken}} {
		r.s.Fault(f)
		_, err := r.say(room, fmt.Sprintf("d-%d", f.Kind), "hello")
		var refused *chat.Refused
		var later *chat.Later
		if err == nil || errors.As(err, &refused) || errors.As(err, &later) {
			t.Errorf("fault %d: %v, want it in doubt", f.Kind, err)
		}
	}
	if _, err := r.say(chat.Place{Account: "T1/UNOBODY"}, "d-n", "hello"); err == nil {
		t.Error("a message to nobody was taken")
	}
}

func TestGoneMessageIsPostedAnew(t *testing.T) {
	r := start(t, false, slacktest.Options{})
	first, err := r.say(chat.Place{Room: "T1/CAIR"}, "d1", "0 of 3")
	if err != nil {
		t.Fatal(err)
	}
	r.w.Delete("UANA", "CAIR", stamp(first.Message))
	_, err = r.a.Deliver(t.Context(), chat.Delivery{
		ID: "d2", To: chat.Place{Room: "T1/CAIR"}, Update: first.Message, Message: chat.Message{Text: chat.Text{{Spans: []chat.Span{{Text: "1 of 3"}}}}},
	})
	var refused *chat.Refused
	if !errors.As(err, &refused) || !refused.Anew {
		t.Errorf("got %v", err)
	}
	// The root of a thread that is gone: the message goes to the channel.
	if _, err = r.a.Deliver(t.Context(), chat.Delivery{
		ID: "d3", To: chat.Place{Room: "T1/CAIR"}, Thread: first.Message, Message: chat.Message{Text: chat.Text{{Spans: []chat.Span{{Text: "under it"}}}}},
	}); err != nil {
		t.Error(err)
	}
	if got := r.texts("UBEN", "CAIR"); !slices.Equal(got, []string{"under it"}) {
		t.Errorf("Ben sees %q", got)
	}
}

// Without the history scope a message in doubt is not said again: it may stand there.
func TestDoubtWithoutHistory(t *testing.T) {
	r := start(t, false, slacktest.Options{Scopes: slices.DeleteFunc(slack.ScopeNames(), func(s string) bool { return strings.HasSuffix(s, "s:history") })})
	d := chat.Delivery{ID: "d1", To: chat.Place{Room: "T1/CAIR"}, Doubt: true, Message: chat.Message{Text: chat.Text{{Spans: []chat.Span{{Text: "maybe"}}}}}}
	stands, err := r.a.Deliver(t.Context(), d)
	if err != nil || stands.Message != "" || len(r.texts("UBEN", "CAIR")) != 0 {
		t.Errorf("got %+v, %v; Ben sees %q", stands, err, r.texts("UBEN", "CAIR"))
	}
	d.To = chat.Place{Account: "T1/UANA"} // im:history is granted
	if stands, err = r.a.Deliver(t.Context(), d); err != nil || stands.Message == "" {
		t.Errorf("got %+v, %v", stands, err)
	}
}

// A word in a room to somebody who is not there goes to them directly.
func TestWhisperElsewhere(t *testing.T) {
	r := start(t, false, slacktest.Options{})
	stands, err := r.say(chat.Place{Room: "T1/CLANE", Account: "T1/UCHI"}, "d1", "there is no command chekin")
	if err != nil || stands.Room != "T1/@UCHI" {
		t.Fatalf("got %+v, %v", stands, err)
	}
	if got := r.texts("UCHI", ""); len(got) != 1 {
		t.Errorf("Chi sees %q", got)
	}
}

// A long text is divided at its paragraphs, and each part stands once, also after a cut in the middle.
func TestLongText(t *testing.T) {
	r := start(t, false, slacktest.Options{})
	var text chat.Text
	var all []string
	for i := range 6 {
		p := fmt.Sprintf("paragraph %d. %s", i, strings.Repeat("word ", 600))
		all = append(all, strings.TrimSpace(p))
		text = append(text, chat.Block{Spans: []chat.Span{{Text: strings.TrimSpace(p)}}})
	}
	d := chat.Delivery{ID: "d1", To: chat.Place{Room: "T1/CAIR"}, Message: chat.Message{Text: text, Choices: []chat.Choice{{Label: "Read", Value: "r"}}}}
	r.s.Fault(slacktest.Fault{Kind: slacktest.LostReply})
	if _, err := r.a.Deliver(t.Context(), d); err == nil {
		t.Fatal("the answer was lost, and it was not noticed")
	}
	d.Doubt = true
	stands, err := r.a.Deliver(t.Context(), d)
	if err != nil {
		t.Fatal(err)
	}
	seen := r.w.See("UBEN", "CAIR")
	if len(seen) != 2 || strings.Join(r.texts("UBEN", "CAIR"), "\n") != strings.Join(all, "\n") {
		t.Errorf("Ben sees %d messages, and not all of it", len(seen))
	}
	if len(seen[0].Choices) != 0 || len(seen[1].Choices) != 1 || stamp(stands.Message) != seen[1].TS {
		t.Errorf("the choices stand under %v", stands)
	}
}

// The fallback has the whole sense, dates in each reader's zone, and mentions nobody.
func TestFallback(t *testing.T) {
	r := start(t, false, slacktest.Options{})
	m := chat.Message{Text: chat.Text{
		{Kind: chat.Heading, Spans: []chat.Span{{Text: "Open"}}},
		{Kind: chat.Item, Spans: []chat.Span{{Text: "<!channel> & co"}, {Kind: chat.Date, Text: "Fri 3 Apr, 16:00", At: time.Date(2026, 4, 3, 16, 0, 0, 0, time.UTC)}}},
		{Kind: chat.Quote, Spans: []chat.Span{{Kind: chat.Link, Text: "here", URL: "https://example.org/?a&b"}}},
	}}
	if _, err := r.a.Deliver(t.Context(), chat.Delivery{ID: "d1", To: chat.Place{Room: "T1/CAIR"}, Message: m}); err != nil {
		t.Fatal(err)
	}
	want := "Open\n• &lt;!channel&gt; &amp; co<!date^1775232000^{date_short_pretty} at {time}|Fri 3 Apr, 16:00>\n&gt; here (https://example.org/?a&amp;b)"
	if got := r.w.See("UCHI", "CAIR")[0]; got.Fallback != want || !strings.Contains(got.Text, "3 Apr 2026 at 12:00") {
		t.Errorf("got %q\nwant %q\nChi reads %q", got.Fallback, want, got.Text)
	}
}

// A direct message waits for the end of its reader's Do Not Disturb, unless they are at it; but not for ever.
func TestDoNotDisturb(t *testing.T) {
	r := start(t, false, slacktest.Options{})
	now := time.Now()
	ana := chat.Place{Account: "T1/UANA"}
	r.w.SetDND("UANA", slacktest.DND{Enabled: true, Start: now.Add(-time.Hour), End: now.Add(3 * time.Hour)})
	_, err := r.say(ana, "d1", "a reminder")
	var later *chat.Later
	if !errors.As(err, &later) || later.Scope != chat.ThisMessage || later.After < 2*time.Hour || later.After > 3*time.Hour || later.Limit {
		t.Fatalf("got %+v", err)
	}
	r.w.Write("UANA", "", "", "home")
	next[chat.Said](r, 0)
	if _, err := r.say(ana, "d2", "an answer"); err != nil {
		t.Errorf("who is at it is answered: %v", err)
	}
	r.w.SetDND("UBEN", slacktest.DND{Snooze: now.Add(100 * time.Hour)})
	_, err = r.say(chat.Place{Account: "T1/UBEN"}, "d3", "a reminder")
	if !errors.As(err, &later) || later.After > 24*time.Hour || later.After < 23*time.Hour {
		t.Errorf("got %+v, want a day", err)
	}
	if _, err := r.say(chat.Place{Room: "T1/CAIR"}, "d4", "to the room"); err != nil {
		t.Error(err)
	}
}
