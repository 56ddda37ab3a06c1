package web

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"

	"trellis/adapters/chat"
)

// Newcomer is somebody who is to have a place in a room.
type Newcomer struct {
	Name     string
	Account  chat.AccountID // of somebody who is known, or what a new account is to be; a random one unless given
	Zone     string         // IANA; unknown unless given
	Language string         // BCP 47; likewise
}

// NewRoom is a room that is to be opened. The first of its people is the host.
type NewRoom struct {
	ID     chat.RoomID // a random one unless given; it stands in addresses
	Name   string
	People []Newcomer
}

// Limits of what a host can make, so that one link does not fill the disk.
const (
	maxPeople = 200 // in a room, those who left among them
	maxRooms  = 20  // of one host
	maxName   = 60  // runes in a name
)

// Errors of what people asked for; the page says them in their words.
var (
	errName      = errors.New("a name is needed")
	errTooMany   = errors.New("there are too many already")
	errForbidden = errors.New("only the host of the room may do that")
	errNotHere   = errors.New("there is no such person here")
)

// OpenRoom opens a room in which people are, and tells Trellis so.
func (a *Adapter) OpenRoom(ctx context.Context, n NewRoom) (Room, error) {
	var r Room
	_, err := a.change(ctx, func(d *draft) (err error) {
		r, err = d.open(a, n)
		return err
	})
	if err != nil {
		return Room{}, fmt.Errorf("open a web room: %w", err)
	}
	return r, nil
}

func (d *draft) open(a *Adapter, n NewRoom) (Room, error) {
	r := Room{ID: n.ID, Name: cleanName(n.Name)}
	if r.ID == "" {
		r.ID = newRoomID()
	}
	if _, there := d.rooms[r.ID]; there || isDirect(r.ID) || strings.ContainsAny(string(r.ID), "/\x00") {
		return Room{}, fmt.Errorf("room %q is there already, or is no name for one", r.ID)
	}
	if r.Name == "" || len(n.People) == 0 {
		return Room{}, errName
	}
	for _, p := range n.People {
		if _, err := d.sit(&r, p); err != nil {
			return Room{}, err
		}
	}
	r.Host = r.Seats[0].Account
	if err := d.writeRoom(r); err != nil {
		return Room{}, err
	}
	d.events = append(d.events, d.opened(r, a.now(), chat.EventID("open "+r.ID)))
	return r, nil
}

// sit gives somebody a place in a room, which the caller writes.
func (d *draft) sit(r *Room, n Newcomer) (Seat, error) {
	if len(r.Seats) >= maxPeople {
		return Seat{}, errTooMany
	}
	if n.Account == "" {
		n.Account = newAccountID()
	}
	p, known := d.people[n.Account]
	if !known {
		p = person{Name: cleanName(n.Name), Zone: n.Zone, Language: n.Language}
		if p.Name == "" {
			return Seat{}, errName
		}
		if err := d.writePerson(n.Account, p); err != nil {
			return Seat{}, err
		}
	}
	if at := slices.IndexFunc(r.Seats, func(s Seat) bool { return s.Account == n.Account }); at >= 0 {
		if !r.Seats[at].Left {
			return Seat{}, fmt.Errorf("%s is there already", n.Account)
		}
		r.Seats[at].Left = false
		return r.Seats[at], nil
	}
	s := Seat{Account: n.Account, Handle: r.handleFor(p.Name)}
	r.Seats = append(slices.Clone(r.Seats), s)
	return s, nil
}

// handleFor makes of a name a part of an address that nobody else in the room has.
func (r Room) handleFor(name string) string {
	letter := func(c rune) bool { return unicode.IsLetter(c) || unicode.IsDigit(c) || unicode.IsMark(c) }
	parts := strings.FieldsFunc(strings.ToLower(name), func(c rune) bool { return !letter(c) })
	plain := strings.Join(parts, "-")
	if plain == "" {
		plain = "guest"
	}
	handle := plain
	for n := 2; slices.ContainsFunc(r.Seats, func(s Seat) bool { return s.Handle == handle }); n++ {
		handle = fmt.Sprintf("%s-%d", plain, n)
	}
	return handle
}

