package checkin

import (
	"cmp"
	"slices"
	"strconv"
	"strings"
	"time"

	"trellis/flows"
	"trellis/flows/calendar"
)

func number(n int) string { return strconv.Itoa(n) }

// brief is an instant for a list.
func brief(at time.Time) flows.Brief { return flows.Brief(calendar.When{At: at, HasTime: true}) }

// numbered is a round or a series with its ID.
type numbered[T any] struct {
	id flows.ID
	v  T
}

// openRounds are the rounds that wait for somebody, in the order of their numbers.
func openRounds(t *flows.Turn) ([]numbered[Round], error) {
	var list []numbered[Round]
	err := states.Find(t, string(Open), func(id flows.ID, r Round) (bool, error) {
		list = append(list, numbered[Round]{id, r})
		return true, nil
	})
	slices.SortStableFunc(list, func(a, b numbered[Round]) int {
		return cmp.Or(cmp.Compare(a.v.Number, b.v.Number), a.v.Opened.Compare(b.v.Opened))
	})
	return list, err
}

func allSeries(t *flows.Turn) ([]numbered[Series], error) {
	var list []numbered[Series]
	err := seriesTable.All(t, func(id flows.ID, s Series) (bool, error) {
		list = append(list, numbered[Series]{id, s})
		return true, nil
	})
	slices.SortFunc(list, func(a, b numbered[Series]) int { return cmp.Compare(a.v.Number, b.v.Number) })
	return list, err
}

func list(t *flows.Turn, c flows.Command) error {
	if c.Text != "" {
		return t.Refuse("checkin.quote", "text", flows.Said{Text: strings.TrimPrefix(c.Words, "checkin ") + " " + c.Text})
	}
	rounds, err := openRounds(t)
	if err != nil {
		return err
	}
	series, err := allSeries(t)
	if err != nil {
		return err
	}
	if len(rounds)+len(series) == 0 {
		_, err := t.Answer(flows.Note("checkin.list.nothing"))
		return err
	}
	m := flows.Message{}
	if len(rounds) > 0 {
		m = m.Heading(flows.Words("checkin.list.open"))
	}
	for _, r := range rounds {
		n, of := r.v.spoken()
		key := "checkin.list.round"
		if r.v.Anonymous {
			key = "checkin.list.anonymous"
		}
		m = m.Item(flows.Words(key, "number", r.v.Number, "question", r.v.said(), "until", brief(r.v.Until), "n", n, "of", of))
	}
	if len(series) > 0 {
		m = m.Heading(flows.Words("checkin.list.series"))
	}
	for _, s := range series {
		m = m.Item(flows.Words("checkin.list.repeats", "number", s.v.Number, "question", s.v.said(), "rule", s.v.Rule, "next", brief(s.v.Next)))
	}
	_, err = t.Answer(m.With("checkin.list.how").Choose(flows.Shareable("checkin list")))
	return err
}

// revealCommand is `checkin reveal`: the round with that number, or the only one that the person may reveal.
func revealCommand(t *flows.Turn, c flows.Command) error {
	rounds, err := openRounds(t)
	if err != nil {
		return err
	}
	if n, rest, ok := c.Number(""); c.Text != "" {
		if !ok || rest != "" {
			return t.Refuse("checkin.quote", "text", flows.Said{Text: strings.TrimPrefix(c.Words, "checkin ") + " " + c.Text})
		}
		for _, r := range rounds {
			if r.v.Number == n {
				return r.v.revealBy(t, r.id)
			}
		}
		return t.Refuse("checkin.nosuch", "n", n)
	}
	var mine []numbered[Round]
	for _, r := range rounds {
		if may, err := r.v.mayEnd(t, t.Person()); err != nil {
			return err
		} else if may {
			mine = append(mine, r)
		}
	}
	switch {
	case len(rounds) == 0:
		return t.Refuse("checkin.noneopen")
	case len(mine) == 0:
		return t.Refuse("checkin.notyours")
	case len(mine) == 1:
		return mine[0].v.revealBy(t, mine[0].id)
	}
	m := flows.Note("checkin.which")
	for _, r := range mine {
		m = m.Choose(flows.Choice{Label: short(r.v.Text), Run: "checkin reveal " + number(r.v.Number)})
	}
	return t.RefuseWith(m)
}

// endCommand is `checkin end N`: a question that repeats is not asked any more, an open round is revealed.
func endCommand(t *flows.Turn, c flows.Command) error {
	n, rest, ok := c.Number("")
	switch {
	case c.Text != "" && (!ok || rest != ""):
		return t.Refuse("checkin.quote", "text", flows.Said{Text: strings.TrimPrefix(c.Words, "checkin ") + " " + c.Text})
	case !ok:
		return t.Refuse("checkin.end.which")
	}
	series, err := allSeries(t)
	if err != nil {
		return err
	}
	for _, s := range series {
		if s.v.Number != n {
			continue
		}
		if may, err := s.v.mayEnd(t, t.Person()); err != nil {
			return err
		} else if !may {
			return t.Refuse("checkin.notyours")
		}
		t.Cancel(s.v.Next, "again", s.id)
		if _, err := t.Say(flows.Note("checkin.series.ended", "question", s.v.said())); err != nil {
			return err
		}
		return seriesTable.Delete(t, s.id)
	}
	rounds, err := openRounds(t)
	if err != nil {
		return err
	}
	for _, r := range rounds {
		if r.v.Number == n {
			return r.v.revealBy(t, r.id)
		}
	}
	return t.Refuse("checkin.nosuch", "n", n)
}

// short is a question as a label.
func short(text string) string {
	if runes := []rune(text); len(runes) > maxOption {
		return string(runes[:maxOption-1]) + "…"
	}
	return text
}
