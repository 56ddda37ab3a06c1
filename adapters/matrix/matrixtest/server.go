// Package matrixtest is a small Matrix homeserver for tests: what the adapter and the people of a test need of the
// client-server API, in memory and in clear.
//
// How it works: Start serves over HTTP on loopback; everything that happens is an event on one timeline, whose length
// is the token of a sync. People (person.go) speak the same API by HTTP, so that a test may put a real homeserver in this
// one's place. Faults stand before the API (fault.go).
//
// What always holds: an event that was answered for is there, once for each transaction ID of a token, unless the
// server was made to forget. Invited people see no more than who invites. It does not encrypt: keys that are uploaded
// are thrown away.
//
// To test with it: make people with NewPerson and an adapter with URL, then act and look.
package matrixtest

import (
	"encoding/json"
	"fmt"
	"net/http"
	"net/http/httptest"
	"sync"
	"time"
)

// ServerName is the part of every ID after the colon.
const ServerName = "matrix.test"

// Server is the homeserver.
type Server struct {
	URL string

	http *httptest.Server
	end  chan struct{} // closed when it ends, for those who wait in a sync

	mu       sync.Mutex // guards what follows
	news     chan struct{}
	events   []*stored
	rooms    map[string]*room
	users    map[string]*user
	tokens   map[string]session
	sent     map[string]string // token and path of a send → event
	faults   []Fault
	limit    int // events of a room in one sync; more is a gap
	numbers  int
	rejected map[string]string // token → how it is refused
}

type user struct {
	password string
	name     string
	data     map[string]json.RawMessage // account data
	dataAt   int
}

type session struct{ user, device string }

type room struct {
	state   map[[2]string]*stored // by type and key, as it is now
	members map[string]string
}

// stored is an event as it stands.
type stored struct {
	room    string
	at      int
	token   string // of who sent it
	txn     string
	Type    string          `json:"type"`
	Sender  string          `json:"sender"`
	ID      string          `json:"event_id"`
	TS      int64           `json:"origin_server_ts"`
	Key     *string         `json:"state_key,omitempty"`
	Content json.RawMessage `json:"content"`
	Redacts string          `json:"redacts,omitempty"`
	prev    json.RawMessage
	invite  string // who sees it as an invitation
	gone    *stored
}

// Start opens a homeserver; Close ends it.
func Start() *Server {
	s := &Server{
		end: make(chan struct{}), news: make(chan struct{}), rooms: map[string]*room{}, users: map[string]*user{},
		tokens: map[string]session{}, sent: map[string]string{}, limit: 50, rejected: map[string]string{},
	}
	mux := http.NewServeMux()
	const api = "/_matrix/client/v3"
	for pattern, handle := range map[string]handler{
		"GET " + api + "/account/whoami":                       s.whoami,
		"GET " + api + "/sync":                                 s.sync,
		"POST " + api + "/createRoom":                          s.createRoom,
		"POST " + api + "/join/{room}":                         s.join,
		"GET " + api + "/joined_rooms":                         s.joinedRooms,
		"POST " + api + "/rooms/{room}/{act}":                  s.act,
		"PUT " + api + "/rooms/{room}/send/{type}/{txn}":       s.send,
		"PUT " + api + "/rooms/{room}/redact/{event}/{txn}":    s.redact,
		"PUT " + api + "/rooms/{room}/state/{type}/{key}":      s.putState,
		"PUT " + api + "/rooms/{room}/state/{type}":            s.putState,
		"GET " + api + "/rooms/{room}/state":                   s.state,
		"GET " + api + "/rooms/{room}/state/{type}/{key}":      s.stateOf,
		"GET " + api + "/rooms/{room}/state/{type}/{$}":        s.stateOf,
		"GET " + api + "/rooms/{room}/state/{type}":            s.stateOf,
		"GET " + api + "/rooms/{room}/messages":                s.messages,
		"GET " + api + "/rooms/{room}/event/{event}":           s.event,
		"POST " + api + "/rooms/{room}/receipt/m.read/{event}": s.ignored,
		"PUT " + api + "/user/{user}/account_data/{type}":      s.putData,
		"GET " + api + "/user/{user}/account_data/{type}":      s.data,
		"PUT " + api + "/profile/{user}/displayname":           s.displayName,
	} {
		mux.HandleFunc(pattern, s.known(handle))
	}
	mux.HandleFunc("POST "+api+"/login", s.login)
	mux.HandleFunc("GET /_matrix/client/versions", func(w http.ResponseWriter, _ *http.Request) {
		reply(w, http.StatusOK, map[string]any{"versions": []string{"v1.11"}})
	})
	mux.HandleFunc("/", func(w http.ResponseWriter, _ *http.Request) { fail(w, http.StatusNotFound, "M_UNRECOGNIZED") })
	s.http = httptest.NewServer(s.faulty(mux))
	s.URL = s.http.URL
	return s
}

