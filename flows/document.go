package flows

import (
	"errors"
	"fmt"
	"math/rand/v2"
	"time"

	"trellis/adapters/chat"
	"trellis/storage"
)

// SignalPages gathers what the group made, as pages for anyone in it to read: nothing that was said in private, and
// nothing that waits to be shown.
const SignalPages = "flows.pages"

// Page is what one practice tells of a group, from its beginning.
type Page struct {
	Name    string // of its file, a lower-case word
	Title   Phrase
	Message Message // without choices
}

// Document is a page in the group's language.
type Document struct {
	Name  string
	Title string
	Text  chat.Text
}

// Documents puts into words what a group made; the first one says who it is. It changes nothing.
func (b *Book) Documents(tx storage.Tx, group GroupID, now time.Time) ([]Document, error) {
	// What is said here has no ID that anybody sees, so its randomness need not be any.
	t := b.turn(storage.NewOverlay(tx), Moment{Now: now, Rand: rand.New(rand.NewPCG(1, 1))})
	t.unhurried = true
	if err := t.enter(group); err != nil {
		return nil, err
	}
	everyone, err := t.Everyone()
	if err != nil {
		return nil, err
	}
	var people []Phrase
	for _, p := range everyone {
		people = append(people, Words("document.person", "person", p))
	}
	about := Note("document.written", "at", now)
	if len(people) > 0 {
		about = about.With("document.people", "n", len(people), "people", people)
	}
	g := Gathered{Pages: []Page{{Name: "about", Title: Words("flows.plain", "text", Said{Text: t.GroupName()}), Message: about}}}
	if err := t.Signal(Signal{Name: SignalPages, Gather: &g}); err != nil {
		return nil, err
	}
	r := reader{language: t.group.Language, zone: t.group.zone(), room: true}
	var all []Document
	for _, p := range g.Pages {
		title, err := t.plain(p.Title, r)
		if err != nil {
			return nil, fmt.Errorf("page %s: %w", p.Name, err)
		}
		m, err := t.write(p.Message, r)
		if err != nil {
			return nil, fmt.Errorf("page %s: %w", p.Name, err)
		}
		if len(m.Choices) > 0 {
			return nil, fmt.Errorf("page %s: %w", p.Name, errors.New("it has choices, which nobody can take"))
		}
		all = append(all, Document{Name: p.Name, Title: title, Text: m.Text})
	}
	return all, nil
}
