// Package session is a facilitated piece of work: a topic, a lens, what is on the table, and phases to go through.
//
// How it works: a facilitator starts a session, which stands on a card in the room; "Next" goes on to another phase, in
// any order, and each phase says what it is for and offers what fits. Scope lines belong to the group and outlive
// the session. Closing says what the session made, and asks for a check-out when there was none.
//
// What always holds: one session is open in a group at a time; while it is paused, Trellis says nothing in the room by
// itself.
package session

import (
	"slices"
	"strings"
	"time"

	"trellis/flows"
)

// Flow is all that the engine knows of this practice.
var Flow = flows.Flow{
	Name: "session",
	Commands: flows.Commands{
		"session":       {Usage: "", Who: flows.Member, Answers: true, Run: where},
		"session start": {Usage: "TOPIC lens=clarify|elucidate|provoke", Keys: []string{"lens"}, Who: flows.Facilitator, Run: start},
		"session next":  {Usage: "[PHASE]", Who: flows.Facilitator, Run: nextCommand},
		"session pause": {Usage: "", Who: flows.Facilitator, Run: pause},
		"session close": {Usage: "", Who: flows.Facilitator, Run: closeCommand},

		"session scope":          {Usage: "", Who: flows.Member, Answers: true, Run: showScope},
		"session scope on":       {Usage: "TEXT", Who: flows.Member, Reads: hasText, Run: putLine(On)},
		"session scope off":      {Usage: "TEXT [who=WHOSE]", Keys: []string{"who"}, Who: flows.Member, Reads: hasText, Run: putLine(Off)},
		"session scope unknown":  {Usage: "TEXT", Who: flows.Member, Reads: hasText, Run: putLine(Unknown)},
		"session scope answered": {Usage: "N [TEXT]", Who: flows.Member, Run: answered},
		"session scope change":   {Usage: "N TEXT", Who: flows.Member, Run: changeLine},
		"session scope drop":     {Usage: "N", Who: flows.Member, Run: dropLine},
	},
	Actions: map[string]func(*flows.Turn, flows.Action) error{"next": pressNext},
	Listeners: flows.Listeners{
		flows.SignalExport:   export,
		flows.SignalPages:    pages,
		flows.SignalLinked:   linked,
		flows.SignalMayStart: askScope,
	},
	Forget: forget,
}

func hasText(c flows.Command) bool { return len(c.Tokens) > 0 }

// Session is one piece of work.
type Session struct {
	Topic   string
	By      flows.PersonID
	Lenses  []string // clarify, elucidate, provoke: one, or two together
	Phase   string
	Been    []string // phases so far, in the order in which they came
	Started time.Time
	Closed  time.Time `json:",omitzero"`
	Card    flows.Posted
	// CheckedOut says that people were asked how they leave.
	CheckedOut bool `json:",omitempty"`
	// Opening goes before the first phase, on one card with it.
	Opening flows.Message `json:"-"`
}

// Phases in their usual order. Every one can be skipped, repeated or taken out of turn.
var phases = []string{"arrive", "scope", "work", "decide", "commit", "close"}

var lenses = []string{"clarify", "elucidate", "provoke"}

var (
	sessions = flows.NewTable[Session]("session/session", 1)
	open     = sessions.Index("open", func(_ flows.ID, s Session) []string {
		if s.Closed.IsZero() {
			return []string{"open"}
		}
		return nil
	})
)

// Signals of this practice, for later ones.
const (
	SignalPhase   = "session.phase"   // the session Subject is now in the phase Value
	SignalSummary = "session.summary" // gather what was made since Since
	SignalOpen    = "session.open"    // gather what is open in the group
)

// Current is the session that is open in the turn's group; false when there is none.
func Current(t *flows.Turn) (flows.ID, Session, bool, error) {
	var id flows.ID
	var s Session
	found := false
	err := open.Find(t, "open", func(i flows.ID, v Session) (bool, error) {
		id, s, found = i, v, true
		return false, nil
	})
	return id, s, found, err
}

// MarkCheckedOut notes that the open session has asked people how they leave.
func MarkCheckedOut(t *flows.Turn) error {
	id, s, ok, err := Current(t)
	if err != nil || !ok || s.CheckedOut {
		return err
	}
	s.CheckedOut = true
	return sessions.Put(t, id, s)
}

// current is Current, refused when no session is open.
func current(t *flows.Turn) (flows.ID, Session, error) {
	id, s, ok, err := Current(t)
	if err == nil && !ok {
		err = t.Refuse("session.none")
	}
	return id, s, err
}

