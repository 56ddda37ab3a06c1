package matrixtest

import (
	"encoding/json"
	"fmt"
	"maps"
	"net/http"
	"slices"
	"strings"
)

func str(s string) *string { return &s }

func content(v any) json.RawMessage {
	data, err := json.Marshal(v)
	if err != nil {
		panic(err) // of a test's own plain values
	}
	return data
}

// member is a change of somebody's membership.
func (s *Server) member(by, who, membership string, direct bool) *stored {
	c := map[string]any{"membership": membership}
	if u := s.users[who]; u != nil && u.name != "" && membership != "leave" && membership != "ban" {
		c["displayname"] = u.name
	}
	if direct {
		c["is_direct"] = true
	}
	return &stored{Type: "m.room.member", Sender: by, Key: str(who), Content: content(c), invite: map[bool]string{true: who}[membership == "invite"]}
}

func (s *Server) createRoom(c *call) (int, any) {
	var ask struct {
		Name    string   `json:"name"`
		Invite  []string `json:"invite"`
		Direct  bool     `json:"is_direct"`
		Created any      `json:"creation_content"`
		State   []struct {
			Type    string          `json:"type"`
			Key     string          `json:"state_key"`
			Content json.RawMessage `json:"content"`
		} `json:"initial_state"`
	}
	if json.Unmarshal(c.body, &ask) != nil {
		return no(http.StatusBadRequest, "M_BAD_JSON")
	}
	for _, who := range ask.Invite {
		if u := s.users[who]; u == nil {
			return no(http.StatusForbidden, "M_FORBIDDEN")
		} else if u.data["test.blocks"] != nil {
			return no(http.StatusForbidden, "M_INVITE_BLOCKED")
		}
	}
	in := fmt.Sprintf("!room%d:%s", s.number(), ServerName)
	s.rooms[in] = &room{state: map[[2]string]*stored{}, members: map[string]string{}}
	if ask.Created == nil {
		ask.Created = map[string]any{}
	}
	s.put(in, &stored{Type: "m.room.create", Sender: c.user, Key: str(""), Content: content(ask.Created)})
	s.put(in, s.member(c.user, c.user, "join", false))
	for _, e := range ask.State {
		s.put(in, &stored{Type: e.Type, Sender: c.user, Key: str(e.Key), Content: e.Content})
	}
	if ask.Name != "" {
		s.put(in, &stored{Type: "m.room.name", Sender: c.user, Key: str(""), Content: content(map[string]any{"name": ask.Name})})
	}
	for _, who := range ask.Invite {
		s.put(in, s.member(c.user, who, "invite", ask.Direct))
	}
	return yes(map[string]any{"room_id": in})
}

func (s *Server) join(c *call) (int, any) {
	in := c.PathValue("room")
	r := s.rooms[in]
	if r == nil || r.members[c.user] != "invite" && r.members[c.user] != "join" {
		return no(http.StatusForbidden, "M_FORBIDDEN")
	}
	if r.members[c.user] == "invite" {
		s.put(in, s.member(c.user, c.user, "join", false))
	}
	return yes(map[string]any{"room_id": in})
}

// act is somebody changing who is in a room.
func (s *Server) act(c *call) (int, any) {
	in, act := c.PathValue("room"), c.PathValue("act")
	var ask struct {
		User string `json:"user_id"`
	}
	_ = json.Unmarshal(c.body, &ask)
	if act == "join" {
		return s.join(c)
	}
	r, _, ok := s.inRoom(c)
	if refuses := r != nil && act == "leave" && r.members[c.user] == "invite"; !ok && !refuses {
		return no(http.StatusForbidden, "M_FORBIDDEN")
	}
	switch act {
	case "invite":
		s.put(in, s.member(c.user, ask.User, "invite", false))
	case "leave":
		s.put(in, s.member(c.user, c.user, "leave", false))
	case "kick":
		s.put(in, s.member(c.user, ask.User, "leave", false))
	case "ban":
		s.put(in, s.member(c.user, ask.User, "ban", false))
	default:
		return no(http.StatusNotFound, "M_UNRECOGNIZED")
	}
	return yes(struct{}{})
}

func (s *Server) joinedRooms(c *call) (int, any) {
	rooms := []string{}
	for in, r := range s.rooms {
		if r.members[c.user] == "join" {
			rooms = append(rooms, in)
		}
	}
	slices.Sort(rooms)
	return yes(map[string]any{"joined_rooms": rooms})
}

func (s *Server) putState(c *call) (int, any) {
	_, in, ok := s.inRoom(c)
	if !ok {
		return no(http.StatusForbidden, "M_FORBIDDEN")
	}
	e := s.put(in, &stored{Type: c.PathValue("type"), Sender: c.user, Key: str(c.PathValue("key")), Content: c.body})
	return yes(map[string]any{"event_id": e.ID})
}

func (s *Server) state(c *call) (int, any) {
	r, _, ok := s.inRoom(c)
	if r == nil || !ok {
		return no(http.StatusForbidden, "M_FORBIDDEN")
	}
	return yes(sorted(slices.Collect(maps.Values(r.state)), c.token))
}

func sorted(events []*stored, by string) []any {
	slices.SortFunc(events, func(a, b *stored) int { return a.at - b.at })
	all := []any{}
	for _, e := range events {
		all = append(all, e.seen(by))
	}
	return all
}

func (s *Server) stateOf(c *call) (int, any) {
	r, _, ok := s.inRoom(c)
	if r == nil || !ok {
		return no(http.StatusForbidden, "M_FORBIDDEN")
	}
	e := r.state[[2]string{c.PathValue("type"), c.PathValue("key")}]
	if e == nil {
		return no(http.StatusNotFound, "M_NOT_FOUND")
	}
	if strings.EqualFold(c.FormValue("format"), "event") {
		return yes(e.seen(c.token))
	}
	return yes(e.Content)
}
