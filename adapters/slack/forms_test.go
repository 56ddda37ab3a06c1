package slack_test

import (
	"strings"
	"testing"

	"trellis/adapters/chat"
	"trellis/adapters/slack/slacktest"
)

// aForm has a field of each kind.
var aForm = chat.Form{
	Title: "Take it on", Submit: "I will", Value: "commit/7", Intro: chat.Text{{Spans: []chat.Span{{Text: "What, and by when?"}}}},
	Fields: []chat.Field{
		{Name: "text", Label: "What?", Kind: chat.Lines, Initial: "bring bread"},
		{Name: "by", Label: "By when?", Hint: "The group's time", Kind: chat.When, Initial: "2026-04-03"},
		{Name: "with", Label: "With whom?", Kind: chat.Person, Optional: true},
		{Name: "size", Label: "How much?", Kind: chat.Select, Initial: "s", Options: []chat.Option{{Value: "s", Label: "A little"}, {Value: "l", Label: "A lot"}}},
		{Name: "typed", Label: "Until?", Kind: chat.When, Initial: "next friday", Optional: true},
	},
}

// A press opens a modal with pickers; what is wrong is said at its field; what was typed stays.
func TestForm(t *testing.T) {
	for _, byHTTP := range []bool{false, true} {
		t.Run(map[bool]string{false: "socket", true: "http"}[byHTTP], func(t *testing.T) {
			r := start(t, byHTTP, slacktest.Options{})
			r.in.set(func(k *keeper) {
				k.reply = func(e chat.Event) *chat.Reply {
					switch what := e.What.(type) {
					case chat.Pressed:
						return &chat.Reply{Form: &aForm}
					case chat.Filled:
						if what.Fields["size"] == "l" {
							return &chat.Reply{Errors: map[string]string{"by": "A lot takes longer.", "elsewhere": "And more."}}
						}
					}
					return nil
				}
			})
			stands, err := r.say(chat.Place{Room: "T1/CAIR"}, "d1", "Who brings bread?", chat.Choice{Label: "I do", Value: "take"})
			if err != nil {
				t.Fatal(err)
			}
			r.w.Press("UBEN", "CAIR", stamp(stands.Message), "I do")
			r.eventually("the modal is open", func() bool { return r.w.Modal("UBEN") != nil })
			if v := r.w.Modal("UBEN"); v.Title != "Take it on" || len(v.Labels) != 6 {
				t.Fatalf("Ben sees %+v", v)
			}
			r.w.Fill("UBEN", map[string]string{"by time": "17:30", "with": "UANA", "size": "A lot"})
			e, filled := next[chat.Filled](r, 0)
			want := map[string]string{"text": "bring bread", "by": "2026-04-03 17:30", "with": chat.MentionOf("T1/UANA"), "size": "l", "typed": "next friday"}
			for name, text := range want {
				if filled.Fields[name] != text {
					t.Errorf("%s came back as %q, want %q", name, filled.Fields[name], text)
				}
			}
			if filled.Value != "commit/7" || e.Room != "T1/CAIR" || e.Direct {
				t.Errorf("got %+v", e)
			}
			if v := r.w.Modal("UBEN"); v.Errors["by"] != "A lot takes longer." || v.Errors["text"] != "And more." {
				t.Errorf("Ben sees the errors %v", v.Errors)
			}
			r.w.Fill("UBEN", map[string]string{"size": "s", "by": ""})
			if _, filled := next[chat.Filled](r, 1); filled.Fields["by"] != "" {
				t.Errorf("got %+v", filled)
			}
			if r.w.Modal("UBEN") != nil {
				t.Error("the modal is still open")
			}
		})
	}
}

