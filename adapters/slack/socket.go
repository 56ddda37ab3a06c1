package slack

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"sync"
	"time"

	"github.com/gorilla/websocket"
	slackgo "github.com/slack-go/slack"
)

// slack-go's own Socket Mode client closes a connection before it opens the next, and what Slack sends in between waits
// for its retries. So the connection is kept here, and slack-go only opens it.

const (
	helloWithin = 15 * time.Second
	pingEvery   = 10 * time.Second
	// silentFor is how long nothing at all may come, not even an answer to a ping, before a connection is taken for dead.
	silentFor    = 25 * time.Second
	writeWithin  = 5 * time.Second
	lingerFor    = 30 * time.Second // an announced end comes some ten seconds later
	maxFrame     = 4 << 20
	waiting      = 256 // envelopes read and not handed over yet; then Slack is left to wait
	atOnce       = 64  // handed over together
	firstRetry   = 500 * time.Millisecond
	longestRetry = time.Minute
	// steadyAfter is how long a connection must have held for the next failure to be taken as the first.
	steadyAfter = 10 * time.Second
)

// listen keeps a socket to Slack: before one that is announced to end does, the next is open.
func (a *Adapter) listen(ctx context.Context) error {
	r := a.run.Load()
	var open sync.WaitGroup
	defer open.Wait()
	pause := firstRetry
	for ctx.Err() == nil {
		begun := time.Now()
		s, err := a.connect(ctx)
		if err != nil {
			if fatal := refusedFor(err); fatal != nil {
				return fatal
			}
			if ctx.Err() == nil {
				a.log.Warn("no socket to Slack; Trellis goes on trying", "error", plain(err))
			}
			wait(ctx, max(pause, retryAfter(err)))
			pause = min(2*pause, longestRetry)
			continue
		}
		open.Go(func() { s.serve(ctx, r) })
		select {
		case <-ctx.Done():
		case <-s.leaving:
			if s.dropped() && time.Since(begun) < steadyAfter {
				wait(ctx, pause)
				pause = min(2*pause, longestRetry)
				continue
			}
			pause = firstRetry
		}
	}
	return nil
}

// refusedFor tells whether a token will never open a socket.
func refusedFor(err error) error {
	switch code := codeOf(err); code {
	case "invalid_auth", "not_authed", "account_inactive", "token_revoked", "not_allowed_token_type", "missing_scope":
		return fmt.Errorf("open a socket to Slack: %w (look at slack.app_token: it is an app-level token with connections:write)", err)
	}
	return nil
}

// socket is one connection.
type socket struct {
	a       *Adapter
	conn    *websocket.Conn
	leaving chan struct{} // closed when the next one is to be opened
	leave   func()
	told    chan struct{} // closed when the end was announced
	tell    func()

	mu sync.Mutex // guards writing
}

// frame is what comes over a socket.
type frame struct {
	Type       string
	EnvelopeID string `json:"envelope_id"`
	Reason     string
	Payload    json.RawMessage
	Answers    bool `json:"accepts_response_payload"`
}

// connect opens a socket, and waits for Slack's hello.
func (a *Adapter) connect(ctx context.Context) (*socket, error) {
	opener := a.single
	if opener == nil {
		opener = &workspace{a: a}
		opener.client = a.newClient(opener, "")
	}
	_, url, err := opener.api().StartSocketModeContext(ctx)
	if err != nil {
		return nil, err
	}
	dialer := websocket.Dialer{
		NetDialContext: a.o.Transport.DialContext, Proxy: a.o.Transport.Proxy, TLSClientConfig: a.o.Transport.TLSClientConfig,
		HandshakeTimeout: helloWithin,
	}
	conn, answer, err := dialer.DialContext(ctx, url, nil)
	if answer != nil {
		defer func() { _ = answer.Body.Close() }() // of a refusal; after an upgrade it is empty
	}
	if err != nil {
		if answer != nil && answer.StatusCode == http.StatusTooManyRequests {
			return nil, &slackgo.RateLimitedError{RetryAfter: longestRetry}
		}
		return nil, fmt.Errorf("connect: %w", err)
	}
	s := &socket{a: a, conn: conn, leaving: make(chan struct{}), told: make(chan struct{})}
	s.leave = sync.OnceFunc(func() { close(s.leaving) })
	s.tell = sync.OnceFunc(func() { close(s.told); s.leave() })
	conn.SetReadLimit(maxFrame)
	stop := context.AfterFunc(ctx, func() { _ = conn.Close() })
	defer stop()
	_ = conn.SetReadDeadline(time.Now().Add(helloWithin))
	var hello frame
	if err := conn.ReadJSON(&hello); err != nil {
		return nil, errors.Join(fmt.Errorf("wait for hello: %w", err), conn.Close())
	}
	if hello.Type != "hello" {
		return nil, errors.Join(fmt.Errorf("wait for hello: %s came (%s)", hello.Type, hello.Reason), conn.Close())
	}
	return s, nil
}

// dropped tells whether the connection ended without being announced.
func (s *socket) dropped() bool {
	select {
	case <-s.told:
		return false
	default:
		return true
	}
}

