package flows

import (
	"slices"

	"trellis/adapters/chat"
)

// shows tells whether everyone in a room of a platform sees who takes a choice there.
func (b *Book) shows(p chat.Platform) bool { return slices.Contains(b.overt, p) }

// Apart tells whether a person has no room of the group in which they could take a discreet choice unseen.
func (t *Turn) Apart(id PersonID) (bool, error) {
	if len(t.book.overt) == 0 {
		return false, nil
	}
	m, _, err := t.membership(id)
	places := m.Rooms
	if len(places) == 0 {
		places = t.group.Rooms
	}
	return !slices.ContainsFunc(places, func(p chat.Place) bool { return !t.book.shows(p.Platform) }), err
}
