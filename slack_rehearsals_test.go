package main

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"trellis/adapters/chat"
	"trellis/adapters/slack"
	"trellis/adapters/slack/slacktest"
	"trellis/bot"
	"trellis/bot/rehearse"
	"trellis/flows/words"
	"trellis/storage"
	"trellis/storage/bolt"
)

// stage is a rehearsal on a Slack: the real engine, store and adapter, and people who use Slack.
type stage struct {
	t      *testing.T
	script *rehearse.Script
	s      *slacktest.Server
	w      *slacktest.Workspace
	store  storage.Store
	engine *bot.Engine
	stop   func()
	ahead  time.Duration
	window int
	crash  *rehearse.Crash // in the next step
	words  *words.Catalogues
	wrote  map[chat.AccountID][2]string // channel and ts of the last line
}

// play plays a script, and says where it ended.
func (p *stage) play() error {
	defer func() {
		if p.stop != nil {
			p.stop()
		}
	}()
	for _, step := range p.script.Steps {
		if e, ok := step.Do.(rehearse.Expect); ok {
			if err := p.expect(e); err != nil {
				return fmt.Errorf("line %d: %w", step.Line, err)
			}
			continue
		}
		p.window = len(p.s.Log(0))
		crash := p.crash
		p.crash = nil
		if crash != nil {
			p.s.Fault(slacktest.Fault{Kind: map[bool]slacktest.FaultKind{true: slacktest.LostReply, false: slacktest.LostWay}[crash.Sending]})
		}
		if err := p.take(step.Do); err != nil {
			return fmt.Errorf("line %d: %w", step.Line, err)
		}
		if crash != nil {
			if err := p.restart(); err != nil {
				return fmt.Errorf("line %d: %w", step.Line, err)
			}
		}
		if err := p.settle(); err != nil {
			return fmt.Errorf("line %d: %w", step.Line, err)
		}
	}
	return nil
}

// restart stops the engine, without a moment for what is on its way, and starts another on the same store.
func (p *stage) restart() error {
	p.s.Acknowledged()
	p.stop()
	p.s.NoFaults()
	return p.start()
}

// settle waits until what people did was taken in, and what was said of it stands there.
func (p *stage) settle() error {
	if p.engine == nil {
		return nil
	}
	for range 2 { // what was sent may be told of, too
		p.s.Acknowledged()
		if err := p.engine.Advance(p.t.Context(), p.engine.Now()); err != nil {
			return err
		}
	}
	return nil
}

func (p *stage) start() error {
	book, err := newBook(p.script.Zone.String(), "en")
	if err != nil {
		return err
	}
	if p.words, err = loadWords(); err != nil {
		return err
	}
	a, err := slack.New(slack.Options{BotToken: p.w.Token, AppToken: slacktest.AppToken, APIURL: p.s.APIURL(), Words: p.words.Text})
	if err != nil {
		return err
	}
	p.engine, err = bot.New(bot.Config{Options: bot.Options{Store: p.store, Book: book}, Adapters: []chat.Adapter{a}, Ahead: p.ahead, Grace: time.Nanosecond})
	if err != nil {
		return err
	}
	ctx, cancel := context.WithCancel(p.t.Context())
	ended := make(chan error, 1)
	engine := p.engine
	go func() { ended <- engine.Run(ctx) }()
	p.stop = func() {
		p.ahead = time.Until(engine.Now())
		cancel()
		if err := <-ended; err != nil {
			p.t.Errorf("the engine ended with %v", err)
		}
		p.stop = nil
	}
	return p.soon("no socket is open", func() bool { return p.s.Sockets() > 0 })
}

// soon waits for what must come: real sockets are outside of a clock that a test could move.
func (p *stage) soon(otherwise string, so func() bool) error {
	late := time.After(10 * time.Second)
	again := time.NewTicker(3 * time.Millisecond)
	defer again.Stop()
	for !so() {
		select {
		case <-again.C:
		case <-late:
			return errors.New(otherwise)
		}
	}
	return nil
}

func user(a chat.AccountID) string { return "U" + strings.ToUpper(string(a)) }

func channelOf(r chat.RoomID) string {
	if r == "" {
		return ""
	}
	return "C" + strings.ToUpper(strings.ReplaceAll(string(r[1:]), "-", ""))
}

