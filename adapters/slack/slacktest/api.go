package slacktest

import (
	"encoding/json"
	"fmt"
	"io"
	"math"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"time"
)

type method struct {
	Args, Required, Scopes []string // of the scopes one is enough
}

type object = map[string]any

// apiError is Slack's word for what is wrong.
type apiError string

func (e apiError) Error() string { return string(e) }

// call is a call while it is carried out, with s.mu held.
type call struct {
	s    *Server
	w    *Workspace
	name string
	args map[string]string
}

func (s *Server) serveAPI(w http.ResponseWriter, r *http.Request) {
	name := strings.TrimPrefix(r.URL.Path, "/api/")
	args, token, err := arguments(r)
	if err != nil {
		answer(w, object{"ok": false, "error": "invalid_form_data"})
		return
	}
	s.mu.Lock()
	s.calls = append(s.calls, Call{Method: name, Args: args, At: time.Now()})
	f := s.meet(name)
	if f == nil {
		f = s.limit(name, args)
	}
	workspace := s.tokens[token]
	s.mu.Unlock()
	if f != nil {
		switch f.Kind {
		case TooFast:
			if f.After > 0 {
				w.Header().Set("Retry-After", fmt.Sprint(int(math.Ceil(f.After.Seconds()))))
			}
			http.Error(w, `{"ok":false,"error":"ratelimited"}`, http.StatusTooManyRequests)
			return
		case Broken:
			http.Error(w, "<html>server error</html>", http.StatusInternalServerError)
			return
		case LostWay:
			hang(w)
			return
		case Refused:
			answer(w, object{"ok": false, "error": f.Error})
			return
		case LostReply, BadJSON:
		}
	}
	out := s.carryOut(name, workspace, token, args)
	if f != nil && f.Kind == LostReply {
		hang(w)
		return
	}
	if f != nil && f.Kind == BadJSON {
		_, _ = io.WriteString(w, `{"ok":tru`)
		return
	}
	if workspace != nil {
		w.Header().Set("X-OAuth-Scopes", strings.Join(workspace.scopes, ","))
	}
	answer(w, out)
}

// hang cuts the connection.
func hang(w http.ResponseWriter) {
	if h, ok := w.(http.Hijacker); ok {
		if c, _, err := h.Hijack(); err == nil {
			_ = c.Close()
		}
	}
}

func answer(w http.ResponseWriter, v any) {
	w.Header().Set("Content-Type", "application/json; charset=utf-8")
	_ = json.NewEncoder(w).Encode(v)
}

// arguments are read from a form, the address or JSON; the token from where Slack takes it.
func arguments(r *http.Request) (map[string]string, string, error) {
	args := map[string]string{}
	token := strings.TrimPrefix(r.Header.Get("Authorization"), "Bearer ")
	add := func(values url.Values) {
		for k, v := range values {
			args[k] = v[0]
		}
	}
	add(r.URL.Query())
	body, err := io.ReadAll(r.Body)
	if err != nil {
		return nil, "", err
	}
	if strings.HasPrefix(r.Header.Get("Content-Type"), "application/json") {
		var v map[string]any
		if len(body) > 0 {
			if err := json.Unmarshal(body, &v); err != nil {
				return nil, "", err
			}
		}
		for k, x := range v {
			if text, ok := x.(string); ok {
				args[k] = text
			} else {
				raw, _ := json.Marshal(x)
				args[k] = string(raw)
			}
		}
	} else {
		form, err := url.ParseQuery(string(body))
		if err != nil {
			return nil, "", err
		}
		add(form)
	}
	if args["token"] != "" {
		token = args["token"]
		delete(args, "token")
	}
	return args, token, nil
}

// limit counts a call against the limits. It is called with s.mu held.
func (s *Server) limit(name string, args map[string]string) *Fault {
	now := time.Now()
	over := func(key string, most int, in time.Duration) *Fault {
		recent := slices.DeleteFunc(s.rates[key], func(t time.Time) bool { return now.Sub(t) >= in })
		if len(recent) >= most {
			s.rates[key] = recent
			return &Fault{Kind: TooFast, After: in - now.Sub(recent[0])}
		}
		s.rates[key] = append(recent, now)
		return nil
	}
	if s.o.PerChannel > 0 && name == "chat.postMessage" {
		return over("channel "+args["channel"], s.o.PerChannel, time.Second)
	}
	if s.o.PerMinute > 0 && name != "apps.connections.open" && name != "auth.test" {
		return over(name, s.o.PerMinute, time.Minute)
	}
	return nil
}

