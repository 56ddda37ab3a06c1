package matrix

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"

	"maunium.net/go/mautrix/event"
	"maunium.net/go/mautrix/id"

	"trellis/adapters/chat"
)

// openForm is a form that somebody fills, field by field in their direct room.
type openForm struct {
	chat.Form
	ID       string            // of its questions
	Typed    map[string]string // by field
	Wrong    map[string]string `json:",omitempty"` // by field, of what was sent last
	Ask      []int             // fields that are still to be asked for, the one that is asked for now first
	Asked    []int             `json:",omitempty"` // fields that were answered, for going back
	Step     int               // how many questions were put: part of their transaction IDs
	Sent     chat.EventID      `json:",omitempty"` // the event by which it was sent off
	Language string            `json:",omitempty"`
}

// fields are all fields of a form, in order.
func (f openForm) fields() (all []int) {
	for i := range f.Fields {
		all = append(all, i)
	}
	return all
}

// answer does what the engine answered at once.
func (r *run) answer(ctx context.Context, events []chat.Event, replies []chat.Reply) {
	after := r.kept.clone()
	var asks []id.UserID
	done := map[id.UserID]openForm{}
	for _, e := range events {
		who := id.UserID(e.By.Account)
		at := slices.IndexFunc(replies, func(reply chat.Reply) bool { return reply.To == e.ID })
		open, is := after.forms[who]
		sent := is && open.Sent == e.ID
		switch {
		case at >= 0 && replies[at].Form != nil:
			f := openForm{Form: *replies[at].Form, ID: "form." + string(e.ID), Typed: map[string]string{}, Language: r.recent.language(who)}
			f.Ask = f.fields()
			after.forms[who] = f
			asks = append(asks, who)
		case at >= 0 && len(replies[at].Errors) > 0 && sent:
			open.Sent, open.Wrong, open.Asked = "", replies[at].Errors, nil
			open.Ask = slices.DeleteFunc(open.fields(), func(i int) bool {
				f := open.Fields[i]
				return open.Wrong[f.Name] == "" && open.Typed[f.Name] != ""
			})
			if len(open.Ask) == 0 {
				open.Ask = open.fields()
			}
			open.Step++
			after.forms[who] = open
			asks = append(asks, who)
		case sent:
			delete(after.forms, who)
			done[who] = open
		}
	}
	changes := after.changes(r.kept)
	if len(changes) == 0 {
		return
	}
	if _, err := r.in.Accept(ctx, chat.Batch{Keep: changes}); err != nil {
		r.log.Warn("matrix: a form was not kept, so it is not asked for", "error", err)
		return
	}
	r.kept = after
	for _, who := range asks {
		r.ask(ctx, who)
	}
	for who, f := range done {
		r.ended(ctx, who, f, "matrix.form.sent")
	}
}

// askAgain puts the open questions once more after a start: the last run may have stopped before it did.
func (r *run) askAgain(ctx context.Context) {
	for _, who := range slices.Sorted(maps.Keys(r.kept.forms)) {
		if r.kept.forms[who].Sent == "" {
			r.ask(ctx, who)
		}
	}
}

// text is words of the catalogue, with slots.
func (a *Adapter) text(language, key string, pairs ...string) string {
	for i := range pairs {
		if i%2 == 0 {
			pairs[i] = "{" + pairs[i] + "}"
		}
	}
	return strings.NewReplacer(pairs...).Replace(a.o.Words(language, key, 0))
}

// ask puts the question of the field that is asked for now.
func (r *run) ask(ctx context.Context, who id.UserID) {
	f := r.kept.forms[who]
	err := r.patiently(ctx, func(ctx context.Context) error {
		in, err := r.directRoom(ctx, who)
		if err != nil {
			return r.hopeless(err)
		}
		txn := f.ID + "." + strconv.Itoa(f.Step)
		there, err := r.echoes(ctx, in, txn)
		if err != nil || there[txn] != "" {
			return r.hopeless(err)
		}
		_, err = r.say(ctx, in, txn, r.question(f))
		return r.hopeless(err)
	})
	if err != nil && ctx.Err() == nil {
		r.log.Warn("matrix: a form could not be asked for", "error", plain(err))
	}
}

// hopeless tells faults that may pass from those that do not: a person may have left, and Run goes on.
func (a *Adapter) hopeless(err error) error {
	if err == nil || unsure(a.outcome(err)) && unsure(err) || retryAfter(err) > 0 {
		return err
	}
	return &final{plain(err)}
}

