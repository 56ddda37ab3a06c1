package flows

import (
	"fmt"
	"time"

	"trellis/adapters/chat"
	"trellis/storage"
)

// Standing is something that Trellis said: where it stands, and what is to stand there now. It lets what was said be
// updated, and a person's name and words be taken out of it.
type Standing struct {
	Group  GroupID
	At     time.Time
	Thread Posted `json:",omitempty"`
	Places []StandingPlace
}

// StandingPlace is one of the places.
type StandingPlace struct {
	To      chat.Place
	Message chat.MessageID `json:",omitempty"` // set once it stands there
	Room    chat.RoomID    `json:",omitempty"` // of Message, where To names an account
	Refused bool           `json:",omitempty"` // it will never stand there
	Content chat.Message
}

// GetStanding reads one.
func GetStanding(tx storage.Tx, group GroupID, ref Posted) (Standing, error) {
	s, err := standings.Get(tx, Scope(group), string(ref))
	if err != nil {
		return s, fmt.Errorf("read standing message %s: %w", ref, err)
	}
	return s, nil
}

// PutStanding stores one.
func PutStanding(tx storage.Tx, ref Posted, s Standing) error {
	if err := standings.Put(tx, Scope(s.Group), string(ref), s); err != nil {
		return fmt.Errorf("store standing message %s: %w", ref, err)
	}
	return nil
}

// addStanding stores a new one.
func addStanding(tx storage.Tx, ref Posted, s Standing) error {
	if err := standings.Add(tx, Scope(s.Group), string(ref), s); err != nil {
		return fmt.Errorf("store standing message %s: %w", ref, err)
	}
	return nil
}

// DeleteStanding removes one that can never be updated.
func DeleteStanding(tx storage.Tx, group GroupID, ref Posted) error {
	return standings.Delete(tx, Scope(group), string(ref))
}

// PruneStandings forgets where a group's messages from before then stand: they are updated no more. It returns how
// many it looked at.
func PruneStandings(tx storage.Tx, group GroupID, before time.Time) (looked int, err error) {
	var old []string
	err = standings.All(tx, Scope(group), func(ref string, s Standing) (bool, error) {
		if looked++; s.At.Before(before) {
			old = append(old, ref)
		}
		return true, nil
	})
	if err != nil {
		return looked, fmt.Errorf("look for old messages of %s: %w", group, err)
	}
	for _, ref := range old {
		if err := DeleteStanding(tx, group, Posted(ref)); err != nil {
			return looked, err
		}
	}
	return looked, nil
}
