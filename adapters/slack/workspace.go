package slack

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	slackgo "github.com/slack-go/slack"

	"trellis/adapters/chat"
)

// workspace is one that Trellis is installed in.
type workspace struct {
	team string // set once, before met is
	met  atomic.Bool
	a    *Adapter
	ctx  context.Context // ends when the workspace is left
	stop context.CancelFunc

	mu      sync.Mutex // guards what follows; never held while Slack is asked
	client  *slackgo.Client
	bot     string          // user ID
	scopes  map[string]bool // granted; nil: not known
	refresh string          // for the next token, when tokens run out
	expires time.Time       // zero: never
	failed  string          // a token that is refused, and why
}

func (a *Adapter) newWorkspace(team, token string) *workspace {
	w := &workspace{team: team, a: a}
	w.met.Store(team != "")
	w.ctx, w.stop = context.WithCancel(context.Background())
	w.client = a.newClient(w, token)
	return w
}

// newClient makes a client of the Web API that also hears which scopes were granted.
func (a *Adapter) newClient(w *workspace, token string) *slackgo.Client {
	return slackgo.New(token,
		slackgo.OptionAPIURL(a.o.APIURL), slackgo.OptionHTTPClient(a.client), slackgo.OptionAppLevelToken(a.o.AppToken),
		slackgo.OptionOnResponseHeaders(func(path string, h http.Header) {
			if given := h.Get("X-OAuth-Scopes"); given != "" && path != "apps.connections.open" {
				w.granted(given)
			}
		}))
}

func (w *workspace) api() *slackgo.Client {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.client
}

func (w *workspace) granted(list string) {
	scopes := map[string]bool{}
	for s := range strings.SplitSeq(list, ",") {
		scopes[strings.TrimSpace(s)] = true
	}
	w.mu.Lock()
	defer w.mu.Unlock()
	w.scopes = scopes
}

// lacks tells whether a scope is known not to be granted.
func (w *workspace) lacks(scope string) bool {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.scopes != nil && !w.scopes[scope]
}

func (w *workspace) botUser() string {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.bot
}

// own tells whether Trellis itself or another bot did something: neither ever starts anything.
func (w *workspace) own(user, bot string) bool {
	return bot != "" || user == "" || user == "USLACKBOT" || user == w.botUser()
}

// meet finds out who Trellis is in a workspace. It waits for Slack as long as it must, and fails when the token is refused.
func (a *Adapter) meet(ctx context.Context, w *workspace) error {
	for pause := time.Second; ctx.Err() == nil; pause = min(2*pause, time.Minute) {
		err := a.askName(ctx, w)
		if err == nil {
			return nil
		}
		if isFinal(err) {
			return fmt.Errorf("sign in to Slack: %w (look at slack.bot_token, or install the app again)", err)
		}
		if ctx.Err() == nil {
			a.log.Warn("Slack does not answer; Trellis goes on trying", "error", plain(err))
		}
		wait(ctx, max(pause, retryAfter(err)))
	}
	return nil
}

// askName asks Slack once who Trellis is, unless that is known.
func (a *Adapter) askName(ctx context.Context, w *workspace) error {
	a.naming.Lock() // one asks, the others wait
	defer a.naming.Unlock()
	if w.met.Load() {
		return nil
	}
	who, err := w.api().AuthTestContext(ctx)
	if err != nil {
		return err
	}
	w.mu.Lock()
	w.bot = who.UserID
	w.mu.Unlock()
	w.team = who.TeamID
	w.met.Store(true)
	a.mu.Lock()
	defer a.mu.Unlock()
	a.workspaces[w.team] = w
	return nil
}

// workspace is an installation; nil: there is none.
func (a *Adapter) workspace(team string) *workspace {
	a.mu.Lock()
	defer a.mu.Unlock()
	if w := a.workspaces[team]; w != nil {
		return w
	}
	if a.single == nil || !a.single.met.Load() {
		return nil
	}
	// A workspace of an organisation for which Trellis was installed as a whole sends under its own name, too. With one
	// token there is one workspace, whatever name a shared channel gives it.
	return a.single
}

func (a *Adapter) all() []*workspace {
	a.mu.Lock()
	defer a.mu.Unlock()
	all := make([]*workspace, 0, len(a.workspaces))
	for _, w := range a.workspaces {
		all = append(all, w)
	}
	slices.SortFunc(all, func(x, y *workspace) int { return strings.Compare(x.team, y.team) })
	return all
}

const directRecord = "direct/"

// load takes up what was kept.
func (a *Adapter) load(kept map[string][]byte) error {
	for name, value := range kept {
		switch kind, of, _ := strings.Cut(name, "/"); kind + "/" {
		case directRecord:
			a.mu.Lock()
			a.direct[of] = string(value)
			a.mu.Unlock()
		case roomRecord:
			var p place
			if err := json.Unmarshal(value, &p); err != nil {
				return fmt.Errorf("read what was kept of room %s: %w", of, err)
			}
			a.mu.Lock()
			a.rooms[chat.RoomID(of)] = &p
			a.mu.Unlock()
		case installRecord:
			if a.single != nil {
				continue // of before; it is used again when there are several workspaces again
			}
			if err := a.loadInstall(name, value); err != nil {
				return err
			}
		}
	}
	a.mu.Lock()
	defer a.mu.Unlock()
	a.loaded = true
	return nil
}

// directChannel is the channel of a person's direct room, opened when it is not known.
func (a *Adapter) directChannel(ctx context.Context, w *workspace, user string) (string, error) {
	key := w.team + "/" + user
	a.mu.Lock()
	channel := a.direct[key]
	a.mu.Unlock()
	if channel != "" {
		return channel, nil
	}
	opened, _, _, err := w.api().OpenConversationContext(ctx, &slackgo.OpenConversationParameters{Users: []string{user}})
	if err != nil {
		return "", err
	}
	a.mu.Lock()
	a.direct[key] = opened.ID
	a.mu.Unlock()
	a.keepLater(chat.Record{Name: directRecord + key, Value: []byte(opened.ID)})
	return opened.ID, nil
}

// keepLater keeps a record that can be found out again, when there is time.
func (a *Adapter) keepLater(r chat.Record) {
	run := a.run.Load()
	if run == nil {
		return
	}
	run.start(func() {
		if _, err := run.in.Accept(run.ctx, chat.Batch{Keep: []chat.Record{r}}); err != nil && run.ctx.Err() == nil {
			a.log.Debug("a record was not kept, and will be found out again", "error", plain(err))
		}
	})
}
