package main

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"os"
	"path/filepath"
	"slices"

	"trellis/adapters/chat"
	"trellis/adapters/web"
	"trellis/config"
	"trellis/flows/words"
	"trellis/storage"
	"trellis/storage/bolt"
)

// firstLinkFile is where the link is written by which the first room can be entered: a secret, so not in the log.
const firstLinkFile = "first-link"

// webPlatform is the web room: its keys are among those of the core.
var webPlatform = platformSpec{section: config.Section{}, files: []stateFile{{name: webFile, copy: copyStore}}, open: openWeb}

// webFile is where what people wrote in web rooms stands.
const webFile = "web.db"

func openWeb(ctx context.Context, h host) (_ *opened, err error) {
	if !h.config.Given("web.url") {
		return nil, nil
	}
	if !h.config.Given("http.listen") {
		return nil, errors.New("web.url is set but http.listen is not: say where the pages are to be served, such as 127.0.0.1:8080 behind a proxy")
	}
	timeline, err := bolt.Open(ctx, bolt.Options{Path: filepath.Join(h.config.String("data"), webFile)})
	if err != nil {
		return nil, err
	}
	defer func() {
		if err != nil {
			err = errors.Join(err, timeline.Close())
		}
	}()
	o, err := webOptions(h, timeline)
	if err != nil {
		return nil, err
	}
	o.URL, o.Zone = h.config.String("web.url"), h.config.Zone("group.zone")
	if o.First, err = firstRoom(h); err != nil {
		return nil, err
	}
	pages, err := web.New(ctx, o)
	if err != nil {
		return nil, err
	}
	return &opened{
		adapter: pages, routes: map[string]http.Handler{"/": pages.Handler()}, close: timeline.Close,
		copies: map[string]func(context.Context, string) error{webFile: timeline.Backup},
		forget: pages.Forget, erase: timeline.Scrub,
	}, nil
}

// firstRoom is the room that is made when there is none yet; how to enter it is written down.
func firstRoom(h host) (*web.First, error) {
	catalogues, err := loadWords()
	if err != nil {
		return nil, err
	}
	language := h.config.String("group.language")
	return &web.First{
		Room: catalogues.Text(language, "flows.firstroom", 0),
		Host: web.Newcomer{Name: catalogues.Text(language, "flows.firsthost", 0)},
		Tell: func(link string) error {
			file := filepath.Join(h.config.String("data"), firstLinkFile)
			if err := os.WriteFile(file, []byte(link+"\n"), 0o600); err != nil {
				return fmt.Errorf("write down the link to the first room: %w", err)
			}
			h.log.Info("a web room is open; the link in this file lets its host in, who can then invite others", "file", file)
			return nil
		},
	}, nil
}

// webOptions are those of the web adapter, wherever it runs.
func webOptions(h host, timeline storage.Store) (web.Options, error) {
	catalogues, err := loadWords()
	if err != nil {
		return web.Options{}, err
	}
	languages := slices.DeleteFunc(catalogues.Languages(), func(code string) bool { return code == words.English })
	return web.Options{
		Store: timeline, Words: catalogues.Text, Languages: append([]string{words.English}, languages...), Log: h.log, Now: h.now,
		Show: func(ctx context.Context, room chat.RoomID, account chat.AccountID, line string) (m chat.Message, err error) {
			err = h.store.View(ctx, func(tx storage.Tx) error {
				m, err = h.book.Show(tx, chat.Place{Platform: web.Name, Room: room}, account, line, h.now())
				return err
			})
			return m, err
		},
	}, nil
}
