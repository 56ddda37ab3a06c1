package slack

import (
	"context"
	"crypto/rand"
	"crypto/subtle"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"strings"
	"time"

	slackgo "github.com/slack-go/slack"

	"trellis/adapters/chat"
)

const (
	installRecord = "install/"
	stateFor      = 10 * time.Minute // in which somebody decides
	mostStates    = 1000             // installations under way; more are nobody's
	stateCookie   = "trellis_slack_state"
	renewBefore   = 30 * time.Minute // a token lives for 12 h
	renewEvery    = time.Minute
)

// install is an installation as it is kept, sealed.
type install struct {
	Team    string
	Token   string
	Refresh string    `json:",omitempty"`
	Expires time.Time `json:",omitzero"`
	Bot     string
	Scopes  string
}

func (a *Adapter) loadInstall(name string, sealed []byte) error {
	text, err := a.seal.open(name, sealed)
	if err != nil {
		return fmt.Errorf("read installation %s: %w", strings.TrimPrefix(name, installRecord), err)
	}
	var i install
	if err := json.Unmarshal(text, &i); err != nil {
		return fmt.Errorf("read installation %s: %w", strings.TrimPrefix(name, installRecord), err)
	}
	a.put(i)
	return nil
}

// put lets an installation work.
func (a *Adapter) put(i install) *workspace {
	a.mu.Lock()
	w := a.workspaces[i.Team]
	if w == nil {
		w = a.newWorkspace(i.Team, i.Token)
		a.workspaces[i.Team] = w
	}
	a.mu.Unlock()
	w.mu.Lock()
	w.client = a.newClient(w, i.Token)
	w.bot, w.refresh, w.expires, w.failed = i.Bot, i.Refresh, i.Expires, ""
	w.mu.Unlock()
	if i.Scopes != "" {
		w.granted(i.Scopes)
	}
	return w
}

func (a *Adapter) record(i install) (chat.Record, error) {
	name := installRecord + i.Team
	text, err := json.Marshal(i)
	if err != nil {
		return chat.Record{}, err
	}
	sealed, err := a.seal.seal(name, text)
	return chat.Record{Name: name, Value: sealed}, err
}

// serveInstall sends somebody to Slack, who comes back to serveOAuth with the same state.
func (a *Adapter) serveInstall(w http.ResponseWriter, r *http.Request) {
	state, now := rand.Text(), time.Now()
	a.mu.Lock()
	for s, until := range a.states {
		if now.After(until) {
			delete(a.states, s)
		}
	}
	full := len(a.states) >= mostStates
	if !full {
		a.states[state] = now.Add(stateFor)
	}
	a.mu.Unlock()
	if full {
		http.Error(w, "Too many installations are under way. Try again in some minutes.", http.StatusServiceUnavailable)
		return
	}
	http.SetCookie(w, &http.Cookie{
		Name: stateCookie, Value: state, Path: "/slack/oauth", MaxAge: int(stateFor / time.Second), HttpOnly: true,
		Secure: secure(r), SameSite: http.SameSiteLaxMode,
	})
	q := url.Values{"client_id": {a.o.ClientID}, "scope": {strings.Join(ScopeNames(), ",")}, "state": {state}}
	w.Header().Set("Cache-Control", "no-store")
	http.Redirect(w, r, a.site()+"/oauth/v2/authorize?"+q.Encode(), http.StatusFound)
}

// site is where people sign in, beside the Web API.
func (a *Adapter) site() string {
	return strings.TrimSuffix(strings.TrimSuffix(a.o.APIURL, "/"), "/api")
}

func secure(r *http.Request) bool {
	return r.TLS != nil || strings.EqualFold(r.Header.Get("X-Forwarded-Proto"), "https")
}

// serveOAuth takes the code that Slack gave, if it was asked for from this very browser, and keeps the installation.
func (a *Adapter) serveOAuth(w http.ResponseWriter, r *http.Request) {
	w.Header().Set("Cache-Control", "no-store")
	state := r.URL.Query().Get("state")
	cookie, err := r.Cookie(stateCookie)
	if err != nil || state == "" || subtle.ConstantTimeCompare([]byte(cookie.Value), []byte(state)) != 1 || !a.takeState(state) {
		http.Error(w, "This did not begin here, or took too long. Start again at /slack/install.", http.StatusForbidden)
		return
	}
	if r.URL.Query().Get("error") != "" {
		http.Error(w, "Nothing was installed.", http.StatusOK)
		return
	}
	run := a.run.Load()
	if run == nil {
		http.Error(w, "Trellis is starting. Start again at /slack/install.", http.StatusServiceUnavailable)
		return
	}
	ctx, cancel := context.WithTimeout(r.Context(), answerWithin)
	defer cancel()
	got, err := slackgo.GetOAuthV2ResponseContext(ctx, a.client, a.o.ClientID, a.o.ClientSecret, r.URL.Query().Get("code"), "",
		slackgo.OAuthOptionAPIURL(a.o.APIURL))
	if err != nil {
		a.log.Warn("an installation failed", "error", plain(err))
		http.Error(w, "Slack refused the installation. Start again at /slack/install.", http.StatusBadGateway)
		return
	}
	if err := a.installed(ctx, run, got); err != nil {
		a.log.Error("an installation was not kept", "error", plain(err))
		http.Error(w, "The installation could not be kept. Start again at /slack/install.", http.StatusServiceUnavailable)
		return
	}
	w.Header().Set("Content-Type", "text/plain; charset=utf-8")
	_, _ = w.Write([]byte("Trellis is installed. Invite it to a channel: /invite @Trellis\n"))
}

