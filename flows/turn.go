package flows

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"time"

	"trellis/adapters/chat"
	"trellis/storage"
)

// Turn is all that a handler may see and do: one event or timer, one instant, the records of one group through an
// overlay, and what it says, as data.
type Turn struct {
	book    *Book
	over    *storage.Overlay
	now     time.Time
	rand    *rand.Rand
	effects Effects

	flow    string // whose handler runs
	event   chat.Event
	place   chat.Place // where it happened; a lane of its own for a timer
	person  PersonID
	groupID GroupID
	group   Group
	due     time.Time // of a timer

	roster []member
	known  map[PersonID]Person
	here   bool // an answer is wanted in the room
	// unhurried is a turn that nobody waits for, and that has no budget.
	unhurried bool
	on        Posted // the message that is being written
}

// lateAfter is how far behind its time a timer must run before people are told that Trellis was away: above the
// pauses of an ordinary restart.
const lateAfter = 2 * time.Minute

// Now is the instant of the turn.
func (t *Turn) Now() time.Time { return t.now }

// Due is when the timer was meant to run.
func (t *Turn) Due() time.Time { return t.due }

// Person is who did it; empty in a timer.
func (t *Turn) Person() PersonID { return t.person }

// Direct tells whether it came as a direct message.
func (t *Turn) Direct() bool { return t.event.Direct }

// Event is what happened.
func (t *Turn) Event() chat.Event { return t.event }

// Rand is the turn's randomness.
func (t *Turn) Rand() *rand.Rand { return t.rand }

const idAlphabet = "23456789abcdefghjkmnpqrstuvwxyz" // no letters that look like digits

// NewID makes an ID that says nothing about when or by whom it was made.
func (t *Turn) NewID() ID {
	var b [10]byte
	for i := range b {
		b[i] = idAlphabet[t.rand.IntN(len(idAlphabet))]
	}
	return ID(b[:])
}

// newPosted names a message by when it was said, so that new ones stand beside each other in the store: what was said
// together is written together. That the record tells its time anyway.
func (t *Turn) newPosted() Posted {
	var b [9]byte // the milliseconds since 1970 until the year 2807
	n := t.now.UnixMilli()
	for i := range b {
		b[len(b)-1-i] = idAlphabet[n%int64(len(idAlphabet))]
		n /= int64(len(idAlphabet))
	}
	return Posted(string(b[:]) + string(t.NewID()))
}

// apology says that Trellis was away, when a timer runs long after its time.
func (t *Turn) apology() *Phrase {
	if t.due.IsZero() || t.now.Sub(t.due) < lateAfter {
		return nil
	}
	if !t.due.Before(t.group.HushedFrom) && !t.due.After(t.group.Hushed) {
		return nil // it was held back on purpose
	}
	p := Words("flows.wasaway", "due", t.due)
	return &p
}

// class is what the turn's occasion gives a message.
func (t *Turn) class(m Message, usual Class) Class {
	switch {
	case m.Class != nil:
		return *m.Class
	case !t.due.IsZero():
		return ClassReminder
	}
	return usual
}

// Say says something to the group: in each of its rooms, in the group's language.
func (t *Turn) Say(m Message) (Posted, error) {
	return t.post(m, t.group.Rooms, t.class(m, ClassAwaited))
}

// Tell says something to one person in private, where it stays.
func (t *Turn) Tell(p PersonID, m Message) (Posted, error) {
	profile, err := t.Profile(p)
	if err != nil {
		return "", err
	}
	account, ok := profile.account()
	if !ok {
		return "", nil
	}
	class := ClassAwaited
	if p == t.person {
		class = ClassAnswer
	}
	return t.post(m, []chat.Place{{Platform: account.Platform, Account: account.ID}}, t.class(m, class))
}

// Answer says something to whoever did what the turn is about: to them alone, where they did it, or, when they asked
// for it `here`, to the group.
func (t *Turn) Answer(m Message) (Posted, error) {
	if !t.here || len(t.group.Rooms) == 0 {
		return t.Whisper(m)
	}
	m.Choices = slices.DeleteFunc(slices.Clone(m.Choices), func(c Choice) bool { return c.Key == showKey })
	return t.post(m, t.group.Rooms, ClassAnswer)
}

// Whisper says something to whoever did what the turn is about, to them alone.
func (t *Turn) Whisper(m Message) (Posted, error) {
	if t.event.By.Account == "" {
		return "", nil
	}
	to := chat.Place{Platform: t.place.Platform, Account: t.event.By.Account}
	if !t.event.Direct {
		to.Room = t.place.Room
	}
	return t.post(m, []chat.Place{to}, t.class(m, ClassAnswer))
}

const showKey = "flows.button.show"

// Shareable is a choice that shows the room what a command answered; it is left out where that is done.
func Shareable(command string) Choice {
	return Choice{Key: showKey, Run: command + " here"}
}

func (t *Turn) post(m Message, places []chat.Place, class Class) (Posted, error) {
	if len(places) == 0 {
		return "", nil
	}
	ref := t.newPosted()
	t.on = ref
	s := Standing{Group: t.groupID, At: t.now, Thread: m.Thread}
	for i, place := range places {
		content, err := t.write(m, t.readerAt(place))
		if err != nil {
			return "", err
		}
		s.Places = append(s.Places, StandingPlace{To: place, Content: content})
		t.effects.Sends = append(t.effects.Sends, Send{Group: t.groupID, Posted: ref, Place: i, To: place, Class: class})
	}
	return ref, addStanding(t.over, ref, s)
}

