package checkin

import (
	"slices"
	"strings"

	"trellis/adapters/chat"
	"trellis/flows"
)

func button(name string, id flows.ID) flows.Choice {
	return flows.Choice{Key: "checkin.button." + name, Action: name, Subject: id}
}

// card is what stands in the room: the question, how it is answered, and how many have spoken; never who.
func (r Round) card(id flows.ID) flows.Message {
	n, of := r.spoken()
	count := func(m flows.Message) flows.Message {
		if r.Anonymous {
			return m
		}
		return m.With("checkin.card.count", "n", n, "of", of)
	}
	m := flows.Note("checkin.card.question", "question", r.said())
	switch {
	case r.State != Open && (r.talked() || r.Anonymous):
		return m.With("checkin.card.heard")
	case r.State != Open:
		return count(m.With("checkin.card.over"))
	case r.talked():
		return count(r.speakers(m.With("checkin.card.live"))).
			Choose(primary(button("answer", id)), button("pass", id), button("reveal", id))
	case r.Anonymous && r.Live:
		m = m.With("checkin.card.anonymous_now")
	case r.Anonymous:
		m = m.With("checkin.card.anonymous", "until", r.Until)
	case r.Live:
		m = m.With("checkin.card.now")
	default:
		m = m.With("checkin.card.private", "until", r.Until)
	}
	return count(m).Choose(primary(button("answer", id)), button("reveal", id))
}

func primary(c flows.Choice) flows.Choice {
	c.Style = chat.Primary
	return c
}

// speakers lists those who have not spoken yet, in the speaking order.
func (r Round) speakers(m flows.Message) flows.Message {
	for _, v := range r.Voices {
		if !v.Spoken && !v.Off {
			m = m.Item(flows.Words("checkin.card.speaker", "person", v.Person))
		}
	}
	return m
}

// asked is the question as one person is asked it, with who asks.
func (r Round) asked() flows.Message {
	if r.By == "" {
		return flows.Note("checkin.card.question", "question", r.said())
	}
	return flows.Note("checkin.question.asked", "person", r.By, "question", r.said())
}

// question asks one person.
func (r Round) question(t *flows.Turn, id flows.ID, p flows.PersonID) flows.Message {
	m := r.asked()
	if profile, err := t.Profile(p); err == nil && len(profile.Groups) > 1 {
		m = flows.Note("checkin.question.group", "group", flows.Said{Text: t.GroupName()}, "question", r.said())
	}
	m = r.answerable(m, id)
	if r.Anonymous {
		return m.With(r.secret("before")).With(r.secret("reads"))
	}
	return r.shownWhen(m)
}

// shownWhen adds when the answers are shown.
func (r Round) shownWhen(m flows.Message) flows.Message {
	p := r.untilPhrase()
	return m.With(p.Key, p.Args...)
}

func (r Round) untilPhrase() flows.Phrase {
	if r.Live {
		return flows.Words("checkin.question.until_now")
	}
	return flows.Words("checkin.question.until", "until", r.Until)
}

// answerable adds how the question is answered.
func (r Round) answerable(m flows.Message, id flows.ID) flows.Message {
	key := "checkin.question.how"
	if len(r.Options) > 0 {
		key = "checkin.question.options"
	}
	m = m.With(key)
	for i, option := range r.Options {
		m = m.Choose(flows.Choice{Label: option, Action: "choose", Subject: id, Arg: r.Options[i]})
	}
	return m.Choose(button("pass", id))
}

// nudgeText asks once more.
func (r Round) nudgeText(id flows.ID) flows.Message {
	m := r.answerable(flows.Note("checkin.nudge", "question", r.said(), "until", r.Until), id)
	if r.Anonymous {
		return m.With(r.secret("before"))
	}
	return m
}

// secret is a text about an anonymous round; where there are options, nobody writes words.
func (r Round) secret(key string) string {
	key = "checkin.anonymous." + key
	if len(r.Options) > 0 {
		key += "_options"
	}
	return key
}

// over is the private question once the round is over for somebody who has not spoken.
func (r Round) over(id flows.ID) flows.Message {
	m := r.asked()
	if r.State == Closed {
		return m.With("checkin.question.over")
	}
	m = m.With("checkin.question.late")
	for _, option := range r.Options {
		m = m.Choose(flows.Choice{Label: option, Action: "choose", Subject: id, Arg: option})
	}
	return m
}

