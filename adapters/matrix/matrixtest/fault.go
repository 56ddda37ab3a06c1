package matrixtest

import (
	"bytes"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"time"
)

// Fault is what becomes of the next request that fits.
type Fault struct {
	Method string // empty: any
	Path   string // a part of it
	Kind   FaultKind
	After  time.Duration // of a TooFast: how long it asks to wait; zero: it does not say
}

// FaultKind says what kind.
type FaultKind int

// Kinds of fault.
const (
	TooFast   FaultKind = iota // 429
	Broken                     // 502, and it was not taken
	LostWay                    // the connection is cut before it was taken
	LostReply                  // it is taken, and the connection is cut before the answer
	Forbidden                  // 403
)

// Fail makes the next request that fits meet a fault.
func (s *Server) Fail(f Fault) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.faults = append(s.faults, f)
}

func (s *Server) nextFault(r *http.Request) (Fault, bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for i, f := range s.faults {
		if (f.Method == "" || f.Method == r.Method) && strings.Contains(r.URL.Path, f.Path) {
			s.faults = append(s.faults[:i:i], s.faults[i+1:]...)
			return f, true
		}
	}
	return Fault{}, false
}

// faulty stands before the API.
func (s *Server) faulty(api http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		f, met := s.nextFault(r)
		if !met {
			api.ServeHTTP(w, r)
			return
		}
		Spoil(w, r, f, api)
	})
}

// Spoil answers a request as a fault has it. It also serves a proxy before a real homeserver.
func Spoil(w http.ResponseWriter, r *http.Request, f Fault, api http.Handler) {
	switch f.Kind {
	case TooFast:
		reply(w, http.StatusTooManyRequests, problem{Code: "M_LIMIT_EXCEEDED", Text: "too fast", MS: f.After.Milliseconds()})
	case Broken:
		w.WriteHeader(http.StatusBadGateway)
		_, _ = io.WriteString(w, "<html>bad gateway</html>")
	case Forbidden:
		fail(w, http.StatusForbidden, "M_FORBIDDEN")
	case LostWay:
		panic(http.ErrAbortHandler) // net/http's way to cut a connection
	case LostReply:
		body, _ := io.ReadAll(r.Body)
		r.Body = io.NopCloser(bytes.NewReader(body))
		api.ServeHTTP(httptest.NewRecorder(), r)
		panic(http.ErrAbortHandler)
	}
}
