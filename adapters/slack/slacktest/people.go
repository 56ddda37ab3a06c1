package slacktest

import (
	"fmt"
	"slices"
	"strings"
	"time"
)

// Workspace is one of Slack's, with its people.
type Workspace struct {
	s     *Server
	ID    string
	Bot   string // the app's user
	Token string

	// What follows is guarded by s.mu.
	scopes   []string
	revoked  string // the word with which the token is refused
	people   map[string]*person
	channels map[string]*channel
	views    map[string]*View // open modals, by user
	homes    map[string]*View
	dnd      map[string]DND
}

// Person is somebody in a workspace.
type Person struct {
	ID, Name, Zone, Locale string
	Guest, Gone, Bot       bool
	Team                   string // of another organisation
}

type person struct {
	Person
	bot bool
}

// DND is somebody's Do Not Disturb.
type DND struct {
	Enabled    bool
	Start, End time.Time
	Snooze     time.Time // until when; zero: no snooze
}

// Channel is a channel.
type Channel struct {
	ID, Name                  string
	Private, Archived, Shared bool
}

type channel struct {
	Channel
	direct   string // whose
	members  []string
	messages []*message
}

func (ch *channel) find(ts string) *message {
	for _, m := range ch.messages {
		if m.ts == ts {
			return m
		}
	}
	return nil
}

// AddPerson adds somebody. Nobody is told.
func (w *Workspace) AddPerson(p Person) {
	w.s.mu.Lock()
	defer w.s.mu.Unlock()
	w.people[p.ID] = &person{Person: p, bot: p.Bot}
}

// AddChannel adds a channel with members. Nobody is told.
func (w *Workspace) AddChannel(c Channel, members ...string) {
	w.s.mu.Lock()
	defer w.s.mu.Unlock()
	w.channels[c.ID] = &channel{Channel: c, members: slices.Clone(members)}
}

// SetDND sets somebody's Do Not Disturb. Nobody is told.
func (w *Workspace) SetDND(user string, d DND) {
	w.s.mu.Lock()
	defer w.s.mu.Unlock()
	w.dnd[user] = d
}

// SetScopes says what is granted.
func (w *Workspace) SetScopes(scopes ...string) {
	w.s.mu.Lock()
	defer w.s.mu.Unlock()
	w.scopes = slices.Clone(scopes)
}

// Revoke refuses the token with a word from now on; with "" it is taken again.
func (w *Workspace) Revoke(word string) {
	w.s.mu.Lock()
	defer w.s.mu.Unlock()
	w.revoked = word
}

// DirectID is the channel of somebody's direct messages with the app.
func DirectID(user string) string { return "D" + user }

// direct is called with s.mu held.
func (w *Workspace) direct(user string) *channel {
	ch := w.channels[DirectID(user)]
	if ch == nil {
		ch = &channel{Channel: Channel{ID: DirectID(user)}, direct: user, members: []string{user, w.Bot}}
		w.channels[ch.ID] = ch
	}
	return ch
}

func (c *call) openDirect() (object, error) {
	user := c.args["users"]
	p := c.w.people[user]
	switch {
	case user == "":
		return nil, apiError("users_list_not_supplied")
	case p == nil:
		return nil, apiError("user_not_found")
	case p.Gone:
		return nil, apiError("user_disabled")
	case p.bot:
		return nil, apiError("cannot_dm_bot")
	}
	return object{"channel": object{"id": c.w.direct(user).ID}}, nil
}

func (c *call) channelInfo() (object, error) {
	ch := c.w.channels[c.args["channel"]]
	if ch == nil {
		return nil, apiError("channel_not_found")
	}
	return object{"channel": ch.json()}, nil
}

func (ch *channel) json() object {
	return object{
		"id": ch.ID, "name": ch.Name, "is_channel": true, "is_private": ch.Private, "is_archived": ch.Archived,
		"is_im": ch.direct != "", "is_ext_shared": ch.Shared, "is_shared": ch.Shared, "is_member": true,
	}
}

func (c *call) members() (object, error) {
	ch := c.w.channels[c.args["channel"]]
	if ch == nil {
		return nil, apiError("channel_not_found")
	}
	return object{"members": ch.members, "response_metadata": object{"next_cursor": ""}}, nil
}

func (c *call) channelsOf() (object, error) {
	user := c.args["user"]
	if user == "" {
		user = c.w.Bot
	}
	all := []object{}
	for _, ch := range c.w.channels {
		if ch.direct == "" && !ch.Archived && slices.Contains(ch.members, user) {
			all = append(all, ch.json())
		}
	}
	slices.SortFunc(all, func(x, y object) int { return strings.Compare(x["id"].(string), y["id"].(string)) })
	return object{"channels": all, "response_metadata": object{"next_cursor": ""}}, nil
}

func (c *call) userInfo() (object, error) {
	p := c.w.people[c.args["user"]]
	if p == nil {
		return nil, apiError("user_not_found")
	}
	return object{"user": c.w.json(p, c.args["include_locale"] == "true" || c.args["include_locale"] == "1")}, nil
}

func (w *Workspace) json(p *person, locale bool) object {
	team := p.Team
	if team == "" {
		team = w.ID
	}
	u := object{
		"id": p.ID, "team_id": team, "name": strings.ToLower(p.Name), "real_name": p.Name, "deleted": p.Gone, "tz": p.Zone,
		"is_bot": p.bot, "is_restricted": p.Guest, "is_stranger": p.Team != "", "profile": object{"display_name": p.Name, "real_name": p.Name},
	}
	if locale {
		u["locale"] = p.Locale
	}
	return u
}

// ChangePerson changes somebody, and the app is told.
func (w *Workspace) ChangePerson(user string, change func(*Person)) {
	w.s.mu.Lock()
	defer w.s.mu.Unlock()
	p := w.people[user]
	change(&p.Person)
	w.event(object{"type": "user_change", "user": w.json(p, true), "event_ts": w.s.ts()}, "")
}

// check is called with s.mu held; a test that names what there is not is wrong.
func (w *Workspace) room(id string) *channel {
	ch := w.channels[id]
	if ch == nil {
		panic(fmt.Sprintf("slacktest: there is no channel %s", id))
	}
	return ch
}
