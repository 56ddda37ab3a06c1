package main

import (
	"context"
	_ "embed"
	"errors"
	"flag"
	"fmt"
	"io"
	"log/slog"
	"net"
	"os"
	"os/signal"
	"path/filepath"
	"syscall"
	"time"

	"trellis/adapters/chat"
	"trellis/adapters/web"
	"trellis/bot"
	"trellis/bot/rehearse"
	"trellis/storage"
	"trellis/storage/bolt"
)

const demoHelp = `Usage: trellis demo [--listen ADDRESS] [--data DIR]

Opens a room of invented people that is already under way, on a page of this machine alone, and prints its
address. Be one of them, or several in several tabs; move the clock to see reminders come. It is the real
engine on a real store. Ctrl-C ends it.

  trellis demo
  trellis demo --data ~/trellis-demo      keeps what happens, and goes on with it the next time
`

const usualDemo = "127.0.0.1:8080"

//go:embed rehearsals/demo.trellis
var demoScript string

func runDemo(args []string, _ io.Reader, stdout, stderr io.Writer) int {
	fs := flag.NewFlagSet("demo", flag.ContinueOnError)
	address := fs.String("listen", usualDemo, "the `address` of the page; another free port is taken when that one is not free")
	data := fs.String("data", "", "the `folder` in which what happens is kept; else it ends with the demo")
	rest, code, done := parseFlags(fs, demoHelp, args, stdout, stderr)
	if done {
		return code
	}
	if len(rest) > 0 {
		return usageError(fs, stderr, "takes only flags, but got %q", rest)
	}
	ctx, stop := signal.NotifyContext(context.Background(), syscall.SIGINT, syscall.SIGTERM)
	defer stop()
	context.AfterFunc(ctx, stop) // a second signal ends the process at once
	d := demo{log: slog.New(slog.NewTextHandler(stderr, &slog.HandlerOptions{Level: slog.LevelWarn})), stdout: stdout}
	if err := d.run(ctx, *address, *data); err != nil {
		return failed("demo", stderr, err)
	}
	return exitOK
}

// demo is a Trellis with a room of invented people and a clock that can be moved.
type demo struct {
	log    *slog.Logger
	stdout io.Writer
	engine *bot.Engine
	pages  *web.Adapter
}

// run is the demo from its start until ctx ends.
func (d *demo) run(ctx context.Context, address, folder string) (err error) {
	listener, err := listenNear(ctx, address)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, ignoreClosed(listener.Close())) }()
	if folder == "" {
		if folder, err = os.MkdirTemp("", "trellis-demo-"); err != nil {
			return fmt.Errorf("make a folder for the demo: %w", err)
		}
		defer func() { err = errors.Join(err, os.RemoveAll(folder)) }()
	}
	if err := os.MkdirAll(folder, 0o700); err != nil {
		return fmt.Errorf("make the demo's folder: %w", err)
	}
	store, err := bolt.Open(ctx, bolt.Options{Path: filepath.Join(folder, "trellis.db")})
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, store.Close()) }()
	timeline, err := bolt.Open(ctx, bolt.Options{Path: filepath.Join(folder, "web.db")})
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, timeline.Close()) }()
	return d.open(ctx, listener, folder, store, timeline)
}

// open puts engine and pages together, plays the script into a new room, and serves until ctx ends.
func (d *demo) open(ctx context.Context, listener net.Listener, folder string, store, timeline storage.Store) error {
	script, err := rehearse.Parse("demo.trellis", demoScript)
	if err != nil {
		return err
	}
	book, err := newBook(script.Zone.String(), "en")
	if err != nil {
		return err
	}
	pages, err := webOptions(host{log: d.log, store: store, book: book, now: func() time.Time { return d.engine.Now() }}, timeline)
	if err != nil {
		return err
	}
	pages.Zone = script.Zone
	pages.Demo = &web.Demo{Move: func(ctx context.Context, to time.Time) error { return d.move(ctx, folder, to) }}
	clock, err := readClock(folder)
	if err != nil {
		return err
	}
	stage := newStaging(script, time.Now())
	if clock.IsZero() {
		clock = stage.start
	}
	if d.pages, err = web.New(ctx, pages); err != nil {
		return err
	}
	if d.engine, err = bot.New(bot.Config{
		Options: bot.Options{Store: store, Book: book, Log: d.log}, Adapters: []chat.Adapter{d.pages}, Ahead: time.Until(clock),
	}); err != nil {
		return err
	}
	work, stop := context.WithCancel(ctx)
	ended := make(chan error, 1)
	go func() { ended <- d.engine.Run(work) }()
	defer stop()
	if len(d.pages.Rooms()) == 0 {
		if err := stage.into(work, d); err != nil {
			stop()
			return errors.Join(fmt.Errorf("set up the demo: %w", err), <-ended)
		}
	}
	server := newServer(d.pages.Handler(), d.log)
	go func() { _ = server.Serve(listener) }()
	fmt.Fprintf(d.stdout, "Trellis is on http://%s\nOpen it in a browser. Ctrl-C ends the demo.\n", listener.Addr())
	err = <-ended
	closing, cancel := context.WithTimeout(context.WithoutCancel(ctx), shutdownTime)
	defer cancel()
	if server.Shutdown(closing) != nil {
		_ = server.Close() // pages that stay open for news do not end by themselves
	}
	return errors.Join(err, writeClock(folder, d.engine.Now()))
}

func (d *demo) move(ctx context.Context, folder string, to time.Time) error {
	if err := d.engine.Advance(ctx, to); err != nil {
		return err
	}
	return writeClock(folder, d.engine.Now())
}

// listenNear listens at address, or at another free port of its host when the usual one is taken.
func listenNear(ctx context.Context, address string) (net.Listener, error) {
	var lc net.ListenConfig
	l, err := lc.Listen(ctx, "tcp", address)
	if err != nil && address == usualDemo && errors.Is(err, syscall.EADDRINUSE) {
		l, err = lc.Listen(ctx, "tcp", "127.0.0.1:0")
	}
	if err != nil {
		return nil, fmt.Errorf("listen for browsers: %w", err)
	}
	if ip := l.Addr().(*net.TCPAddr).IP; !ip.IsLoopback() {
		return nil, errors.Join(fmt.Errorf("a demo lets anybody be anybody, so it listens on this machine alone: give --listen 127.0.0.1:PORT, not %s", address), l.Close())
	}
	return l, nil
}

func ignoreClosed(err error) error {
	if errors.Is(err, net.ErrClosed) {
		return nil
	}
	return err
}

// clockFile says what time it was in the demo when it ended, since a store's time must not go back.
const clockFile = "clock"

func readClock(folder string) (time.Time, error) {
	data, err := os.ReadFile(filepath.Join(folder, clockFile))
	if errors.Is(err, os.ErrNotExist) {
		return time.Time{}, nil
	}
	if err != nil {
		return time.Time{}, err
	}
	var at time.Time
	if err := at.UnmarshalText(data); err != nil {
		return at, fmt.Errorf("read the demo's clock: %w", err)
	}
	return at, nil
}

func writeClock(folder string, at time.Time) error {
	data, err := at.UTC().MarshalText()
	if err != nil {
		return err
	}
	return os.WriteFile(filepath.Join(folder, clockFile), data, 0o600)
}