// question is the field that is asked for now, with the whole form before the first.
func (r *run) question(f openForm) chat.Text {
	say := func(key string, pairs ...string) string { return r.text(f.Language, key, pairs...) }
	line := func(text string) chat.Block { return chat.Block{Spans: []chat.Span{{Text: text}}} }
	var t chat.Text
	if f.Step == 0 {
		t = append(t, chat.Block{Kind: chat.Heading, Spans: []chat.Span{{Text: f.Title}}})
		t = append(t, f.Intro...)
		for _, field := range f.Fields {
			label := field.Label
			if field.Optional {
				label += " " + say("matrix.form.optional")
			}
			t = append(t, chat.Block{Kind: chat.Item, Spans: []chat.Span{{Text: label}}})
		}
		t = append(t, line(say("matrix.form.how")))
	}
	field := f.Fields[f.Ask[0]]
	if wrong := f.Wrong[field.Name]; wrong != "" {
		t = append(t, line(wrong))
	}
	t = append(t, chat.Block{Spans: []chat.Span{{Kind: chat.Bold, Text: field.Label}}})
	if field.Hint != "" {
		t = append(t, line(field.Hint))
	}
	for i, o := range field.Options {
		t = append(t, line(strconv.Itoa(i+1)+". "+o.Label))
	}
	if stands := f.stands(field); stands != "" {
		t = append(t, line(say("matrix.form.stands", "text", stands)))
	}
	if field.Optional {
		t = append(t, line(say("matrix.form.skip")))
	}
	return t
}

// stands is what a field holds before it is answered.
func (f openForm) stands(field chat.Field) string {
	if typed := f.Typed[field.Name]; typed != "" {
		return typed
	}
	return field.Initial
}

// ended says that a form is done with.
func (r *run) ended(ctx context.Context, who id.UserID, f openForm, key string) {
	in, err := r.directRoom(ctx, who)
	if err == nil {
		_, err = r.say(ctx, in, f.ID+".end", chat.Text{{Spans: []chat.Span{{Text: r.text(f.Language, key)}}}})
	}
	if err != nil {
		r.log.Info("matrix: that a form is done with was not said", "error", plain(err))
	}
}

// fills takes a line of a direct room as the answer to a form's question, if one is open there.
func (d *draft) fills(in id.RoomID, e *event.Event, text string) bool {
	who := e.Sender
	f, open := d.kept.forms[who]
	if !open || f.Sent != "" || len(f.Ask) == 0 {
		return false
	}
	field := f.Fields[f.Ask[0]]
	text = strings.TrimSpace(text)
	f.Typed, f.Ask, f.Asked = maps.Clone(f.Typed), slices.Clone(f.Ask), slices.Clone(f.Asked)
	put := func() {
		f.Step++
		d.kept.forms[who] = f
		d.after = append(d.after, func() { d.ask(d.ctx, who) })
	}
	switch {
	case d.isWord(f.Language, text, "cancel"):
		delete(d.kept.forms, who)
		d.add(in, e, "", who, chat.Closed{Value: f.Value})
		d.after = append(d.after, func() { d.ended(d.ctx, who, f, "matrix.form.away") })
		return true
	case d.isWord(f.Language, text, "back"):
		if n := len(f.Asked); n > 0 {
			f.Ask, f.Asked = slices.Insert(f.Ask, 0, f.Asked[n-1]), f.Asked[:n-1]
		}
		put()
		return true
	case text == "=":
		text = f.stands(field)
	case text == "-" && field.Optional:
		text = ""
	}
	if field.Kind == chat.Select && text != "" {
		value, ok := chosen(field, text)
		if !ok {
			put()
			return true
		}
		text = value
	}
	if text == "" && !field.Optional {
		put()
		return true
	}
	f.Typed[field.Name] = text
	f.Wrong = maps.Clone(f.Wrong)
	delete(f.Wrong, field.Name)
	f.Asked, f.Ask = append(f.Asked, f.Ask[0]), f.Ask[1:]
	if len(f.Ask) > 0 {
		put()
		return true
	}
	f.Sent = chat.EventID(e.ID)
	d.kept.forms[who] = f
	fields := map[string]string{}
	for _, field := range f.Fields {
		fields[field.Name] = f.Typed[field.Name]
	}
	d.add(in, e, "", who, chat.Filled{Value: f.Value, Fields: fields})
	return true
}

// isWord tells whether a line is one of the words of a form, in the person's language or in English.
func (d *draft) isWord(language, text, word string) bool {
	text = strings.TrimRight(text, ".!")
	return strings.EqualFold(text, word) || strings.EqualFold(text, d.text(language, "matrix.form.word."+word))
}

// chosen is the value of the option that is meant, by its number, value or label.
func chosen(field chat.Field, text string) (string, bool) {
	for i, o := range field.Options {
		if text == strconv.Itoa(i+1) || text == o.Value || strings.EqualFold(o.Label, text) {
			return o.Value, true
		}
	}
	return "", false
}

// tell says something of the adapter's own to a person, in the room where they wrote.
func (d *draft) tell(in id.RoomID, who id.UserID, key, txn string) {
	text := d.text(d.recent.language(who), key)
	d.after = append(d.after, func() {
		if _, err := d.say(d.ctx, in, txn, chat.Text{{Spans: []chat.Span{{Text: text}}}}); err != nil {
			d.log.Info("matrix: a word to a person was not said", "error", fmt.Sprint(plain(err)))
		}
	})
}
