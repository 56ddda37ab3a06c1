package matrixtest

import (
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"slices"
	"strconv"
	"strings"
)

// call is a request of somebody who is known.
type call struct {
	*http.Request
	session
	token string
	body  json.RawMessage
}

// handler answers with a status and what is written as JSON. It is called with the server's lock held.
type handler func(c *call) (int, any)

type problem struct {
	Code string `json:"errcode"`
	Text string `json:"error"`
	Soft bool   `json:"soft_logout,omitempty"`
	MS   int64  `json:"retry_after_ms,omitempty"`
}

func reply(w http.ResponseWriter, status int, v any) {
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(status)
	_ = json.NewEncoder(w).Encode(v)
}

func fail(w http.ResponseWriter, status int, code string) {
	reply(w, status, problem{Code: code, Text: "a test's homeserver says so"})
}

func no(status int, code string) (int, any) {
	return status, problem{Code: code, Text: "a test's homeserver says so"}
}

func yes(v any) (int, any) { return http.StatusOK, v }

// maxBody is in bytes, of an event as the specification has it.
const maxBody = 65_536

// known lets only those through whom the server knows.
func (s *Server) known(handle handler) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		body, err := io.ReadAll(io.LimitReader(r.Body, maxBody+1))
		if err != nil {
			fail(w, http.StatusBadRequest, "M_NOT_JSON")
			return
		}
		if len(body) > maxBody {
			fail(w, http.StatusRequestEntityTooLarge, "M_TOO_LARGE")
			return
		}
		s.mu.Lock()
		c := &call{Request: r, token: strings.TrimPrefix(r.Header.Get("Authorization"), "Bearer "), body: body}
		of, ok := s.tokens[c.token]
		if !ok {
			soft := s.rejected[c.token] == "soft"
			s.mu.Unlock()
			reply(w, http.StatusUnauthorized, problem{Code: "M_UNKNOWN_TOKEN", Text: "no such token", Soft: soft})
			return
		}
		c.session = of
		status, v := handle(c)
		s.mu.Unlock()
		reply(w, status, v)
	}
}

