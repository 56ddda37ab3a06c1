package slacktest

import (
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"time"
	"unicode/utf8"
)

// message is one in a channel.
type message struct {
	ts, thread string
	user       string
	only       string // who alone sees it
	text       string // as Slack stores it
	blocks     []any
	metadata   any
	edited     bool
	gone       bool
}

const (
	mostText    = 40_000
	mostUpdated = 4000
	mostBlocks  = 13_200 // characters in all blocks
)

// content reads and checks what a message is to say.
func (c *call) content(most int) (string, []any, error) {
	text, raw := c.args["text"], c.args["blocks"]
	if utf8.RuneCountInString(text) > most {
		return "", nil, apiError("msg_too_long")
	}
	var blocks []any
	if raw != "" {
		if err := json.Unmarshal([]byte(raw), &blocks); err != nil {
			return "", nil, apiError("invalid_blocks_format")
		}
	}
	if len(blocks) == 0 {
		if text == "" {
			return "", nil, apiError("no_text")
		}
		return text, nil, nil
	}
	if err := c.s.schema.check("MessageBlocks", blocks); err != nil {
		c.s.violate("%s: %v", c.name, err)
		return "", nil, apiError("invalid_blocks")
	}
	if err := c.unique(blocks); err != nil {
		return "", nil, err
	}
	if n := characters(blocks); n > mostBlocks {
		c.s.violate("%s: %d characters in blocks", c.name, n)
		return "", nil, apiError("msg_blocks_too_long")
	}
	if text == "" {
		c.s.violate("%s: blocks without a text for notifications and screen readers", c.name)
	}
	return text, blocks, nil
}

// unique: a block's ID is used once in a message or view, an action's once in a block.
func (c *call) unique(blocks []any) error {
	ids := map[any]bool{}
	for _, b := range blocks {
		b := b.(object)
		if id := b["block_id"]; id != nil {
			if ids[id] {
				c.s.violate("%s: block_id %v is used twice", c.name, id)
				return apiError("invalid_blocks")
			}
			ids[id] = true
		}
		actions := map[any]bool{}
		elements, _ := b["elements"].([]any)
		for _, e := range elements {
			e, _ := e.(object)
			if id := e["action_id"]; id != nil {
				if actions[id] {
					c.s.violate("%s: action_id %v is used twice", c.name, id)
					return apiError("invalid_blocks")
				}
				actions[id] = true
			}
		}
	}
	return nil
}

// characters is how many stand in texts.
func characters(v any) (n int) {
	switch v := v.(type) {
	case []any:
		for _, x := range v {
			n += characters(x)
		}
	case object:
		for k, x := range v {
			if text, ok := x.(string); ok && (k == "text" || k == "url" || k == "fallback") {
				n += utf8.RuneCountInString(text)
			} else if !ok {
				n += characters(x)
			}
		}
	}
	return n
}

// to is the channel that is written to.
func (c *call) to() (*channel, error) {
	ch := c.w.channels[c.args["channel"]]
	switch {
	case ch == nil:
		return nil, apiError("channel_not_found")
	case ch.Archived:
		return nil, apiError("is_archived")
	case !slices.Contains(ch.members, c.w.Bot):
		return nil, apiError("not_in_channel")
	}
	return ch, nil
}

func (c *call) postMessage() (object, error) {
	ch, err := c.to()
	if err != nil {
		return nil, err
	}
	text, blocks, err := c.content(mostText)
	if err != nil {
		return nil, err
	}
	m := &message{ts: c.s.ts(), user: c.w.Bot, text: text, blocks: blocks, thread: c.args["thread_ts"]}
	if m.thread != "" {
		root := ch.find(m.thread)
		if root == nil || root.gone {
			return nil, apiError("thread_not_found")
		}
		if root.thread != "" {
			c.s.violate("%s: thread_ts is not the parent's", c.name)
		}
	}
	if raw := c.args["metadata"]; raw != "" && json.Unmarshal([]byte(raw), &m.metadata) != nil {
		return nil, apiError("invalid_metadata_format")
	}
	if c.args["unfurl_links"] != "false" || c.args["unfurl_media"] != "false" {
		c.s.violate("%s: links are unfurled", c.name)
	}
	ch.messages = append(ch.messages, m)
	c.w.shows(ch, m, false)
	// Slack tells the app of its own messages, too.
	if ch.direct != "" {
		c.w.event(object{
			"type": "message", "channel": ch.ID, "channel_type": "im", "user": c.w.Bot, "bot_id": "B" + c.w.ID, "text": text, "ts": m.ts, "event_ts": m.ts,
		}, "")
	}
	return object{"channel": ch.ID, "ts": m.ts, "message": object{"text": text, "user": c.w.Bot, "ts": m.ts, "type": "message"}}, nil
}

func (c *call) update() (object, error) {
	ch, err := c.to()
	if err != nil {
		return nil, err
	}
	m := ch.find(c.args["ts"])
	switch {
	case m == nil || m.gone || m.only != "":
		return nil, apiError("message_not_found")
	case m.user != c.w.Bot:
		return nil, apiError("cant_update_message")
	}
	text, blocks, err := c.content(mostUpdated)
	if err != nil {
		return nil, err
	}
	before := m.text
	m.text, m.blocks = text, blocks
	c.w.shows(ch, m, true)
	if ch.direct != "" {
		c.w.event(object{
			"type": "message", "subtype": "message_changed", "hidden": true, "channel": ch.ID, "channel_type": "im", "ts": c.s.ts(), "event_ts": m.ts,
			"message":          object{"type": "message", "user": c.w.Bot, "bot_id": "B" + c.w.ID, "text": text, "ts": m.ts, "edited": object{"user": "B" + c.w.ID, "ts": m.ts}},
			"previous_message": object{"user": c.w.Bot, "text": before, "ts": m.ts},
		}, "")
	}
	return object{"channel": ch.ID, "ts": m.ts, "text": text}, nil
}

