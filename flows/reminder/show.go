package reminder

import (
	"slices"
	"strconv"
	"strings"

	"trellis/adapters/chat"
	"trellis/flows"
)

func (r Reminder) label() string { return Letter + strconv.Itoa(r.Number) }

// shownDates is how many dates of what repeats are shown.
const shownDates = 3

// confirmation says when it comes.
func (r Reminder) confirmation() flows.Message {
	who := "me"
	if r.Us {
		who = "us"
	}
	if r.Rule == nil {
		return flows.Note("reminder.made."+who, "r", r.label(), "text", r.Text, "at", r.Next, "person", r.Owner).
			With("reminder.made.end", "end", flows.Typed("remind end "+r.label()))
	}
	dates, at := []flows.Phrase{}, r.Next
	for ok := true; ok && len(dates) < shownDates; at, ok = r.Rule.Rule.Next(at) {
		dates = append(dates, flows.Words("reminder.date", "at", at))
	}
	return flows.Note("reminder.made.repeating_"+who, "r", r.label(), "text", r.Text, "rule", r.Rule.Rule, "dates", dates, "person", r.Owner).
		With("reminder.made.end", "end", flows.Typed("remind end "+r.label()))
}

// tellMe is what falls due for one person, each to be put off with one tap.
func tellMe(list []entry) flows.Message {
	m := flows.Note("reminder.me.title")
	ids := make([]string, 0, len(list))
	for _, r := range list {
		ids = append(ids, string(r.id))
		m = r.told(m, len(list) > 1)
	}
	about := strings.Join(ids, between)
	for i, r := range list {
		if choices := r.choices(r.of(len(list) > 1), about); (i+1)*len(choices) <= chat.MaxChoices {
			m = m.Choose(choices...)
		}
	}
	return m
}

// told adds what was to be heard; among several with its number.
func (r Reminder) told(m flows.Message, several bool) flows.Message {
	if several {
		return m.Item(flows.Words("reminder.me.line", "r", r.label(), "text", r.Text))
	}
	return m.Quote(r.Text)
}

// of stands in front of its choices, among those of several.
func (r Reminder) of(several bool) string {
	if several {
		return r.label()
	}
	return ""
}

// choices put it off; about lists the IDs of all that the message is about.
func (r entry) choices(of, about string) []flows.Choice {
	choice := func(name string) flows.Choice {
		return flows.Choice{Key: "reminder.button." + name, Action: name, Subject: r.id, Arg: about, Of: of}
	}
	return []flows.Choice{choice("snooze"), choice("hour"), choice("tomorrow")}
}

func tellUs(list []entry) flows.Message {
	m := flows.Message{}
	for _, r := range list {
		m = m.With("reminder.us.title", "person", r.Owner).Quote(r.Text)
	}
	return m
}

// between stands between the IDs of what one message is about.
const between = "+"

func spot(a flows.Action) string { return string(a.On) + between + a.Arg }

// redraw says, in the message where one was put off, when it comes again.
func redraw(t *flows.Turn, spot string, now entry) error {
	ids := strings.Split(spot, between)
	m := flows.Note("reminder.me.title")
	var choices []flows.Choice
	several := len(ids) > 2
	for _, id := range ids[1:] {
		v, ok, err := reminders.Find(t, flows.ID(id))
		if err != nil {
			return err
		}
		if !ok {
			continue
		}
		r := entry{flows.ID(id), v}
		m = r.told(m, several)
		if r.Again.After(t.Now()) {
			m = m.With("reminder.again", "at", r.Again)
		} else {
			choices = append(choices, r.choices(r.of(several), strings.Join(ids[1:], between))...)
		}
	}
	if !t.Direct() || ids[0] == "" || len(m.Lines) < 2 {
		_, err := t.Whisper(flows.Note("reminder.again", "at", now.Again))
		return err
	}
	return t.Redraw(flows.Posted(ids[0]), m.Choose(choices...))
}

func snoozeForm(id flows.ID, arg string) flows.Blank {
	hint := flows.Words("reminder.form.hint")
	return flows.Blank{
		Form: "snooze", Subject: id, Arg: arg, Title: flows.Words("reminder.form.title"), Submit: flows.Words("reminder.form.send"),
		Fields: []flows.BlankField{{Name: "by", Label: flows.Words("reminder.form.by"), Hint: &hint, Kind: chat.When}},
	}
}

// line is one line of a list.
func (r Reminder) line(t *flows.Turn) flows.Phrase {
	key, at := "reminder.line.me", r.Next
	if r.Again.After(t.Now()) && (r.Again.Before(at) || !at.After(t.Now())) {
		at = r.Again
	}
	if r.Us {
		key = "reminder.line.us"
	}
	if r.Rule != nil {
		key += "_repeating"
		return flows.Words(key, "r", r.label(), "text", r.Text, "at", at, "rule", r.Rule.Rule)
	}
	return flows.Words(key, "r", r.label(), "text", r.Text, "at", at)
}

// list shows the group's, and to oneself alone one's own.
func list(t *flows.Turn, c flows.Command) error {
	all, err := coming(t, everyone)
	if err != nil {
		return err
	}
	if !c.Here {
		own, err := coming(t, flows.ID(t.Person()))
		if err != nil {
			return err
		}
		all = append(own, all...)
	}
	m := flows.Note("reminder.list.none")
	if len(all) > 0 {
		m = flows.Note("reminder.list.title", "n", len(all))
	}
	for _, r := range all {
		m = m.Item(r.line(t))
	}
	if len(all) > 0 {
		m = m.With("reminder.list.how", "end", flows.Typed("remind end "+all[0].label()))
	}
	_, err = t.Answer(m)
	return err
}

// stopAll ends everything that repeats in the group.
func stopAll(t *flows.Turn, _ flows.Command) error {
	if err := t.Signal(flows.Signal{Name: flows.SignalStop, Person: t.Person()}); err != nil {
		return err
	}
	_, err := t.Say(flows.Note("reminder.stopped", "person", t.Person()))
	return err
}

// home adds what fell due while a person was away.
func home(t *flows.Turn, s flows.Signal) error {
	var list []entry
	if err := byWaiting.Find(t, string(s.Person), collect(&list)); err != nil || len(list) == 0 {
		return err
	}
	slices.SortFunc(list, func(a, b entry) int { return a.Number - b.Number })
	section := flows.Waits()
	for _, r := range list {
		section.Lines = append(section.Lines, flows.Words("reminder.waited", "text", r.Text))
	}
	s.Gather.Add(section)
	return nil
}

func export(t *flows.Turn, s flows.Signal) error {
	var lines []flows.Phrase
	if err := reminders.All(t, func(_ flows.ID, r Reminder) (bool, error) {
		if r.Owner == s.Person {
			lines = append(lines, flows.Words("reminder.export.line", "r", r.label(), "text", r.Text, "at", r.Next))
		}
		return true, nil
	}); err != nil || len(lines) == 0 {
		return err
	}
	s.Gather.Add(flows.Section{Order: 45, Heading: flows.Words("reminder.export.title"), Lines: lines})
	return nil
}