func (p *stage) take(do rehearse.Do) error {
	switch do := do.(type) {
	case rehearse.At:
		if p.engine == nil {
			p.ahead = time.Until(do.Time)
			return p.start()
		}
		return p.engine.Advance(p.t.Context(), do.Time)
	case rehearse.Wait:
		return p.engine.Advance(p.t.Context(), p.engine.Now().Add(do.For))
	case rehearse.People:
		for _, profile := range do.Profiles {
			p.w.AddPerson(slacktest.Person{ID: user(profile.Account), Name: profile.Name, Zone: profile.Zone, Locale: profile.Language})
		}
		return nil
	case rehearse.Room:
		return p.room(do)
	case rehearse.Write:
		p.write(do)
		return nil
	case rehearse.Press:
		channel, ts, label, err := p.see(do)
		if err != nil {
			return err
		}
		if !p.w.Press(user(do.By), channel, ts, label) {
			return fmt.Errorf("%s was shown an error", do.By)
		}
		return nil
	case rehearse.Fill:
		if err := p.soon("no modal is open", func() bool { return p.w.Modal(user(do.By)) != nil }); err != nil {
			return err
		}
		fields := maps.Clone(do.Fields)
		for name, value := range fields { // who is picked by name
			for _, step := range p.script.Steps {
				people, _ := step.Do.(rehearse.People)
				if slices.ContainsFunc(people.Profiles, func(q chat.Profile) bool { return strings.EqualFold(q.Name, strings.TrimPrefix(value, "@")) }) {
					fields[name] = user(chat.AccountID(strings.ToLower(strings.TrimPrefix(value, "@"))))
				}
			}
		}
		if !p.w.Fill(user(do.By), fields) {
			return fmt.Errorf("%s was shown an error", do.By)
		}
		return nil
	case rehearse.Edit:
		p.w.Edit(user(do.By), p.wrote[do.By][0], p.wrote[do.By][1], do.Text)
		return nil
	case rehearse.Delete:
		p.w.Delete(user(do.By), p.wrote[do.By][0], p.wrote[do.By][1])
		return nil
	case rehearse.Join:
		p.w.Join(user(do.By), channelOf(do.Room), "")
		return nil
	case rehearse.Leave:
		p.w.Leave(user(do.By), channelOf(do.Room))
		return nil
	case rehearse.Redeliver:
		p.s.Redeliver()
		return nil
	case rehearse.Crash:
		p.crash = &do
		return nil
	case rehearse.Restart:
		return p.restart()
	}
	return fmt.Errorf("nobody can do a %T on Slack", do)
}

func (p *stage) room(room rehearse.Room) error {
	var members []string
	for _, m := range room.People {
		members = append(members, user(m))
	}
	id := channelOf(room.Room)
	p.w.AddChannel(slacktest.Channel{ID: id, Name: string(room.Room[1:])}, members...)
	p.w.Join(p.w.Bot, id, members[0])
	hello := func() bool { return len(p.w.See(members[0], id)) > 0 }
	if err := p.soon("Trellis does not say hello", hello); err != nil || room.Joins == "" {
		return err
	}
	if err := p.settle(); err != nil {
		return err
	}
	host := p.host(room.Joins)
	from := len(p.s.Log(0))
	p.w.Slash(user(host), channelOf(room.Joins), "group code")
	code := ""
	err := p.soon("Trellis gives no code", func() bool {
		for _, said := range p.s.Log(from) {
			if typed := strings.Split(said.Text, "`"); strings.Contains(said.Text, "group join") && len(typed) > 2 {
				code = typed[len(typed)-2]
			}
		}
		return code != ""
	})
	p.w.Slash(members[0], id, "group join "+code)
	return err
}

func (p *stage) host(room chat.RoomID) chat.AccountID {
	for _, s := range p.script.Steps {
		if r, ok := s.Do.(rehearse.Room); ok && r.Room == room {
			return r.People[0]
		}
	}
	return ""
}

// write is a slash command where the rehearsal has a line to Trellis in a room.
func (p *stage) write(do rehearse.Write) {
	in := channelOf(do.Room)
	if rest, command := strings.CutPrefix(do.Text, "trellis"); command && in != "" {
		p.w.Slash(user(do.By), in, strings.TrimSpace(rest))
		return
	}
	p.wrote[do.By] = [2]string{in, p.w.Write(user(do.By), in, "", do.Text)}
}