// serve reads until the connection ends, and hands over what comes, in its order.
func (s *socket) serve(ctx context.Context, r *running) {
	defer s.leave()
	ctx, stop := context.WithCancel(ctx)
	defer stop()
	var work sync.WaitGroup
	defer work.Wait()
	frames := make(chan frame, waiting)
	work.Go(func() { s.handOver(ctx, r, frames) })
	work.Go(func() { s.ping(ctx) })
	defer close(frames)
	defer stop()
	for {
		var f frame
		err := s.conn.ReadJSON(&f)
		if err != nil {
			if ctx.Err() == nil && s.dropped() {
				s.a.log.Info("the socket to Slack broke off; the next is opened", "error", plain(err))
			}
			return
		}
		s.alive()
		switch f.Type {
		case "disconnect":
			s.a.log.Info("Slack is going to close a socket; the next is opened", "reason", f.Reason)
			if f.Reason == "link_disabled" {
				s.a.log.Error("Socket Mode was switched off for the app: switch it on, or use slack.signing_secret")
			}
			s.tell()
		case "events_api", "interactive", "slash_commands":
			select {
			case frames <- f:
			case <-ctx.Done():
				return
			}
		}
	}
}

// alive notes that the other side is there.
func (s *socket) alive() { _ = s.conn.SetReadDeadline(time.Now().Add(silentFor)) }

// ping asks whether the other side is still there, and closes the connection when it is not, or is over.
func (s *socket) ping(ctx context.Context) {
	s.alive()
	s.conn.SetPongHandler(func(string) error { s.alive(); return nil })
	s.conn.SetPingHandler(func(data string) error {
		s.alive()
		_ = s.conn.WriteControl(websocket.PongMessage, []byte(data), time.Now().Add(writeWithin))
		return nil
	})
	again := time.NewTicker(pingEvery)
	defer again.Stop()
	defer func() { _ = s.conn.Close() }()
	var over <-chan time.Time
	told := s.told
	for {
		select {
		case <-ctx.Done():
			_ = s.conn.WriteControl(websocket.CloseMessage, websocket.FormatCloseMessage(websocket.CloseNormalClosure, ""), time.Now().Add(time.Second))
			return
		case <-told:
			over, told = time.After(lingerFor), nil
		case <-over:
			return
		case <-again.C:
			if err := s.conn.WriteControl(websocket.PingMessage, nil, time.Now().Add(writeWithin)); err != nil {
				return
			}
		}
	}
}

// handOver hands over what was read, all that waits together, and acknowledges it after the commit.
func (s *socket) handOver(ctx context.Context, r *running, frames <-chan frame) {
	for {
		var batch []frame
		select {
		case <-ctx.Done():
			return
		case f, ok := <-frames:
			if !ok {
				return
			}
			batch = append(batch, f)
		}
	more:
		for len(batch) < atOnce {
			select {
			case f, ok := <-frames:
				if !ok {
					break more
				}
				batch = append(batch, f)
			default:
				break more
			}
		}
		s.take(ctx, r, batch)
	}
}

// take hands over some frames. What is not taken is not acknowledged, and Slack sends it again.
func (s *socket) take(ctx context.Context, r *running, batch []frame) {
	var arrivals []arrival
	var of []frame
	for _, f := range batch {
		arrived, err := s.a.frameArrived(ctx, f)
		if err != nil {
			s.a.log.Warn("what Slack sent cannot be read", "type", f.Type, "error", plain(err))
			s.acknowledge(f, nil) // it would be the same the next time
			continue
		}
		arrivals, of = append(arrivals, arrived), append(of, f)
	}
	within, cancel := context.WithTimeout(ctx, ackWithin)
	defer cancel()
	answers, err := s.a.accept(within, r, arrivals)
	if err != nil {
		if ctx.Err() == nil {
			s.a.log.Warn("what Slack sent was not taken", "number", len(of), "error", plain(err))
		}
		return
	}
	for i, f := range of {
		s.acknowledge(f, answers[i])
	}
}

func (a *Adapter) frameArrived(ctx context.Context, f frame) (arrival, error) {
	switch f.Type {
	case "events_api":
		var e envelope
		if err := json.Unmarshal(f.Payload, &e); err != nil {
			return arrival{}, fmt.Errorf("read event: %w", err)
		}
		return a.eventArrived(ctx, e)
	case "interactive":
		return a.interactionArrived(f.Payload)
	}
	var c slash
	if err := json.Unmarshal(f.Payload, &c); err != nil {
		return arrival{}, fmt.Errorf("read command: %w", err)
	}
	return a.commandArrived(c), nil
}

// acknowledge tells Slack that something arrived, with what is answered at once.
func (s *socket) acknowledge(f frame, answer json.RawMessage) {
	ack := struct {
		EnvelopeID string          `json:"envelope_id"`
		Payload    json.RawMessage `json:"payload,omitempty"`
	}{f.EnvelopeID, answer}
	s.mu.Lock()
	defer s.mu.Unlock()
	_ = s.conn.SetWriteDeadline(time.Now().Add(writeWithin))
	if err := s.conn.WriteJSON(ack); err != nil {
		s.a.log.Info("an acknowledgement did not go out; Slack sends the event again", "error", plain(err))
	}
}
