package flows

import (
	"slices"
	"strings"
	"time"

	"trellis/adapters/chat"
	"trellis/storage"
)

// code is a short word that a person carries from one place to another by hand.
type code struct {
	Group  GroupID  `json:",omitempty"` // that a room joins by it
	Person PersonID `json:",omitempty"` // whom an account is linked to by it
	Until  time.Time
}

var codes = storage.NewTable[code]("codes", 1)

// CodeLife is how long a code can be used: long enough to walk to another screen.
const CodeLife = time.Hour

const codeLength = 8 // of 30 letters: 39 bits, tried by typing within an hour

func (t *Turn) newCode(c code) (string, error) {
	word := string(t.NewID())[:codeLength]
	c.Until = t.now.Add(CodeLife)
	return word, codes.Put(t.over, storage.Global, word, c)
}

// use takes a code, which then is gone.
func (t *Turn) use(word string) (code, error) {
	word = strings.ToLower(strings.TrimSpace(word))
	c, err := codes.Get(t.over, storage.Global, word)
	if ok, err := Found(err); err != nil {
		return c, err
	} else if !ok || t.now.After(c.Until) {
		return c, t.Refuse("flows.code.unknown")
	}
	return c, codes.Delete(t.over, storage.Global, word)
}

// RoomCode makes a code by which another room joins the turn's group.
func (t *Turn) RoomCode() (string, error) { return t.newCode(code{Group: t.groupID}) }

// AccountCode makes a code by which another account is linked to the turn's person.
func (t *Turn) AccountCode() (string, error) { return t.newCode(code{Person: t.person}) }

// JoinRoom makes the turn's room one of the group that a code names, with the people who are in it. A group that made
// something of its own keeps it, and cannot be joined to another.
func (t *Turn) JoinRoom(word string) error {
	c, err := t.use(word)
	if err != nil {
		return err
	}
	if c.Group == "" {
		return t.Refuse("flows.code.unknown")
	}
	if c.Group == t.groupID {
		return t.Refuse("flows.code.same")
	}
	if made, err := t.madeSomething(); err != nil {
		return err
	} else if made {
		return t.Refuse("flows.code.made")
	}
	if err := t.load(); err != nil {
		return err
	}
	came, room := t.roster, t.place
	for _, m := range came {
		if err := t.ChangeMember(m.id, func(m *Membership) { m.Left, m.Facilitator, m.Rooms = true, false, nil }); err != nil {
			return err
		}
	}
	if err := t.ChangeGroup(func(g *Group) { g.Rooms = nil }); err != nil {
		return err
	}
	if err := t.enter(c.Group); err != nil {
		return err
	}
	if err := rooms.Put(t.over, storage.Global, roomKey(room), c.Group); err != nil {
		return err
	}
	if err := t.ChangeGroup(func(g *Group) { g.Rooms = append(g.Rooms, room) }); err != nil {
		return err
	}
	for _, m := range came {
		if m.Left {
			continue
		}
		if err := t.come(m.id); err != nil {
			return err
		}
	}
	return nil
}

// madeSomething tells whether the group has numbered anything: an agreement, a commitment.
func (t *Turn) madeSomething() (bool, error) {
	made := false
	err := numbers.All(t.over, Scope(t.groupID), func(string, int) (bool, error) {
		made = true
		return false, nil
	})
	return made, err
}

// LinkAccount makes the account that the turn's event came from one more of the person that a code names. What was
// this account's own person until then is the same person from now on.
func (t *Turn) LinkAccount(word string) (PersonID, error) {
	c, err := t.use(word)
	if err != nil {
		return "", err
	}
	if c.Person == "" || c.Person == t.person {
		return "", t.Refuse("flows.code.unknown")
	}
	old, err := t.Profile(t.person)
	if err != nil {
		return "", err
	}
	from := t.person
	for _, a := range old.Accounts {
		if err := accounts.Put(t.over, storage.Global, accountKey(a.Platform, a.ID), c.Person); err != nil {
			return "", err
		}
	}
	for _, group := range old.Groups {
		if err := t.enter(group); err != nil {
			return "", err
		}
		was, err := t.Membership(from)
		if err != nil {
			return "", err
		}
		if err := t.ChangeMember(from, func(m *Membership) { m.Left, m.Facilitator, m.Rooms = true, false, nil }); err != nil {
			return "", err
		}
		if err := t.ChangeMember(c.Person, func(m *Membership) {
			m.Left, m.Facilitator = false, m.Facilitator || was.Facilitator
			for _, room := range was.Rooms {
				if !slices.Contains(m.Rooms, room) {
					m.Rooms = append(m.Rooms, room)
				}
			}
		}); err != nil {
			return "", err
		}
		if err := t.Signal(Signal{Name: SignalLinked, Person: c.Person, Value: string(from)}); err != nil {
			return "", err
		}
	}
	if err := t.ChangePerson(c.Person, func(p *Person) { p.Accounts = append(p.Accounts, old.Accounts...) }); err != nil {
		return "", err
	}
	if err := t.ChangePerson(from, func(p *Person) { p.Accounts, p.Name, p.Groups = nil, "", nil }); err != nil {
		return "", err
	}
	t.person = c.Person
	return c.Person, nil
}

// UnlinkAccount makes the account that the turn's event came from a person of its own again. What that person did and
// promised stays with the other accounts.
func (t *Turn) UnlinkAccount() error {
	p, err := t.Profile(t.person)
	if err != nil {
		return err
	}
	if len(p.Accounts) < 2 {
		return t.Refuse("flows.code.notlinked")
	}
	here := func(a Account) bool { return a.Platform == t.place.Platform && a.ID == t.event.By.Account }
	if err := t.ChangePerson(t.person, func(p *Person) {
		p.Accounts, p.Last = slices.DeleteFunc(slices.Clone(p.Accounts), here), 0
	}); err != nil {
		return err
	}
	if err := accounts.Delete(t.over, storage.Global, accountKey(t.place.Platform, t.event.By.Account)); err != nil {
		return err
	}
	groups, was := p.Groups, t.person
	id, err := t.meet(t.place.Platform, chat.Profile{Account: t.event.By.Account, Name: p.Name}, true)
	if err != nil {
		return err
	}
	for _, group := range groups {
		if err := t.enter(group); err != nil {
			return err
		}
		m, err := t.Membership(was)
		if err != nil {
			return err
		}
		var mine []chat.Place
		for _, room := range m.Rooms {
			if room.Platform == t.place.Platform {
				mine = append(mine, room)
			}
		}
		if len(mine) == 0 {
			continue
		}
		if err := t.ChangeMember(id, func(m *Membership) { m.Left, m.Rooms = false, mine }); err != nil {
			return err
		}
	}
	t.person = id
	return nil
}
