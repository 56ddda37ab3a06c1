package matrixtest

import (
	"encoding/json"
	"net/http"
	"strconv"
	"time"
)

// holdMost is how long a sync is held, however long was asked for.
const holdMost = 30 * time.Second

// sync answers with what happened since a token, and waits for it when nothing did.
func (s *Server) sync(c *call) (int, any) {
	since := -1
	if text := c.FormValue("since"); text != "" {
		n, err := strconv.Atoi(text)
		if err != nil || n > len(s.events) {
			return no(http.StatusBadRequest, "M_UNKNOWN_POS")
		}
		since = n
	}
	hold, _ := strconv.Atoi(c.FormValue("timeout"))
	late := time.NewTimer(min(time.Duration(hold)*time.Millisecond, holdMost))
	defer late.Stop()
	for {
		answer, any := s.happened(c, since)
		if any || since < 0 || hold == 0 {
			return yes(answer)
		}
		news := s.news
		s.mu.Unlock()
		stop := false
		select {
		case <-news:
		case <-late.C:
			stop = true
		case <-s.end:
			stop = true
		case <-c.Context().Done():
			stop = true
		}
		s.mu.Lock()
		if _, ok := s.tokens[c.token]; !ok {
			return http.StatusUnauthorized, problem{Code: "M_UNKNOWN_TOKEN", Text: "no such token", Soft: s.rejected[c.token] == "soft"}
		}
		if stop {
			answer, _ := s.happened(c, since)
			return yes(answer)
		}
	}
}

// happened is what a user is told that happened since a token; -1 is the first sync.
func (s *Server) happened(c *call, since int) (answer map[string]any, some bool) {
	join, leave, invite := map[string]any{}, map[string]any{}, map[string]any{}
	for in, r := range s.rooms {
		switch mine := r.state[[2]string{"m.room.member", c.user}]; {
		case mine == nil:
		case r.members[c.user] == "join":
			if told := s.joinedRoom(c, in, r, since); told != nil {
				join[in] = told
			}
		case r.members[c.user] == "invite":
			if mine.at >= since {
				invite[in] = map[string]any{"invite_state": map[string]any{"events": []any{map[string]any{
					"type": mine.Type, "sender": mine.Sender, "state_key": c.user, "content": mine.Content,
				}}}}
			}
		default:
			if since >= 0 && mine.at >= since {
				told := s.timeline(c, in, since, mine.at+1)
				leave[in] = map[string]any{"timeline": map[string]any{"events": told}}
			}
		}
	}
	answer = map[string]any{
		"next_batch": strconv.Itoa(len(s.events)),
		"rooms":      map[string]any{"join": join, "leave": leave, "invite": invite},
	}
	return answer, len(join)+len(leave)+len(invite) > 0
}

// joinedRoom is what is told of a room that somebody is in; nil: nothing happened there.
func (s *Server) joinedRoom(c *call, in string, r *room, since int) any {
	mine := r.state[[2]string{"m.room.member", c.user}]
	var before struct{ Membership string }
	_ = json.Unmarshal(mine.prev, &before)
	came := since >= 0 && mine.at >= since && before.Membership != "join"
	from := max(since, 0)
	if came {
		from = 0 // a room that one comes into arrives with its past
	}
	events := s.timeline(c, in, from, len(s.events))
	if len(events) == 0 {
		return nil
	}
	limited := false
	if len(events) > s.limit {
		events, limited = events[len(events)-s.limit:], true
	}
	first := s.indexOf(events[0])
	var state []*stored
	if since < 0 || came || limited {
		latest := map[[2]string]*stored{}
		for _, e := range s.events[:first] {
			if e.room == in && e.Key != nil {
				latest[[2]string{e.Type, *e.Key}] = e
			}
		}
		for _, e := range latest {
			if since < 0 || came || e.at >= since {
				state = append(state, e)
			}
		}
	}
	return map[string]any{
		"state":    map[string]any{"events": sorted(state, c.token)},
		"timeline": map[string]any{"events": events, "limited": limited || came, "prev_batch": strconv.Itoa(first)},
	}
}

func (s *Server) indexOf(seen any) int {
	id := seen.(map[string]any)["event_id"]
	for i, e := range s.events {
		if e.ID == id {
			return i
		}
	}
	return len(s.events)
}

func (s *Server) timeline(c *call, in string, from, to int) (all []any) {
	for _, e := range s.events[from:to] {
		if e.room == in {
			all = append(all, e.seen(c.token))
		}
	}
	return all
}
