package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"log/slog"
	"net"
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"time"

	"trellis/bot"
	"trellis/flows"
	"trellis/storage/bolt"
)

// A Trellis that runs holds its store. What the operator's other commands want of it they ask over a socket in the data
// folder, in HTTP: whoever may use the folder may ask.
const socketName = "trellis.sock"

// admin answers what the other commands ask of a Trellis that runs.
type admin struct {
	engine  *bot.Engine
	store   *bolt.Store
	book    *flows.Book
	folder  string
	copiers []copier
}

func (a admin) routes() http.Handler {
	mux := http.NewServeMux()
	mux.Handle("GET /healthz", a.engine.Healthz())
	mux.Handle("/status", a.engine.StatusHandler())
	mux.HandleFunc("POST /backup", a.answer(func(ctx context.Context, w io.Writer, _ url.Values) error {
		return writeBackup(ctx, a.folder, a.copiers, w)
	}))
	mux.HandleFunc("GET /export", a.answer(func(ctx context.Context, w io.Writer, q url.Values) error {
		return localFirst(a.folder, w, func(w io.Writer) error { return writeExport(ctx, a.store, q.Get("group"), w) })
	}))
	mux.HandleFunc("GET /documents", a.answer(func(ctx context.Context, w io.Writer, q url.Values) error {
		return localFirst(a.folder, w, func(w io.Writer) error {
			return writeDocuments(ctx, a.store, a.book, q.Get("group"), time.Now(), w)
		})
	}))
	return mux
}

// answer has f write the answer. An error after its first byte cuts the connection, so that nobody takes half an answer
// for a whole one.
func (a admin) answer(f func(ctx context.Context, w io.Writer, q url.Values) error) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		out := &begun{w: w}
		err := f(r.Context(), out, r.URL.Query())
		switch {
		case err == nil:
		case out.some:
			panic(http.ErrAbortHandler)
		default:
			http.Error(w, err.Error(), http.StatusInternalServerError)
		}
	}
}

// begun notes whether anything was written.
type begun struct {
	w    io.Writer
	some bool
}

func (b *begun) Write(p []byte) (int, error) {
	b.some = true
	return b.w.Write(p)
}

// open answers on the socket until stop is called, which also ends what is still being answered.
func (a admin) open(ctx context.Context, log *slog.Logger) (stop func(), err error) {
	path := filepath.Join(a.folder, socketName)
	l, err := listenSocket(path)
	if err != nil {
		return func() {}, fmt.Errorf("open the socket %s: %w", path, err)
	}
	ctx, cancel := context.WithCancel(context.WithoutCancel(ctx))
	server := newServer(a.routes(), log)
	server.ReadTimeout = 0 // a backup takes as long as it takes
	server.BaseContext = func(net.Listener) context.Context { return ctx }
	done := make(chan struct{})
	go func() {
		defer close(done)
		_ = server.Serve(l)
	}()
	return func() {
		cancel()
		ending, cancel := context.WithTimeout(context.WithoutCancel(ctx), shutdownTime)
		defer cancel()
		if server.Shutdown(ending) != nil {
			_ = server.Close()
		}
		<-done
		_ = os.Remove(path) // one that stays is taken for what it is: nobody answers on it
	}, nil
}

// listenSocket makes a socket that its owner alone can reach from the first instant on, and puts it in the place of one
// that a crash left. The caller holds the store, so no other Trellis answers there.
func listenSocket(path string) (net.Listener, error) {
	folder, done, err := reach(filepath.Dir(path))
	if err != nil {
		return nil, err
	}
	defer done()
	private, err := os.MkdirTemp(folder, leftover) // nobody else gets into it while the socket has the usual rights
	if err != nil {
		return nil, err
	}
	defer os.RemoveAll(private)
	fresh := filepath.Join(private, "s")
	l, err := net.ListenUnix("unix", &net.UnixAddr{Name: fresh, Net: "unix"})
	if err != nil {
		return nil, err
	}
	l.SetUnlinkOnClose(false) // it has moved by then
	if err := errors.Join(os.Chmod(fresh, 0o600), os.Rename(fresh, path)); err != nil {
		return nil, errors.Join(err, l.Close())
	}
	return l, nil
}

