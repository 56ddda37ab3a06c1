package principle

import (
	"embed"
	"fmt"
	"io/fs"
	"path"
	"slices"
	"strings"
	"sync"

	"github.com/goccy/go-yaml"
)

//go:embed decks/*.yaml
var files embed.FS

// Deck is a set of cards from one source.
type Deck struct {
	ID     string `yaml:"-"`
	Title  string `yaml:"title"`
	Source string `yaml:"source"` // as it is shown: authors, year, title, where
	Note   string `yaml:"note"`   // what of it is ours
	Cards  []Card `yaml:"cards"`
}

// Card is one principle. Its name is the source's; meaning and question are Trellis's own words.
type Card struct {
	ID       string   `yaml:"id"`
	Name     string   `yaml:"name"`
	Meaning  string   `yaml:"meaning"`
	Question string   `yaml:"question"`
	Fits     []string `yaml:"fits"` // phases of a session at whose start it may come by itself
}

// usualDeck is the one that a group has until it chooses.
const usualDeck = "honest"

// decks are all decks in the order of their IDs. They are built in; one that cannot be read is our own mistake.
var decks = sync.OnceValue(func() []Deck {
	all, err := loadDecks(files)
	if err != nil {
		panic(err)
	}
	return all
})

func loadDecks(from fs.FS) ([]Deck, error) {
	names, err := fs.Glob(from, "decks/*.yaml")
	if err != nil {
		return nil, fmt.Errorf("list decks: %w", err)
	}
	var all []Deck
	for _, name := range names {
		data, err := fs.ReadFile(from, name)
		if err != nil {
			return nil, fmt.Errorf("read deck %s: %w", name, err)
		}
		d := Deck{ID: strings.TrimSuffix(path.Base(name), ".yaml")}
		if err := yaml.UnmarshalWithOptions(data, &d, yaml.Strict()); err != nil {
			return nil, fmt.Errorf("read deck %s: %w", name, err)
		}
		if d.Title == "" || d.Source == "" || len(d.Cards) == 0 {
			return nil, fmt.Errorf("read deck %s: it needs a title, a source and cards", name)
		}
		for i, c := range d.Cards {
			twice := slices.ContainsFunc(d.Cards[:i], func(o Card) bool { return o.ID == c.ID })
			if c.ID == "" || c.Name == "" || c.Question == "" || twice {
				return nil, fmt.Errorf("read deck %s: card %q needs an ID of its own, a name and a question", name, c.ID)
			}
		}
		all = append(all, d)
	}
	return all, nil
}

// findDeck finds a deck by its ID or title.
func findDeck(text string) (Deck, bool) {
	for _, d := range decks() {
		if strings.EqualFold(text, d.ID) || strings.EqualFold(text, d.Title) {
			return d, true
		}
	}
	return Deck{}, false
}

// findCard finds a card by its name or ID: in the deck at hand first, then in all.
func findCard(text, deck string) (Deck, Card, bool) {
	order := slices.Clone(decks())
	slices.SortStableFunc(order, func(a, b Deck) int {
		switch {
		case a.ID == deck && b.ID != deck:
			return -1
		case b.ID == deck && a.ID != deck:
			return 1
		}
		return 0
	})
	text = strings.ToLower(strings.Trim(text, " .?"))
	for _, d := range order {
		for _, c := range d.Cards {
			if text == strings.ToLower(c.Name) || text == c.ID || slices.Contains(strings.Split(strings.ToLower(c.Name), " / "), text) {
				return d, c, true
			}
		}
	}
	return Deck{}, Card{}, false
}

func (d Deck) card(id string) (Card, bool) {
	i := slices.IndexFunc(d.Cards, func(c Card) bool { return c.ID == id })
	if i < 0 {
		return Card{}, false
	}
	return d.Cards[i], true
}
