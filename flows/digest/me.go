package digest

import (
	"time"

	"trellis/flows"
	"trellis/flows/calendar"
)

// me is `digest me`: now, or from now on by a rule.
func me(t *flows.Turn, c flows.Command) error {
	text := rule(c)
	if text == "" {
		return showMe(t)
	}
	p := t.Person()
	profile, err := t.Profile(p)
	if err != nil {
		return err
	}
	if len(profile.Groups) == 0 {
		return t.Refuse("flows.nogroup")
	}
	r, err := t.Rule(text, t.Hour(p))
	if err != nil {
		return err
	}
	s, dates, err := schedule(t, r)
	if err != nil {
		return err
	}
	old, err := dropMe(t, p)
	if err != nil {
		return err
	}
	if old != nil {
		s.Last = old.Last
	}
	if err := keepMe(t, p, s); err != nil {
		return err
	}
	_, err = t.Whisper(set("digest.me.set", s, dates, old).With("digest.me.how"))
	return err
}

// keepMe stores a person's schedule in the first of their groups.
func keepMe(t *flows.Turn, p flows.PersonID, s Schedule) error {
	kept := false
	return t.EachGroup(p, func() error {
		if kept {
			return nil
		}
		kept = true
		t.At(s.Next, "me", flows.ID(p))
		return people.Put(t, flows.ID(p), s)
	})
}

// findMe returns a person's schedule; nil when they have none.
func findMe(t *flows.Turn, p flows.PersonID) (found *Schedule, err error) {
	err = t.EachGroup(p, func() error {
		s, ok, err := people.Find(t, flows.ID(p))
		if ok {
			found = &s
		}
		return err
	})
	return found, err
}

// dropMe takes a person's schedule away, and returns it if there was one.
func dropMe(t *flows.Turn, p flows.PersonID) (old *Schedule, err error) {
	err = t.EachGroup(p, func() error {
		s, err := dropMeHere(t, p)
		if s != nil {
			old = s
		}
		return err
	})
	return old, err
}

func dropMeHere(t *flows.Turn, p flows.PersonID) (*Schedule, error) {
	s, ok, err := people.Find(t, flows.ID(p))
	if err != nil || !ok {
		return nil, err
	}
	t.Cancel(s.Next, "me", flows.ID(p))
	return &s, people.Delete(t, flows.ID(p))
}

func endMe(t *flows.Turn, _ flows.Command) error {
	switch old, err := dropMe(t, t.Person()); {
	case err != nil:
		return err
	case old == nil:
		return t.Refuse("digest.none")
	}
	_, err := t.Whisper(flows.Note("digest.me.ended"))
	return err
}

// showMe answers with a person's own digest as of now.
func showMe(t *flows.Turn) error {
	p := t.Person()
	since := t.Now().Add(-usualSpan)
	switch s, err := findMe(t, p); {
	case err != nil:
		return err
	case s != nil:
		since = s.Last
	}
	m, any, _, err := mine(t, p, since)
	if err != nil {
		return err
	}
	if !any {
		m = flows.Note("digest.me.nothing")
	}
	_, err = t.Whisper(m)
	return err
}

// mine puts a person's digest together, over all their groups. owed tells whether it has more than news.
func mine(t *flows.Turn, p flows.PersonID, since time.Time) (m flows.Message, any, owed bool, err error) {
	profile, err := t.Profile(p)
	if err != nil {
		return m, false, false, err
	}
	var all []flows.InGroup
	err = t.EachGroup(p, func() error {
		in := flows.InGroup{Name: t.GroupName()}
		g := &in.Gathered
		if err := t.Signal(flows.Signal{Name: flows.SignalDigestMe, Person: p, Since: since, Gather: g}); err != nil {
			return err
		}
		owed = owed || !g.Empty()
		lines, err := news(t, p, since)
		if err != nil {
			return err
		}
		if len(lines) > 0 {
			g.Add(flows.News(lines...))
		}
		if g.Empty() {
			return nil
		}
		if len(profile.Groups) > 1 {
			in.Heading = flows.Words("digest.me.group", "name", flows.Said{Text: in.Name})
		}
		all = append(all, in)
		return nil
	})
	m = flows.Note("digest.me.title", "since", flows.Short(calendar.DateOf(since, t.Zone(p)))).InGroups(all)
	return m, len(all) > 0, owed, err
}

// sendMe sends a person's digest at its date, if they are here and there is more to say than news. They named the time
// themselves, so no quiet holds it back.
func sendMe(t *flows.Turn, subject flows.ID) error {
	s, ok, err := people.Find(t, subject)
	if err != nil || !ok || !s.Next.Equal(t.Due()) {
		return err
	}
	p := flows.PersonID(subject)
	here, err := t.Here(p)
	if err != nil {
		return err
	}
	if here {
		m, _, owed, err := mine(t, p, s.Last)
		if err != nil {
			return err
		}
		if owed {
			if _, err := t.Tell(p, m.Noticed()); err != nil {
				return err
			}
		}
		s.Last = t.Now()
	}
	if s.Next, ok = s.Rule.Next(t.Now()); !ok {
		return people.Delete(t, subject)
	}
	t.At(s.Next, "me", subject)
	return people.Put(t, subject, s)
}

// changed moves a person's schedule to where their clock stands now.
func changed(t *flows.Turn, s flows.Signal) error {
	id := flows.ID(s.Person)
	v, ok, err := people.Find(t, id)
	zone := t.Zone(s.Person).String()
	if err != nil || !ok || v.Rule.Zone == zone {
		return err
	}
	v.Rule.Zone = zone
	next, ok := v.Rule.Next(t.Now())
	if !ok {
		return nil
	}
	t.Cancel(v.Next, "me", id)
	v.Next = next
	t.At(v.Next, "me", id)
	return people.Put(t, id, v)
}

// left takes the schedule of somebody who left the group to another group of theirs.
func left(t *flows.Turn, s flows.Signal) error {
	in, err := t.Holds(s.Person, flows.Member)
	if err != nil || in { // an observer now, who still has promises
		return err
	}
	old, err := dropMeHere(t, s.Person)
	if err != nil || old == nil {
		return err
	}
	return keepMe(t, s.Person, *old)
}

// linked gives a schedule to the person whom its owner turned out to be, unless they have one.
func linked(t *flows.Turn, s flows.Signal) error {
	old, err := dropMeHere(t, flows.PersonID(s.Value))
	if err != nil || old == nil {
		return err
	}
	if has, err := findMe(t, s.Person); err != nil || has != nil {
		return err
	}
	return keepMe(t, s.Person, *old)
}

func export(t *flows.Turn, s flows.Signal) error {
	v, ok, err := people.Find(t, flows.ID(s.Person))
	if err != nil || !ok {
		return err
	}
	s.Gather.Add(flows.Section{Order: 90, Heading: flows.Words("digest.export.title"), Lines: []flows.Phrase{
		flows.Words("digest.export.schedule", "rule", v.Rule),
	}})
	return nil
}

func forget(t *flows.Turn, p flows.PersonID) error {
	_, err := dropMeHere(t, p)
	return err
}
