package web_test

import (
	"context"
	"errors"
	"net/http"
	"strings"
	"testing"
	"time"

	"trellis/adapters/web"
)

func TestDemo(t *testing.T) {
	var moved time.Time
	fails := false
	w := newTown(t, func(o *web.Options) {
		o.URL = ""
		o.Demo = &web.Demo{Move: func(_ context.Context, to time.Time) error {
			if fails {
				return errors.New("it does not move")
			}
			moved = to
			return nil
		}}
	})
	c := w.browser()
	c.here = true
	page := c.page("/") // leads to the first of the people
	bar := page.one(byClass("demo"))
	if text := bar.words(); !strings.Contains(text, "You are Ana.") || !strings.Contains(text, "What you are looking at") || !strings.Contains(text, "27 March 2026, 09:00") {
		t.Errorf("the bar reads %q", text)
	}
	if intro := strings.Fields(bar.one(byClass("intro")).words()); len(intro) > 200 {
		t.Errorf("what this is takes %d words, more than a minute", len(intro))
	}
	// Be somebody else, without a link and without a cookie.
	ben := c.page("/r/air/ben")
	form := ben.one(byID("compose-room"))
	resp := c.submit(form, nil, map[string]string{"text": "It is me, Ben"})
	if resp.URL.Path != "/r/air/ben" || len(w.see2(c, "/r/air/ana")) != 1 {
		t.Error("Ben cannot write, or Ana does not see it")
	}
	// Put away, what this is stays away, and comes again when it is asked for.
	c.submit(bar.one(byClass("intro")).one(byTag("form")), nil, nil)
	page = c.page("/r/air/ben")
	if page.one(byClass("intro")) != nil {
		t.Error("what this is was put away, and is there")
	}
	ask := page.one(byClass("demo")).all(func(n *node) bool { return n.attr["action"] == "/demo/intro" })
	c.submit(ask[0], nil, nil)
	if c.page("/r/air/ben").one(byClass("intro")) == nil {
		t.Error("what this is was asked for, and is not there")
	}

	clock := page.one(byClass("clock"))
	for _, row := range []struct {
		by, want string
	}{
		{"hour", "2026-03-27T10:00:00Z"}, {"day", "2026-03-28T09:00:00Z"}, {"week", "2026-04-03T09:00:00Z"}, {"friday", "2026-04-03T09:00:00Z"},
	} {
		button := clock.one(func(n *node) bool { return n.attr["value"] == row.by })
		if resp := c.submit(clock, button, nil); resp.URL.Path != "/r/air/ben" {
			t.Errorf("after %s one is at %s", row.by, resp.URL.Path)
		}
		if got := moved.Format(time.RFC3339); got != row.want {
			t.Errorf("%s moves the clock to %s, want %s", row.by, got, row.want)
		}
	}
	fields := clock.fields(nil)
	fields["by"], fields["back"] = "hour", "https://evil.test/"
	if resp, _ := c.send("/demo/clock", fields); resp.URL.Host != strings.TrimPrefix(w.server.URL, "http://") {
		t.Errorf("it leads away, to %s", resp.URL)
	}
	fails = true
	if resp, _ := c.send("/demo/clock", fields); resp.StatusCode != http.StatusServiceUnavailable {
		t.Errorf("a clock that does not move: %s", resp.Status)
	}
	fields["token"] = "guessed"
	if resp, _ := c.send("/demo/clock", fields); resp.StatusCode != http.StatusForbidden {
		t.Errorf("a forged move: %s", resp.Status)
	}
}

// A demo is for this machine alone, whatever a name elsewhere leads to.
func TestDemoIsNotForOthers(t *testing.T) {
	w := newTown(t, func(o *web.Options) { o.URL, o.Demo = "", &web.Demo{} })
	for name, change := range map[string]func(*http.Request){
		"through a proxy":        func(r *http.Request) { r.Header.Set("X-Forwarded-For", "198.51.100.7") },
		"under a name elsewhere": func(r *http.Request) { r.Host = "rebound.test" },
		"an address elsewhere":   func(r *http.Request) { r.Host = "192.0.2.1:8080" },
	} {
		r, err := http.NewRequestWithContext(t.Context(), http.MethodGet, w.server.URL+"/r/air/ana", nil)
		must(t, err)
		change(r)
		c := w.browser()
		c.here = true
		if resp, body := c.do(r); resp.StatusCode != http.StatusNotFound || strings.Contains(body, "Ana") {
			t.Errorf("%s: %s", name, resp.Status)
		}
	}
}

// see2 are the messages of a room's page.
func (w *town) see2(c *client, path string) (texts []string) {
	for _, text := range c.page(path).one(byID("room-entries")).all(byClass("text")) {
		texts = append(texts, text.words())
	}
	return texts
}
