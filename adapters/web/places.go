package web

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"
	"time"

	"trellis/adapters/chat"
	"trellis/storage"
)

// Room is a web room.
type Room struct {
	ID    chat.RoomID
	Name  string
	Host  chat.AccountID // who may invite people and end links
	Seats []Seat         // in the order in which people came
}

// Seat is one person's place in a room.
type Seat struct {
	Account chat.AccountID
	Handle  string // their name in the page's address and in "@name"; one of its kind in the room
	Left    bool   `json:",omitempty"`
}

// Path is where the person's page is.
func (r Room) Path(s Seat) string { return "/r/" + string(r.ID) + "/" + s.Handle }

// person is what is known of an account.
type person struct {
	Name     string
	Zone     string `json:",omitempty"` // IANA
	Language string `json:",omitempty"` // BCP 47
	// Reads and In are the language and zone in which Trellis speaks to them.
	Reads string `json:",omitempty"`
	In    string `json:",omitempty"`
}

// link lets who has its secret be one person in one room. It is kept under the hash of the secret.
type link struct {
	Room    chat.RoomID
	Account chat.AccountID
	Made    time.Time
	Until   time.Time
	Used    bool `json:",omitempty"` // somebody came in by it
}

// places are the rooms, people and links at one moment. They are never changed: a change makes others.
type places struct {
	generation uint64 // counts the changes
	rooms      map[chat.RoomID]Room
	people     map[chat.AccountID]person
	links      map[string]link
}

// The adapter's small records, by name.
const (
	roomRecord   = "room/"
	personRecord = "person/"
	linkRecord   = "link/"
)

// kept is the copy of the small records that stands beside the timeline.
var kept = storage.NewTable[[]byte]("web/kept", 1)

func (p *places) clone() *places {
	return &places{generation: p.generation, rooms: maps.Clone(p.rooms), people: maps.Clone(p.people), links: maps.Clone(p.links)}
}

// put takes in one record; a nil value deletes.
func (p *places) put(name string, value []byte) error {
	kind, id, _ := strings.Cut(name, "/")
	var err error
	switch kind + "/" {
	case roomRecord:
		err = putInto(p.rooms, chat.RoomID(id), value)
	case personRecord:
		err = putInto(p.people, chat.AccountID(id), value)
	case linkRecord:
		err = putInto(p.links, id, value)
	}
	if err != nil {
		return fmt.Errorf("read record %s: %w", name, err)
	}
	return nil
}

func putInto[K ~string, V any](m map[K]V, id K, value []byte) error {
	if value == nil {
		delete(m, id)
		return nil
	}
	var v V
	if err := json.Unmarshal(value, &v); err != nil {
		return err
	}
	m[id] = v
	return nil
}

func readPlaces(tx storage.Tx) (*places, error) {
	p := &places{rooms: map[chat.RoomID]Room{}, people: map[chat.AccountID]person{}, links: map[string]link{}}
	var err error
	if p.generation, err = counters.value(tx, "generation"); err != nil {
		return nil, err
	}
	return p, kept.All(tx, storage.Global, func(name string, value []byte) (bool, error) { return true, p.put(name, value) })
}

// room returns a room, and the seat of an account that is in it.
func (p *places) seat(in chat.RoomID, of chat.AccountID) (Room, Seat, bool) {
	r, ok := p.rooms[in]
	if !ok {
		return Room{}, Seat{}, false
	}
	at := slices.IndexFunc(r.Seats, func(s Seat) bool { return s.Account == of && !s.Left })
	if at < 0 {
		return Room{}, Seat{}, false
	}
	return r, r.Seats[at], true
}

func (p *places) byHandle(in chat.RoomID, handle string) (Room, Seat, bool) {
	r := p.rooms[in]
	at := slices.IndexFunc(r.Seats, func(s Seat) bool { return s.Handle == handle && !s.Left })
	if at < 0 {
		return Room{}, Seat{}, false
	}
	return r, r.Seats[at], true
}

// anywhere tells whether an account is in any room still.
func (p *places) anywhere(of chat.AccountID) bool {
	for id := range p.rooms {
		if _, _, ok := p.seat(id, of); ok {
			return true
		}
	}
	return false
}

func (p *places) profile(of chat.AccountID) chat.Profile {
	who := p.people[of]
	return chat.Profile{Account: of, Name: who.Name, Zone: who.Zone, Language: who.Language}
}

// draft is a change of places on its way.
type draft struct {
	*places
	keep   []chat.Record
	events []chat.Event
}

func (d *draft) write(name string, v any) error {
	value, err := json.Marshal(v)
	if err != nil {
		return err
	}
	d.keep = append(d.keep, chat.Record{Name: name, Value: value})
	return d.put(name, value)
}

func (d *draft) writeRoom(r Room) error { return d.write(roomRecord+string(r.ID), r) }
func (d *draft) writePerson(id chat.AccountID, p person) error {
	return d.write(personRecord+string(id), p)
}
func (d *draft) writeLink(hash string, l link) error { return d.write(linkRecord+hash, l) }

func (d *draft) dropLink(hash string) {
	d.keep = append(d.keep, chat.Record{Name: linkRecord + hash})
	delete(d.links, hash)
}

// dropLinks ends every link of a seat.
func (d *draft) dropLinks(room chat.RoomID, account chat.AccountID) {
	for _, hash := range slices.Sorted(maps.Keys(d.links)) {
		if l := d.links[hash]; l.Room == room && l.Account == account {
			d.dropLink(hash)
		}
	}
}

