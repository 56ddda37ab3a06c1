package commitment

import (
	"strings"

	"trellis/flows"
	"trellis/flows/calendar"
)

// noDate is what stands where there is no date.
var noDate calendar.When

// hasNumber tells whether a line is a command about a numbered commitment to its end.
func hasNumber(c flows.Command) bool {
	_, _, ok := c.Number(Letter)
	return ok
}

// numbered reads the number that a command begins with as an open commitment of the turn's person, and what follows.
func numbered(t *flows.Turn, c flows.Command) (entry, string, error) {
	n, rest, ok := c.Number(Letter)
	if !ok {
		return entry{}, "", whichNumber(t, c)
	}
	e, err := find(t, n)
	if err != nil {
		return e, rest, err
	}
	return e, rest, e.mineToChange(t)
}

// whichNumber asks back which commitment a command is about.
func whichNumber(t *flows.Turn, c flows.Command) error {
	mine, err := openOf(t, t.Person())
	if err != nil {
		return err
	}
	if len(mine) == 0 {
		return t.Refuse("commitment.none_of_yours")
	}
	m := flows.Note("commitment.number_wanted", "example", flows.Typed(c.Words+" "+mine[0].label()))
	for _, e := range firstOf(mine, mostCards) {
		m = m.Item(e.line())
	}
	return t.RefuseWith(m.Choose(cards(mine)...))
}

func find(t *flows.Turn, n int) (entry, error) {
	var e entry
	err := byNumber.Find(t, flows.NumberKey(n), func(id flows.ID, c Commitment) (bool, error) {
		e = entry{id, c}
		return false, nil
	})
	if err == nil && e.id == "" {
		err = t.Refuse("commitment.nosuch", "c", Commitment{Number: n}.label())
	}
	return e, err
}

// mineToChange refuses what is not the turn's person's to change: the stored owner decides.
func (c entry) mineToChange(t *flows.Turn) error {
	switch {
	case c.Owner != t.Person():
		return t.Refuse("commitment.notyours", "c", c.label(), "owner", c.Owner)
	case c.State != Open:
		return t.Refuse("commitment.closed."+string(c.State), "c", c.label(), "text", c.Text)
	}
	return nil
}

// pressed reads the commitment that a choice or a form is about.
func pressed(t *flows.Turn, id flows.ID) (entry, error) {
	c, ok, err := commitments.Find(t, id)
	if err != nil {
		return entry{}, err
	}
	if !ok {
		return entry{}, t.Refuse("flows.oldbutton")
	}
	e := entry{id, c}
	return e, e.mineToChange(t)
}

// end closes it, and what was still asked about it.
func (c *entry) end(t *flows.Turn, s State, e Event) error {
	e.At = t.Now()
	c.Story = append(c.Story, e)
	c.State = s
	if err := c.put(t); err != nil {
		return err
	}
	return c.endRequests(t)
}

func (c entry) endRequests(t *flows.Turn) error {
	waiting, err := pleas(t, handing, string(c.id))
	if err != nil {
		return err
	}
	for _, r := range waiting {
		if err := r.end(t, Withdrawn); err != nil {
			return err
		}
	}
	return nil
}

func doneCommand(t *flows.Turn, c flows.Command) error {
	e, word, err := numbered(t, c)
	if err != nil {
		return err
	}
	if err := e.finish(t, word); err != nil || !t.Direct() {
		return err
	}
	return e.confirm(t, "")
}

func pressDone(t *flows.Turn, a flows.Action) error {
	e, err := pressed(t, a.Subject)
	if err != nil {
		return err
	}
	if err := e.finish(t, ""); err != nil {
		return err
	}
	return e.confirm(t, spot(a))
}

// mostStory is how much is kept of what comes round: far more than happens between two digests.
const mostStory = 60

// finish closes it as done. Of what repeats it closes the occurrence that was asked about, or else the next one.
func (c *entry) finish(t *flows.Turn, word string) error {
	e := Event{Kind: Finished, Word: c.word(word)}
	if c.Repeat != nil {
		e.At, e.By = t.Now(), c.By
		if c.Passed.Zone != "" {
			e.By = c.Passed
		}
		c.Story = append(c.Story[max(0, len(c.Story)-mostStory):], e)
		if c.Passed.Zone != "" || c.advance(t) {
			c.Passed = noDate
			return c.tell(t, c.doneOnce(e))
		}
		c.Story = c.Story[:len(c.Story)-1] // the last one
	}
	if err := c.end(t, Done, e); err != nil {
		return err
	}
	if _, err := t.Say(c.done(e)); err != nil {
		return err
	}
	return c.offerAnswer(t, word)
}