func (a *Adapter) takeState(state string) bool {
	a.mu.Lock()
	defer a.mu.Unlock()
	until, known := a.states[state]
	delete(a.states, state) // once
	return known && time.Now().Before(until)
}

func (a *Adapter) installed(ctx context.Context, run *running, got *slackgo.OAuthV2Response) error {
	i := install{Team: got.Team.ID, Token: got.AccessToken, Refresh: got.RefreshToken, Bot: got.BotUserID, Scopes: got.Scope}
	if got.IsEnterpriseInstall || i.Team == "" {
		i.Team = got.Enterprise.ID
	}
	if i.Team == "" || i.Token == "" {
		return errors.New("the answer names no workspace or token")
	}
	if got.ExpiresIn > 0 {
		i.Expires = time.Now().Add(time.Duration(got.ExpiresIn) * time.Second)
	}
	if err := a.keepInstall(ctx, run, i); err != nil {
		return err
	}
	w := a.put(i)
	a.log.Info("a workspace installed Trellis", "workspace", i.Team)
	reachable := chat.Event{ID: eventID(i.Team, "installed", rand.Text()), At: time.Now(), What: chat.Reachable{}}
	if _, err := run.in.Accept(ctx, chat.Batch{Events: []chat.Event{reachable}}); err != nil {
		a.log.Info("what waits for a workspace goes on a little later", "workspace", i.Team, "error", plain(err))
	}
	run.start(func() {
		if err := a.findRooms(run.ctx, w); err != nil && run.ctx.Err() == nil {
			a.log.Warn("the rooms that Trellis is in cannot be listed", "workspace", w.team, "error", plain(err))
		}
	})
	return nil
}

func (a *Adapter) keepInstall(ctx context.Context, run *running, i install) error {
	r, err := a.record(i)
	if err != nil {
		return err
	}
	_, err = run.in.Accept(ctx, chat.Batch{Keep: []chat.Record{r}})
	return err
}

// uninstalled drops a workspace's tokens; what Trellis knows of it stays as long as was promised. Both events may come, in
// any order, and twice.
func (a *Adapter) uninstalled(w *workspace, v *event, id chat.EventID, at time.Time) arrival {
	if v.Type == "tokens_revoked" && len(v.Tokens.Bot) == 0 {
		return arrival{} // somebody's own, which Trellis has none of
	}
	arrived := arrival{w: w}
	a.mu.Lock()
	for room, p := range a.rooms {
		if team, _, _ := split(room); team == w.team {
			_ = p
			arrived.events = append(arrived.events, chat.Event{ID: id + chat.EventID("/"+string(room)), At: at, Room: room, What: chat.Removed{Reason: v.Type}})
			arrived.keep = append(arrived.keep, chat.Record{Name: roomRecord + string(room)})
		}
	}
	a.mu.Unlock()
	if a.single == nil {
		arrived.keep = append(arrived.keep, chat.Record{Name: installRecord + w.team})
	}
	events := arrived.events
	arrived.then = func() {
		for _, e := range events {
			a.forgetRoom(e.Room)
		}
		a.log.Error("Trellis was removed from a workspace", "workspace", w.team, "reason", v.Type)
		if a.single == nil {
			a.mu.Lock()
			delete(a.workspaces, w.team)
			a.mu.Unlock()
			w.stop()
		}
	}
	return arrived
}

// renew gets new tokens before the old ones run out. It is the only one that does: a refresh token works once.
func (a *Adapter) renew(ctx context.Context) {
	for {
		for _, w := range a.all() {
			w.mu.Lock()
			due := w.refresh != "" && w.failed == "" && time.Until(w.expires) < renewBefore
			w.mu.Unlock()
			if due {
				if err := a.renewOne(ctx, w); err != nil && ctx.Err() == nil {
					a.log.Warn("a token was not renewed", "workspace", w.team, "error", plain(err))
				}
			}
		}
		if !wait(ctx, renewEvery) {
			return
		}
	}
}

// renewNow has a token renewed at the next look.
func (a *Adapter) renewNow(w *workspace) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.expires = time.Now()
}

// renewOne keeps the new pair before it is used: the old one is worth nothing any more.
func (a *Adapter) renewOne(ctx context.Context, w *workspace) error {
	run := a.run.Load()
	if run == nil {
		return nil
	}
	w.mu.Lock()
	refresh, bot := w.refresh, w.bot
	w.mu.Unlock()
	got, err := slackgo.RefreshOAuthV2TokenContext(ctx, a.client, a.o.ClientID, a.o.ClientSecret, refresh, slackgo.OAuthOptionAPIURL(a.o.APIURL))
	if err != nil {
		if isFinal(err) {
			w.mu.Lock()
			w.failed = codeOf(err)
			w.mu.Unlock()
			a.log.Error("a workspace has to install Trellis again: its token cannot be renewed", "workspace", w.team, "error", plain(err))
		}
		return err
	}
	i := install{
		Team: w.team, Token: got.AccessToken, Refresh: got.RefreshToken, Bot: bot, Scopes: got.Scope,
		Expires: time.Now().Add(time.Duration(got.ExpiresIn) * time.Second),
	}
	for pause := firstPause; ; pause = min(2*pause, longestPause) {
		if err = a.keepInstall(ctx, run, i); err == nil {
			break
		}
		if !wait(ctx, pause) {
			return err
		}
	}
	a.put(i)
	return nil
}
