package rehearse

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"trellis/adapters/chat"
	"trellis/flows/calendar"
)

// reader knows what the lines so far have said, so that a wrong one is found before anything is played.
type reader struct {
	script   Script
	mistakes Mistakes
	line     int
	zoned    bool
	now      time.Time // zero before the first `at`
	people   map[string]bool
	rooms    map[chat.RoomID][]chat.AccountID
}

func newReader(file string) *reader {
	return &reader{
		script: Script{File: file, Zone: time.UTC},
		people: map[string]bool{}, rooms: map[chat.RoomID][]chat.AccountID{},
	}
}

// The words that begin a line, and so are no names.
const steps = "zone, at, people, room, wait, restart, crash, redeliver, expect, refute, or what somebody does: NAME> …, NAME #ROOM> …, " +
	"NAME presses, fills, reacts, edits, deletes, joins, leaves"

// trellis is the name that nobody else may have.
const trellis = "trellis"

var keywords = []string{"zone", "at", "people", "room", "wait", "restart", "crash", "redeliver", "expect", "refute", trellis}

func (r *reader) read(line string) (Do, error) {
	if hasTail(line) {
		return nil, errors.New("a comment has a line of its own, which begins with #; at the end of a line it would be read as part of the step")
	}
	if said, ok, err := r.said(line); ok {
		return said, err
	}
	word, rest, _ := cutWord(line)
	switch word {
	case "zone":
		return nil, r.zone(rest)
	case "at":
		return r.at(rest)
	case "people":
		return r.peopleLine(rest)
	case "room":
		return r.room(rest)
	case "wait":
		return r.wait(rest)
	case "restart":
		return r.bare(word, rest, Restart{})
	case "crash":
		if rest == "sending" {
			return r.bare(word, "", Crash{Sending: true})
		}
		return r.bare(word, rest, Crash{})
	case "redeliver":
		return r.bare(word, rest, Redeliver{})
	case "expect", "refute":
		return r.expect(word == "refute", rest)
	}
	if r.people[fold(word)] {
		return r.act(fold(word), rest)
	}
	if _, isAct := acts[firstVerb(rest)]; isAct {
		return nil, r.stranger(word)
	}
	return nil, fmt.Errorf("%q is neither a step nor somebody of this file; a line begins with %s", word, steps)
}

// begun refuses what needs a clock before there is one.
func (r *reader) begun() error {
	if r.now.IsZero() {
		return errors.New("say first when it begins, such as: at 2026-03-27 09:00")
	}
	return nil
}

// bare is a step that takes nothing.
func (r *reader) bare(word, rest string, do Do) (Do, error) {
	if rest != "" {
		if word == "crash" {
			return nil, fmt.Errorf("after `crash` there may stand `sending`, and nothing else; %s", ownLine(rest))
		}
		return nil, fmt.Errorf("nothing may follow `%s`; %s", word, ownLine(rest))
	}
	return do, r.begun()
}

// ownLine says where a comment belongs, when rest looks like one.
func ownLine(rest string) string {
	if strings.HasPrefix(rest, "#") {
		return "a comment has a line of its own, which begins with #"
	}
	return fmt.Sprintf("there stands %q", rest)
}

func (r *reader) zone(rest string) error {
	zone, err := calendar.LoadZone(rest)
	switch {
	case err != nil || rest == "":
		return fmt.Errorf("zone %q: want an IANA name, such as Europe/London", rest)
	case r.zoned:
		return errors.New("the zone stands there already; a group lives in one")
	case !r.now.IsZero():
		return errors.New("the zone has to come before the first `at`, which is read by its clocks")
	}
	r.zoned, r.script.Zone = true, zone
	return nil
}

func (r *reader) at(rest string) (Do, error) {
	wall, err := time.Parse("2006-01-02 15:04", strings.Join(strings.Fields(rest), " "))
	if err != nil {
		return nil, fmt.Errorf("at %q: want a day and a time by the group's clocks, such as: at 2026-03-27 09:00", rest)
	}
	at := calendar.At(calendar.DateOf(wall, time.UTC), calendar.Clock(wall.Hour()*60+wall.Minute()), r.script.Zone)
	if at.Before(r.now) {
		return nil, fmt.Errorf("at %s: the clock does not go back; it is %s here", rest, r.now.In(r.script.Zone).Format("2006-01-02 15:04:05"))
	}
	r.now = at
	return At{at}, nil
}

// units are those of `wait`, each shorter than the one before.
var units = []struct {
	letter byte
	long   time.Duration
}{{'w', 7 * 24 * time.Hour}, {'d', 24 * time.Hour}, {'h', time.Hour}, {'m', time.Minute}, {'s', time.Second}}

// mostWait is in each unit; it keeps a sum of five within a time.Duration.
const mostWait = 1000

