package commitment

import (
	"slices"
	"strings"

	"trellis/flows"
	"trellis/flows/calendar"
)

// wish is what somebody said: a text, and by when or how often.
type wish struct {
	Text   string
	By     calendar.When `json:",omitzero"`
	Repeat *Repeat       `json:",omitempty"`
	// guess is a date at the end without "by", to ask back about; guessed is the text before it.
	guess   calendar.When
	guessed string
}

// hasDate tells whether a line is such a command to its end.
func hasDate(c flows.Command) bool {
	for _, token := range c.Tokens {
		if word := strings.ToLower(token.Text); !token.Quoted && (slices.Contains(byWords, word) || flows.IsEvery(word)) {
			return true
		}
	}
	return c.Given("by") || c.Given("every")
}

// byWords are those before a date, to tell a command from an answer; the calendar decides what they lead to.
var byWords = []string{"by", "erbyn", "para", "antes", "avant", "bis"}

// read takes a command apart from its token `from` on.
func read(t *flows.Turn, c flows.Command, from int) (wish, error) {
	w := wish{Text: c.After(from)}
	switch {
	case c.Given("every"):
		r, is, err := t.Repeats(c.Arg("every"), 0)
		if err == nil && !is {
			err = t.Refuse("date.unknown_rule", "text", flows.Said{Text: c.Arg("every")})
		}
		return w.repeating(r), err
	case c.Given("by"):
		var err error
		w.By, err = t.When(c.Arg("by"), 0)
		return w, err
	}
	before, r, found, err := t.RepeatsAfter(c, from, 0)
	if found {
		w.Text = before
		return w.repeating(r), err
	}
	text := c.WithoutQuotes(from)
	before, by, found, err := t.WhenAfter(text, "by")
	if found {
		w.Text, w.By = flows.Unquoted(before), by
		return w, err
	}
	if before, guess, found, err := t.WhenTrailing(text); found && err == nil && before != "" {
		w.guess, w.guessed = guess, flows.Unquoted(before)
	}
	return w, nil
}

// repeating is the wish with a rule, whose first occurrence is its date once it begins.
func (w wish) repeating(r flows.Repeating) wish {
	w.Repeat = &Repeat{r}
	return w
}

// begun sets the date of what repeats to its first occurrence from now on; false when it has no date at all.
func (w *wish) begun(t *flows.Turn) bool {
	if w.Repeat != nil && w.By.Zone == "" {
		w.By, _ = w.Repeat.occurrence(t.Now())
	}
	return w.By.Zone != ""
}

// commit is a person taking something on.
func commit(t *flows.Turn, c flows.Command) error {
	w, err := read(t, c, 0)
	if err != nil {
		return err
	}
	if w.Text == "" {
		return t.Refuse("commitment.text_wanted")
	}
	if !w.begun(t) {
		return t.RefuseWith(whichDate(t, w, t.Person()))
	}
	return takeOn(t, w)
}

// takeOn makes a commitment of the turn's person's own wish.
func takeOn(t *flows.Turn, w wish) error {
	c, err := begin(t, t.Person(), "", flows.Said{Text: w.Text, By: t.Person()}, w)
	if err != nil {
		return err
	}
	if _, err := t.Say(c.announce(t)); err != nil {
		return err
	}
	_, err = t.Whisper(c.mine(t))
	return err
}

// begin makes a commitment of a person who wants it.
func begin(t *flows.Turn, owner, asker flows.PersonID, text flows.Said, w wish) (entry, error) {
	n, err := t.NextNumber(Letter)
	if err != nil {
		return entry{}, err
	}
	c := entry{t.NewID(), Commitment{
		Number: n, Owner: owner, Asker: asker, Text: text, Made: t.Now(), By: w.By, Repeat: w.Repeat,
	}}
	c.plan(t)
	return c, c.put(t)
}

// The dates that are offered when none was named, in days from today.
var offered = []struct {
	key  string
	days int
}{{"commitment.button.week", 7}, {"commitment.button.fortnight", 14}, {"commitment.button.month", 30}}

// undated is the argument of a choice for a commitment without date.
const undated = "-"

// whichDate asks back by when. For somebody else there has to be a date, since a request lapses at it.
func whichDate(t *flows.Turn, w wish, to flows.PersonID) flows.Message {
	m := flows.Note("commitment.bywhen", "text", flows.Said{Text: w.Text, By: t.Person()})
	choice := func(key, date, text string) flows.Choice {
		return flows.Choice{Key: key, Action: "dated", Subject: flows.ID(to), Arg: date + " " + text}
	}
	if w.guess.Zone != "" {
		m = m.With("commitment.bythen", "by", w.guess).Choose(choice("commitment.button.bythen", w.guess.String(), w.guessed))
	}
	today := calendar.DateOf(t.Now(), t.Zone(t.Person()))
	for _, o := range offered {
		m = m.Choose(choice(o.key, today.AddDays(o.days).String(), w.Text))
	}
	if to == t.Person() {
		m = m.Choose(choice("commitment.button.nodate", undated, w.Text))
	}
	return m
}

// dated goes on with a text for which a date was chosen.
func dated(t *flows.Turn, a flows.Action) error {
	date, text, _ := strings.Cut(a.Arg, " ")
	w := wish{Text: text}
	if date != undated {
		var err error
		if w.By, err = t.When(date, 0); err != nil {
			return err
		}
	}
	to := flows.PersonID(a.Subject)
	if to == t.Person() {
		return takeOn(t, w)
	}
	if w.By.Zone == "" {
		return t.Refuse("flows.oldbutton")
	}
	return request(t, to, w)
}
