// Package browser drives Trellis's pages in a real browser, as people and their tools do.
//
// How it works: Launch starts one headless Chromium; a Profile is a browser of somebody's own, with tabs; a Page is one
// tab, in which a test clicks, types and reads. Until waits for what must come, since pages change by themselves.
// What always holds: a test with a Page fails when the page complains on its console, unless it was excused.
// Look is for eyes, Sweep for axe-core: the pictures are kept in e2e/out.
//
// To test with it: see this package's tests; each has a demo of its own.
package browser

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/chromedp/cdproto/emulation"
	"github.com/chromedp/cdproto/input"
	"github.com/chromedp/cdproto/page"
	"github.com/chromedp/chromedp"
)

const (
	// soon is for what the page does by itself, on two cores that may have much else to do.
	soon = 30 * time.Second
	// lookAgain is how often a condition is tried.
	lookAgain = 25 * time.Millisecond
)

// Page is one tab.
type Page struct {
	t       testing.TB
	ctx     context.Context
	console console
	path    string // last address that was opened, for messages
}

// start makes the tab one that has the focus: in a browser without a window no tab would have it otherwise.
func (p *Page) start() {
	p.t.Helper()
	if err := chromedp.Do(p.ctx); err != nil {
		p.t.Fatalf("open a tab: %v", err)
	}
	p.call("give the tab the focus", func(ctx context.Context) error {
		_, err := chromedp.Call(ctx, emulation.SetFocusEmulationEnabled, emulation.SetFocusEmulationEnabledParams{Enabled: true})
		return err
	})
	p.Resize(Wide)
}

// call does one thing in the tab, or ends the test.
func (p *Page) call(what string, f func(context.Context) error) {
	p.t.Helper()
	ctx, cancel := context.WithTimeout(p.ctx, soon)
	defer cancel()
	if err := f(ctx); err != nil {
		p.t.Fatalf("%s on %s: %v", what, p.path, err)
	}
}

// Open goes to an address and waits until the page stands.
func (p *Page) Open(address string) {
	p.t.Helper()
	p.path = address
	p.call("open", func(ctx context.Context) error { return chromedp.Do(ctx, chromedp.Navigate(address)) })
}

// Reload loads the page again, and waits until it stands.
func (p *Page) Reload() {
	p.t.Helper()
	p.call("reload", func(ctx context.Context) error { return chromedp.Do(ctx, chromedp.Reload()) })
}

// Eval returns what a JavaScript expression gives, which may be a promise. It runs also where the page's own scripts do not.
func Eval[T any](p *Page, expression string) T {
	p.t.Helper()
	var value T
	p.call("evaluate "+brief(expression), func(ctx context.Context) error {
		var err error
		value, err = chromedp.Run(ctx, chromedp.Evaluate[T](expression, chromedp.EvalAwaitPromise))
		return err
	})
	return value
}

// settle waits until everything that happened in the tab so far was heard of.
func (p *Page) settle() {
	ctx, cancel := context.WithTimeout(p.ctx, soon)
	defer cancel()
	_, err := chromedp.Run(ctx, chromedp.Evaluate[int]("1"))
	if err != nil && p.ctx.Err() == nil {
		p.t.Errorf("reach the tab of %s: %v", p.path, err)
	}
}

// Until waits until an expression is true, and ends the test when it does not become so.
func (p *Page) Until(what, expression string) {
	p.t.Helper()
	ctx, cancel := context.WithTimeout(p.ctx, soon)
	defer cancel()
	again := time.NewTicker(lookAgain)
	defer again.Stop()
	var last error
	for {
		// A page that is being replaced has nothing to evaluate in: it is tried again.
		is, err := chromedp.Run(ctx, chromedp.Evaluate[bool]("!!("+expression+")"))
		if err == nil && is {
			return
		}
		if !errors.Is(err, context.DeadlineExceeded) {
			last = err
		}
		select {
		case <-again.C:
		case <-ctx.Done():
			p.Look("failed-" + strings.ReplaceAll(p.t.Name(), "/", "-"))
			p.t.Fatalf("%s: not so within %v on %s (%s; last error %v); the page reads:\n%s", what, soon, p.path, brief(expression), last, p.text())
		}
	}
}

