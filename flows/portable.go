package flows

import (
	"encoding/json"
	"errors"
	"fmt"
	"slices"

	"trellis/storage"
)

// A group's records stand in its own scope, but for these, without which it would be nobody's: its rooms, its people
// with their accounts, and what waits for them.

// Groups shows every group.
func Groups(tx storage.Tx, visit func(id GroupID, g Group) (more bool, err error)) error {
	return storage.Scopes(tx, "g", func(in storage.Scope, owner string) (bool, error) {
		g, err := groupTable.Get(tx, in, groupKey)
		if ok, err := Found(err); !ok {
			return true, err
		}
		return visit(GroupID(owner), g)
	})
}

// Around shows the records that a group has outside its scope, without what they say of other groups.
func Around(tx storage.Tx, group GroupID, visit func(r storage.Record) error) error {
	g, err := groupTable.Get(tx, Scope(group), groupKey)
	if err != nil {
		return fmt.Errorf("read group %s: %w", group, err)
	}
	for _, room := range g.Rooms {
		if err := show(rooms, roomKey(room), group, visit); err != nil {
			return err
		}
	}
	return memberTable.All(tx, Scope(group), func(id string, _ Membership) (bool, error) {
		p, err := persons.Get(tx, storage.Global, id)
		if err != nil {
			return false, fmt.Errorf("read person %s: %w", id, err)
		}
		p.Groups = slices.DeleteFunc(slices.Clone(p.Groups), func(g GroupID) bool { return g != group })
		if p.Speaking != group {
			p.Speaking = ""
		}
		if err := show(persons, id, p, visit); err != nil {
			return false, err
		}
		for _, a := range p.Accounts {
			if err := show(accounts, accountKey(a.Platform, a.ID), PersonID(id), visit); err != nil {
				return false, err
			}
		}
		w, err := waitings.Get(tx, storage.Global, id)
		if ok, err := Found(err); !ok {
			return true, err
		}
		w = waiting{Questions: slices.DeleteFunc(slices.Clone(w.Questions), func(q Question) bool { return q.Group != group })}
		if len(w.Questions) == 0 {
			return true, nil
		}
		return true, show(waitings, id, w, visit)
	})
}

// show hands out one record of a table that has no index.
func show[V any](table *storage.Table[V], key string, v V, visit func(storage.Record) error) error {
	text, err := json.Marshal(v)
	if err != nil {
		return fmt.Errorf("show %s %q: %w", table.Name(), key, err)
	}
	return visit(storage.Record{Table: table.Name(), Key: []byte(key), Version: 1, Value: text})
}

// ErrTaken says that a group cannot be put into a store: something there stands in its way.
var ErrTaken = errors.New("there is something else in its place")

// PutAround writes what Around showed into a store that may know the group's people from other groups: these keep what
// they have there, and belong to the group as well. It refuses a room that is another group's and an account that is
// another person's, and says false for a record that is not of this kind.
func PutAround(tx storage.Tx, group GroupID, r storage.Record) (ours bool, err error) {
	key := string(r.Key)
	if r.Version != 1 {
		return false, fmt.Errorf("%s %q is of format %d: %w", r.Table, key, r.Version, storage.ErrNewer)
	}
	switch r.Table {
	case rooms.Name():
		return true, claim(tx, rooms, key, group, r.Value)
	case accounts.Name():
		var who PersonID
		if err := json.Unmarshal(r.Value, &who); err != nil {
			return true, fmt.Errorf("read account %q: %w", key, err)
		}
		return true, claim(tx, accounts, key, who, r.Value)
	case persons.Name():
		return true, join(tx, persons, key, r.Value, func(here *Person, comes Person) {
			if !slices.Contains(here.Groups, group) && slices.Contains(comes.Groups, group) {
				here.Groups = append(here.Groups, group)
			}
		})
	case waitings.Name():
		return true, join(tx, waitings, key, r.Value, func(here *waiting, comes waiting) {
			here.Questions = append(here.Questions, comes.Questions...)
		})
	}
	return false, nil
}

// claim puts a record that must not be there with another value.
func claim[V comparable](tx storage.Tx, table *storage.Table[V], key string, want V, value json.RawMessage) error {
	var v V
	if err := json.Unmarshal(value, &v); err != nil || v != want {
		return fmt.Errorf("%s %q is not the group's: %w", table.Name(), key, errors.Join(ErrTaken, err))
	}
	here, err := table.Get(tx, storage.Global, key)
	if ok, err := Found(err); err != nil {
		return err
	} else if ok && here != v {
		return fmt.Errorf("%s %q: %w", table.Name(), key, ErrTaken)
	}
	return table.Put(tx, storage.Global, key, v)
}

// join puts a record, or what it says of the group into the one that is there.
func join[V any](tx storage.Tx, table *storage.Table[V], key string, value json.RawMessage, add func(here *V, comes V)) error {
	var v V
	if err := json.Unmarshal(value, &v); err != nil {
		return fmt.Errorf("read %s %q: %w", table.Name(), key, err)
	}
	here, err := table.Get(tx, storage.Global, key)
	if ok, err := Found(err); err != nil {
		return err
	} else if ok {
		add(&here, v)
		v = here
	}
	return table.Put(tx, storage.Global, key, v)
}
