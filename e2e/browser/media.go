package browser

import (
	"context"
	"os"
	"path/filepath"

	"github.com/chromedp/cdproto/emulation"
	"github.com/chromedp/cdproto/page"
	"github.com/chromedp/chromedp"
)

// Size is that of a window, in CSS pixels.
type Size struct{ Width, Height int64 }

// The windows that are looked at: a laptop, and the narrowest telephone that is promised to work.
var (
	Wide   = Size{1440, 900}
	Narrow = Size{360, 740}
)

// Resize gives the window another size.
func (p *Page) Resize(s Size) {
	p.t.Helper()
	p.call("resize", func(ctx context.Context) error {
		_, err := chromedp.Call(ctx, emulation.SetDeviceMetricsOverride, emulation.SetDeviceMetricsOverrideParams{
			Width: s.Width, Height: s.Height, DeviceScaleFactor: 1, Mobile: false,
		})
		return err
	})
}

// Media is what a person asked their system for.
type Media struct {
	Dark    bool
	Calm    bool // less motion
	Printed bool
}

// Prefer has the page shown as the media say.
func (p *Page) Prefer(m Media) {
	p.t.Helper()
	scheme, motion, medium := "light", "no-preference", ""
	if m.Dark {
		scheme = "dark"
	}
	if m.Calm {
		motion = "reduce"
	}
	if m.Printed {
		medium = "print"
	}
	p.call("set the media", func(ctx context.Context) error {
		_, err := chromedp.Call(ctx, emulation.SetEmulatedMedia, emulation.SetEmulatedMediaParams{Media: medium, Features: []*emulation.MediaFeature{
			{Name: "prefers-color-scheme", Value: scheme}, {Name: "prefers-reduced-motion", Value: motion},
		}})
		return err
	})
}

// out is where the pictures are, beside this package.
const out = "../out"

// Look takes a picture of the window for eyes to judge. It is kept as NAME.png.
func (p *Page) Look(name string) {
	p.t.Helper()
	if err := p.shoot(name); err != nil {
		p.t.Errorf("take a picture of %s: %v", p.path, err)
	}
}

func (p *Page) shoot(name string) error {
	ctx, cancel := context.WithTimeout(p.ctx, soon)
	defer cancel()
	picture, err := chromedp.Call(ctx, page.CaptureScreenshot, page.CaptureScreenshotParams{})
	if err != nil {
		return err
	}
	if err := os.MkdirAll(out, 0o755); err != nil {
		return err
	}
	return os.WriteFile(filepath.Join(out, name+".png"), picture.Data, 0o644)
}
