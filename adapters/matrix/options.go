// Package matrix is Matrix as a chat platform, spoken to as a client: any homeserver, rooms in clear and encrypted ones.
//
// How it works: Run logs in (login.go), then syncs (sync.go): what a sync brings becomes events (inbound.go,
// membership.go), which are handed to the engine together with the cursor that stands after them. Invitations are
// kept with the cursor and joined afterwards (invite.go). Deliveries are rendered (html.go, divide.go) and sent
// (send.go); choices are reactions under a message and typed numbers (choices.go); a form is asked field by field
// in the direct room (form.go).
//
// What always holds: the cursor is stored by the engine with the events, never before. Nothing that was said before
// Trellis came is acted upon. A room whose state is not known is sent nothing, for it could be encrypted. The delivery
// ID is the transaction ID, one send is in flight for each, and where the outcome is unknown the echo is looked for first.
// People's words are escaped and mention nobody. Neither they nor secrets are logged or stand in an error.
//
// Goroutines: Run's own, one that joins rooms, and one that watches for keys; all end before Run does. Deliver may be
// called by any goroutine.
//
// Encryption needs the build tag goolm, without which its library needs C; everything else works without it.
//
// To test with it: matrixtest is a homeserver for tests; with TRELLIS_HOMESERVER the same tests run over a real one.
package matrix

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"path/filepath"
	"strings"
	"sync"
	"time"

	"github.com/rs/zerolog"
	"maunium.net/go/mautrix"
	"maunium.net/go/mautrix/sqlstatestore"

	"trellis/adapters/chat"
)

// Name is the platform's name.
const Name chat.Platform = "matrix"

// Options make an Adapter.
type Options struct {
	Homeserver  string // base address, https://…
	User        string // whole ID (@trellis:example.org) or its local part
	Password    string // either this…
	AccessToken string // …or a ready token, for servers that log in by a browser
	// Store is the file with the keys, in the data folder; it is made for its owner alone.
	Store string
	// AllowInvites are everyone, servers (example.org) and people (@ana:example.org) whose invitations are accepted.
	AllowInvites []string
	// Encrypt says that encrypted rooms are spoken in; it needs the build tag goolm.
	Encrypt bool
	// RecoveryKey is the file with the key by which a new device is known as Trellis's; beside Store unless given.
	RecoveryKey string
	// Words returns the text under a key of the catalogue (matrix.…) in a language or else in English.
	Words func(language, key string, n int) string
	// Transport reaches the homeserver; one with sensible limits unless given.
	Transport http.RoundTripper
	// Log gets what an operator should know; nothing that people wrote. Nil: nowhere.
	Log *slog.Logger
}

// everyone in AllowInvites accepts every invitation.
const everyone = "everyone"

// Adapter is Matrix. Its methods are for use by many goroutines.
type Adapter struct {
	o      Options
	log    *slog.Logger
	http   *http.Client
	client *mautrix.Client
	store  *store
	state  *sqlstatestore.SQLStateStore
	cipher *cipher // nil: encryption is off

	login sync.Mutex // held while logging in
	ready bool       // guarded by login: who we are is known, and keys are there

	recent  recent
	sending sync.RWMutex  // read-held while a message with choices is sent and they are stored; written-held by who waits for that
	opening sync.Mutex    // held while a direct room is looked for or made: m.direct is read, changed and written
	fresh   time.Time     // until then a delivery may have been sent by a device that is no more; set while logging in
	keys    chan struct{} // holds one token when a key came
}

const (
	answerWithin = 45 * time.Second // longer than the server may hold a sync
	sendWithin   = 25 * time.Second // a send that takes longer has an unknown outcome
	keepAlive    = 16               // idle connections; as many as deliveries may be out at once
)