func (r *reader) wait(rest string) (Do, error) {
	wrong := fmt.Errorf("wait %q: want weeks, days, hours, minutes, seconds, such as 3d2h, 90m or 30s; at most %d of each; a day is 24 hours", rest, mostWait)
	var d time.Duration
	left := rest
	for _, u := range units {
		digits := len(left) - len(strings.TrimLeft(left, "0123456789"))
		if digits == 0 || digits > 4 || digits == len(left) || left[digits] != u.letter {
			continue
		}
		n := 0
		for _, c := range left[:digits] {
			n = n*10 + int(c-'0')
		}
		if n > mostWait {
			return nil, wrong
		}
		d += time.Duration(n) * u.long
		left = left[digits+1:]
	}
	if left != "" || d == 0 {
		return nil, wrong
	}
	if err := r.begun(); err != nil {
		return nil, err
	}
	r.now = r.now.Add(d)
	return Wait{d}, nil
}

func (r *reader) peopleLine(rest string) (Do, error) {
	items, err := listOf(rest)
	if err != nil {
		return nil, fmt.Errorf("people: %w, such as: people ana, ben, chi (es), dee (cy, America/New_York)", err)
	}
	var p People
	var errs []error
	for _, item := range items {
		name, in, parens := strings.Cut(item, "(")
		profile, err := r.profile(strings.TrimSpace(name))
		if err == nil && parens {
			err = about(&profile, strings.TrimSpace(in))
		}
		if err != nil {
			errs = append(errs, err)
			continue
		}
		p.Profiles = append(p.Profiles, profile)
	}
	return p, join(errs)
}

// profile is a new person's.
func (r *reader) profile(name string) (chat.Profile, error) {
	id := fold(name)
	switch {
	case !isName(name):
		return chat.Profile{}, fmt.Errorf("%q is no name: want letters, digits, - and _", name)
	case slices.Contains(keywords, id):
		return chat.Profile{}, fmt.Errorf("nobody can be called %q, which is a word of these files", name)
	case r.people[id]:
		return chat.Profile{}, fmt.Errorf("%s is there already", name)
	}
	r.people[id] = true
	return chat.Profile{Account: chat.AccountID(id), Name: capital(name)}, nil
}

// about reads what stands in parentheses after a name.
func about(p *chat.Profile, text string) error {
	inside, closed := strings.CutSuffix(text, ")")
	if !closed {
		return fmt.Errorf("%s: the parenthesis does not close", p.Account)
	}
	for part := range strings.SplitSeq(inside, ",") {
		part = strings.TrimSpace(part)
		zone, err := calendar.LoadZone(part)
		switch {
		case err == nil && part != "" && p.Zone == "":
			p.Zone = zone.String()
		case isLanguage(part) && p.Language == "":
			p.Language = part
		default:
			return fmt.Errorf("%s: %q is neither a language such as cy nor a zone such as America/New_York", p.Account, part)
		}
	}
	return nil
}

func (r *reader) room(rest string) (Do, error) {
	head, list, ok := strings.Cut(rest, ":")
	if !ok {
		return nil, errors.New("a room names the people in it, the facilitator first, such as: room #air: ana, ben")
	}
	var room Room
	words := strings.Fields(head)
	switch {
	case len(words) == 1:
	case len(words) == 3 && words[1] == "joins":
		room.Joins = chat.RoomID(fold(words[2]))
		if r.rooms[room.Joins] == nil {
			return nil, r.noRoom(words[2])
		}
	default:
		return nil, errors.New("want a room, such as: room #air: ana, ben; or: room #lane joins #air: ana, dee")
	}
	if !isRoom(words[0]) {
		return nil, fmt.Errorf("%q is no room: want # and letters, digits, - and _", words[0])
	}
	room.Room = chat.RoomID(fold(words[0]))
	if r.rooms[room.Room] != nil {
		return nil, fmt.Errorf("there is a room %s already", words[0])
	}
	names, err := listOf(list)
	if err != nil {
		return nil, fmt.Errorf("room %s: %w, the facilitator first", words[0], err)
	}
	var errs []error
	for _, name := range names {
		id := chat.AccountID(fold(name))
		switch {
		case !r.people[fold(name)]:
			errs = append(errs, r.stranger(name))
		case slices.Contains(room.People, id):
			errs = append(errs, fmt.Errorf("%s stands there twice", name))
		}
		room.People = append(room.People, id)
	}
	r.rooms[room.Room] = room.People // also when it is wrong: one mistake is told once
	return room, join(append(errs, r.begun()))
}

func (r *reader) stranger(name string) error {
	if len(r.people) == 0 {
		return fmt.Errorf("%q is nobody of this file yet; say who is there, such as: people ana, ben", name)
	}
	return fmt.Errorf("%q is nobody of this file; there are %s", name, sorted(r.people))
}

func (r *reader) noRoom(name string) error {
	if len(r.rooms) == 0 {
		return fmt.Errorf("there is no room %s yet; open it first, such as: room #air: ana, ben", name)
	}
	return fmt.Errorf("there is no room %s; there are %s", name, sorted(r.rooms))
}
