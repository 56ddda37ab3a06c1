package browser

import (
	"fmt"
	"testing"
)

// view is one page in one state, as a person can come to it.
type view struct {
	name string
	open func(p *Page)
	// parts are what of the page is shown at a time where the window is narrow; none: the page is one.
	parts []string
}

// TestEveryPageCanBeUsedByEverybody looks at every page in both colour schemes, wide and narrow, and from right to left:
// with axe-core, for what sticks out sideways, and into a picture.
func TestEveryPageCanBeUsedByEverybody(t *testing.T) {
	d := startDemo(t)
	be := func(who, rest string) func(*Page) {
		return func(p *Page) { p.Open(d.room(who) + rest) }
	}
	three := []string{"room", "mine", "glance"}
	for _, v := range []view{
		{"first-visit", be("gwen", ""), nil},
		{"room", func(p *Page) {
			be("gwen", "")(p)
			if Eval[bool](p, `!!document.querySelector(".intro button")`) {
				p.Follow("close what it is for", `document.querySelector(".intro button")`)
			}
		}, three},
		{"form", func(p *Page) {
			be("gwen", "")(p)
			if !Eval[bool](p, `!!document.querySelector("#form")`) {
				p.Click("answer here", choice("#room", "Answer"))
				p.sees("#form", "What would you be embarrassed")
			}
		}, nil},
		{"home", be("gwen", "/home"), nil},
		{"people", be("ana", "/people"), nil},
		{"people-member", be("huw", "/people"), nil},
		{"missing", func(p *Page) {
			p.Excuse("404")
			p.Open(d.address + "/r/brook-street/nobody")
		}, nil},
	} {
		t.Run(v.name, func(t *testing.T) { examine(t, d.profile, v) })
	}
}

// examine looks at one page in all the ways.
func examine(t *testing.T, profile *Profile, v view) {
	p := profile.on(t).Tab()
	v.open(p)
	for _, dark := range []bool{false, true} {
		p.Prefer(Media{Dark: dark, Calm: true})
		for _, s := range []struct {
			name string
			Size
		}{{"wide", Wide}, {"narrow", Narrow}} {
			p.Resize(s.Size)
			parts := []string{""}
			if s.Size == Narrow && v.parts != nil {
				parts = v.parts
			}
			for _, part := range parts {
				name := fmt.Sprintf("%s-%s-%s", v.name, s.name, scheme(dark))
				if part != "" {
					Eval[any](p, `location.hash = `+quoted(part))
					p.Until(part+" is shown", `document.getElementById(`+quoted(part)+`).checkVisibility()`)
					name += "-" + part
				}
				p.Look(name)
				p.Sweep(name)
				p.mustFit(name)
			}
		}
	}
	p.Prefer(Media{})
	for _, s := range []Size{Narrow, Wide} {
		p.Resize(s)
		Eval[any](p, `(document.documentElement.dir = "rtl", document.documentElement.lang = "ar")`)
		name := fmt.Sprintf("%s-%d-rtl", v.name, s.Width)
		p.Look(name)
		p.mustFit(name)
	}
	p.Sweep(v.name + " from right to left")
}

func scheme(dark bool) string {
	if dark {
		return "dark"
	}
	return "light"
}

// mustFit fails the test when the page can be moved sideways, and says what sticks out.
func (p *Page) mustFit(what string) {
	p.t.Helper()
	for _, line := range p.sticksOut() {
		p.t.Errorf("%s: %s", what, line)
	}
}

func (p *Page) sticksOut() []string {
	p.t.Helper()
	return Eval[[]string](p, `(() => {
		const root = document.documentElement;
		if (root.scrollWidth <= root.clientWidth) return [];
		return ["the page is " + root.scrollWidth + " px wide in a window of " + root.clientWidth].concat(
			[...document.body.querySelectorAll("*")].filter(e => {
				const r = e.getBoundingClientRect();
				return e.checkVisibility() && r.width > 1 && (r.right > root.clientWidth + 1 || r.left < -1);
			}).slice(0, 5).map(e => e.outerHTML.slice(0, 120)));
	})()`)
}