func (s *Server) carryOut(name string, w *Workspace, token string, args map[string]string) object {
	s.mu.Lock()
	defer s.mu.Unlock()
	refuse := func(code string, more ...any) object {
		out := object{"ok": false, "error": code}
		for i := 0; i+1 < len(more); i += 2 {
			out[more[i].(string)] = more[i+1]
		}
		return out
	}
	m, known := s.methods[name]
	if !known {
		s.violate("there is no method %s here", name)
		return refuse("unknown_method")
	}
	for arg := range args {
		if !slices.Contains(m.Args, arg) {
			s.violate("%s has no argument %s", name, arg)
		}
	}
	for _, arg := range m.Required {
		if args[arg] == "" {
			s.violate("%s needs the argument %s", name, arg)
			return refuse("invalid_arguments")
		}
	}
	c := &call{s: s, w: w, name: name, args: args}
	switch name {
	case "apps.connections.open":
		if token != AppToken {
			return refuse("invalid_auth")
		}
		return s.ticket()
	case "oauth.v2.access":
		return c.done(c.exchange())
	}
	switch {
	case token == "":
		return refuse("not_authed")
	case w == nil:
		return refuse("invalid_auth")
	case w.revoked != "":
		return refuse(w.revoked)
	}
	if len(m.Scopes) > 0 && !slices.ContainsFunc(m.Scopes, func(scope string) bool { return slices.Contains(w.scopes, scope) }) {
		return refuse("missing_scope", "needed", strings.Join(m.Scopes, ","), "provided", strings.Join(w.scopes, ","))
	}
	return c.done(c.run())
}

func (c *call) done(out object, err error) object {
	if err != nil {
		return object{"ok": false, "error": err.Error()}
	}
	out["ok"] = true
	return out
}

func (c *call) run() (object, error) {
	switch c.name {
	case "auth.test":
		return object{"url": "https://test.slack.com/", "team": c.w.ID, "user": "trellis", "team_id": c.w.ID, "user_id": c.w.Bot, "bot_id": "B" + c.w.ID}, nil
	case "chat.postMessage":
		return c.postMessage()
	case "chat.update":
		return c.update()
	case "chat.postEphemeral":
		return c.postEphemeral()
	case "chat.getPermalink":
		return object{"permalink": "https://test.slack.com/archives/" + c.args["channel"] + "/p" + strings.ReplaceAll(c.args["message_ts"], ".", "")}, nil
	case "conversations.open":
		return c.openDirect()
	case "conversations.info":
		return c.channelInfo()
	case "conversations.members":
		return c.members()
	case "conversations.history", "conversations.replies":
		return c.history()
	case "users.conversations":
		return c.channelsOf()
	case "users.info":
		return c.userInfo()
	case "dnd.info":
		d := c.w.dnd[c.args["user"]]
		return object{
			"dnd_enabled": d.Enabled, "next_dnd_start_ts": d.Start.Unix(), "next_dnd_end_ts": d.End.Unix(),
			"snooze_enabled": !d.Snooze.IsZero(), "snooze_endtime": max(d.Snooze.Unix(), 0),
		}, nil
	case "views.open":
		return c.viewOpen()
	case "views.publish":
		return c.viewPublish()
	}
	return nil, apiError("unknown_method")
}

// exchange gives a token for a code, or for the token that refreshes it, which is worth nothing afterwards.
func (c *call) exchange() (object, error) {
	if c.args["client_id"] != ClientID || c.args["client_secret"] != ClientSecret {
		return nil, apiError("bad_client_secret")
	}
	from, key := c.s.codes, c.args["code"]
	if c.args["grant_type"] == "refresh_token" {
		from, key = c.s.refresh, c.args["refresh_token"]
	}
	w := from[key]
	if w == nil {
		return nil, apiError(map[bool]string{true: "invalid_refresh_token", false: "invalid_code"}[c.args["grant_type"] == "refresh_token"])
	}
	delete(from, key)
	delete(c.s.tokens, w.Token)
	n := c.s.number()
	w.Token = fmt.Sprintf("xoxe.xoxb-%s-%d", w.ID, n)
	w.revoked = ""
	renew := fmt.Sprintf("xoxe-%s-%d", w.ID, n)
	c.s.tokens[w.Token], c.s.refresh[renew] = w, w
	return object{
		"access_token": w.Token, "token_type": "bot", "scope": strings.Join(w.scopes, ","), "bot_user_id": w.Bot, "app_id": AppID,
		"team": object{"id": w.ID, "name": w.ID}, "enterprise": nil, "is_enterprise_install": false, "refresh_token": renew,
		"expires_in": int(c.s.o.TokensLast / time.Second),
	}, nil
}

// Allow is somebody in a workspace allowing the app; it returns the code that Slack sends to the redirect URL.
func (w *Workspace) Allow() string {
	w.s.mu.Lock()
	defer w.s.mu.Unlock()
	code := fmt.Sprintf("code-%d", w.s.number())
	w.s.codes[code] = w
	return code
}