func TestFormPutAway(t *testing.T) {
	r := start(t, false, slacktest.Options{})
	r.in.set(func(k *keeper) {
		k.reply = func(e chat.Event) *chat.Reply {
			if _, ok := e.What.(chat.Command); ok {
				return &chat.Reply{Form: &aForm}
			}
			return nil
		}
	})
	r.w.Slash("UANA", "", "commit")
	r.eventually("the modal is open", func() bool { return r.w.Modal("UANA") != nil })
	r.w.Dismiss("UANA")
	if e, closed := next[chat.Closed](r, 0); closed.Value != "commit/7" || !e.Direct {
		t.Errorf("got %+v", e)
	}
}

// A form that comes too late is not opened; who pressed is asked to press again.
func TestFormTooLate(t *testing.T) {
	r := start(t, false, slacktest.Options{TriggerFor: 1})
	r.in.set(func(k *keeper) {
		k.reply = func(e chat.Event) *chat.Reply {
			if _, ok := e.What.(chat.Pressed); ok {
				return &chat.Reply{Form: &aForm}
			}
			return nil
		}
	})
	stands, err := r.say(chat.Place{Room: "T1/CAIR"}, "d1", "Who brings bread?", chat.Choice{Label: "I do", Value: "take"})
	if err != nil {
		t.Fatal(err)
	}
	r.w.Press("UBEN", "CAIR", stamp(stands.Message), "I do")
	r.eventually("Ben is asked again", func() bool {
		seen := r.w.See("UBEN", "CAIR")
		last := seen[len(seen)-1]
		return last.Only && last.Text == "again"
	})
}

// "Make this a commitment": the modal has the message's text and a link to it, and what comes of it is a command.
func TestShortcut(t *testing.T) {
	r := start(t, false, slacktest.Options{})
	ts := r.w.Write("UANA", "CAIR", "", `somebody should bring "bread" & jam`)
	r.w.Shortcut("UBEN", "CAIR", ts, "trellis_commit")
	r.eventually("the modal is open", func() bool { return r.w.Modal("UBEN") != nil })
	if v := r.w.Modal("UBEN"); v.Title != "commit.title" || !strings.Contains(v.Text(), "commit.from") {
		t.Errorf("Ben sees %q", v.Text())
	}
	r.w.Fill("UBEN", map[string]string{"by": "2026-04-03"})
	e, c := next[chat.Command](r, 0)
	if c.Text != `commit "somebody should bring 'bread' & jam" by 2026-04-03` || e.Room != "T1/CAIR" || e.By.Name != "Ben" {
		t.Errorf("got %+v by %+v", c, e.By)
	}
	if c.About == nil || c.About.By != "T1/UANA" || c.About.Text != `somebody should bring "bread" & jam` || !strings.Contains(c.About.Link, "/archives/CAIR/p") {
		t.Errorf("about %+v", c.About)
	}
	r.w.Shortcut("UBEN", "CAIR", ts, "trellis_propose")
	r.eventually("the other modal is open", func() bool { return r.w.Modal("UBEN") != nil })
	r.w.Fill("UBEN", map[string]string{"text": "We bring bread."})
	if _, c := next[chat.Command](r, 1); c.Text != `propose "We bring bread."` {
		t.Errorf("got %+v", c)
	}
}

func TestGraveChoiceAsksOnceMore(t *testing.T) {
	r := start(t, false, slacktest.Options{})
	if _, err := r.say(chat.Place{Room: "T1/CAIR"}, "d1", "Forget it all?", chat.Choice{Label: "Forget", Value: "x", Style: chat.Grave}, chat.Choice{Label: "Keep", Value: "y", Style: chat.Primary}); err != nil {
		t.Fatal(err)
	}
	seen := r.w.See("UBEN", "CAIR")
	row := seen[0].Blocks[1].(map[string]any)["elements"].([]any)
	if forget := row[0].(map[string]any); forget["style"] != "danger" || forget["confirm"] == nil {
		t.Errorf("got %v", forget)
	}
	if keep := row[1].(map[string]any); keep["style"] != "primary" || keep["confirm"] != nil {
		t.Errorf("got %v", keep)
	}
}
