package slack_test

import (
	"encoding/json"
	"slices"
	"strings"
	"testing"

	"trellis/adapters/slack"
	"trellis/adapters/slack/slacktest"
)

type manifest struct {
	Features struct {
		Shortcuts []struct {
			Callback string `json:"callback_id"`
		}
		Commands []struct{ Command, URL string } `json:"slash_commands"`
	}
	OAuth struct {
		Redirect []string `json:"redirect_urls"`
		Scopes   struct{ Bot []string }
	} `json:"oauth_config"`
	Settings struct {
		Events struct {
			URL string   `json:"request_url"`
			Bot []string `json:"bot_events"`
		} `json:"event_subscriptions"`
		Interactivity struct {
			URL string `json:"request_url"`
		}
		Socket   bool `json:"socket_mode_enabled"`
		Rotation bool `json:"token_rotation_enabled"`
	}
}

// The manifest fits the configuration, and asks for every scope that what it subscribes to needs.
func TestManifest(t *testing.T) {
	for name, o := range map[string]slack.ManifestOptions{
		"socket": {Socket: true}, "http": {URL: "https://trellis.example.org/"}, "many": {Socket: true, URL: "https://trellis.example.org", Many: true},
	} {
		text, err := slack.Manifest(o)
		if err != nil {
			t.Fatal(err)
		}
		var m manifest
		if err := json.Unmarshal(text, &m); err != nil {
			t.Fatal(err)
		}
		if m.Settings.Socket != o.Socket || (m.Settings.Events.URL != "") == o.Socket || len(m.OAuth.Redirect) > 0 != o.Many || m.Settings.Rotation != o.Many {
			t.Errorf("%s: %s", name, text)
		}
		if !o.Socket && (m.Settings.Events.URL != "https://trellis.example.org/slack/events" || m.Features.Commands[0].URL != "https://trellis.example.org/slack/commands") {
			t.Errorf("%s: %s", name, text)
		}
		if !slices.Equal(m.OAuth.Scopes.Bot, slack.ScopeNames()) {
			t.Errorf("%s asks for %v", name, m.OAuth.Scopes.Bot)
		}
		// Which scope each event takes, from the page of each.
		needs := map[string]string{
			"app_mention": "app_mentions:read", "message.im": "im:history", "reaction_added": "reactions:read", "member_joined_channel": "channels:read",
			"group_rename": "groups:read", "user_change": "users:read", "dnd_updated_user": "dnd:read",
		}
		for event, scope := range needs {
			if !slices.Contains(m.Settings.Events.Bot, event) || !slices.Contains(m.OAuth.Scopes.Bot, scope) {
				t.Errorf("%s: %s needs %s", name, event, scope)
			}
		}
		for _, event := range m.Settings.Events.Bot {
			if event == "message.channels" || event == "message.groups" {
				t.Errorf("%s: it listens to %s", name, event)
			}
		}
	}
	if _, err := slack.Manifest(slack.ManifestOptions{}); err == nil {
		t.Error("a manifest for HTTP was made without an address")
	}
	for _, s := range slack.Scopes() {
		if len(s.Why) < 10 {
			t.Errorf("%s has no reason", s.Name)
		}
	}
}

func TestCheckNamesMissingScopes(t *testing.T) {
	s, adapter := office(t, false, slacktest.Options{Scopes: slices.DeleteFunc(slack.ScopeNames(), func(s string) bool { return s == "dnd:read" })})
	c := adapter().Check(t.Context())
	if c.Workspace != "T1" || len(c.Wrong) != 0 || len(c.Missing) != 1 || c.Missing[0].Name != "dnd:read" || !strings.Contains(c.Missing[0].Why, "Do Not Disturb") {
		t.Errorf("got %+v", c)
	}
	_ = s
}

func TestOptions(t *testing.T) {
	for name, o := range map[string]slack.Options{
		"slack.bot_token":      {AppToken: "xapp-1"},
		"xoxb-":                {BotToken: "secret", AppToken: "xapp-1"},
		"one or the other":     {BotToken: "xoxb-1", ClientID: "1", AppToken: "xapp-1"},
		"go together":          {ClientID: "1", AppToken: "xapp-1"},
		"slack.seal_key":       {ClientID: "1", ClientSecret: "s", SealKey: "short", AppToken: "xapp-1"},
		"slack.signing_secret": {BotToken: "xoxb-1"},
		"xapp-":                {BotToken: "xoxb-1", AppToken: "secret"},
	} {
		_, err := slack.New(o)
		if err == nil || !strings.Contains(err.Error(), name) || strings.Contains(err.Error(), "secret:") {
			t.Errorf("%+v: %v", o, err)
		}
	}
}
