package web

import (
	"context"
	"errors"
	"slices"
	"strings"
	"time"
	"unicode/utf8"

	"trellis/adapters/chat"
	"trellis/storage"
)

// act is one thing that somebody does at a place.
type act struct {
	by chat.AccountID
	in chat.RoomID // a room, or the direct room of by
	// nonce is the same when the same act is sent twice, by a second click or after a cut connection.
	nonce string
}

const (
	// maxText is in runes; practices take no more.
	maxText = 4000
	// answerWithin is how long a page waits for what an act leads to; it comes by itself when it is later.
	answerWithin = 4 * time.Second
)

// What can be wrong with an act; the page says it in the person's words.
var (
	errEmpty   = errors.New("nothing was written")
	errTooLong = errors.New("the text is too long")
	errChanged = errors.New("the message is not as it was")
	errClosed  = errors.New("the form is not open any more")
)

// names are the kinds of acts in event IDs.
const (
	kindWrite  = "write"
	kindPress  = "press"
	kindFill   = "fill"
	kindClose  = "close"
	kindEdit   = "edit"
	kindDelete = "delete"
	kindReact  = "react"
)

// do stores what an act changes, with the event that it makes, and waits until that was handed on. An act that makes
// no event was done before.
func (a *Adapter) do(ctx context.Context, t act, kind string, change func(storage.Tx, chat.EventID) (chat.Happening, error)) error {
	p := a.places.Load()
	direct := t.in == directOf(t.by)
	if _, _, here := p.seat(t.in, t.by); !here && (!direct || !p.anywhere(t.by)) {
		return errNotHere
	}
	id := chat.EventID(kind + " " + a.secret.id(kind, string(t.by), string(t.in), t.nonce))
	var number uint64
	err := a.store.Update(ctx, func(tx storage.Tx) error {
		what, err := change(tx, id)
		if err != nil || what == nil {
			return err
		}
		number, err = a.queue.add(tx, queued{Events: []chat.Event{{
			ID: id, At: a.now(), Room: t.in, Direct: direct, By: p.profile(t.by), What: what,
		}}})
		return err
	})
	if err != nil {
		return err
	}
	a.hub.tell(t.in)
	if number == 0 {
		return nil
	}
	a.queue.added()
	ctx, cancel := context.WithTimeout(ctx, answerWithin)
	defer cancel()
	a.queue.wait(ctx, number)
	return nil
}

// Write is somebody writing a line: in a room (under thread, when it is set), or with no room to Trellis alone.
func (a *Adapter) Write(ctx context.Context, by chat.AccountID, in chat.RoomID, thread chat.MessageID, text string) (chat.MessageID, error) {
	return a.write(ctx, act{by: by, in: orDirect(in, by), nonce: newNonce()}, thread, text)
}

func orDirect(in chat.RoomID, by chat.AccountID) chat.RoomID {
	if in == "" {
		return directOf(by)
	}
	return in
}

func (a *Adapter) write(ctx context.Context, t act, thread chat.MessageID, text string) (chat.MessageID, error) {
	text, err := written(text)
	if err != nil {
		return "", err
	}
	p := a.places.Load()
	m := chat.MessageID(a.secret.id(kindWrite, "message", string(t.by), string(t.in), t.nonce))
	return m, a.do(ctx, t, kindWrite, func(tx storage.Tx, _ chat.EventID) (chat.Happening, error) {
		if _, _, there, err := find(tx, t.in, m); err != nil || there {
			return nil, err
		}
		if thread != "" {
			_, above, there, err := find(tx, t.in, thread)
			switch {
			case err != nil:
				return nil, err
			case !there || !above.sees(t.by) || above.Gone:
				return nil, errChanged
			case above.Thread != "":
				thread = above.Thread // threads have one level
			}
		}
		err := add(tx, t.in, entry{ID: m, From: t.by, Name: p.people[t.by].Name, Thread: thread, At: a.now(), Text: text})
		if err != nil {
			return nil, err
		}
		named := mentions(text, p.namesFor(t))
		if command, ok := addressed(named); ok && !isDirect(t.in) {
			return chat.Command{Message: m, Thread: thread, Text: command}, nil
		}
		return chat.Said{Message: m, Thread: thread, Text: named}, nil
	})
}

// written checks a text that somebody wrote.
func written(text string) (string, error) {
	text = strings.TrimSpace(clean(text))
	switch {
	case text == "":
		return "", errEmpty
	case utf8.RuneCountInString(text) > maxText:
		return "", errTooLong
	}
	return text, nil
}

// namesFor are those whom somebody can name at a place.
func (p *places) namesFor(t act) []named {
	if r, ok := p.rooms[t.in]; ok {
		return p.names(r)
	}
	var all Room
	for id, r := range p.rooms {
		if _, _, here := p.seat(id, t.by); here {
			all.Seats = append(all.Seats, r.Seats...)
		}
	}
	return p.names(all)
}

