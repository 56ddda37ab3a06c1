package agreement

import (
	"slices"
	"strconv"

	"trellis/adapters/chat"
	"trellis/flows"
)

// openAsk is "Ask".
func openAsk(t *flows.Turn, a flows.Action) error {
	if err := mayAsk(t, a.Subject, a.Arg); err != nil {
		return err
	}
	return t.Open(flows.Blank{
		Form: "ask", Subject: a.Subject, Arg: a.Arg,
		Title: flows.Words("agreement.form.ask.title"), Submit: flows.Words("agreement.button.send"),
		Intro:  []flows.Phrase{flows.Words("agreement.form.ask.about")},
		Fields: []flows.BlankField{{Name: "text", Label: flows.Words("agreement.form.ask.text"), Kind: chat.Lines}},
	})
}

func mayAsk(t *flows.Turn, id flows.ID, stamp string) error {
	p, err := may(t, id, stamp, Clear)
	if err == nil && p.Author == t.Person() {
		err = t.Refuse("agreement.ask.own")
	}
	return err
}

// heardQuestion brings a question to the author. Who asks is not counted as having answered: it is clear to them when
// they say so.
func heardQuestion(t *flows.Turn, f flows.Form) error {
	if err := mayAsk(t, f.Subject, f.Arg); err != nil {
		return err
	}
	text := f.Field("text")
	if text == "" {
		return t.Wrong("text", "agreement.empty.ask")
	}
	id := f.Subject
	p, err := find(t, id)
	if err != nil {
		return err
	}
	asker := t.Person()
	p.Questions = append(slices.Clone(p.Questions), Query{By: asker, Text: text, Card: p.Card})
	if i := p.answer(asker); i >= 0 {
		p.Answers = slices.Delete(slices.Clone(p.Answers), i, i+1)
		if err := t.Update(p.Card, p.card(id)); err != nil {
			return err
		}
		if err := t.Await(asker, p.question(id)); err != nil {
			return err
		}
	}
	if err := proposals.Put(t, id, p); err != nil {
		return err
	}
	if _, err := t.Whisper(flows.Note("agreement.ask.sent", "author", p.Author)); err != nil {
		return err
	}
	return p.bring(t, id, len(p.Questions)-1)
}

// bring puts a question to the author, when they may be spoken to; their direct message is then the answer.
func (p Proposal) bring(t *flows.Turn, id flows.ID, n int) error {
	at, err := p.mayTell(t, p.Author)
	if err != nil {
		return err
	}
	subject := part(id, strconv.Itoa(n))
	if at.After(t.Now()) {
		t.At(at, "question", subject)
		return nil
	}
	q := p.Questions[n]
	if err := t.Await(p.Author, flows.Question{Form: "answer", Field: "text", Subject: subject, Title: short(q.said()).Text, By: q.By}); err != nil {
		return err
	}
	_, err = t.Tell(p.Author, flows.Note("agreement.ask.put", "person", q.By, "title", p.short()).Quote(q.said()).
		Choose(flows.Choice{Key: "agreement.button.answer", Action: "answer", Subject: subject}).Noticed())
	return err
}

func (q Query) said() flows.Said { return flows.Said{Text: q.Text, By: q.By} }

func questionLater(t *flows.Turn, s flows.ID) error {
	id, p, n, err := asked(t, s)
	if err != nil || p.Questions[n].Answer != "" {
		return err
	}
	if here, err := t.Here(p.Author); err != nil || !here {
		return err
	}
	return p.bring(t, id, n)
}

// asked finds the question that a button or a form names.
func asked(t *flows.Turn, s flows.ID) (flows.ID, Proposal, int, error) {
	id, of := cut(s)
	p, err := find(t, id)
	if err != nil {
		return id, p, 0, err
	}
	n, err := strconv.Atoi(of)
	if err != nil || n < 0 || n >= len(p.Questions) {
		return id, p, 0, t.Refuse("flows.oldbutton")
	}
	return id, p, n, nil
}

// openAnswer is "Answer", of the author.
func openAnswer(t *flows.Turn, a flows.Action) error {
	_, p, n, err := asked(t, a.Subject)
	if err != nil {
		return err
	}
	if err := p.mayReply(t, n); err != nil {
		return err
	}
	q := p.Questions[n]
	return t.Open(flows.Blank{
		Form: "answer", Subject: a.Subject,
		Title: flows.Words("agreement.form.answer.title"), Submit: flows.Words("agreement.button.send"),
		Intro:  []flows.Phrase{flows.Words("agreement.form.answer.about", "question", q.said())},
		Fields: []flows.BlankField{{Name: "text", Label: flows.Words("agreement.form.answer.text"), Kind: chat.Lines}},
	})
}

func (p Proposal) mayReply(t *flows.Turn, n int) error {
	if leads, err := p.leads(t, t.Person()); err != nil {
		return err
	} else if !leads {
		return t.Refuse("agreement.authoronly")
	}
	if p.Questions[n].Answer != "" {
		return t.Refuse("agreement.ask.answered")
	}
	return nil
}

// heardReply shows question and answer under the card, and tells who asked.
func heardReply(t *flows.Turn, f flows.Form) error {
	id, p, n, err := asked(t, f.Subject)
	if err != nil {
		return err
	}
	if err := p.mayReply(t, n); err != nil {
		return err
	}
	text := f.Field("text")
	if text == "" {
		return t.Wrong("text", "agreement.empty.answer")
	}
	p.Questions = slices.Clone(p.Questions)
	p.Questions[n].Answer = text
	if err := t.Settle(p.Author, "answer", f.Subject); err != nil {
		return err
	}
	if err := proposals.Put(t, id, p); err != nil {
		return err
	}
	q, reply := p.Questions[n], flows.Said{Text: text, By: t.Person()}
	m := flows.Note("agreement.ask.shown").Quote(q.said()).With("agreement.ask.reply", "person", t.Person()).Quote(reply)
	m.Thread = q.Card
	if _, err := t.Say(m); err != nil {
		return err
	}
	if f.Typed || t.Direct() {
		if _, err := t.Whisper(flows.Note("agreement.ask.done")); err != nil {
			return err
		}
	}
	return p.pass(t, id, q, reply)
}

// pass brings the author's answer to who asked, if they are still to say whether it is clear and may be spoken to.
func (p Proposal) pass(t *flows.Turn, id flows.ID, q Query, reply flows.Said) error {
	if p.State != Asking || p.Step != Understand || !slices.Contains(p.missing(), q.By) {
		return nil
	}
	if at, err := p.mayTell(t, q.By); err != nil || at.After(t.Now()) {
		return err
	}
	m := flows.Note("agreement.ask.back", "person", reply.By).Quote(reply).Choose(p.choices(id)...)
	if err := p.tell(t, q.By, m); err != nil {
		return err
	}
	return proposals.Put(t, id, p)
}

// waitsForAuthor tells whether a person asked something that has no answer yet.
func (p Proposal) waitsForAuthor(person flows.PersonID) bool {
	return slices.ContainsFunc(p.Questions, func(q Query) bool { return q.By == person && q.Answer == "" })
}
