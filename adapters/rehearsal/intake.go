package rehearsal

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"trellis/adapters/chat"
)

// happen makes an event of what a person did; it waits until it is taken.
func (a *Adapter) happen(by chat.AccountID, room chat.RoomID, what chat.Happening) chat.EventID {
	a.events++
	e := chat.Event{
		ID: chat.EventID(fmt.Sprintf("e%d", a.events)), At: a.now(), Room: room, Direct: a.isDirect(room),
		By: a.people[by].Profile, What: what,
	}
	a.last = &e
	a.wait(e)
	return e.ID
}

func (a *Adapter) wait(e chat.Event) {
	a.waiting = append(a.waiting, e)
	select {
	case a.news <- struct{}{}:
	default:
	}
}

// Waiting is what happened and was not taken yet, in its order.
func (a *Adapter) Waiting() []chat.Event {
	a.mu.Lock()
	defer a.mu.Unlock()
	return slices.Clone(a.waiting)
}

// Taken tells the platform that events arrived, and what is answered at once.
func (a *Adapter) Taken(events []chat.Event, replies []chat.Reply) {
	a.mu.Lock()
	defer a.mu.Unlock()
	for _, e := range events {
		a.waiting = slices.DeleteFunc(a.waiting, func(o chat.Event) bool { return o.ID == e.ID })
		for _, r := range replies {
			if r.To == e.ID {
				a.answer(e, r)
			}
		}
		// A form that was sent and has no errors is done.
		if p := a.people[e.By.Account]; p != nil && p.form != nil && p.form.sent == e.ID {
			p.form = nil
		}
	}
}

// Redeliver sends the last event again, as a platform does that did not hear that it arrived.
func (a *Adapter) Redeliver() error {
	a.mu.Lock()
	defer a.mu.Unlock()
	if a.last == nil {
		return errors.New("nothing has happened yet that could be sent again")
	}
	a.wait(*a.last)
	return nil
}

// The pauses after a batch that was not accepted: double each time.
const (
	firstPause   = 10 * time.Millisecond
	longestPause = 10 * time.Second
)

// Run hands over what happens until ctx ends.
func (a *Adapter) Run(ctx context.Context, in chat.Inbox) error {
	pause := firstPause
	for ctx.Err() == nil {
		events := a.Waiting()
		if len(events) == 0 {
			select {
			case <-ctx.Done():
			case <-a.news:
			}
			continue
		}
		replies, err := in.Accept(ctx, chat.Batch{Events: events})
		if err == nil {
			a.Taken(events, replies)
			pause = firstPause
			continue
		}
		select {
		case <-ctx.Done():
		case <-time.After(pause):
			pause = min(2*pause, longestPause)
		}
	}
	return nil
}
