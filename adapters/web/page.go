package web

import (
	"bytes"
	"context"
	"net/http"
	"slices"
	"time"

	"trellis/adapters/chat"
	"trellis/storage"
)

const (
	pageSize  = 60  // messages of the room on a page
	mineSize  = 30  // of what is said in private
	longPaths = 200 // bytes of a message's ID in an address; what is longer names none
)

// view is what every page has.
type view struct {
	reader
	Lang, Dir, Kind, Title string
	Path                   string // of the person's page; empty where nobody is known
	RoomName               string
	Me                     look
	Token, Nonce           string
	Demo                   *demoView
}

func (a *Adapter) viewFor(rd reader, kind, title string) *view {
	return &view{reader: rd, Lang: rd.language, Dir: dirOf(rd.language), Kind: kind, Title: title, Nonce: newNonce()}
}

// viewOf is the view of somebody's own page.
func (a *Adapter) viewOf(v *visit, kind, title string) *view {
	page := a.viewFor(a.readerOf(v.person), kind, title)
	page.Path, page.RoomName, page.Me, page.Token = v.path(), v.room.Name, lookOf(v.person, v.seat), v.token
	if a.o.Demo != nil {
		page.Demo = a.demoView(page, v)
	}
	return page
}

type plainPage struct {
	*view
	Heading    string
	Paragraphs []string
	Links      []plainLink
	Button     *plainButton
}

type (
	plainLink   struct{ Path, Label string }
	plainButton struct{ Action, Label, Name string } // Name is who may change theirs on the way
)

// render answers with a page. It is made whole first, so that a fault in it is no half page.
func (a *Adapter) render(w http.ResponseWriter, r *http.Request, status int, kind string, page any) {
	var b bytes.Buffer
	if err := a.pages[kind].ExecuteTemplate(&b, "page", page); err != nil {
		a.log.Error("web: a page could not be made", "kind", kind, "error", err)
		http.Error(w, "internal error", http.StatusInternalServerError)
		return
	}
	w.Header().Set("Content-Type", "text/html; charset=utf-8")
	w.WriteHeader(status)
	if r.Method != http.MethodHead {
		_, _ = w.Write(b.Bytes())
	}
}

// fragment is a part of the room's page.
func (a *Adapter) fragment(name string, data any) (string, error) {
	var b bytes.Buffer
	err := a.pages[kindRoom].ExecuteTemplate(&b, name, data)
	return b.String(), err
}

// roomPage is a person's page in a room.
type roomPage struct {
	*view
	Room, Mine               []*item
	Earlier, Older           bool // there is more before, or after
	RoomBefore               chat.MessageID
	MineBefore               chat.MessageID
	Since                    string
	Open                     int // questions that are open for them
	Panels                   []panel
	Form                     *formView
	ComposeRoom, ComposeMine *compose
	Kept, Many               string
}

// manyNews is from how many messages on a page says only how many there are.
const manyNews = 4

// wish is what an address asks the page to show besides.
type wish struct{ before, reply, change, react chat.MessageID }

func wishOf(r *http.Request) wish {
	q := r.URL.Query()
	id := func(name string) chat.MessageID {
		if v := q.Get(name); len(v) < longPaths {
			return chat.MessageID(v)
		}
		return ""
	}
	return wish{id("before"), id("reply"), id("change"), id("react")}
}

// found is what is read from the store for a page, at one moment.
type found struct {
	room, mine    pageOf
	form          openForm
	isOpen        bool
	reply, change entry
	changeIn      chat.RoomID
}

func (a *Adapter) read(ctx context.Context, v *visit, ask wish) (f found, err error) {
	who := v.seat.Account
	err = a.store.View(ctx, func(tx storage.Tx) (err error) {
		if f.room, err = newest(tx, v.room.ID, who, ask.before, pageSize); err != nil {
			return err
		}
		if f.mine, err = newest(tx, directOf(who), who, "", mineSize); err != nil {
			return err
		}
		if f.form, f.isOpen, err = formOf(tx, who); err != nil {
			return err
		}
		if _, e, there, err := find(tx, v.room.ID, ask.reply); err != nil {
			return err
		} else if there && e.sees(who) && e.Only == "" && !e.Gone {
			f.reply = e
		}
		for _, in := range []chat.RoomID{v.room.ID, directOf(who)} {
			_, e, there, err := find(tx, in, ask.change)
			if err != nil {
				return err
			}
			if there && e.From == who && !e.Gone {
				f.change, f.changeIn = e, in
			}
		}
		return nil
	})
	if f.isOpen && f.form.Room != v.room.ID && f.form.Room != directOf(who) {
		f.isOpen = false // it belongs to another room's page
	}
	return f, err
}

// failure is what went wrong with what somebody wrote, shown where they wrote it.
type failure struct {
	in      string // a place
	key     string
	text    string
	message chat.MessageID // when it was a change
	thread  chat.MessageID
}

func (a *Adapter) showRoom(w http.ResponseWriter, r *http.Request, v *visit) {
	a.answerRoom(w, r, v, http.StatusOK, wishOf(r), failure{})
}

