package slack

import (
	"context"
	"strings"
	"sync"
	"time"

	slackgo "github.com/slack-go/slack"

	"trellis/adapters/chat"
)

const (
	// rememberPerson is how long what Slack said of somebody is taken for true: user_change says what is new sooner, where
	// it arrives (it does not for people of other organisations).
	rememberPerson = time.Hour
	// lookUpWithin is what looking somebody up may take of the time in which an event is to be acknowledged.
	lookUpWithin = time.Second
	mostPeople   = 50_000 // remembered at once, some hundred bytes each
)

// directory is what is known of people. What is not known is asked once, however many want to know.
type directory struct {
	mu       sync.Mutex // guards what follows; never held while Slack is asked
	people   map[chat.AccountID]*person
	deferred map[chat.DeliveryID]time.Time // until when a message may wait for somebody's quiet
}

// person is one account.
type person struct {
	chat.Profile
	bot     bool
	known   time.Time     // when Slack said so; zero: never
	loading chan struct{} // closed when the asking is over; nil: nobody asks
	quiet   quiet
	acted   time.Time // when they last did something here
}

// entry returns what is remembered of an account. d.mu is held.
func (d *directory) entry(id chat.AccountID) *person {
	p := d.people[id]
	if p == nil {
		if len(d.people) >= mostPeople {
			clear(d.people)
		}
		p = &person{Profile: chat.Profile{Account: id}}
		d.people[id] = p
	}
	return p
}

// of is what is known of a user; asked now when that is nothing, or long ago. Whoever cannot be looked up in time is
// an account without a name.
func (d *directory) of(ctx context.Context, w *workspace, id string) person {
	account := accountID(w.team, id)
	d.mu.Lock()
	p := d.entry(account)
	fresh := !p.known.IsZero() && time.Since(p.known) < rememberPerson
	if fresh {
		defer d.mu.Unlock()
		return *p
	}
	loading := p.loading
	if loading == nil {
		loading = make(chan struct{})
		p.loading = loading
		ask := func() { // for all who wait, so it does not end with the first of them
			defer close(loading)
			d.ask(w, id)
		}
		if run := w.a.run.Load(); run == nil || !run.start(ask) {
			p.loading = nil
			close(loading)
		}
	}
	d.mu.Unlock()
	select {
	case <-loading:
	case <-ctx.Done():
	}
	d.mu.Lock()
	defer d.mu.Unlock()
	return *d.entry(account)
}

// ask asks Slack.
func (d *directory) ask(w *workspace, id string) {
	ctx := w.ctx
	if run := w.a.run.Load(); run != nil {
		ctx = run.ctx
	}
	u, err := w.api().GetUserInfoContext(ctx, id, slackgo.GetUserInfoOptionIncludeLocale(true))
	if err == nil {
		read := user{
			ID: u.ID, TeamID: u.TeamID, Name: u.Name, RealName: u.RealName, Deleted: u.Deleted, TZ: u.TZ, Locale: u.Locale,
			Bot: u.IsBot, Limited: u.IsRestricted || u.IsUltraRestricted, Stranger: u.IsStranger,
		}
		read.Profile.DisplayName, read.Profile.RealName = u.Profile.DisplayName, u.Profile.RealName
		d.learn(w, read)
	}
	d.mu.Lock()
	defer d.mu.Unlock()
	d.entry(accountID(w.team, id)).loading = nil
}

// learn remembers what Slack says of somebody.
func (d *directory) learn(w *workspace, u user) {
	d.mu.Lock()
	defer d.mu.Unlock()
	p := d.entry(accountID(w.team, u.ID))
	language := p.Language
	if p.Profile = w.profile(u); p.Language == "" {
		p.Language = language // user_change leaves it out
	}
	p.bot, p.known = u.Bot || u.ID == "USLACKBOT", time.Now()
}

// profile is what an event tells of somebody.
func (w *workspace) profile(u user) chat.Profile {
	p := chat.Profile{
		Account: accountID(w.team, u.ID), Zone: u.TZ, Language: strings.ReplaceAll(u.Locale, "_", "-"), Gone: u.Deleted,
		Guest: u.Limited || u.Stranger || u.TeamID != "" && w.team != "" && u.TeamID != w.team && !strings.HasPrefix(w.team, "E"),
	}
	for _, name := range []string{u.Profile.DisplayName, u.Profile.RealName, u.RealName, u.Name} {
		if name = strings.TrimSpace(chat.Clean(name)); name != "" {
			p.Name = name
			break
		}
	}
	return p
}

// actedNow notes that somebody is at it, whatever their Do Not Disturb says.
func (d *directory) actedNow(id chat.AccountID, now time.Time) {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.entry(id).acted = now
}

// quiet is somebody's Do Not Disturb.
type quiet struct {
	status doNotTouch
	known  time.Time
}

const (
	rememberQuiet = 5 * time.Minute // people snooze without a word where dnd_updated_user does not arrive
	// awake is how long somebody who did something is taken to be at it: what comes then is an answer, or part of a round.
	awake = 15 * time.Minute
	// longestQuiet is how long a message waits for the end of somebody's quiet: a day, then it goes all the same.
	longestQuiet = 24 * time.Hour
)

// disturb remembers what Slack says of somebody's Do Not Disturb.
func (d *directory) disturb(id chat.AccountID, status doNotTouch) {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.entry(id).quiet = quiet{status: status, known: time.Now()}
}

// until is when a quiet that lasts now ends; zero: there is none.
func (s doNotTouch) until(now time.Time) time.Time {
	at := now.Unix()
	var end int64
	if s.Enabled && s.Start <= at && at < s.End {
		end = s.End
	}
	if s.Snooze && s.Until > at {
		end = max(end, s.Until)
	}
	if end == 0 {
		return time.Time{}
	}
	return time.Unix(end, 0)
}

// holdFor is how long a direct message waits for the end of the reader's Do Not Disturb. Slack would hold back only the
// sound of it; Trellis holds the message, so that it is not read past in the morning.
func (a *Adapter) holdFor(ctx context.Context, w *workspace, id string, d chat.DeliveryID) time.Duration {
	account, now := accountID(w.team, id), time.Now()
	dir := &a.people
	dir.mu.Lock()
	p := dir.entry(account)
	quiet, acted := p.quiet, p.acted
	dir.mu.Unlock()
	if now.Sub(acted) < awake || w.lacks("dnd:read") {
		return 0
	}
	if now.Sub(quiet.known) > rememberQuiet {
		status, err := w.api().GetDNDInfoContext(ctx, &id)
		if err != nil {
			return 0 // it goes, rather than wait for nobody knows what
		}
		quiet.status = doNotTouch{
			Enabled: status.Enabled, Start: int64(status.NextStartTimestamp), End: int64(status.NextEndTimestamp),
			Snooze: status.SnoozeEnabled, Until: int64(status.SnoozeEndTime),
		}
		dir.disturb(account, quiet.status)
	}
	end := quiet.status.until(now)
	dir.mu.Lock()
	defer dir.mu.Unlock()
	if end.IsZero() {
		delete(dir.deferred, d)
		return 0
	}
	for id, last := range dir.deferred { // of what was given up meanwhile
		if now.Sub(last) > longestQuiet {
			delete(dir.deferred, id)
		}
	}
	last, waits := dir.deferred[d]
	if !waits {
		last = now.Add(longestQuiet)
		dir.deferred[d] = last
	}
	if !now.Before(last) {
		delete(dir.deferred, d)
		return 0
	}
	if end.After(last) {
		end = last
	}
	return max(end.Sub(now), time.Second)
}
