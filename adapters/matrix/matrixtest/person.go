package matrixtest

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"maps"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"sync"
)

// Person is somebody with a client in clear, on this homeserver or a real one.
type Person struct {
	ID, Name string

	url, token string
	client     *http.Client

	mu     sync.Mutex // guards what follows
	since  string
	direct map[string]string // of whom → room, of those that were accepted or made
	txn    int
}

// NewPerson logs somebody in.
func NewPerson(ctx context.Context, homeserver, name, password string) (*Person, error) {
	p := &Person{Name: name, url: homeserver, client: &http.Client{Transport: &http.Transport{}}, direct: map[string]string{}}
	var me struct {
		User  string `json:"user_id"`
		Token string `json:"access_token"`
	}
	err := p.call(ctx, http.MethodPost, "/login", map[string]any{
		"type": "m.login.password", "identifier": map[string]any{"type": "m.id.user", "user": name}, "password": password,
	}, &me)
	if err != nil {
		return nil, fmt.Errorf("log %s in: %w", name, err)
	}
	p.ID, p.token = me.User, me.Token
	return p, p.call(ctx, http.MethodPut, "/profile/"+url.PathEscape(p.ID)+"/displayname", map[string]any{"displayname": name}, nil)
}

// Close closes the person's connections.
func (p *Person) Close() { p.client.CloseIdleConnections() }

// Problem is what a homeserver refuses with.
type Problem struct {
	Status int
	Code   string `json:"errcode"`
}

func (p *Problem) Error() string { return fmt.Sprintf("HTTP %d %s", p.Status, p.Code) }

func (p *Person) call(ctx context.Context, method, path string, body, into any) error {
	var data []byte
	if body != nil {
		data, _ = json.Marshal(body)
	}
	r, err := http.NewRequestWithContext(ctx, method, p.url+"/_matrix/client/v3"+path, bytes.NewReader(data))
	if err != nil {
		return err
	}
	r.Header.Set("Authorization", "Bearer "+p.token)
	r.Header.Set("Content-Type", "application/json")
	answer, err := p.client.Do(r)
	if err != nil {
		return err
	}
	defer answer.Body.Close()
	if answer.StatusCode != http.StatusOK {
		problem := &Problem{Status: answer.StatusCode}
		_ = json.NewDecoder(answer.Body).Decode(problem)
		return problem
	}
	if into == nil {
		into = &struct{}{}
	}
	return json.NewDecoder(answer.Body).Decode(into)
}

func roomPath(in string, rest ...string) string {
	path := "/rooms/" + url.PathEscape(in)
	for _, part := range rest {
		path += "/" + url.PathEscape(part)
	}
	return path
}

// CreateRoom makes a room and invites people.
func (p *Person) CreateRoom(ctx context.Context, name string, invite ...string) (string, error) {
	return p.create(ctx, map[string]any{"name": name, "invite": invite, "preset": "private_chat"})
}

// CreateDirect makes a direct room.
func (p *Person) CreateDirect(ctx context.Context, with string) (string, error) {
	in, err := p.create(ctx, map[string]any{"invite": []string{with}, "is_direct": true, "preset": "trusted_private_chat"})
	if err == nil {
		p.mu.Lock()
		p.direct[with] = in
		p.mu.Unlock()
	}
	return in, err
}

// Create makes a room as the API has it.
func (p *Person) create(ctx context.Context, room map[string]any) (string, error) {
	var made struct {
		Room string `json:"room_id"`
	}
	err := p.call(ctx, http.MethodPost, "/createRoom", room, &made)
	return made.Room, err
}

// Replace makes a room that goes on from another, and says so there.
func (p *Person) Replace(ctx context.Context, old, name string, invite ...string) (string, error) {
	in, err := p.create(ctx, map[string]any{
		"name": name, "invite": invite, "preset": "private_chat",
		"creation_content": map[string]any{"predecessor": map[string]any{"room_id": old, "event_id": "$last"}},
	})
	if err != nil {
		return "", err
	}
	return in, p.SetState(ctx, old, "m.room.tombstone", map[string]any{"body": "it goes on elsewhere", "replacement_room": in})
}