// Join gives somebody a place in a room, and tells Trellis so.
func (a *Adapter) Join(ctx context.Context, in chat.RoomID, n Newcomer) (Seat, error) {
	var s Seat
	_, err := a.change(ctx, func(d *draft) error {
		r, there := d.rooms[in]
		if !there {
			return errNotHere
		}
		var err error
		if s, err = d.sit(&r, n); err != nil {
			return err
		}
		d.events = append(d.events, chat.Event{
			ID: d.eventID(a, "join", in, s.Account), At: a.now(), Room: in, By: d.profile(s.Account), What: chat.Joined{},
		})
		return d.writeRoom(r)
	})
	if err != nil {
		return Seat{}, fmt.Errorf("join a web room: %w", err)
	}
	a.hub.tell(in)
	return s, nil
}

// Leave takes somebody out of a room, ends their links to it, and tells Trellis so.
func (a *Adapter) Leave(ctx context.Context, in chat.RoomID, who chat.AccountID) error {
	_, err := a.change(ctx, func(d *draft) error {
		r, s, here := d.seat(in, who)
		if !here {
			return errNotHere
		}
		r.Seats = slices.Clone(r.Seats)
		r.Seats[slices.Index(r.Seats, s)].Left = true
		d.dropLinks(in, who)
		d.events = append(d.events, chat.Event{
			ID: d.eventID(a, "leave", in, who), At: a.now(), Room: in, By: d.profile(who), What: chat.Left{},
		})
		return d.writeRoom(r)
	})
	if err != nil {
		return fmt.Errorf("leave a web room: %w", err)
	}
	a.hub.tell(in, directOf(who))
	return nil
}

// Rename gives somebody another name, and tells Trellis so.
func (a *Adapter) Rename(ctx context.Context, in chat.RoomID, who chat.AccountID, name string) error {
	name = cleanName(name)
	if name == "" {
		return errName
	}
	_, err := a.change(ctx, func(d *draft) error {
		p := d.people[who]
		if p.Name == name {
			return nil
		}
		p.Name = name
		return d.introduce(a, in, who, p)
	})
	if err == nil {
		a.hub.tell(in)
	}
	return err
}

// introduce notes what is new of somebody, and tells Trellis.
func (d *draft) introduce(a *Adapter, in chat.RoomID, who chat.AccountID, p person) error {
	if err := d.writePerson(who, p); err != nil {
		return err
	}
	d.events = append(d.events, chat.Event{
		ID: d.eventID(a, "introduce", in, who), At: a.now(), Room: in, By: d.profile(who), What: chat.Changed{},
	})
	return nil
}

// eventID names something that happens to the places; a change has a number of its own.
func (d *draft) eventID(a *Adapter, what string, in chat.RoomID, who chat.AccountID) chat.EventID {
	return chat.EventID(what + " " + a.secret.id(what, string(in), string(who), fmt.Sprint(d.generation)))
}

// Rooms are all rooms, by their IDs.
func (a *Adapter) Rooms() map[chat.RoomID]Room { return a.places.Load().rooms }

// joiners are the two hidden letters that some scripts cannot be written without.
const joiners = "\u200c\u200d"

// cleanName makes a name one short line of what can be seen.
func cleanName(name string) string {
	name = strings.Map(func(r rune) rune {
		if strings.ContainsRune(joiners, r) {
			return r
		}
		if unicode.IsControl(r) || unicode.Is(unicode.Cf, r) || r == utf8.RuneError {
			return ' '
		}
		return r
	}, strings.ToValidUTF8(name, " "))
	runes := []rune(strings.Join(strings.Fields(name), " "))
	return strings.Trim(string(runes[:min(len(runes), maxName)]), joiners+" ")
}
