package web

import (
	"context"
	"errors"
	"log/slog"
	"net"
	"net/http"
	"net/netip"
	"strings"
	"time"

	"trellis/adapters/chat"
)

const (
	maxBody     = 64 << 10    // bytes of a request; a text of the greatest length, written in any script, fits
	writeWithin = time.Minute // for a whole answer; a stream of news has its own limit for each piece
)

// Handler serves the pages. It wants to be served under "/".
func (a *Adapter) Handler() http.Handler {
	mux := http.NewServeMux()
	mux.HandleFunc("GET /assets/{name}", a.assets.serve)
	mux.HandleFunc("GET /robots.txt", func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "text/plain; charset=utf-8")
		_, _ = w.Write([]byte("User-agent: *\nDisallow: /\n"))
	})
	mux.HandleFunc("GET /{$}", a.start)
	mux.HandleFunc("GET /join/{secret}", a.showJoin)
	mux.HandleFunc("POST /join/{secret}", a.join)
	mux.HandleFunc("POST /out", a.signOff)

	seat := "/r/{room}/{handle}"
	mux.HandleFunc("GET "+seat, a.at(a.showRoom))
	mux.HandleFunc("GET "+seat+"/events", a.at(a.stream))
	mux.HandleFunc("GET "+seat+"/home", a.at(a.showHome))
	mux.HandleFunc("GET "+seat+"/people", a.at(a.showPeople))
	mux.HandleFunc("POST "+seat+"/say", a.at(a.say))
	mux.HandleFunc("POST "+seat+"/press", a.at(a.pressed))
	mux.HandleFunc("POST "+seat+"/fill", a.at(a.filled))
	mux.HandleFunc("POST "+seat+"/close", a.at(a.closed))
	mux.HandleFunc("POST "+seat+"/change", a.at(a.changed))
	mux.HandleFunc("POST "+seat+"/react", a.at(a.reacted))
	mux.HandleFunc("POST "+seat+"/name", a.at(a.renamed))
	mux.HandleFunc("POST "+seat+"/leave", a.at(a.left))
	mux.HandleFunc("POST "+seat+"/people/{act}", a.at(a.managed))
	if a.o.Demo != nil {
		mux.HandleFunc("POST /demo/clock", a.moveClock)
		mux.HandleFunc("POST /demo/intro", a.showIntro)
	}
	mux.HandleFunc("/", a.missing)
	return a.guard(mux)
}

// guard is what every request passes first: headers, where it came from, and limits.
func (a *Adapter) guard(next http.Handler) http.Handler {
	origin := http.NewCrossOriginProtection()
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		harden(w.Header(), a.url != nil && a.url.Scheme == "https")
		_ = http.NewResponseController(w).SetWriteDeadline(time.Now().Add(writeWithin)) // tests have writers without one
		if !a.ourHost(r) {
			// A page elsewhere whose name was made to lead here has no business with it.
			http.Error(w, "not found", http.StatusNotFound)
			return
		}
		if wait := a.limits.address(a.addressOf(r), a.now()); wait > 0 {
			a.tooFast(w, r, wait)
			return
		}
		if err := origin.Check(r); err != nil {
			a.fail(w, r, http.StatusForbidden, "web.error.stale")
			return
		}
		if r.Method == http.MethodPost {
			kind, _, _ := strings.Cut(r.Header.Get("Content-Type"), ";")
			if !strings.EqualFold(strings.TrimSpace(kind), "application/x-www-form-urlencoded") {
				a.fail(w, r, http.StatusUnsupportedMediaType, "web.error.stale")
				return
			}
			r.Body = http.MaxBytesReader(w, r.Body, maxBody)
			if err := r.ParseForm(); err != nil {
				status, key := http.StatusBadRequest, "web.error.stale"
				if _, large := errors.AsType[*http.MaxBytesError](err); large {
					status, key = http.StatusRequestEntityTooLarge, "web.error.large"
				}
				a.fail(w, r, status, key)
				return
			}
		}
		next.ServeHTTP(w, r)
	})
}

// harden sets what a page may do: nothing that is not of this adapter, and nowhere but here.
func harden(h http.Header, secure bool) {
	h.Set("Content-Security-Policy", "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; connect-src 'self'; "+
		"form-action 'self'; frame-ancestors 'none'; base-uri 'none'")
	h.Set("X-Content-Type-Options", "nosniff")
	h.Set("X-Frame-Options", "DENY")
	h.Set("Referrer-Policy", "no-referrer")
	h.Set("Cross-Origin-Opener-Policy", "same-origin")
	h.Set("Cross-Origin-Resource-Policy", "same-origin")
	h.Set("Permissions-Policy", "camera=(), display-capture=(), geolocation=(), microphone=(), payment=(), usb=()")
	h.Set("Cache-Control", "no-store")
	h.Set("Vary", "Cookie, Accept-Language")
	if secure {
		h.Set("Strict-Transport-Security", "max-age=31536000")
	}
}

