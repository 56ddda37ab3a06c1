package rehearse

import (
	"context"
	"errors"
	"fmt"
	"hash/fnv"
	"log/slog"
	"math/rand/v2"
	"strings"
	"time"

	"trellis/adapters/chat"
	"trellis/adapters/rehearsal"
	"trellis/flows"
	"trellis/storage"
)

// Options say on what a script is played.
type Options struct {
	// Flows and Words are those of every rehearsal; the script gives the zone of new groups.
	Flows flows.Options
	// Folder is an empty one for the store's files; the caller removes it.
	Folder string
	// Open opens the store in a file, or makes one. It need not sync: what a rehearsal keeps dies with it.
	Open func(ctx context.Context, file string) (storage.Store, error)
	// Kill, when set, is asked at every boundary of an effect whether the engine stops dead there. It is then
	// started again on the store as it was at that instant.
	Kill func(Boundary) bool
	// Log is told what an operator would be; nil: nothing is logged.
	Log *slog.Logger
}

// Boundary is a place between two effects.
type Boundary int

// Boundaries: what has just happened, and the next thing has not.
const (
	Committed Boundary = iota // a step; the platform was neither answered nor sent to
	Answered                  // the platform heard that its events arrived
	Sent                      // the platform took a message; the outcome is not stored
)

// Result is what was played, as far as it went.
type Result struct {
	Script  *Script
	Entries []Entry
}

// Entry is one line of the transcript.
type Entry struct {
	rehearsal.Shown
	Step int    // which of the script's it belongs to
	Note string // instead of Shown: what became of the engine
}

// player is one script being played.
type player struct {
	script *Script
	engine engine
	people *rehearsal.Adapter
	now    time.Time
	crash  *Crash // armed for the next step
	logged int    // lines of the platform's log that are in result
	step   int
	window int // where in the entries the last step that was no expectation began
	result Result
}

// Play plays a script. The result holds what happened until it ended; the error is a Mistake when a step could not be
// taken or an expectation did not hold.
func Play(ctx context.Context, script *Script, o Options) (Result, error) {
	o.Flows.Zone = script.Zone.String()
	book, err := flows.New(o.Flows)
	if err != nil {
		return Result{Script: script}, fmt.Errorf("put the flows together: %w", err)
	}
	p := &player{script: script, result: Result{Script: script}}
	p.people = rehearsal.New(rehearsal.Options{Now: func() time.Time { return p.now }})
	p.engine = engine{options: o, book: book, people: p.people, note: p.note}
	err = p.play(ctx)
	p.collect()
	return p.result, errors.Join(err, p.engine.faults(ctx), p.engine.stop())
}

func (p *player) play(ctx context.Context) error {
	for i, step := range p.script.Steps {
		p.step = i
		if e, ok := step.Do.(Expect); ok {
			if err := p.expect(e); err != nil {
				return p.mistake(step, err)
			}
			continue
		}
		p.window = len(p.result.Entries)
		armed := p.engine.arm(p.crash)
		p.crash = nil
		err := p.take(ctx, step.Do)
		if err == nil && armed.waits() { // it found nothing to hit
			err = p.die(ctx)
		}
		if err != nil {
			return p.mistake(step, err)
		}
		p.collect()
	}
	if p.crash != nil { // no step came that it could hit
		if err := p.die(ctx); err != nil {
			return p.mistake(p.script.Steps[p.step], err)
		}
	}
	return nil
}

func (p *player) mistake(s Step, err error) error {
	return Mistake{File: p.script.File, Line: s.Line, Text: err.Error()}
}

// die stops the engine dead now, and starts it again.
func (p *player) die(ctx context.Context) error {
	if err := p.engine.crash(ctx, p.now); err != nil {
		return err
	}
	return p.settle(ctx)
}

// settle lets everything happen that is caused at this instant.
func (p *player) settle(ctx context.Context) error { return p.engine.settle(ctx, p.now) }

