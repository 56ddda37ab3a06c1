package flows

import (
	"slices"
	"time"

	"trellis/flows/calendar"
)

// Language is the language that a person reads.
func (t *Turn) Language(id PersonID) string { return t.languageOf(id) }

// Languages are the codes of all catalogues.
func (t *Turn) Languages() []string { return t.book.words.Languages() }

// MatchLanguage returns the catalogue for a code that a person wrote; false when there is none.
func (t *Turn) MatchLanguage(code string) (string, bool) { return t.book.words.Match(code) }

// WeekdayPhrase names a day of the week.
func WeekdayPhrase(d time.Weekday) Phrase { return Words("date.weekday." + weekdayKeys[d]) }

// GroupName is the group's name, or one for a group that has none.
func (t *Turn) GroupName() string {
	if t.group.Name != "" {
		return t.group.Name
	}
	return t.word(t.group.Language, "flows.unnamed")
}

// EachGroup runs f in each group that a person belongs to, and comes back to the one that the turn is in.
func (t *Turn) EachGroup(id PersonID, f func() error) error {
	p, err := t.Profile(id)
	if err != nil {
		return err
	}
	was := t.groupID
	for _, group := range slices.Clone(p.Groups) {
		if err := t.enter(group); err != nil {
			return err
		}
		if err := f(); err != nil {
			return err
		}
	}
	if was != "" {
		return t.enter(was)
	}
	return nil
}

// HasText tells whether the catalogue has a text.
func (t *Turn) HasText(key string) bool {
	_, ok := t.book.words.Find(t.group.Language, key, 0)
	return ok
}

// Nouns are the words that commands begin with, in order.
func (t *Turn) Nouns() []string {
	var nouns []string
	for _, row := range t.book.commands {
		if !slices.Contains(nouns, row.words[0]) {
			nouns = append(nouns, row.words[0])
		}
	}
	slices.Sort(nouns)
	return nouns
}

// Noun is the word that commands begin with and that a text most likely means; empty when none is near.
func (t *Turn) Noun(text string) string { return t.book.nearest(text) }

// RoomText is a text without slots in the group's language, for a title that is kept.
func (t *Turn) RoomText(key string) string { return t.word(t.group.Language, key) }

// RoomZone is where the group's clock stands.
func (t *Turn) RoomZone() *time.Location { return t.group.zone() }

// RoomRule reads what repeats for the group: in its zone, whoever writes it.
func (t *Turn) RoomRule(text string, usual calendar.Clock) (calendar.Rule, error) {
	c := t.Calendar()
	c.Zone = t.group.zone()
	return t.rule(text, c, usual)
}

// Coming lists the next n instants of a rule after a given one; fewer when it ends before.
func Coming(r calendar.Rule, after time.Time, n int) []time.Time {
	var all []time.Time
	for len(all) < n {
		at, ok := r.Next(after)
		if !ok {
			break
		}
		all, after = append(all, at), at
	}
	return all
}

// ComingPhrases words instants, for a confirmation of what repeats.
func ComingPhrases(all []time.Time) []Phrase {
	var phrases []Phrase
	for _, at := range all {
		phrases = append(phrases, Words("flows.plain", "text", at))
	}
	return phrases
}
