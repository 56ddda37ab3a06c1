package flows

import (
	"slices"
	"strings"

	"trellis/adapters/chat"
)

// direct handles what a person wrote to Trellis in private.
func (t *Turn) direct(said chat.Said) error {
	t.effects.Handled = true
	if err := t.settleIfClear(); err != nil {
		return err
	}
	text := cleanText(said.Text)
	if rest, ok := cutName(text); ok {
		return t.command(rest)
	}
	if done, err := t.lone(text); done || err != nil {
		return err
	}
	w, err := t.waitingOf(t.person)
	if err != nil {
		return err
	}
	switch strings.ToLower(strings.Trim(text, " .!?")) {
	case "help", "home", "":
		return t.command(text)
	}
	open := t.answerable(w, text)
	row, command, ok := t.book.parse(text)
	if len(open) == 0 {
		if choose := labelled(w.Questions); !ok && len(choose) > 0 && t.book.nearest(text) == "" {
			return t.RefuseWith(t.choices(choose))
		}
		return t.command(text)
	}
	if ok && w.Chosen == "" && row.whole(command) {
		if !slices.ContainsFunc(open, func(q Question) bool { return !q.Answered }) {
			return t.command(text) // nothing waits any more, it may only be answered again
		}
		return t.answerOrCommand(w, said.Message, text, open)
	}
	return t.answer(w, said.Message, text, false)
}

// cutName takes a leading "trellis" off.
func cutName(text string) (string, bool) {
	first, rest, _ := strings.Cut(text, " ")
	if strings.EqualFold(strings.Trim(first, ",:"), "trellis") {
		return strings.TrimSpace(rest), true
	}
	return text, false
}

// answer brings a direct message to the question that it answers, or asks which.
func (t *Turn) answer(w waiting, message chat.MessageID, text string, pass bool) error {
	open := t.answerable(w, text)
	if pass {
		open = slices.DeleteFunc(slices.Clone(open), func(q Question) bool { return q.Pass == "" })
		if len(open) == 0 {
			return t.Refuse("flows.cannotpass")
		}
	}
	if len(open) == 1 {
		return t.answerTo(open[0], message, text, pass)
	}
	ask := Note("flows.which.ask")
	if sealed(open) && !pass {
		ask = Note("flows.which.sealed")
	}
	action := "answer"
	if pass {
		action = "pass"
	} else if err := t.draft(w, message, text, open); err != nil {
		return err
	}
	for _, q := range open {
		ask = ask.Choose(Choice{Label: t.short(q.Title), Action: action, Subject: q.Subject, Arg: q.key()}.of(router, q.Group))
	}
	_, err := t.Whisper(ask)
	return err
}

// answerOrCommand asks what a line was meant to be that could be both.
func (t *Turn) answerOrCommand(w waiting, message chat.MessageID, text string, open []Question) error {
	ask := Note("flows.answerorcommand.ask")
	if sealed(open) {
		ask = Note("flows.answerorcommand.sealed")
	} else {
		ask = ask.Quote(Said{Text: text, By: t.person})
	}
	if err := t.draft(w, message, text, open); err != nil {
		return err
	}
	for _, q := range open {
		label := Choice{Key: "flows.button.myanswer"}
		if len(open) > 1 {
			label = Choice{Label: t.short(q.Title)}
		}
		label.Action, label.Subject, label.Arg = "answer", q.Subject, q.key()
		ask = ask.Choose(label.of(router, q.Group))
	}
	if !sealed(open) {
		ask = ask.Choose(Choice{Key: "flows.button.thecommand", Action: "draftcommand"}.of(router, ""))
	}
	_, err := t.Whisper(ask)
	return err
}

// draft keeps a text until it is said where it goes; not when it may be anonymous.
func (t *Turn) draft(w waiting, message chat.MessageID, text string, open []Question) error {
	if sealed(open) {
		return nil
	}
	w.Draft, w.Message = text, message
	t.effects.Timers = append(t.effects.Timers,
		Timer{At: t.now.Add(chosenFor).UTC(), Flow: router, Name: "undraft", Subject: ID(t.person)})
	return t.putWaiting(t.person, w)
}

