package digest

import (
	"time"

	"trellis/flows"
	"trellis/flows/calendar"
	"trellis/flows/session"
)

// room is `digest room`: now, or from now on by a rule.
func room(t *flows.Turn, c flows.Command) error {
	text := rule(c)
	if text == "" {
		return showRoom(t)
	}
	if may, err := t.Holds(t.Person(), flows.Facilitator); err != nil {
		return err
	} else if !may {
		return t.Refuse("flows.facilitatoronly")
	}
	r, err := t.RoomRule(text, calendar.Morning)
	if err != nil {
		return err
	}
	s, dates, err := schedule(t, r)
	if err != nil {
		return err
	}
	old, err := dropRoom(t)
	if err != nil {
		return err
	}
	if old != nil {
		s.Last = old.Last
	}
	t.At(s.Next, "room", ours)
	if _, err := t.Say(set("digest.room.set", s, dates, old).With("digest.room.how")); err != nil {
		return err
	}
	return rooms.Put(t, ours, s)
}

// dropRoom takes the room's schedule away, and returns it if there was one.
func dropRoom(t *flows.Turn) (*Schedule, error) {
	s, ok, err := rooms.Find(t, ours)
	if err != nil || !ok {
		return nil, err
	}
	t.Cancel(s.Next, "room", ours)
	return &s, rooms.Delete(t, ours)
}

func endRoom(t *flows.Turn, _ flows.Command) error {
	switch old, err := dropRoom(t); {
	case err != nil:
		return err
	case old == nil:
		return t.Refuse("digest.none")
	}
	_, err := t.Say(flows.Note("digest.room.ended"))
	return err
}

// stop ends the room's digest with everything else that repeats there.
func stop(t *flows.Turn, _ flows.Signal) error {
	_, err := dropRoom(t)
	return err
}

// showRoom answers with the group's digest as of now.
func showRoom(t *flows.Turn) error {
	s, ok, err := rooms.Find(t, ours)
	if err != nil {
		return err
	}
	if !ok {
		s.Last = t.Now().Add(-usualSpan)
	}
	g, err := gatherRoom(t, s.Last)
	if err != nil {
		return err
	}
	m := flows.Note("digest.room.nothing", "since", s.Last)
	if !g.Empty() {
		m = title(t, s.Last).Gathered(g)
	}
	_, err = t.Answer(m.Choose(flows.Shareable("digest")))
	return err
}

func title(t *flows.Turn, since time.Time) flows.Message {
	return flows.Note("digest.room.title", "since", flows.Short(calendar.DateOf(since, t.RoomZone())))
}

func gatherRoom(t *flows.Turn, since time.Time) (flows.Gathered, error) {
	var g flows.Gathered
	err := t.Signal(flows.Signal{Name: flows.SignalDigestRoom, Since: since, Gather: &g})
	return g, err
}

// sendRoom sends the room's digest at its date, if there is anything to say.
func sendRoom(t *flows.Turn, _ flows.ID) error {
	s, ok, err := rooms.Find(t, ours)
	if err != nil || !ok || !s.Next.Equal(t.Due()) {
		return err
	}
	g, err := gatherRoom(t, s.Last)
	if err != nil {
		return err
	}
	if !g.Empty() {
		if _, err := t.Say(title(t, s.Last).Gathered(g)); err != nil {
			return err
		}
	}
	s.Last = t.Now()
	if s.Next, ok = s.Rule.Next(t.Now()); !ok {
		return rooms.Delete(t, ours)
	}
	t.At(s.Next, "room", ours)
	return rooms.Put(t, ours, s)
}

// scopeNews adds what was put on or off the table.
func scopeNews(t *flows.Turn, s flows.Signal) error {
	lines, err := session.Scope(t)
	if err != nil {
		return err
	}
	counts := map[session.Kind]int{}
	var phrases []flows.Phrase
	for _, line := range lines {
		switch {
		case line.At.Before(s.Since):
		case line.Kind == session.Answered:
			key := "digest.scope.answered"
			if line.Answer != "" {
				key = "digest.scope.answer"
			}
			phrases = append(phrases, flows.Words(key,
				"text", flows.Said{Text: line.Text, By: line.By}, "answer", flows.Said{Text: line.Answer, By: line.By}))
		default:
			counts[line.Kind]++
		}
	}
	for _, kind := range []session.Kind{session.On, session.Off, session.Unknown} {
		if n := counts[kind]; n > 0 {
			phrases = append(phrases, flows.Words("digest.scope."+string(kind), "n", n))
		}
	}
	if len(phrases) > 0 {
		s.Gather.Add(flows.Section{Order: scopeOrder, Heading: flows.Words("digest.scope.title"), Lines: phrases})
	}
	return nil
}

// scopeOrder puts what changed on the table before what is open.
const scopeOrder = 55