func start(t *flows.Turn, c flows.Command) error {
	if _, s, ok, err := Current(t); err != nil {
		return err
	} else if ok {
		return t.Refuse("session.already", "topic", said(s.Topic, s.By))
	}
	if c.Text == "" {
		return t.Refuse("session.topic_wanted")
	}
	lens, err := readLens(t, c)
	if err != nil {
		return err
	}
	first, err := isFirst(t)
	if err != nil {
		return err
	}
	id := t.NewID()
	s := Session{Topic: c.Text, By: t.Person(), Lenses: lens, Started: t.Now()}
	if err := t.Hush(time.Time{}); err != nil {
		return err
	}
	lines, err := scope(t)
	if err != nil {
		return err
	}
	s.Opening = s.opening(lines, first)
	return s.enter(t, id, phases[0])
}

// readLens reads lens=; without it, the three are offered in plain words.
func readLens(t *flows.Turn, c flows.Command) ([]string, error) {
	var lens []string
	for word := range strings.SplitSeq(c.Arg("lens"), ",") {
		word = strings.ToLower(strings.TrimSpace(word))
		if word == "" {
			continue
		}
		if !slices.Contains(lenses, word) || slices.Contains(lens, word) {
			return nil, t.RefuseWith(lensChoices(flows.Note("session.lens.unknown", "lens", flows.Said{Text: word}), c.Text))
		}
		lens = append(lens, word)
	}
	if len(lens) == 0 {
		return nil, t.RefuseWith(lensChoices(flows.Note("session.lens.which"), c.Text))
	}
	return lens, nil
}

func lensChoices(m flows.Message, topic string) flows.Message {
	for _, lens := range lenses {
		m = m.Item(flows.Words("session.lens.plain." + lens)).
			Choose(flows.Choice{Key: "session.lens.button." + lens, Run: `session start "` + strings.ReplaceAll(topic, `"`, "'") + `" lens=` + lens})
	}
	return m
}

// isFirst tells whether the group has never had a session.
func isFirst(t *flows.Turn) (bool, error) {
	first := true
	err := sessions.All(t, func(flows.ID, Session) (bool, error) {
		first = false
		return false, nil
	})
	return first, err
}

func nextCommand(t *flows.Turn, c flows.Command) error {
	id, s, err := current(t)
	if err != nil {
		return err
	}
	if c.Text == "" {
		return s.next(t, id)
	}
	phase := strings.ToLower(c.Text)
	if !slices.Contains(phases, phase) {
		return t.Refuse("session.phase_wanted", "phases", strings.Join(phases, ", "))
	}
	return s.enter(t, id, phase)
}

func pressNext(t *flows.Turn, a flows.Action) error {
	if may, err := t.Holds(t.Person(), flows.Facilitator); err != nil {
		return err
	} else if !may {
		return t.Refuse("flows.facilitatoronly")
	}
	id, s, err := current(t)
	if err != nil {
		return err
	}
	if id != a.Subject || s.Phase != a.Arg {
		return t.Refuse("session.moved_on", "phase", flows.Words("session.phase.name."+s.Phase))
	}
	return s.next(t, id)
}

// next goes on to the phase that usually follows.
func (s Session) next(t *flows.Turn, id flows.ID) error {
	at := slices.Index(phases, s.Phase)
	if at == len(phases)-1 {
		return s.close(t, id)
	}
	return s.enter(t, id, phases[at+1])
}

// enter begins a phase, and takes the buttons off the one before.
func (s Session) enter(t *flows.Turn, id flows.ID, phase string) error {
	if err := t.Hush(time.Time{}); err != nil {
		return err
	}
	if s.Phase != "" {
		if err := t.Disarm(s.Card); err != nil {
			return err
		}
	}
	s.Phase = phase
	s.Been = append(slices.Clone(s.Been), phase)
	var err error
	if s.Card, err = t.Say(s.Opening.Then(s.phaseCard(id, phase))); err != nil {
		return err
	}
	if phase == "scope" {
		lines, err := scope(t)
		if err != nil {
			return err
		}
		if len(lines) > 0 {
			if _, err := t.Say(scopeMessage(lines)); err != nil {
				return err
			}
		}
	}
	if err := sessions.Put(t, id, s); err != nil {
		return err
	}
	return t.Signal(flows.Signal{Name: SignalPhase, Subject: id, Value: phase})
}

// talkFor is how long Trellis stays silent when nobody calls it: longer than any evening.
const talkFor = 6 * time.Hour

func pause(t *flows.Turn, _ flows.Command) error {
	if _, _, err := current(t); err != nil {
		return err
	}
	if err := t.Hush(t.Now().Add(talkFor)); err != nil {
		return err
	}
	_, err := t.Say(flows.Note("session.paused"))
	return err
}

