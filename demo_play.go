package main

import (
	"context"
	"fmt"
	"strings"
	"time"

	"trellis/adapters/chat"
	"trellis/adapters/web"
	"trellis/bot/rehearse"
	"trellis/flows/calendar"
)

// staging plays a rehearsal file into a web room, some weeks later than its dates say, so that it ends on a working day
// close to today: people are left alone at night, in the demo too.
type staging struct {
	script *rehearse.Script
	weeks  int // between the script's dates and the demo's
	start  time.Time
}

// newStaging shifts the script so that it ends on the first such day of the week that is not before today.
func newStaging(script *rehearse.Script, now time.Time) staging {
	p := staging{script: script}
	var first, last time.Time
	for _, s := range script.Steps {
		if at, ok := s.Do.(rehearse.At); ok {
			if first.IsZero() {
				first = at.Time
			}
			last = at.Time
		}
	}
	today, end := calendar.DateOf(now, script.Zone), calendar.DateOf(last, script.Zone)
	for end.AddDays(7 * p.weeks).Before(today) {
		p.weeks++
	}
	p.start = p.shifted(first)
	return p
}

func (p staging) shifted(at time.Time) time.Time {
	return calendar.At(calendar.DateOf(at, p.script.Zone).AddDays(7*p.weeks), calendar.ClockOf(at, p.script.Zone), p.script.Zone)
}

// actWithin is how long one act of the script may take: a message that it answers is on its way.
const actWithin = 20 * time.Second

func (p staging) into(ctx context.Context, d *demo) error {
	people := map[chat.AccountID]chat.Profile{}
	for _, s := range p.script.Steps {
		if err := p.step(ctx, d, s.Do, people); err != nil {
			return fmt.Errorf("line %d of its script: %w", s.Line, err)
		}
	}
	return nil
}

func (p staging) step(ctx context.Context, d *demo, do rehearse.Do, people map[chat.AccountID]chat.Profile) error {
	ctx, cancel := context.WithTimeout(ctx, actWithin)
	defer cancel()
	switch do := do.(type) {
	case rehearse.At:
		return d.engine.Advance(ctx, p.shifted(do.Time))
	case rehearse.People:
		for _, profile := range do.Profiles {
			people[profile.Account] = profile
		}
	case rehearse.Room:
		room := web.NewRoom{ID: webRoom(do.Room), Name: roomName(do.Room)}
		for _, account := range do.People {
			profile := people[account]
			room.People = append(room.People, web.Newcomer{Name: profile.Name, Account: account, Zone: profile.Zone, Language: profile.Language})
		}
		if _, err := d.pages.OpenRoom(ctx, room); err != nil {
			return err
		}
		return p.greeted(ctx, d, room)
	case rehearse.Write:
		_, err := d.pages.Write(ctx, do.By, webRoom(do.Room), "", do.Text)
		return err
	case rehearse.Press:
		return d.pages.Press(ctx, do.By, webRoom(do.Room), do.Label)
	case rehearse.Fill:
		return d.pages.Fill(ctx, do.By, do.Fields)
	case rehearse.Expect: // the golden test looks
	default:
		return fmt.Errorf("the demo cannot play a %T", do)
	}
	return nil
}

// webRoom is a rehearsal's room as it stands in an address.
func webRoom(id chat.RoomID) chat.RoomID {
	if id == "" {
		return ""
	}
	return id[1:]
}

// roomName is how a room is called on a page: "#brook-street" is "Brook Street".
func roomName(id chat.RoomID) string {
	words := strings.Split(string(webRoom(id)), "-")
	for i, w := range words {
		words[i] = strings.ToUpper(w[:1]) + w[1:]
	}
	return strings.Join(words, " ")
}

// greeted waits until Trellis has said hello, and so hears what follows.
func (p staging) greeted(ctx context.Context, d *demo, room web.NewRoom) error {
	const look = 10 * time.Millisecond
	for {
		seen, err := d.pages.Seen(ctx, room.People[0].Account, room.ID)
		if err != nil || len(seen) > 0 {
			return err
		}
		select {
		case <-ctx.Done():
			return fmt.Errorf("wait for the first word in the room: %w", ctx.Err())
		case <-time.After(look):
		}
	}
}
