package agreement

import (
	"slices"

	"trellis/adapters/chat"
	"trellis/flows"
)

// label is the catalogue's key of the button with a word.
func label(w Word) string { return "agreement.button." + string(w) }

// may reads the proposal that a word is meant for, when whoever acts may say it now.
func may(t *flows.Turn, id flows.ID, stamp string, w Word) (Proposal, error) {
	p, err := at(t, id, stamp)
	switch {
	case err != nil:
		return p, err
	case !slices.Contains(words[p.Step], w):
		return p, t.Refuse("agreement.movedon")
	case !slices.Contains(p.Named, t.Person()):
		return p, t.Refuse("agreement.notnamed")
	}
	return p, nil
}

// speak is a button that says all by itself.
func speak(w Word) func(*flows.Turn, flows.Action) error {
	return func(t *flows.Turn, a flows.Action) error {
		return give(t, a.Subject, a.Arg, Answer{Word: w})
	}
}

// openWord is a button that asks for words.
func openWord(w Word) func(*flows.Turn, flows.Action) error {
	return func(t *flows.Turn, a flows.Action) error {
		p, err := may(t, a.Subject, a.Arg, w)
		if err != nil {
			return err
		}
		var before Answer
		if i := p.answer(t.Person()); i >= 0 && p.Answers[i].Word == w {
			before = p.Answers[i]
		}
		return t.Open(wordForm(w, a.Subject, a.Arg, before))
	}
}

// field is what the form of a word calls its text.
func field(w Word) string {
	switch w {
	case Concerned:
		return "concern"
	case Aside, Objects:
		return "reason"
	default:
		return "text"
	}
}

// heardWord takes the form of a word, or a reaction that came as a direct message.
func heardWord(w Word) func(*flows.Turn, flows.Form) error {
	return func(t *flows.Turn, f flows.Form) error {
		a := Answer{Word: w, Text: f.Field(field(w)), Whom: f.Field("whom")}
		if a.Text == "" {
			return t.Wrong(field(w), "agreement.empty."+string(w))
		}
		return give(t, f.Subject, f.Arg, a)
	}
}

// heardLabel takes a button's name that came as a direct message. What needs a reason is not taken without it.
func heardLabel(t *flows.Turn, f flows.Form) error {
	for _, step := range allSteps {
		for _, w := range words[step] {
			if label(w) != f.Field("text") {
				continue
			}
			if w == Clear || w == Consents {
				return give(t, f.Subject, f.Arg, Answer{Word: w})
			}
			if _, err := may(t, f.Subject, f.Arg, w); err != nil {
				return err
			}
			return t.RefuseWith(flows.Note("agreement.needswords").Choose(
				flows.Choice{Key: label(w), Action: string(w), Subject: f.Subject, Arg: f.Arg}))
		}
	}
	return t.Refuse("flows.oldbutton")
}

// give keeps one person's answer; until the step is over a later one replaces it.
func give(t *flows.Turn, id flows.ID, stamp string, a Answer) error {
	p, err := may(t, id, stamp, a.Word)
	if err != nil {
		return err
	}
	a.By = t.Person()
	again := p.answer(a.By)
	p.Answers = slices.Clone(p.Answers)
	if again >= 0 {
		p.Answers[again] = a
	} else {
		p.Answers = append(p.Answers, a)
	}
	if err := t.Answered(a.By, typed[p.Step], id); err != nil {
		return err
	}
	last := len(p.missing()) == 0
	if _, err := t.Whisper(p.heard(a.Word, last)); err != nil {
		return err
	}
	if last {
		return p.finish(t, id)
	}
	if again < 0 {
		if err := t.Update(p.Card, p.card(id)); err != nil {
			return err
		}
	}
	return proposals.Put(t, id, p)
}

// wordForm asks for what a word needs.
func wordForm(w Word, id flows.ID, stamp string, before Answer) flows.Blank {
	name := string(w)
	b := flows.Blank{
		Form: name, Subject: id, Arg: stamp,
		Title: flows.Words("agreement.form." + name + ".title"), Submit: flows.Words("agreement.button.send"),
		Intro:  []flows.Phrase{flows.Words("agreement.form." + name + ".about")},
		Fields: []flows.BlankField{{Name: field(w), Label: flows.Words("agreement.form." + name + ".text"), Kind: chat.Lines, Initial: before.Text}},
	}
	if w == Objects {
		b.Fields = append(b.Fields, flows.BlankField{
			Name: "whom", Label: flows.Words("agreement.form.object.whom"), Kind: chat.Line, Optional: true, Initial: before.Whom,
		})
	}
	return b
}
