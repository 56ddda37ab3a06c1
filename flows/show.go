package flows

import (
	"errors"
	"fmt"
	"math/rand/v2"
	"time"

	"trellis/adapters/chat"
	"trellis/storage"
)

// Show returns what a command that only answers would tell an account, and changes nothing: for a platform that has a
// page on which it stands. place is the room, or the account alone for what is theirs in every group.
func (b *Book) Show(tx storage.Tx, place chat.Place, account chat.AccountID, line string, now time.Time) (chat.Message, error) {
	row, _, ok := b.parse(line)
	if !ok || !row.spec.Answers {
		return chat.Message{}, fmt.Errorf("show %q: it is no command that only answers", line)
	}
	over := storage.NewOverlay(tx)
	// What is said here has no ID that anybody sees, so its randomness need not be any.
	t := b.turn(over, Moment{Now: now, Rand: rand.New(rand.NewPCG(1, 1))})
	e := chat.Event{
		ID: "show", Room: place.Room, Direct: place.Room == "", By: chat.Profile{Account: account}, What: chat.Command{Text: line},
	}
	err := t.begin(place.Platform, e)
	if err == nil {
		err = t.dispatch()
	}
	if refusal := t.refusal(err); refusal != nil {
		err = t.refuse(refusal)
	}
	if err == nil && len(t.effects.Sends) == 0 {
		err = errors.New("it says nothing")
	}
	if err != nil {
		return chat.Message{}, fmt.Errorf("show %q: %w", line, err)
	}
	send := t.effects.Sends[0]
	s, err := GetStanding(over, send.Group, send.Posted)
	if err != nil {
		return chat.Message{}, err
	}
	return s.Places[send.Place].Content, nil
}
