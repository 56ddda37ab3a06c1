// Package flows is what a practice is written in: the tables that say what it answers to, and the Turn, which is
// all that it may see and do.
//
// How it works: a Book holds the flows. For each event it finds the group and the person, reads the command or the
// button, checks from the stored roles whether that person may, and runs one handler on a Turn over the event's
// overlay. What the handler says and schedules is returned as Effects, for the engine to commit with the records.
//
// What always holds: a handler reads no clock, file or socket and starts no goroutine; given the same records, event,
// instant and randomness it does the same. A refusal undoes all that its handler wrote. Roles are checked here, from
// the stored records, whatever a button's payload says.
//
// To test a flow, write a rehearsal (package bot/rehearse); the pure parts have tables.
package flows

import (
	"time"

	"trellis/adapters/chat"
)

// IDs of our own. They are random, and say nothing about what they name.
type (
	ID       string
	GroupID  string
	PersonID string
	// Posted names something that Trellis said, in however many places, so that it can be updated.
	Posted string
)

// Flow is one practice: tables from what may happen to who handles it. It is a plain value.
type Flow struct {
	Name      string // as in names of timers, choices and forms, and of the records' tables; it never changes
	Commands  Commands
	Actions   Actions
	Forms     Forms
	Timers    Timers
	Listeners Listeners
	// Forget takes a person's text and name out of this practice's records of the turn's group.
	Forget func(t *Turn, p PersonID) error
	// Talk, when set, is shown what is said in a room and not addressed to Trellis, while Hears says so. It may note
	// that somebody spoke, never what.
	Talk  func(t *Turn) error
	Hears func(t *Turn) (bool, error)
}

// The tables of a flow.
type (
	// Commands is keyed by the words that a command begins with: "checkin", "checkin reveal". The longest match wins.
	Commands map[string]CommandSpec
	// Actions is keyed by the name that a Choice was made with.
	Actions map[string]func(t *Turn, a Action) error
	// Forms is keyed by the name that a Blank was made with.
	Forms map[string]func(t *Turn, f Form) error
	// Timers is keyed by the name given to Turn.At. Turn.Due is when it was meant.
	Timers map[string]func(t *Turn, subject ID) error
	// Listeners is keyed by the name of a Signal.
	Listeners map[string]func(t *Turn, s Signal) error
)

// CommandSpec is one row of the grammar; help is made from it.
type CommandSpec struct {
	Usage string // what follows the words, such as `QUESTION [by=WHEN]`; grammar, not prose. Without it, nothing may follow
	Who   Role
	Keys  []string // the key=value that it reads, at its end
	Bare  []string // words that it reads alone, before or after a quoted text
	// Answers says that it answers a question about what is there, changes nothing, and understands `here`.
	Answers bool
	// Anywhere says that it is about the person, so that no group has to be settled first (in a direct message).
	Anywhere bool
	// Reads says whether a line is such a command to its end, so that it can be told from an answer to an open
	// question. Nil: when it has quotes, a key, or nothing behind its words.
	Reads func(c Command) bool
	Run   func(t *Turn, c Command) error
}

// Role is what a person must be to do something.
type Role int

// Roles, each including those before it.
const (
	Anyone      Role = iota // also who is in no group
	Member                  // of the group, observers included
	Facilitator             // who holds that role in the group now
)

// Action is a choice taken. The records decide what it means: who pressed it is Turn.Person.
type Action struct {
	Subject ID
	Arg     string
	// On is the message that the choice stood on, for Turn.Redraw.
	On Posted
}

// Form is a form that came back, or a direct message that answers a question.
type Form struct {
	Subject ID
	Arg     string
	Fields  map[string]string
	// Typed says that it came as a direct message, Message which one that was.
	Typed   bool
	Message chat.MessageID
}

// Field returns what was filled in, trimmed; empty when nothing was.
func (f Form) Field(name string) string { return f.Fields[name] }

// Signal is something that a later practice may want to add to, or act on.
type Signal struct {
	Name    string
	Subject ID
	Person  PersonID
	Value   string
	Since   time.Time // of a digest: what happened from here on belongs to it
	// Gather, when set, is where listeners put what they have.
	Gather *Gathered
}

// Signals of package flows itself. Practices have their own, named "practice.what".
const (
	SignalLeft     = "flows.left"     // Person left the group, or became an observer; Value is Forgotten when they are being forgotten
	SignalAway     = "flows.away"     // Person is away from now
	SignalBack     = "flows.back"     // Person is back, and it is their hour: what waited may be put to them
	SignalHome     = "flows.home"     // gather what waits for Person, and what Person promised
	SignalPaused   = "flows.paused"   // the room cannot be reached
	SignalExport   = "flows.export"   // gather all that is kept of Person, their words among it
	SignalHelp     = "flows.help"     // Person asks for help with the commitment that Value begins with
	SignalCheckOut = "flows.checkout" // a session closes: ask everyone the question Value, privately and without nudges
	SignalStop     = "flows.stop"     // end everything that repeats in this group
	SignalForgot   = "flows.forgot"   // Person was forgotten
	SignalChanged  = "flows.changed"  // Person has another zone, hour or working days: what is scheduled by them moves
	SignalLinked   = "flows.linked"   // Person is from now on also who Value was: records of Value are theirs
	SignalEdited   = "flows.edited"   // Person changed the direct message Subject, which now says Value
	SignalDeleted  = "flows.deleted"  // Person took the direct message Subject away
	SignalRetell   = "flows.retell"   // Person was shown a question that Value names, and may be shown it again
	// SignalMayStart says that Person wants to open Value in the group. A listener may refuse, or gather what is to be
	// asked back once: the heading to Person, the lines to the room when they go on all the same.
	SignalMayStart = "flows.maystart"

	// Gather what the group's digest says of what happened from Since on, and of what is open now.
	SignalDigestRoom = "flows.digestroom"
	// Gather what Person promised, what waits for Person, and what changed for Person from Since on.
	SignalDigestMe = "flows.digestme"
)

// Forgotten is the Value of a SignalLeft that comes before a SignalForgot: what the person said is about to go.
const Forgotten = "forgotten"

// Gathered is what listeners of one signal put together.
type Gathered struct {
	Sections []Section
	Pages    []Page // of SignalPages alone
}

// Section is a heading with its lines; sections with the same Heading become one.
type Section struct {
	Order   int // from small to large
	Heading Phrase
	Lines   []Phrase
	Choices []Choice
}

// Add puts a section in its place.
func (g *Gathered) Add(s Section) {
	for i := range g.Sections {
		if g.Sections[i].Heading.Key == s.Heading.Key {
			g.Sections[i].Lines = append(g.Sections[i].Lines, s.Lines...)
			g.Sections[i].Choices = append(g.Sections[i].Choices, s.Choices...)
			return
		}
	}
	at := len(g.Sections)
	for at > 0 && g.Sections[at-1].Order > s.Order {
		at--
	}
	g.Sections = append(g.Sections[:at], append([]Section{s}, g.Sections[at:]...)...)
}

// bind makes the choices that were added last those of who added them, whoever speaks.
func (g *Gathered) bind(flow string, group GroupID) {
	for i := range g.Sections {
		for j, c := range g.Sections[i].Choices {
			if c.owner == "" {
				g.Sections[i].Choices[j] = c.of(flow, group)
			}
		}
	}
}

// Empty tells whether there is nothing to say.
func (g *Gathered) Empty() bool { return len(g.Sections) == 0 }