// Close ends the server, and with it all who wait.
func (s *Server) Close() {
	close(s.end)
	s.http.Close()
}

// AddUser makes an account.
func (s *Server) AddUser(name, password string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.users["@"+name+":"+ServerName] = &user{password: password, name: name, data: map[string]json.RawMessage{}}
}

// Limit sets how many events of a room one sync holds; what is more is a gap.
func (s *Server) Limit(n int) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.limit = n
}

// Forget is a restart of the server: which transactions it had is forgotten, what was said is not.
func (s *Server) Forget() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.sent = map[string]string{}
}

// Revoke takes all tokens of a user back. With soft they may log in again as the same device.
func (s *Server) Revoke(user string, soft bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for token, of := range s.tokens {
		if of.user == user {
			delete(s.tokens, token)
			s.rejected[token] = "hard"
			if soft {
				s.rejected[token] = "soft"
			}
		}
	}
	s.wake()
}

// Devices counts the devices that have a token of a user.
func (s *Server) Devices(user string) int {
	s.mu.Lock()
	defer s.mu.Unlock()
	devices := map[string]bool{}
	for _, of := range s.tokens {
		if of.user == user {
			devices[of.device] = true
		}
	}
	return len(devices)
}

func (s *Server) number() int { s.numbers++; return s.numbers }

// wake lets those go on who wait for something to happen.
func (s *Server) wake() {
	close(s.news)
	s.news = make(chan struct{})
}

// put puts an event on the timeline.
func (s *Server) put(in string, e *stored) *stored {
	e.room, e.at, e.TS = in, len(s.events), time.Now().UnixMilli()
	e.ID = fmt.Sprintf("$event%d", s.number())
	r := s.rooms[in]
	if e.Key != nil {
		key := [2]string{e.Type, *e.Key}
		if old := r.state[key]; old != nil {
			e.prev = old.Content
		}
		r.state[key] = e
		if e.Type == "m.room.member" {
			var m struct{ Membership string }
			_ = json.Unmarshal(e.Content, &m)
			r.members[*e.Key] = m.Membership
		}
	}
	s.events = append(s.events, e)
	s.wake()
	return e
}

// seen is an event as a session is shown it.
func (e *stored) seen(by string) map[string]any {
	v := map[string]any{
		"type": e.Type, "sender": e.Sender, "event_id": e.ID, "origin_server_ts": e.TS, "content": e.Content, "room_id": e.room,
	}
	unsigned := map[string]any{}
	if e.Key != nil {
		v["state_key"] = *e.Key
	}
	if e.Redacts != "" {
		v["redacts"] = e.Redacts
	}
	if e.prev != nil {
		unsigned["prev_content"] = e.prev
	}
	if e.txn != "" && e.token == by {
		unsigned["transaction_id"] = e.txn
	}
	if e.gone != nil {
		v["content"] = map[string]any{}
		unsigned["redacted_because"] = e.gone.seen(by)
	}
	v["unsigned"] = unsigned
	return v
}
