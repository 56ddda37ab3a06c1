package web

import (
	"crypto/subtle"
	"net/http"
	"strconv"
	"strings"
	"time"
)

// How a browser comes in, by a link, and goes.

// cookieName is the one cookie's. The prefix has a browser refuse it from any other place than this very address.
func (a *Adapter) cookieName() string {
	if a.url != nil && a.url.Scheme == "https" {
		return "__Host-trellis"
	}
	return "trellis"
}

// cookie is the secret of the browser's session; empty when it has none.
func (a *Adapter) cookie(r *http.Request) string {
	c, err := r.Cookie(a.cookieName())
	if err != nil || len(c.Value) < 20 || len(c.Value) > 100 {
		return ""
	}
	return c.Value
}

func (a *Adapter) setCookie(w http.ResponseWriter, secret string, age int) {
	http.SetCookie(w, &http.Cookie{
		Name: a.cookieName(), Value: secret, Path: "/", MaxAge: age, HttpOnly: true, SameSite: http.SameSiteLaxMode,
		Secure: a.url != nil && a.url.Scheme == "https",
	})
}

// cookieAge is in seconds; browsers keep none for longer than 400 days. What it opens ends with its links.
const cookieAge = 400 * 24 * 60 * 60

// tokenOfSession is what a page of a session has in its forms: whoever cannot read the page does not know it.
func tokenOfSession(secret string) string { return hashOf("token " + secret)[:32] }

// demoToken stands in forms of a demo, which has no sessions: a page elsewhere cannot read it.
func (a *Adapter) demoToken() string { return a.secret.id("demo token") }

func (a *Adapter) rightToken(r *http.Request, token string) bool {
	return token != "" && subtle.ConstantTimeCompare([]byte(r.PostFormValue("token")), []byte(token)) == 1
}

// stranger is how somebody reads of whom nothing is known but what their browser asks for.
func (a *Adapter) stranger(r *http.Request) reader {
	rd := a.readerOf(person{})
	rd.language = a.languageFor(accepted(r.Header.Get("Accept-Language"))...)
	return rd
}

// start is the page under the bare address.
func (a *Adapter) start(w http.ResponseWriter, r *http.Request) {
	links, err := a.seatsOf(r)
	if err != nil {
		a.broken(w, r, err)
		return
	}
	if len(links) == 1 || len(links) > 0 && a.o.Demo != nil {
		http.Redirect(w, r, links[0].Path, http.StatusSeeOther)
		return
	}
	rd := a.stranger(r)
	page := &plainPage{view: a.viewFor(rd, kindPlain, rd.T("web.start.title")), Heading: rd.T("web.start.title"), Links: links}
	if len(links) == 0 {
		page.Paragraphs = []string{rd.T("web.start.text")}
	} else {
		page.Heading = rd.T("web.start.yours")
	}
	a.render(w, r, http.StatusOK, kindPlain, page)
}

// seatsOf are the pages that a browser may open.
func (a *Adapter) seatsOf(r *http.Request) (all []plainLink, err error) {
	p := a.places.Load()
	if a.o.Demo != nil && onThisMachine(r) {
		for _, room := range p.sorted() {
			for _, s := range room.Seats {
				if !s.Left {
					all = append(all, plainLink{room.Path(s), p.people[s.Account].Name + " · " + room.Name})
				}
			}
		}
		return all, nil
	}
	secret := a.cookie(r)
	if secret == "" {
		return nil, nil
	}
	s, err := a.session(r.Context(), hashOf(secret))
	if err != nil {
		return nil, err
	}
	for _, hash := range s.Links {
		if l, good := p.link(hash, a.now()); good {
			room, seat, _ := p.seat(l.Room, l.Account)
			all = append(all, plainLink{room.Path(seat), p.people[seat.Account].Name + " · " + room.Name})
		}
	}
	return all, nil
}

// showJoin is what a link opens: nothing happens yet, so that who only looks (a preview, a scanner of mails) changes nothing.
func (a *Adapter) showJoin(w http.ResponseWriter, r *http.Request) {
	l, ok := a.opened(w, r)
	if !ok {
		return
	}
	p := a.places.Load()
	who, room := p.people[l.Account], p.rooms[l.Room]
	rd := a.stranger(r)
	if who.Language != "" || who.Reads != "" {
		rd = a.readerOf(who)
	}
	page := &plainPage{
		view: a.viewFor(rd, kindPlain, rd.T("web.join.title")), Heading: rd.T("web.join.welcome", "name", who.Name),
		Paragraphs: []string{
			rd.T("web.join.as", "name", who.Name, "room", room.Name),
			rd.T("web.join.how", "n", int(a.o.LinkLife/(24*time.Hour))),
			rd.T("web.join.device"),
		},
		Button: &plainButton{r.URL.Path, rd.T("web.join.in"), who.Name},
	}
	a.render(w, r, http.StatusOK, kindPlain, page)
}

