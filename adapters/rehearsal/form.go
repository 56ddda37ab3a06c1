package rehearsal

import (
	"fmt"
	"maps"
	"slices"
	"strings"

	"trellis/adapters/chat"
)

// form is one that stands open for a person.
type form struct {
	chat.Form
	room chat.RoomID // from where it was opened
	// sent is the event by which it was sent off, until the answer is there.
	sent   chat.EventID
	typed  map[string]string
	errors map[string]string // by field, of what was sent last
}

// Fill is a person filling fields of the form that is open for them, and sending it. What they typed before, or what
// stood there at first, stays in the other fields.
func (a *Adapter) Fill(by chat.AccountID, fields map[string]string) error {
	a.mu.Lock()
	defer a.mu.Unlock()
	p := a.people[by]
	if p == nil {
		return fmt.Errorf("there is nobody called %s", by)
	}
	f := p.form
	if f == nil {
		return fmt.Errorf("no form is open for %s", by)
	}
	typed := maps.Clone(f.typed)
	var shown []string
	for _, name := range slices.Sorted(maps.Keys(fields)) {
		field, err := f.field(name)
		if err != nil {
			return err
		}
		value, err := chosen(field, strings.TrimSpace(fields[name]))
		if err != nil {
			return err
		}
		typed[field.Name] = value
	}
	for _, field := range f.Fields {
		if value := typed[field.Name]; value != "" {
			shown = append(shown, field.Name+": "+value)
		}
	}
	f.typed = typed
	a.show(Shown{Kind: Filled, Room: f.room, Only: by, From: by, Text: clean(strings.Join(shown, "\n"))})
	f.sent = a.happen(by, f.room, chat.Filled{Value: f.Value, Fields: maps.Clone(typed)})
	return nil
}

// Close is a person putting away the form that is open for them.
func (a *Adapter) Close(by chat.AccountID) error {
	a.mu.Lock()
	defer a.mu.Unlock()
	p := a.people[by]
	if p == nil || p.form == nil {
		return fmt.Errorf("no form is open for %s", by)
	}
	f := p.form
	p.form = nil
	a.show(Shown{Kind: PutAway, Room: f.room, Only: by, From: by})
	a.happen(by, f.room, chat.Closed{Value: f.Value})
	return nil
}

// Form is the form that is open for a person now, with what is wrong at its fields.
func (a *Adapter) Form(of chat.AccountID) (f chat.Form, wrong map[string]string, open bool) {
	a.mu.Lock()
	defer a.mu.Unlock()
	if p := a.people[of]; p != nil && p.form != nil {
		return p.form.Form, maps.Clone(p.form.errors), true
	}
	return chat.Form{}, nil, false
}

func (f *form) field(name string) (chat.Field, error) {
	var names []string
	for _, field := range f.Fields {
		if strings.EqualFold(field.Name, name) {
			return field, nil
		}
		names = append(names, field.Name)
	}
	return chat.Field{}, fmt.Errorf("the form %q has no field %s; it has %s", f.Title, name, strings.Join(names, ", "))
}

// chosen returns what a field sends for what was typed: of several options the value of the one meant.
func chosen(field chat.Field, text string) (string, error) {
	if field.Kind != chat.Select || text == "" {
		return text, nil
	}
	var labels []string
	for _, o := range field.Options {
		if o.Value == text || strings.EqualFold(o.Label, text) {
			return o.Value, nil
		}
		labels = append(labels, fmt.Sprintf("%q", o.Label))
	}
	return "", fmt.Errorf("field %s has no option %q; it has %s", field.Name, text, strings.Join(labels, ", "))
}

// answer does what a reply asks for.
func (a *Adapter) answer(e chat.Event, r chat.Reply) {
	p := a.people[e.By.Account]
	if p == nil {
		return
	}
	switch {
	case r.Form != nil:
		f := &form{Form: *r.Form, room: e.Room, typed: map[string]string{}}
		for _, field := range f.Fields {
			f.typed[field.Name] = field.Initial
		}
		p.form = f
		a.show(Shown{Kind: Opened, Form: &f.Form, ID: a.nextMessage(), Room: e.Room, Only: p.Account, Text: f.text(), Choices: []string{clean(f.Submit)}})
	case len(r.Errors) > 0:
		if p.form == nil { // put away meanwhile
			return
		}
		p.form.sent, p.form.errors = "", maps.Clone(r.Errors)
		a.show(Shown{Kind: Corrected, ID: a.nextMessage(), Room: e.Room, Only: p.Account, Text: p.form.wrong(r.Errors)})
	}
}

// text is the form as lines.
func (f *form) text() string {
	lines := []string{f.Title}
	if len(f.Intro) > 0 {
		lines = append(lines, f.Intro.Plain())
	}
	for _, field := range f.Fields {
		line := "- " + field.Label + " (" + field.Name + ")"
		if field.Hint != "" {
			line += ": " + field.Hint
		}
		for i, o := range field.Options {
			if i == 0 {
				line += ": "
			} else {
				line += ", "
			}
			line += o.Label
		}
		if field.Initial != "" {
			line += " = " + field.Initial
		}
		lines = append(lines, line)
	}
	return clean(strings.Join(lines, "\n"))
}

// wrong is what stands at the fields, in the form's order; what is said of no field of it comes last.
func (f *form) wrong(errors map[string]string) string {
	var lines []string
	for _, field := range f.Fields {
		if text := errors[field.Name]; text != "" {
			lines = append(lines, field.Name+": "+text)
		}
	}
	for _, name := range slices.Sorted(maps.Keys(errors)) {
		if !slices.ContainsFunc(f.Fields, func(field chat.Field) bool { return field.Name == name }) {
			lines = append(lines, errors[name])
		}
	}
	return clean(strings.Join(lines, "\n"))
}