func (a *Adapter) answerRoom(w http.ResponseWriter, r *http.Request, v *visit, status int, ask wish, wrong failure) {
	f, err := a.read(r.Context(), v, ask)
	if err != nil {
		a.broken(w, r, err)
		return
	}
	page := &roomPage{view: a.viewOf(v, kindRoom, v.room.Name)}
	page.Since = a.secret.seal(position{f.room.Change, f.mine.Change})
	s := a.sight(page.view, v)
	page.Room, page.Mine = s.items(f.room.Entries, v.room.ID, ask.react), s.items(f.mine.Entries, directOf(v.seat.Account), ask.react)
	page.Earlier, page.Older = f.room.Earlier, ask.before != ""
	if len(f.room.Entries) > 0 {
		page.RoomBefore = f.room.Entries[0].ID
	}
	page.Open = openIn(f.mine.Entries)
	page.Kept = page.T("web.room.kept", "n", max(int(a.o.Keep/(24*time.Hour)), 1))
	page.Many = a.o.Words(page.language, "web.live.many", manyNews) // the script puts the number in
	page.Panels = a.panels(r.Context(), v)
	page.ComposeRoom, page.ComposeMine = a.composers(page.view, v, f, wrong)
	if f.isOpen {
		page.Form = a.formView(page.view, v, f.form)
	}
	a.render(w, r, status, kindRoom, page)
}

// openIn counts the messages that still offer a choice.
func openIn(all []entry) (n int) {
	for _, e := range all {
		if e.Said != nil && len(e.Said.Choices) > 0 {
			n++
		}
	}
	return n
}

// panel is what Trellis would answer, at a glance.
type panel struct {
	Name, Title, Lang, Dir string
	Blocks                 []block
}

// glances are the commands that the panels show.
var glances = []struct{ name, line string }{
	{"scope", "session scope"}, {"agreements", "agreements"}, {"commitments", "commitments"},
}

func (a *Adapter) panels(ctx context.Context, v *visit) (all []panel) {
	rd := a.readerOf(v.person)
	for _, g := range glances {
		if p, ok := a.panel(ctx, v.room.ID, v, g.line); ok {
			p.Name, p.Title = g.name, rd.T("web.glance."+g.name)
			all = append(all, p)
		}
	}
	return all
}

func (a *Adapter) panel(ctx context.Context, in chat.RoomID, v *visit, line string) (panel, bool) {
	if a.o.Show == nil {
		return panel{}, false
	}
	m, err := a.o.Show(ctx, in, v.seat.Account, line)
	if err != nil {
		if ctx.Err() == nil {
			a.log.Debug("web: nothing to show at a glance", "line", line, "error", err)
		}
		return panel{}, false
	}
	m = cleanMessage(m)
	lang := m.Language
	if lang == "" {
		lang = a.readerOf(v.person).language
	}
	return panel{Lang: lang, Dir: dirOf(lang), Blocks: blocksOf(m.Text, func(chat.AccountID) (string, bool) { return "", false })}, true
}

// homePage is what waits for a person in every group.
type homePage struct {
	*view
	Panels []panel
}

func (a *Adapter) showHome(w http.ResponseWriter, r *http.Request, v *visit) {
	rd := a.readerOf(v.person)
	page := &homePage{view: a.viewOf(v, kindHome, rd.T("web.page.home"))}
	if p, ok := a.panel(r.Context(), "", v, "home"); ok {
		page.Panels = []panel{p}
	}
	a.render(w, r, http.StatusOK, kindHome, page)
}

// peoplePage are the people of a room; its host can invite others there.
type peoplePage struct {
	*view
	Host         bool
	People       []personView
	Made         *madeLink
	Error, Typed string
	Languages    []languageView
}

type personView struct {
	look
	State       string
	Own, Linked bool
}

type madeLink struct{ Name, Link string }

type languageView struct {
	Code, Name string
	Chosen     bool
}

func (a *Adapter) showPeople(w http.ResponseWriter, r *http.Request, v *visit) {
	a.answerPeople(w, r, v, http.StatusOK, nil, "", "")
}

func (a *Adapter) answerPeople(w http.ResponseWriter, r *http.Request, v *visit, status int, made *madeLink, wrong, typed string) {
	rd := a.readerOf(v.person)
	p := a.places.Load()
	room := p.rooms[v.room.ID]
	page := &peoplePage{
		view: a.viewOf(v, kindPeople, rd.T("web.people.title", "room", room.Name)),
		Host: room.Host == v.seat.Account, Made: made, Error: wrong, Typed: typed,
	}
	linked := map[chat.AccountID]link{}
	for _, l := range p.links {
		if l.Room == room.ID && a.now().Before(l.Until) {
			linked[l.Account] = l
		}
	}
	for _, s := range room.Seats {
		if s.Left {
			continue
		}
		l, has := linked[s.Account]
		who := personView{look: lookOf(p.people[s.Account], s), Own: s.Account == v.seat.Account, Linked: has}
		switch {
		case s.Account == room.Host:
			who.State = rd.T("web.people.host")
		case !page.Host: // that somebody else has a link, or never came, is between them and the host
		case !has:
			who.State = rd.T("web.people.none")
		case l.Used:
			who.State = rd.T("web.people.active")
		default:
			who.State = rd.T("web.people.unused")
		}
		page.People = append(page.People, who)
	}
	for _, code := range a.o.Languages {
		page.Languages = append(page.Languages, languageView{code, a.o.Words(code, "web.language", 0), code == rd.language})
	}
	a.render(w, r, status, kindPeople, page)
}

// byHandle returns the seat of somebody who is in the room.
func (r Room) byHandle(handle string) (Seat, bool) {
	at := slices.IndexFunc(r.Seats, func(s Seat) bool { return s.Handle == handle && !s.Left })
	if at < 0 {
		return Seat{}, false
	}
	return r.Seats[at], true
}
