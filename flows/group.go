package flows

import (
	"cmp"
	"fmt"
	"slices"
	"strings"
	"time"

	"trellis/adapters/chat"
	"trellis/flows/calendar"
	"trellis/storage"
)

// Group is the people co-producing something.
type Group struct {
	Name     string
	Zone     string
	Language string
	Quiet    calendar.Quiet
	Days     calendar.Days
	Rooms    []chat.Place
	// Words are the group's own words for ours, by catalogue key.
	Words map[string]string `json:",omitempty"`
	Code  string            `json:",omitempty"` // by which another room joins; empty: none was asked for
	// CodeUntil is when Code ends.
	CodeUntil time.Time `json:",omitzero"`
	// Named says that a facilitator gave the name; a room's new name does not replace it.
	Named bool `json:",omitempty"`
	// From HushedFrom until Hushed, Trellis says nothing in the rooms by itself.
	HushedFrom time.Time `json:",omitzero"`
	Hushed     time.Time `json:",omitzero"`
}

func (g Group) zone() *time.Location {
	zone, err := calendar.LoadZone(g.Zone)
	if err != nil {
		return time.UTC
	}
	return zone
}

// Membership is a person's place in a group.
type Membership struct {
	Since       time.Time
	Facilitator bool `json:",omitempty"`
	// Observer sees and is seen, and is not asked.
	Observer bool `json:",omitempty"`
	// Left keeps the name of who was here, until they are forgotten.
	Left bool `json:",omitempty"`
	// Away is the first day on which they are back; zero: here.
	Away calendar.Date `json:",omitzero"`
	// Rooms says in which of the group's rooms the person is.
	Rooms []chat.Place `json:",omitempty"`
}

// Group is the turn's group.
func (t *Turn) Group() GroupID { return t.groupID }

// About is the record of the turn's group.
func (t *Turn) About() Group { return t.group }

// enter sets the turn's group.
func (t *Turn) enter(id GroupID) error {
	g, err := groupTable.Get(t.over, Scope(id), groupKey)
	if err != nil {
		return fmt.Errorf("read group %s: %w", id, err)
	}
	t.groupID, t.group, t.roster = id, g, nil
	return nil
}

// ChangeGroup changes the turn's group.
func (t *Turn) ChangeGroup(change func(*Group)) error {
	g := t.group
	g.Rooms = slices.Clone(g.Rooms)
	change(&g)
	if err := groupTable.Put(t.over, Scope(t.groupID), groupKey, g); err != nil {
		return fmt.Errorf("store group %s: %w", t.groupID, err)
	}
	t.group = g
	return nil
}

// found makes a group for a room that has none, and enters it.
func (t *Turn) found(room chat.Place, name string) error {
	id := GroupID(t.NewID())
	t.groupID, t.roster = id, nil
	t.group = Group{
		Zone: t.book.zone, Language: t.book.language,
		Quiet: t.book.quiet, Days: t.book.days,
	}
	if err := rooms.Put(t.over, storage.Global, roomKey(room), id); err != nil {
		return err
	}
	return t.ChangeGroup(func(g *Group) { g.Name, g.Rooms = cleanName(name), []chat.Place{room} })
}

// member is one line of the roster.
type member struct {
	id PersonID
	Membership
}

// load reads the roster once a turn, in the order in which people came.
func (t *Turn) load() error {
	if t.roster != nil {
		return nil
	}
	t.roster = []member{}
	err := memberTable.All(t.over, Scope(t.groupID), func(id string, m Membership) (bool, error) {
		t.roster = append(t.roster, member{PersonID(id), m})
		return true, nil
	})
	slices.SortStableFunc(t.roster, func(a, b member) int {
		if came := a.Since.Compare(b.Since); came != 0 {
			return came // the usual case, which needs no names
		}
		return cmp.Or(strings.Compare(t.Name(a.id), t.Name(b.id)), strings.Compare(string(a.id), string(b.id)))
	})
	if err != nil {
		return fmt.Errorf("read members of %s: %w", t.groupID, err)
	}
	return nil
}

// facilitated tells whether anybody facilitates, and looks no further than the first who does: every command asks.
func (t *Turn) facilitated() (found bool, err error) {
	err = memberTable.All(t.over, Scope(t.groupID), func(_ string, m Membership) (bool, error) {
		found = m.Facilitator && !m.Left
		return !found, nil
	})
	if err != nil {
		return false, fmt.Errorf("read members of %s: %w", t.groupID, err)
	}
	return found, nil
}

