package slack

import (
	"encoding/json"
	"fmt"
	"slices"
	"strings"
)

// Scope is a permission that Trellis asks a workspace for.
type Scope struct {
	Name string
	Why  string // what it is for, and what is lost without it
}

// Scopes are all that Trellis asks for: the fewest with which everything works.
func Scopes() []Scope {
	return []Scope{
		{"app_mentions:read", "hear what is said to @Trellis in a channel; without it only /trellis works there"},
		{"chat:write", "say anything at all"},
		{"commands", "/trellis and the message shortcuts"},
		{"im:history", "hear what people answer in a direct message, and look there whether a message arrived when Slack did not say so"},
		{"im:write", "open a direct message to somebody"},
		{"users:read", "people's names, time zones and languages, and who is a guest or a bot"},
		{"reactions:read", "hear reactions to Trellis's messages"},
		{"channels:read", "who comes to and leaves public channels, and their names"},
		{"groups:read", "the same for private channels"},
		{"channels:history", "look in a public channel whether a message arrived when Slack did not say so; without it such a message is not repeated, and may be missing. Trellis subscribes to no messages of channels"},
		{"groups:history", "the same for private channels"},
		{"dnd:read", "wait with reminders until somebody's Do Not Disturb ends; without it they come in the middle of it"},
	}
}

// ScopeNames are the names of Scopes.
func ScopeNames() []string {
	var names []string
	for _, s := range Scopes() {
		names = append(names, s.Name)
	}
	return names
}

// botEvents are what Slack is asked to tell.
func botEvents() []string {
	return []string{
		"app_home_opened", "app_mention", "app_uninstalled", "channel_archive", "channel_deleted", "channel_id_changed",
		"channel_left", "channel_rename", "channel_unarchive", "dnd_updated_user", "group_archive", "group_deleted", "group_left",
		"group_rename", "group_unarchive", "member_joined_channel", "member_left_channel", "message.im", "reaction_added",
		"reaction_removed", "tokens_revoked", "user_change",
	}
}

// ManifestOptions say what a manifest is made for.
type ManifestOptions struct {
	Socket bool   // Socket Mode; else HTTP, at URL
	URL    string // the public address of Trellis, without a path
	Many   bool   // several workspaces install it, at URL
}

// Manifest is what an app is made from at api.slack.com/apps ("From a manifest"), as JSON.
func Manifest(o ManifestOptions) ([]byte, error) {
	if (!o.Socket || o.Many) && o.URL == "" {
		return nil, fmt.Errorf("the manifest needs the public address of Trellis, such as https://trellis.example.org")
	}
	url := func(path string) string { return strings.TrimSuffix(o.URL, "/") + path }
	type object = map[string]any
	command := object{
		"command": "/trellis", "description": "Co-produce: check-ins, agreements, commitments", "usage_hint": "help", "should_escape": true,
	}
	events, interactivity := object{"bot_events": botEvents()}, object{"is_enabled": true}
	if !o.Socket {
		command["url"], events["request_url"], interactivity["request_url"] = url("/slack/commands"), url("/slack/events"), url("/slack/interactions")
	}
	auth := object{"scopes": object{"bot": ScopeNames()}}
	if o.Many {
		auth["redirect_urls"] = []string{url("/slack/oauth")}
	}
	return json.MarshalIndent(object{
		"display_information": object{
			"name": "Trellis", "description": "Helps a group co-produce: everyone is heard, and promises are kept", "background_color": "#2f5d50",
		},
		"features": object{
			"app_home": object{"home_tab_enabled": true, "messages_tab_enabled": true, "messages_tab_read_only_enabled": false},
			"bot_user": object{"display_name": "Trellis", "always_online": true},
			"shortcuts": []object{
				{"name": "Make this an agreement", "type": "message", "callback_id": "trellis_propose", "description": "Proposes it to the group"},
				{"name": "Make this a commitment", "type": "message", "callback_id": "trellis_commit", "description": "You take it on"},
			},
			"slash_commands": []object{command},
		},
		"oauth_config": auth,
		"settings": object{
			"event_subscriptions": events, "interactivity": interactivity, "org_deploy_enabled": false, "socket_mode_enabled": o.Socket,
			"token_rotation_enabled": o.Many,
		},
	}, "", "  ")
}

// Missing are the scopes that were not granted, of those that Slack says were.
func Missing(granted []string) []Scope {
	return slices.DeleteFunc(Scopes(), func(s Scope) bool { return slices.Contains(granted, s.Name) })
}