// opened returns the link that a request opens, or answers that there is none.
func (a *Adapter) opened(w http.ResponseWriter, r *http.Request) (link, bool) {
	if wait := a.limits.join(a.addressOf(r), a.now()); wait > 0 {
		a.tooFast(w, r, wait)
		return link{}, false
	}
	l, good := a.places.Load().link(hashOf(r.PathValue("secret")), a.now())
	if !good {
		a.missing(w, r)
	}
	return l, good
}

// join lets a browser in by a link.
func (a *Adapter) join(w http.ResponseWriter, r *http.Request) {
	l, ok := a.opened(w, r)
	if !ok {
		return
	}
	if err := a.introduce(r, l); err != nil {
		a.broken(w, r, err)
		return
	}
	secret := a.cookie(r)
	if s, err := a.session(r.Context(), hashOf(secret)); secret == "" || err != nil || len(s.Links) == 0 {
		secret = newSecret() // never one that somebody else put there
	}
	if err := a.comeIn(r.Context(), hashOf(secret), hashOf(r.PathValue("secret"))); err != nil {
		a.broken(w, r, err)
		return
	}
	a.setCookie(w, secret, cookieAge)
	p := a.places.Load()
	if room, seat, here := p.seat(l.Room, l.Account); here {
		http.Redirect(w, r, room.Path(seat), http.StatusSeeOther)
		return
	}
	a.missing(w, r)
}

// introduce notes the name that somebody gives when they come in, and the language and zone of their browser where
// none are known.
func (a *Adapter) introduce(r *http.Request, l link) error {
	who := a.places.Load().people[l.Account]
	next := who
	if name := cleanName(r.PostFormValue("name")); name != "" {
		next.Name = name
	}
	if languages := accepted(r.Header.Get("Accept-Language")); next.Language == "" && len(languages) > 0 {
		next.Language = languages[0]
	}
	if zone := r.PostFormValue("zone"); next.Zone == "" && len(zone) < 60 && zone != "Local" {
		if _, err := time.LoadLocation(zone); err == nil {
			next.Zone = zone
		}
	}
	if next == who {
		return nil
	}
	_, err := a.change(r.Context(), func(d *draft) error { return d.introduce(a, l.Room, l.Account, next) })
	return err
}

func (a *Adapter) signOff(w http.ResponseWriter, r *http.Request) {
	secret := a.cookie(r)
	if secret == "" {
		a.missing(w, r)
		return
	}
	if !a.rightToken(r, tokenOfSession(secret)) {
		a.fail(w, r, http.StatusForbidden, "web.error.stale")
		return
	}
	if err := a.endSession(r.Context(), hashOf(secret)); err != nil {
		a.broken(w, r, err)
		return
	}
	a.setCookie(w, "", -1)
	rd := a.stranger(r)
	a.render(w, r, http.StatusOK, kindPlain, &plainPage{
		view: a.viewFor(rd, kindPlain, rd.T("web.start.title")), Heading: rd.T("web.start.title"), Paragraphs: []string{rd.T("web.signoff.done")},
	})
}

// missing answers all that there is not, and all that is not for who asks, in the same way.
func (a *Adapter) missing(w http.ResponseWriter, r *http.Request) {
	rd := a.stranger(r)
	a.render(w, r, http.StatusNotFound, kindPlain, &plainPage{
		view: a.viewFor(rd, kindPlain, rd.T("web.error.missingtitle")), Heading: rd.T("web.error.missingtitle"),
		Paragraphs: []string{rd.T("web.error.missing")},
	})
}

// fail answers a request that was refused.
func (a *Adapter) fail(w http.ResponseWriter, r *http.Request, status int, key string) {
	rd := a.stranger(r)
	if fromScript(r) {
		a.answer(w, status, scriptAnswer{Error: rd.T(key)})
		return
	}
	page := &plainPage{view: a.viewFor(rd, kindPlain, rd.T("web.error.title")), Heading: rd.T("web.error.title"), Paragraphs: []string{rd.T(key)}}
	if parts := strings.Split(r.URL.Path, "/"); len(parts) > 3 && parts[1] == "r" {
		page.Links = []plainLink{{strings.Join(parts[:4], "/"), rd.T("web.error.back")}}
	}
	a.render(w, r, status, kindPlain, page)
}

func (a *Adapter) tooFast(w http.ResponseWriter, r *http.Request, wait time.Duration) {
	w.Header().Set("Retry-After", strconv.Itoa(int(wait/time.Second)+1))
	a.fail(w, r, http.StatusTooManyRequests, "web.error.fast")
}
