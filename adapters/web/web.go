// Package web is a chat platform on web pages: rooms for people who have no account anywhere else.
//
// How it works: what people write and what Trellis delivers stands in one timeline, in a store of the adapter's own.
// An act of a person (a line, a press, a form) is stored there together with the event that it makes, and Run hands
// the events on; what is answered at once (a form) is stored there too, so that every page can show it without a
// script. Rooms, people and links are the adapter's small records: they travel in the batches, so that a backup of
// Trellis's store holds them, and a copy of them stands beside the timeline. Pages are rendered here; a script, where
// there is one, only keeps them fresh.
//
// What a program does with it:
//
//	a, err := web.New(ctx, web.Options{Store: timeline, URL: "https://trellis.example.org", Words: …, Show: …})
//	… hand a to the engine as an adapter, and serve a.Handler() under "/"
//
// Options.First has Run open the first room, and tells the link by which its host comes in, who invites the others.
// A demo sets Options.Demo, opens a room of invented people with OpenRoom, and lets them act with Write, Press and
// Fill, which wait for what they need until their context ends. Seen says what a person has before them.
//
// What always holds: who opens a page may be only whom their link names (in a demo: anybody, on this machine alone),
// and of what they may not see not even the existence is told. An act is one event however often it is sent. A
// delivery stands under its ID, so one that comes again is the same message. Text from people is data. All methods
// are for use by many goroutines; the only one of its own is Run's.
//
// To test with it: serve the Handler with httptest over storage.Memory, as this package's tests do.
package web

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net/netip"
	"net/url"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"trellis/adapters/chat"
	"trellis/storage"
)

// Name is the platform's name.
const Name chat.Platform = "web"

// Options make an Adapter.
type Options struct {
	// Store holds the timeline, and belongs to the adapter alone. The caller closes it after Run and the HTTP server ended.
	Store storage.Store
	// URL is the address at which people reach the pages, without a path: https://trellis.example.org. It may be
	// empty only in a demo, where each request says where it came to.
	URL string
	// Words returns the text under a key of the catalogue (web.… and date.…) in a language or else in English, for
	// the number n, with its slots left as {name}.
	Words func(language, key string, n int) string
	// Languages are those that Words has, as BCP 47 codes, the usual one first; English alone unless given.
	Languages []string
	// Show returns what a command that only answers would tell an account, in a room or with no room in private. It is asked for
	// session scope, agreements, commitments and home. Nil: the pages have no such panels.
	Show func(ctx context.Context, room chat.RoomID, account chat.AccountID, line string) (chat.Message, error)
	// Keep is how long talk stays; 30 days unless set.
	Keep time.Duration
	// LinkLife is for how long a link that nobody uses stays good; 30 days unless set.
	LinkLife time.Duration
	// Zone is that of people whose own is not known; UTC unless set.
	Zone *time.Location
	// Log gets what an operator should know; nothing that people wrote. Nil: nowhere.
	Log *slog.Logger
	// Now is the clock that messages are dated by; the system's unless set.
	Now func() time.Time
	// Proxies are whose word (X-Forwarded-For) is taken for where a request came from; this machine's own unless set.
	Proxies []netip.Prefix
	// First, when set, is the room that Run opens when there is none.
	First *First
	// Demo, when set, lets everybody on this machine be any of the people.
	Demo *Demo
}

// First is the first room.
type First struct {
	Room string
	Host Newcomer
	// Tell gets the link by which the host comes in, when Run begins: that of a new room, or another one when the host
	// has none that is good. It is a secret.
	Tell func(link string) error
}

// Demo are the settings of a demo.
type Demo struct {
	// Move sets Trellis's clock to a later instant, and returns when what fell due on the way is on its way. Nil:
	// the pages do not offer it.
	Move func(ctx context.Context, to time.Time) error
}

const (
	usualKeep     = 30 * 24 * time.Hour
	usualLinkLife = 30 * 24 * time.Hour
)

// Adapter is the platform and Trellis's way into it.
type Adapter struct {
	o      Options
	url    *url.URL // nil in a demo without an address
	store  storage.Store
	log    *slog.Logger
	now    func() time.Time
	secret secret
	assets assets
	pages  pages
	limits *limits
	hub    *hub

	changing sync.Mutex // held while rooms, people or links change
	places   atomic.Pointer[places]
	queue    queue
	intro    atomic.Bool // a demo's welcome was put away
}

// New makes an adapter, and reads what its store knows.
func New(ctx context.Context, o Options) (*Adapter, error) {
	if o.Store == nil || o.Words == nil {
		return nil, errors.New("make the web adapter: it needs a store and words")
	}
	address, err := readURL(o)
	if err != nil {
		return nil, err
	}
	if o.Keep == 0 {
		o.Keep = usualKeep
	}
	if o.LinkLife == 0 {
		o.LinkLife = usualLinkLife
	}
	if o.Zone == nil {
		o.Zone = time.UTC
	}
	if o.Log == nil {
		o.Log = slog.New(slog.DiscardHandler)
	}
	if o.Now == nil {
		o.Now = time.Now
	}
	if len(o.Languages) == 0 {
		o.Languages = []string{"en"}
	}
	if o.Proxies == nil {
		o.Proxies = []netip.Prefix{netip.MustParsePrefix("127.0.0.0/8"), netip.MustParsePrefix("::1/128")}
	}
	a := &Adapter{o: o, url: address, store: o.Store, log: o.Log, now: o.Now, limits: newLimits(), hub: newHub(), queue: newQueue()}
	if a.assets, err = readAssets(); err != nil {
		return nil, err
	}
	if a.pages, err = readPages(a); err != nil {
		return nil, err
	}
	if err := a.load(ctx); err != nil {
		return nil, fmt.Errorf("read the web rooms: %w", err)
	}
	return a, nil
}

func readURL(o Options) (*url.URL, error) {
	if o.URL == "" {
		if o.Demo == nil {
			return nil, errors.New("make the web adapter: it needs the address at which people reach it (web.url)")
		}
		return nil, nil
	}
	u, err := url.Parse(o.URL)
	if err != nil || u.Scheme != "http" && u.Scheme != "https" || u.Host == "" || strings.Trim(u.Path, "/") != "" || u.RawQuery != "" || u.User != nil {
		return nil, fmt.Errorf("make the web adapter: %q is no address such as https://trellis.example.org, without a path", o.URL)
	}
	return &url.URL{Scheme: u.Scheme, Host: u.Host}, nil
}

// load reads the secret, and the rooms, people and links.
func (a *Adapter) load(ctx context.Context) error {
	return a.store.Update(ctx, func(tx storage.Tx) error {
		var err error
		if a.secret, err = readSecret(tx); err != nil {
			return err
		}
		p, err := readPlaces(tx)
		if err != nil {
			return err
		}
		a.places.Store(p)
		return a.queue.load(tx)
	})
}

// Platform is chat.Adapter's.
func (a *Adapter) Platform() chat.Platform { return Name }

var _ chat.Adapter = (*Adapter)(nil)
