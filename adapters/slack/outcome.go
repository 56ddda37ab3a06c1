package slack

import (
	"context"
	"errors"
	"net"
	"net/http"
	"net/url"
	"time"

	slackgo "github.com/slack-go/slack"

	"trellis/adapters/chat"
)

// codeOf is Slack's word for what is wrong; empty where Slack did not say.
func codeOf(err error) string {
	if e, ok := errors.AsType[slackgo.SlackErrorResponse](err); ok {
		return e.Err
	}
	return ""
}

// verdict is what an error means: how far it reaches, who must act, and whether it passes.
type verdict struct {
	scope chat.Scope
	who   chat.Who
	later time.Duration // above zero: not accepted now, again after that
	limit bool
	anew  bool
	doubt bool // it may have been done all the same
}

// verdicts are Slack's words (each method's page, Errors). What stands here in no row refuses the message alone.
var verdicts = map[string]verdict{
	"channel_not_found":                        {scope: chat.ThisPlace, who: chat.Facilitator},
	"not_in_channel":                           {scope: chat.ThisPlace, who: chat.Facilitator},
	"is_archived":                              {scope: chat.ThisPlace, who: chat.Facilitator},
	"is_inactive":                              {scope: chat.ThisPlace, who: chat.Facilitator},
	"restricted_action":                        {scope: chat.ThisPlace, who: chat.Facilitator},
	"restricted_action_read_only_channel":      {scope: chat.ThisPlace, who: chat.Facilitator},
	"restricted_action_thread_only_channel":    {scope: chat.ThisPlace, who: chat.Facilitator},
	"restricted_action_thread_locked":          {scope: chat.ThisPlace, who: chat.Facilitator},
	"restricted_action_non_threadable_channel": {scope: chat.ThisPlace, who: chat.Facilitator},
	"user_disabled":                            {scope: chat.ThisPlace, who: chat.Facilitator},
	"user_not_found":                           {scope: chat.ThisPlace, who: chat.Facilitator},
	"user_not_visible":                         {scope: chat.ThisPlace, who: chat.Facilitator},
	"users_not_found":                          {scope: chat.ThisPlace, who: chat.Facilitator},
	"messages_tab_disabled":                    {scope: chat.ThisPlace, who: chat.Operator},
	"cannot_dm_bot":                            {scope: chat.ThisPlace, who: chat.Nobody},
	"cannot_dm_external":                       {scope: chat.ThisPlace, who: chat.Facilitator},
	"external_channel_limit":                   {scope: chat.ThisPlace, who: chat.Facilitator},

	"account_inactive":        {scope: chat.ThisPlatform, who: chat.Operator},
	"token_revoked":           {scope: chat.ThisPlatform, who: chat.Operator},
	"invalid_auth":            {scope: chat.ThisPlatform, who: chat.Operator},
	"not_authed":              {scope: chat.ThisPlatform, who: chat.Operator},
	"no_permission":           {scope: chat.ThisPlatform, who: chat.Operator},
	"org_login_required":      {scope: chat.ThisPlatform, who: chat.Operator},
	"team_access_not_granted": {scope: chat.ThisPlatform, who: chat.Operator},
	"not_allowed_token_type":  {scope: chat.ThisPlatform, who: chat.Operator},
	"access_denied":           {scope: chat.ThisPlatform, who: chat.Operator},
	"missing_scope":           {scope: chat.ThisMethod, who: chat.Operator},

	"ratelimited":            {later: time.Second, limit: true, scope: chat.ThisMethod},
	"rate_limited":           {later: time.Second, limit: true, scope: chat.ThisMethod},
	"message_limit_exceeded": {later: time.Minute, limit: true, scope: chat.ThisPlace},
	"accesslimited":          {later: time.Minute, scope: chat.ThisPlatform},
	"team_added_to_org":      {later: time.Minute, scope: chat.ThisPlatform}, // the workspace is being moved into an organisation
	"migration_in_progress":  {later: time.Minute, scope: chat.ThisPlatform},
	"token_expired":          {later: 5 * time.Second, scope: chat.ThisPlatform},
	"service_unavailable":    {later: 5 * time.Second, scope: chat.ThisMethod},
	"request_timeout":        {later: time.Second}, // the request came in part; it was not carried out

	"message_not_found":        {anew: true},
	"cant_update_message":      {anew: true},
	"edit_window_closed":       {anew: true},
	"internal_error":           {doubt: true},
	"fatal_error":              {doubt: true}, // "some aspect of the operation may have succeeded"
	"streaming_state_conflict": {anew: true},
}

// outcome says what an error of Slack means for a delivery. wide is how far a limit of pace reaches that came without
// a word on it.
func outcome(err error, wide chat.Scope) error {
	if limited, ok := errors.AsType[*slackgo.RateLimitedError](err); ok {
		return &chat.Later{After: limited.RetryAfter, Scope: wide, Limit: true, Reason: "ratelimited"}
	}
	if status, ok := errors.AsType[slackgo.StatusCodeError](err); ok {
		switch status.Code {
		case http.StatusTooManyRequests:
			return &chat.Later{Scope: wide, Limit: true, Reason: "ratelimited"}
		case http.StatusServiceUnavailable:
			return &chat.Later{Scope: chat.ThisMethod, Reason: "unavailable"}
		}
		return err
	}
	if _, ok := errors.AsType[slackgo.SlackErrorResponse](err); ok {
		code := codeOf(err)
		v := verdicts[code]
		switch {
		case v.doubt:
			return err
		case v.later > 0:
			if v.limit && v.scope == chat.ThisMethod {
				v.scope = wide
			}
			return &chat.Later{After: v.later, Scope: v.scope, Limit: v.limit, Reason: code}
		}
		if _, known := verdicts[code]; !known {
			v.who = chat.Operator
		}
		return &chat.Refused{Scope: v.scope, Who: v.who, Reason: code, Anew: v.anew}
	}
	if op, ok := errors.AsType[*net.OpError](err); ok && op.Op == "dial" {
		return &chat.Later{Scope: chat.ThisPlatform, Reason: "cannot connect"}
	}
	return err
}

// isFinal tells whether asking again will not help.
func isFinal(err error) bool {
	code := codeOf(err)
	v, known := verdicts[code]
	return code != "" && (!known || v.later == 0 && !v.doubt)
}

// retryAfter is how long Slack asks to wait.
func retryAfter(err error) time.Duration {
	if limited, ok := errors.AsType[*slackgo.RateLimitedError](err); ok {
		return limited.RetryAfter
	}
	return 0
}

// plain is an error as it may be logged: Slack's word for it, or what went wrong on the way, without addresses, which may
// hold a ticket.
func plain(err error) string {
	if code := codeOf(err); code != "" {
		return code
	}
	if e, ok := errors.AsType[*url.Error](err); ok {
		err = e.Err
	}
	switch {
	case err == nil:
		return ""
	case errors.Is(err, context.DeadlineExceeded):
		return "timed out"
	case errors.Is(err, context.Canceled):
		return "cancelled"
	}
	return err.Error()
}
