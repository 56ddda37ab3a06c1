package flows

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"trellis/adapters/chat"
	"trellis/flows/calendar"
	"trellis/storage"
)

// Person is a member under an ID of our own, with what is theirs in every group.
type Person struct {
	Name     string
	Accounts []Account
	// Last is the account that they last wrote with, or chose: there they are asked.
	Last     int
	Zone     string `json:",omitempty"` // IANA; empty: the group's
	Language string `json:",omitempty"` // BCP 47; empty: the group's
	// Own says which of these the person set; what the platform tells does not replace it.
	OwnZone, OwnLanguage bool            `json:",omitempty"`
	Quiet                *calendar.Quiet `json:",omitempty"`
	Days                 *calendar.Days  `json:",omitempty"`
	Hour                 *calendar.Clock `json:",omitempty"`
	Groups               []GroupID       `json:",omitempty"`
	Speaking             GroupID         `json:",omitempty"` // the group that their direct messages are about, until SpeakingUntil
	SpeakingUntil        time.Time       `json:",omitzero"`
	// Silent is a person who was forgotten: nothing is begun with them until they speak to Trellis.
	Silent bool `json:",omitempty"`
}

// Account is where a person can be reached.
type Account struct {
	Platform chat.Platform
	ID       chat.AccountID
	Gone     bool `json:",omitempty"`
}

// UsualHour is when Trellis begins something with a person who set no hour of their own.
const UsualHour = 9 * 60

// speakingFor is how long direct messages stay with the group that a person named.
const speakingFor = time.Hour

func accountKey(p chat.Platform, a chat.AccountID) string { return string(p) + "\x00" + string(a) }

// personOf returns who holds the account; empty when nobody does yet.
func (t *Turn) personOf(p chat.Platform, a chat.AccountID) (PersonID, error) {
	id, err := accounts.Get(t.over, storage.Global, accountKey(p, a))
	if ok, err := Found(err); !ok {
		return "", err
	}
	return id, nil
}

// meet returns the person behind a profile, made or brought up to date.
func (t *Turn) meet(platform chat.Platform, by chat.Profile, speaks bool) (PersonID, error) {
	if by.Account == "" {
		return "", nil
	}
	id, err := t.personOf(platform, by.Account)
	if err != nil {
		return "", err
	}
	if id == "" {
		id = PersonID(t.NewID())
		if err := accounts.Put(t.over, storage.Global, accountKey(platform, by.Account), id); err != nil {
			return "", err
		}
		p := Person{Accounts: []Account{{Platform: platform, ID: by.Account}}}
		p.learn(by)
		return id, t.putPerson(id, p)
	}
	p, err := t.Profile(id)
	if err != nil {
		return "", err
	}
	before := p
	p.Accounts = slices.Clone(p.Accounts)
	at := slices.IndexFunc(p.Accounts, func(a Account) bool { return a.Platform == platform && a.ID == by.Account })
	if at < 0 {
		return "", fmt.Errorf("person %s lacks an account of theirs", id)
	}
	p.Accounts[at].Gone = by.Gone
	if speaks {
		p.Last, p.Silent = at, false
	}
	if !p.Silent {
		p.learn(by)
	}
	if samePerson(before, p) {
		return id, nil
	}
	return id, t.putPerson(id, p)
}

func samePerson(a, b Person) bool {
	return a.Name == b.Name && a.Zone == b.Zone && a.Language == b.Language && a.Last == b.Last && a.Silent == b.Silent &&
		slices.Equal(a.Accounts, b.Accounts)
}

// learn takes over what a platform tells; what the person set stays.
func (p *Person) learn(by chat.Profile) {
	if name := cleanName(by.Name); name != "" {
		p.Name = name
	}
	if by.Zone != "" && !p.OwnZone {
		if _, err := calendar.LoadZone(by.Zone); err == nil {
			p.Zone = by.Zone
		}
	}
	if by.Language != "" && !p.OwnLanguage {
		p.Language = by.Language
	}
}

// maxName is in runes; longer names push everything else off a phone's screen.
const maxName = 60

