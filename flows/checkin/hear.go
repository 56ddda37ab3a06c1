package checkin

import (
	"slices"
	"strings"

	"trellis/adapters/chat"
	"trellis/flows"
)

// enter finds the round and the place in it of whoever acts. Who came to the group later may speak too; nobody waits
// for them. The stored round decides, whatever a button says.
func enter(t *flows.Turn, id flows.ID) (Round, int, error) {
	r, err := find(t, id)
	if err != nil {
		return r, -1, err
	}
	p := t.Person()
	if r.State == Closed {
		return r, -1, t.Refuse("checkin.over")
	}
	i := r.voice(p)
	if i >= 0 {
		return r, i, nil
	}
	m, err := t.Membership(p)
	if err != nil {
		return r, -1, err
	}
	if m.Observer {
		return r, -1, t.Refuse("checkin.notasked")
	}
	r.Voices = append(r.Voices, Voice{Person: p, Off: true})
	return r, len(r.Voices) - 1, nil
}

// openForm is "Answer", in the room.
func openForm(t *flows.Turn, a flows.Action) error {
	r, i, err := enter(t, a.Subject)
	if err != nil {
		return err
	}
	v := r.Voices[i]
	if v.Spoken && (r.Anonymous || r.State == Late) {
		return t.Refuse(r.already())
	}
	if v.Off && !v.Spoken && !r.talked() { // so that what they fill in is kept as secret as anybody's
		if err := r.await(t, a.Subject, v.Person); err != nil {
			return err
		}
		if err := rounds.Put(t, a.Subject, r); err != nil {
			return err
		}
	}
	before := ""
	if v.Answer != "" {
		answer, ok, err := answers.Find(t, v.Answer)
		if err != nil {
			return err
		}
		if ok {
			before = answer.Text
		}
	}
	return t.Open(r.form(a.Subject, before))
}

// already says why somebody who has spoken cannot speak again.
func (r Round) already() string {
	if r.Anonymous {
		return "checkin.anonymous.once"
	}
	return "checkin.said"
}

// choose is a press on one of the options.
func choose(t *flows.Turn, a flows.Action) error {
	return answer(t, a.Subject, a.Arg, "", "")
}

// hear takes what was filled in, or written in a direct message.
func hear(t *flows.Turn, f flows.Form) error {
	field := "text"
	if f.Typed {
		field = ""
	}
	return answer(t, f.Subject, f.Field("text"), f.Message, field)
}

// answer takes one person's answer. field is the form's field at which to say what is wrong with it.
func answer(t *flows.Turn, id flows.ID, text string, message chat.MessageID, field string) error {
	r, i, err := enter(t, id)
	if err != nil {
		return err
	}
	if text == "" {
		return t.Wrong(field, "checkin.empty")
	}
	option := -1
	if len(r.Options) > 0 {
		if option = r.option(text); option < 0 {
			return t.Wrong(field, "checkin.options.which", "options", r.optionList())
		}
		text = r.Options[option]
	}
	switch {
	case r.Voices[i].Spoken && (r.Anonymous || r.State == Late):
		return t.Refuse(r.already())
	case r.Anonymous:
		return r.hearSecretly(t, id, i, text, option)
	case r.talked():
		return r.hearAloud(t, id, i, text)
	case r.State == Late:
		return r.addLate(t, id, i, text)
	}
	return r.keep(t, id, i, text, message)
}

// option is which of the options a text means: the words themselves, or their number; -1 when it is none.
func (r Round) option(text string) int {
	text = strings.TrimRight(strings.Join(strings.Fields(text), " "), ".!")
	if at := slices.IndexFunc(r.Options, func(o string) bool { return strings.EqualFold(o, text) }); at >= 0 {
		return at
	}
	if n, ok := flows.ParseNumber(text, ""); ok && n <= len(r.Options) {
		return n - 1
	}
	return -1
}

// keep stores an answer until the reveal; it replaces the one before.
func (r Round) keep(t *flows.Turn, id flows.ID, i int, text string, message chat.MessageID) error {
	v := &r.Voices[i]
	confirm := r.confirm("checkin.kept")
	if v.Spoken {
		confirm = r.confirm("checkin.replaced")
	}
	if v.Answer == "" {
		v.Answer = t.NewID()
	}
	if err := answers.Put(t, v.Answer, Answer{Round: id, By: v.Person, Text: text, Message: message}); err != nil {
		return err
	}
	if v.Spoken, v.Passed = true, false; r.complete() {
		confirm = "checkin.kept_last"
	}
	return r.spoke(t, id, i, confirm)
}

// confirm is the text that confirms something, in words that fit a live round too.
func (r Round) confirm(key string) string {
	if r.Live {
		return key + "_now"
	}
	return key
}

