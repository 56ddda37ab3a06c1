package matrix

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/http"
	"strconv"
	"time"

	"maunium.net/go/mautrix"

	"trellis/adapters/chat"
)

// answered is what the server said of an error, if it said anything.
type answered struct {
	status int
	code   string // M_FORBIDDEN, …
	after  time.Duration
	soft   bool // the token ended, the device did not
}

func answerOf(err error) (answered, bool) {
	h, ok := errors.AsType[mautrix.HTTPError](err)
	if !ok || h.Response == nil || h.WrappedError != nil {
		return answered{}, false
	}
	a := answered{status: h.Response.StatusCode}
	// The header is what the specification has now, the body what older servers say.
	if s, err := strconv.Atoi(h.Response.Header.Get("Retry-After")); err == nil && s >= 0 {
		a.after = time.Duration(s) * time.Second
	}
	if h.RespError != nil {
		a.code = h.RespError.ErrCode
		a.soft, _ = h.RespError.ExtraData["soft_logout"].(bool)
		if ms, ok := h.RespError.ExtraData["retry_after_ms"].(float64); ok && a.after == 0 && ms > 0 {
			a.after = time.Duration(ms) * time.Millisecond
		}
	}
	return a, true
}

func (a answered) tooFast() bool {
	return a.status == http.StatusTooManyRequests || a.code == "M_LIMIT_EXCEEDED"
}

func (a answered) reason() string {
	if a.code == "" {
		return fmt.Sprintf("HTTP %d", a.status)
	}
	return a.code
}

func retryAfter(err error) time.Duration {
	a, _ := answerOf(err)
	return a.after
}

// unsure are the errors after which a message may be there: nothing was answered, or by something in between.
func unsure(err error) bool {
	if d, ok := errors.AsType[*net.OpError](err); ok && d.Op == "dial" {
		return false
	}
	a, ok := answerOf(err)
	return !ok || a.status >= 500
}

// outcome is the error of a send as Deliver returns it.
func (a *Adapter) outcome(err error) error {
	if err == nil {
		return nil
	}
	if _, ok := errors.AsType[*chat.Refused](err); ok {
		return err
	}
	if _, ok := errors.AsType[*chat.Later](err); ok {
		return err
	}
	said, ok := answerOf(err)
	switch {
	case unsure(err):
		return fmt.Errorf("send: %s", plain(err))
	case !ok:
		return &chat.Later{Scope: chat.ThisPlatform, Reason: plain(err)}
	case said.tooFast():
		return &chat.Later{After: max(said.after, 0), Scope: chat.ThisPlatform, Limit: true, Reason: said.reason()}
	}
	switch said.code {
	case "M_UNKNOWN_TOKEN", "M_MISSING_TOKEN", "M_USER_DEACTIVATED", "M_USER_LOCKED", "M_USER_SUSPENDED", "M_RESOURCE_LIMIT_EXCEEDED":
		if said.soft {
			a.leave()
			return &chat.Later{Reason: said.reason()}
		}
		return &chat.Refused{Scope: chat.ThisPlatform, Who: chat.Operator, Reason: said.reason()}
	case "M_FORBIDDEN", "M_NOT_FOUND", "M_GUEST_ACCESS_FORBIDDEN", "M_INVITE_BLOCKED", "M_UNSUPPORTED_ROOM_VERSION", "M_INVALID_PARAM":
		return &chat.Refused{Scope: chat.ThisPlace, Who: chat.Facilitator, Reason: said.reason()}
	}
	if said.status == http.StatusUnauthorized {
		return &chat.Refused{Scope: chat.ThisPlatform, Who: chat.Operator, Reason: said.reason()}
	}
	return &chat.Refused{Who: chat.Operator, Reason: said.reason()}
}

// before is the outcome of what is asked before anything is sent: not even a lost answer leaves a doubt.
func (a *Adapter) before(err error) error {
	if err = a.outcome(err); err == nil {
		return nil
	}
	_, refused := errors.AsType[*chat.Refused](err)
	_, later := errors.AsType[*chat.Later](err)
	if refused || later {
		return err
	}
	return &chat.Later{Reason: err.Error()}
}

// final is an error after which going on is useless.
type final struct{ text string }

func (f *final) Error() string { return f.text }

func isFinal(err error) bool {
	_, ok := errors.AsType[*final](err)
	return ok
}

// plain is an error without anything that people wrote, and without addresses, which hold IDs and may hold tokens.
func plain(err error) string {
	if a, ok := answerOf(err); ok {
		return a.reason()
	}
	if n, ok := errors.AsType[net.Error](err); ok && n.Timeout() {
		return "timed out"
	}
	if errors.Is(err, context.Canceled) {
		return "cancelled"
	}
	if o, ok := errors.AsType[*net.OpError](err); ok {
		return o.Op + ": " + o.Err.Error()
	}
	if h, ok := errors.AsType[mautrix.HTTPError](err); ok {
		return "HTTP: " + h.Message
	}
	return err.Error()
}