func (c *call) postEphemeral() (object, error) {
	ch, err := c.to()
	if err != nil {
		return nil, err
	}
	if !slices.Contains(ch.members, c.args["user"]) {
		return nil, apiError("user_not_in_channel")
	}
	text, blocks, err := c.content(mostText)
	if err != nil {
		return nil, err
	}
	m := &message{ts: c.s.ts(), user: c.w.Bot, only: c.args["user"], text: text, blocks: blocks, thread: c.args["thread_ts"]}
	ch.messages = append(ch.messages, m)
	c.w.shows(ch, m, false)
	return object{"message_ts": m.ts}, nil
}

// history is newest first, and replies are oldest first, root included.
func (c *call) history() (object, error) {
	ch := c.w.channels[c.args["channel"]]
	if ch == nil {
		return nil, apiError("channel_not_found")
	}
	scope := map[bool]string{true: "im:history", false: "channels:history"}[ch.direct != ""]
	if ch.Private {
		scope = "groups:history"
	}
	if !slices.Contains(c.w.scopes, scope) {
		return nil, apiError("missing_scope")
	}
	root := c.args["ts"]
	if root != "" && ch.find(root) == nil {
		return nil, apiError("thread_not_found")
	}
	var all []any
	for _, m := range ch.messages {
		if m.gone || m.only != "" || root == "" && m.thread != "" || root != "" && m.ts != root && m.thread != root {
			continue
		}
		out := object{"type": "message", "user": m.user, "text": m.text, "ts": m.ts}
		if m.thread != "" {
			out["thread_ts"] = m.thread
		}
		if c.args["include_all_metadata"] == "1" || c.args["include_all_metadata"] == "true" {
			if m.metadata != nil {
				out["metadata"] = m.metadata
			}
		}
		all = append(all, out)
	}
	if root == "" {
		slices.Reverse(all)
	}
	from, limit := 0, 100
	_, _ = fmt.Sscan(c.args["cursor"], &from)
	_, _ = fmt.Sscan(c.args["limit"], &limit)
	from = min(from, len(all))
	next := ""
	page := all[from:min(from+limit, len(all))]
	if from+limit < len(all) {
		next = fmt.Sprint(from + limit)
	}
	if page == nil {
		page = []any{}
	}
	return object{"messages": page, "has_more": next != "", "response_metadata": object{"next_cursor": next}}, nil
}

type trigger struct {
	user string
	w    *Workspace
	at   time.Time
	used bool
}

// View is a modal or a Home tab, as it stands for somebody.
type View struct {
	ID       string
	Title    string
	Labels   []string          // of the inputs, in order
	Errors   map[string]string // by block_id
	Raw      object
	Metadata string
}

func (c *call) view(definition string) (*View, error) {
	var raw object
	if json.Unmarshal([]byte(c.args["view"]), &raw) != nil {
		return nil, apiError("invalid_arguments")
	}
	return c.s.readView(definition, raw, c)
}

// readView is called with s.mu held.
func (s *Server) readView(definition string, raw object, c *call) (*View, error) {
	if err := s.schema.check(definition, raw); err != nil {
		s.violate("%s: %v", definition, err)
		return nil, apiError("invalid_arguments")
	}
	blocks, _ := raw["blocks"].([]any)
	if c != nil {
		if err := c.unique(blocks); err != nil {
			return nil, apiError("invalid_arguments")
		}
	}
	v := &View{ID: fmt.Sprintf("V%d", s.number()), Raw: raw}
	v.Metadata, _ = raw["private_metadata"].(string)
	if title, ok := raw["title"].(object); ok {
		v.Title, _ = title["text"].(string)
	}
	for _, b := range blocks {
		if b := b.(object); b["type"] == "input" {
			text, _ := b["label"].(object)["text"].(string)
			v.Labels = append(v.Labels, text)
		}
	}
	return v, nil
}

func (c *call) viewOpen() (object, error) {
	t := c.s.triggers[c.args["trigger_id"]]
	switch {
	case t == nil || t.w != c.w:
		return nil, apiError("invalid_trigger_id")
	case t.used:
		return nil, apiError("exchanged_trigger_id")
	case time.Since(t.at) > c.s.o.TriggerFor:
		return nil, apiError("expired_trigger_id")
	}
	v, err := c.view("ModalView")
	if err != nil {
		return nil, err
	}
	t.used = true
	c.w.views[t.user] = v
	c.w.showsView(t.user, v, nil)
	return object{"view": object{"id": v.ID, "type": "modal"}}, nil
}

func (c *call) viewPublish() (object, error) {
	v, err := c.view("HomeView")
	if err != nil {
		return nil, err
	}
	if c.w.people[c.args["user_id"]] == nil {
		return nil, apiError("user_not_found")
	}
	c.w.homes[c.args["user_id"]] = v
	return object{"view": object{"id": v.ID, "type": "home"}}, nil
}

// Text is all that stands on it, as somebody reads it.
func (v *View) Text() string {
	blocks, _ := v.Raw["blocks"].([]any)
	text, _ := reader{}.blocks(blocks)
	return strings.Join([]string{v.Title, text}, "\n")
}
