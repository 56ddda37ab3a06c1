package slack

import (
	"context"
	"encoding/json"
	"errors"
	"io"
	"net/http"
	"net/url"
	"time"
)

const (
	maxBody    = 1 << 20         // Slack's own payloads stay far below
	readWithin = 5 * time.Second // a sender that takes longer is not Slack
	// ackWithin is how long an arrival may take until Slack is told that it came: Slack waits for 3 s, and the rest is
	// left to the network.
	ackWithin = 2500 * time.Millisecond
)

// Routes are what is served for Slack, by their patterns of net/http. There are none with Socket Mode and one workspace.
func (a *Adapter) Routes() map[string]http.Handler {
	routes := map[string]http.Handler{}
	if a.o.SigningSecret != "" {
		routes["POST /slack/events"] = a.signed(a.serveEvent)
		routes["POST /slack/interactions"] = a.signed(a.serveInteraction)
		routes["POST /slack/commands"] = a.signed(a.serveCommand)
	}
	if a.single == nil {
		routes["GET /slack/install"] = http.HandlerFunc(a.serveInstall)
		routes["GET /slack/oauth"] = http.HandlerFunc(a.serveOAuth)
	}
	return routes
}

// signed hands a request on when Slack signed it; no part of the body is looked at before.
func (a *Adapter) signed(serve func(w http.ResponseWriter, ctx context.Context, body []byte)) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		begun := time.Now()
		if err := checkAge(r.Header, begun); err != nil {
			http.Error(w, err.Error(), http.StatusUnauthorized)
			return
		}
		if r.ContentLength > maxBody {
			http.Error(w, "too large", http.StatusRequestEntityTooLarge)
			return
		}
		// Where the connection has no deadlines, the server's own count.
		_ = http.NewResponseController(w).SetReadDeadline(begun.Add(readWithin))
		body, err := a.readBody(r)
		if err != nil {
			http.Error(w, "unreadable", http.StatusBadRequest)
			return
		}
		if err := a.verifier.check(r.Header, body); err != nil {
			http.Error(w, err.Error(), http.StatusUnauthorized)
			return
		}
		ctx, cancel := context.WithDeadline(r.Context(), begun.Add(ackWithin))
		defer cancel()
		serve(w, ctx, body)
	})
}

var errTooLarge = errors.New("body is too large")

// Few bodies are large, so only so many are in memory at once, whoever sends them.
const (
	usualBody   = 64 << 10
	largeBodies = 8
)

func (a *Adapter) readBody(r *http.Request) ([]byte, error) {
	large := r.ContentLength < 0 || r.ContentLength > usualBody
	if large {
		select {
		case a.large <- struct{}{}:
			defer func() { <-a.large }()
		case <-r.Context().Done():
			return nil, r.Context().Err()
		}
	}
	if !large {
		body := make([]byte, r.ContentLength)
		_, err := io.ReadFull(r.Body, body)
		return body, err
	}
	body, err := io.ReadAll(io.LimitReader(r.Body, maxBody+1))
	if err == nil && len(body) > maxBody {
		err = errTooLarge
	}
	return body, err
}

func (a *Adapter) serveEvent(w http.ResponseWriter, ctx context.Context, body []byte) {
	var e envelope
	if err := json.Unmarshal(body, &e); err != nil {
		http.Error(w, "unreadable", http.StatusBadRequest)
		return
	}
	if e.Type == "url_verification" {
		w.Header().Set("Content-Type", "text/plain; charset=utf-8")
		w.Header().Set("X-Content-Type-Options", "nosniff")
		_, _ = io.WriteString(w, e.Challenge)
		return
	}
	a.serve(w, ctx, func(r *running) (arrival, error) { return a.eventArrived(r.ctx, e) })
}

func (a *Adapter) serveInteraction(w http.ResponseWriter, ctx context.Context, body []byte) {
	form, err := url.ParseQuery(string(body))
	if err != nil {
		http.Error(w, "unreadable", http.StatusBadRequest)
		return
	}
	a.serve(w, ctx, func(*running) (arrival, error) { return a.interactionArrived([]byte(form.Get("payload"))) })
}

func (a *Adapter) serveCommand(w http.ResponseWriter, ctx context.Context, body []byte) {
	form, err := url.ParseQuery(string(body))
	if err != nil {
		http.Error(w, "unreadable", http.StatusBadRequest)
		return
	}
	a.serve(w, ctx, func(*running) (arrival, error) { return a.commandArrived(slashOf(form)), nil })
}

// serve answers when what came was stored. Without 200 Slack sends an event again, and tells a person that their click failed.
func (a *Adapter) serve(w http.ResponseWriter, ctx context.Context, read func(*running) (arrival, error)) {
	r := a.run.Load()
	if r == nil {
		w.Header().Set("Retry-After", "1")
		http.Error(w, "starting", http.StatusServiceUnavailable)
		return
	}
	arrived, err := read(r)
	if err != nil {
		http.Error(w, "unreadable", http.StatusBadRequest)
		return
	}
	answers, err := a.accept(ctx, r, []arrival{arrived})
	if err != nil {
		a.log.Warn("what Slack sent was not taken", "error", plain(err))
		http.Error(w, "not taken", http.StatusServiceUnavailable)
		return
	}
	if answers[0] == nil {
		w.WriteHeader(http.StatusOK)
		return
	}
	w.Header().Set("Content-Type", "application/json")
	_, _ = w.Write(answers[0])
}
