package slack_test

import (
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"go.uber.org/goleak"

	"trellis/adapters/adaptertest"
	"trellis/adapters/chat"
	"trellis/adapters/slack"
	"trellis/adapters/slack/slacktest"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// often are retries that a test can wait for.
var often = slices.Repeat([]time.Duration{30 * time.Millisecond}, 100)

func TestAdapterBySocket(t *testing.T) { suite(false).Run(t) }
func TestAdapterByHTTP(t *testing.T)   { suite(true).Run(t) }

func suite(byHTTP bool) adaptertest.Suite {
	return adaptertest.Suite{
		Redelivers: true, Faulty: true, Unfindable: true,
		Open: func(t testing.TB) *adaptertest.Platform { return open(t, byHTTP) },
	}
}

// office opens a Slack with three people and two channels, in both of which Trellis is, and what an adapter to it needs.
func office(t testing.TB, byHTTP bool, o slacktest.Options) (*slacktest.Server, func() *slack.Adapter) {
	t.Helper()
	var now atomic.Pointer[slack.Adapter]
	if byHTTP {
		app := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			mux := http.NewServeMux()
			for pattern, h := range now.Load().Routes() {
				mux.Handle(pattern, h)
			}
			mux.ServeHTTP(w, r)
		}))
		t.Cleanup(app.Close)
		t.Cleanup(http.DefaultClient.CloseIdleConnections)
		o.EventsURL = app.URL
	}
	s, err := slacktest.New(o)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		s.Close()
		for _, v := range s.Violations() {
			t.Errorf("Slack objects: %s", v)
		}
	})
	w := s.Workspace()
	w.AddPerson(slacktest.Person{ID: "UANA", Name: "Ana", Zone: "Europe/London", Locale: "en-GB"})
	w.AddPerson(slacktest.Person{ID: "UBEN", Name: "Ben", Zone: "UTC", Locale: "en-US"})
	w.AddPerson(slacktest.Person{ID: "UCHI", Name: "Chi", Zone: "America/New_York", Locale: "es-ES"})
	w.AddChannel(slacktest.Channel{ID: "CAIR", Name: "air"}, w.Bot, "UANA", "UBEN", "UCHI")
	w.AddChannel(slacktest.Channel{ID: "CLANE", Name: "lane"}, w.Bot, "UANA", "UBEN")
	return s, func() *slack.Adapter {
		options := slack.Options{BotToken: w.Token, APIURL: s.APIURL(), Words: words}
		if byHTTP {
			options.SigningSecret = slacktest.SigningSecret
		} else {
			options.AppToken = slacktest.AppToken
		}
		a, err := slack.New(options)
		if err != nil {
			t.Fatal(err)
		}
		now.Store(a)
		return a
	}
}

func words(_, key string, _ int) string { return strings.TrimPrefix(key, "slack.") }

func open(t testing.TB, byHTTP bool) *adaptertest.Platform {
	// Without channels:read the rooms that Trellis is in already are not listed, so none is new.
	scopes := slices.DeleteFunc(slack.ScopeNames(), func(s string) bool { return s == "channels:read" || s == "groups:read" })
	s, adapter := office(t, byHTTP, slacktest.Options{Retries: often, Scopes: scopes, AckWithin: time.Second})
	w := s.Workspace()
	user := func(id chat.AccountID) string { return strings.TrimPrefix(string(id), "T1/") }
	in := func(id chat.RoomID) string { return strings.TrimPrefix(string(id), "T1/") }
	ts := func(id chat.MessageID) string { return string(id[strings.LastIndex(string(id), "/")+1:]) }
	named := func(by, in, ts string) chat.MessageID {
		if in == "" {
			in = slacktest.DirectID(by)
		}
		if ts == "" {
			return ""
		}
		return chat.MessageID("T1/" + in + "/" + ts)
	}
	return &adaptertest.Platform{
		Adapter: adapter(), Reopen: func() chat.Adapter { return adapter() },
		Ana: "T1/UANA", Ben: "T1/UBEN", Chi: "T1/UCHI", Room: "T1/CAIR", Other: "T1/CLANE", Missing: "T1/CNONE",
		Write: func(by chat.AccountID, r chat.RoomID, thread chat.MessageID, text string) chat.MessageID {
			return named(user(by), in(r), w.Write(user(by), in(r), ts(thread), text))
		},
		Address: func(text string) string { return "@trellis " + text },
		Edit: func(by chat.AccountID, r chat.RoomID, m chat.MessageID, text string) {
			w.Edit(user(by), in(r), ts(m), text)
		},
		Delete: func(by chat.AccountID, r chat.RoomID, m chat.MessageID) { w.Delete(user(by), in(r), ts(m)) },
		React: func(by chat.AccountID, r chat.RoomID, m chat.MessageID, key, _ string) {
			w.React(user(by), in(r), ts(m), key+"::skin-tone-3")
		},
		Leave: func(by chat.AccountID, r chat.RoomID) { w.Leave(user(by), in(r)) },
		Join:  func(by chat.AccountID, r chat.RoomID) { w.Join(user(by), in(r), "") },
		Press: func(by chat.AccountID, r chat.RoomID, m chat.MessageID, label string) {
			for !w.Press(user(by), in(r), ts(m), label) { // who is shown an error presses again
				t.Log("nobody heard the click")
			}
		},
		Fill: func(by chat.AccountID, fields map[string]string) { w.Fill(user(by), fields) },
		See: func(by chat.AccountID, r chat.RoomID) []adaptertest.Seen {
			var all []adaptertest.Seen
			for _, m := range w.See(user(by), in(r)) {
				seen := adaptertest.Seen{
					ID: named(user(by), in(r), m.TS), Trellis: m.User == w.Bot, Text: m.Text, Choices: m.Choices,
					Thread: named(user(by), in(r), m.Thread), All: m.All,
				}
				for _, u := range m.Notified {
					seen.Notified = append(seen.Notified, chat.AccountID("T1/"+u))
				}
				all = append(all, seen)
			}
			return all
		},
		Form: func(of chat.AccountID) *adaptertest.SeenForm {
			v := w.Modal(user(of))
			if v == nil {
				return nil
			}
			return &adaptertest.SeenForm{Title: v.Title, Labels: v.Labels, Errors: v.Errors}
		},
		Redeliver: s.Redeliver,
		Fault: func(f adaptertest.Fault) {
			s.Fault(slacktest.Fault{After: f.After, Kind: map[adaptertest.FaultKind]slacktest.FaultKind{
				adaptertest.TooFast: slacktest.TooFast, adaptertest.Broken: slacktest.Broken,
				adaptertest.LostWay: slacktest.LostWay, adaptertest.LostReply: slacktest.LostReply,
			}[f.Kind]})
		},
	}
}