// undraft forgets a text that was brought nowhere.
func (t *Turn) undraft(p PersonID) error {
	w, err := t.waitingOf(p)
	if err != nil || w.Draft == "" {
		return err
	}
	w.Draft, w.Message = "", ""
	return t.putWaiting(p, w)
}

// cancel ends what is half done. A round that waits for the person goes on waiting.
func (t *Turn) cancel(w waiting) error {
	w.Draft, w.Message, w.Chosen = "", "", ""
	if err := t.putWaiting(t.person, w); err != nil {
		return err
	}
	note := Note("flows.cancelled")
	if open := w.unanswered(); len(open) > 0 {
		note = note.With("flows.stillwaiting", "n", len(open))
		for _, q := range open {
			note = note.Item(Words("flows.plain", "text", Said{Text: q.Title}))
		}
	}
	_, err := t.Whisper(note)
	return err
}

// answerTo hands a text to the form that asked.
func (t *Turn) answerTo(q Question, message chat.MessageID, text string, pass bool) error {
	if err := t.enter(q.Group); err != nil {
		return err
	}
	f := t.book.byName[q.Flow]
	if f == nil {
		return t.Refuse("flows.oldbutton")
	}
	t.flow = f.Name
	if pass {
		return f.Actions[q.Pass](t, Action{Subject: q.Subject, Arg: q.Arg})
	}
	if len([]rune(text)) > MaxText {
		return t.Refuse("flows.toolong", "n", MaxText)
	}
	if len(q.Labels) > 0 {
		if text = t.labelOf(q, text); text == "" {
			return t.RefuseWith(t.choices([]Question{q}))
		}
	}
	return f.Forms[q.Form](t, Form{
		Subject: q.Subject, Arg: q.Arg, Fields: map[string]string{q.Field: text}, Typed: true, Message: message,
	})
}

// key names a question in a choice.
func (q Question) key() string { return q.Flow + "/" + q.Form }

// routed handles the choices of package flows itself.
func (t *Turn) routed(v value) error {
	w, err := t.waitingOf(t.person)
	if err != nil {
		return err
	}
	switch v.name {
	case "run":
		return t.command(v.arg)
	case "speak":
		if err := t.speak(v.group); err != nil {
			return err
		}
		return t.command(v.arg)
	case "draftcommand":
		text := w.Draft
		w.Draft = ""
		if err := t.putWaiting(t.person, w); err != nil {
			return err
		}
		if text == "" {
			return t.Refuse("flows.writeagain")
		}
		return t.command(text)
	case "answer", "pass":
		at := slices.IndexFunc(w.Questions, func(q Question) bool { return q.Subject == v.subject && q.key() == v.arg && q.Group == v.group })
		if at < 0 {
			return t.Refuse("flows.closed")
		}
		q, text, message := w.Questions[at], w.Draft, w.Message
		if v.name == "pass" {
			return t.answerTo(q, "", "", true)
		}
		w.Draft, w.Message = "", ""
		if text == "" {
			w.Chosen, w.ChosenUntil = q.Subject, t.now.Add(chosenFor)
			if err := t.putWaiting(t.person, w); err != nil {
				return err
			}
			_, err := t.Whisper(Note("flows.writenow", "title", Said{Text: q.Title}))
			return err
		}
		if err := t.putWaiting(t.person, w); err != nil {
			return err
		}
		return t.answerTo(q, message, text, false)
	}
	return t.Refuse("flows.oldbutton")
}

// speak sets the group that a person's direct messages are about, for an hour.
func (t *Turn) speak(group GroupID) error {
	if err := t.enter(group); err != nil {
		return err
	}
	return t.ChangePerson(t.person, func(p *Person) { p.Speaking, p.SpeakingUntil = group, t.now.Add(speakingFor) })
}

// labelRunes is what fits on a button on every platform (Slack: 75) and on a phone.
const labelRunes = 60

// short is a text as a label.
func (t *Turn) short(text string) string {
	text = strings.Join(strings.Fields(text), " ")
	if runes := []rune(text); len(runes) > labelRunes {
		return string(runes[:labelRunes-1]) + "…"
	}
	return text
}
