package main

import (
	"bytes"
	"slices"
	"strings"
	"testing"

	"trellis/adapters/slack"
	"trellis/adapters/slack/slacktest"
)

// check names each permission that is missing, and what it is for; a token that is refused is an error that says so.
func TestCheckAsksSlack(t *testing.T) {
	s, err := slacktest.New(slacktest.Options{Scopes: slices.DeleteFunc(slack.ScopeNames(), func(s string) bool { return s == "dnd:read" })})
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	t.Setenv("TRELLIS_DATA", t.TempDir())
	t.Setenv("TRELLIS_SLACK_API_URL", strings.TrimSuffix(s.APIURL(), "/"))
	t.Setenv("TRELLIS_SLACK_BOT_TOKEN", "xoxb-T1")
	t.Setenv("TRELLIS_SLACK_APP_TOKEN", slacktest.AppToken)
	var out, errs bytes.Buffer
	if code := run([]string{"check"}, nil, &out, &errs); code != exitFailed || !strings.Contains(out.String(), "dnd:read") || !strings.Contains(out.String(), "Do Not Disturb") {
		t.Errorf("exit %d\n%s%s", code, &out, &errs)
	}
	s.Workspace().SetScopes(slack.ScopeNames()...)
	out.Reset()
	if code := run([]string{"check"}, nil, &out, &errs); code != exitOK || !strings.Contains(out.String(), "workspace T1") {
		t.Errorf("exit %d\n%s%s", code, &out, &errs)
	}
	s.Workspace().Revoke("token_revoked")
	errs.Reset()
	if code := run([]string{"check"}, nil, &out, &errs); code != exitFailed || !strings.Contains(errs.String(), "slack.bot_token: token_revoked") {
		t.Errorf("exit %d\n%s", code, &errs)
	}
	if text := out.String() + errs.String(); strings.Contains(text, "xoxb-T1") || strings.Contains(text, slacktest.AppToken) {
		t.Errorf("it tells a secret:\n%s", text)
	}
}

// The preview shows messages and forms as they would be sent, and people's words as text.
func TestPreview(t *testing.T) {
	var out, errs bytes.Buffer
	if code := run([]string{"preview", "slack", "rehearsals/agreement-object.trellis", "rehearsals/commitment-buttons.trellis"}, nil, &out, &errs); code != exitOK {
		t.Fatalf("exit %d\n%s", code, &errs)
	}
	for _, part := range []string{`class="message"`, `class="modal"`, "<button", `type="date"`, "&#34;rich_text&#34;", "Read aloud:"} {
		if !strings.Contains(out.String(), part) {
			t.Errorf("the page has no %s", part)
		}
	}
	if strings.Contains(out.String(), "<script") || strings.Contains(out.String(), "src=") {
		t.Error("the page takes something from elsewhere")
	}
}
