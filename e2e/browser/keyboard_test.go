package browser

import (
	"fmt"
	"testing"

	"github.com/chromedp/chromedp/kb"

	"github.com/chromedp/chromedp"
)

// focus describes what has the focus.
type focus struct {
	Name   string `json:"name"`
	Shown  bool   `json:"shown"`  // an outline or the like shows that it has the focus
	Inside bool   `json:"inside"` // the window shows it, and nothing lies over it
}

const theFocus = `(() => {
	const e = document.activeElement;
	if (!e || e === document.body) return {name: "", shown: true, inside: true};
	const s = getComputedStyle(e), r = e.getBoundingClientRect();
	const x = Math.min(Math.max(r.x + Math.min(r.width, 40) / 2, 0), innerWidth - 1), y = Math.min(Math.max(r.y + Math.min(r.height, 30) / 2, 0), innerHeight - 1);
	const top = document.elementFromPoint(x, y);
	return {
		name: e.tagName.toLowerCase() + (e.id ? "#" + e.id : "") + " " + e.textContent.trim().replace(/\s+/g, " ").slice(0, 60),
		shown: s.outlineStyle !== "none" && parseFloat(s.outlineWidth) >= 2 || s.boxShadow !== "none",
		inside: r.bottom > 0 && r.top < innerHeight && !!top && (e.contains(top) || top.contains(e)),
	};
})()`

// tabTo presses Tab until the expression is true of the element that has the focus, e, and checks each stop on the way.
func (p *Page) tabTo(what, is string, options ...chromedp.KeyOption) {
	p.t.Helper()
	const atMost = 400
	for range atMost {
		p.Press(kb.Tab, options...)
		f := Eval[focus](p, theFocus)
		if !f.Shown {
			p.t.Errorf("nothing shows that %q has the focus", f.Name)
		}
		if !f.Inside {
			p.t.Errorf("%q has the focus and cannot be seen", f.Name)
		}
		if Eval[bool](p, fmt.Sprintf(`(e => !!(%s))(document.activeElement)`, is)) {
			return
		}
	}
	p.Look("failed-" + p.t.Name())
	p.t.Fatalf("Tab does not reach %s within %d stops", what, atMost)
}

func TestKeyboardAlone(t *testing.T) {
	d := startDemo(t)
	gwen := d.be("gwen")
	gwen.tabTo("the link over everything", `e.matches("a.skip")`)
	gwen.Look("keyboard-skip-wide-light")
	gwen.Press(kb.Enter)
	gwen.Until("it leads to the conversation", `location.hash === "#talk"`)
	gwen.tabTo("the button by which one answers", `e.closest("#room") && e.matches("button.choice") && e.querySelector(".label").textContent === "Answer"`)
	gwen.Look("keyboard-focus-wide-light")

	gwen.Press(kb.Enter)
	gwen.Until("the form has the focus", `document.querySelector("dialog:modal") && document.querySelector("dialog").contains(document.activeElement)`)
	for range 8 {
		gwen.Press(kb.Tab)
		if Eval[bool](gwen, `document.activeElement !== document.body && !document.querySelector("dialog").contains(document.activeElement)`) {
			t.Fatalf("the focus has left the form for %q", Eval[focus](gwen, theFocus).Name)
		}
	}
	gwen.Press(kb.Escape)
	gwen.Until("the form is closed", `!document.querySelector("dialog[open]")`)
	gwen.Until("the focus is where it was", `document.activeElement.matches("#room button.choice") && document.activeElement.querySelector(".label").textContent === "Answer"`)

	gwen.Press(kb.Enter)
	gwen.Until("the field has the focus", `document.activeElement.matches("dialog:modal textarea")`)
	gwen.Press("From the keyboard")
	gwen.tabTo("the button that sends", `e.matches("dialog button.primary")`)
	gwen.Press(" ")
	gwen.Until("the form is closed", `!document.querySelector("dialog[open]")`)
	gwen.sees("#room-entries", "3 of 4 have spoken.")
	if f := Eval[focus](gwen, theFocus); f.Name == "" {
		t.Error("after the form nothing has the focus")
	}

	// A line, a new line in it, and back up to a choice that asks whether one is sure.
	gwen.tabTo("where one writes to all", `e.id === "write"`)
	gwen.Press("one")
	gwen.Press(kb.Enter, chromedp.KeyModifiers(chromedp.ModifierShift))
	gwen.Press("two" + kb.Enter)
	gwen.Until("it is one line of two", `[...document.querySelectorAll("#room-entries .said")].some(e => e.textContent === "one\ntwo")`)
	gwen.Until("the focus stays where one writes", `document.activeElement.id === "write"`)
	gwen.tabTo("react", `e.matches("#room .acts a") && e.textContent.startsWith("React")`, chromedp.KeyModifiers(chromedp.ModifierShift))
	gwen.Press(kb.Enter)
	gwen.Until("the reactions have the focus", `document.activeElement.closest(".react")`)
	gwen.Press(kb.Enter)
	gwen.Until("the reaction stands there", `document.querySelector("#room .reactions")`)
	if f := Eval[focus](gwen, theFocus); f.Name == "" {
		t.Error("after a reaction nothing has the focus")
	}
}