// word is what the owner says about it.
func (c Commitment) word(text string) flows.Said {
	if text == "" {
		return flows.Said{}
	}
	return flows.Said{Text: text, By: c.Owner}
}

// tell stores it and tells the room.
func (c entry) tell(t *flows.Turn, m flows.Message) error {
	if err := c.put(t); err != nil {
		return err
	}
	_, err := t.Say(m)
	return err
}

func askWord(t *flows.Turn, a flows.Action) error {
	c, err := finished(t, a.Subject)
	if err != nil {
		return err
	}
	return t.Open(textForm("word", c.id, spot(a), "word", false))
}

// finished reads a commitment of which the turn's person may say how it went.
func finished(t *flows.Turn, id flows.ID) (entry, error) {
	c, ok, err := commitments.Find(t, id)
	if err != nil {
		return entry{}, err
	}
	if !ok || c.Owner != t.Person() || c.lastDone() < 0 {
		return entry{}, t.Refuse("flows.oldbutton")
	}
	return entry{id, c}, nil
}

// lastDone is where in the story it was last finished; -1 when it never was.
func (c Commitment) lastDone() int {
	for i := len(c.Story) - 1; i >= 0; i-- {
		if c.Story[i].Kind == Finished {
			return i
		}
	}
	return -1
}

// word adds what its owner says to what is done.
func word(t *flows.Turn, f flows.Form) error {
	c, err := finished(t, f.Subject)
	if err != nil {
		return err
	}
	if f.Field("text") == "" {
		return t.Wrong("text", "commitment.word_wanted")
	}
	said := c.word(f.Field("text"))
	c.Story[c.lastDone()].Word = said
	if err := c.tell(t, flows.Note("commitment.word", "c", c.label(), "owner", c.Owner).Quote(said)); err != nil {
		return err
	}
	if err := c.confirm(t, f.Arg); err != nil {
		return err
	}
	return c.offerAnswer(t, said.Text)
}

func askMore(t *flows.Turn, a flows.Action) error {
	c, err := pressed(t, a.Subject)
	if err != nil {
		return err
	}
	return t.Open(dateForm("more", c.id, spot(a), "commitment.form.more"))
}

// more gives it a new date, which is all that the room sees.
func more(t *flows.Turn, f flows.Form) error {
	c, err := pressed(t, f.Subject)
	if err != nil {
		return err
	}
	by, err := newDate(t, f)
	if err != nil {
		return err
	}
	c.By, c.Snoozed, c.Passed = by, noDate, noDate
	c.Story = append(c.Story, Event{Kind: Moved, At: t.Now(), By: by})
	c.plan(t)
	if err := c.tell(t, flows.Note("commitment.moved", "c", c.label(), "owner", c.Owner, "text", c.Text, "by", by)); err != nil {
		return err
	}
	return c.confirm(t, f.Arg)
}

// newDate reads the date of a form, which has to be named.
func newDate(t *flows.Turn, f flows.Form) (calendar.When, error) {
	if f.Field("by") == "" {
		return noDate, t.Wrong("by", "commitment.date_wanted")
	}
	return f.When(t, "by", 0)
}

// snooze moves when the owner hears of it, and nothing else.
func snooze(t *flows.Turn, c flows.Command) error {
	e, when, err := numbered(t, c)
	if err != nil {
		return err
	}
	if when == "" {
		return t.Refuse("commitment.snooze_wanted", "example", flows.Typed("snooze "+e.label()+" monday"))
	}
	to, err := t.When(when, 0)
	if err != nil {
		return err
	}
	at := reckon(t, e.Owner).snoozedTo(to)
	if !at.After(t.Now()) {
		return t.Refuse("commitment.snooze_past", "example", flows.Typed("snooze "+e.label()+" in 2 hours"))
	}
	e.Snoozed = to
	e.plan(t)
	if err := e.put(t); err != nil {
		return err
	}
	_, err = t.Whisper(flows.Note("commitment.snoozed", "c", e.label(), "text", e.Text, "at", at))
	return err
}

