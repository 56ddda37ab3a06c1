// Package slacktest is a Slack for tests: its Web API, Socket Mode, signed events over HTTP, and people who write, press,
// fill in and read.
//
// How it works: a Server keeps workspaces with their people, channels and messages, in memory. An app talks to it by
// HTTP and WebSocket alone, as to Slack; a test acts and looks through the methods of Workspace. What people do becomes
// an envelope that is sent until it is acknowledged (events), or once (clicks, forms, commands).
//
// What always holds: blocks and views are held against Block Kit's schema, arguments against each method's list, scopes
// against what was granted; what Slack would refuse is refused with Slack's word. A trigger opens one view within three
// seconds. All methods are for use by many goroutines.
//
// It tells the truth as far as Slack's documentation does; where it does not, the stricter was chosen.
package slacktest

import (
	_ "embed"
	"encoding/json"
	"fmt"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"sync"
	"time"
)

// Options make a Server.
type Options struct {
	// Scopes are granted to the app; all that it could want unless given.
	Scopes []string
	// Retries are the pauses before an event is sent again that was not acknowledged; at once, after a minute and after five,
	// as Slack has it, unless given.
	Retries []time.Duration
	// AckWithin is how long an acknowledgement may take; 3 s unless given.
	AckWithin time.Duration
	// TriggerFor is how long a trigger opens a view; 3 s unless given.
	TriggerFor time.Duration
	// EventsURL is the app's address, without a path, when it takes events by HTTP instead of Socket Mode.
	EventsURL string
	// Memory, when set, is where the app reaches it, instead of a port of this machine.
	Memory *Memory
	// Plain has people read texts as they were written for clients that can show no dates and no mentions.
	Plain bool
	// TokensLast is how long a token of an installation lasts; 12 h unless given.
	TokensLast time.Duration
	// PerChannel is how many messages a second a channel takes, and PerMinute how often a method may be called; zero: as often as one likes.
	PerChannel, PerMinute int
}

// What an app is told when it is made.
const (
	AppToken      = "xapp-1-test"
	SigningSecret = "8f742231b10e8888abcd99yyyzzz85a5"
	ClientID      = "1.2"
	ClientSecret  = "client-secret"
	AppID         = "A1"
)

// Server is a Slack.
type Server struct {
	o       Options
	http    *httptest.Server
	schema  *schema
	methods map[string]method
	work    sync.WaitGroup
	done    chan struct{}

	mu         sync.Mutex // guards what follows; never held while an app is sent to
	workspaces map[string]*Workspace
	tokens     map[string]*Workspace
	conns      []*conn
	tickets    map[string]bool
	next       int // of all numbers that are used once
	waiting    []*envelope
	triggers   map[string]*trigger
	codes      map[string]*Workspace // of installations that somebody allowed
	refresh    map[string]*Workspace
	faults     []*fault
	calls      []Call
	violations []string
	log        []Shown
	rates      map[string][]time.Time
	last       *envelope // event
	clock      time.Time // of the last ts
}

// Call is one call of the Web API.
type Call struct {
	Method string
	Args   map[string]string
	At     time.Time
}

//go:embed testdata/methods.json
var methodList []byte

// New opens a Slack with one workspace, T1, in which the app is installed.
func New(o Options) (*Server, error) {
	if o.Retries == nil {
		o.Retries = []time.Duration{0, time.Minute, 5 * time.Minute}
	}
	if o.AckWithin == 0 {
		o.AckWithin = 3 * time.Second
	}
	if o.TokensLast == 0 {
		o.TokensLast = 12 * time.Hour
	}
	if o.TriggerFor == 0 {
		o.TriggerFor = 3 * time.Second
	}
	s := &Server{
		o: o, done: make(chan struct{}), workspaces: map[string]*Workspace{}, tokens: map[string]*Workspace{}, tickets: map[string]bool{},
		triggers: map[string]*trigger{}, codes: map[string]*Workspace{}, refresh: map[string]*Workspace{}, rates: map[string][]time.Time{},
	}
	var err error
	if s.schema, err = readSchema(); err != nil {
		return nil, err
	}
	if err := json.Unmarshal(methodList, &s.methods); err != nil {
		return nil, fmt.Errorf("read methods: %w", err)
	}
	if s.o.Scopes == nil {
		for _, m := range s.methods {
			s.o.Scopes = append(s.o.Scopes, m.Scopes...)
		}
		s.o.Scopes = append(s.o.Scopes, "commands", "app_mentions:read", "reactions:read")
		slices.Sort(s.o.Scopes)
		s.o.Scopes = slices.Compact(s.o.Scopes)
	}
	mux := http.NewServeMux()
	mux.HandleFunc("/api/", s.serveAPI)
	mux.HandleFunc("/link/", s.serveSocket)
	s.http = httptest.NewUnstartedServer(mux)
	if o.Memory != nil {
		_ = s.http.Listener.Close()
		s.http.Listener = o.Memory
	}
	s.http.Start()
	s.AddWorkspace("T1")
	return s, nil
}

