package group

import (
	"time"

	"trellis/flows"
	"trellis/flows/calendar"
)

func showMine(t *flows.Turn, _ flows.Command) error {
	m, err := Settings(t, flows.Note("group.mine.title"), t.Person())
	if err != nil {
		return err
	}
	_, err = t.Answer(m.With("group.mine.how"))
	return err
}

// Settings adds to a message how a person is treated, in every group of theirs.
func Settings(t *flows.Turn, m flows.Message, p flows.PersonID) (flows.Message, error) {
	profile, err := t.Profile(p)
	return m.
		Item(flows.Words("group.show.zone", "zone", t.Zone(p).String())).
		Item(flows.Words("group.show.language", "language", language(t.Language(p)))).
		Item(flows.Words("group.show.quiet", "quiet", quiet(t.Quiet(p)))).
		Item(flows.Words("group.show.days", "days", days(t.WorkingDays(p)))).
		Item(flows.Words("group.mine.hour", "hour", t.Hour(p).String())).
		Item(flows.Words("group.mine.accounts", "n", len(profile.Accounts))), err
}

// changeMine changes what is the person's own, tells their groups, and says what is so from now on.
func changeMine(t *flows.Turn, change func(*flows.Person), key string, args ...any) error {
	p := t.Person()
	if err := t.ChangePerson(p, change); err != nil {
		return err
	}
	if err := t.EachGroup(p, func() error {
		return t.Signal(flows.Signal{Name: flows.SignalChanged, Person: p})
	}); err != nil {
		return err
	}
	_, err := t.Answer(flows.Note(key, args...))
	return err
}

func myZone(t *flows.Turn, c flows.Command) error {
	zone, err := readZone(t, c.Text)
	if err != nil {
		return err
	}
	return changeMine(t, func(p *flows.Person) { p.Zone, p.OwnZone = zone, true }, "group.mine.zone", "zone", zone)
}

func myLanguage(t *flows.Turn, c flows.Command) error {
	code, ok := t.MatchLanguage(c.Text)
	if !ok {
		return t.Refuse("group.language_wanted", "languages", languages(t))
	}
	return changeMine(t, func(p *flows.Person) { p.Language, p.OwnLanguage = code, true }, "group.mine.language", "language", language(code))
}

func myQuiet(t *flows.Turn, c flows.Command) error {
	q, err := readQuiet(t, c.Text)
	if err != nil {
		return err
	}
	return changeMine(t, func(p *flows.Person) { p.Quiet = &q }, "group.mine.quiet", "quiet", quiet(q))
}

func myDays(t *flows.Turn, c flows.Command) error {
	d, err := readDays(t, c.Text)
	if err != nil {
		return err
	}
	return changeMine(t, func(p *flows.Person) { p.Days = &d }, "group.mine.days", "days", days(d))
}

func myHour(t *flows.Turn, c flows.Command) error {
	hour, err := calendar.ParseClock(c.Text, t.Calendar())
	if err != nil {
		return t.Refuse("group.hour_wanted", "text", flows.Said{Text: c.Text})
	}
	return changeMine(t, func(p *flows.Person) { p.Hour = &hour }, "group.mine.hour_set", "hour", hour.String())
}

// maxAway is how far ahead somebody can be away; longer is leaving, and is better said.
const maxAway = 366 * 24 * time.Hour

func awayReads(c flows.Command) bool { return len(c.Tokens) > 0 && len(c.Tokens) <= 4 }

func showAway(t *flows.Turn, _ flows.Command) error {
	return t.Refuse("group.away.wanted")
}

// away takes the person out of what is asked and reminded, in every group, until the day they named.
func away(t *flows.Turn, c flows.Command) error {
	if c.Text == "" {
		return t.Refuse("group.away.wanted")
	}
	when, err := t.When(c.Text, 0)
	if err != nil {
		return err
	}
	p := t.Person()
	if profile, err := t.Profile(p); err != nil {
		return err
	} else if len(profile.Groups) == 0 {
		return t.Refuse("flows.nogroup")
	}
	if !calendar.DateOf(t.Now(), t.Zone(p)).Before(when.Date) || when.At.Sub(t.Now()) > maxAway {
		return t.Refuse("group.away.range")
	}
	if err := t.EachGroup(p, func() error {
		if err := t.ChangeMember(p, func(m *flows.Membership) { m.Away = when.Date }); err != nil {
			return err
		}
		t.At(when.On(t.Hour(p), t.Zone(p)), "back", flows.ID(p))
		return t.Signal(flows.Signal{Name: flows.SignalAway, Person: p})
	}); err != nil {
		return err
	}
	_, err = t.Answer(flows.Note("group.away.until", "date", when.Date, "hour", t.Hour(p).String(), "zone", t.Zone(p).String()))
	return err
}

func awayEnd(t *flows.Turn, _ flows.Command) error {
	p := t.Person()
	if err := t.EachGroup(p, func() error { return comeBack(t, p) }); err != nil {
		return err
	}
	_, err := t.Answer(flows.Note("group.away.ended"))
	return err
}

// back runs on the morning of the day that somebody named.
func back(t *flows.Turn, subject flows.ID) error {
	p := flows.PersonID(subject)
	m, err := t.Membership(p)
	if err != nil || m.Left || m.Away.IsZero() || calendar.DateOf(t.Now(), t.Zone(p)).Before(m.Away) {
		return err
	}
	return comeBack(t, p)
}

// comeBack brings a person back to the turn's group, with one message of what waited.
func comeBack(t *flows.Turn, p flows.PersonID) error {
	m, err := t.Membership(p)
	if err != nil || m.Away.IsZero() {
		return err
	}
	if err := t.ChangeMember(p, func(m *flows.Membership) { m.Away = calendar.Date{} }); err != nil {
		return err
	}
	if err := t.Signal(flows.Signal{Name: flows.SignalBack, Person: p}); err != nil {
		return err
	}
	var waited flows.Gathered
	if err := t.Signal(flows.Signal{Name: flows.SignalHome, Person: p, Gather: &waited}); err != nil || waited.Empty() {
		return err
	}
	_, err = t.Tell(p, flows.Note("group.away.back").Gathered(waited).Noticed())
	return err
}