// membership returns a person's place in the turn's group; false when they never had one.
func (t *Turn) membership(id PersonID) (Membership, bool, error) {
	m, err := memberTable.Get(t.over, Scope(t.groupID), string(id))
	ok, err := Found(err)
	return m, ok, err
}

// ChangeMember changes a person's place in the turn's group, and makes one where there is none.
func (t *Turn) ChangeMember(id PersonID, change func(*Membership)) error {
	m, ok, err := t.membership(id)
	if err != nil {
		return err
	}
	if !ok {
		m.Since = t.now
	}
	m.Rooms = slices.Clone(m.Rooms)
	change(&m)
	if err := memberTable.Put(t.over, Scope(t.groupID), string(id), m); err != nil {
		return fmt.Errorf("store member %s: %w", id, err)
	}
	t.roster = nil
	p, err := t.Profile(id)
	if err != nil {
		return err
	}
	if in := slices.Contains(p.Groups, t.groupID); in == m.Left {
		return t.ChangePerson(id, func(p *Person) {
			p.Groups = slices.DeleteFunc(slices.Clone(p.Groups), func(g GroupID) bool { return g == t.groupID })
			if !m.Left {
				p.Groups = append(p.Groups, t.groupID)
			}
		})
	}
	return nil
}

// Members are those who are asked: members of the group without observers and those who are away or wish to be left
// alone, in the order in which they came.
func (t *Turn) Members() ([]PersonID, error) {
	return t.people(func(m member) bool {
		p, err := t.Profile(m.id)
		return !m.Left && !m.Observer && m.Away.IsZero() && err == nil && !p.Silent
	})
}

// Everyone is all who belong to the group now.
func (t *Turn) Everyone() ([]PersonID, error) {
	return t.people(func(m member) bool { return !m.Left })
}

// Facilitators are those who hold that role now.
func (t *Turn) Facilitators() ([]PersonID, error) {
	return t.people(func(m member) bool { return !m.Left && m.Facilitator })
}

func (t *Turn) people(want func(member) bool) ([]PersonID, error) {
	if err := t.load(); err != nil {
		return nil, err
	}
	var ids []PersonID
	for _, m := range t.roster {
		if want(m) {
			ids = append(ids, m.id)
		}
	}
	return ids, nil
}

// Holds tells whether a person has a role in the turn's group now.
func (t *Turn) Holds(id PersonID, role Role) (bool, error) {
	if role == Anyone {
		return true, nil
	}
	m, ok, err := t.membership(id)
	if err != nil || !ok || m.Left {
		return false, err
	}
	return role == Member || m.Facilitator, nil
}

// Here tells whether a person belongs to the group and is not away.
func (t *Turn) Here(id PersonID) (bool, error) {
	m, ok, err := t.membership(id)
	return ok && !m.Left && m.Away.IsZero(), err
}

// Membership is a person's place in the turn's group; the zero one when they have none.
func (t *Turn) Membership(id PersonID) (Membership, error) {
	m, _, err := t.membership(id)
	return m, err
}

// FindPerson reads "@ben", "ben" or a mention as a member of the turn's group. It refuses with what would be
// accepted when nobody, or more than one, is meant.
func (t *Turn) FindPerson(text string) (PersonID, error) {
	if account, ok := chat.Mentioned(text); ok {
		id, err := t.personOf(t.place.Platform, account)
		if err != nil {
			return "", err
		}
		if in, err := t.Holds(id, Member); err != nil || in {
			return id, err
		}
		return "", t.Refuse("flows.notmember", "name", Said{Text: string(account)})
	}
	wanted := strings.ToLower(cleanName(strings.TrimPrefix(strings.TrimSpace(text), "@")))
	if wanted == "" {
		return "", t.Refuse("flows.whom")
	}
	everyone, err := t.Everyone()
	if err != nil {
		return "", err
	}
	var whole, part []PersonID
	for _, id := range everyone {
		name := strings.ToLower(t.Name(id))
		switch {
		case name == wanted:
			whole = append(whole, id)
		case slices.Contains(strings.Fields(name), wanted):
			part = append(part, id)
		}
	}
	if len(whole) == 0 {
		whole = part
	}
	switch len(whole) {
	case 1:
		return whole[0], nil
	case 0:
		return "", t.Refuse("flows.notmember", "name", Said{Text: wanted})
	}
	return "", t.Refuse("flows.whichperson", "name", Said{Text: wanted})
}
