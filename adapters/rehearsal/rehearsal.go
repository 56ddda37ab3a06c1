// Package rehearsal is a chat platform in memory: people, rooms, direct rooms, buttons and forms, shown as text.
//
// How it works: a person's act (Write, Press, Fill, …) is put on the timeline and becomes an event that waits until
// the engine has taken it; what Trellis delivers is put on the same timeline under its delivery ID. Everything that
// anybody did or was shown stands in one log, in order.
//
// What always holds: Deliver returns when the message stands there. A delivery that comes again, whatever
// became of the engine meanwhile, is the same message. An event that was not taken is handed over again. A private
// word is seen by one person. The platform outlives the engine, refuses nothing for its pace, and forgets nothing.
//
// To test with it: step it by hand (Waiting, Taken), as package bot/rehearse does, or let Run do so.
package rehearsal

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync"
	"time"
	"unicode"
	"unicode/utf8"

	"trellis/adapters/chat"
)

// Name is the platform's name.
const Name chat.Platform = "rehearsal"

// Adapter is the platform and Trellis's way into it. It is for use by many goroutines.
type Adapter struct {
	now  func() time.Time
	news chan struct{} // holds one token when an event was added

	mu         sync.Mutex // guards what follows; never held while the engine is called
	people     map[chat.AccountID]*person
	rooms      map[chat.RoomID]*room
	timeline   []*message
	deliveries map[chat.DeliveryID]chat.Receipt
	waiting    []chat.Event
	last       *chat.Event
	events     int
	messages   int
	log        []Shown
}

// Options make an Adapter.
type Options struct {
	// Now is the platform's clock; the system's unless given.
	Now func() time.Time
}

type person struct {
	chat.Profile
	form *form // open now
}

type room struct {
	name   string
	people []chat.AccountID // in the order in which they came
}

// message is one on the timeline.
type message struct {
	id      chat.MessageID
	room    chat.RoomID
	only    chat.AccountID // who alone sees it; empty: everyone in the room
	from    chat.AccountID // empty: Trellis
	choices []chat.Choice
}

// New makes a platform without people and rooms.
func New(o Options) *Adapter {
	if o.Now == nil {
		o.Now = time.Now
	}
	return &Adapter{
		now: o.Now, news: make(chan struct{}, 1),
		people: map[chat.AccountID]*person{}, rooms: map[chat.RoomID]*room{}, deliveries: map[chat.DeliveryID]chat.Receipt{},
	}
}

// Platform names it.
func (a *Adapter) Platform() chat.Platform { return Name }

// direct is a person's direct room. No other room's name begins so.
func direct(p chat.AccountID) chat.RoomID { return chat.RoomID("@" + p) }

// AddPerson gives the platform a person. Nobody is told.
func (a *Adapter) AddPerson(p chat.Profile) error {
	a.mu.Lock()
	defer a.mu.Unlock()
	if p.Account == "" {
		return errors.New("a person needs an account")
	}
	if a.people[p.Account] != nil {
		return fmt.Errorf("%s is there already", p.Account)
	}
	a.people[p.Account] = &person{Profile: p}
	a.rooms[direct(p.Account)] = &room{name: string(p.Account), people: []chat.AccountID{p.Account}}
	return nil
}

// OpenRoom makes a room in which people are; the first one brings Trellis into it.
func (a *Adapter) OpenRoom(id chat.RoomID, name string, people ...chat.AccountID) error {
	a.mu.Lock()
	defer a.mu.Unlock()
	if a.rooms[id] != nil {
		return fmt.Errorf("there is a room %s already", id)
	}
	if strings.HasPrefix(string(id), "@") || len(people) == 0 {
		return fmt.Errorf("room %q needs people, and a name that is no direct room's", id)
	}
	var profiles []chat.Profile
	for _, p := range people {
		if a.people[p] == nil {
			return fmt.Errorf("there is nobody called %s", p)
		}
		profiles = append(profiles, a.people[p].Profile)
	}
	a.rooms[id] = &room{name: name, people: slices.Clone(people)}
	a.happen(people[0], id, chat.Invited{Name: name, People: profiles})
	return nil
}

// Join brings a person into a room.
func (a *Adapter) Join(by chat.AccountID, id chat.RoomID) error {
	a.mu.Lock()
	defer a.mu.Unlock()
	if a.people[by] == nil || a.rooms[id] == nil || a.isDirect(id) {
		return fmt.Errorf("%s cannot join %s: one of them is not there", by, id)
	}
	if a.in(by, id) {
		return fmt.Errorf("%s is in %s already", by, id)
	}
	a.rooms[id].people = append(a.rooms[id].people, by)
	a.show(Shown{Kind: Came, Room: id, From: by})
	a.happen(by, id, chat.Joined{})
	return nil
}

// Leave takes a person out of a room.
func (a *Adapter) Leave(by chat.AccountID, id chat.RoomID) error {
	a.mu.Lock()
	defer a.mu.Unlock()
	if err := a.mayWrite(by, id); err != nil || a.isDirect(id) {
		return fmt.Errorf("%s cannot leave %s: not there", by, id)
	}
	a.rooms[id].people = slices.DeleteFunc(a.rooms[id].people, func(p chat.AccountID) bool { return p == by })
	a.show(Shown{Kind: Went, Room: id, From: by})
	a.happen(by, id, chat.Left{})
	return nil
}

func (a *Adapter) isDirect(id chat.RoomID) bool { return strings.HasPrefix(string(id), "@") }

func (a *Adapter) in(p chat.AccountID, id chat.RoomID) bool {
	r := a.rooms[id]
	return r != nil && slices.Contains(r.people, p)
}

func (a *Adapter) mayWrite(by chat.AccountID, id chat.RoomID) error {
	switch {
	case a.people[by] == nil:
		return fmt.Errorf("there is nobody called %s", by)
	case a.rooms[id] == nil:
		return fmt.Errorf("there is no room %s", id)
	case !a.in(by, id):
		return fmt.Errorf("%s is not in %s", by, id)
	}
	return nil
}

// clean makes text what a terminal shows as it stands: no control characters, and no marks that turn it around.
func clean(text string) string {
	return strings.Map(func(r rune) rune {
		turns := r >= '\u202a' && r <= '\u202e' || r >= '\u2066' && r <= '\u2069'
		if turns || unicode.IsControl(r) && r != '\n' && r != '\t' {
			return utf8.RuneError
		}
		return r
	}, strings.ToValidUTF8(text, "\ufffd"))
}
