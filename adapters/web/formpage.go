package web

import (
	"strings"

	"trellis/adapters/chat"
)

// formView is a form as a template shows it.
type formView struct {
	*view
	ID, Version, In, FormTitle, Submit, Wrong string
	Intro                                     []block
	Fields                                    []fieldView
}

type fieldView struct {
	Name, HTML, Label, Hint, Error, Input, Value, Described string
	Optional, Focus                                         bool
	Max                                                     int
	Options                                                 []optionView
}

type optionView struct {
	Value, Label string
	Chosen       bool
}

func (a *Adapter) formView(page *view, v *visit, f openForm) *formView {
	form := &formView{
		view: page, ID: f.ID, Version: f.version(), In: placeRoom, FormTitle: f.Form.Title, Submit: f.Form.Submit,
		Intro: blocksOf(f.Form.Intro, func(chat.AccountID) (string, bool) { return "", false }),
	}
	if isDirect(f.Room) {
		form.In = placeDirect
	}
	if len(f.Errors) > 0 {
		form.Wrong = page.T("web.form.wrong", "n", len(f.Errors))
	}
	focused := false
	for i, field := range f.Form.Fields {
		form.Fields = append(form.Fields, a.fieldView(page, v, f, field, i))
		last := &form.Fields[len(form.Fields)-1]
		if !focused && (last.Error != "" || len(f.Errors) == 0) {
			last.Focus, focused = true, true
		}
	}
	// What is said of no field stands at the top.
	for name, text := range f.Errors {
		known := false
		for _, field := range f.Form.Fields {
			known = known || field.Name == name
		}
		if !known {
			form.Wrong = text
		}
	}
	return form
}

func (a *Adapter) fieldView(page *view, v *visit, f openForm, field chat.Field, at int) fieldView {
	w := fieldView{
		Name: field.Name, HTML: "f" + itoa(at), Label: field.Label, Hint: field.Hint, Error: f.Errors[field.Name],
		Input: "line", Value: f.Typed[field.Name], Optional: field.Optional, Max: limitOf(field),
	}
	switch field.Kind {
	case chat.Line:
	case chat.Lines:
		w.Input = "lines"
	case chat.When:
		if w.Hint == "" {
			w.Hint = page.T("web.form.datehint")
		}
	case chat.Person:
		w.Input = "select"
		p := a.places.Load()
		for _, s := range p.rooms[v.room.ID].Seats {
			if !s.Left {
				w.Options = append(w.Options, optionView{s.Handle, p.people[s.Account].Name, s.Handle == w.Value})
			}
		}
	case chat.Select:
		w.Input = "select"
		for _, o := range field.Options {
			w.Options = append(w.Options, optionView{o.Value, o.Label, o.Value == w.Value})
		}
	}
	var described []string
	if w.Hint != "" {
		described = append(described, w.HTML+"-hint")
	}
	if w.Error != "" {
		described = append(described, w.HTML+"-error")
	}
	w.Described = strings.Join(described, " ")
	return w
}
