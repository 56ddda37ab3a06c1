package main

import (
	"context"
	"errors"
	"strings"
	"time"

	"trellis/adapters/chat"
	"trellis/adapters/slack"
	"trellis/bot"
	"trellis/config"
	"trellis/storage"
)

// slackPlatform is Slack, in one workspace by its tokens or in several that install Trellis.
var slackPlatform = platformSpec{section: slackSection(), check: checkSlack, open: openSlack}

func slackSection() config.Section {
	return config.Section{Name: "slack", Keys: []config.Key{
		{Name: "bot_token", Secret: true, Doc: "for one workspace: the Bot User OAuth Token of the installed app, xoxb-…"},
		{Name: "app_token", Secret: true, Doc: "for Socket Mode, which needs no inbound port: an app-level token with connections:write, xapp-…"},
		{Name: "signing_secret", Secret: true, Doc: "for HTTP instead of Socket Mode: the app's signing secret; needs http.listen"},
		{Name: "api_url", Kind: config.URL, Default: "https://slack.com/api", Doc: "where Slack's Web API is; GovSlack has another"},
		{Name: "client_id", Doc: "for several workspaces: the app's client ID; needs http.listen"},
		{Name: "client_secret", Secret: true, Doc: "for several workspaces: the app's client secret"},
		{Name: "seal_key", Secret: true, Doc: "for several workspaces: at least 32 characters, with which their tokens are encrypted in the store"},
	}}
}

// slackPace is what Slack's pages promise: a message a second in a channel, and calls a minute by a method's tier. How many
// messages a workspace takes altogether they do not say, so that is learned.
func slackPace() bot.Pace {
	return bot.Pace{
		Tenant: slack.Workspace,
		Limits: []bot.Limit{
			{Of: []bot.Method{bot.Post, bot.Private}, PerLane: true, Every: time.Second},
			{Of: []bot.Method{bot.Post, bot.Private}},
			{Of: []bot.Method{bot.Update}, Every: time.Minute / 50},
			{Of: []bot.Method{bot.Ephemeral}, Every: time.Minute / 100},
		},
	}
}

// slackOptions are what the settings say; given tells whether they say anything.
func slackOptions(c *config.Config) (o slack.Options, given bool) {
	o = slack.Options{
		BotToken: c.Secret("slack.bot_token").Reveal(), AppToken: c.Secret("slack.app_token").Reveal(),
		SigningSecret: c.Secret("slack.signing_secret").Reveal(), ClientID: c.String("slack.client_id"),
		ClientSecret: c.Secret("slack.client_secret").Reveal(), SealKey: c.Secret("slack.seal_key").Reveal(),
		APIURL: c.String("slack.api_url"),
	}
	return o, o.BotToken != "" || o.AppToken != "" || o.SigningSecret != "" || o.ClientID != "" || o.ClientSecret != ""
}

func openSlack(_ context.Context, h host) (*opened, error) {
	o, given := slackOptions(h.config)
	if !given {
		return nil, nil
	}
	catalogues, err := loadWords()
	if err != nil {
		return nil, err
	}
	o.Words, o.Log = catalogues.Text, h.log
	o.Show = func(ctx context.Context, room chat.RoomID, account chat.AccountID, line string) (m chat.Message, err error) {
		err = h.store.View(ctx, func(tx storage.Tx) error {
			m, err = h.book.Show(tx, chat.Place{Platform: slack.Name, Room: room}, account, line, h.now())
			return err
		})
		return m, err
	}
	a, err := slack.New(o)
	if err != nil {
		return nil, err
	}
	routes := a.Routes()
	if len(routes) > 0 && !h.config.Given("http.listen") {
		return nil, errors.New("slack.signing_secret and slack.client_id have Slack reach Trellis by HTTP, but http.listen is not set: say where to listen, such as 127.0.0.1:8080 behind a proxy")
	}
	return &opened{adapter: a, pace: slackPace(), routes: routes}, nil
}

// checkWithin is how long Slack may take to answer.
const checkWithin = 15 * time.Second

// checkSlack says whether the tokens work, and what each permission that is missing would be for.
func checkSlack(ctx context.Context, c *config.Config, say func(name, value, note string)) error {
	o, given := slackOptions(c)
	if !given {
		return nil
	}
	a, err := slack.New(o)
	if err != nil {
		return err
	}
	ctx, cancel := context.WithTimeout(ctx, checkWithin)
	defer cancel()
	found := a.Check(ctx)
	if found.Workspace != "" {
		say("slack", "workspace "+found.Workspace, "the bot token works")
	}
	for _, s := range found.Missing {
		say("slack", "lacks "+s.Name, s.Why)
	}
	if len(found.Wrong) > 0 {
		return errors.New("ask Slack: " + strings.Join(found.Wrong, "; "))
	}
	if len(found.Missing) > 0 {
		return errors.New("not all permissions are granted on Slack: reinstall the app from the manifest that `trellis manifest` prints")
	}
	return nil
}
