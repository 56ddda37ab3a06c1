package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/http"
	"os"
	"os/signal"
	"path/filepath"
	"syscall"
	"time"

	"trellis/bot"
	"trellis/config"
	"trellis/storage"
	"trellis/storage/bolt"
)

const runHelp = `Usage: trellis run [--config FILE]

Runs Trellis until it is told to stop (Ctrl-C, or SIGTERM): what is on its way is then finished first. The
settings are read from FILE and the environment; ` + "`trellis check`" + ` says what would go wrong.

  trellis run --config /etc/trellis.yaml
  TRELLIS_DATA=/var/lib/trellis TRELLIS_HTTP_LISTEN=127.0.0.1:8080 trellis run
`

func runRun(args []string, _ io.Reader, _, stderr io.Writer) int {
	fs := flag.NewFlagSet("run", flag.ContinueOnError)
	file := fs.String("config", "", "the `file` with the settings")
	rest, code, done := parseFlags(fs, runHelp, args, stderr, stderr)
	if done {
		return code
	}
	if len(rest) > 0 {
		return usageError(fs, stderr, "takes only flags, but got %q; name the file by --config", rest)
	}
	c, err := settings(*file)
	if err != nil {
		return failed("run", stderr, err)
	}
	ctx, stop := signal.NotifyContext(context.Background(), syscall.SIGINT, syscall.SIGTERM)
	defer stop()
	context.AfterFunc(ctx, stop) // a second signal ends the process at once
	if err := serve(ctx, c, platformSpecs(), newLog(c, stderr)); err != nil {
		return failed("run", stderr, err)
	}
	return exitOK
}

// newLog is the log as the settings want it.
func newLog(c *config.Config, w io.Writer) *slog.Logger {
	var level slog.Level
	_ = level.UnmarshalText([]byte(c.String("log.level"))) // checked when it was read
	options := &slog.HandlerOptions{Level: level}
	if c.String("log.format") == "json" {
		return slog.New(slog.NewJSONHandler(w, options))
	}
	return slog.New(slog.NewTextHandler(w, options))
}

// serve runs the engine with the platforms that are configured, until ctx ends.
func serve(ctx context.Context, c *config.Config, specs []platformSpec, log *slog.Logger) (err error) {
	folder := c.String("data")
	if err := os.MkdirAll(folder, 0o700); err != nil {
		return fmt.Errorf("make the data folder: %w", err)
	}
	// Its map has room for far more than any store of ours has: while somebody reads, such as a backup or an export, it
	// cannot be moved, and whoever writes would wait.
	store, err := bolt.Open(ctx, bolt.Options{Path: storeFile(c)})
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, store.Close()) }()
	if err := removeLeftovers(folder); err != nil {
		return err
	}
	book, err := newBook(c.Zone("group.zone").String(), c.String("group.language"))
	if err != nil {
		return err
	}
	h := host{config: c, log: log, store: store, book: book, now: time.Now}
	platforms, err := openPlatforms(ctx, h, specs)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, platforms.close()) }()
	engine, err := bot.New(bot.Config{
		Options:  bot.Options{Store: store, Book: book, Log: log, Pace: platforms.pace},
		Adapters: platforms.adapters,
		Begun:    filepath.Join(folder, "begun"),
		Forget:   platforms.forgetAccount,
		Erase: func(ctx context.Context) error {
			errs := []error{store.Scrub(ctx)}
			for _, erase := range platforms.erasers {
				errs = append(errs, erase(ctx))
			}
			return errors.Join(errs...)
		},
		Bytes: func(ctx context.Context) (int64, error) {
			stats, err := store.Stats(ctx)
			return stats.Bytes, err
		},
	})
	if err != nil {
		return err
	}
	a := admin{engine: engine, store: store, book: book, folder: folder, copiers: runningCopiers(folder, store, stateFiles(specs), platforms)}
	stopAdmin, err := a.open(ctx, log)
	if err != nil {
		// What people are owed does not wait for what the operator may ask.
		log.Warn("the commands status, backup and export cannot reach this Trellis", "error", err)
	}
	defer stopAdmin()
	stopHTTP, err := listen(ctx, c, engine, platforms, log)
	if err != nil {
		return err
	}
	defer stopHTTP()
	v, _, _ := built()
	log.Info("Trellis is running", "version", v, "data", folder)
	err = checkBeside(ctx, store, engine.Run)
	log.Info("Trellis has stopped")
	return err
}

// checkBeside looks at every page of the store while run works, since a start after a clean stop does not. Damage ends
// run, as it would when it is read.
func checkBeside(ctx context.Context, store *bolt.Store, run func(context.Context) error) error {
	work, end := context.WithCancelCause(ctx)
	checked := make(chan struct{})
	go func() {
		defer close(checked)
		if err := store.Check(work); errors.Is(err, storage.ErrDamaged) {
			end(err)
		}
	}()
	err := run(work)
	if damage := context.Cause(work); errors.Is(damage, storage.ErrDamaged) {
		err = errors.Join(damage, err)
	}
	end(nil)
	<-checked
	return err
}

// Limits of the HTTP servers, against slow and large senders.
const (
	readWithin   = 10 * time.Second
	idleWithin   = 2 * time.Minute
	maxHeader    = 32 << 10 // bytes
	shutdownTime = 5 * time.Second
)

func newServer(h http.Handler, log *slog.Logger) *http.Server {
	return &http.Server{
		Handler: h, ReadHeaderTimeout: readWithin, ReadTimeout: readWithin, IdleTimeout: idleWithin, MaxHeaderBytes: maxHeader,
		ErrorLog: slog.NewLogLogger(log.Handler(), slog.LevelDebug),
	}
}

// listen opens the HTTP ports that are configured; there is none otherwise. The returned function closes them.
func listen(ctx context.Context, c *config.Config, e *bot.Engine, p platforms, log *slog.Logger) (stop func(), err error) {
	var servers []*http.Server
	stop = func() {
		ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), shutdownTime)
		defer cancel()
		for _, s := range servers {
			if s.Shutdown(ctx) != nil {
				_ = s.Close() // pages that stay open for news do not end by themselves
			}
		}
	}
	open := func(address string, h http.Handler) error {
		l, err := (&net.ListenConfig{}).Listen(ctx, "tcp", address)
		if err != nil {
			return fmt.Errorf("listen on %s: %w", address, err)
		}
		s := newServer(h, log)
		servers = append(servers, s)
		go func() { _ = s.Serve(l) }()
		return nil
	}
	address, metrics := c.String("http.listen"), c.String("http.metrics")
	if address != "" {
		mux := http.NewServeMux()
		mux.Handle("GET /healthz", e.Healthz())
		mux.Handle("GET /readyz", e.Readyz())
		if metrics == "" {
			mux.Handle("GET /metrics", loopbackOnly(e.Metrics()))
		}
		for pattern, h := range p.routes {
			mux.Handle(pattern, h)
		}
		if err := open(address, mux); err != nil {
			return nil, err
		}
	}
	if metrics != "" {
		mux := http.NewServeMux()
		mux.Handle("GET /metrics", e.Metrics())
		if err := open(metrics, mux); err != nil {
			stop()
			return nil, err
		}
	}
	return stop, nil
}

// loopbackOnly answers those on this machine alone.
func loopbackOnly(h http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		host, _, err := net.SplitHostPort(r.RemoteAddr)
		if ip := net.ParseIP(host); err != nil || ip == nil || !ip.IsLoopback() || r.Header.Get("X-Forwarded-For") != "" {
			http.NotFound(w, r)
			return
		}
		h.ServeHTTP(w, r)
	})
}
