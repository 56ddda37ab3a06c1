package web

import (
	"context"
	"fmt"
	"maps"
	"net/http"
	"net/url"
	"slices"
	"time"

	"trellis/adapters/chat"
)

// renewAfter is how old the end of a link must have grown before a visit moves it: not every visit is worth a commit.
const renewAfter = 24 * time.Hour

// NewLink returns a new address by which somebody comes in; those that they had for this room end. It can be shown only
// now: no more than its hash is kept.
func (a *Adapter) NewLink(ctx context.Context, in chat.RoomID, who chat.AccountID) (string, error) {
	var made string
	_, err := a.change(ctx, func(d *draft) error {
		if _, _, here := d.seat(in, who); !here {
			return errNotHere
		}
		d.dropLinks(in, who)
		made = newSecret()
		now := a.now()
		return d.writeLink(hashOf(made), link{Room: in, Account: who, Made: now, Until: now.Add(a.o.LinkLife)})
	})
	if err != nil {
		return "", fmt.Errorf("make a link: %w", err)
	}
	a.hub.tell(directOf(who))
	return a.address("/join/" + made), nil
}

// EndLinks ends the links of somebody to a room. Their pages close at once; they stay one of the room.
func (a *Adapter) EndLinks(ctx context.Context, in chat.RoomID, who chat.AccountID) error {
	_, err := a.change(ctx, func(d *draft) error {
		if _, _, here := d.seat(in, who); !here {
			return errNotHere
		}
		d.dropLinks(in, who)
		return nil
	})
	if err != nil {
		return fmt.Errorf("end a link: %w", err)
	}
	a.hub.tell(directOf(who))
	return nil
}

// firstLink opens the first room when there is none. It returns a link for its host when no host has one that is good,
// and else "".
func (a *Adapter) firstLink(ctx context.Context, room string, host Newcomer) (string, error) {
	if len(a.Rooms()) == 0 {
		r, err := a.OpenRoom(ctx, NewRoom{Name: room, People: []Newcomer{host}})
		if err != nil {
			return "", err
		}
		return a.NewLink(ctx, r.ID, r.Host)
	}
	p := a.places.Load()
	for _, l := range p.links {
		if p.rooms[l.Room].Host == l.Account && a.now().Before(l.Until) {
			return "", nil
		}
	}
	for _, id := range slices.Sorted(maps.Keys(p.rooms)) {
		if r := p.rooms[id]; r.Host != "" {
			if _, _, here := p.seat(id, r.Host); here {
				return a.NewLink(ctx, id, r.Host)
			}
		}
	}
	return "", nil
}

// link returns the link that a secret opens, while it is good.
func (p *places) link(hash string, now time.Time) (link, bool) {
	l, known := p.links[hash]
	if !known || !now.Before(l.Until) {
		return link{}, false
	}
	_, _, here := p.seat(l.Room, l.Account)
	return l, here
}

// renew moves the end of a link that is used.
func (a *Adapter) renew(ctx context.Context, hash string, came bool) {
	until := a.now().Add(a.o.LinkLife)
	stale := func(l link) bool { return came && !l.Used || until.Sub(l.Until) > renewAfter }
	if l, ok := a.places.Load().links[hash]; !ok || !stale(l) {
		return
	}
	_, err := a.change(ctx, func(d *draft) error {
		l, ok := d.links[hash]
		if !ok || !stale(l) {
			return nil
		}
		l.Until, l.Used = until, l.Used || came
		return d.writeLink(hash, l)
	})
	if err != nil {
		a.log.Warn("web: a link was not renewed", "error", err)
	}
}

// address makes a whole address of a path.
func (a *Adapter) address(path string) string {
	if a.url == nil {
		return path
	}
	return (&url.URL{Scheme: a.url.Scheme, Host: a.url.Host, Path: path}).String()
}

// invite gives somebody new a place in a room, and a link. Sent twice, it is one person, and the second link.
func (a *Adapter) invite(ctx context.Context, in chat.RoomID, n Newcomer, nonce string) (name, address string, err error) {
	n.Account = chat.AccountID("g" + a.secret.id("invite", string(in), nonce)[:16])
	if _, _, here := a.places.Load().seat(in, n.Account); !here {
		if _, err := a.Join(ctx, in, n); err != nil {
			return "", "", err
		}
	}
	address, err = a.NewLink(ctx, in, n.Account)
	return a.places.Load().people[n.Account].Name, address, err
}

// another opens another room for the host of one, and returns their link to it.
func (a *Adapter) another(ctx context.Context, host chat.AccountID, name string) (string, error) {
	rooms := 0
	for _, r := range a.Rooms() {
		if r.Host == host {
			rooms++
		}
	}
	if rooms >= maxRooms {
		return "", errTooMany
	}
	r, err := a.OpenRoom(ctx, NewRoom{Name: name, People: []Newcomer{{Account: host}}})
	if err != nil {
		return "", err
	}
	return a.NewLink(ctx, r.ID, host)
}

// whole makes an address of a path in a demo, where each request says where it came to.
func (a *Adapter) whole(r *http.Request, address string) string {
	if a.url == nil {
		return "http://" + r.Host + address
	}
	return address
}
