package bot

import (
	"errors"
	"fmt"
	"slices"
	"testing"
	"time"

	"pgregory.net/rapid"

	"trellis/adapters/chat"
)

// naive is what the outbox promises, said plainly: a list a room, of which the first of the highest class goes.
type naive struct {
	rooms map[chat.RoomID]*naiveRoom
}

type naiveRoom struct {
	waiting [classes][]naiveMessage
	out     *naiveMessage
	card    int // what the card of the room is to say
}

type naiveMessage struct {
	class  int
	text   string // empty: the card
	update bool
	doubt  bool
	waits  bool // it did not work, and is not tried again yet
}

func (n *naive) room(id chat.RoomID) *naiveRoom {
	if n.rooms[id] == nil {
		n.rooms[id] = &naiveRoom{}
	}
	return n.rooms[id]
}

// say adds a message.
func (r *naiveRoom) say(class int, text string) {
	r.waiting[class] = append(r.waiting[class], naiveMessage{class: class, text: text})
}

// count makes the card say one more: a post the first time, and an update unless something waits that will bring it.
func (r *naiveRoom) count() {
	r.card++
	update := r.card > 1
	if update && slices.ContainsFunc(r.waiting[1], func(m naiveMessage) bool { return m.text == "" && !m.doubt }) {
		return
	}
	r.waiting[1] = append(r.waiting[1], naiveMessage{class: 1, update: update})
}

// next is what is handed out now; false when nothing is.
func (r *naiveRoom) next() (text string, ok bool) {
	if r.out != nil {
		return "", false
	}
	for class := classes - 1; class >= 0; class-- {
		if q := r.waiting[class]; len(q) > 0 && !q[0].waits {
			m := q[0]
			r.waiting[class], r.out = q[1:], &m
			return r.text(m), true
		}
	}
	return "", false
}

func (r *naiveRoom) text(m naiveMessage) string {
	if m.text != "" {
		return m.text
	}
	return fmt.Sprintf("%d so far", r.card)
}

// ended puts back what did not arrive for certain.
func (r *naiveRoom) ended(taken, doubt bool) {
	m := *r.out
	r.out = nil
	if taken {
		return
	}
	m.doubt, m.waits = m.doubt || doubt, true
	if m.text == "" && !m.doubt { // it will bring what came meanwhile
		r.waiting[1] = slices.DeleteFunc(r.waiting[1], func(w naiveMessage) bool { return w.text == "" && w.update && !w.doubt })
	}
	r.waiting[m.class] = slices.Insert(r.waiting[m.class], 0, m)
}

// waited lets an hour pass, which is beyond all waits.
func (n *naive) waited() {
	for _, room := range n.rooms {
		for _, q := range room.waiting {
			for i := range q {
				q[i].waits = false
			}
		}
	}
}

// TestOutboxKeepsItsLaw compares what the core hands out with the naive outbox, whatever is said, fails and crashes.
func TestOutboxKeepsItsLaw(t *testing.T) {
	rapid.Check(t, func(rt *rapid.T) {
		r := newRig(t)
		t := rt
		model := &naive{rooms: map[chat.RoomID]*naiveRoom{}}
		rooms := []chat.RoomID{"#a", "#b", "#c"}
		for _, room := range rooms { // groups and members, so that nothing else is said later
			r.step(batch(r.event(room, "ana", chat.Command{Text: "nothing x"})))
		}
		check := func(out []chat.Delivery) {
			for _, d := range out {
				want, ok := model.room(d.To.Room).next()
				if got := d.Message.Text.Plain(); !ok || got != want {
					t.Fatalf("handed out %q to %s, want %q (%t)", got, d.To.Room, want, ok)
				}
				if m := model.room(d.To.Room).out; m.doubt != d.Doubt || (m.update != (d.Update != "")) {
					t.Fatalf("handed out %+v, want doubt %t, update %t", d, m.doubt, m.update)
				}
			}
			for id, room := range model.rooms {
				if text, ok := room.next(); ok {
					t.Fatalf("%q was not handed out to %s", text, id)
				}
			}
		}
		n := 0
		t.Repeat(map[string]func(*rapid.T){
			"say": func(t *rapid.T) {
				room := rapid.SampledFrom(rooms).Draw(t, "room")
				class := rapid.IntRange(0, 1).Draw(t, "class")
				n++
				text := fmt.Sprintf("m%d", n)
				model.room(room).say(class, text)
				command := []string{"digest ", "say "}[class]
				check(r.step(batch(r.event(room, "ana", chat.Command{Text: command + text}))).Send)
			},
			"count": func(t *rapid.T) {
				room := rapid.SampledFrom(rooms).Draw(t, "room")
				model.room(room).count()
				check(r.step(batch(r.event(room, "ana", chat.Command{Text: "count x"}))).Send)
			},
			"taken":     func(t *rapid.T) { end(t, r, model, check, nil) },
			"not taken": func(t *rapid.T) { end(t, r, model, check, &chat.Later{After: time.Nanosecond, Reason: "busy"}) },
			"unknown":   func(t *rapid.T) { end(t, r, model, check, errors.New("cut")) },
			"crash": func(*rapid.T) {
				for _, room := range model.rooms {
					if room.out != nil {
						room.ended(false, true)
					}
				}
				r.now = r.now.Add(time.Hour)
				model.waited()
				r.start()
				check(r.step(Input{}).Send)
			},
		})
	})
}

// end ends one of the deliveries that are out.
func end(t *rapid.T, r *rig, model *naive, check func([]chat.Delivery), err error) {
	if len(r.out) == 0 {
		return
	}
	at := rapid.IntRange(0, len(r.out)-1).Draw(t, "delivery")
	d := r.out[at]
	r.out = slices.Delete(r.out, at, at+1)
	r.fail = func(chat.Delivery) error { return err }
	o := r.take(d)
	var later *chat.Later
	model.room(d.To.Room).ended(err == nil, err != nil && !errors.As(err, &later))
	check(r.step(Input{Outcomes: []Outcome{o}}).Send)
	r.now = r.now.Add(time.Hour)
	model.waited()
	check(r.step(Input{}).Send)
}