// expect looks at what Trellis showed since the last step that was no expectation. What must come may still be on its way.
func (p *stage) expect(e rehearse.Expect) (err error) {
	if e.Refute {
		return p.holds(e)
	}
	_ = p.soon("", func() bool { err = p.holds(e); return err == nil })
	return err
}

func (p *stage) holds(e rehearse.Expect) error {
	squeeze := func(text string) string { return strings.ToLower(strings.Join(strings.Fields(text), " ")) }
	var fresh, all []string
	found := false
	for _, said := range p.s.Log(p.window) {
		if e.Room != "" && (said.Channel != channelOf(e.Room) || said.Only != "") || e.Person != "" && said.Only != user(e.Person) {
			continue
		}
		text := said.Text + "\n"
		for _, c := range said.Choices {
			text += "[" + c + "] "
		}
		all = append(all, text)
		if strings.Contains(squeeze(text), squeeze(e.Text)) {
			found = true
			if !said.Update && !slices.Contains(fresh, said.TS) {
				fresh = append(fresh, said.TS)
			}
		}
	}
	switch {
	case e.Refute && found:
		return fmt.Errorf("Trellis did say %q", e.Text)
	case !e.Refute && !found, e.Once && len(fresh) != 1:
		return fmt.Errorf("%q was said %d times to %s%s; said was %q", e.Text, len(fresh), e.Room, e.Person, all)
	}
	return nil
}

// see waits until somebody has a button before them: with this label, or with what its English name is in their language.
func (p *stage) see(do rehearse.Press) (channel, ts, label string, err error) {
	labels := []string{do.Label}
	for _, key := range p.words.Keys("en") {
		if p.words.Text("en", key, 1) == do.Label {
			for _, language := range p.words.Languages() {
				labels = append(labels, p.words.Text(language, key, 1))
			}
		}
	}
	means := func(label string) bool { // "C1: Done" is one of several, each with its own
		return slices.ContainsFunc(labels, func(l string) bool { return label == l || strings.HasSuffix(label, ": "+l) })
	}
	err = p.soon(fmt.Sprintf("%s sees no %q", do.By, do.Label), func() bool {
		channel, ts, label = p.w.Sees(user(do.By), channelOf(do.Room), means)
		return label != ""
	})
	return channel, ts, label, err
}

// differently are the rehearsals that take another way on Slack, each with its reason.
var differently = map[string]string{
	"checkin-live":    "in a live round people talk in the room, of which Slack tells Trellis only what mentions it",
	"commitment-hand": "somebody names a person who is not there, which a picker of people does not allow",
}

// The golden rehearsals have the same outcome when they are played on Slack.
func TestRehearsalsOnSlack(t *testing.T) {
	files, err := filepath.Glob("rehearsals/*.trellis")
	if err != nil || len(files) == 0 {
		t.Fatal(err, files)
	}
	for _, file := range files {
		if differently[strings.TrimSuffix(filepath.Base(file), ".trellis")] != "" {
			continue
		}
		t.Run(strings.TrimSuffix(filepath.Base(file), ".trellis"), func(t *testing.T) {
			text, err := os.ReadFile(file)
			if err != nil {
				t.Fatal(err)
			}
			script, err := rehearse.Parse(file, string(text))
			if err != nil {
				t.Fatal(err)
			}
			s, err := slacktest.New(slacktest.Options{
				Scopes: slack.ScopeNames(), Plain: true, Retries: slices.Repeat([]time.Duration{50 * time.Millisecond}, 100),
			})
			if err != nil {
				t.Fatal(err)
			}
			defer func() {
				s.Close()
				for _, v := range s.Violations() {
					t.Errorf("Slack objects: %s", v)
				}
			}()
			store, err := bolt.Open(t.Context(), bolt.Options{Path: filepath.Join(t.TempDir(), "trellis.db"), NoSync: true})
			if err != nil {
				t.Fatal(err)
			}
			defer func() { _ = store.Close() }()
			p := &stage{t: t, script: script, s: s, w: s.Workspace(), store: store, wrote: map[chat.AccountID][2]string{}}
			if err := p.play(); err != nil {
				t.Error(err)
			}
		})
	}
}
