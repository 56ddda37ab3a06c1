package browser

import (
	"context"
	"fmt"
	"os"
	"regexp"
	"strings"
	"testing"

	"github.com/chromedp/chromedp/kb"

	"trellis/e2e/program"
)

// suite is what the tests share. Each starts a Trellis of its own, and has browser profiles of its own.
var suite struct {
	binary   string
	chromium *Chromium
}

func TestMain(m *testing.M) {
	os.Exit(run(m))
}

func run(m *testing.M) int {
	work, err := os.MkdirTemp("", "trellis-browser-")
	if err == nil {
		defer os.RemoveAll(work)
		err = os.RemoveAll(out) // pictures of another run say nothing about this one
	}
	if err == nil {
		suite.binary, err = program.Build(context.Background(), work)
	}
	if err == nil {
		suite.chromium, err = Launch(context.Background(), work+"/profile")
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		return 1
	}
	defer suite.chromium.Close()
	return m.Run()
}

var demoReady = regexp.MustCompile(`^Trellis is on (http://(127\.0\.0\.1:\d+))$`)

// demo is a running demo: Brook Street, in the middle of its work.
type demo struct {
	*program.Running
	t       *testing.T
	folder  string
	address string
	listen  string
	profile *Profile
}

func startDemo(t *testing.T) *demo {
	t.Helper()
	d := &demo{t: t, folder: t.TempDir(), profile: suite.chromium.Profile(t)}
	d.start("127.0.0.1:0")
	return d
}

func (d *demo) start(listen string) {
	d.t.Helper()
	d.Running = program.Start(d.t, demoReady, suite.binary, "demo", "--listen", listen, "--data", d.folder)
	d.address, d.listen = d.Ready[1], d.Ready[2]
}

// room is where somebody's page of the room is.
func (d *demo) room(who string) string { return d.address + "/r/brook-street/" + strings.ToLower(who) }

// be opens a tab in which one is somebody.
func (d *demo) be(who string) *Page {
	d.t.Helper()
	p := d.profile.Tab()
	p.Before(listener)
	p.Open(d.room(who))
	p.live()
	return p
}

// listener hears what a screen reader would be told, whatever the page does with it later.
const listener = `
window.heard = [];
new MutationObserver(changes => {
	for (const c of changes) for (const n of c.addedNodes) if (c.target.id === "news") window.heard.push(n.textContent);
}).observe(document, {childList: true, subtree: true});`

// live waits until the page hears what is new: its script has the stream open.
func (p *Page) live() {
	p.t.Helper()
	p.Until("the page is kept fresh", `performance.getEntriesByType("resource").length && document.documentElement.classList.contains("js") && document.readyState === "complete"`)
}

// write writes a line as people do, with the keyboard, and waits until the page took it.
func (p *Page) write(area, text string) {
	p.t.Helper()
	p.Click("where one writes", fmt.Sprintf("document.getElementById(%q)", area))
	p.Write(text)
	p.Press(kb.Enter)
	p.Until("the line was taken", fmt.Sprintf(`document.getElementById(%q).value === ""`, area))
}

// The two places of a page where one writes.
const (
	privately = "write-mine"
	toAll     = "write"
)

// choice is the newest visible choice with this label in a part of the page.
func choice(part, label string) string {
	return fmt.Sprintf(`[...document.querySelectorAll(%s)].findLast(b => b.checkVisibility() && b.querySelector(".label").textContent === %s)`,
		quoted(part+" .choice:not(.small)"), quoted(label))
}

// sees waits until a part of the page shows the text.
func (p *Page) sees(part, text string) {
	p.t.Helper()
	p.Until(fmt.Sprintf("%s shows %q", part, text), Has(part, text))
}
