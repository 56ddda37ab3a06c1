package browser

import (
	"io"
	"net"
	"sync"
	"testing"
)

// wire is a connection between a browser and a server that can be cut.
type wire struct {
	listener net.Listener
	to       string

	mu    sync.Mutex // guards what follows
	state wireState
	open  map[net.Conn]bool
}

type wireState int

const (
	whole wireState = iota
	broken
	oneWay // what the browser sends arrives, and what the server answers does not
)

func newWire(t *testing.T, to string) *wire {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	w := &wire{listener: l, to: to, open: map[net.Conn]bool{}}
	var work sync.WaitGroup
	work.Go(func() {
		for {
			c, err := l.Accept()
			if err != nil {
				return
			}
			work.Go(func() { w.carry(c) })
		}
	})
	t.Cleanup(func() {
		_ = l.Close()
		w.become(broken)
		work.Wait()
	})
	return w
}

func (w *wire) address() string { return w.listener.Addr().String() }

func (w *wire) cut()         { w.become(broken) }
func (w *wire) mend()        { w.become(whole) }
func (w *wire) loseAnswers() { w.become(oneWay) }

// become sets the state for new connections. Those that are open end, for no wire changes under what it carries.
func (w *wire) become(s wireState) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.state = s
	for c := range w.open {
		_ = c.Close()
	}
}

func (w *wire) now() wireState {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.state
}

// keep notes a connection, or closes it where the wire is broken.
func (w *wire) keep(c net.Conn) bool {
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.state == broken {
		_ = c.Close()
		return false
	}
	w.open[c] = true
	return true
}

func (w *wire) drop(c net.Conn) {
	w.mu.Lock()
	defer w.mu.Unlock()
	delete(w.open, c)
	_ = c.Close()
}

func (w *wire) carry(browser net.Conn) {
	if !w.keep(browser) {
		return
	}
	defer w.drop(browser)
	server, err := net.Dial("tcp", w.to)
	if err != nil || !w.keep(server) {
		return
	}
	defer w.drop(server)
	var both sync.WaitGroup
	both.Go(func() {
		_, _ = io.Copy(server, browser)
		_ = server.Close()
	})
	if w.now() == oneWay {
		_, _ = server.Read(make([]byte, 1)) // the server has heard, and answers
	} else {
		_, _ = io.Copy(browser, server)
	}
	_ = browser.Close()
	both.Wait()
}
