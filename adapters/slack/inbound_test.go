package slack

import (
	"encoding/json"
	"os"
	"testing"

	"trellis/adapters/chat"
)

// BenchmarkInteraction reads a click; BenchmarkSlackGo reads the same with slack-go's own type.
func BenchmarkInteraction(b *testing.B) {
	payload, err := os.ReadFile("testdata/click.json")
	if err != nil {
		b.Fatal(err)
	}
	b.ReportAllocs()
	for b.Loop() {
		var i interaction
		if err := json.Unmarshal(payload, &i); err != nil {
			b.Fatal(err)
		}
	}
}

func TestTyped(t *testing.T) {
	ana := chat.MentionOf("T1/UANA")
	for _, c := range []struct{ name, slack, want string }{
		{"plain", "tired", "tired"},
		{"escaped", "a &lt;b&gt; &amp; &amp;lt;", "a <b> & &lt;"},
		{"a mention", "ask <@UANA> now", "ask " + ana + " now"},
		{"a mention with a name", "<@UANA|ana>", ana},
		{"a channel", "in <#C1|general> and <#C2>", "in #general and #C2"},
		{"everyone", "<!here> <!channel|channel>", "@here channel"},
		{"a date", "<!date^1^{time}|at noon>", "at noon"},
		{"a bare address", "<https://example.org/a?b=1&amp;c=2>", "https://example.org/a?b=1&c=2"},
		{"an address as it was typed", "<http://example.org|example.org>", "example.org"},
		{"a link", "<https://example.org|the page>", "the page (https://example.org)"},
		{"mail", "<mailto:a@example.org|a@example.org>", "a@example.org"},
		{"left open", "a < b <@U", "a < b <@U"},
		{"nothing", "<>", ""},
	} {
		if got := typed("T1", c.slack); got != c.want {
			t.Errorf("%s: %q, want %q", c.name, got, c.want)
		}
	}
}

func TestAddressed(t *testing.T) {
	for _, c := range []struct {
		name, text, want string
		ours             bool
	}{
		{"first", "<@UB> help", "help", true},
		{"with a name", "<@UB|trellis> help", "help", true},
		{"with a comma", "<@UB>, help", "help", true},
		{"in the middle", "hello <@UB>: help", "help", true},
		{"at the end", "help <@UB>", "help", true},
		{"alone", "<@UB>", "", true},
		{"another", "<@UBEN> help", "<@UBEN> help", false},
	} {
		if got, ours := addressed(c.text, "UB"); got != c.want || ours != c.ours {
			t.Errorf("%s: %q (%v), want %q", c.name, got, ours, c.want)
		}
	}
}

func FuzzInbound(f *testing.F) {
	click, err := os.ReadFile("testdata/click.json")
	if err != nil {
		f.Fatal(err)
	}
	f.Add(click)
	f.Add([]byte(`{"type":"event_callback","team_id":"T1","event":{"type":"message","subtype":"message_changed","message":{"user":"U1","text":"<@U1","edited":{}}}}`))
	f.Add([]byte(`{"type":"view_submission","team":{"id":"T1"},"user":{"id":"U1"},"view":{"private_metadata":"{\"v\":\"x\",\"f\":[\"a\"]}","state":{"values":{"a":{"a":{"type":"datepicker","selected_date":"2026-01-01"}}}}}}`))
	a, err := New(Options{BotToken: "xoxb-1", SigningSecret: "s", APIURL: "http://127.0.0.1:1/"})
	if err != nil {
		f.Fatal(err)
	}
	a.single.team, a.single.bot = "T1", "UB"
	a.single.met.Store(true)
	f.Fuzz(func(t *testing.T, data []byte) {
		at, err := a.interactionArrived(data)
		var e envelope
		if json.Unmarshal(data, &e) == nil {
			more, err := a.eventArrived(t.Context(), e)
			if err != nil {
				t.Fatal(err)
			}
			at.events = append(at.events, more.events...)
		}
		for _, e := range at.events {
			if e.ID == "" || e.What == nil {
				t.Errorf("an event without ID or content: %+v (%v)", e, err)
			}
		}
	})
}
