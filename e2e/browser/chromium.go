package browser

import (
	"context"
	"fmt"
	"os/exec"
	"testing"

	"github.com/chromedp/chromedp"
)

// Chromium is a browser without a window.
type Chromium struct {
	first context.Context // of its first tab; the others are its children
	stop  context.CancelFunc
}

// Launch starts the browser with a profile of its own in folder.
func Launch(ctx context.Context, folder string) (*Chromium, error) {
	path, err := findChromium()
	if err != nil {
		return nil, err
	}
	ctx, stopAll := chromedp.NewExecAllocator(ctx,
		chromedp.ExecPath(path),
		chromedp.UserDataDir(folder),
		chromedp.Headless,
		chromedp.NoSandbox, // a container's root has no user namespaces to build one from
		chromedp.DisableGPU,
		chromedp.NoFirstRun,
		chromedp.NoDefaultBrowserCheck,
		chromedp.Flag("disable-quic", true),
		chromedp.Flag("disable-background-networking", true),
		chromedp.Flag("disable-component-update", true),
		chromedp.Flag("disable-sync", true),
		chromedp.Flag("disable-dev-shm-usage", true), // containers have little of it
		// Two tabs are two people: none of them is slowed down because the other is looked at.
		chromedp.Flag("disable-background-timer-throttling", true),
		chromedp.Flag("disable-backgrounding-occluded-windows", true),
		chromedp.Flag("disable-renderer-backgrounding", true),
		chromedp.Flag("force-color-profile", "srgb"),
		chromedp.Flag("lang", "en-GB"),
		// A mouse, which a machine without a screen lacks: a fine pointer that hovers (the numbers are Blink's own).
		chromedp.Flag("blink-settings", "primaryPointerType=4,availablePointerTypes=4,primaryHoverType=2,availableHoverTypes=2"),
	)
	first, stopFirst := chromedp.NewContext(ctx)
	if err := chromedp.Do(first); err != nil {
		stopFirst()
		stopAll()
		return nil, fmt.Errorf("start %s: %w", path, err)
	}
	return &Chromium{first: first, stop: func() { stopFirst(); stopAll() }}, nil
}

// Close ends the browser.
func (c *Chromium) Close() { c.stop() }

func findChromium() (string, error) {
	for _, name := range []string{"chromium", "chromium-browser", "google-chrome"} {
		if path, err := exec.LookPath(name); err == nil {
			return path, nil
		}
	}
	return "", fmt.Errorf("find a browser: neither chromium nor google-chrome is here; on Debian: apt-get install chromium")
}

// Profile is what one browser of one person would hold: cookies of its own, and tabs.
func (c *Chromium) Profile(t testing.TB) *Profile {
	return &Profile{chromium: c, t: t}
}

// Profile shares nothing with other profiles.
type Profile struct {
	chromium *Chromium
	t        testing.TB
	shared   context.Context // of its first tab; nil until there is one
}

// on is the same profile for another test, such as one within the profile's own.
func (p *Profile) on(t testing.TB) *Profile {
	return &Profile{chromium: p.chromium, t: t, shared: p.shared}
}

// Tab opens an empty tab, which is closed with the test.
func (p *Profile) Tab() *Page {
	p.t.Helper()
	page := &Page{t: p.t}
	parent, options := p.shared, []chromedp.ContextOption{chromedp.WithListener(page.console.hear)}
	if parent == nil {
		parent, options = p.chromium.first, append(options, chromedp.WithNewBrowserContext())
	}
	ctx, cancel := chromedp.NewContext(parent, options...)
	p.t.Cleanup(cancel)
	if p.shared == nil {
		p.shared = ctx
	}
	page.ctx = ctx
	page.start()
	p.t.Cleanup(page.mustBeQuiet) // before the tab closes
	return page
}