func closeCommand(t *flows.Turn, _ flows.Command) error {
	id, s, err := current(t)
	if err != nil {
		return err
	}
	return s.close(t, id)
}

// close says what the session made, and asks for a check-out when nobody did.
func (s Session) close(t *flows.Turn, id flows.ID) error {
	if err := t.Hush(time.Time{}); err != nil {
		return err
	}
	if err := t.Disarm(s.Card); err != nil {
		return err
	}
	var made flows.Gathered
	if err := t.Signal(flows.Signal{Name: SignalSummary, Subject: id, Since: s.Started, Gather: &made}); err != nil {
		return err
	}
	lines, err := scope(t)
	if err != nil {
		return err
	}
	addScope(&made, lines)
	if _, err := t.Say(s.closing(made)); err != nil {
		return err
	}
	ask := !s.CheckedOut
	s.Closed, s.CheckedOut = t.Now(), true
	if err := sessions.Put(t, id, s); err != nil {
		return err
	}
	if !ask {
		return nil
	}
	return t.Signal(flows.Signal{Name: flows.SignalCheckOut, Subject: id, Value: t.RoomText("session.checkout")})
}

func where(t *flows.Turn, _ flows.Command) error {
	_, s, ok, err := Current(t)
	if err != nil {
		return err
	}
	lines, err := scope(t)
	if err != nil {
		return err
	}
	m := flows.Note("session.where.none")
	if ok {
		m = flows.Note("session.where.open", "topic", said(s.Topic, s.By), "lens", s.lens(), "phase", flows.Words("session.phase.name."+s.Phase))
	}
	var waiting flows.Gathered
	addScope(&waiting, lines)
	if err := t.Signal(flows.Signal{Name: SignalOpen, Gather: &waiting}); err != nil {
		return err
	}
	_, err = t.Answer(m.Gathered(waiting).Choose(flows.Shareable("session")))
	return err
}

func said(text string, by flows.PersonID) flows.Said { return flows.Said{Text: text, By: by} }

func export(t *flows.Turn, s flows.Signal) error {
	var lines []flows.Phrase
	if err := sessions.All(t, func(_ flows.ID, v Session) (bool, error) {
		if v.By == s.Person {
			lines = append(lines, flows.Words("session.export.session", "topic", said(v.Topic, v.By), "date", v.Started))
		}
		return true, nil
	}); err != nil {
		return err
	}
	if err := scopeLines.All(t, func(_ flows.ID, l Line) (bool, error) {
		if l.By == s.Person {
			lines = append(lines, flows.Words("session.export.line", "text", said(l.Text, l.By), "date", l.At))
		}
		return true, nil
	}); err != nil || len(lines) == 0 {
		return err
	}
	s.Gather.Add(flows.Section{Order: 10, Heading: flows.Words("session.export.title"), Lines: lines})
	return nil
}

// linked makes what one account said that of the person behind both.
func linked(t *flows.Turn, s flows.Signal) error {
	from := flows.PersonID(s.Value)
	if err := sessions.All(t, func(id flows.ID, v Session) (bool, error) {
		if v.By != from {
			return true, nil
		}
		v.By = s.Person
		return true, sessions.Put(t, id, v)
	}); err != nil {
		return err
	}
	return scopeLines.All(t, func(id flows.ID, l Line) (bool, error) {
		if l.By != from && l.AnswerBy != from {
			return true, nil
		}
		if l.By == from {
			l.By = s.Person
		}
		if l.AnswerBy == from {
			l.AnswerBy = s.Person
		}
		return true, scopeLines.Put(t, id, l)
	})
}

// forget keeps topic and scope, which are the group's, and takes the name off them.
func forget(t *flows.Turn, p flows.PersonID) error {
	if err := sessions.All(t, func(id flows.ID, v Session) (bool, error) {
		if v.By != p {
			return true, nil
		}
		v.By, v.Topic = "", t.RoomText("flows.takenback")
		return true, sessions.Put(t, id, v)
	}); err != nil {
		return err
	}
	return scopeLines.All(t, func(id flows.ID, l Line) (bool, error) {
		if l.By != p && l.AnswerBy != p {
			return true, nil
		}
		if l.By == p {
			l.By, l.Text, l.Whose = "", t.RoomText("flows.takenback"), ""
		}
		if l.AnswerBy == p {
			l.AnswerBy, l.Answer = "", t.RoomText("flows.takenback")
		}
		return true, scopeLines.Put(t, id, l)
	})
}