// form is "Answer" as a form.
func (r Round) form(id flows.ID, before string) flows.Blank {
	b := flows.Blank{
		Form: "answer", Subject: id, Title: flows.Words("checkin.form.title"), Submit: flows.Words("checkin.form.send"),
		Intro: []flows.Phrase{flows.Words("checkin.card.question", "question", r.said())},
	}
	switch {
	case r.Anonymous:
		b.Intro = append(b.Intro, flows.Words(r.secret("before")), flows.Words(r.secret("reads")))
	case r.talked():
		b.Intro = append(b.Intro, flows.Words("checkin.form.aloud"))
	case r.State == Open:
		b.Intro = append(b.Intro, r.untilPhrase())
	}
	field := flows.BlankField{Name: "text", Label: flows.Words("checkin.form.text"), Kind: chat.Lines, Initial: before}
	if len(r.Options) > 0 {
		field.Kind = chat.Select
		for _, option := range r.Options {
			field.Options = append(field.Options, flows.BlankOption{Value: option, Label: flows.Words("flows.plain", "text", flows.Said{Text: option, By: r.By})})
		}
	}
	b.Fields = []flows.BlankField{field}
	return b
}

func (r Round) optionList() []flows.Phrase {
	var list []flows.Phrase
	for _, option := range r.Options {
		list = append(list, flows.Words("flows.plain", "text", flows.Said{Text: option, By: r.By}))
	}
	return list
}

// What one message shows at most: so many answers, or so many runes of them. Slack has 50 blocks and Matrix 64 KiB.
const pageAnswers, pageRunes = 40, 8000

// pages are the messages that show what was said.
func (r Round) pages(t *flows.Turn, id flows.ID) ([]flows.Message, error) {
	m := flows.Note("checkin.shown.question", "question", r.said())
	switch {
	case r.talked():
		return []flows.Message{flows.Note("checkin.live.over", "question", r.said())}, nil
	case r.Anonymous && len(r.Order) == 0 && r.Sums == nil:
		return []flows.Message{flows.Note("checkin.anonymous.few", "question", r.said())}, nil
	case r.Sums != nil:
		for i, option := range r.Options {
			m = m.Item(flows.Words("checkin.shown.sum", "option", flows.Said{Text: option, By: r.By}, "n", r.Sums[i]))
		}
		return []flows.Message{m.With("checkin.anonymous.counted")}, nil
	}
	said := make([]Answer, 0, len(r.Order))
	for _, answer := range r.Order {
		a, ok, err := answers.Find(t, answer)
		if err != nil {
			return nil, err
		}
		if ok {
			said = append(said, a)
		}
	}
	var pages []flows.Message
	if len(r.Options) > 0 {
		m = r.spread(m, said)
	} else {
		n, runes, added := 0, 0, false
		for _, a := range said {
			if length := len([]rune(a.Text)); n == pageAnswers || n > 0 && runes+length > pageRunes {
				pages, m, n, runes = append(pages, m), flows.Note("checkin.shown.more", "question", r.said()), 0, 0
			}
			if a.Late && !added {
				m, added = r.passes(m).With("checkin.shown.added"), true
			}
			m = m.Item(a.phrase())
			n, runes = n+1, runes+len([]rune(a.Text))
		}
	}
	if len(said) == 0 {
		m = flows.Note("checkin.shown.none", "question", r.said())
	}
	if !slices.ContainsFunc(said, func(a Answer) bool { return a.Late }) || len(r.Options) > 0 {
		m = r.passes(m)
	}
	return append(pages, r.foot(m, id)), nil
}

// passes says how many passed, and never who.
func (r Round) passes(m flows.Message) flows.Message {
	passed := 0
	for _, v := range r.Voices {
		if v.Passed {
			passed++
		}
	}
	if passed == 0 {
		return m
	}
	return m.With("checkin.shown.passed", "n", passed)
}

// foot is what stands below the answers.
func (r Round) foot(m flows.Message, id flows.ID) flows.Message {
	switch {
	case r.Anonymous:
		return m.With("checkin.anonymous.shown")
	case r.State == Late:
		return m.With("checkin.shown.late").Choose(button("answer", id))
	}
	return m
}

func (a Answer) phrase() flows.Phrase {
	text := flows.Said{Text: strings.TrimSpace(a.Text), By: a.By}
	if a.By == "" {
		return flows.Words("flows.plain", "text", text)
	}
	return flows.Words("checkin.shown.answer", "person", a.By, "text", text)
}

// spread shows who chose which of the options.
func (r Round) spread(m flows.Message, said []Answer) flows.Message {
	for _, option := range r.Options {
		var people []flows.Phrase
		for _, a := range said {
			if a.Text == option {
				people = append(people, flows.Words("checkin.shown.person", "person", a.By))
			}
		}
		key := "checkin.shown.chosen"
		if len(people) == 0 {
			key = "checkin.shown.unchosen"
		}
		m = m.Item(flows.Words(key, "option", flows.Said{Text: option, By: r.By}, "people", people))
	}
	return m
}
