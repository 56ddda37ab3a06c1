package bot

import (
	"errors"
	"fmt"
	"strings"
	"time"

	"trellis/flows"
)

// counter is the practice that the tests of this package run: it keeps a count a group, and does on command what an
// engine has to bear.
var counter = flows.Flow{
	Name: "counter",
	Commands: flows.Commands{
		"say":     {Usage: "TEXT", Run: say},            // in the room, as what people wait for
		"tell":    {Usage: "TEXT", Run: tell},           // to who wrote it, in private
		"answer":  {Usage: "TEXT", Run: answer},         // to who wrote it, here
		"count":   {Usage: "TEXT", Run: count},          // one more, and the card of the room says how many
		"digest":  {Usage: "TEXT", Run: digest},         // in the room, as a reminder
		"remind":  {Usage: "SECONDS TEXT", Run: remind}, // to who wrote it, by a timer
		"unwind":  {Usage: "SECONDS TEXT", Run: unwind}, // takes remind back
		"fill":    {Usage: "TEXT", Run: fill},           // opens a form
		"fail":    {Usage: "TEXT", Run: fail},           // with an error that repeats the text
		"panic":   {Usage: "TEXT", Run: panics},         // after writing a record
		"grind":   {Usage: "TEXT", Run: grind},          // beyond the budget
		"thread":  {Usage: "TEXT", Run: thread},         // under the card
		"nothing": {Usage: "TEXT", Run: func(*flows.Turn, flows.Command) error { return nil }},
	},
	Forms: flows.Forms{"form": func(t *flows.Turn, f flows.Form) error { return say(t, flows.Command{Text: f.Field("text")}) }},
	Timers: flows.Timers{
		"remind": func(t *flows.Turn, subject flows.ID) error {
			_, err := t.Say(plainly(string(subject)))
			return err
		},
		"panic": func(*flows.Turn, flows.ID) error { panic("a timer with words") },
	},
}

type tallyRecord struct {
	N    int
	Card flows.Posted
}

var counts = flows.NewTable[tallyRecord]("counter/count", 1)

func plainly(text string) flows.Message {
	return flows.Note("flows.plain", "text", flows.Said{Text: text})
}

func say(t *flows.Turn, c flows.Command) error {
	_, err := t.Say(plainly(c.Text))
	return err
}

func tell(t *flows.Turn, c flows.Command) error {
	_, err := t.Tell(t.Person(), plainly(c.Text).As(flows.ClassAwaited))
	return err
}

func answer(t *flows.Turn, c flows.Command) error {
	_, err := t.Answer(plainly(c.Text))
	return err
}

func digest(t *flows.Turn, c flows.Command) error {
	_, err := t.Say(plainly(c.Text).As(flows.ClassReminder))
	return err
}

func thread(t *flows.Turn, c flows.Command) error {
	r, _, err := counts.Find(t, "n")
	if err != nil {
		return err
	}
	m := plainly(c.Text)
	m.Thread = r.Card
	_, err = t.Say(m)
	return err
}

func count(t *flows.Turn, _ flows.Command) error {
	r, _, err := counts.Find(t, "n")
	if err != nil {
		return err
	}
	r.N++
	card := plainly(fmt.Sprintf("%d so far", r.N))
	if r.Card == "" {
		if r.Card, err = t.Say(card); err != nil {
			return err
		}
	} else if err := t.Update(r.Card, card); err != nil {
		return err
	}
	return counts.Put(t, "n", r)
}

func remindAt(t *flows.Turn, c flows.Command) (time.Time, flows.ID, error) {
	seconds, text, _ := strings.Cut(c.Text, " ")
	d, err := time.ParseDuration(seconds + "s")
	return t.Event().At.Add(d), flows.ID(text), err
}

func remind(t *flows.Turn, c flows.Command) error {
	at, subject, err := remindAt(t, c)
	t.At(at, "remind", subject)
	return err
}

func unwind(t *flows.Turn, c flows.Command) error {
	at, subject, err := remindAt(t, c)
	t.Cancel(at, "remind", subject)
	return err
}

func fill(t *flows.Turn, c flows.Command) error {
	return t.Open(flows.Blank{
		Form: "form", Title: flows.Words("flows.plain", "text", "A form"), Submit: flows.Words("flows.plain", "text", "Send"),
		Fields: []flows.BlankField{{Name: "text", Label: flows.Words("flows.plain", "text", "Words"), Initial: c.Text}},
	})
}

func fail(_ *flows.Turn, c flows.Command) error {
	return errors.New("could not bear " + c.Text)
}

func panics(t *flows.Turn, c flows.Command) error {
	if err := counts.Put(t, "n", tallyRecord{N: 1000}); err != nil {
		return err
	}
	panic(c.Text)
}

func grind(t *flows.Turn, _ flows.Command) error {
	for i := 0; ; i++ {
		if err := counts.Put(t, flows.ID(fmt.Sprint(i)), tallyRecord{N: i}); err != nil {
			return err
		}
	}
}