func (s *Server) login(w http.ResponseWriter, r *http.Request) {
	var ask struct {
		Identifier struct{ User string }
		Password   string
		DeviceID   string `json:"device_id"`
	}
	if json.NewDecoder(r.Body).Decode(&ask) != nil {
		fail(w, http.StatusBadRequest, "M_NOT_JSON")
		return
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	id := ask.Identifier.User
	if !strings.HasPrefix(id, "@") {
		id = "@" + id + ":" + ServerName
	}
	u := s.users[id]
	if u == nil || u.password != ask.Password {
		fail(w, http.StatusForbidden, "M_FORBIDDEN")
		return
	}
	if ask.DeviceID == "" {
		ask.DeviceID = fmt.Sprintf("DEVICE%d", s.number())
	}
	token := fmt.Sprintf("token-%d", s.number())
	s.tokens[token] = session{id, ask.DeviceID}
	reply(w, http.StatusOK, map[string]any{"user_id": id, "access_token": token, "device_id": ask.DeviceID})
}

func (s *Server) whoami(c *call) (int, any) {
	return yes(map[string]any{"user_id": c.user, "device_id": c.device})
}

func (s *Server) ignored(*call) (int, any) { return yes(struct{}{}) }

func (s *Server) displayName(c *call) (int, any) {
	var ask struct{ Displayname string }
	_ = json.Unmarshal(c.body, &ask)
	s.users[c.user].name = ask.Displayname
	for in, r := range s.rooms {
		if r.members[c.user] == "join" {
			s.put(in, s.member(c.user, c.user, "join", false))
		}
	}
	return yes(struct{}{})
}

func (s *Server) putData(c *call) (int, any) {
	u := s.users[c.user]
	u.data[c.PathValue("type")], u.dataAt = c.body, len(s.events)
	s.wake()
	return yes(struct{}{})
}

func (s *Server) data(c *call) (int, any) {
	if v, ok := s.users[c.user].data[c.PathValue("type")]; ok {
		return yes(v)
	}
	return no(http.StatusNotFound, "M_NOT_FOUND")
}

// in tells whether a call is of somebody who is in its room.
func (s *Server) inRoom(c *call) (*room, string, bool) {
	in := c.PathValue("room")
	r := s.rooms[in]
	return r, in, r != nil && r.members[c.user] == "join"
}

func (s *Server) send(c *call) (int, any) {
	r, in, ok := s.inRoom(c)
	if r == nil || !ok || s.silenced(r, c.user) {
		return no(http.StatusForbidden, "M_FORBIDDEN")
	}
	key := c.token + " " + c.URL.Path
	if id, there := s.sent[key]; there {
		return yes(map[string]any{"event_id": id})
	}
	if kind := c.PathValue("type"); kind == "m.reaction" {
		if s.duplicate(in, c) {
			return no(http.StatusBadRequest, "M_DUPLICATE_ANNOTATION")
		}
	}
	e := s.put(in, &stored{Type: c.PathValue("type"), Sender: c.user, Content: c.body, token: c.token, txn: c.PathValue("txn")})
	s.sent[key] = e.ID
	return yes(map[string]any{"event_id": e.ID})
}

// silenced tells whether a room's power levels forbid somebody to write.
func (s *Server) silenced(r *room, who string) bool {
	e := r.state[[2]string{"m.room.power_levels", ""}]
	if e == nil {
		return false
	}
	var levels struct {
		Users    map[string]int `json:"users"`
		Messages int            `json:"events_default"`
	}
	_ = json.Unmarshal(e.Content, &levels)
	return levels.Users[who] < levels.Messages
}

type relation struct {
	Relates struct {
		Type  string `json:"rel_type"`
		Event string `json:"event_id"`
		Key   string `json:"key"`
	} `json:"m.relates_to"`
}

func (s *Server) duplicate(in string, c *call) bool {
	var asked relation
	_ = json.Unmarshal(c.body, &asked)
	return slices.ContainsFunc(s.events, func(e *stored) bool {
		var there relation
		return e.room == in && e.Type == "m.reaction" && e.Sender == c.user && e.gone == nil &&
			json.Unmarshal(e.Content, &there) == nil && there == asked
	})
}

func (s *Server) redact(c *call) (int, any) {
	r, in, ok := s.inRoom(c)
	if r == nil || !ok {
		return no(http.StatusForbidden, "M_FORBIDDEN")
	}
	key := c.token + " " + c.URL.Path
	if id, there := s.sent[key]; there {
		return yes(map[string]any{"event_id": id})
	}
	of := c.PathValue("event")
	at := slices.IndexFunc(s.events, func(e *stored) bool { return e.ID == of && e.room == in })
	if at < 0 || s.events[at].Sender != c.user {
		return no(http.StatusForbidden, "M_FORBIDDEN")
	}
	e := s.put(in, &stored{Type: "m.room.redaction", Sender: c.user, Content: json.RawMessage(`{"redacts":` + strconv.Quote(of) + `}`), Redacts: of, token: c.token, txn: c.PathValue("txn")})
	s.events[at].gone = e
	s.sent[key] = e.ID
	return yes(map[string]any{"event_id": e.ID})
}

func (s *Server) event(c *call) (int, any) {
	_, in, ok := s.inRoom(c)
	at := slices.IndexFunc(s.events, func(e *stored) bool { return e.ID == c.PathValue("event") && e.room == in })
	if !ok || at < 0 {
		return no(http.StatusNotFound, "M_NOT_FOUND")
	}
	return yes(s.events[at].seen(c.token))
}

// messages goes back from a token, or the end.
func (s *Server) messages(c *call) (int, any) {
	_, in, ok := s.inRoom(c)
	if !ok {
		return no(http.StatusForbidden, "M_FORBIDDEN")
	}
	limit, err := strconv.Atoi(c.FormValue("limit"))
	if err != nil || c.FormValue("dir") != "b" {
		return no(http.StatusBadRequest, "M_INVALID_PARAM")
	}
	at := len(s.events)
	if from := c.FormValue("from"); from != "" {
		if at, err = strconv.Atoi(from); err != nil {
			return no(http.StatusBadRequest, "M_INVALID_PARAM")
		}
	}
	chunk := []any{}
	for at--; at >= 0 && len(chunk) < limit; at-- {
		if e := s.events[at]; e.room == in {
			chunk = append(chunk, e.seen(c.token))
		}
	}
	answer := map[string]any{"start": c.FormValue("from"), "chunk": chunk}
	if at >= 0 {
		answer["end"] = strconv.Itoa(at + 1)
	}
	return yes(answer)
}
