package slack

import (
	"context"
	"encoding/json"
	"sync"
	"time"

	"trellis/adapters/chat"
)

// The pauses before what the engine did not take is handed over again, doubled each time. Slack sends an event again
// by itself, but a click or a form never.
const (
	firstPause   = 20 * time.Millisecond
	longestPause = 500 * time.Millisecond
)

// accept hands over what arrived, in its order, until it is committed or ctx ends. It returns what Slack is to be answered
// together with the acknowledgement; nil where that is nothing.
func (a *Adapter) accept(ctx context.Context, r *running, arrivals []arrival) ([]json.RawMessage, error) {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	defer context.AfterFunc(r.ctx, cancel)()
	a.introduce(ctx, arrivals)
	var b chat.Batch
	for i := range arrivals {
		b.Events, b.Keep = append(b.Events, arrivals[i].events...), append(b.Keep, arrivals[i].keep...)
	}
	var replies []chat.Reply
	if len(b.Events)+len(b.Keep) > 0 {
		var err error
		for pause := firstPause; ; pause = min(2*pause, longestPause) {
			if replies, err = r.in.Accept(ctx, b); err == nil {
				break
			}
			if !wait(ctx, pause) {
				return nil, err
			}
		}
	}
	answers := make([]json.RawMessage, len(arrivals))
	for i := range arrivals {
		at := &arrivals[i]
		if at.then != nil {
			at.then()
		}
		for _, e := range at.events {
			a.home.stir(at.w, e.By.Account)
		}
		for n := range replies {
			if len(at.events) == 1 && replies[n].To == at.events[0].ID {
				answers[i] = a.reply(r, at, &replies[n])
			}
		}
	}
	return answers, nil
}

// introduce tells the engine who it was, as far as that can be found out in time. What bots do is left out.
func (a *Adapter) introduce(ctx context.Context, arrivals []arrival) {
	ctx, cancel := context.WithTimeout(ctx, lookUpWithin)
	defer cancel()
	now := time.Now()
	var asked sync.WaitGroup
	for i := range arrivals {
		at := &arrivals[i]
		if at.user == "" || len(at.events) != 1 {
			continue
		}
		meet := func() {
			p := a.people.of(ctx, at.w, at.user)
			if p.bot {
				at.events = nil
				return
			}
			at.events[0].By = p.Profile
			switch at.events[0].What.(type) {
			case chat.Said, chat.Command, chat.Pressed, chat.Filled:
				a.people.actedNow(p.Account, now)
			}
		}
		if len(arrivals) == 1 {
			meet()
			return
		}
		asked.Go(meet)
	}
	asked.Wait()
}

// reply does what can only be done now.
func (a *Adapter) reply(r *running, at *arrival, reply *chat.Reply) json.RawMessage {
	e := at.events[0]
	switch {
	case len(reply.Errors) > 0 && at.form != nil:
		return at.form.wrong(reply.Errors)
	case reply.Form == nil:
		return nil
	case at.form != nil: // one form asks for another, in the same window
		view := a.modal(*reply.Form, at.form.place(), e.By.Language)
		answer, err := json.Marshal(map[string]any{"response_action": "update", "view": view})
		if err != nil {
			return nil
		}
		return answer
	case at.trigger != "":
		form := *reply.Form
		r.start(func() { a.open(r.ctx, at.w, e, at.trigger, at.came, form) })
	}
	return nil
}
