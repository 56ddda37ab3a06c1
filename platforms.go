package main

import (
	"context"
	"errors"
	"log/slog"
	"maps"
	"net/http"
	"slices"
	"time"

	"trellis/adapters/chat"
	"trellis/bot"
	"trellis/config"
	"trellis/flows"
	"trellis/storage"
)

// host is what a platform may use when it is opened.
type host struct {
	config *config.Config
	log    *slog.Logger
	store  storage.Store // to show from, never to write to
	book   *flows.Book
	now    func() time.Time
}

// opened is a platform that is configured.
type opened struct {
	adapter chat.Adapter
	pace    bot.Pace
	routes  map[string]http.Handler // patterns of net/http, served at http.listen
	// copies are its own files in the data folder that are open while it works (platformSpec.files lists them): each
	// makes a consistent copy at a path where nothing is yet.
	copies map[string]func(ctx context.Context, to string) error
	// forget takes an account's words out of these files, and erase overwrites what was deleted in them; nil: there are none.
	forget func(ctx context.Context, who chat.AccountID) error
	erase  func(ctx context.Context) error
	close  func() error // after the engine ended; nil: nothing to close
}

// stateFile is a file in the data folder that is part of what Trellis knows, and so of every backup.
type stateFile struct {
	name string // in the data folder
	// copy looks at a file that nobody has open and, when it is whole, copies it to a path where nothing is yet.
	copy func(ctx context.Context, from, to string) error
}

// platformSpec is one platform: the settings that it reads, and how it is made from them. A new adapter is one line
// of platformSpecs.
type platformSpec struct {
	section config.Section
	files   []stateFile // of its own
	// check, when set, asks the platform whether the settings work, changes nothing, and says what it found. Its error
	// says what has to be done.
	check func(ctx context.Context, c *config.Config, say func(name, value, note string)) error
	// open returns nil when the platform is not configured.
	open func(ctx context.Context, h host) (*opened, error)
}

func platformSpecs() []platformSpec {
	return []platformSpec{
		webPlatform,
		slackPlatform,
		matrixPlatform(),
	}
}

// platforms are those that are configured, together.
type platforms struct {
	adapters []chat.Adapter
	pace     map[chat.Platform]bot.Pace
	routes   map[string]http.Handler
	copies   map[string]func(ctx context.Context, to string) error
	forget   map[chat.Platform]func(ctx context.Context, who chat.AccountID) error
	erasers  []func(ctx context.Context) error
	closers  []func() error
}

var errNoPlatform = errors.New("no platform is configured, so there is nobody to talk to: set web.url for a web room, slack.bot_token for Slack or matrix.homeserver for Matrix, and see `trellis check`")

func openPlatforms(ctx context.Context, h host, specs []platformSpec) (p platforms, err error) {
	p = platforms{
		pace: map[chat.Platform]bot.Pace{}, routes: map[string]http.Handler{},
		copies: map[string]func(context.Context, string) error{},
		forget: map[chat.Platform]func(context.Context, chat.AccountID) error{},
	}
	for _, spec := range specs {
		o, err := spec.open(ctx, h)
		if err != nil {
			return p, errors.Join(err, p.close())
		}
		if o == nil {
			continue
		}
		p.adapters = append(p.adapters, o.adapter)
		p.pace[o.adapter.Platform()] = o.pace
		for pattern, handler := range o.routes {
			p.routes[pattern] = handler
		}
		maps.Copy(p.copies, o.copies)
		if o.forget != nil {
			p.forget[o.adapter.Platform()] = o.forget
		}
		if o.erase != nil {
			p.erasers = append(p.erasers, o.erase)
		}
		if o.close != nil {
			p.closers = append(p.closers, o.close)
		}
	}
	if len(p.adapters) == 0 {
		return p, errNoPlatform
	}
	return p, nil
}

// forgetAccount has an adapter forget an account. With one that is not configured any more it has to wait.
func (p platforms) forgetAccount(ctx context.Context, who chat.Place) error {
	if forget := p.forget[who.Platform]; forget != nil {
		return forget(ctx, who.Account)
	}
	if slices.ContainsFunc(p.adapters, func(a chat.Adapter) bool { return a.Platform() == who.Platform }) {
		return nil // it keeps nothing
	}
	return errors.New("it is not configured; what its file holds of a person stays until it is")
}

func (p platforms) close() error {
	var errs []error
	for _, c := range p.closers {
		errs = append(errs, c())
	}
	return errors.Join(errs...)
}
