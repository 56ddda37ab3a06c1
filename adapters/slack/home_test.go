package slack_test

import (
	"context"
	"strings"
	"sync/atomic"
	"testing"

	"trellis/adapters/chat"
	"trellis/adapters/slack"
	"trellis/adapters/slack/slacktest"
)

// The Home tab shows what a person has, and of rooms only those that they are in; it changes when something changes.
func TestHome(t *testing.T) {
	s, _ := office(t, false, slacktest.Options{Retries: often, Scopes: slack.ScopeNames()})
	var done atomic.Bool
	show := func(_ context.Context, room chat.RoomID, account chat.AccountID, line string) (chat.Message, error) {
		text := line + " of " + string(account)
		if room != "" {
			text += " in " + string(room)
		}
		m := chat.Message{Text: chat.Text{{Spans: []chat.Span{{Text: text}}}}}
		if line == "home" && !done.Load() {
			m.Choices = []chat.Choice{{Label: "Done", Value: "done/1"}}
		}
		return m, nil
	}
	a, err := slack.New(slack.Options{BotToken: "xoxb-T1", AppToken: slacktest.AppToken, APIURL: s.APIURL(), Words: words, Show: show})
	if err != nil {
		t.Fatal(err)
	}
	r := &rig{T: t, s: s, w: s.Workspace(), a: a, in: newKeeper()}
	r.run()
	r.eventually("both rooms are known", func() bool { return len(of[chat.Invited](r.in)) == 2 })
	r.w.OpenHome("UCHI")
	r.eventually("the tab is there", func() bool { return r.w.Home("UCHI") != nil })
	next[chat.Opened](r, 0)
	text := r.w.Home("UCHI").Text()
	for _, part := range []string{"home of T1/UCHI", "#air", "session of T1/UCHI in T1/CAIR", "agreements of T1/UCHI in T1/CAIR", "my of T1/UCHI"} {
		if !strings.Contains(text, part) {
			t.Errorf("Chi reads %q, without %q", text, part)
		}
	}
	if strings.Contains(text, "CLANE") {
		t.Errorf("Chi reads of a room that she is not in: %q", text)
	}
	r.w.PressHome("UCHI", "Done")
	e, p := next[chat.Pressed](r, 0)
	if p.Value != "done/1" || e.Room != "T1/@UCHI" || !e.Direct {
		t.Errorf("got %+v in %q", p, e.Room)
	}
	done.Store(true)
	if _, err := r.say(chat.Place{Room: "T1/CAIR"}, "d1", "C1 is done"); err != nil {
		t.Fatal(err)
	}
	r.eventually("the button is gone", func() bool { return !strings.Contains(textOf(r.w.Home("UCHI")), "Done") })
	published := len(s.Calls("views.publish"))
	if _, err := r.say(chat.Place{Room: "T1/CAIR"}, "d2", "something else"); err != nil {
		t.Fatal(err)
	}
	r.w.OpenHome("UBEN")
	r.eventually("Ben's is there", func() bool { return r.w.Home("UBEN") != nil })
	if n := len(s.Calls("views.publish")); n > published+1 {
		t.Errorf("what had not changed was published, too: %d calls after %d", n, published)
	}
}

func textOf(v *slacktest.View) string {
	var all []string
	for _, b := range v.Raw["blocks"].([]any) {
		elements, _ := b.(map[string]any)["elements"].([]any)
		for _, e := range elements {
			if label, ok := e.(map[string]any)["text"].(map[string]any); ok {
				all = append(all, label["text"].(string))
			}
		}
	}
	return strings.Join(all, "\n")
}
