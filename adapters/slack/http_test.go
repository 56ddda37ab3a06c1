package slack_test

import (
	"bytes"
	"context"
	"encoding/json"
	"io"
	"net/http"
	"net/http/httptest"
	"net/url"
	"runtime"
	"strings"
	"testing"
	"time"

	slackgo "github.com/slack-go/slack"

	"trellis/adapters/chat"
	"trellis/adapters/slack"
	"trellis/adapters/slack/slacktest"
)

const aMessage = `{"token":"t","team_id":"T1","api_app_id":"A1","type":"event_callback","event_id":"Ev1","event_time":1700000000,` +
	`"authorizations":[{"enterprise_id":null,"team_id":"T1","user_id":"UBOTT1","is_bot":true}],` +
	`"event":{"type":"message","channel":"DUANA","channel_type":"im","user":"UANA","text":"tired","ts":"1700000000.000100","event_ts":"1700000000.000100"}}`

// post sends a body, signed with a secret at an instant, and returns the answer.
func post(a *slack.Adapter, path, kind, secret string, at time.Time, body []byte) *httptest.ResponseRecorder {
	r := httptest.NewRequest(http.MethodPost, path, bytes.NewReader(body))
	r.Header = slacktest.Sign(secret, at, body)
	r.Header.Set("Content-Type", kind)
	w := httptest.NewRecorder()
	a.Routes()["POST "+path].ServeHTTP(w, r)
	return w
}

func TestSignature(t *testing.T) {
	r := start(t, true, slacktest.Options{})
	now := time.Now()
	for _, c := range []struct {
		name   string
		secret string
		at     time.Time
		want   int
	}{
		{"signed", slacktest.SigningSecret, now, 200},
		{"a little old", slacktest.SigningSecret, now.Add(-4 * time.Minute), 200},
		{"forged", "another", now, 401},
		{"signed with nothing", "", now, 401},
		{"replayed later", slacktest.SigningSecret, now.Add(-6 * time.Minute), 401},
		{"from the future", slacktest.SigningSecret, now.Add(6 * time.Minute), 401},
	} {
		if got := post(r.a, "/slack/events", "application/json", c.secret, c.at, []byte(aMessage)).Code; got != c.want {
			t.Errorf("%s: %d, want %d", c.name, got, c.want)
		}
	}
	if n := len(of[chat.Said](r.in)); n != 1 {
		t.Errorf("it was handed over as %d events, want 1", n)
	}
	for name, change := range map[string]func(http.Header){
		"no time":          func(h http.Header) { h.Del("X-Slack-Request-Timestamp") },
		"no signature":     func(h http.Header) { h.Del("X-Slack-Signature") },
		"another version":  func(h http.Header) { h.Set("X-Slack-Signature", "v1="+h.Get("X-Slack-Signature")[3:]) },
		"no hexadecimals":  func(h http.Header) { h.Set("X-Slack-Signature", "v0="+strings.Repeat("g", 64)) },
		"another's moment": func(h http.Header) { h.Set("X-Slack-Request-Timestamp", "1") },
	} {
		req := httptest.NewRequest(http.MethodPost, "/slack/events", strings.NewReader(aMessage))
		req.Header = slacktest.Sign(slacktest.SigningSecret, now, []byte(aMessage))
		change(req.Header)
		w := httptest.NewRecorder()
		r.a.Routes()["POST /slack/events"].ServeHTTP(w, req)
		if w.Code != 401 {
			t.Errorf("%s: %d, want 401", name, w.Code)
		}
	}
}

func TestHostileRequests(t *testing.T) {
	r := start(t, true, slacktest.Options{})
	now := time.Now()
	if w := post(r.a, "/slack/events", "application/json", slacktest.SigningSecret, now, []byte(`{"type":"url_verification","challenge":"3eZbrw1aB"}`)); w.Code != 200 || w.Body.String() != "3eZbrw1aB" {
		t.Errorf("url_verification: %d %q", w.Code, w.Body)
	}
	if w := post(r.a, "/slack/events", "application/json", slacktest.SigningSecret, now, bytes.Repeat([]byte("x"), 10<<20)); w.Code != 413 {
		t.Errorf("10 MB: %d", w.Code)
	}
	unread := &countingBody{}
	req := httptest.NewRequest(http.MethodPost, "/slack/events", unread)
	req.Header, req.ContentLength = slacktest.Sign(slacktest.SigningSecret, now, nil), 10<<20
	r.a.Routes()["POST /slack/events"].ServeHTTP(httptest.NewRecorder(), req)
	if unread.read {
		t.Error("a body over the limit was read")
	}
	for _, body := range []string{"", "null", "[]", `{"event":`, strings.Repeat("[", 100_000), `{"type":"event_callback","team_id":"T1","event":{"type":"message","user":{"id":5}}}`} {
		if w := post(r.a, "/slack/events", "application/json", slacktest.SigningSecret, now, []byte(body)); w.Code != 400 && w.Code != 200 {
			t.Errorf("%.30q: %d", body, w.Code)
		}
	}
	for _, payload := range []string{"", "null", "{}", `{"type":"block_actions","team":{"id":"T1"}}`, `{"type":"view_submission","team":{"id":"T1"},"view":{"private_metadata":"x"}}`} {
		body := []byte(url.Values{"payload": {payload}}.Encode())
		if w := post(r.a, "/slack/interactions", "application/x-www-form-urlencoded", slacktest.SigningSecret, now, body); w.Code != 400 && w.Code != 200 {
			t.Errorf("%.30q: %d", payload, w.Code)
		}
	}
	if n := len(r.in.all()); n != 2 { // the two rooms
		t.Errorf("%d events came of it", n)
	}
}