// text is what the page reads, for a message about what is wrong with it.
func (p *Page) text() string {
	ctx, cancel := context.WithTimeout(p.ctx, soon)
	defer cancel()
	text, err := chromedp.Run(ctx, chromedp.Evaluate[string]("document.body.innerText"))
	if err != nil {
		return err.Error()
	}
	return text
}

// Has tells whether an element that matches the selector shows the text.
func Has(selector, text string) string {
	return fmt.Sprintf(`[...document.querySelectorAll(%s)].some(e => e.checkVisibility() && e.textContent.replace(/\s+/g, " ").includes(%s))`, quoted(selector), quoted(text))
}

// Count is how often a text stands in the elements that match the selector.
func (p *Page) Count(selector, text string) int {
	p.t.Helper()
	return Eval[int](p, fmt.Sprintf(`[...document.querySelectorAll(%s)].reduce((n, e) => n + e.textContent.replace(/\s+/g, " ").split(%s).length - 1, 0)`, quoted(selector), quoted(text)))
}

// Click presses the element that the expression gives with the mouse, once it can be seen and nothing lies over it.
func (p *Page) Click(what, element string) {
	p.t.Helper()
	p.Until(what+" can be pressed", fmt.Sprintf(`(e => {
		if (!e || !e.checkVisibility() || document.readyState !== "complete") return false;
		e.scrollIntoView({block: "center", behavior: "instant"});
		const r = e.getClientRects()[0], top = document.elementFromPoint(r.x + r.width / 2, r.y + r.height / 2);
		return e.contains(top);
	})(%s)`, element))
	at := Eval[[]float64](p, fmt.Sprintf(`(r => [r.x + r.width / 2, r.y + r.height / 2])((%s).getClientRects()[0])`, element))
	p.call("click "+what, func(ctx context.Context) error { return chromedp.Do(ctx, chromedp.MouseClickXY(at[0], at[1])) })
}

// Follow presses the element and waits until the page that it leads to stands.
func (p *Page) Follow(what, element string) {
	p.t.Helper()
	p.Until(what+" is there", element)
	Eval[any](p, `document.documentElement.dataset.left = "yes"`)
	p.Click(what, element)
	p.Until(what+" leads somewhere", `!document.documentElement.dataset.left && document.readyState === "complete"`)
}

// Write puts a text into whatever has the focus, as an input method does.
func (p *Page) Write(text string) {
	p.t.Helper()
	p.call("write", func(ctx context.Context) error {
		_, err := chromedp.Call(ctx, input.InsertText, input.InsertTextParams{Text: text})
		return err
	})
}

// Press presses keys, of package kb or letters, one after the other.
func (p *Page) Press(keys string, options ...chromedp.KeyOption) {
	p.t.Helper()
	p.call("press keys", func(ctx context.Context) error { return chromedp.Do(ctx, chromedp.KeyEvent(keys, options...)) })
}

// Quiet switches the page's scripts off, for pages that are opened from now on.
func (p *Page) Quiet() {
	p.t.Helper()
	p.call("switch scripts off", func(ctx context.Context) error {
		_, err := chromedp.Call(ctx, emulation.SetScriptExecutionDisabled, emulation.SetScriptExecutionDisabledParams{Value: true})
		return err
	})
}

// Before runs a script in every page of the tab that is opened from now on, before any of the page's own.
func (p *Page) Before(script string) {
	p.t.Helper()
	p.call("prepare a script", func(ctx context.Context) error {
		_, err := chromedp.Call(ctx, page.AddScriptToEvaluateOnNewDocument, page.AddScriptToEvaluateOnNewDocumentParams{Source: script})
		return err
	})
}

func quoted(s string) string {
	b, err := json.Marshal(s)
	if err != nil {
		panic(err) // a string can always be written
	}
	return string(b)
}

func brief(s string) string {
	if len(s) > 200 {
		return s[:200] + "…"
	}
	return s
}