// Join comes into a room.
func (p *Person) Join(ctx context.Context, in string) error {
	return p.call(ctx, http.MethodPost, "/join/"+url.PathEscape(in), map[string]any{}, nil)
}

// Act is leave, invite, kick or ban.
func (p *Person) Act(ctx context.Context, in, act, who string) error {
	return p.call(ctx, http.MethodPost, roomPath(in, act), map[string]any{"user_id": who}, nil)
}

// SetState changes a room.
func (p *Person) SetState(ctx context.Context, in, kind string, content any) error {
	return p.call(ctx, http.MethodPut, roomPath(in, "state", kind), content, nil)
}

// Send puts an event into a room.
func (p *Person) Send(ctx context.Context, in, kind string, content any) (string, error) {
	p.mu.Lock()
	p.txn++
	txn := fmt.Sprintf("%s-%d", p.token[max(0, len(p.token)-6):], p.txn)
	p.mu.Unlock()
	var sent struct {
		Event string `json:"event_id"`
	}
	err := p.call(ctx, http.MethodPut, roomPath(in, "send", kind, txn), content, &sent)
	return sent.Event, err
}

// Write says something; under is the root of a thread, or empty.
func (p *Person) Write(ctx context.Context, in, under, text string) (string, error) {
	c := map[string]any{"msgtype": "m.text", "body": text, "m.mentions": map[string]any{}}
	if under != "" {
		c["m.relates_to"] = map[string]any{
			"rel_type": "m.thread", "event_id": under, "is_falling_back": true, "m.in_reply_to": map[string]any{"event_id": under},
		}
	}
	return p.Send(ctx, in, "m.room.message", c)
}

// Reply answers a message.
func (p *Person) Reply(ctx context.Context, in, to, text string) (string, error) {
	return p.Send(ctx, in, "m.room.message", map[string]any{
		"msgtype": "m.text", "body": text, "m.mentions": map[string]any{}, "m.relates_to": map[string]any{"m.in_reply_to": map[string]any{"event_id": to}},
	})
}

// Edit changes a message.
func (p *Person) Edit(ctx context.Context, in, of, text string) error {
	_, err := p.Send(ctx, in, "m.room.message", map[string]any{
		"msgtype": "m.text", "body": "* " + text, "m.mentions": map[string]any{},
		"m.new_content": map[string]any{"msgtype": "m.text", "body": text, "m.mentions": map[string]any{}},
		"m.relates_to":  map[string]any{"rel_type": "m.replace", "event_id": of},
	})
	return err
}

// React puts a reaction under a message.
func (p *Person) React(ctx context.Context, in, to, key string) (string, error) {
	return p.Send(ctx, in, "m.reaction", map[string]any{"m.relates_to": map[string]any{"rel_type": "m.annotation", "event_id": to, "key": key}})
}

// Redact takes something away.
func (p *Person) Redact(ctx context.Context, in, of string) error {
	p.mu.Lock()
	p.txn++
	txn := fmt.Sprint("redact-", p.txn)
	p.mu.Unlock()
	return p.call(ctx, http.MethodPut, roomPath(in, "redact", of, txn), map[string]any{}, nil)
}

// Event is one as a person's client reads it.
type Event struct {
	Type    string  `json:"type"`
	Sender  string  `json:"sender"`
	ID      string  `json:"event_id"`
	Key     *string `json:"state_key"`
	Content Content `json:"content"`
}

// Content is what tests look at.
type Content struct {
	MsgType    string   `json:"msgtype"`
	Body       string   `json:"body"`
	HTML       string   `json:"formatted_body"`
	Membership string   `json:"membership"`
	Direct     bool     `json:"is_direct"`
	New        *Content `json:"m.new_content"`
	Mentions   *struct {
		Users []string `json:"user_ids"`
		Room  bool     `json:"room"`
	} `json:"m.mentions"`
	Relates struct {
		Type  string `json:"rel_type"`
		Event string `json:"event_id"`
		Key   string `json:"key"`
	} `json:"m.relates_to"`
}