// hearSecretly stores what was said without who said it: not in the round beside the voice, not in an order, not with
// an instant. With options only the sums exist.
func (r Round) hearSecretly(t *flows.Turn, id flows.ID, i int, text string, option int) error {
	if option >= 0 {
		r.Sums[option]++
	} else if err := answers.Put(t, t.NewID(), Answer{Round: id, Text: text}); err != nil {
		return err
	}
	r.Voices[i].Spoken = true
	return r.spoke(t, id, i, "checkin.anonymous.kept")
}

// pass counts as having spoken.
func pass(t *flows.Turn, a flows.Action) error {
	id := a.Subject
	r, i, err := enter(t, id)
	if err != nil {
		return err
	}
	v := &r.Voices[i]
	if v.Spoken && (r.Anonymous || r.State == Late) {
		return t.Refuse(r.already())
	}
	if v.Answer != "" {
		if err := answers.Delete(t, v.Answer); err != nil {
			return err
		}
		v.Answer = ""
	}
	v.Spoken, v.Passed = true, !r.Anonymous
	switch {
	case r.State == Late:
		if err := t.Settle(v.Person, "answer", id); err != nil {
			return err
		}
		if err := rounds.Put(t, id, r); err != nil {
			return err
		}
		_, err := t.Whisper(flows.Note("checkin.passed.late"))
		return err
	case r.talked():
		return r.wentOn(t, id, flows.Note("checkin.passed.live"))
	case r.Anonymous:
		return r.spoke(t, id, i, "checkin.passed.plain")
	}
	if r.Live || r.complete() {
		return r.spoke(t, id, i, "checkin.passed.plain")
	}
	return r.spoke(t, id, i, "checkin.passed.kept")
}

// spoke confirms to a person that they were heard, and reveals the round when they were the last.
func (r Round) spoke(t *flows.Turn, id flows.ID, i int, confirm string) error {
	if _, err := t.Whisper(flows.Note(confirm, "until", r.Until)); err != nil {
		return err
	}
	if err := t.Answered(r.Voices[i].Person, "answer", id); err != nil {
		return err
	}
	if r.complete() {
		return r.reveal(t, id)
	}
	if !r.Anonymous { // of an anonymous round even the moment of a change would tell something
		if err := t.Update(r.Card, r.card(id)); err != nil {
			return err
		}
	}
	return rounds.Put(t, id, r)
}

// edited replaces an answer whose message was changed.
func edited(t *flows.Turn, s flows.Signal) error {
	id, a, ok, err := written(t, s)
	if err != nil || !ok {
		return err
	}
	if s.Value == "" {
		return deleted(t, s)
	}
	t.Handled()
	r, err := find(t, a.Round)
	if err != nil {
		return err
	}
	if r.State != Open {
		_, err := t.Whisper(flows.Note("checkin.edited.shown"))
		return err
	}
	if a.Text = s.Value; len(r.Options) > 0 {
		option := r.option(s.Value)
		if option < 0 {
			_, err := t.Whisper(flows.Note("checkin.options.which", "options", r.optionList()))
			return err
		}
		a.Text = r.Options[option]
	}
	if len([]rune(a.Text)) > flows.MaxText {
		_, err := t.Whisper(flows.Note("flows.toolong", "n", flows.MaxText))
		return err
	}
	if err := answers.Put(t, id, a); err != nil {
		return err
	}
	_, err = t.Whisper(flows.Note(r.confirm("checkin.replaced"), "until", r.Until))
	return err
}

// deleted takes back an answer whose message was taken away: the question is open again for its author.
func deleted(t *flows.Turn, s flows.Signal) error {
	id, a, ok, err := written(t, s)
	if err != nil || !ok {
		return err
	}
	t.Handled()
	r, err := find(t, a.Round)
	if err != nil {
		return err
	}
	i := r.voice(s.Person)
	if r.State != Open || i < 0 || r.Voices[i].Answer != id {
		_, err := t.Whisper(flows.Note("checkin.edited.shown"))
		return err
	}
	if err := answers.Delete(t, id); err != nil {
		return err
	}
	r.Voices[i].Spoken, r.Voices[i].Answer = false, ""
	if err := r.await(t, a.Round, s.Person); err != nil {
		return err
	}
	if err := t.Update(r.Card, r.card(a.Round)); err != nil {
		return err
	}
	if _, err := t.Whisper(flows.Note("checkin.edited.taken", "until", r.Until)); err != nil {
		return err
	}
	return rounds.Put(t, a.Round, r)
}

// written finds the answer that a direct message was.
func written(t *flows.Turn, s flows.Signal) (id flows.ID, a Answer, found bool, err error) {
	if s.Subject == "" {
		return "", a, false, nil
	}
	err = byMessage.Find(t, string(s.Subject), func(i flows.ID, v Answer) (bool, error) {
		if v.By == s.Person {
			id, a, found = i, v, true
		}
		return !found, nil
	})
	return id, a, found, err
}
