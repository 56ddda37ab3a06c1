package slack_test

import (
	"bytes"
	"context"
	"errors"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"sync"
	"testing"
	"time"

	"trellis/adapters/chat"
	"trellis/adapters/slack"
	"trellis/adapters/slack/slacktest"
)

const sealKey = "a key of thirty-two characters, or more"

// many is an adapter for several workspaces.
func many(t *testing.T, s *slacktest.Server, key string, log *slog.Logger) *slack.Adapter {
	t.Helper()
	a, err := slack.New(slack.Options{
		ClientID: slacktest.ClientID, ClientSecret: slacktest.ClientSecret, SealKey: key, AppToken: slacktest.AppToken, APIURL: s.APIURL(), Words: words, Log: log,
	})
	if err != nil {
		t.Fatal(err)
	}
	return a
}

// install is somebody installing the app in a browser.
func install(a *slack.Adapter, w *slacktest.Workspace, change func(*http.Request)) *httptest.ResponseRecorder {
	begin := httptest.NewRecorder()
	a.Routes()["GET /slack/install"].ServeHTTP(begin, httptest.NewRequest(http.MethodGet, "/slack/install", nil))
	to, err := url.Parse(begin.Header().Get("Location"))
	if err != nil {
		panic(err)
	}
	back := httptest.NewRequest(http.MethodGet, "/slack/oauth?"+url.Values{"state": {to.Query().Get("state")}, "code": {w.Allow()}}.Encode(), nil)
	for _, c := range begin.Result().Cookies() {
		back.AddCookie(c)
	}
	if change != nil {
		change(back)
	}
	end := httptest.NewRecorder()
	a.Routes()["GET /slack/oauth"].ServeHTTP(end, back)
	return end
}

func TestInstall(t *testing.T) {
	s, _ := office(t, false, slacktest.Options{Retries: often, Scopes: slack.ScopeNames()})
	second := s.AddWorkspace("T2")
	second.AddPerson(slacktest.Person{ID: "UANA", Name: "Another Ana"})
	second.AddChannel(slacktest.Channel{ID: "CAIR", Name: "their air"}, second.Bot, "UANA")
	var printed safeBuffer
	log := slog.New(slog.NewTextHandler(&printed, &slog.HandlerOptions{Level: slog.LevelDebug}))
	r := &rig{T: t, s: s, w: s.Workspace(), in: newKeeper(), anew: func() *slack.Adapter { return many(t, s, sealKey, log) }}
	r.a = r.anew()
	r.run()
	r.eventually("a socket is open", func() bool { return s.Sockets() > 0 })

	if _, err := r.say(chat.Place{Room: "T1/CAIR"}, "d0", "hello"); !isRefused(err, "not_installed") {
		t.Errorf("before it was installed: %v", err)
	}
	for name, change := range map[string]func(*http.Request){
		"another browser": func(q *http.Request) { q.Header.Del("Cookie") },
		"another state":   func(q *http.Request) { q.URL.RawQuery = "code=x&state=y" },
	} {
		if w := install(r.a, r.w, change); w.Code != http.StatusForbidden {
			t.Errorf("%s: %d", name, w.Code)
		}
	}
	for _, w := range []*slacktest.Workspace{r.w, second} {
		if got := install(r.a, w, nil); got.Code != http.StatusOK {
			t.Fatalf("install in %s: %d %s", w.ID, got.Code, got.Body)
		}
	}
	r.eventually("the rooms of both are known", func() bool { return len(of[chat.Invited](r.in)) == 3 })

	// The same IDs in two workspaces are two rooms and two people.
	second.Write("UANA", "CAIR", "", "@trellis help")
	if e, _ := next[chat.Command](r, 0); e.Room != "T2/CAIR" || e.By.Account != "T2/UANA" || e.By.Name != "Another Ana" {
		t.Errorf("got %+v", e)
	}
	if _, err := r.say(chat.Place{Room: "T2/CAIR"}, "d1", "for the second"); err != nil {
		t.Fatal(err)
	}
	if len(r.texts("UANA", "CAIR")) != 0 {
		t.Error("the first workspace reads what is the second's")
	}

	// Tokens are sealed, and outlive a restart; another key does not open them.
	sealed := r.in.record("install/T1")
	if len(sealed) == 0 || bytes.Contains(sealed, []byte("xox")) {
		t.Errorf("a token is kept in the clear: %q", sealed)
	}
	r.restart()
	r.eventually("it goes on", func() bool { _, err := r.say(chat.Place{Room: "T1/CAIR"}, "d2", "hello again"); return err == nil })
	if err := many(t, s, strings.Repeat("x", 40), log).Run(t.Context(), r.in); err == nil || !strings.Contains(err.Error(), "slack.seal_key") {
		t.Errorf("another key: %v", err)
	}
	r.in.set(func(k *keeper) { k.kept["install/T9"] = sealed })
	if err := many(t, s, sealKey, log).Run(t.Context(), r.in); err == nil {
		t.Error("one workspace's tokens were taken for another's")
	}
	r.in.set(func(k *keeper) { delete(k.kept, "install/T9") })

	// One workspace leaves; the other stays.
	second.Uninstall()
	r.eventually("its tokens are dropped", func() bool { return r.in.record("install/T2") == nil })
	if e, _ := next[chat.Removed](r, 0); e.Room != "T2/CAIR" {
		t.Errorf("got %+v", e)
	}
	r.eventually("nothing is sent there", func() bool {
		_, err := r.say(chat.Place{Room: "T2/CAIR"}, "d3", "hello")
		return isRefused(err, "not_installed")
	})
	if text := printed.String(); strings.Contains(text, "xox") || strings.Contains(text, "hello") {
		t.Errorf("the log tells secrets, or what people read:\n%s", text)
	}
}

