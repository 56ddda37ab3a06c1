package web

import (
	"encoding/json"
	"errors"
	"net/http"
	"strings"

	"trellis/adapters/chat"
	"trellis/storage"
)

// scriptAnswer is what a page's script is told; the rest comes by its stream.
type scriptAnswer struct {
	Error string `json:"error,omitempty"`
	// Form is the form that is open now, as HTML; nil when it does not change.
	Form *string `json:"form,omitempty"`
}

// fromScript tells whether a form was sent by the page's script, which changes the page by itself.
func fromScript(r *http.Request) bool { return r.Header.Get("X-Trellis") == "script" }

func (a *Adapter) answer(w http.ResponseWriter, status int, s scriptAnswer) {
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(status)
	_ = json.NewEncoder(w).Encode(s)
}

// wrongs are the words for what can be wrong with an act.
var wrongs = []struct {
	err    error
	key    string
	status int
}{
	{errEmpty, "web.error.empty", http.StatusUnprocessableEntity},
	{errTooLong, "web.error.toolong", http.StatusUnprocessableEntity},
	{errChanged, "web.error.changed", http.StatusConflict},
	{errClosed, "web.error.closed", http.StatusConflict},
	{errTooMany, "web.error.toomany", http.StatusUnprocessableEntity},
	{errName, "web.error.name", http.StatusUnprocessableEntity},
	{errNotHere, "web.error.missing", http.StatusNotFound},
	{errForbidden, "web.error.missing", http.StatusNotFound},
	{storage.ErrFull, "web.error.failed", http.StatusServiceUnavailable},
}

func wrongOf(err error) (key string, status int, known bool) {
	for _, w := range wrongs {
		if errors.Is(err, w.err) {
			return w.key, w.status, true
		}
	}
	return "", 0, false
}

// done answers an act: with the page on which it shows, or what was wrong with it.
func (a *Adapter) done(w http.ResponseWriter, r *http.Request, v *visit, err error, anchor string) {
	key, status, known := wrongOf(err)
	rd := a.readerOf(v.person)
	switch {
	case err != nil && !known && !errors.Is(err, errFields):
		a.broken(w, r, err)
	case known && fromScript(r):
		a.answer(w, status, scriptAnswer{Error: rd.T(key, "n", maxText)})
	case known:
		page := &plainPage{
			view: a.viewOf(v, kindPlain, rd.T("web.error.title")), Heading: rd.T("web.error.title"),
			Paragraphs: []string{rd.T(key, "n", maxText)}, Links: []plainLink{{v.path(), rd.T("web.error.back")}},
		}
		a.render(w, r, status, kindPlain, page)
	case fromScript(r):
		form, err := a.formHTML(r, v)
		if err != nil {
			a.broken(w, r, err)
			return
		}
		a.answer(w, http.StatusOK, scriptAnswer{Form: &form})
	default:
		f, err := a.read(r.Context(), v, wish{})
		if err == nil && f.isOpen {
			anchor = "form"
		}
		http.Redirect(w, r, v.path()+"#"+anchor, http.StatusSeeOther)
	}
}

// formHTML is the form that is open for somebody; empty when none is.
func (a *Adapter) formHTML(r *http.Request, v *visit) (string, error) {
	f, err := a.read(r.Context(), v, wish{})
	if err != nil || !f.isOpen {
		return "", err
	}
	return a.fragment("form", a.formView(a.viewOf(v, kindRoom, ""), v, f.form))
}

func (a *Adapter) say(w http.ResponseWriter, r *http.Request, v *visit) {
	t, thread := v.act(r), chat.MessageID(r.PostFormValue("thread"))
	m, err := a.write(r.Context(), t, thread, r.PostFormValue("text"))
	if key, status, known := wrongOf(err); known && !fromScript(r) && !errors.Is(err, errNotHere) {
		a.answerRoom(w, r, v, status, wish{reply: thread}, failure{
			in: r.PostFormValue("in"), key: key, text: clip(clean(r.PostFormValue("text"))), thread: thread,
		})
		return
	}
	a.done(w, r, v, err, "m-"+string(m))
}

func (a *Adapter) pressed(w http.ResponseWriter, r *http.Request, v *visit) {
	m := chat.MessageID(r.PostFormValue("message"))
	err := a.press(r.Context(), v.act(r), m, r.PostFormValue("choice"))
	a.done(w, r, v, err, "m-"+string(m))
}

func (a *Adapter) filled(w http.ResponseWriter, r *http.Request, v *visit) {
	fields := map[string]string{}
	for name, values := range r.PostForm {
		if field, ok := strings.CutPrefix(name, "f."); ok && len(values) > 0 {
			fields[field] = values[0]
		}
	}
	err := a.fill(r.Context(), v.act(r), r.PostFormValue("form"), fields, a.o.Words)
	a.done(w, r, v, err, v.placeOf(r))
}

