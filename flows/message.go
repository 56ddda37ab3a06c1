package flows

import (
	"slices"
	"strings"

	"trellis/adapters/chat"
	"trellis/flows/words"
)

// Message is what a flow says, in no language yet. The zero Message says nothing.
type Message struct {
	Lines   []Line
	Choices []Choice
	// Notify asks that who is addressed or mentioned notice it.
	Notify bool
	// Thread, when set, is the message under which this one goes, where a platform has threads.
	Thread Posted
	// Class is set where it is not what the turn's occasion gives it: an answer to whoever acted, awaited in a room,
	// a reminder from a timer.
	Class *Class
}

// Line is a text of the catalogue as one or more blocks, or somebody's words as a quote.
type Line struct {
	Kind   chat.BlockKind
	Phrase Phrase
	Said   *Said
}

// Choice is an answer that a message offers.
type Choice struct {
	Key     string // of its label in the catalogue
	Label   string // the label itself, where people made it up (an option of a question)
	Action  string // of the flow that speaks; in a Timer or Listener too
	Subject ID
	Arg     string
	Run     string // instead of Action: a command that taking it runs, as if its taker had typed it
	Of      string // what it is about, where one message has the same choice for several things: "C3" in front of its label
	Style   chat.Style
	// Discreet says that who takes it is nobody's business: it is left out in a room where everyone would see that. Who
	// is in such rooms alone (Turn.Apart) has to be asked in private.
	Discreet bool

	owner string   // whose Action it is, where that is not the flow that speaks
	group *GroupID // likewise the group
}

// of is the choice as one of another flow, in a group.
func (c Choice) of(flow string, group GroupID) Choice {
	c.owner, c.group = flow, &group
	return c
}

// Note begins a message with a text of the catalogue.
func Note(key string, args ...any) Message { return Message{}.With(key, args...) }

// With adds a paragraph.
func (m Message) With(key string, args ...any) Message {
	return m.line(chat.Paragraph, Words(key, args...))
}

// Item adds an item of a list.
func (m Message) Item(p Phrase) Message { return m.line(chat.Item, p) }

// Heading adds a heading.
func (m Message) Heading(p Phrase) Message { return m.line(chat.Heading, p) }

func (m Message) line(kind chat.BlockKind, p Phrase) Message {
	m.Lines = append(slices.Clip(m.Lines), Line{Kind: kind, Phrase: p})
	return m
}

// Quote adds somebody's words, apart from ours.
func (m Message) Quote(s Said) Message {
	m.Lines = append(slices.Clip(m.Lines), Line{Kind: chat.Quote, Said: &s})
	return m
}

// Choose adds choices.
func (m Message) Choose(c ...Choice) Message {
	m.Choices = append(slices.Clip(m.Choices), c...)
	return m
}

// Noticed is the message so that it is noticed.
func (m Message) Noticed() Message {
	m.Notify = true
	return m
}

// As is the message in a class.
func (m Message) As(c Class) Message {
	m.Class = &c
	return m
}

// Then is the message with another behind it: its lines and its choices.
func (m Message) Then(next Message) Message {
	m.Lines = append(slices.Clip(m.Lines), next.Lines...)
	m.Choices = append(slices.Clip(m.Choices), next.Choices...)
	m.Notify = m.Notify || next.Notify
	return m
}

// Gathered adds the sections.
func (m Message) Gathered(g Gathered) Message {
	for _, s := range g.Sections {
		m = m.Heading(s.Heading)
		for _, line := range s.Lines {
			m = m.Item(line)
		}
		m = m.Choose(s.Choices...)
	}
	return m
}

// InGroup is what was gathered in one group of somebody who may be in several.
type InGroup struct {
	Heading  Phrase // empty for who is in no other
	Name     string
	Gathered Gathered
}

// InGroups adds what was gathered in each group; where several have choices, each says of which group it is.
func (m Message) InGroups(all []InGroup) Message {
	several := 0
	for _, in := range all {
		if slices.ContainsFunc(in.Gathered.Sections, func(s Section) bool { return len(s.Choices) > 0 }) {
			several++
		}
	}
	for _, in := range all {
		if in.Heading.Key != "" {
			m = m.line(chat.Paragraph, in.Heading)
		}
		from := len(m.Choices)
		m = m.Gathered(in.Gathered)
		for i := from; i < len(m.Choices) && several > 1; i++ {
			m.Choices[i].Of = strings.TrimSpace(in.Name + " " + m.Choices[i].Of)
		}
	}
	return m
}

// Blank is a form to be filled.
type Blank struct {
	Form    string // of the flow that opens it
	Subject ID
	Arg     string
	Title   Phrase // at most 24 characters in each language
	Submit  Phrase // likewise
	Intro   []Phrase
	Fields  []BlankField
}

