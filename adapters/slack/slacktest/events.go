package slacktest

import (
	"bytes"
	"context"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"time"
)

// envelope is something on its way to the app.
type envelope struct {
	id      string
	kind    string // events_api, interactive, slash_commands
	payload object
	w       *Workspace
	once    bool // a click, a form, a command: it is not sent again
	tries   int
	reason  string
	sending bool
	over    chan struct{} // closed when it was acknowledged, or given up
	acked   bool
	answer  object // what came with the acknowledgement
}

// event sends one to the app. id is the event's own; a new one unless given. It is called with s.mu held.
func (w *Workspace) event(e object, id string) *envelope {
	if id == "" {
		id = fmt.Sprintf("Ev%d", w.s.number())
	}
	now := time.Now().Unix()
	return w.s.send(&envelope{kind: "events_api", w: w, payload: object{
		"token": "t", "team_id": w.ID, "api_app_id": AppID, "type": "event_callback", "event_id": id, "event_time": now,
		"authorizations": []object{{"enterprise_id": nil, "team_id": w.ID, "user_id": w.Bot, "is_bot": true, "is_enterprise_install": false}},
		"event":          e,
	}})
}

// send is called with s.mu held.
func (s *Server) send(e *envelope) *envelope {
	e.id, e.over = fmt.Sprintf("env-%d", s.number()), make(chan struct{})
	if e.kind == "events_api" {
		s.last = e
	}
	s.waiting = append(s.waiting, e)
	s.begin(e)
	return e
}

// begin sends an envelope that nobody sends now, if there is a way. It is called with s.mu held.
func (s *Server) begin(e *envelope) {
	if e.sending || s.o.EventsURL == "" && len(s.conns) == 0 && !e.once {
		return
	}
	select {
	case <-s.done:
		return
	default:
	}
	e.sending = true
	if s.o.EventsURL == "" {
		s.emit(e) // at once, so that a socket carries what happens in its order
	}
	s.work.Go(func() { s.deliver(e) })
}

// emit writes an envelope to a socket. It is called with s.mu held.
func (s *Server) emit(e *envelope) {
	if len(s.conns) == 0 {
		return
	}
	c := s.conns[e.tries%len(s.conns)]
	if c.deaf {
		return
	}
	c.write(object{
		"envelope_id": e.id, "type": e.kind, "payload": e.payload, "accepts_response_payload": e.kind != "events_api",
		"retry_attempt": e.tries, "retry_reason": e.reason,
	})
}

// deliver waits for the acknowledgement, and sends again as often as there are retries.
func (s *Server) deliver(e *envelope) {
	for {
		if s.o.EventsURL != "" {
			if status, answer := s.postEvent(e); status == http.StatusOK {
				s.acknowledged(e.id, answer)
				return
			}
		} else {
			select {
			case <-e.over:
				return
			case <-s.done:
				return
			case <-time.After(s.o.AckWithin):
			}
		}
		if e.once || e.tries >= len(s.o.Retries) {
			break
		}
		pause := s.o.Retries[e.tries]
		select {
		case <-e.over:
			return
		case <-s.done:
			return
		case <-time.After(pause):
		}
		s.mu.Lock()
		e.tries++
		e.reason = "timeout"
		if s.o.EventsURL == "" && !e.acked {
			if len(s.conns) == 0 {
				e.sending = false
				s.mu.Unlock()
				return // the next socket gets it
			}
			s.emit(e)
		}
		s.mu.Unlock()
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.finish(e)
}

// finish is called with s.mu held.
func (s *Server) finish(e *envelope) {
	s.waiting = slices.DeleteFunc(s.waiting, func(o *envelope) bool { return o == e })
	select {
	case <-e.over:
	default:
		close(e.over)
	}
}

func (s *Server) acknowledged(id string, answer object) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, e := range s.waiting {
		if e.id == id {
			e.acked, e.answer = true, answer
			s.finish(e)
			return
		}
	}
}

// Sign signs a body as Slack does.
func Sign(secret string, at time.Time, body []byte) http.Header {
	stamp := fmt.Sprint(at.Unix())
	mac := hmac.New(sha256.New, []byte(secret))
	mac.Write([]byte("v0:" + stamp + ":"))
	mac.Write(body)
	h := http.Header{}
	h.Set("X-Slack-Request-Timestamp", stamp)
	h.Set("X-Slack-Signature", "v0="+hex.EncodeToString(mac.Sum(nil)))
	return h
}

// postEvent sends an envelope by HTTP.
func (s *Server) postEvent(e *envelope) (int, object) {
	path, kind := "/slack/events", "application/json"
	body, err := json.Marshal(e.payload)
	if err != nil {
		return 0, nil
	}
	if e.kind != "events_api" {
		path, kind = "/slack/interactions", "application/x-www-form-urlencoded"
		form := url.Values{"payload": {string(body)}}
		if e.kind == "slash_commands" {
			path, form = "/slack/commands", url.Values{}
			for k, v := range e.payload {
				form.Set(k, fmt.Sprint(v))
			}
		}
		body = []byte(form.Encode())
	}
	ctx, cancel := context.WithTimeout(context.Background(), s.o.AckWithin)
	defer cancel()
	r, err := http.NewRequestWithContext(ctx, http.MethodPost, strings.TrimSuffix(s.o.EventsURL, "/")+path, bytes.NewReader(body))
	if err != nil {
		return 0, nil
	}
	r.Header = Sign(SigningSecret, time.Now(), body)
	r.Header.Set("Content-Type", kind)
	if e.tries > 0 {
		r.Header.Set("X-Slack-Retry-Num", fmt.Sprint(e.tries))
		r.Header.Set("X-Slack-Retry-Reason", "http_error")
	}
	resp, err := http.DefaultClient.Do(r)
	if err != nil {
		return 0, nil
	}
	defer func() { _ = resp.Body.Close() }()
	text, err := io.ReadAll(resp.Body)
	if err != nil {
		return 0, nil
	}
	var answer object
	_ = json.Unmarshal(text, &answer)
	return resp.StatusCode, answer
}

// Redeliver sends the last event again.
func (s *Server) Redeliver() {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.last != nil {
		s.send(&envelope{kind: s.last.kind, w: s.last.w, payload: s.last.payload})
	}
}

// RedeliverAs sends the last event again under another event ID, as Slack at times does with messages.
func (s *Server) RedeliverAs(id string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.last == nil {
		return
	}
	again := object{}
	for k, v := range s.last.payload {
		again[k] = v
	}
	again["event_id"] = id
	s.send(&envelope{kind: s.last.kind, w: s.last.w, payload: again})
}

// Unacknowledged is how many envelopes are still on their way.
func (s *Server) Unacknowledged() int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return len(s.waiting)
}
