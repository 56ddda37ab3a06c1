package commitment

import (
	"errors"
	"strconv"
	"strings"
	"time"

	"trellis/adapters/chat"
	"trellis/flows"
	"trellis/flows/calendar"
)

// label is what people call it by.
func (c Commitment) label() string { return Letter + strconv.Itoa(c.Number) }

// announce tells the room what somebody has taken on.
func (c Commitment) announce(t *flows.Turn) flows.Message {
	key, dates := "commitment.made.dated", []flows.Phrase(nil)
	last := len(c.Story) - 1
	switch {
	case last >= 0 && c.Story[last].Kind == Handed && c.dated():
		return flows.Note("commitment.handed.dated", "c", c.label(), "owner", c.Owner, "text", c.Text, "by", c.By)
	case last >= 0 && c.Story[last].Kind == Handed:
		return flows.Note("commitment.handed.undated", "c", c.label(), "owner", c.Owner, "text", c.Text)
	case !c.dated():
		key = "commitment.made.undated"
	case c.Repeat != nil:
		key, dates = "commitment.made.repeating", c.dates(t)
	}
	m := flows.Note(key, "c", c.label(), "owner", c.Owner, "text", c.Text, "by", c.By, "dates", dates)
	if c.Asker != "" {
		m = m.With("commitment.made.asker", "asker", c.Asker)
	}
	return m
}

// shownDates is how many dates of what repeats are shown.
const shownDates = 3

func (c Commitment) dates(t *flows.Turn) []flows.Phrase {
	list := []flows.Phrase{flows.Words("commitment.date", "by", c.By)}
	for _, w := range c.Repeat.next(c.By.At, shownDates-1) {
		list = append(list, flows.Words("commitment.date", "by", w))
	}
	return list
}

// mine tells its owner what they have taken on and when they will hear of it, with what they may do about it.
func (c entry) mine(t *flows.Turn) flows.Message {
	m := flows.Message{}
	if t.Direct() {
		m = c.state()
	}
	switch {
	case c.Remind.IsZero() && c.Ask.IsZero():
		m = m.With("commitment.hear.never", "c", c.label())
	case c.Remind.IsZero():
		m = m.With("commitment.hear.asked", "c", c.label(), "ask", moment(c.Ask))
	case c.Ask.IsZero():
		m = m.With("commitment.hear.reminded", "c", c.label(), "remind", moment(c.Remind))
	default:
		m = m.With("commitment.hear.both", "c", c.label(), "remind", moment(c.Remind), "ask", moment(c.Ask))
	}
	return m.Choose(c.choices("", string(c.id))...)
}

// moment is an instant as it stands in the middle of a sentence.
func moment(at time.Time) flows.Brief {
	return flows.Brief{At: at, HasTime: true, Zone: time.UTC.String()}
}

// state is one line about it, for its owner.
func (c Commitment) state() flows.Message {
	p := c.line()
	return flows.Note(p.Key, p.Args...)
}

// line is one line about it, for its owner: number, text, and where it stands.
func (c Commitment) line() flows.Phrase {
	key := "commitment.line.dated"
	switch {
	case c.State != Open:
		key = "commitment.line." + string(c.State)
	case c.Passed.Zone != "":
		return flows.Words("commitment.line.passed", "c", c.label(), "text", c.Text, "by", c.Passed, "next", c.By)
	case !c.dated():
		key = "commitment.line.undated"
	case c.Repeat != nil:
		key = "commitment.line.repeating"
	}
	return flows.Words(key, "c", c.label(), "text", c.Text, "by", c.By)
}

// row is one line about it where others read too: with whose it is, and the date as it is now.
func (c Commitment) row(today calendar.Date) flows.Phrase {
	key := "commitment.row.dated"
	switch {
	case !c.dated():
		key = "commitment.row.undated"
	case c.By.Date == today:
		key = "commitment.row.today"
	case c.Repeat != nil:
		key = "commitment.row.repeating"
	}
	return flows.Words(key, "c", c.label(), "owner", c.Owner, "text", c.Text, "by", flows.Brief(c.By))
}

// single marks the choices of a message about one thing alone, which is drawn anew when it is settled.
const single = "1"

// between stands between the IDs of what one message is about.
const between = "+"