// ourHost tells whether a request names this server: its address, or in a demo without one, this machine.
func (a *Adapter) ourHost(r *http.Request) bool {
	if a.url != nil {
		return strings.EqualFold(r.Host, a.url.Host)
	}
	return onThisMachine(r)
}

// onThisMachine tells whether a request comes from here, to a name that leads nowhere else.
func onThisMachine(r *http.Request) bool {
	host := r.Host
	if h, _, err := net.SplitHostPort(host); err == nil {
		host = h
	}
	ip, err := netip.ParseAddr(strings.Trim(host, "[]"))
	if !strings.EqualFold(host, "localhost") && (err != nil || !ip.IsLoopback()) {
		return false
	}
	from, err := netip.ParseAddrPort(r.RemoteAddr)
	return err == nil && from.Addr().Unmap().IsLoopback() && r.Header.Get("X-Forwarded-For") == ""
}

// addressOf is where a request came from: what the last trusted proxy says, or the other end of the connection.
func (a *Adapter) addressOf(r *http.Request) string {
	from, err := netip.ParseAddrPort(r.RemoteAddr)
	if err != nil {
		return r.RemoteAddr
	}
	address := from.Addr().Unmap()
	hops := strings.Split(strings.Join(r.Header.Values("X-Forwarded-For"), ","), ",")
	for i := len(hops) - 1; i >= 0 && a.trusted(address); i-- {
		hop, err := netip.ParseAddr(strings.TrimSpace(hops[i]))
		if err != nil {
			break
		}
		address = hop.Unmap()
	}
	if address.Is6() { // one household has a whole network of these
		if network, err := address.WithZone("").Prefix(64); err == nil {
			return network.String()
		}
	}
	return address.String()
}

func (a *Adapter) trusted(address netip.Addr) bool {
	for _, p := range a.o.Proxies {
		if p.Contains(address) {
			return true
		}
	}
	return false
}

// visit is a request by somebody who may be whom the address names.
type visit struct {
	room   Room
	seat   Seat
	person person
	token  string
	link   string // hash of the link that allows it; empty in a demo
}

// at lets a request through to a person's page when its browser may be that person. Else it hears what it would hear
// if there were no such page.
func (a *Adapter) at(next func(http.ResponseWriter, *http.Request, *visit)) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		v, err := a.visitOf(r)
		if err != nil {
			a.broken(w, r, err)
			return
		}
		if v == nil {
			a.missing(w, r)
			return
		}
		if r.Method == http.MethodPost {
			if !a.rightToken(r, v.token) {
				a.fail(w, r, http.StatusForbidden, "web.error.stale")
				return
			}
			if wait := a.limits.person(v.seat.Account, a.now()); wait > 0 {
				a.tooFast(w, r, wait)
				return
			}
		}
		next(w, r, v)
	}
}

// visitOf returns the visit that a request is; nil when it is none.
func (a *Adapter) visitOf(r *http.Request) (*visit, error) {
	p := a.places.Load()
	room, seat, there := p.byHandle(chat.RoomID(r.PathValue("room")), r.PathValue("handle"))
	v := &visit{room: room, seat: seat, person: p.people[seat.Account]}
	if a.o.Demo != nil && onThisMachine(r) {
		if !there {
			return nil, nil
		}
		v.token = a.demoToken()
		return v, nil
	}
	secret := a.cookie(r)
	if secret == "" {
		return nil, nil
	}
	hash := hashOf(secret)
	s, err := a.session(r.Context(), hash)
	if err != nil || !there {
		return nil, err
	}
	for _, l := range s.Links {
		if l2, good := p.link(l, a.now()); good && l2.Room == room.ID && l2.Account == seat.Account {
			v.link, v.token = l, tokenOfSession(secret)
			a.seen(r.Context(), hash, s)
			a.renew(r.Context(), l, false)
			return v, nil
		}
	}
	return nil, nil
}

// stillAllowed tells whether a page that stays open may go on.
func (a *Adapter) stillAllowed(v *visit) bool {
	p := a.places.Load()
	if _, _, here := p.seat(v.room.ID, v.seat.Account); !here {
		return false
	}
	if v.link == "" {
		return true
	}
	_, good := p.link(v.link, a.now())
	return good
}

// act is what a form of this visit's page asks for.
func (v *visit) act(r *http.Request) act {
	t := act{by: v.seat.Account, in: v.room.ID, nonce: r.PostFormValue("nonce")}
	if r.PostFormValue("in") == placeDirect {
		t.in = directOf(t.by)
	}
	if t.nonce == "" || len(t.nonce) > 100 {
		t.nonce = newNonce()
	}
	return t
}

// The names of a page's two places in its forms.
const (
	placeRoom   = "room"
	placeDirect = "mine"
)

func (v *visit) path() string { return v.room.Path(v.seat) }

// broken answers when the store does not.
func (a *Adapter) broken(w http.ResponseWriter, r *http.Request, err error) {
	if errors.Is(err, context.Canceled) {
		return
	}
	a.log.Error("web: a page could not be answered", "method", r.Method, "pattern", r.Pattern, slog.Any("error", err))
	a.fail(w, r, http.StatusServiceUnavailable, "web.error.failed")
}