// New opens the store and makes an adapter, which says nothing to the server until Run or Deliver.
func New(ctx context.Context, o Options) (*Adapter, error) {
	if err := o.check(); err != nil {
		return nil, err
	}
	a := &Adapter{
		o: o, log: o.Log, recent: newRecent(), keys: make(chan struct{}, 1),
	}
	if a.log == nil {
		a.log = slog.New(slog.DiscardHandler)
	}
	if a.o.Words == nil {
		a.o.Words = func(_, key string, _ int) string { return key }
	}
	if a.o.RecoveryKey == "" {
		a.o.RecoveryKey = filepath.Join(filepath.Dir(o.Store), "recovery-key")
	}
	if a.o.Transport == nil {
		a.o.Transport = &http.Transport{
			Proxy: http.ProxyFromEnvironment, ForceAttemptHTTP2: true, MaxIdleConnsPerHost: keepAlive, IdleConnTimeout: time.Minute,
			DialContext: (&net.Dialer{Timeout: 10 * time.Second, KeepAlive: 15 * time.Second}).DialContext, TLSHandshakeTimeout: 10 * time.Second,
		}
	}
	a.http = &http.Client{Transport: a.o.Transport, Timeout: answerWithin}
	client, err := mautrix.NewClient(o.Homeserver, "", "")
	if err != nil {
		return nil, fmt.Errorf("read matrix.homeserver: %w", err)
	}
	client.Client, client.Log, client.UserAgent = a.http, zerolog.Nop(), "trellis"
	a.client = client
	if a.store, err = openStore(ctx, o.Store); err != nil {
		return nil, err
	}
	a.state = sqlstatestore.NewSQLStateStore(a.store.db, nil, false)
	if err := a.state.Upgrade(ctx); err != nil {
		return nil, errors.Join(fmt.Errorf("open %s: %w", o.Store, err), a.store.close())
	}
	client.StateStore = a.state
	return a, nil
}

func (o Options) check() error {
	switch {
	case o.Homeserver == "":
		return errors.New("matrix.homeserver is missing: give the address of your homeserver, such as https://matrix.example.org")
	case o.User == "":
		return errors.New("matrix.user is missing: give the bot's account, such as @trellis:example.org")
	case o.Password == "" && o.AccessToken == "":
		return errors.New("set matrix.password, or matrix.access_token where the server logs in by a browser")
	case o.Password != "" && o.AccessToken != "":
		return errors.New("matrix.password and matrix.access_token are two ways to log in: set one or the other")
	case o.Store == "":
		return errors.New("matrix needs a file for its keys")
	case o.Encrypt && !cryptoBuilt:
		return errors.New("this Trellis was built without encryption: build it with `go build -tags goolm .`, or set matrix.encryption: off and use rooms that are not encrypted")
	}
	for _, who := range o.AllowInvites {
		if who != everyone && strings.ContainsAny(who, " /") {
			return fmt.Errorf("matrix.allow_invites: %q is neither everyone, a server (example.org) nor a person (@ana:example.org)", who)
		}
	}
	return nil
}

// Platform names it.
func (a *Adapter) Platform() chat.Platform { return Name }

// Close closes the store. It is called after Run and all deliveries ended.
func (a *Adapter) Close() error {
	a.http.CloseIdleConnections()
	return a.store.close()
}

// Backup copies the store to a path where nothing is yet. Whoever opens the copy is a new device: the keys by which this
// one writes are left out.
func (a *Adapter) Backup(ctx context.Context, to string) error { return a.store.copy(ctx, to) }

// Copy is Backup of a store that nobody has open.
func Copy(ctx context.Context, from, to string) (err error) {
	s, err := openStore(ctx, from)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, s.close()) }()
	return s.copy(ctx, to)
}

// Run is chat.Adapter's.
func (a *Adapter) Run(ctx context.Context, in chat.Inbox) error {
	ctx, stop := context.WithCancel(ctx)
	var work sync.WaitGroup
	defer func() {
		stop()
		work.Wait()
		a.http.CloseIdleConnections()
	}()
	stored, err := in.Stored(ctx)
	if err != nil {
		return fmt.Errorf("read what was kept of Matrix: %w", err)
	}
	r, err := newRun(a, in, stored)
	if err != nil {
		return err
	}
	if err := a.patiently(ctx, a.enter); err != nil {
		if ctx.Err() != nil {
			return nil
		}
		return err
	}
	work.Go(func() { r.joinRooms(ctx) })
	r.work = &work
	err = r.sync(ctx)
	if ctx.Err() != nil {
		return nil
	}
	return err
}

// The pauses after a fault: double each time.
const (
	firstPause   = 250 * time.Millisecond
	longestPause = 30 * time.Second
)

// patiently does something until it works, ctx ends or going on is useless.
func (a *Adapter) patiently(ctx context.Context, do func(context.Context) error) error {
	for pause := firstPause; ; pause = min(2*pause, longestPause) {
		err := do(ctx)
		if err == nil || isFinal(err) || ctx.Err() != nil {
			return err
		}
		a.log.Warn("matrix: the homeserver does not answer", "error", plain(err), "again in", pause)
		if !wait(ctx, max(pause, retryAfter(err))) {
			return ctx.Err()
		}
	}
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