// choices are what the owner may do about it. about lists the IDs of all that the message is about, where it is to be
// drawn anew; empty: where it stands among other things.
func (c entry) choices(of, about string) []flows.Choice {
	choice := func(key, action string) flows.Choice {
		return flows.Choice{Key: "commitment.button." + key, Action: action, Subject: c.id, Arg: about, Of: of}
	}
	done := choice("done", "done")
	done.Style = chat.Primary
	return []flows.Choice{done, choice("more", "more"), choice("help", "help"), choice("hand", "hand"), choice("drop", "drop")}
}

// mostTogether is how many commitments have all their choices in one message: five each, and no platform shows more
// than 25.
const mostTogether = chat.MaxChoices / 5

// mostCards is how many commitments are named by a choice that shows one of them.
const mostCards = 10

// cards are choices that each show one commitment with all its choices.
func cards(list []entry) []flows.Choice {
	var all []flows.Choice
	for _, c := range firstOf(list, mostCards) {
		all = append(all, flows.Choice{Label: c.label(), Action: "card", Subject: c.id})
	}
	return all
}

// choicesOf are those of a list that stands among other things: all of one, or one to each of several.
func choicesOf(list []entry) []flows.Choice {
	if len(list) == 1 {
		return list[0].choices("", "")
	}
	return cards(list)
}

func firstOf[T any](list []T, n int) []T { return list[:min(n, len(list))] }

// reminder tells a person what falls due: what comes up, and questions about what has passed.
func reminder(t *flows.Turn, list []entry, meant time.Time) flows.Message {
	m := flows.Message{}
	if !meant.IsZero() {
		m = m.With("flows.wasaway", "due", meant)
	}
	ids := make([]string, 0, len(list))
	asks := false
	for _, c := range list {
		ids = append(ids, string(c.id))
		p := c.due(t)
		asks = asks || p.Key != "commitment.coming"
		m = m.With(p.Key, p.Args...)
	}
	if asks {
		m = m.With("commitment.question")
	}
	return m.Choose(together(list, strings.Join(ids, between))...)
}

// due is what the owner is told of one commitment at its time.
func (c Commitment) due(t *flows.Turn) flows.Phrase {
	key := "commitment.coming"
	switch {
	case !c.dated():
		key = "commitment.again"
	case c.By.HasTime && !c.By.At.After(t.Now()) || !c.By.HasTime && c.By.Date.Before(calendar.DateOf(t.Now(), t.Zone(c.Owner))):
		key = "commitment.was"
		if c.By.HasTime && t.Now().Sub(c.By.At) < behind {
			key = "commitment.is"
		}
	}
	return flows.Words(key, "c", c.label(), "text", c.Text, "by", c.By)
}

// together are the choices of several commitments in one message.
func together(list []entry, about string) []flows.Choice {
	if len(list) > mostTogether {
		return cards(list)
	}
	var all []flows.Choice
	for _, c := range list {
		of := ""
		if len(list) > 1 {
			of = c.label()
		}
		all = append(all, c.choices(of, about)...)
	}
	return all
}

// spot says where a choice was taken, if what stands there is about commitments alone.
func spot(a flows.Action) string {
	if a.Arg == "" {
		return ""
	}
	return string(a.On) + between + a.Arg
}

// confirm shows the owner how it stands now: in the message where they chose, or in a new one.
func (c entry) confirm(t *flows.Turn, spot string) error {
	ids := strings.Split(spot, between)
	if spot == "" || !t.Direct() {
		_, err := t.Whisper(c.now(t, ""))
		return err
	}
	on, ids := flows.Posted(ids[0]), ids[1:]
	m := flows.Message{}
	for _, id := range ids {
		v, ok, err := commitments.Find(t, flows.ID(id))
		if err != nil {
			return err
		}
		if !ok {
			continue
		}
		e, of := entry{flows.ID(id), v}, ""
		if len(ids) > 1 {
			of = e.label()
		}
		now := e.nowOf(t, of, strings.Join(ids, between))
		m.Lines, m.Choices = append(m.Lines, now.Lines...), append(m.Choices, now.Choices...)
	}
	return t.Redraw(on, m)
}

// now is how it stands for the turn's person, with what they may still do.
func (c entry) now(t *flows.Turn, of string) flows.Message { return c.nowOf(t, of, string(c.id)) }