// Events are all of a room, oldest first.
func (p *Person) Events(ctx context.Context, in string) ([]Event, error) {
	var all []Event
	for from := ""; ; {
		var page struct {
			Chunk []Event `json:"chunk"`
			End   string  `json:"end"`
		}
		query := "?dir=b&limit=100"
		if from != "" {
			query += "&from=" + url.QueryEscape(from)
		}
		if err := p.call(ctx, http.MethodGet, roomPath(in, "messages")+query, nil, &page); err != nil {
			return nil, err
		}
		all = append(all, page.Chunk...)
		if page.End == "" || page.End == from || len(page.Chunk) == 0 {
			slices.Reverse(all)
			return all, nil
		}
		from = page.End
	}
}

// Message is one as it stands now, with its edits and without what was taken away.
type Message struct {
	ID, Sender string
	Thread     string
	First      Content // as it was sent
	Content            // as it stands
	Reactions  map[string][]string
}

// Messages are those of a room as they stand, oldest first.
func (p *Person) Messages(ctx context.Context, in string) ([]Message, error) {
	events, err := p.Events(ctx, in)
	if err != nil {
		return nil, err
	}
	var all []Message
	find := func(id string) *Message {
		if at := slices.IndexFunc(all, func(m Message) bool { return m.ID == id }); at >= 0 {
			return &all[at]
		}
		return nil
	}
	for _, e := range events {
		c := e.Content
		switch {
		case e.Type == "m.reaction" && c.Relates.Key != "":
			if m := find(c.Relates.Event); m != nil {
				m.Reactions[c.Relates.Key] = append(m.Reactions[c.Relates.Key], e.Sender)
			}
		case e.Type != "m.room.message" || c.MsgType == "":
		case c.Relates.Type == "m.replace":
			if m := find(c.Relates.Event); m != nil && m.Sender == e.Sender && c.New != nil {
				m.Content = *c.New
			}
		default:
			m := Message{ID: e.ID, Sender: e.Sender, First: c, Content: c, Reactions: map[string][]string{}}
			if c.Relates.Type == "m.thread" {
				m.Thread = c.Relates.Event
			}
			all = append(all, m)
		}
	}
	return all, nil
}

// Members are the memberships in a room, by person.
func (p *Person) Members(ctx context.Context, in string) (map[string]string, error) {
	var state []Event
	if err := p.call(ctx, http.MethodGet, roomPath(in, "state"), nil, &state); err != nil {
		return nil, err
	}
	members := map[string]string{}
	for _, e := range state {
		if e.Type == "m.room.member" && e.Key != nil {
			members[*e.Key] = e.Content.Membership
		}
	}
	return members, nil
}

// Direct is the direct room with somebody: one that was made, or an invitation to one, which is accepted. Empty: none.
func (p *Person) Direct(ctx context.Context, with string) (string, error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	told, err := p.sync(ctx, p.since)
	if err != nil {
		return "", err
	}
	for in, invited := range told.Rooms.Invite {
		for _, e := range invited.State.Events {
			if e.Sender == with && e.Key != nil && *e.Key == p.ID && e.Content.Direct {
				if err := p.Join(ctx, in); err != nil && !strings.Contains(err.Error(), "403") {
					return "", err
				}
				p.direct[with] = in
			}
		}
	}
	p.since = told.Next
	return p.direct[with], nil
}

// told is what a sync tells of invitations.
type told struct {
	Next  string `json:"next_batch"`
	Rooms struct {
		Invite map[string]struct {
			State struct {
				Events []Event `json:"events"`
			} `json:"invite_state"`
		} `json:"invite"`
	} `json:"rooms"`
}

func (p *Person) sync(ctx context.Context, since string) (t told, err error) {
	query := "?timeout=0"
	if since != "" {
		query += "&since=" + url.QueryEscape(since)
	}
	return t, p.call(ctx, http.MethodGet, "/sync"+query, nil, &t)
}

// Invitations are the rooms that the person is invited to now.
func (p *Person) Invitations(ctx context.Context) ([]string, error) {
	t, err := p.sync(ctx, "")
	return slices.Sorted(maps.Keys(t.Rooms.Invite)), err
}