// Update replaces what stands under ref, wherever it stands. An update notifies nobody.
func (t *Turn) Update(ref Posted, m Message) error {
	if ref == "" {
		return nil
	}
	s, err := GetStanding(t.over, t.groupID, ref)
	if ok, err := Found(err); !ok {
		return err
	}
	t.on = ref
	for i, place := range s.Places {
		content, err := t.write(m, t.readerAt(place.To))
		if err != nil {
			return err
		}
		s.Places[i].Content = content
		t.effects.Sends = append(t.effects.Sends,
			Send{Group: t.groupID, Posted: ref, Place: i, To: place.To, Class: t.class(m, ClassAwaited), Update: true})
	}
	return PutStanding(t.over, ref, s)
}

// Disarm takes the choices off what stands under ref, and leaves its text.
func (t *Turn) Disarm(ref Posted) error {
	if ref == "" {
		return nil
	}
	s, err := GetStanding(t.over, t.groupID, ref)
	if ok, err := Found(err); !ok {
		return err
	}
	for i, place := range s.Places {
		s.Places[i].Content.Choices = nil
		t.effects.Sends = append(t.effects.Sends,
			Send{Group: t.groupID, Posted: ref, Place: i, To: place.To, Class: t.class(Message{}, ClassAwaited), Update: true})
	}
	return PutStanding(t.over, ref, s)
}

// Redraw replaces the message that a choice was taken on, when it was for the turn's person alone; any other one stays
// as it is, whatever the choice says.
func (t *Turn) Redraw(on Posted, m Message) error {
	if on == "" {
		return nil
	}
	s, err := GetStanding(t.over, t.groupID, on)
	if ok, err := Found(err); !ok {
		return err
	}
	for _, place := range s.Places {
		if id, err := t.personOf(place.To.Platform, place.To.Account); err != nil || place.To.Account == "" || id != t.person {
			return err
		}
	}
	return t.Update(on, m)
}

// readerAt is who reads at a place: a person, or the room.
func (t *Turn) readerAt(p chat.Place) reader {
	if p.Account != "" {
		if id, err := t.personOf(p.Platform, p.Account); err == nil && id != "" {
			return reader{language: t.languageOf(id), zone: t.zoneOf(id), platform: p.Platform}
		}
	}
	return reader{language: t.group.Language, zone: t.group.zone(), platform: p.Platform, room: p.Account == ""}
}

// Open opens a form for whoever acted. It is momentary: when it comes too late, they act again.
func (t *Turn) Open(b Blank) error {
	form, err := t.blank(b, t.readerAt(chat.Place{Platform: t.place.Platform, Account: t.event.By.Account}))
	if err != nil {
		return fmt.Errorf("open form %s: %w", b.Form, err)
	}
	t.effects.Reply = &chat.Reply{To: t.event.ID, Form: form}
	return nil
}

// At runs the flow's timer of that name at an instant; at once when it is past. The same one asked for twice runs once.
func (t *Turn) At(at time.Time, name string, subject ID) {
	t.effects.Timers = append(t.effects.Timers, t.timer(at, name, subject))
}

// Cancel takes a timer back.
func (t *Turn) Cancel(at time.Time, name string, subject ID) {
	timer := t.timer(at, name, subject)
	t.effects.Timers = slices.DeleteFunc(t.effects.Timers, func(o Timer) bool { return o == timer })
	t.effects.Cancel = append(t.effects.Cancel, timer)
}

func (t *Turn) timer(at time.Time, name string, subject ID) Timer {
	return Timer{At: at.UTC(), Group: t.groupID, Flow: t.flow, Name: name, Subject: subject}
}

// Refusal is a plain word to whoever acted: what was not done, and what would be accepted. Nothing was changed.
type Refusal struct {
	Message Message
	Field   string // of a form; empty: the whole

	group GroupID
}

func (r *Refusal) Error() string {
	var keys []string
	for _, l := range r.Message.Lines {
		keys = append(keys, l.Phrase.Key)
	}
	return "refused: " + strings.Join(keys, " ")
}

// Refuse ends a handler: nothing that it wrote is kept, and whoever acted is told why.
func (t *Turn) Refuse(key string, args ...any) error {
	return t.RefuseWith(Note(key, args...))
}

// RefuseWith is Refuse with a whole message, such as one with choices.
func (t *Turn) RefuseWith(m Message) error {
	m.Choices = slices.Clone(m.Choices)
	for i, c := range m.Choices {
		if c.owner == "" {
			m.Choices[i] = c.of(t.flow, t.groupID)
		}
	}
	return &Refusal{Message: m, group: t.groupID}
}

// Wrong refuses one field of a form; the form stays open with what was typed.
func (t *Turn) Wrong(field, key string, args ...any) error {
	return &Refusal{Message: Note(key, args...), Field: field, group: t.groupID}
}

// Signal tells the flows that listen, in their order.
func (t *Turn) Signal(s Signal) error {
	was := t.flow
	defer func() { t.flow = was }()
	for _, f := range t.book.flows {
		listen, ok := f.Listeners[s.Name]
		if !ok {
			continue
		}
		t.flow = f.Name
		if err := listen(t, s); err != nil {
			return fmt.Errorf("signal %s to %s: %w", s.Name, f.Name, err)
		}
		if s.Gather != nil {
			s.Gather.bind(f.Name, t.groupID)
		}
	}
	return nil
}