// BlankField is one thing asked for.
type BlankField struct {
	Name     string // text, by, to, reason, concern, …
	Label    Phrase
	Hint     *Phrase
	Kind     chat.FieldKind
	Optional bool
	Initial  string
	Options  []BlankOption
}

// BlankOption is one value of a field.
type BlankOption struct {
	Value string
	Label Phrase
}

// write puts a message into words for a reader.
func (t *Turn) write(m Message, r reader) (chat.Message, error) {
	out := chat.Message{Notify: m.Notify, Language: r.language, Zone: r.zone.String()}
	if lead := t.apology(); lead != nil {
		text, err := t.render(*lead, r)
		if err != nil {
			return out, err
		}
		out.Text = append(out.Text, text...)
	}
	for _, line := range m.Lines {
		if line.Said != nil {
			out.Text = append(out.Text, quote(*line.Said)...)
			continue
		}
		text, err := t.render(line.Phrase, r)
		if err != nil {
			return out, err
		}
		if line.Kind != chat.Paragraph {
			for i := range text {
				text[i].Kind = line.Kind
			}
		}
		out.Text = append(out.Text, text...)
	}
	if r.language == t.group.Language {
		out.Text = t.group.inOwnWords(out.Text)
	}
	for _, c := range m.Choices {
		if c.Discreet && r.room && t.book.shows(r.platform) {
			continue
		}
		if len(out.Choices) == chat.MaxChoices { // an overview of many practices; the commands are there as well
			break
		}
		choice, err := t.choice(c, r)
		if err != nil {
			return out, err
		}
		out.Choices = append(out.Choices, choice)
	}
	return out, nil
}

func quote(s Said) chat.Text {
	var text chat.Text
	for line := range strings.SplitSeq(s.Text, "\n") {
		text = append(text, chat.Block{Kind: chat.Quote, Spans: []chat.Span{{Text: line, Of: string(s.By)}}})
	}
	return text
}

// inOwnWords replaces words of ours by the group's own.
func (g Group) inOwnWords(text chat.Text) chat.Text {
	if len(g.Words) == 0 {
		return text
	}
	for _, block := range text {
		for i, span := range block.Spans {
			if span.Of == "" && (span.Kind == chat.Words || span.Kind == chat.Bold) {
				for ours, theirs := range g.Words {
					block.Spans[i].Text = replaceWord(block.Spans[i].Text, ours, theirs)
				}
			}
		}
	}
	return text
}

func (t *Turn) choice(c Choice, r reader) (chat.Choice, error) {
	out := chat.Choice{Label: c.Label, Name: c.Label, Style: c.Style}
	if c.Key != "" {
		label, err := t.plain(Words(c.Key), r)
		if err != nil {
			return out, err
		}
		out.Label, out.Name = label, label
		if r.language != words.English {
			if out.Name, err = t.plain(Words(c.Key), reader{language: words.English, zone: r.zone}); err != nil {
				return out, err
			}
		}
	}
	if c.Of != "" {
		out.Label = c.Of + ": " + out.Label
	}
	v := value{flow: t.flow, name: c.Action, group: t.groupID, subject: c.Subject, on: t.on, arg: c.Arg}
	if c.owner != "" {
		v.flow, v.group = c.owner, *c.group
	}
	if c.Run != "" {
		v.flow, v.name, v.arg = router, "run", c.Run
	}
	text, err := v.encode(t)
	out.Value = text
	return out, err
}

// blank puts a form into words.
func (t *Turn) blank(b Blank, r reader) (*chat.Form, error) {
	form := &chat.Form{}
	var err error
	text := func(p Phrase) string {
		s, e := t.plain(p, r)
		if e != nil && err == nil {
			err = e
		}
		return s
	}
	form.Title, form.Submit = text(b.Title), text(b.Submit)
	for _, p := range b.Intro {
		intro, e := t.render(p, r)
		if e != nil {
			return nil, e
		}
		form.Intro = append(form.Intro, intro...)
	}
	for _, f := range b.Fields {
		field := chat.Field{Name: f.Name, Label: text(f.Label), Kind: f.Kind, Optional: f.Optional, Initial: f.Initial, Max: MaxText}
		if f.Hint != nil {
			field.Hint = text(*f.Hint)
		}
		for _, o := range f.Options {
			field.Options = append(field.Options, chat.Option{Value: o.Value, Label: text(o.Label)})
		}
		form.Fields = append(form.Fields, field)
	}
	if err != nil {
		return nil, err
	}
	v := value{flow: t.flow, name: b.Form, group: t.groupID, subject: b.Subject, arg: b.Arg}
	form.Value, err = v.encode(t)
	return form, err
}
