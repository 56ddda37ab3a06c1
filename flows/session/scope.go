package session

import (
	"fmt"
	"strings"
	"time"

	"trellis/flows"
)

// Kind says where a scope line stands.
type Kind string

// Kinds of scope line.
const (
	On       Kind = "on"
	Off      Kind = "off"
	Unknown  Kind = "unknown"
	Answered Kind = "answered" // was unknown
)

// Line is one thing that is on the table, or is not, or is not known yet. It belongs to the group.
type Line struct {
	Number int
	Kind   Kind
	Text   string
	Whose  string `json:",omitempty"` // of a line that is off: who decides it
	Answer string `json:",omitempty"`
	// AnswerBy is who gave Answer.
	AnswerBy flows.PersonID `json:",omitempty"`
	By       flows.PersonID
	At       time.Time // of the last change
	Gone     bool      `json:",omitempty"`
}

var scopeLines = flows.NewTable[Line]("session/scope", 1)

func lineID(n int) flows.ID { return flows.ID(fmt.Sprintf("%06d", n)) }

// scope lists the lines that stand, in the order of their numbers.
func scope(t *flows.Turn) ([]Line, error) {
	var lines []Line
	err := scopeLines.All(t, func(_ flows.ID, l Line) (bool, error) {
		if !l.Gone {
			lines = append(lines, l)
		}
		return true, nil
	})
	return lines, err
}

// Scope lists the group's scope lines.
func Scope(t *flows.Turn) ([]Line, error) { return scope(t) }

func showScope(t *flows.Turn, _ flows.Command) error {
	lines, err := scope(t)
	if err != nil {
		return err
	}
	m := flows.Note("session.scope.empty")
	if len(lines) > 0 {
		m = scopeMessage(lines)
	}
	_, err = t.Answer(m.Choose(flows.Shareable("session scope")))
	return err
}

// putLine adds a line, or moves the one that a number or the same words name.
func putLine(kind Kind) func(*flows.Turn, flows.Command) error {
	return func(t *flows.Turn, c flows.Command) error {
		if c.Text == "" {
			return t.Refuse("session.scope.text_wanted")
		}
		lines, err := scope(t)
		if err != nil {
			return err
		}
		whose := strings.TrimSpace(c.Arg("who"))
		for _, l := range lines {
			n, isNumber := flows.ParseNumber(c.Text, "S")
			if isNumber && n == l.Number || strings.EqualFold(l.Text, c.Text) {
				return move(t, l, kind, whose)
			}
		}
		if n, isNumber := flows.ParseNumber(c.Text, "S"); isNumber && len(c.Tokens) == 1 && !c.Tokens[0].Quoted {
			return t.Refuse("session.scope.nosuch", "n", n)
		}
		number, err := t.NextNumber("S")
		if err != nil {
			return err
		}
		l := Line{Number: number, Kind: kind, Text: c.Text, Whose: whose, By: t.Person(), At: t.Now()}
		if err := scopeLines.Put(t, lineID(number), l); err != nil {
			return err
		}
		_, err = t.Say(flows.Note("session.scope.new."+string(kind), "line", l.phrase(), "person", l.By))
		return err
	}
}

// mayChange refuses who is neither the line's author nor a facilitator.
func mayChange(t *flows.Turn, l Line) error {
	if l.By == t.Person() {
		return nil
	}
	may, err := t.Holds(t.Person(), flows.Facilitator)
	if err == nil && !may {
		err = t.Refuse("session.scope.notyours")
	}
	return err
}

func move(t *flows.Turn, l Line, kind Kind, whose string) error {
	if err := mayChange(t, l); err != nil {
		return err
	}
	if l.Kind == kind && l.Whose == whose {
		return t.Refuse("session.scope.same")
	}
	old := l
	l.Kind, l.Whose, l.At = kind, whose, t.Now()
	return announce(t, old, l)
}

// announce stores a changed line and tells the room old and new.
func announce(t *flows.Turn, old, l Line) error {
	if err := scopeLines.Put(t, lineID(l.Number), l); err != nil {
		return err
	}
	_, err := t.Say(flows.Note("session.scope.changed", "person", t.Person()).
		Item(flows.Words("session.scope.before", "kind", kindPhrase(old.Kind), "line", old.phrase())).
		Item(flows.Words("session.scope.now", "kind", kindPhrase(l.Kind), "line", l.phrase())))
	return err
}

// numbered finds the line that a command begins with.
func numbered(t *flows.Turn, c flows.Command) (l Line, rest string, err error) {
	n, rest, ok := c.Number("S")
	if !ok {
		return Line{}, "", t.Refuse("session.scope.number_wanted")
	}
	l, ok, err = scopeLines.Find(t, lineID(n))
	if err == nil && (!ok || l.Gone) {
		err = t.Refuse("session.scope.nosuch", "n", n)
	}
	return l, rest, err
}

// owned is numbered for a change that only the line's author or a facilitator makes.
func owned(t *flows.Turn, c flows.Command) (Line, string, error) {
	l, rest, err := numbered(t, c)
	if err == nil {
		err = mayChange(t, l)
	}
	return l, rest, err
}

// answered notes what came out about something unknown. Whoever knows may say it.
func answered(t *flows.Turn, c flows.Command) error {
	l, answer, err := numbered(t, c)
	if err != nil {
		return err
	}
	if l.Kind != Unknown {
		return t.Refuse("session.scope.notunknown")
	}
	old := l
	l.Kind, l.Answer, l.AnswerBy, l.At = Answered, answer, t.Person(), t.Now()
	return announce(t, old, l)
}

func changeLine(t *flows.Turn, c flows.Command) error {
	l, text, err := owned(t, c)
	if err != nil {
		return err
	}
	if text == "" {
		return t.Refuse("session.scope.text_wanted")
	}
	old := l
	l.Text, l.At = text, t.Now()
	return announce(t, old, l)
}

func dropLine(t *flows.Turn, c flows.Command) error {
	l, _, err := owned(t, c)
	if err != nil {
		return err
	}
	l.Gone, l.At = true, t.Now()
	if err := scopeLines.Put(t, lineID(l.Number), l); err != nil {
		return err
	}
	_, err = t.Say(flows.Note("session.scope.dropped", "person", t.Person(), "line", l.phrase()))
	return err
}

// askScope asks back who proposes something in a session whose group never said what is on the table; once, since they
// may go on all the same, and the room is told so.
func askScope(t *flows.Turn, s flows.Signal) error {
	_, _, ok, err := Current(t)
	if err != nil || !ok || s.Value != "agreement" || s.Gather == nil {
		return err
	}
	lines, err := scope(t)
	if err == nil && len(lines) == 0 {
		s.Gather.Add(flows.Section{
			Heading: flows.Words("session.scope.first"), Lines: []flows.Phrase{flows.Words("session.scope.unsaid")},
		})
	}
	return err
}
