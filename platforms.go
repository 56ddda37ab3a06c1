package main

import (
	"context"
	"errors"
	"log/slog"
	"net/http"

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
}

// opened is a platform that is configured.
type opened struct {
	adapter chat.Adapter
	pace    bot.Pace
	routes  map[string]http.Handler // patterns of net/http, served at http.listen
	close   func() error            // after the engine ended; nil: nothing to close
}

// platformSpec is one platform: the settings that it reads, and how it is made from them. A new adapter is one line
// of platformSpecs.
type platformSpec struct {
	section config.Section
	// open returns nil when the platform is not configured.
	open func(ctx context.Context, h host) (*opened, error)
}

func platformSpecs() []platformSpec {
	return []platformSpec{}
}

// platforms are those that are configured, together.
type platforms struct {
	adapters []chat.Adapter
	pace     map[chat.Platform]bot.Pace
	routes   map[string]http.Handler
	closers  []func() error
}

var errNoPlatform = errors.New("no platform is configured, so there is nobody to talk to: set web.url for a web room, and see `trellis check`")

func openPlatforms(ctx context.Context, h host) (p platforms, err error) {
	p = platforms{pace: map[chat.Platform]bot.Pace{}, routes: map[string]http.Handler{}}
	for _, spec := range platformSpecs() {
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
		if o.close != nil {
			p.closers = append(p.closers, o.close)
		}
	}
	if len(p.adapters) == 0 {
		return p, errNoPlatform
	}
	return p, nil
}

func (p platforms) close() error {
	var errs []error
	for _, c := range p.closers {
		errs = append(errs, c())
	}
	return errors.Join(errs...)
}
