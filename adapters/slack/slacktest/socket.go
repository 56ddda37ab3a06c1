package slacktest

import (
	"fmt"
	"net/http"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/gorilla/websocket"
)

// conn is an app's socket.
type conn struct {
	s    *Server
	ws   *websocket.Conn
	mu   sync.Mutex // guards writing
	deaf bool       // half-open: nothing is read or written any more; guarded by s.mu
}

const mostConns = 10

// ticket is called with s.mu held.
func (s *Server) ticket() object {
	t := fmt.Sprintf("t%d", s.number())
	s.tickets[t] = true
	return object{"ok": true, "url": "ws" + strings.TrimPrefix(s.http.URL, "http") + "/link/?ticket=" + t}
}

func (s *Server) serveSocket(w http.ResponseWriter, r *http.Request) {
	ticket := r.URL.Query().Get("ticket")
	s.mu.Lock()
	known := s.tickets[ticket]
	delete(s.tickets, ticket)
	full := len(s.conns) >= mostConns
	s.mu.Unlock()
	if !known {
		http.Error(w, "ticket", http.StatusForbidden)
		return
	}
	up := websocket.Upgrader{}
	ws, err := up.Upgrade(w, r, nil)
	if err != nil {
		return
	}
	c := &conn{s: s, ws: ws}
	defer func() { _ = ws.Close() }()
	if full {
		c.write(object{"type": "disconnect", "reason": "too_many_websockets"})
		return
	}
	c.write(object{"type": "hello", "num_connections": 1, "connection_info": object{"app_id": AppID}})
	s.mu.Lock()
	s.conns = append(s.conns, c)
	for _, e := range s.waiting {
		s.begin(e)
	}
	s.mu.Unlock()
	c.read()
	s.mu.Lock()
	s.conns = slices.DeleteFunc(s.conns, func(o *conn) bool { return o == c })
	s.mu.Unlock()
}

// read takes acknowledgements until the connection ends.
func (c *conn) read() {
	ping := c.ws.PingHandler()
	c.ws.SetPingHandler(func(data string) error {
		if c.isDeaf() {
			return nil
		}
		return ping(data)
	})
	for {
		var ack struct {
			EnvelopeID string `json:"envelope_id"`
			Payload    object
		}
		if err := c.ws.ReadJSON(&ack); err != nil {
			return
		}
		if !c.isDeaf() {
			c.s.acknowledged(ack.EnvelopeID, ack.Payload)
		}
	}
}

func (c *conn) isDeaf() bool {
	c.s.mu.Lock()
	defer c.s.mu.Unlock()
	return c.deaf
}

func (c *conn) write(v any) {
	c.mu.Lock()
	defer c.mu.Unlock()
	_ = c.ws.SetWriteDeadline(time.Now().Add(time.Second))
	_ = c.ws.WriteJSON(v)
}

func (c *conn) cut() { _ = c.ws.Close() }

// Sockets is how many sockets the app has open.
func (s *Server) Sockets() int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return len(s.conns)
}

// Disconnect announces the end of all sockets, and ends them after a while.
func (s *Server) Disconnect(reason string, after time.Duration) {
	s.mu.Lock()
	conns := slices.Clone(s.conns)
	s.mu.Unlock()
	for _, c := range conns {
		c.write(object{"type": "disconnect", "reason": reason, "debug_info": object{"host": "test"}})
		s.work.Go(func() {
			select {
			case <-time.After(after):
			case <-s.done:
			}
			c.cut()
		})
	}
}

// Cut cuts all sockets off.
func (s *Server) Cut() {
	s.mu.Lock()
	conns := slices.Clone(s.conns)
	s.mu.Unlock()
	for _, c := range conns {
		c.cut()
	}
}

// GoDeaf makes all sockets half-open: they stay, and nothing comes or goes.
func (s *Server) GoDeaf() {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, c := range s.conns {
		c.deaf = true
	}
}