// Press is somebody taking the choice with this label, or this English name, on the newest message that they see with
// it: in a room, or with no room in what Trellis told them alone. It waits until there is one.
func (a *Adapter) Press(ctx context.Context, by chat.AccountID, in chat.RoomID, label string) error {
	place := orDirect(in, by)
	w := a.hub.watch(place)
	defer a.hub.end(w)
	for {
		var m chat.MessageID
		var c chat.Choice
		err := a.store.View(ctx, func(tx storage.Tx) error {
			page, err := newest(tx, place, by, "", pageSize)
			for _, e := range slices.Backward(page.Entries) {
				if e.Said == nil {
					continue
				}
				for _, o := range e.Said.Choices {
					if o.Label == label || o.Name == label {
						m, c = e.ID, o
						return err
					}
				}
			}
			return err
		})
		if err != nil {
			return err
		}
		if m != "" {
			return a.press(ctx, act{by: by, in: place, nonce: newNonce()}, m, tokenOf(c))
		}
		select {
		case <-w.news:
		case <-ctx.Done():
			return ctx.Err()
		}
	}
}

// press is somebody taking the choice of a message that has this token.
func (a *Adapter) press(ctx context.Context, t act, m chat.MessageID, token string) error {
	return a.do(ctx, t, kindPress, func(tx storage.Tx, _ chat.EventID) (chat.Happening, error) {
		_, e, there, err := find(tx, t.in, m)
		if err != nil {
			return nil, err
		}
		if there && e.sees(t.by) && e.Said != nil {
			for _, c := range e.Said.Choices {
				if tokenOf(c) == token {
					return chat.Pressed{Message: m, Value: c.Value}, nil
				}
			}
		}
		return nil, errChanged
	})
}

// tokenOf names a choice of a message in a page. The value itself stays here.
func tokenOf(c chat.Choice) string { return hashOf("choice " + c.Value)[:16] }

// edit changes a message of one's own.
func (a *Adapter) edit(ctx context.Context, t act, m chat.MessageID, text string) error {
	text, err := written(text)
	if err != nil {
		return err
	}
	p := a.places.Load()
	return a.do(ctx, t, kindEdit, func(tx storage.Tx, _ chat.EventID) (chat.Happening, error) {
		key, e, there, err := find(tx, t.in, m)
		if err != nil {
			return nil, err
		}
		if !there || e.From != t.by || e.Gone {
			return nil, errChanged
		}
		if e.Text != text {
			e.Text, e.Edited = text, true
			if err := alter(tx, t.in, key, e); err != nil {
				return nil, err
			}
		}
		what := chat.Edited{Message: m, Text: mentions(text, p.namesFor(t))}
		if command, ok := addressed(what.Text); ok && !isDirect(t.in) {
			what.Text, what.Addressed = command, true
		}
		return what, nil
	})
}

// takeBack deletes a message of one's own. Its place stays, so that pages learn of it.
func (a *Adapter) takeBack(ctx context.Context, t act, m chat.MessageID) error {
	return a.do(ctx, t, kindDelete, func(tx storage.Tx, _ chat.EventID) (chat.Happening, error) {
		key, e, there, err := find(tx, t.in, m)
		if err != nil {
			return nil, err
		}
		if !there || e.From != t.by {
			return nil, errChanged
		}
		if !e.Gone {
			e.Text, e.Name, e.Reactions, e.Gone = "", "", nil, true
			if err := alter(tx, t.in, key, e); err != nil {
				return nil, err
			}
		}
		return chat.Deleted{Message: m}, nil
	})
}

// reactionKeys are what one can put under a message, each with words of its own.
var reactionKeys = []string{"+1", "heart", "question"}

// react puts a reaction under a message, or takes it back.
func (a *Adapter) react(ctx context.Context, t act, m chat.MessageID, key string, remove bool) error {
	if !slices.Contains(reactionKeys, key) {
		return errChanged
	}
	return a.do(ctx, t, kindReact, func(tx storage.Tx, _ chat.EventID) (chat.Happening, error) {
		k, e, there, err := find(tx, t.in, m)
		if err != nil {
			return nil, err
		}
		if !there || !e.sees(t.by) || e.Gone {
			return nil, errChanged
		}
		own := reaction{Key: key, By: t.by}
		if slices.Contains(e.Reactions, own) == remove {
			if remove {
				e.Reactions = slices.DeleteFunc(slices.Clone(e.Reactions), func(r reaction) bool { return r == own })
			} else {
				e.Reactions = append(slices.Clone(e.Reactions), own)
			}
			if err := alter(tx, t.in, k, e); err != nil {
				return nil, err
			}
		}
		return chat.Reacted{Message: m, Key: key, Removed: remove}, nil
	})
}

// Seen is a message as somebody has it before them.
type Seen struct {
	ID      chat.MessageID
	From    chat.AccountID // empty: Trellis
	Thread  chat.MessageID
	Private bool // for them alone
	Text    string
	Choices []string // labels
	At      time.Time
}

// Seen is what somebody has before them in a room, or with no room of what Trellis told them alone, oldest first.
func (a *Adapter) Seen(ctx context.Context, by chat.AccountID, in chat.RoomID) (all []Seen, err error) {
	place := orDirect(in, by)
	err = a.store.View(ctx, func(tx storage.Tx) error {
		page, err := newest(tx, place, by, "", pageSize)
		for _, e := range page.Entries {
			s := Seen{ID: e.ID, From: e.From, Thread: e.Thread, Private: e.Only != "" || isDirect(place), Text: e.Text, At: e.At}
			if e.Said != nil {
				s.Text = e.Said.Text.Plain()
				for _, c := range e.Said.Choices {
					s.Choices = append(s.Choices, c.Label)
				}
			}
			all = append(all, s)
		}
		return err
	})
	return all, err
}