// helpCommand hears `help 3`, which the help answers to.
func helpCommand(t *flows.Turn, s flows.Signal) error {
	number, text, _ := strings.Cut(strings.TrimSpace(s.Value), " ")
	n, ok := flows.ParseNumber(number, Letter)
	if !ok {
		return nil
	}
	c, err := find(t, n)
	if err != nil {
		return err
	}
	if err := c.mineToChange(t); err != nil {
		return err
	}
	if err := c.askHelp(t, flows.Unquoted(text)); err != nil || !t.Direct() {
		return err
	}
	return c.confirm(t, "")
}

func askHelp(t *flows.Turn, a flows.Action) error {
	c, err := pressed(t, a.Subject)
	if err != nil {
		return err
	}
	return t.Open(textForm("help", c.id, spot(a), "help", true))
}

func help(t *flows.Turn, f flows.Form) error {
	c, err := pressed(t, f.Subject)
	if err != nil {
		return err
	}
	if err := c.askHelp(t, f.Field("text")); err != nil {
		return err
	}
	return c.confirm(t, f.Arg)
}

// askHelp tells the room that the owner would like help.
func (c *entry) askHelp(t *flows.Turn, text string) error {
	e := Event{Kind: HelpAsked, At: t.Now(), From: c.Owner, Word: c.word(text)}
	c.Story = append(c.Story, e)
	m := flows.Note("commitment.help", "c", c.label(), "owner", c.Owner, "text", c.Text)
	if text != "" {
		m = m.Quote(e.Word)
	}
	return c.tell(t, m)
}

func handCommand(t *flows.Turn, c flows.Command) error {
	e, name, err := numbered(t, c)
	if err != nil {
		return err
	}
	if first, rest, ok := strings.Cut(name, " "); ok && strings.EqualFold(first, "to") {
		name = rest
	}
	return e.handTo(t, name)
}

func askHand(t *flows.Turn, a flows.Action) error {
	c, err := pressed(t, a.Subject)
	if err != nil {
		return err
	}
	return t.Open(personForm("hand", c.id, spot(a)))
}

func hand(t *flows.Turn, f flows.Form) error {
	c, err := pressed(t, f.Subject)
	if err != nil {
		return err
	}
	return field(t, "to", c.handTo(t, f.Field("to")))
}

// handTo asks somebody to take it over. Until they accept it stays where it is.
func (c entry) handTo(t *flows.Turn, name string) error {
	to, err := t.FindPerson(flows.Unquoted(name))
	if err != nil {
		return err
	}
	if to == c.Owner {
		return t.Refuse("commitment.hand_self", "c", c.label())
	}
	waiting, err := pleas(t, handing, string(c.id))
	if err != nil {
		return err
	}
	for _, r := range waiting {
		return t.RefuseWith(flows.Note("commitment.handing_already", "c", c.label(), "person", r.To).Choose(r.takeBack()))
	}
	r := plea{t.NewID(), Request{Asker: t.Person(), To: to, Text: c.Text, Of: c.id}}
	if !c.overdue(t) { // of a date that lies behind nobody else is told
		r.Wish.By = c.By
	}
	return r.begin(t)
}

func dropCommand(t *flows.Turn, c flows.Command) error {
	e, reason, err := numbered(t, c)
	if err != nil {
		return err
	}
	if err := e.letGo(t, reason); err != nil || !t.Direct() {
		return err
	}
	return e.confirm(t, "")
}

func askDrop(t *flows.Turn, a flows.Action) error {
	c, err := pressed(t, a.Subject)
	if err != nil {
		return err
	}
	return t.Open(textForm("drop", c.id, spot(a), "drop", true))
}

func drop(t *flows.Turn, f flows.Form) error {
	c, err := pressed(t, f.Subject)
	if err != nil {
		return err
	}
	if err := c.letGo(t, f.Field("reason")); err != nil {
		return err
	}
	return c.confirm(t, f.Arg)
}

// letGo closes it undone, which the room is told as plainly as that something is done.
func (c *entry) letGo(t *flows.Turn, reason string) error {
	e := Event{Kind: LetGo, Word: c.word(reason)}
	if err := c.end(t, Dropped, e); err != nil {
		return err
	}
	m := flows.Note("commitment.dropped", "c", c.label(), "owner", c.Owner, "text", c.Text)
	if reason != "" {
		m = m.Quote(e.Word)
	}
	_, err := t.Say(m)
	return err
}