type countingBody struct{ read bool }

func (b *countingBody) Read([]byte) (int, error) { b.read = true; return 0, nil }

// BenchmarkEvent measures what an event costs that is signed, and one that is not: the ratio has to be 2.5 at least.
func BenchmarkEvent(b *testing.B) {
	a := bench(b)
	now := time.Now()
	for name, secret := range map[string]string{"accepted": slacktest.SigningSecret, "forged": "another"} {
		h := slacktest.Sign(secret, now, []byte(aMessage))
		serve := a.Routes()["POST /slack/events"]
		b.Run(name, func(b *testing.B) {
			b.ReportAllocs()
			r := httptest.NewRequest(http.MethodPost, "/slack/events", nil)
			r.Header, r.ContentLength = h, int64(len(aMessage))
			var body strings.Reader
			w := &counter{header: http.Header{}}
			for b.Loop() {
				body.Reset(aMessage)
				r.Body = io.NopCloser(&body)
				serve.ServeHTTP(w, r)
			}
			if want := map[string]int{"accepted": 200, "forged": 401}[name]; w.code != want {
				b.Errorf("%d, want %d", w.code, want)
			}
		})
	}
}

// counter is a ResponseWriter that costs nothing.
type counter struct {
	header http.Header
	code   int
}

func (c *counter) Header() http.Header             { return c.header }
func (c *counter) WriteHeader(code int)            { c.code = code }
func (c *counter) Write(p []byte) (int, error)     { return len(p), nil }
func (c *counter) SetReadDeadline(time.Time) error { return nil }

// bench runs an adapter that has met Ana.
func bench(b *testing.B) *slack.Adapter {
	s, err := slacktest.New(slacktest.Options{Scopes: []string{"users:read"}})
	if err != nil {
		b.Fatal(err)
	}
	b.Cleanup(s.Close)
	s.Workspace().AddPerson(slacktest.Person{ID: "UANA", Name: "Ana"})
	a, err := slack.New(slack.Options{BotToken: "xoxb-T1", SigningSecret: slacktest.SigningSecret, APIURL: s.APIURL()})
	if err != nil {
		b.Fatal(err)
	}
	in := newKeeper()
	ended := make(chan error, 1)
	ctx, stop := context.WithCancel(context.WithoutCancel(b.Context()))
	go func() { ended <- a.Run(ctx, in) }()
	b.Cleanup(func() { stop(); <-ended })
	for post(a, "/slack/events", "application/json", slacktest.SigningSecret, time.Now(), []byte(aMessage)).Code != 200 {
		runtime.Gosched() // until it has met Slack
	}
	return a
}

// aClick is an interaction as Slack sends it: with the message that it is on.
func aClick(tb testing.TB) []byte {
	var blocks []slackgo.Block
	for range 8 {
		blocks = append(blocks, slackgo.NewRichTextBlock("", slackgo.NewRichTextSection(
			slackgo.NewRichTextSectionTextElement("How are you arriving today? Ana, Ben and Chi have spoken. ", nil),
			slackgo.NewRichTextSectionUserElement("UANA", nil))))
	}
	blocks = append(blocks, slackgo.NewActionBlock("row", slackgo.NewButtonBlockElement("choice0", "value", slackgo.NewTextBlockObject("plain_text", "Answer", false, false))))
	payload, err := json.Marshal(map[string]any{
		"type": "block_actions", "user": map[string]any{"id": "UANA", "username": "ana", "team_id": "T1"}, "api_app_id": "A1", "token": "t",
		"container":  map[string]any{"type": "message", "message_ts": "1700000000.000100", "channel_id": "CAIR", "is_ephemeral": false},
		"trigger_id": "1.2.3", "team": map[string]any{"id": "T1", "domain": "test"}, "channel": map[string]any{"id": "CAIR", "name": "air"},
		"message": map[string]any{"type": "message", "user": "UBOTT1", "ts": "1700000000.000100", "text": strings.Repeat("How are you? ", 30), "blocks": blocks},
		"state":   map[string]any{"values": map[string]any{}}, "response_url": "https://hooks.slack.com/actions/T1/1/x",
		"actions": []any{map[string]any{"action_id": "choice0", "block_id": "row", "text": map[string]any{"type": "plain_text", "text": "Answer"}, "value": "value", "type": "button", "action_ts": "1700000001.000100"}},
	})
	if err != nil {
		tb.Fatal(err)
	}
	return payload
}

// BenchmarkSlackGo is what slack-go's own type costs, for BenchmarkInteraction to be compared with.
func BenchmarkSlackGo(b *testing.B) {
	payload := aClick(b)
	b.ReportAllocs()
	for b.Loop() {
		var i slackgo.InteractionCallback
		if err := json.Unmarshal(payload, &i); err != nil {
			b.Fatal(err)
		}
	}
}
