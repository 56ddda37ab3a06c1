// Package slack is Slack as a chat platform: it turns what Slack tells into events, and says what Trellis says in
// Block Kit, modals and the Home tab.
//
// How it works: Slack reaches the adapter by Socket Mode (socket.go) or by signed HTTP requests (http.go); both hand
// payloads to one mapping (events.go, interact.go), which makes arrivals of them; accept (intake.go) hands these to the
// engine, and only after its commit is Slack told that they came. Deliveries are rendered (blocks.go, modal.go) and
// sent (send.go); what Slack answers becomes an outcome (outcome.go).
//
// What always holds: nothing is acknowledged that is not stored. An event has the same ID however often and by whichever
// way Slack sends it. IDs begin with the workspace's, so those of two workspaces never meet; a direct room is named
// for its person (T1/@U1), so that a form or the Home tab is in the same room as a direct message. People's words are
// only ever in places that Slack does not parse. Neither they nor tokens are logged or stand in an error.
//
// Goroutines: Run's own; one for reading, one for handing over and one for pinging per socket (two sockets during a
// hand-over); one for each modal that is opened; and one each for the Home tab, rooms that Trellis was brought
// into, and tokens that run out. All end before Run does. Deliver may be called by any goroutine.
//
// To test with it: slacktest is a Slack that the adapter reaches by its APIURL, and by nothing else.
package slack

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"trellis/adapters/chat"
)

// Name is the platform's name.
const Name chat.Platform = "slack"

// Options make an Adapter. Of the tokens either BotToken is needed, for one workspace, or ClientID, ClientSecret and
// SealKey, for as many as install Trellis; and AppToken for Socket Mode, or SigningSecret for HTTP.
type Options struct {
	BotToken      string // xoxb-…
	AppToken      string // xapp-…, with connections:write
	SigningSecret string
	ClientID      string
	ClientSecret  string
	SealKey       string // at least 32 characters; tokens of installations are encrypted with it
	// APIURL is where the Web API is; https://slack.com/api/ unless given (GovSlack has another).
	APIURL string
	// Words returns the text under a key of the catalogue (slack.…) in a language or else in English, for the number n.
	Words func(language, key string, n int) string
	// Show returns what a command that only answers would tell an account, in a room or with no room in private. Nil: the Home
	// tab stays empty.
	Show func(ctx context.Context, room chat.RoomID, account chat.AccountID, line string) (chat.Message, error)
	// Transport reaches Slack, its sockets too; one with sensible limits unless given.
	Transport *http.Transport
	// Log gets what an operator should know; nothing that people wrote. Nil: nowhere.
	Log *slog.Logger
}

// Adapter is Slack. Its methods are for use by many goroutines.
type Adapter struct {
	o        Options
	log      *slog.Logger
	client   *http.Client
	seal     sealer
	verifier verifier
	large    chan struct{} // has a token for each large body being read

	run atomic.Pointer[running] // nil before Run

	naming sync.Mutex // held while Slack is asked who Trellis is

	mu         sync.Mutex // guards what follows; never held while Slack or the engine is asked
	workspaces map[string]*workspace
	single     *workspace             // the one of BotToken; nil: there are installations
	loaded     bool                   // what was kept is known
	direct     map[string]string      // T/U → D, the channel of a direct room
	rooms      map[chat.RoomID]*place // where Trellis is
	states     map[string]time.Time   // of installations under way

	people directory
	home   homes
}

// running is what there is while Run runs.
type running struct {
	in  chat.Inbox
	ctx context.Context

	mu    sync.Mutex // guards over, and the beginning of work
	over  bool
	works sync.WaitGroup
}

// start begins something that ends before Run does; it tells whether there is time for it.
func (r *running) start(work func()) bool {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.over {
		return false
	}
	r.works.Go(work)
	return true
}

// end waits for all that was begun.
func (r *running) end() {
	r.mu.Lock()
	r.over = true
	r.mu.Unlock()
	r.works.Wait()
}

const (
	answerWithin = 20 * time.Second // a call to Slack that takes longer has an unknown outcome
	// keepAlive is how many idle connections are kept: as many as deliveries may be out at once.
	keepAlive = 16
)