// cleanName makes a name one short line without the marks that turn text around or hide in it.
func cleanName(name string) string {
	var b strings.Builder
	n := 0
	for _, r := range strings.ToValidUTF8(name, "") {
		if n == maxName {
			break
		}
		if hidden(r) || r < ' ' {
			continue
		}
		b.WriteRune(r)
		n++
	}
	return strings.Join(strings.Fields(b.String()), " ")
}

// Profile is a person's record.
func (t *Turn) Profile(id PersonID) (Person, error) {
	if p, ok := t.known[id]; ok {
		return p, nil
	}
	p, err := persons.Get(t.over, storage.Global, string(id))
	if err != nil {
		return p, fmt.Errorf("read person %s: %w", id, err)
	}
	if t.known == nil {
		t.known = map[PersonID]Person{}
	}
	t.known[id] = p
	return p, nil
}

// putPerson stores a person.
func (t *Turn) putPerson(id PersonID, p Person) error {
	delete(t.known, id)
	if err := persons.Put(t.over, storage.Global, string(id), p); err != nil {
		return fmt.Errorf("store person %s: %w", id, err)
	}
	return nil
}

// ChangePerson changes what is a person's own.
func (t *Turn) ChangePerson(id PersonID, change func(*Person)) error {
	p, err := t.Profile(id)
	if err != nil {
		return err
	}
	change(&p)
	return t.putPerson(id, p)
}

// account is where a person is asked: where they last wrote, or else where they can be reached at all.
func (p Person) account() (Account, bool) {
	if p.Last < len(p.Accounts) && !p.Accounts[p.Last].Gone {
		return p.Accounts[p.Last], true
	}
	for _, a := range p.Accounts {
		if !a.Gone {
			return a, true
		}
	}
	return Account{}, false
}

// accountOn returns the person's account on a platform; empty when there is none.
func (t *Turn) accountOn(id PersonID, platform chat.Platform) (chat.AccountID, error) {
	p, err := t.Profile(id)
	if ok, err := Found(err); !ok {
		return "", err
	}
	for _, a := range p.Accounts {
		if a.Platform == platform && !a.Gone {
			return a.ID, nil
		}
	}
	return "", nil
}

// nameFor is a person's name as it may be shown; of who left or was forgotten, "a member who left".
func (t *Turn) nameFor(id PersonID, language string) string {
	p, err := t.Profile(id)
	if err != nil || p.Name == "" {
		return t.word(language, "flows.someone")
	}
	return p.Name
}

// Name is a person's name, in the group's language where there is none.
func (t *Turn) Name(id PersonID) string {
	return t.nameFor(id, t.group.Language)
}

func (t *Turn) zoneOf(id PersonID) *time.Location {
	if p, err := t.Profile(id); err == nil && id != "" && p.Zone != "" {
		if zone, err := calendar.LoadZone(p.Zone); err == nil {
			return zone
		}
	}
	return t.group.zone()
}

// Zone is where the person's clock stands: their own zone, or the group's.
func (t *Turn) Zone(id PersonID) *time.Location { return t.zoneOf(id) }

// languageOf is the language that a person reads: their own where there is a catalogue for it, or the group's.
func (t *Turn) languageOf(id PersonID) string {
	if p, err := t.Profile(id); err == nil && id != "" {
		if code, ok := t.book.words.Match(p.Language); ok {
			return code
		}
	}
	return t.group.Language
}

// Quiet is when a person is left alone.
func (t *Turn) Quiet(id PersonID) calendar.Quiet {
	if p, err := t.Profile(id); err == nil && p.Quiet != nil {
		return *p.Quiet
	}
	return t.group.Quiet
}

// WorkingDays are the days on which a person is reminded.
func (t *Turn) WorkingDays(id PersonID) calendar.Days {
	if p, err := t.Profile(id); err == nil && p.Days != nil {
		return *p.Days
	}
	return t.group.Days
}

// Hour is the time of day at which Trellis begins something with a person.
func (t *Turn) Hour(id PersonID) calendar.Clock {
	if p, err := t.Profile(id); err == nil && p.Hour != nil {
		return *p.Hour
	}
	return UsualHour
}

// Free is the earliest time, from now on, at which Trellis may begin something with a person in private: now, or
// when their quiet ends.
func (t *Turn) Free(id PersonID) time.Time {
	end, quiet := t.Quiet(id).End(t.now, t.zoneOf(id))
	if !quiet {
		return t.now
	}
	return end
}
