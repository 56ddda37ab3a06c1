package flows

import (
	"errors"
	"fmt"
	"math/rand/v2"
	"time"

	"trellis/adapters/chat"
	"trellis/flows/calendar"
	"trellis/flows/words"
	"trellis/storage"
)

// Options make a Book.
type Options struct {
	// Flows in their order: a later one may read an earlier one's records.
	Flows []Flow
	Words *words.Catalogues
	// Zone (IANA) and Language (with a catalogue) of new groups; UTC and English unless given.
	Zone, Language string
	// Overt are the platforms on which everyone in a room sees who took a choice there.
	Overt []chat.Platform
}

// Book is all flows together: what the engine runs. It never changes, and is for use by many goroutines.
type Book struct {
	flows    []Flow
	byName   map[string]*Flow
	words    *words.Catalogues
	commands []command
	zone     string
	language string
	quiet    calendar.Quiet
	days     calendar.Days
	overt    []chat.Platform
}

// New checks the tables and makes a Book. What it finds is our own mistake.
func New(o Options) (*Book, error) {
	b := &Book{
		flows: o.Flows, byName: map[string]*Flow{}, words: o.Words, zone: o.Zone, language: o.Language, overt: o.Overt,
		quiet: calendar.Quiet{From: 20 * 60, To: 8 * 60},
		days:  calendar.DaySet(time.Monday, time.Tuesday, time.Wednesday, time.Thursday, time.Friday),
	}
	if b.zone == "" {
		b.zone = "UTC"
	}
	if b.language == "" {
		b.language = words.English
	}
	if _, err := calendar.LoadZone(b.zone); err != nil {
		return nil, fmt.Errorf("zone of new groups: %w", err)
	}
	if _, ok := b.words.Match(b.language); !ok {
		return nil, fmt.Errorf("language of new groups: no catalogue for %q, there are %v", b.language, b.words.Languages())
	}
	var errs []error
	for i := range b.flows {
		f := &b.flows[i]
		if b.byName[f.Name] != nil || f.Name == "" {
			errs = append(errs, fmt.Errorf("flow %q stands there twice, or has no name", f.Name))
		}
		b.byName[f.Name] = f
		for words, spec := range f.Commands {
			errs = append(errs, b.addCommand(f.Name, words, spec))
		}
	}
	return b, errors.Join(errs...)
}

// Moment is what a turn knows of the world: one instant, and randomness.
type Moment struct {
	Now  time.Time
	Rand *rand.Rand
}

func (b *Book) turn(o *storage.Overlay, at Moment) *Turn {
	return &Turn{book: b, over: o, now: at.Now, rand: at.Rand}
}

// Handle lets one flow handle an event. What the event wrote is in the overlay, which is empty when it is handed in;
// after an error it is to be dropped. A refusal is no error: it is told to whoever acted, and the rest undone.
func (b *Book) Handle(o *storage.Overlay, platform chat.Platform, e chat.Event, at Moment) (Effects, error) {
	t := b.turn(o, at)
	if err := t.begin(platform, e); err != nil {
		return Effects{}, err
	}
	err := t.dispatch()
	if refusal := t.refusal(err); refusal != nil {
		o.Drop()
		t = b.turn(o, at)
		if err := t.begin(platform, e); err != nil {
			return Effects{}, err
		}
		err = t.refuse(refusal)
	}
	if err == nil {
		err = t.spend()
	}
	if err != nil {
		return Effects{}, fmt.Errorf("handle %s: %w", e.Kind(), err)
	}
	return t.effects, nil
}

// Fire runs a timer. It follows the rules of Handle; what it refuses concerns nobody.
func (b *Book) Fire(o *storage.Overlay, timer Timer, at Moment) (Effects, error) {
	t := b.turn(o, at)
	t.due = timer.At
	if timer.Flow == router {
		return b.fireOwn(t, timer)
	}
	f := b.byName[timer.Flow]
	if f == nil || f.Timers[timer.Name] == nil {
		return Effects{}, fmt.Errorf("timer %s/%s: no flow has it", timer.Flow, timer.Name)
	}
	if timer.Group != "" {
		err := t.enter(timer.Group)
		if ok, err := Found(err); !ok {
			return Effects{Handled: true}, err // the group is gone, and with it what it waited for
		}
	}
	if timer.Group != "" && len(t.group.Rooms) == 0 {
		return Effects{Handled: true}, t.park(timer)
	}
	t.flow = f.Name
	err := f.Timers[timer.Name](t, timer.Subject)
	if err == nil {
		err = t.spend()
	}
	if refusal := (*Refusal)(nil); errors.As(err, &refusal) {
		o.Drop()
		return Effects{Handled: true}, nil
	}
	if err == nil && at.Now.Before(t.group.Hushed) && t.effects.speaksInRoom() {
		o.Drop()
		return Effects{Handled: true}, t.park(timer)
	}
	if err != nil {
		return Effects{}, fmt.Errorf("timer %s/%s: %w", timer.Flow, timer.Name, err)
	}
	t.effects.Handled = true
	return t.effects, nil
}

// fireOwn runs a timer of package flows itself.
func (b *Book) fireOwn(t *Turn, timer Timer) (Effects, error) {
	err := error(nil)
	switch timer.Name {
	case "undraft":
		err = t.undraft(PersonID(timer.Subject))
	case "unhush":
		if err = t.enter(timer.Group); err == nil {
			err = t.endHush()
		}
	}
	t.effects.Handled = true
	return t.effects, err
}

// Failed tells the author of an event that could not be handled that nothing was changed.
func (b *Book) Failed(o *storage.Overlay, platform chat.Platform, e chat.Event, at Moment) (Effects, error) {
	t := b.turn(o, at)
	if err := t.begin(platform, e); err != nil {
		return Effects{}, err
	}
	t.effects.Handled = true
	if _, err := t.Whisper(Note("flows.failed")); err != nil {
		return Effects{}, err
	}
	return t.effects, nil
}

// Unreachable tells a facilitator, once, that a place of their group cannot be written to and is paused.
func (b *Book) Unreachable(o *storage.Overlay, group GroupID, place chat.Place, at Moment) (Effects, error) {
	t := b.turn(o, at)
	if ok, err := Found(t.enter(group)); !ok {
		return Effects{Handled: true}, err
	}
	t.effects.Handled = true
	facilitators, err := t.Facilitators()
	if err != nil {
		return Effects{}, err
	}
	note := Note("flows.unreachable.room")
	if place.Account != "" {
		id, err := t.personOf(place.Platform, place.Account)
		if err != nil {
			return Effects{}, err
		}
		note = Note("flows.unreachable.person", "person", id)
	}
	for _, p := range facilitators {
		if account, err := t.accountOn(p, place.Platform); err == nil && account == place.Account && account != "" {
			continue
		}
		if _, err := t.Tell(p, note); err != nil {
			return Effects{}, err
		}
		break
	}
	return t.effects, nil
}

// Sealed tells whether the words of an event may be kept nowhere: somebody answers, or may be answering, what is
// asked anonymously.
func (b *Book) Sealed(tx storage.Tx, platform chat.Platform, e chat.Event) (bool, error) {
	t := b.turn(storage.NewOverlay(tx), Moment{})
	id, err := t.personOf(platform, e.By.Account)
	if err != nil || id == "" {
		return false, err
	}
	questions, err := t.Waiting(id)
	for _, q := range questions {
		if q.Sealed {
			return true, err
		}
	}
	return false, err
}
