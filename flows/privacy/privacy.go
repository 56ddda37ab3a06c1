// Package privacy is what a person can know and decide about what Trellis keeps of them.
//
// How it works: show says what is kept and who sees it, export gathers all of it from the practices, forget takes the
// person's text and name out of everything.
package privacy

import (
	"trellis/adapters/chat"
	"trellis/flows"
	"trellis/flows/group"
)

// Flow is all that the engine knows of this practice.
var Flow = flows.Flow{
	Name: "privacy",
	Commands: flows.Commands{
		"privacy":        {Usage: "", Who: flows.Anyone, Answers: true, Anywhere: true, Run: show},
		"privacy show":   {Usage: "", Who: flows.Anyone, Answers: true, Anywhere: true, Run: show},
		"privacy export": {Usage: "", Who: flows.Anyone, Anywhere: true, Run: export},
		"privacy forget": {Usage: "", Who: flows.Anyone, Anywhere: true, Run: ask},
	},
	Actions: map[string]func(*flows.Turn, flows.Action) error{"forget": forget, "keep": keep},
}

func show(t *flows.Turn, _ flows.Command) error {
	m := flows.Note("privacy.show").
		Choose(flows.Choice{Key: "privacy.button.export", Run: "privacy export"}, flows.Choice{Key: "privacy.button.ask", Run: "privacy forget"})
	_, err := t.Answer(m)
	return err
}

func export(t *flows.Turn, _ flows.Command) error {
	p := t.Person()
	m, err := group.Settings(t, flows.Note("privacy.export.title"), p)
	if err != nil {
		return err
	}
	any := false
	err = t.EachGroup(p, func() error {
		var g flows.Gathered
		if err := t.Signal(flows.Signal{Name: flows.SignalExport, Person: p, Gather: &g}); err != nil {
			return err
		}
		any = any || !g.Empty()
		m = m.With("privacy.export.group", "name", flows.Said{Text: t.GroupName()}, "person", p)
		member, err := t.Membership(p)
		if err == nil && !member.Away.IsZero() {
			m = m.With("privacy.export.away", "date", member.Away)
		}
		m = m.Gathered(g)
		return err
	})
	if err != nil {
		return err
	}
	if !any {
		m = m.With("privacy.export.nothing")
	}
	_, err = t.Tell(p, m)
	return err
}

func ask(t *flows.Turn, _ flows.Command) error {
	m := flows.Note("privacy.forget.ask").Choose(
		flows.Choice{Key: "privacy.button.forget", Action: "forget", Subject: flows.ID(t.Person()), Style: chat.Grave},
		flows.Choice{Key: "privacy.button.keep", Action: "keep", Subject: flows.ID(t.Person())},
	)
	_, err := t.Whisper(m)
	return err
}

func keep(t *flows.Turn, _ flows.Action) error {
	_, err := t.Whisper(flows.Note("privacy.forget.kept"))
	return err
}

func forget(t *flows.Turn, a flows.Action) error {
	if flows.PersonID(a.Subject) != t.Person() {
		return t.Refuse("flows.oldbutton")
	}
	if err := t.Forget(t.Person()); err != nil {
		return err
	}
	_, err := t.Whisper(flows.Note("privacy.forget.done"))
	return err
}
