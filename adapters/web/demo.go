package web

import (
	"net/http"
	"strings"
	"time"
)

// demoView is the bar above a demo's pages.
type demoView struct {
	*view
	Name    string
	People  []demoPerson
	Intro   bool   // what this is, for who comes first
	Clock   string // empty: it cannot be moved
	ClockAt string
}

type demoPerson struct{ Name, Path string }

func (a *Adapter) demoView(page *view, v *visit) *demoView {
	d := &demoView{view: page, Name: v.person.Name, Intro: !a.intro.Load()}
	p := a.places.Load()
	for _, s := range v.room.Seats {
		if s.Account != v.seat.Account && !s.Left {
			d.People = append(d.People, demoPerson{p.people[s.Account].Name, v.room.Path(s)})
		}
	}
	if a.o.Demo.Move != nil {
		now := a.now()
		d.ClockAt = now.UTC().Format(time.RFC3339)
		d.Clock = page.T("web.demo.clock", "time", page.T("date.time", "day", page.day(now).Text, "time", page.clock(now)))
	}
	return d
}

// forDemo lets through what a demo's bar sends.
func (a *Adapter) forDemo(w http.ResponseWriter, r *http.Request) bool {
	if !onThisMachine(r) {
		a.missing(w, r)
		return false
	}
	if !a.rightToken(r, a.demoToken()) {
		a.fail(w, r, http.StatusForbidden, "web.error.stale")
		return false
	}
	return true
}

func (a *Adapter) moveClock(w http.ResponseWriter, r *http.Request) {
	if !a.forDemo(w, r) {
		return
	}
	to, ok := later(a.now().In(a.o.Zone), r.PostFormValue("by"))
	if !ok || a.o.Demo.Move == nil {
		a.missing(w, r)
		return
	}
	if err := a.o.Demo.Move(r.Context(), to); err != nil {
		a.broken(w, r, err)
		return
	}
	a.hub.tellAll() // each page shows the clock
	a.backTo(w, r)
}

// later is where a button of the clock leads.
func later(now time.Time, by string) (time.Time, bool) {
	switch by {
	case "hour":
		return now.Add(time.Hour), true
	case "day":
		return now.AddDate(0, 0, 1), true
	case "week":
		return now.AddDate(0, 0, 7), true
	case "friday":
		to := time.Date(now.Year(), now.Month(), now.Day(), 9, 0, 0, 0, now.Location())
		for to.Weekday() != time.Friday || !to.After(now) {
			to = to.AddDate(0, 0, 1)
		}
		return to, true
	}
	return now, false
}

func (a *Adapter) showIntro(w http.ResponseWriter, r *http.Request) {
	if a.forDemo(w, r) {
		a.intro.Store(r.PostFormValue("show") == "")
		a.backTo(w, r)
	}
}

// backTo leads back to the page from which a form was sent, if it is one of ours.
func (a *Adapter) backTo(w http.ResponseWriter, r *http.Request) {
	back := r.PostFormValue("back")
	if !strings.HasPrefix(back, "/r/") || strings.ContainsAny(back, "\\\r\n") {
		back = "/"
	}
	if fromScript(r) {
		a.answer(w, http.StatusOK, scriptAnswer{})
		return
	}
	http.Redirect(w, r, back, http.StatusSeeOther)
}
