package slack_test

import (
	"context"
	"errors"
	"maps"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"trellis/adapters/chat"
	"trellis/adapters/slack"
	"trellis/adapters/slack/slacktest"
)

// keeper is an inbox that keeps what an engine would.
type keeper struct {
	mu     sync.Mutex
	kept   map[string][]byte
	known  map[chat.EventID]bool
	events []chat.Event
	full   bool          // takes nothing
	hold   chan struct{} // when set, nothing is taken before it is closed
	reply  func(chat.Event) *chat.Reply
}

func newKeeper() *keeper { return &keeper{kept: map[string][]byte{}, known: map[chat.EventID]bool{}} }

func (k *keeper) Stored(context.Context) (chat.Stored, error) {
	k.mu.Lock()
	defer k.mu.Unlock()
	return chat.Stored{Kept: maps.Clone(k.kept)}, nil
}

func (k *keeper) Accept(ctx context.Context, b chat.Batch) ([]chat.Reply, error) {
	k.mu.Lock()
	hold := k.hold
	k.mu.Unlock()
	if hold != nil {
		select {
		case <-hold:
		case <-ctx.Done():
			return nil, ctx.Err()
		}
	}
	k.mu.Lock()
	defer k.mu.Unlock()
	if k.full {
		return nil, errors.New("the disk is full")
	}
	for _, r := range b.Keep {
		if r.Value == nil {
			delete(k.kept, r.Name)
		} else {
			k.kept[r.Name] = slices.Clone(r.Value)
		}
	}
	var replies []chat.Reply
	for _, e := range b.Events {
		if k.reply != nil {
			if r := k.reply(e); r != nil {
				r.To = e.ID
				replies = append(replies, *r)
			}
		}
		if !k.known[e.ID] {
			k.known[e.ID] = true
			k.events = append(k.events, e)
		}
	}
	return replies, nil
}

func (k *keeper) set(change func(*keeper)) {
	k.mu.Lock()
	defer k.mu.Unlock()
	change(k)
}

func (k *keeper) all() []chat.Event {
	k.mu.Lock()
	defer k.mu.Unlock()
	return slices.Clone(k.events)
}

func (k *keeper) record(name string) []byte {
	k.mu.Lock()
	defer k.mu.Unlock()
	return k.kept[name]
}

// of is the events of one kind.
func of[W chat.Happening](k *keeper) (found []chat.Event) {
	for _, e := range k.all() {
		if _, ok := e.What.(W); ok {
			found = append(found, e)
		}
	}
	return found
}

// rig is an adapter at work on a Slack.
type rig struct {
	*testing.T
	s    *slacktest.Server
	w    *slacktest.Workspace
	a    *slack.Adapter
	in   *keeper
	stop func() error
	anew func() *slack.Adapter // to the same Slack
}

func start(t *testing.T, byHTTP bool, o slacktest.Options) *rig {
	t.Helper()
	if o.Retries == nil {
		o.Retries = often
	}
	if o.Scopes == nil {
		o.Scopes = slack.ScopeNames()
	}
	s, adapter := office(t, byHTTP, o)
	r := &rig{T: t, s: s, w: s.Workspace(), a: adapter(), in: newKeeper(), anew: adapter}
	r.run()
	if !byHTTP {
		r.eventually("a socket is open", func() bool { return s.Sockets() > 0 })
	}
	if slices.Contains(o.Scopes, "channels:read") {
		r.eventually("both rooms are known", func() bool { return len(of[chat.Invited](r.in)) == 2 })
	}
	return r
}

// restart ends the adapter and lets another run, with what was kept.
func (r *rig) restart() {
	r.Helper()
	if err := r.stop(); err != nil {
		r.Fatal(err)
	}
	r.a = r.anew()
	r.run()
}

// run lets the adapter run, until stop or the test's end.
func (r *rig) run() {
	ctx, cancel := context.WithCancel(context.WithoutCancel(r.Context()))
	ended := make(chan error, 1)
	go func() { ended <- r.a.Run(ctx, r.in) }()
	r.stop = sync.OnceValue(func() error { cancel(); return <-ended })
	r.Cleanup(func() {
		if err := r.stop(); err != nil {
			r.Errorf("Run: %v", err)
		}
	})
}

func (r *rig) eventually(what string, so func() bool) {
	r.Helper()
	late := time.After(10 * time.Second)
	again := time.NewTicker(3 * time.Millisecond)
	defer again.Stop()
	for !so() {
		select {
		case <-again.C:
		case <-late:
			r.Fatalf("still not: %s", what)
		}
	}
}

// next waits for the next event of a kind.
func next[W chat.Happening](r *rig, already int) (chat.Event, W) {
	r.Helper()
	r.eventually("the next event", func() bool { return len(of[W](r.in)) > already })
	e := of[W](r.in)[already]
	return e, e.What.(W)
}

func (r *rig) say(to chat.Place, id, text string, choices ...chat.Choice) (chat.Receipt, error) {
	to.Platform = slack.Name
	return r.a.Deliver(r.Context(), chat.Delivery{
		ID: chat.DeliveryID(id), To: to, Message: chat.Message{Text: chat.Text{{Spans: []chat.Span{{Text: text}}}}, Choices: choices, Language: "en"},
	})
}

// texts are what somebody sees of Trellis.
func (r *rig) texts(user, in string) (texts []string) {
	for _, m := range r.w.See(user, in) {
		if m.User == r.w.Bot {
			texts = append(texts, m.Text)
		}
	}
	return texts
}

func stamp(m chat.MessageID) string { return string(m[strings.LastIndex(string(m), "/")+1:]) }
