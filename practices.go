package main

import (
	"fmt"

	"trellis/adapters/chat"
	"trellis/adapters/matrix"
	"trellis/flows"
	"trellis/flows/agreement"
	"trellis/flows/checkin"
	"trellis/flows/commitment"
	"trellis/flows/digest"
	"trellis/flows/group"
	"trellis/flows/home"
	"trellis/flows/principle"
	"trellis/flows/privacy"
	"trellis/flows/reminder"
	"trellis/flows/session"
	"trellis/flows/words"
)

// practices are the flows that Trellis has, in their order: a later one may read an earlier one's records. A new
// practice is one line here.
func practices() []flows.Flow {
	return []flows.Flow{
		group.Flow,
		session.Flow,
		checkin.Flow,
		principle.Flow,
		agreement.Flow,
		commitment.Flow,
		reminder.Flow,
		digest.Flow,
		home.Flow,
		privacy.Flow,
	}
}

// newBook puts the practices together for groups that begin in a zone (IANA) and a language.
func newBook(zone, language string) (*flows.Book, error) {
	catalogues, err := loadWords()
	if err != nil {
		return nil, err
	}
	return flows.New(flows.Options{
		Flows: practices(), Words: catalogues, Zone: zone, Language: language, Overt: []chat.Platform{matrix.Name},
	})
}

func loadWords() (*words.Catalogues, error) {
	catalogues, err := words.Load()
	if err != nil {
		return nil, fmt.Errorf("read the catalogues: %w", err)
	}
	return catalogues, nil
}
