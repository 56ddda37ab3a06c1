package web

import (
	"slices"
	"strings"
	"time"

	"trellis/adapters/chat"
)

// sight is how one person sees the messages of a page.
type sight struct {
	*view
	v      *visit
	places *places
}

func (a *Adapter) sight(page *view, v *visit) sight { return sight{page, v, a.places.Load()} }

// item is a message in a list, with the answers below it.
type item struct {
	message
	NewDay  *day // when it is the first of its day
	Day     day
	Under   chat.MessageID // the message that it answers, when that is another list's item
	Replies []*item
}

// message is one as a template shows it.
type message struct {
	*view
	ID                                                 chat.MessageID
	In                                                 string // a place
	Trellis, Own, Private, Direct, Edited, Lost, Calls bool
	By                                                 look
	At, Time                                           string
	Lang, Dir                                          string // of the text
	Blocks                                             []block
	Text                                               []span
	About                                              string
	Choices                                            []choiceView
	Reactions                                          []reactionView
	React                                              []reactView
	Compose                                            string // ID of the form in which it is changed
}

type choiceView struct {
	Label, Token   string
	Primary, Grave bool
}

type reactionView struct{ Label, Names string }

type reactView struct {
	Key, Label string
	Own        bool
}

// items arranges messages: answers below what they answer, and each day under its name. react is the message for
// which the reactions are offered.
func (s sight) items(all []entry, in chat.RoomID, react chat.MessageID) (top []*item) {
	byID := map[chat.MessageID]*item{}
	last := ""
	for _, e := range all {
		it := &item{message: s.message(e, in, react == e.ID && react != ""), Day: s.day(e.At)}
		byID[e.ID] = it
		if above := byID[e.Thread]; e.Thread != "" && above != nil {
			it.Under = e.Thread
			above.Replies = append(above.Replies, it)
			continue
		}
		it.Lost = e.Thread != ""
		if it.Day.Date != last {
			d := it.Day
			it.NewDay, last = &d, d.Date
		}
		top = append(top, it)
	}
	return top
}

func (s sight) message(e entry, in chat.RoomID, react bool) message {
	direct := isDirect(in)
	m := message{
		view: s.view, ID: e.ID, In: placeRoom, Trellis: e.From == "", Own: e.From == s.v.seat.Account, Direct: direct,
		Private: direct || e.Only != "", Edited: e.Edited, At: e.At.UTC().Format(time.RFC3339), Time: s.clock(e.At), Compose: "compose-room",
	}
	if direct {
		m.In, m.Compose = placeDirect, "compose-mine"
	}
	plain := e.Text
	if e.Said != nil {
		plain = e.Said.Text.Plain()
		m.By = look{Name: s.T("web.brand")}
		m.Lang = e.Said.Language
		if m.Lang == "" {
			m.Lang = s.language
		}
		m.Dir = dirOf(m.Lang)
		m.Blocks = blocksOf(e.Said.Text, func(who chat.AccountID) (string, bool) {
			_, seat, here := s.places.seat(s.v.room.ID, who)
			me := who == s.v.seat.Account
			if !here || !e.Said.Notify {
				return "", me
			}
			m.Calls = m.Calls || me
			return seat.Handle, me
		})
		for _, c := range e.Said.Choices {
			m.Choices = append(m.Choices, choiceView{c.Label, tokenOf(c), c.Style == chat.Primary, c.Style == chat.Grave})
		}
	} else {
		m.By = s.lookOf(e)
		m.Text = linked(e.Text)
	}
	m.About = excerpt(plain, excerptMost)
	m.Reactions = s.reactions(e)
	if react {
		for _, key := range reactionKeys {
			own := slices.Contains(e.Reactions, reaction{Key: key, By: s.v.seat.Account})
			label := s.T(reactionWord(key))
			if own {
				label = s.T("web.reaction.take", "label", label)
			}
			m.React = append(m.React, reactView{key, label, own})
		}
	}
	return m
}

// lookOf is who wrote a message; of who has left the room, the name that they had.
func (s sight) lookOf(e entry) look {
	if _, seat, here := s.places.seat(s.v.room.ID, e.From); here {
		return lookOf(s.places.people[e.From], seat)
	}
	return lookOf(person{Name: e.Name}, Seat{Account: e.From})
}

func reactionWord(key string) string {
	if key == "+1" {
		return "web.reaction.up"
	}
	return "web.reaction." + key
}

func (s sight) reactions(e entry) (all []reactionView) {
	for _, key := range reactionKeys {
		var names []string
		for _, r := range e.Reactions {
			if r.Key == key {
				names = append(names, s.places.people[r.By].Name)
			}
		}
		if len(names) > 0 {
			all = append(all, reactionView{s.T(reactionWord(key)), strings.Join(names, ", ")})
		}
	}
	return all
}

// announcement is what is read out of a new message; empty for one's own.
func (s sight) announcement(e entry, in chat.RoomID) string {
	if e.From == s.v.seat.Account {
		return ""
	}
	name, text := s.T("web.brand"), e.Text
	if e.Said != nil {
		text = e.Said.Text.Plain()
	} else {
		name = s.lookOf(e).Name
	}
	key := "web.live.says"
	if isDirect(in) || e.Only != "" {
		key = "web.live.private"
	}
	return s.T(key, "name", name, "text", excerpt(text, announceMost))
}

// announceMost is in runes; the message itself can be read where it stands.
const announceMost = 300

// compose is a form in which somebody writes.
type compose struct {
	*view
	ID, Area, In, Label, Hint, Error, Text string
	Max                                    int
	Thread, Change                         chat.MessageID
	Focus                                  bool
}

// composers are the two forms of a page: to the room, and to Trellis alone. In one of them a message may be changed,
// answered, or mended after something was wrong with it.
func (a *Adapter) composers(page *view, v *visit, f found, wrong failure) (room, mine *compose) {
	room = &compose{
		view: page, ID: "compose-room", Area: "write", In: placeRoom, Max: maxText,
		Label: page.T("web.compose.room", "room", v.room.Name), Hint: page.T("web.compose.hint"),
	}
	mine = &compose{
		view: page, ID: "compose-mine", Area: "write-mine", In: placeDirect, Max: maxText,
		Label: page.T("web.compose.mine"), Hint: page.T("web.compose.minehint"),
	}
	if f.reply.ID != "" {
		name := page.T("web.brand")
		if f.reply.From != "" {
			name = a.sight(page, v).lookOf(f.reply).Name
		}
		room.Thread, room.Focus = f.reply.ID, true
		room.Label = page.T("web.compose.reply", "name", name, "room", v.room.Name)
	}
	if f.change.ID != "" {
		c := room
		if isDirect(f.changeIn) {
			c = mine
		}
		c.Change, c.Text, c.Label, c.Focus, c.Thread = f.change.ID, f.change.Text, page.T("web.compose.change"), true, ""
	}
	if wrong.key != "" {
		c := room
		if wrong.in == placeDirect {
			c = mine
		}
		c.Error, c.Text, c.Focus = page.T(wrong.key, "n", maxText), wrong.text, true
		if wrong.message == "" {
			c.Thread = wrong.thread
		}
	}
	return room, mine
}
