package reminder

import (
	"strings"
	"time"

	"trellis/flows"
	"trellis/flows/calendar"
)

func hasText(c flows.Command) bool { return len(c.Tokens) > 0 }

func remindMe(t *flows.Turn, c flows.Command) error {
	r, err := read(t, c, Reminder{Owner: t.Person()})
	if err != nil {
		return err
	}
	m, err := r.begin(t)
	if err != nil {
		return err
	}
	_, err = t.Whisper(m)
	return err
}

func remindUs(t *flows.Turn, c flows.Command) error {
	r, err := read(t, c, Reminder{Owner: t.Person(), Us: true})
	if err != nil {
		return err
	}
	m, err := r.begin(t)
	if err != nil {
		return err
	}
	_, err = t.Say(m)
	return err
}

// begin numbers and stores a reminder, and says when it comes.
func (r Reminder) begin(t *flows.Turn) (flows.Message, error) {
	n, err := t.NextNumber(Letter)
	if err != nil {
		return flows.Message{}, err
	}
	r.Number, r.Next = n, r.Next.UTC()
	r.wake(t, r.Next)
	return r.confirmation(), entry{t.NewID(), r}.put(t)
}

// read takes a command apart: what, and when or how often. The time may stand before or behind the text.
func read(t *flows.Turn, c flows.Command, r Reminder) (Reminder, error) {
	usual := t.Hour(r.Owner)
	if r.Us {
		usual = flows.UsualHour
	}
	text, rule, found, err := rest(t, c, usual)
	if err != nil {
		return r, err
	}
	from := t.Now()
	before, when, dated, err := t.WhenTrailing(text)
	if !dated {
		when, before, dated, err = t.WhenLeading(text)
	}
	switch {
	case err != nil:
		return r, err
	case dated:
		if r, err = r.at(t, when); err != nil {
			return r, err
		}
		text, from = before, r.Next.Add(-time.Second)
	case !found:
		return r, t.Refuse("reminder.when_wanted")
	}
	if r.Text = (flows.Said{Text: withoutTo(text), By: r.Owner}); r.Text.Text == "" {
		return r, t.Refuse("reminder.text_wanted")
	}
	if !found {
		return r, nil
	}
	r.Rule, r.Named, r.Day = &rule, rule.Timed, calendar.Date{}
	next, ok := rule.Rule.Next(from)
	if r.Next = next; !ok {
		return r, t.Refuse("reminder.when_wanted")
	}
	return r, nil
}

// rest takes the rule off a command: every= at its end, "every monday" at its end or its beginning.
func rest(t *flows.Turn, c flows.Command, usual calendar.Clock) (string, flows.Repeating, bool, error) {
	if c.Given("every") {
		rule, is, err := t.Repeats(c.Arg("every"), usual)
		if err == nil && !is {
			err = t.Refuse("date.unknown_rule", "text", flows.Said{Text: c.Arg("every")})
		}
		return c.WithoutQuotes(0), rule, true, err
	}
	if before, rule, found, err := t.RepeatsAfter(c, 0, usual); found {
		return before, rule, true, err
	}
	if len(c.Tokens) > 0 && flows.IsEvery(c.Tokens[0].Text) {
		for to := len(c.Tokens) - 1; to > 1; to-- {
			if rule, is, err := t.Repeats(c.Between(1, to), usual); is {
				return c.After(to), rule, true, err
			}
		}
	}
	return c.WithoutQuotes(0), flows.Repeating{}, false, nil
}

// at sets the time. A day alone means the hour at which days begin.
func (r Reminder) at(t *flows.Turn, w calendar.When) (Reminder, error) {
	r.Next, r.Named = w.At, w.HasTime
	if !w.HasTime {
		r.Day = w.Date
		r.Next = r.hour(t, w.Date)
	}
	if !r.Next.After(t.Now()) {
		return r, t.Refuse("reminder.past", "at", r.Next)
	}
	return r, nil
}

// withoutTo is "water the plants" of "to water the plants".
func withoutTo(text string) string {
	text = flows.Unquoted(text)
	if first, rest, ok := strings.Cut(text, " "); ok && (strings.EqualFold(first, "to") || strings.EqualFold(first, "that")) {
		text = rest
	}
	return flows.Unquoted(text)
}

// end ends one's own, or, for a facilitator, one of the group's.
func end(t *flows.Turn, c flows.Command) error {
	n, _, ok := c.Number(Letter)
	if !ok {
		return t.Refuse("reminder.number_wanted")
	}
	var r entry
	if err := byNumber.Find(t, flows.NumberKey(n), func(id flows.ID, v Reminder) (bool, error) {
		r = entry{id, v}
		return false, nil
	}); err != nil {
		return err
	}
	may, err := r.may(t)
	if err != nil {
		return err
	}
	if !may || r.over(t) { // not even that somebody else has one is told
		return t.Refuse("reminder.nosuch", "r", Reminder{Number: n}.label())
	}
	r.Ended = true
	if err := r.put(t); err != nil {
		return err
	}
	m := flows.Note("reminder.ended", "r", r.label(), "text", r.Text)
	if r.Us {
		_, err = t.Say(m)
	} else {
		_, err = t.Whisper(m)
	}
	return err
}

// may tells whether the turn's person may end it.
func (r Reminder) may(t *flows.Turn) (bool, error) {
	if r.Owner == t.Person() || !r.Us {
		return r.Owner == t.Person(), nil
	}
	return t.Holds(t.Person(), flows.Facilitator)
}

// over tells whether it is not to be told any more.
func (r Reminder) over(t *flows.Turn) bool {
	return r.Ended || !r.Next.After(t.Now()) && !r.Again.After(t.Now())
}

// mine reads the reminder of a choice, for whom it was made by.
func mine(t *flows.Turn, id flows.ID) (entry, error) {
	r, ok, err := reminders.Find(t, id)
	if err != nil {
		return entry{}, err
	}
	if !ok || r.Owner != t.Person() || r.Us || r.Ended {
		return entry{}, t.Refuse("flows.oldbutton")
	}
	return entry{id, r}, nil
}

func inAnHour(t *flows.Turn, a flows.Action) error {
	r, err := mine(t, a.Subject)
	if err != nil {
		return err
	}
	return r.again(t, spot(a), t.Now().Add(time.Hour))
}

func tomorrow(t *flows.Turn, a flows.Action) error {
	r, err := mine(t, a.Subject)
	if err != nil {
		return err
	}
	return r.again(t, spot(a), r.hour(t, calendar.DateOf(t.Now(), t.Zone(r.Owner)).AddDays(1)))
}

func askSnooze(t *flows.Turn, a flows.Action) error {
	r, err := mine(t, a.Subject)
	if err != nil {
		return err
	}
	return t.Open(snoozeForm(r.id, spot(a)))
}

func snooze(t *flows.Turn, f flows.Form) error {
	r, err := mine(t, f.Subject)
	if err != nil {
		return err
	}
	if f.Field("by") == "" {
		return t.Wrong("by", "reminder.by_wanted")
	}
	w, err := f.When(t, "by", 0)
	if err != nil {
		return err
	}
	at := w.At
	if !w.HasTime {
		at = r.hour(t, w.Date)
	}
	if !at.After(t.Now()) {
		return t.Wrong("by", "reminder.past", "at", at)
	}
	return r.again(t, f.Arg, at)
}

// again tells it once more at an instant, and says so where it stood.
func (r entry) again(t *flows.Turn, spot string, at time.Time) error {
	r.Again = at.UTC()
	r.wake(t, r.Again)
	if err := r.put(t); err != nil {
		return err
	}
	return redraw(t, spot, r)
}