// change makes other places of those that are, stores them, and has the records and events handed on. It returns the
// number under which they wait.
func (a *Adapter) change(ctx context.Context, f func(*draft) error) (uint64, error) {
	a.changing.Lock()
	defer a.changing.Unlock()
	d := &draft{places: a.places.Load().clone()}
	if err := f(d); err != nil {
		return 0, err
	}
	if len(d.keep) == 0 && len(d.events) == 0 {
		return 0, nil
	}
	d.generation++
	var number uint64
	err := a.store.Update(ctx, func(tx storage.Tx) error {
		if err := d.store(tx); err != nil {
			return err
		}
		var err error
		number, err = a.queue.add(tx, queued{Events: d.events, Keep: d.keep, Generation: d.generation})
		return err
	})
	if err != nil {
		return 0, err
	}
	a.places.Store(d.places)
	a.queue.added()
	return number, nil
}

// store writes the copy.
func (d *draft) store(tx storage.Tx) error {
	for _, r := range d.keep {
		var err error
		if r.Value == nil {
			err = kept.Delete(tx, storage.Global, r.Name)
		} else {
			err = kept.Put(tx, storage.Global, r.Name, r.Value)
		}
		if err != nil {
			return err
		}
	}
	return counters.set(tx, "generation", d.generation)
}

// A restore makes either the small records in Trellis's store or the copy here the older one. The generation says which:
// first adopt takes over theirs when it is newer, and after all that waits was handed on, lacking says what they lack.

func generationOf(s chat.Stored) uint64 {
	n, _ := strconv.ParseUint(string(s.Cursor), 10, 64) // we wrote it; what is no number is none
	return n
}

// lacking returns what Trellis's store lacks of the small records here; of rooms that it lacks it is told again, when it
// had any before.
func (a *Adapter) lacking(ctx context.Context, s chat.Stored, met bool) (b chat.Batch, err error) {
	a.changing.Lock()
	defer a.changing.Unlock()
	ours := a.places.Load()
	err = a.store.View(ctx, func(tx storage.Tx) error {
		here := map[string]bool{}
		err := kept.All(tx, storage.Global, func(name string, value []byte) (bool, error) {
			here[name] = true
			if string(s.Kept[name]) != string(value) {
				b.Keep = append(b.Keep, chat.Record{Name: name, Value: value})
				if met {
					b.Events = append(b.Events, a.unheardOf(name, s)...)
				}
			}
			return true, nil
		})
		for _, name := range slices.Sorted(maps.Keys(s.Kept)) {
			if !here[name] {
				b.Keep = append(b.Keep, chat.Record{Name: name})
			}
		}
		return err
	})
	if len(b.Keep) > 0 {
		b.Cursor = strconv.AppendUint(nil, ours.generation, 10)
	}
	return b, err
}

// unheardOf says again that a room was opened, which a store that was restored no longer knows.
func (a *Adapter) unheardOf(name string, s chat.Stored) []chat.Event {
	id, isRoom := strings.CutPrefix(name, roomRecord)
	if _, known := s.Kept[name]; !isRoom || known {
		return nil
	}
	p := a.places.Load()
	r := p.rooms[chat.RoomID(id)]
	a.log.Warn("the store was restored and knows a web room no more; it is told of it again", "room", r.ID)
	return []chat.Event{p.opened(r, a.now(), chat.EventID("open again "+id+" "+strconv.FormatUint(p.generation, 10)))}
}

// adopt takes over what Trellis's store holds, when the copy here is older, or was lost.
func (a *Adapter) adopt(ctx context.Context, s chat.Stored) error {
	a.changing.Lock()
	defer a.changing.Unlock()
	generation := generationOf(s)
	if generation <= a.places.Load().generation {
		return nil
	}
	p := &places{generation: generation, rooms: map[chat.RoomID]Room{}, people: map[chat.AccountID]person{}, links: map[string]link{}}
	err := a.store.Update(ctx, func(tx storage.Tx) error {
		if err := deleteAll(tx, kept); err != nil {
			return err
		}
		for _, name := range slices.Sorted(maps.Keys(s.Kept)) {
			if err := errors.Join(kept.Put(tx, storage.Global, name, s.Kept[name]), p.put(name, s.Kept[name])); err != nil {
				return err
			}
		}
		if err := outdated(tx); err != nil {
			return err
		}
		return counters.set(tx, "generation", generation)
	})
	if err == nil {
		a.log.Warn("web: the timeline's file was older than the store, or new; the store's rooms and links are used", "rooms", len(p.rooms))
		a.places.Store(p)
	}
	return err
}

// deleteAll empties a table.
func deleteAll[V any](tx storage.Tx, t *storage.Table[V]) error {
	var keys []string
	err := t.All(tx, storage.Global, func(key string, _ V) (bool, error) {
		keys = append(keys, key)
		return true, nil
	})
	for _, key := range keys {
		err = errors.Join(err, t.Delete(tx, storage.Global, key))
	}
	return err
}

// sorted are the rooms in the order of their names.
func (p *places) sorted() []Room {
	return slices.SortedFunc(maps.Values(p.rooms), func(a, b Room) int {
		return cmp.Or(strings.Compare(a.Name, b.Name), strings.Compare(string(a.ID), string(b.ID)))
	})
}

// opened is the event that a room was opened.
func (p *places) opened(r Room, at time.Time, id chat.EventID) chat.Event {
	what := chat.Invited{Name: r.Name}
	for _, s := range r.Seats {
		if !s.Left {
			what.People = append(what.People, p.profile(s.Account))
		}
	}
	return chat.Event{ID: id, At: at, Room: r.ID, By: p.profile(r.Host), What: what}
}
