package slack

import (
	"context"
	"fmt"
	"maps"
	"slices"

	slackgo "github.com/slack-go/slack"
)

// Checked is what an operator should know of a configuration, by asking Slack.
type Checked struct {
	Workspace string   // its ID; empty with several workspaces, whose tokens are in the store
	Missing   []Scope  // not granted
	Wrong     []string // what has to be done before Slack works
}

// Check asks Slack whether the tokens work and what they allow. It changes nothing.
func (a *Adapter) Check(ctx context.Context) Checked {
	var c Checked
	if a.single != nil {
		w := a.single
		who, err := w.api().AuthTestContext(ctx)
		if err != nil {
			c.Wrong = append(c.Wrong, "slack.bot_token: "+advice(err))
		} else {
			c.Workspace = who.TeamID
			w.mu.Lock()
			known, granted := w.scopes != nil, slices.Collect(maps.Keys(w.scopes))
			w.mu.Unlock()
			if known {
				c.Missing = Missing(granted)
			}
		}
	}
	if a.o.AppToken != "" {
		opener := slackgo.New("", slackgo.OptionAPIURL(a.o.APIURL), slackgo.OptionHTTPClient(a.client), slackgo.OptionAppLevelToken(a.o.AppToken))
		if _, _, err := opener.StartSocketModeContext(ctx); err != nil {
			c.Wrong = append(c.Wrong, "slack.app_token: "+advice(err))
		}
	}
	return c
}

func advice(err error) string {
	switch code := codeOf(err); code {
	case "invalid_auth", "not_authed":
		return code + ": copy the token again from the app's pages"
	case "token_revoked", "account_inactive":
		return code + ": the app was removed from the workspace; install it again"
	case "missing_scope", "not_allowed_token_type":
		return code + ": make an app-level token with connections:write"
	case "":
		return fmt.Sprintf("Slack cannot be asked: %s", plain(err))
	default:
		return code
	}
}
