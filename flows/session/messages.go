package session

import (
	"trellis/flows"
)

func (s Session) lens() []flows.Phrase {
	list := []flows.Phrase{}
	for _, lens := range s.Lenses {
		list = append(list, flows.Words("session.lens.name."+lens))
	}
	return list
}

// opening says what the session is about and what is on the table, and offers digests; to a group that never had one,
// also what the work is called and who says so.
func (s Session) opening(lines []Line, first bool) flows.Message {
	m := flows.Note("session.open", "topic", said(s.Topic, s.By), "person", s.By, "lens", s.lens())
	if first {
		m = m.With("session.definition")
	}
	for _, lens := range s.Lenses {
		m = m.With("session.lens.about." + lens)
	}
	if len(lines) > 0 {
		m = appendScope(m, lines)
	}
	return m.With("session.digests").Choose(
		flows.Choice{Key: "session.button.digestme", Run: `digest me every "friday 16:00"`},
		flows.Choice{Key: "session.button.digestroom", Run: `digest room every "friday 09:00"`},
	)
}

// prompted are the phases for which a lens has a prompt of its own; the others have none.
var prompted = map[string]bool{
	"session.prompt.clarify.arrive": true, "session.prompt.elucidate.arrive": true, "session.prompt.provoke.arrive": true,
	"session.prompt.clarify.scope": true, "session.prompt.elucidate.scope": true,
	"session.prompt.clarify.work": true, "session.prompt.elucidate.work": true, "session.prompt.provoke.work": true,
	"session.prompt.provoke.decide": true,
	"session.prompt.clarify.close":  true, "session.prompt.elucidate.close": true, "session.prompt.provoke.close": true,
}

// phaseCard is a phase: what it is for, the lens's question, and what fits it.
func (s Session) phaseCard(id flows.ID, phase string) flows.Message {
	m := flows.Note("session.phase.title." + phase).With("session.phase.about." + phase)
	for _, lens := range s.Lenses {
		if prompt := "session.prompt." + lens + "." + phase; prompted[prompt] {
			m = m.With(prompt)
		}
	}
	switch phase {
	case "scope":
		m = m.Choose(flows.Choice{Key: "session.button.scope", Run: "session scope here"})
	case "work":
		m = m.Choose(flows.Choice{Key: "session.button.principle", Run: "principle"})
	case "decide":
		m = m.Choose(flows.Choice{Key: "session.button.agreements", Run: "agreements"})
	case "commit":
		m = m.Choose(flows.Choice{Key: "session.button.commitments", Run: "commitments"})
	case "close":
		return m.Choose(flows.Choice{Key: "session.button.close", Run: "session close"})
	}
	return m.Choose(flows.Choice{Key: "session.button.next", Action: "next", Subject: id, Arg: phase})
}

func kindPhrase(k Kind) flows.Phrase { return flows.Words("session.scope.kind." + string(k)) }

// phrase is a line with its number, whose it is, who said so, and what came out.
func (l Line) phrase() flows.Phrase {
	key := "session.scope.line.plain"
	switch {
	case l.Answer != "":
		key = "session.scope.line.answer"
	case l.Whose != "":
		key = "session.scope.line.whose"
	}
	return flows.Words(key, "n", l.Number, "text", said(l.Text, l.By), "person", l.By, "whose", said(l.Whose, l.By), "answer", said(l.Answer, l.AnswerBy), "by", l.AnswerBy)
}

func scopeMessage(lines []Line) flows.Message { return appendScope(flows.Message{}, lines) }

func appendScope(m flows.Message, lines []Line) flows.Message {
	for _, kind := range []Kind{On, Off, Unknown, Answered} {
		titled := false
		for _, l := range lines {
			if l.Kind != kind {
				continue
			}
			if !titled {
				m, titled = m.Heading(kindPhrase(kind)), true
			}
			m = m.Item(l.phrase())
		}
	}
	return m
}

// addScope says how many lines stand where.
func addScope(g *flows.Gathered, lines []Line) {
	counts := map[Kind]int{}
	for _, l := range lines {
		counts[l.Kind]++
	}
	var phrases []flows.Phrase
	for _, kind := range []Kind{On, Off, Unknown} {
		if counts[kind] > 0 {
			phrases = append(phrases, flows.Words("session.scope.count."+string(kind), "n", counts[kind]))
		}
	}
	if len(phrases) > 0 {
		g.Add(flows.Section{Order: 50, Heading: flows.Words("session.scope.title"), Lines: phrases})
	}
}

// closing says what the session made; that it made nothing is said as plainly.
func (s Session) closing(made flows.Gathered) flows.Message {
	m := flows.Note("session.closed", "topic", said(s.Topic, s.By))
	if made.Empty() {
		return m.With("session.made_nothing")
	}
	return m.With("session.made").Gathered(made)
}
