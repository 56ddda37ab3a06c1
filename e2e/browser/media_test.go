package browser

import (
	"context"
	"os"
	"path/filepath"
	"regexp"
	"testing"

	"github.com/chromedp/chromedp"
)

func TestLessMotion(t *testing.T) {
	d := startDemo(t)
	ana, huw := d.be("ana"), d.be("huw")
	huw.Prefer(Media{Calm: true})
	gwen := d.be("gwen")
	const moves = `(line => line && getComputedStyle(line.closest("article")).animationName)([...document.querySelectorAll("#room-entries .said")].find(e => e.textContent === "Something comes."))`
	gwen.write(toAll, "Something comes.")
	for _, p := range []*Page{ana, huw} {
		p.sees("#room-entries", "Something comes.")
	}
	if name := Eval[string](ana, moves); name == "none" {
		t.Error("nothing moves for anybody, so this test shows nothing")
	}
	if name := Eval[string](huw, moves); name != "none" {
		t.Errorf("who asked for less motion gets the animation %q", name)
	}
	if Eval[bool](huw, `[...document.querySelectorAll("*")].some(e => { const s = getComputedStyle(e); return s.scrollBehavior === "smooth" || parseFloat(s.transitionDuration) > 0 && s.transitionProperty.match(/all|transform|translate|height|width/) })`) {
		t.Error("who asked for less motion gets smooth scrolling or transitions that move")
	}
}

// pages counts the pages of a PDF file: page objects, which are not the tree of them.
var pages = regexp.MustCompile(`/Type\s*/Page\b[^s]`)

func TestPrintedOnOnePage(t *testing.T) {
	d := startDemo(t)
	gwen := d.be("gwen")
	gwen.Click("accept", choice("#mine", "Accept"))
	gwen.sees("#glance", "bring ten chairs")
	gwen.Prefer(Media{Printed: true, Dark: true})
	for _, shown := range []string{"How we work: one speaks at a time", "bring ten chairs for the street", "Brook Street"} {
		gwen.Until("paper shows "+shown, Has("li, p, blockquote", shown))
	}
	for _, hidden := range []string{".compose", "#mine", "#room", ".demo", "nav", ".choices"} {
		if Eval[bool](gwen, `[...document.querySelectorAll(`+quoted(hidden)+`)].some(e => e.checkVisibility())`) {
			t.Errorf("paper shows %s", hidden)
		}
	}
	if colour := Eval[string](gwen, `getComputedStyle(document.documentElement).backgroundColor`); colour != "rgb(255, 255, 255)" {
		t.Errorf("the paper is %s", colour)
	}
	gwen.Look("print")
	gwen.call("print", func(ctx context.Context) error {
		pdf, err := chromedp.Run(ctx, chromedp.PrintToPDF(chromedp.PDFPreferCSSPageSize()))
		if err != nil {
			return err
		}
		if n := len(pages.FindAll(pdf, -1)); n != 1 {
			t.Errorf("it is printed on %d pages, want 1", n)
		}
		return os.WriteFile(filepath.Join(out, "print.pdf"), pdf, 0o644)
	})
}