// Close ends the Slack. What was not acknowledged is lost.
func (s *Server) Close() {
	s.mu.Lock()
	select {
	case <-s.done:
	default:
		close(s.done)
	}
	conns := slices.Clone(s.conns)
	s.mu.Unlock()
	for _, c := range conns {
		c.cut()
	}
	s.http.CloseClientConnections()
	s.http.Close()
	s.work.Wait()
}

// APIURL is where the Web API is.
func (s *Server) APIURL() string { return s.http.URL + "/api/" }

// Workspace returns T1.
func (s *Server) Workspace() *Workspace {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.workspaces["T1"]
}

// AddWorkspace opens a workspace in which the app is installed, with the token xoxb-ID.
func (s *Server) AddWorkspace(id string) *Workspace {
	s.mu.Lock()
	defer s.mu.Unlock()
	w := &Workspace{
		s: s, ID: id, Bot: "UBOT" + id, Token: "xoxb-" + id, scopes: slices.Clone(s.o.Scopes), people: map[string]*person{},
		channels: map[string]*channel{}, views: map[string]*View{}, homes: map[string]*View{}, dnd: map[string]DND{},
	}
	w.people[w.Bot] = &person{Person: Person{ID: w.Bot, Name: "trellis"}, bot: true}
	s.workspaces[id], s.tokens[w.Token] = w, w
	return w
}

// Calls are the calls of a method so far, or with "" all.
func (s *Server) Calls(method string) []Call {
	s.mu.Lock()
	defer s.mu.Unlock()
	return slices.DeleteFunc(slices.Clone(s.calls), func(c Call) bool { return method != "" && c.Method != method })
}

// Violations are what Slack would have refused, or silently ignored: arguments that a method does not have, blocks that are none.
func (s *Server) Violations() []string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return slices.Clone(s.violations)
}

// violate is called with s.mu held.
func (s *Server) violate(format string, args ...any) {
	s.violations = append(s.violations, fmt.Sprintf(format, args...))
}

// number is called with s.mu held.
func (s *Server) number() int {
	s.next++
	return s.next
}

// Now is a new ts, later than all before. It is called with s.mu held.
func (s *Server) ts() string {
	now := time.Now()
	if !now.After(s.clock.Add(time.Microsecond)) {
		now = s.clock.Add(10 * time.Microsecond)
	}
	s.clock = now.Truncate(time.Microsecond)
	return fmt.Sprintf("%d.%06d", s.clock.Unix(), s.clock.Nanosecond()/1000)
}

// FaultKind is what becomes of a call.
type FaultKind int

// Kinds of fault.
const (
	TooFast   FaultKind = iota // 429
	Broken                     // 500, and nothing was done
	LostWay                    // the connection is cut, and nothing was done
	LostReply                  // it was done, and the connection is cut
	BadJSON                    // it was done, and the answer is none
	Refused                    // ok: false, with Fault.Error
)

// Fault is what becomes of the next call of a method.
type Fault struct {
	Kind   FaultKind
	Method string        // begins so; empty: chat.
	After  time.Duration // of a TooFast; zero: no Retry-After
	Error  string
	Times  int // so many calls; zero: one
}

type fault struct {
	Fault
	left int
}

// Fault makes the next call meet a fault.
func (s *Server) Fault(f Fault) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if f.Method == "" {
		f.Method = "chat."
	}
	s.faults = append(s.faults, &fault{f, max(f.Times, 1)})
}

// NoFaults takes back the faults that were not met.
func (s *Server) NoFaults() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.faults = nil
}

// meet is the fault that a call meets; nil: none. It is called with s.mu held.
func (s *Server) meet(method string) *Fault {
	for i, f := range s.faults {
		if strings.HasPrefix(method, f.Method) {
			if f.left--; f.left == 0 {
				s.faults = slices.Delete(s.faults, i, i+1)
			}
			return &f.Fault
		}
	}
	return nil
}