// New checks the options and makes an adapter, which does nothing until Run or Deliver.
func New(o Options) (*Adapter, error) {
	many := o.ClientID != "" || o.ClientSecret != ""
	switch {
	case o.BotToken == "" && !many:
		return nil, errors.New("slack.bot_token is missing: install the app in your workspace, and copy its Bot User OAuth Token (xoxb-…)")
	case o.BotToken != "" && many:
		return nil, errors.New("slack.bot_token is for one workspace, slack.client_id and slack.client_secret for several: set one or the other")
	case o.BotToken != "" && !strings.HasPrefix(o.BotToken, "xox"):
		return nil, errors.New("slack.bot_token is no bot token: it begins with xoxb-")
	case many && (o.ClientID == "" || o.ClientSecret == ""):
		return nil, errors.New("slack.client_id and slack.client_secret go together: both stand under Basic Information of the app")
	case many && len(o.SealKey) < 32:
		return nil, errors.New("slack.seal_key needs at least 32 characters, for tokens are encrypted with it: make one with openssl rand -base64 32")
	case o.AppToken == "" && o.SigningSecret == "":
		return nil, errors.New("set slack.app_token (Socket Mode, no inbound port) or slack.signing_secret (HTTP)")
	case o.AppToken != "" && !strings.HasPrefix(o.AppToken, "xapp-"):
		return nil, errors.New("slack.app_token is no app-level token: it begins with xapp-")
	}
	if o.APIURL == "" {
		o.APIURL = "https://slack.com/api/"
	}
	if !strings.HasSuffix(o.APIURL, "/") {
		o.APIURL += "/"
	}
	if o.Transport == nil {
		o.Transport = &http.Transport{
			Proxy: http.ProxyFromEnvironment, ForceAttemptHTTP2: true, MaxIdleConnsPerHost: keepAlive, IdleConnTimeout: time.Minute,
			DialContext: (&net.Dialer{Timeout: 10 * time.Second, KeepAlive: 15 * time.Second}).DialContext, TLSHandshakeTimeout: 10 * time.Second,
		}
	}
	if o.Log == nil {
		o.Log = slog.New(slog.DiscardHandler)
	}
	if o.Words == nil {
		o.Words = func(_, key string, _ int) string { return key }
	}
	seal, err := newSealer(o.SealKey)
	if err != nil {
		return nil, fmt.Errorf("read slack.seal_key: %w", err)
	}
	a := &Adapter{
		o: o, log: o.Log, seal: seal, verifier: newVerifier(o.SigningSecret), client: &http.Client{Transport: o.Transport, Timeout: answerWithin},
		large: make(chan struct{}, largeBodies), workspaces: map[string]*workspace{}, direct: map[string]string{}, rooms: map[chat.RoomID]*place{}, states: map[string]time.Time{},
	}
	a.people.people, a.people.deferred = map[chat.AccountID]*person{}, map[chat.DeliveryID]time.Time{}
	a.home.watched, a.home.news = map[chat.AccountID]*watched{}, make(chan struct{}, 1)
	if o.BotToken != "" {
		a.single = a.newWorkspace("", o.BotToken)
	}
	return a, nil
}

// Platform names it.
func (a *Adapter) Platform() chat.Platform { return Name }

// Run is chat.Adapter's.
func (a *Adapter) Run(ctx context.Context, in chat.Inbox) error {
	ctx, stop := context.WithCancel(ctx)
	r := &running{in: in, ctx: ctx}
	defer func() {
		a.run.Store(nil)
		stop()
		r.end()
		a.client.CloseIdleConnections()
	}()
	stored, err := in.Stored(ctx)
	if err != nil {
		return fmt.Errorf("read what was kept of Slack: %w", err)
	}
	if err := a.load(stored.Kept); err != nil {
		return err
	}
	if a.single != nil {
		if err := a.meet(ctx, a.single); err != nil {
			return err
		}
	}
	if ctx.Err() != nil {
		return nil
	}
	a.run.Store(r)
	r.start(func() { a.publish(ctx) })
	r.start(func() { a.enterRooms(ctx, stored.Kept) })
	if a.single == nil {
		r.start(func() { a.renew(ctx) })
	}
	if a.o.AppToken != "" {
		return a.listen(ctx)
	}
	<-ctx.Done()
	return nil
}

// wait waits, and tells whether the time passed before ctx ended.
func wait(ctx context.Context, d time.Duration) bool {
	t := time.NewTimer(d)
	defer t.Stop()
	select {
	case <-ctx.Done():
		return false
	case <-t.C:
		return true
	}
}