// mostSocketPath is how long a socket's path may be, in bytes: 103 on macOS and the BSDs, 107 on Linux.
const mostSocketPath = 100

// reach returns a path to a folder that is short enough for the sockets in it; a long one is reached through a link in
// the folder for temporary files, until done is called.
func reach(folder string) (short string, done func(), err error) {
	if len(folder)+len("/"+leftover+"1234567890/s") <= mostSocketPath {
		return folder, func() {}, nil
	}
	whole, err := filepath.Abs(folder)
	if err != nil {
		return "", nil, err
	}
	temporary, err := os.MkdirTemp("", "trellis-")
	if err != nil {
		return "", nil, fmt.Errorf("the path is too long for a socket, and a shorter one cannot be made: %w", err)
	}
	link := filepath.Join(temporary, "d")
	if err := os.Symlink(whole, link); err != nil {
		return "", nil, errors.Join(err, os.RemoveAll(temporary))
	}
	return link, func() { _ = os.RemoveAll(temporary) }, nil // takes the link away, not where it leads
}

// adminClient asks a Trellis that runs.
type adminClient struct{ http http.Client }

// running returns a client of the Trellis that works on a data folder, or nil when none does.
func running(ctx context.Context, folder string) (*adminClient, error) {
	dial := func(ctx context.Context) (net.Conn, error) {
		short, done, err := reach(folder)
		if err != nil {
			return nil, err
		}
		defer done()
		return (&net.Dialer{}).DialContext(ctx, "unix", filepath.Join(short, socketName))
	}
	conn, err := dial(ctx)
	switch {
	case errors.Is(err, fs.ErrNotExist), errors.Is(err, syscall.ECONNREFUSED):
		return nil, nil
	case errors.Is(err, fs.ErrPermission):
		return nil, fmt.Errorf("ask the Trellis that runs: %w; run this as the user who runs it", err)
	case err != nil:
		return nil, fmt.Errorf("ask the Trellis that runs: %w", err)
	}
	_ = conn.Close()
	return &adminClient{http.Client{Transport: &http.Transport{
		DialContext:       func(ctx context.Context, _, _ string) (net.Conn, error) { return dial(ctx) },
		DisableKeepAlives: true,
	}}}, nil
}

// ask returns the answer, to be closed; an answer that is none of success is an error with its text.
func (c *adminClient) ask(ctx context.Context, method, path string, form url.Values) (io.ReadCloser, error) {
	target, body := "http://trellis"+path, ""
	if method == http.MethodPost {
		body = form.Encode()
	} else if len(form) > 0 {
		target += "?" + form.Encode()
	}
	r, err := http.NewRequestWithContext(ctx, method, target, strings.NewReader(body))
	if err != nil {
		return nil, err
	}
	r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	answer, err := c.http.Do(r)
	if err != nil {
		return nil, fmt.Errorf("ask the Trellis that runs: %w", err)
	}
	if answer.StatusCode < 300 {
		return answer.Body, nil
	}
	defer answer.Body.Close()
	text, err := io.ReadAll(io.LimitReader(answer.Body, 64<<10))
	if err != nil {
		return nil, fmt.Errorf("ask the Trellis that runs: %w", err)
	}
	return nil, errors.New(strings.TrimSpace(string(text)))
}

// leftover begins the names of files that a command or a crash may leave in the data folder.
const leftover = ".trellis-"

// removeLeftovers takes away what a crash left half done; what people wrote may stand in it. The caller holds the
// store, so nobody works on any of it.
func removeLeftovers(folder string) error {
	names, err := os.ReadDir(folder)
	if err != nil {
		return fmt.Errorf("look for what a crash left: %w", err)
	}
	for _, d := range names {
		for _, half := range []string{leftover, storeName + ".copy-", storeName + ".new-"} {
			if !strings.HasPrefix(d.Name(), half) {
				continue
			}
			if err := os.RemoveAll(filepath.Join(folder, d.Name())); err != nil {
				return fmt.Errorf("remove what a crash left: %w", err)
			}
		}
	}
	return nil
}
