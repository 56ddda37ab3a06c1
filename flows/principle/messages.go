package principle

import (
	"strings"

	"trellis/flows"
)

func message(d Deck, c Card, why Reason, phase string) flows.Message {
	m := flows.Note("principle.card.name", "name", c.Name)
	if c.Meaning != "" {
		m = m.With("principle.card.meaning", "meaning", c.Meaning)
	}
	m = m.With("principle.card.question", "question", c.Question).With("principle.source", "source", d.Source)
	switch why {
	case Fitting:
		m = m.With("principle.card.fits", "phase", phaseName(phase))
	case Scheduled:
		m = m.With("principle.card.scheduled")
	case Asked:
	}
	return m
}

func phaseName(phase string) flows.Phrase {
	if phase == "" {
		return flows.Words("flows.plain", "text", "")
	}
	return flows.Words("session.phase.name." + phase)
}

func cardNames(d Deck) string {
	var names []string
	for _, c := range d.Cards {
		names = append(names, c.Name)
	}
	return strings.Join(names, ", ")
}

// deckList names the decks, the group's own first.
func deckList(own Deck) flows.Message {
	m := flows.Note("principle.decks", "title", own.Title)
	for _, d := range decks() {
		m = m.Item(flows.Words("principle.deck", "id", flows.Typed(d.ID), "title", d.Title, "n", len(d.Cards)))
	}
	return m
}