// A token that runs out is renewed, and the new pair is kept before it is used.
func TestTokenRotation(t *testing.T) {
	s, _ := office(t, false, slacktest.Options{Retries: often, Scopes: slack.ScopeNames(), TokensLast: time.Minute})
	r := &rig{T: t, s: s, w: s.Workspace(), in: newKeeper(), anew: func() *slack.Adapter { return many(t, s, sealKey, nil) }}
	r.a = r.anew()
	r.run()
	r.eventually("it runs", func() bool { return s.Sockets() > 0 })
	install(r.a, r.w, nil)
	before := string(r.in.record("install/T1"))
	r.restart() // it lasts for less than half an hour, so it is renewed at once
	r.eventually("the new pair is kept", func() bool { return string(r.in.record("install/T1")) != before })
	r.eventually("it is used", func() bool { _, err := r.say(chat.Place{Room: "T1/CAIR"}, "d1", "hello"); return err == nil })
}

func isRefused(err error, reason string) bool {
	var refused *chat.Refused
	return errors.As(err, &refused) && refused.Reason == reason
}

type safeBuffer struct {
	mu sync.Mutex
	b  bytes.Buffer
}

func (s *safeBuffer) Write(p []byte) (int, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.b.Write(p)
}

func (s *safeBuffer) String() string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.b.String()
}

func TestRefusedTokens(t *testing.T) {
	s, _ := office(t, false, slacktest.Options{Scopes: slack.ScopeNames()})
	for name, o := range map[string]slack.Options{
		"slack.bot_token": {BotToken: "xoxb-wrong", AppToken: slacktest.AppToken},
		"slack.app_token": {BotToken: "xoxb-T1", AppToken: "xapp-wrong"},
	} {
		o.APIURL = s.APIURL()
		a, err := slack.New(o)
		if err != nil {
			t.Fatal(err)
		}
		if err := a.Run(t.Context(), newKeeper()); err == nil || !strings.Contains(err.Error(), name) || strings.Contains(err.Error(), "wrong") {
			t.Errorf("%s: %v", name, err)
		}
		if c := a.Check(context.Background()); len(c.Wrong) != 1 || !strings.HasPrefix(c.Wrong[0], name) {
			t.Errorf("check: %+v", c)
		}
	}
}
