package web

import (
	"context"
	"errors"
	"maps"
	"slices"
	"strings"
	"unicode/utf8"

	"trellis/adapters/chat"
	"trellis/storage"
)

// openForm is a form that stands open for somebody, one at a time. It is kept, so that it is there on a page without
// a script, and after a restart.
type openForm struct {
	ID     string
	Form   chat.Form
	Room   chat.RoomID       // where it was asked for
	Typed  map[string]string `json:",omitempty"` // by field: what stands there
	Errors map[string]string `json:",omitempty"` // by field: what would be accepted
	Sent   chat.EventID      `json:",omitempty"` // the event that sent it off, until the answer is there
	Tries  int               `json:",omitempty"`
}

// version is another one whenever the form shows something else than before.
func (f openForm) version() string { return f.ID + "." + itoa(f.Tries) }

var forms = storage.NewTable[openForm]("web/form", 1)

// formOf returns the form that is open for somebody; false when none is.
func formOf(tx storage.Tx, who chat.AccountID) (openForm, bool, error) {
	f, err := forms.Get(tx, storage.Global, string(who))
	if errors.Is(err, storage.ErrNotFound) {
		return openForm{}, false, nil
	}
	return f, err == nil, err
}

// answered does what is answered to an event at once, and says whether somebody's form changed.
func (a *Adapter) answered(tx storage.Tx, e chat.Event, replies []chat.Reply) (bool, error) {
	who := e.By.Account
	f, open, err := formOf(tx, who)
	if err != nil {
		return false, err
	}
	sent := open && f.Sent == e.ID
	at := slices.IndexFunc(replies, func(r chat.Reply) bool { return r.To == e.ID })
	switch {
	case at >= 0 && replies[at].Form != nil:
		f = openForm{ID: a.secret.id("form", string(e.ID)), Form: cleanForm(*replies[at].Form), Room: e.Room, Typed: map[string]string{}}
		for _, field := range f.Form.Fields {
			if field.Initial != "" {
				f.Typed[field.Name] = field.Initial
			}
		}
	case at >= 0 && len(replies[at].Errors) > 0 && sent:
		f.Sent, f.Errors = "", map[string]string{}
		for name, text := range replies[at].Errors {
			f.Errors[name] = clean(text)
		}
	case sent:
		return true, forms.Delete(tx, storage.Global, string(who))
	default:
		return false, nil
	}
	f.Tries++
	return true, forms.Put(tx, storage.Global, string(who), f)
}

func cleanForm(f chat.Form) chat.Form {
	f.Title, f.Submit = clean(f.Title), clean(f.Submit)
	f.Intro = cleanMessage(chat.Message{Text: f.Intro}).Text
	f.Fields = slices.Clone(f.Fields)
	for i := range f.Fields {
		field := &f.Fields[i]
		field.Label, field.Hint, field.Initial = clean(field.Label), clean(field.Hint), clean(field.Initial)
		field.Options = slices.Clone(field.Options)
		for j := range field.Options {
			field.Options[j].Label = clean(field.Options[j].Label)
		}
	}
	return f
}

// errFields says that fields of a form are not as they must be; they are noted at the form.
var errFields = errors.New("the form is not complete")

// Fill is somebody filling fields of the form that is open for them, by name, and sending it. It waits until one is
// open. Other fields keep what stands there.
func (a *Adapter) Fill(ctx context.Context, by chat.AccountID, fields map[string]string) error {
	w := a.hub.watch(directOf(by))
	defer a.hub.end(w)
	for {
		var f openForm
		var open bool
		err := a.store.View(ctx, func(tx storage.Tx) (err error) {
			f, open, err = formOf(tx, by)
			return err
		})
		if err != nil {
			return err
		}
		if open {
			return a.fill(ctx, act{by: by, in: f.Room, nonce: newNonce()}, f.ID, fields, func(_, key string, _ int) string { return key })
		}
		select {
		case <-w.news:
		case <-ctx.Done():
			return ctx.Err()
		}
	}
}

// say is the words of a page in one language.
type say func(language, key string, n int) string

// fill sends a form off. What is plainly wrong with it is noted at its fields, in the words of the page.
func (a *Adapter) fill(ctx context.Context, t act, id string, fields map[string]string, words say) error {
	p := a.places.Load()
	language := p.people[t.by].Reads
	wrong := false
	err := a.do(ctx, t, kindFill, func(tx storage.Tx, event chat.EventID) (chat.Happening, error) {
		f, open, err := formOf(tx, t.by)
		if err != nil {
			return nil, err
		}
		if !open || f.ID != id || f.Room != t.in {
			return nil, errClosed
		}
		f.Typed, f.Errors = maps.Clone(f.Typed), map[string]string{}
		if f.Typed == nil {
			f.Typed = map[string]string{}
		}
		sends := map[string]string{}
		for _, field := range f.Form.Fields {
			value, given := fields[field.Name]
			if !given {
				value = f.Typed[field.Name]
			}
			value = strings.TrimSpace(clean(value))
			f.Typed[field.Name] = clip(value)
			if key := lacks(field, value); key != "" {
				f.Errors[field.Name] = strings.ReplaceAll(words(language, key, limitOf(field)), "{n}", itoa(limitOf(field)))
			}
			sends[field.Name] = p.asSent(field, value, t)
		}
		if wrong = len(f.Errors) > 0; wrong {
			f.Tries++
			return nil, forms.Put(tx, storage.Global, string(t.by), f)
		}
		f.Sent = event
		return chat.Filled{Value: f.Form.Value, Fields: sends}, forms.Put(tx, storage.Global, string(t.by), f)
	})
	if err == nil && wrong {
		err = errFields
	}
	a.hub.tell(directOf(t.by))
	return err
}

func limitOf(f chat.Field) int {
	if f.Max > 0 && f.Max < maxText {
		return f.Max
	}
	return maxText
}

// clip keeps what was typed, so that it can be mended, within what a record can bear.
func clip(value string) string {
	if runes := []rune(value); len(runes) > 2*maxText {
		return string(runes[:2*maxText])
	}
	return value
}

// lacks says what is wrong with a field that needs no practice to see it.
func lacks(f chat.Field, value string) (key string) {
	switch {
	case value == "" && !f.Optional:
		return "web.form.needed"
	case utf8.RuneCountInString(value) > limitOf(f):
		return "web.form.toolong"
	case f.Kind == chat.Select && value != "" && !slices.ContainsFunc(f.Options, func(o chat.Option) bool { return o.Value == value }):
		return "web.form.needed"
	}
	return ""
}

// asSent is the value of a field as the practice gets it: a person who was chosen, or named, as a mention.
func (p *places) asSent(f chat.Field, value string, t act) string {
	if f.Kind != chat.Person || value == "" {
		return value
	}
	if account, length := namedAt(strings.TrimPrefix(value, "@"), p.namesFor(t)); length == len(strings.TrimPrefix(value, "@")) && length > 0 {
		return chat.MentionOf(account)
	}
	return value
}

// putAway closes a form without sending it.
func (a *Adapter) putAway(ctx context.Context, t act, id string) error {
	err := a.do(ctx, t, kindClose, func(tx storage.Tx, _ chat.EventID) (chat.Happening, error) {
		f, open, err := formOf(tx, t.by)
		if err != nil || !open || f.ID != id || f.Room != t.in {
			return nil, err
		}
		return chat.Closed{Value: f.Form.Value}, forms.Delete(tx, storage.Global, string(t.by))
	})
	a.hub.tell(directOf(t.by))
	return err
}
