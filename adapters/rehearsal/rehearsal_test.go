package rehearsal_test

import (
	"slices"
	"strings"
	"testing"
	"time"

	"go.uber.org/goleak"

	"trellis/adapters/adaptertest"
	"trellis/adapters/chat"
	"trellis/adapters/rehearsal"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

func TestAdapter(t *testing.T) {
	adaptertest.Suite{Open: open, Redelivers: true}.Run(t)
}

func must(t testing.TB, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

// open puts the platform into the suite's hands: Trellis was told of its rooms, and the suite begins after that.
func open(t testing.TB) *adaptertest.Platform {
	a := town(t)
	a.Taken(a.Waiting(), nil)
	return &adaptertest.Platform{
		Adapter: a,
		Reopen:  func() chat.Adapter { return a }, // the adapter has no side of its own: it is its platform
		Ana:     "ana", Ben: "ben", Chi: "chi", Room: "#air", Other: "#lane", Missing: "#moor",
		Write: func(by chat.AccountID, in chat.RoomID, thread chat.MessageID, text string) chat.MessageID {
			m, err := a.WriteUnder(by, in, thread, text)
			must(t, err)
			return m
		},
		Address: func(text string) string { return strings.TrimSpace("trellis " + text) },
		Edit: func(by chat.AccountID, in chat.RoomID, _ chat.MessageID, text string) {
			must(t, a.Edit(by, in, text))
		},
		Delete: func(by chat.AccountID, in chat.RoomID, _ chat.MessageID) { must(t, a.Delete(by, in)) },
		React: func(by chat.AccountID, in chat.RoomID, _ chat.MessageID, key, _ string) {
			must(t, a.React(by, in, key))
		},
		Leave: func(by chat.AccountID, in chat.RoomID) { must(t, a.Leave(by, in)) },
		Join:  func(by chat.AccountID, in chat.RoomID) { must(t, a.Join(by, in)) },
		Press: func(by chat.AccountID, in chat.RoomID, m chat.MessageID, label string) {
			must(t, a.PressOn(by, m, label))
		},
		Fill: func(by chat.AccountID, fields map[string]string) { must(t, a.Fill(by, fields)) },
		See: func(by chat.AccountID, in chat.RoomID) []adaptertest.Seen {
			var seen []adaptertest.Seen
			for _, s := range a.Seen(by, in) {
				seen = append(seen, adaptertest.Seen{
					ID: s.ID, Trellis: s.ByTrellis(), Text: s.Text, Choices: s.Choices, Thread: s.Thread, Notified: woken(s),
				})
			}
			return seen
		},
		Form: func(of chat.AccountID) *adaptertest.SeenForm {
			form, errors, ok := a.Form(of)
			if !ok {
				return nil
			}
			seen := &adaptertest.SeenForm{Title: form.Title, Errors: errors}
			for _, f := range form.Fields {
				seen.Labels = append(seen.Labels, f.Label)
			}
			return seen
		},
		Redeliver: func() { must(t, a.Redeliver()) },
	}
}

// woken are those whom a message mentions so that they notice. Text is data here, so nothing else wakes anybody.
func woken(s rehearsal.Shown) (people []chat.AccountID) {
	for _, block := range s.Content.Text {
		for _, span := range block.Spans {
			if span.Kind == chat.Mention && span.Account != "" && s.Content.Notify {
				people = append(people, span.Account)
			}
		}
	}
	return people
}

// town has three people and two rooms.
func town(t testing.TB) *rehearsal.Adapter {
	t.Helper()
	now := time.Date(2026, 3, 27, 9, 0, 0, 0, time.UTC)
	a := rehearsal.New(rehearsal.Options{Now: func() time.Time { return now }})
	for _, name := range []string{"ana", "ben", "chi"} {
		must(t, a.AddPerson(chat.Profile{Account: chat.AccountID(name), Name: strings.ToUpper(name[:1]) + name[1:]}))
	}
	must(t, a.OpenRoom("#air", "air", "ana", "ben", "chi"))
	must(t, a.OpenRoom("#lane", "lane", "ana", "ben"))
	return a
}

func deliver(t *testing.T, a *rehearsal.Adapter, id chat.DeliveryID, to chat.Place, text string, choices ...chat.Choice) chat.Receipt {
	t.Helper()
	r, err := a.Deliver(t.Context(), chat.Delivery{ID: id, To: to, Message: chat.Message{
		Text: chat.Text{{Spans: []chat.Span{{Text: text}}}}, Choices: choices,
	}})
	must(t, err)
	return r
}

func TestPressFindsTheNewestThatIsSeen(t *testing.T) {
	a := town(t)
	room, lane := chat.Place{Room: "#air"}, chat.Place{Room: "#lane"}
	deliver(t, a, "d1", room, "old", chat.Choice{Label: "Pasar", Name: "Pass", Value: "old"})
	deliver(t, a, "d2", lane, "elsewhere", chat.Choice{Label: "Pass", Name: "Pass", Value: "lane"})
	deliver(t, a, "d3", chat.Place{Room: "#air", Account: "ana"}, "for Ana", chat.Choice{Label: "Pass", Name: "Pass", Value: "ana's"})
	for _, row := range []struct {
		name  string
		by    chat.AccountID
		in    chat.RoomID
		label string
		want  string
	}{
		{"a private one", "ana", "", "Pass", "ana's"},
		{"the newest of what is not private to somebody else", "ben", "", "Pass", "lane"},
		{"in the room alone, by its English name", "ben", "#air", "Pass", "old"},
		{"by its label", "ben", "", "Pasar", "old"},
		{"of the rooms that one is in", "chi", "", "Pass", "old"},
	} {
		t.Run(row.name, func(t *testing.T) {
			must(t, a.Press(row.by, row.in, row.label))
			events := a.Waiting()
			if p := events[len(events)-1].What.(chat.Pressed); p.Value != row.want {
				t.Errorf("pressed %q, want %q", p.Value, row.want)
			}
		})
	}
	err := a.Press("ben", "", "pass")
	if err == nil || !strings.Contains(err.Error(), `there are "Pass", "Pasar"`) {
		t.Errorf("an unknown label: %v", err)
	}
	if err := a.Press("chi", "#lane", "Pass"); err == nil || !strings.Contains(err.Error(), "there is none at all") {
		t.Errorf("a room that one is not in: %v", err)
	}
}

func TestFormStaysOpenUntilItIsRight(t *testing.T) {
	a := town(t)
	if err := a.Fill("ana", map[string]string{"by": "friday"}); err == nil || !strings.Contains(err.Error(), "no form is open for ana") {
		t.Errorf("no form: %v", err)
	}
	_, err := a.Write("ana", "", "a form, please")
	must(t, err)
	events := a.Waiting()
	a.Taken(events, []chat.Reply{{To: events[len(events)-1].ID, Form: &chat.Form{
		Title: "More time", Value: "v",
		Fields: []chat.Field{
			{Name: "by", Label: "By when?"},
			{Name: "text", Label: "Anything else?", Initial: "as before", Optional: true},
			{Name: "who", Label: "Who?", Kind: chat.Select, Optional: true, Options: []chat.Option{{Value: "1", Label: "Everyone"}}},
		},
	}}})
	if err := a.Fill("ana", map[string]string{"date": "friday"}); err == nil || !strings.Contains(err.Error(), "it has by, text, who") {
		t.Errorf("an unknown field: %v", err)
	}
	if err := a.Fill("ana", map[string]string{"who": "Nobody"}); err == nil || !strings.Contains(err.Error(), `it has "Everyone"`) {
		t.Errorf("an unknown option: %v", err)
	}
	must(t, a.Fill("ana", map[string]string{"by": "yesterday", "who": "everyone"}))
	events = a.Waiting()
	got := events[0].What.(chat.Filled)
	if got.Value != "v" || got.Fields["by"] != "yesterday" || got.Fields["text"] != "as before" || got.Fields["who"] != "1" {
		t.Errorf("sent %+v", got)
	}
	a.Taken(events, []chat.Reply{{To: events[0].ID, Errors: map[string]string{"by": "That has passed."}}})
	log := a.Log(0)
	if last := log[len(log)-1]; last.Kind != rehearsal.Corrected || last.Only != "ana" || last.Text != "by: That has passed." {
		t.Errorf("the log ends with %+v", last)
	}
	must(t, a.Fill("ana", map[string]string{"BY": "friday"}))
	events = a.Waiting()
	if got := events[0].What.(chat.Filled); got.Fields["by"] != "friday" || got.Fields["who"] != "1" {
		t.Errorf("sent %+v, want what was typed before with the new date", got)
	}
	a.Taken(events, nil)
	if _, _, open := a.Form("ana"); open {
		t.Error("the form is still open")
	}
}

func TestAddressed(t *testing.T) {
	for _, row := range []struct {
		name, line, want string
		ok               bool
	}{
		{"by name", `trellis checkin "How?"`, `checkin "How?"`, true},
		{"in capitals", "TRELLIS help", "help", true},
		{"with a colon", "Trellis: help", "help", true},
		{"as a slash command", "/trellis help", "help", true},
		{"as on Matrix", "!trellis help", "help", true},
		{"the name alone", "trellis", "", true},
		{"a mention first", "@trellis help", "help", true},
		{"a mention later", "ask ben@example.org, @Trellis, help me", "help me", true},
		{"a mention last", "thanks @trellis", "", true},
		{"a longer word", "trellises are nice", "", false},
		{"a mention of somebody else", "@trellisfan help", "", false},
		{"the name later", "ask trellis", "", false},
	} {
		t.Run(row.name, func(t *testing.T) {
			if got, ok := rehearsal.Addressed(row.line); got != row.want || ok != row.ok {
				t.Errorf("got %q, %v", got, ok)
			}
		})
	}
}

func TestWhoLeftIsTalkedToAlone(t *testing.T) {
	a := town(t)
	must(t, a.Leave("ben", "#air"))
	deliver(t, a, "d1", chat.Place{Room: "#air", Account: "ben"}, "that was undone")
	if seen := a.Seen("ben", ""); len(seen) != 1 || seen[0].Text != "that was undone" {
		t.Errorf("ben sees %+v", seen)
	}
	if _, err := a.Write("ben", "#air", "hello?"); err == nil {
		t.Error("who left writes in the room")
	}
	if slices.ContainsFunc(a.Seen("ana", "#air"), func(s rehearsal.Shown) bool { return s.Text == "that was undone" }) {
		t.Error("ana sees it")
	}
}
