package matrix

import (
	"bytes"
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"strings"

	"maunium.net/go/mautrix/id"

	"trellis/adapters/chat"
)

// kept are the adapter's small records, which are committed with the batch that changes them.
type kept struct {
	rooms   map[id.RoomID]room
	invites map[id.RoomID]invite
	forms   map[id.UserID]openForm
	parked  map[id.EventID]parked
}

// room is one that Trellis is in.
type room struct {
	Name   string     `json:",omitempty"`
	Direct id.UserID  `json:",omitempty"` // whose direct room it is; empty: a room of several
	Last   id.EventID `json:",omitempty"` // the last event that was handled
}

// invite is a room that Trellis is to join.
type invite struct {
	By     id.UserID `json:",omitempty"` // empty: nobody has invited yet, the room goes on from another
	Direct bool      `json:",omitempty"`
	Via    []string  `json:",omitempty"`
	From   id.RoomID `json:",omitempty"` // the room that goes on as this one
}

const (
	roomRecord   = "room/"
	inviteRecord = "invite/"
	formRecord   = "form/"
	parkedRecord = "parked/"
)

func newKept(records map[string][]byte) (kept, error) {
	k := kept{map[id.RoomID]room{}, map[id.RoomID]invite{}, map[id.UserID]openForm{}, map[id.EventID]parked{}}
	for name, data := range records {
		var err error
		switch kind, of, _ := strings.Cut(name, "/"); kind + "/" {
		case roomRecord:
			err = readInto(k.rooms, id.RoomID(of), data)
		case inviteRecord:
			err = readInto(k.invites, id.RoomID(of), data)
		case formRecord:
			err = readInto(k.forms, id.UserID(of), data)
		case parkedRecord:
			err = readInto(k.parked, id.EventID(of), data)
		}
		if err != nil {
			return k, fmt.Errorf("read what was kept of Matrix: %w", err)
		}
	}
	return k, nil
}

func readInto[K comparable, V any](all map[K]V, key K, data []byte) error {
	var v V
	if err := json.Unmarshal(data, &v); err != nil {
		return err
	}
	all[key] = v
	return nil
}

func (k kept) clone() kept {
	return kept{maps.Clone(k.rooms), maps.Clone(k.invites), maps.Clone(k.forms), maps.Clone(k.parked)}
}

// changes are the records that make of another kept this one.
func (k kept) changes(from kept) []chat.Record {
	all := slices.Concat(
		changed(roomRecord, from.rooms, k.rooms), changed(inviteRecord, from.invites, k.invites),
		changed(formRecord, from.forms, k.forms), changed(parkedRecord, from.parked, k.parked),
	)
	slices.SortFunc(all, func(a, b chat.Record) int { return strings.Compare(a.Name, b.Name) })
	return all
}

func changed[K ~string, V any](prefix string, from, to map[K]V) (all []chat.Record) {
	for key := range from {
		if _, there := to[key]; !there {
			all = append(all, chat.Record{Name: prefix + string(key)})
		}
	}
	for key, v := range to {
		data := mustJSON(v)
		if old, there := from[key]; !there || !bytes.Equal(mustJSON(old), data) {
			all = append(all, chat.Record{Name: prefix + string(key), Value: data})
		}
	}
	return all
}