func (c entry) nowOf(t *flows.Turn, of, about string) flows.Message {
	if c.Owner != t.Person() {
		return flows.Note("commitment.line.given", "c", c.label(), "text", c.Text, "owner", c.Owner)
	}
	m, last := c.state(), Event{}
	if n := len(c.Story); n > 0 {
		last = c.Story[n-1]
	}
	switch {
	case last.Kind == Finished && last.Word.Text == "":
		m = m.Choose(flows.Choice{Key: "commitment.button.word", Action: "word", Subject: c.id, Arg: about, Of: of})
	case last.Kind == HelpAsked && last.At.Equal(t.Now()):
		m = m.With("commitment.helped")
	}
	if c.State == Open && !(last.Kind == Finished && last.At.Equal(t.Now())) { // a second "Done" would mean the next one
		m = m.Choose(c.choices(of, about)...)
	}
	return m
}

// alone returns the message that a choice stood on, if it is about that one thing and can be drawn anew.
func alone(t *flows.Turn, a flows.Action) flows.Posted {
	if a.Arg != single || !t.Direct() {
		return ""
	}
	return a.On
}

// reply draws a message anew, or says it where there is none.
func reply(t *flows.Turn, on flows.Posted, m flows.Message) error {
	if on != "" {
		return t.Redraw(on, m)
	}
	_, err := t.Whisper(m)
	return err
}

// done tells the room that it is done.
func (c Commitment) done(e Event) flows.Message {
	m := flows.Note("commitment.done", "c", c.label(), "owner", c.Owner, "text", c.Text)
	if e.Word.Text != "" {
		m = m.Quote(e.Word)
	}
	return m
}

// doneOnce tells the room that one occurrence is done, and which comes next.
func (c Commitment) doneOnce(e Event) flows.Message {
	m := flows.Note("commitment.done_once", "c", c.label(), "owner", c.Owner, "text", c.Text, "next", c.By)
	if e.Word.Text != "" {
		m = m.Quote(e.Word)
	}
	return m
}

// question is what somebody is asked to take on.
func (r Request) question() flows.Message {
	key := "commitment.request.ask"
	switch {
	case r.Of != "":
		key = "commitment.request.hand"
	case r.Wish.Repeat != nil:
		key = "commitment.request.repeating"
	}
	p := r.phrase(key)
	return flows.Note(p.Key, p.Args...)
}

func (r Request) phrase(key string) flows.Phrase {
	if r.Wish.By.Zone == "" {
		key += "_undated"
	}
	return flows.Words(key, "asker", r.Asker, "person", r.To, "text", r.Text, "by", r.Wish.By)
}

// news is what the asker is told.
func (r Request) news() flows.Phrase {
	if r.Answer == Accepted {
		return flows.Words("commitment.news.another", "person", r.To, "text", r.Text, "by", r.Wish.By)
	}
	return flows.Words("commitment.news."+string(r.Answer), "person", r.To, "text", r.Text)
}

// Forms.

func blank(form string, id flows.ID, arg, title string, fields ...flows.BlankField) flows.Blank {
	return flows.Blank{
		Form: form, Subject: id, Arg: arg, Title: flows.Words(title + ".title"), Submit: flows.Words("commitment.form.send"), Fields: fields,
	}
}

func dateForm(form string, id flows.ID, arg, title string) flows.Blank {
	hint := flows.Words("commitment.form.by_hint")
	return blank(form, id, arg, title, flows.BlankField{Name: "by", Label: flows.Words(title + ".by"), Hint: &hint, Kind: chat.When})
}

// textForm asks for a free text; of what is let go it is a reason.
func textForm(form string, id flows.ID, arg, title string, optional bool) flows.Blank {
	name := "text"
	if form == "drop" {
		name = "reason"
	}
	title = "commitment.form." + title
	return blank(form, id, arg, title, flows.BlankField{
		Name: name, Label: flows.Words(title + ".text"), Kind: chat.Lines, Optional: optional,
	})
}

func personForm(form string, id flows.ID, arg string) flows.Blank {
	return blank(form, id, arg, "commitment.form.hand", flows.BlankField{Name: "to", Label: flows.Words("commitment.form.hand.to"), Kind: chat.Person})
}

// field says a refusal at the field that it is about.
func field(t *flows.Turn, name string, err error) error {
	var refusal *flows.Refusal
	if errors.As(err, &refusal) && refusal.Field == "" {
		refusal.Field = name
	}
	return err
}