// take does what one step says.
func (p *player) take(ctx context.Context, do Do) error {
	var err error
	switch do := do.(type) {
	case At:
		return p.until(ctx, do.Time)
	case Wait:
		return p.until(ctx, p.now.Add(do.For))
	case People:
		for _, profile := range do.Profiles {
			err = errors.Join(err, p.people.AddPerson(profile))
		}
	case Room:
		return p.room(ctx, do)
	case Write:
		_, err = p.people.Write(do.By, do.Room, do.Text)
	case Press:
		err = p.people.Press(do.By, do.Room, do.Label)
	case Fill:
		err = p.people.Fill(do.By, do.Fields)
	case React:
		err = p.people.React(do.By, do.Room, do.Key)
	case Edit:
		err = p.people.Edit(do.By, do.Room, do.Text)
	case Delete:
		err = p.people.Delete(do.By, do.Room)
	case Join:
		err = p.people.Join(do.By, do.Room)
	case Leave:
		err = p.people.Leave(do.By, do.Room)
	case Restart:
		err = p.engine.restart(ctx, p.now)
	case Crash:
		p.crash = &do
	case Redeliver:
		p.note("the platform sends the last event again")
		err = p.people.Redeliver()
	}
	if err != nil {
		return err
	}
	return p.settle(ctx)
}

// until moves the clock on, from one thing that is due to the next.
func (p *player) until(ctx context.Context, t time.Time) error {
	if p.now.IsZero() { // the first instant of all
		p.now = t
		return p.settle(ctx)
	}
	for wake := p.engine.wake; !wake.IsZero() && !wake.After(t); wake = p.engine.wake {
		if wake.After(p.now) {
			p.now = wake
		}
		if err := p.settle(ctx); err != nil {
			return err
		}
	}
	p.now = t
	return nil
}

// room opens a room. One that joins another does so as people do: by a code.
func (p *player) room(ctx context.Context, room Room) error {
	if err := p.people.OpenRoom(room.Room, roomName(room.Room), room.People...); err != nil {
		return err
	}
	if err := p.settle(ctx); err != nil || room.Joins == "" {
		return err
	}
	host := p.firstOf(room.Joins)
	if _, err := p.people.Write(host, room.Joins, "trellis group code"); err != nil {
		return err
	}
	p.collect()
	asked := len(p.result.Entries)
	if err := p.settle(ctx); err != nil {
		return err
	}
	p.collect()
	code := ""
	for _, e := range p.result.Entries[asked:] {
		if of, private := e.Private(); e.ByTrellis() && (private && of == host || e.Room == room.Joins) {
			code = lastCode(e.Content.Text, code)
		}
	}
	if code == "" {
		return fmt.Errorf("join %s to %s: Trellis gave %s no code", room.Room, room.Joins, host)
	}
	if _, err := p.people.Write(room.People[0], room.Room, "trellis group join "+code); err != nil {
		return err
	}
	return p.settle(ctx)
}

// firstOf is who opened a room.
func (p *player) firstOf(id chat.RoomID) chat.AccountID {
	for _, s := range p.script.Steps {
		if r, ok := s.Do.(Room); ok && r.Room == id {
			return r.People[0]
		}
	}
	return ""
}

// lastCode is the last word of the last thing to type in a text; before when there is none.
func lastCode(text chat.Text, before string) string {
	for _, block := range text {
		for _, span := range block.Spans {
			if words := strings.Fields(span.Text); span.Kind == chat.Code && len(words) > 0 {
				before = words[len(words)-1]
			}
		}
	}
	return before
}

// collect takes over what the platform logged.
func (p *player) collect() {
	for _, s := range p.people.Log(p.logged) {
		p.logged++
		p.result.Entries = append(p.result.Entries, Entry{Shown: s, Step: p.step})
	}
}

// note adds a line about the engine.
func (p *player) note(text string) {
	p.collect()
	p.result.Entries = append(p.result.Entries, Entry{Shown: rehearsal.Shown{At: p.now}, Step: p.step, Note: text})
}

// seed makes every rehearsal's chance the same, each time.
const seed = 1844

// chance is randomness by name: whatever came before, an event or a timer has the same.
func chance(name string) *rand.Rand {
	h := fnv.New64a()
	h.Write([]byte(name))
	return rand.New(rand.NewPCG(seed, h.Sum64()))
}
