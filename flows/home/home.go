// Package home is a person's overview and the help: what waits for them, what they promised, and what they can do now.
//
// How it works: each practice adds to the overview by listening for it; help has a page for each subject, and a first
// page that fits the person's role and whether a session is open.
package home

import (
	"trellis/flows"
)

// Flow is all that the engine knows of this practice.
var Flow = flows.Flow{
	Name: "home",
	Commands: flows.Commands{
		"help": {Usage: "[SUBJECT]", Who: flows.Anyone, Answers: true, Anywhere: true, Reads: one, Run: help},
		"home": {Usage: "", Who: flows.Anyone, Answers: true, Anywhere: true, Run: show},
	},
}

func one(c flows.Command) bool { return len(c.Tokens) <= 1 }

// SignalMoment asks whether something is open that help should speak of first: a listener adds a section.
const SignalMoment = "home.moment"

func show(t *flows.Turn, _ flows.Command) error {
	p := t.Person()
	profile, err := t.Profile(p)
	if err != nil {
		return err
	}
	var all []flows.InGroup
	err = t.EachGroup(p, func() error {
		in := flows.InGroup{Name: t.GroupName()}
		if len(profile.Groups) > 1 {
			in.Heading = flows.Words("home.group", "name", flows.Said{Text: in.Name})
		}
		err := t.Signal(flows.Signal{Name: flows.SignalHome, Person: p, Gather: &in.Gathered})
		if !in.Gathered.Empty() {
			all = append(all, in)
		}
		return err
	})
	if err != nil {
		return err
	}
	m := flows.Note("home.title").InGroups(all)
	if len(all) == 0 {
		m = flows.Note("home.nothing")
	}
	_, err = t.Answer(m)
	return err
}

func help(t *flows.Turn, c flows.Command) error {
	if c.Text == "" {
		return first(t)
	}
	if _, ok := flows.ParseNumber(c.Tokens[0].Text, "C"); ok {
		if err := t.SettleGroup("help " + c.Text); err != nil {
			return err
		}
		return t.Signal(flows.Signal{Name: flows.SignalHelp, Person: t.Person(), Value: c.Text})
	}
	noun := t.Noun(c.Tokens[0].Text)
	if noun == "" || !t.HasText("home.subject."+noun) {
		return t.Refuse("home.nosubject", "subjects", flows.Said{Text: subjects(t)})
	}
	_, err := t.Answer(flows.Note("home.subject." + noun).Choose(flows.Shareable("help " + noun)))
	return err
}

// first is the page that fits role and moment.
func first(t *flows.Turn) error {
	var moment flows.Gathered
	if t.Group() != "" {
		if err := t.Signal(flows.Signal{Name: SignalMoment, Person: t.Person(), Gather: &moment}); err != nil {
			return err
		}
	}
	facilitates, err := t.Holds(t.Person(), flows.Facilitator)
	if err != nil {
		return err
	}
	key := "home.first.member"
	if facilitates {
		key = "home.first.facilitator"
	}
	m := flows.Message{}
	if !moment.Empty() {
		m = m.Gathered(moment)
	}
	_, err = t.Answer(m.With(key))
	return err
}

func subjects(t *flows.Turn) string {
	text := ""
	for _, noun := range t.Nouns() {
		if t.HasText("home.subject." + noun) {
			if text != "" {
				text += ", "
			}
			text += noun
		}
	}
	return text
}