func (a *Adapter) closed(w http.ResponseWriter, r *http.Request, v *visit) {
	err := a.putAway(r.Context(), v.act(r), r.PostFormValue("form"))
	a.done(w, r, v, err, v.placeOf(r))
}

// placeOf is the section of the page in which something was done.
func (v *visit) placeOf(r *http.Request) string {
	if r.PostFormValue("in") == placeDirect {
		return "mine"
	}
	return "room"
}

func (a *Adapter) changed(w http.ResponseWriter, r *http.Request, v *visit) {
	t, m := v.act(r), chat.MessageID(r.PostFormValue("message"))
	if r.PostFormValue("takeback") != "" {
		a.done(w, r, v, a.takeBack(r.Context(), t, m), v.placeOf(r))
		return
	}
	err := a.edit(r.Context(), t, m, r.PostFormValue("text"))
	if key, status, known := wrongOf(err); known && !fromScript(r) && (errors.Is(err, errEmpty) || errors.Is(err, errTooLong)) {
		a.answerRoom(w, r, v, status, wish{change: m}, failure{
			in: r.PostFormValue("in"), key: key, text: clip(clean(r.PostFormValue("text"))), message: m,
		})
		return
	}
	a.done(w, r, v, err, "m-"+string(m))
}

func (a *Adapter) reacted(w http.ResponseWriter, r *http.Request, v *visit) {
	m := chat.MessageID(r.PostFormValue("message"))
	err := a.react(r.Context(), v.act(r), m, r.PostFormValue("key"), r.PostFormValue("remove") != "")
	a.done(w, r, v, err, "m-"+string(m))
}

func (a *Adapter) renamed(w http.ResponseWriter, r *http.Request, v *visit) {
	err := a.Rename(r.Context(), v.room.ID, v.seat.Account, r.PostFormValue("name"))
	if err != nil {
		a.done(w, r, v, err, "")
		return
	}
	http.Redirect(w, r, v.path()+"/people", http.StatusSeeOther)
}

func (a *Adapter) left(w http.ResponseWriter, r *http.Request, v *visit) {
	if err := a.Leave(r.Context(), v.room.ID, v.seat.Account); err != nil {
		a.done(w, r, v, err, "")
		return
	}
	http.Redirect(w, r, "/", http.StatusSeeOther)
}

// managed is the host doing something about the room's people.
func (a *Adapter) managed(w http.ResponseWriter, r *http.Request, v *visit) {
	if v.room.Host != v.seat.Account {
		a.missing(w, r)
		return
	}
	made, err := a.manage(r, v)
	if key, status, known := wrongOf(err); known && !errors.Is(err, errNotHere) && !errors.Is(err, errForbidden) {
		a.answerPeople(w, r, v, status, nil, a.readerOf(v.person).T(key), cleanName(r.PostFormValue("name")))
		return
	}
	switch {
	case err != nil:
		a.done(w, r, v, err, "")
	case made != nil: // shown in the answer and never again, so there is no page to lead to
		a.answerPeople(w, r, v, http.StatusOK, made, "", "")
	default:
		http.Redirect(w, r, v.path()+"/people", http.StatusSeeOther)
	}
}

func (a *Adapter) manage(r *http.Request, v *visit) (*madeLink, error) {
	ctx, name := r.Context(), r.PostFormValue("name")
	switch r.PathValue("act") {
	case "invite":
		guest := Newcomer{Name: name}
		if code := r.PostFormValue("language"); code != "" {
			guest.Language = a.languageFor(code)
		}
		made, link, err := a.invite(ctx, v.room.ID, guest, r.PostFormValue("nonce"))
		if err != nil {
			return nil, err
		}
		return &madeLink{made, a.whole(r, link)}, nil
	case "room":
		link, err := a.another(ctx, v.seat.Account, name)
		if err != nil {
			return nil, err
		}
		return &madeLink{cleanName(name), a.whole(r, link)}, nil
	}
	seat, here := v.room.byHandle(r.PostFormValue("who"))
	if !here {
		return nil, errNotHere
	}
	switch r.PathValue("act") {
	case "renew":
		link, err := a.NewLink(ctx, v.room.ID, seat.Account)
		if err != nil {
			return nil, err
		}
		return &madeLink{a.places.Load().people[seat.Account].Name, a.whole(r, link)}, nil
	case "end":
		return nil, a.EndLinks(ctx, v.room.ID, seat.Account)
	case "remove":
		if seat.Account == v.room.Host {
			return nil, errForbidden
		}
		return nil, a.Leave(ctx, v.room.ID, seat.Account)
	}
	return nil, errNotHere
}
