package web_test

import (
	"net/http"
	"strings"
	"testing"

	"trellis/adapters/web"
)

func TestHeadersOfEveryPage(t *testing.T) {
	w := newTown(t, nil)
	c, path := w.as("ana", "air")
	want := map[string]string{
		"Content-Security-Policy": "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; connect-src 'self'; " +
			"form-action 'self'; frame-ancestors 'none'; base-uri 'none'",
		"X-Content-Type-Options": "nosniff", "X-Frame-Options": "DENY", "Referrer-Policy": "no-referrer",
		"Cross-Origin-Opener-Policy": "same-origin", "Cross-Origin-Resource-Policy": "same-origin", "Cache-Control": "no-store",
	}
	for _, page := range []string{"/", path, path + "/home", path + "/people", path + "/events?once=1", w.link("air", "chi"), "/nothing", "/robots.txt"} {
		resp, body := c.get(page)
		for name, value := range want {
			if got := resp.Header.Get(name); got != value {
				t.Errorf("%s: %s is %q, want %q", page, name, got, value)
			}
		}
		if resp.Header.Get("Permissions-Policy") == "" {
			t.Errorf("%s has no Permissions-Policy", page)
		}
		// The policy forbids what is inline, so there must be none.
		for _, inline := range []string{" style=", "<style", " onclick=", " onload=", "javascript:", "<script>"} {
			if strings.Contains(body, inline) {
				t.Errorf("%s has %q in it", page, inline)
			}
		}
	}
}

func TestAssetsAreKeptByTheirHash(t *testing.T) {
	w := newTown(t, nil)
	c, path := w.as("ana", "air")
	head := c.page(path)
	for _, row := range []struct{ url, kind string }{
		{head.one(func(n *node) bool { return n.attr["rel"] == "stylesheet" }).attr["href"], "text/css"},
		{head.one(byTag("script")).attr["src"], "text/javascript"},
		{head.one(func(n *node) bool { return n.attr["rel"] == "icon" }).attr["href"], "image/svg+xml"},
	} {
		resp, body := w.browser().get(row.url)
		if resp.StatusCode != http.StatusOK || !strings.HasPrefix(resp.Header.Get("Content-Type"), row.kind) || body == "" {
			t.Errorf("%s: %s, %s", row.url, resp.Status, resp.Header.Get("Content-Type"))
		}
		if !strings.Contains(resp.Header.Get("Cache-Control"), "immutable") {
			t.Errorf("%s is not kept: %s", row.url, resp.Header.Get("Cache-Control"))
		}
	}
	if s := w.browser().status("/assets/page.css"); s != http.StatusNotFound {
		t.Errorf("without its hash: %d", s)
	}
}

// What was not sent from the person's own page does nothing.
func TestForgedRequests(t *testing.T) {
	w := newTown(t, nil)
	c, path := w.as("ana", "air")
	other, otherPath := w.as("ben", "air")
	foreign := other.page(otherPath).one(byID("compose-room")).fields(nil)["token"]
	for _, row := range []struct {
		name   string
		change func(r *http.Request, fields map[string]string)
		want   int
	}{
		{"from another site", func(r *http.Request, _ map[string]string) { r.Header.Set("Origin", "https://evil.test") }, http.StatusForbidden},
		{"as a browser says it", func(r *http.Request, _ map[string]string) { r.Header.Set("Sec-Fetch-Site", "cross-site") }, http.StatusForbidden},
		{"from a sibling site", func(r *http.Request, _ map[string]string) { r.Header.Set("Sec-Fetch-Site", "same-site") }, http.StatusForbidden},
		{"without a token", func(_ *http.Request, f map[string]string) { delete(f, "token") }, http.StatusForbidden},
		{"with somebody else's token", func(_ *http.Request, f map[string]string) { f["token"] = foreign }, http.StatusForbidden},
		{"as plain text", func(r *http.Request, _ map[string]string) { r.Header.Set("Content-Type", "text/plain") }, http.StatusUnsupportedMediaType},
		{"as JSON", func(r *http.Request, _ map[string]string) { r.Header.Set("Content-Type", "application/json") }, http.StatusUnsupportedMediaType},
		{"as a file", func(r *http.Request, _ map[string]string) {
			r.Header.Set("Content-Type", "multipart/form-data; boundary=x")
		}, http.StatusUnsupportedMediaType},
		{"under another name", func(r *http.Request, _ map[string]string) { r.Host = "evil.test" }, http.StatusNotFound},
		{"as it should be", func(*http.Request, map[string]string) {}, http.StatusOK},
	} {
		t.Run(row.name, func(t *testing.T) {
			fields := c.page(path).one(byID("compose-room")).fields(nil)
			fields["text"] = row.name
			status := c.sendAs(path+"/say", fields, row.change)
			if status != row.want {
				t.Errorf("got %d, want %d", status, row.want)
			}
			_, body := c.get(path)
			if said := strings.Contains(body, row.name+"</p>"); said != (row.want == http.StatusOK) {
				t.Errorf("it stands in the room: %v", said)
			}
		})
	}
}

// sendAs posts a form that was changed on its way.
func (c *client) sendAs(path string, fields map[string]string, change func(*http.Request, map[string]string)) int {
	c.t.Helper()
	r, err := http.NewRequestWithContext(c.t.Context(), http.MethodPost, c.w.server.URL+path, http.NoBody)
	must(c.t, err)
	r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	r.Header.Set("Origin", c.w.server.URL)
	change(r, fields)
	r.Body, r.ContentLength = body(fields)
	resp, _ := c.do(r)
	return resp.StatusCode
}

func TestLargeRequests(t *testing.T) {
	w := newTown(t, nil)
	c, path := w.as("ana", "air")
	fields := c.page(path).one(byID("compose-room")).fields(nil)
	fields["text"] = strings.Repeat("x", 10<<20)
	if resp, _ := c.send(path+"/say", fields); resp.StatusCode != http.StatusRequestEntityTooLarge {
		t.Errorf("10 MB: %s", resp.Status)
	}
	fields["text"] = strings.Repeat("x", 40_000)
	resp, page := c.send(path+"/say", fields)
	if resp.StatusCode != http.StatusUnprocessableEntity {
		t.Fatalf("40,000 letters: %s", resp.Status)
	}
	form := parseHTML(t, page).one(byID("compose-room"))
	wrong := form.one(byClass("error"))
	if wrong == nil || !strings.Contains(wrong.words(), "4000") {
		t.Error("it is not said what would be accepted")
	}
	area := form.one(byTag("textarea"))
	if len(area.words()) < 4000 || area.attr["aria-invalid"] != "true" || !strings.Contains(area.attr["aria-describedby"], wrong.attr["id"]) {
		t.Errorf("what was typed is not kept, or does not lead to what is wrong: %v", area.attr)
	}
	// The greatest text that is accepted fits in a request, in any script.
	fields["text"] = strings.Repeat("🥖", 4000)
	if resp, _ := c.send(path+"/say", fields); resp.StatusCode != http.StatusOK {
		t.Errorf("4,000 loaves of bread: %s", resp.Status)
	}
}

func TestTooFast(t *testing.T) {
	w := newTown(t, nil)
	c, path := w.as("ana", "air")
	limited := 0
	for range 40 {
		fields := c.page(path).one(byID("compose-room")).fields(nil)
		fields["text"] = "and"
		resp, page := c.send(path+"/say", fields)
		if resp.StatusCode != http.StatusTooManyRequests {
			continue
		}
		limited++
		if resp.Header.Get("Retry-After") == "" || !strings.Contains(page, "wait a moment") {
			t.Errorf("it does not say how long to wait: %v", resp.Header)
		}
	}
	if limited != 10 {
		t.Errorf("of 40 lines at once %d were too fast, want those beyond 30", limited)
	}
	if ben, path := w.as("ben", "air"); ben.status(path) != http.StatusOK {
		t.Error("others are held up as well")
	}
	// An address has a limit of its own, whoever is there.
	r, err := http.NewRequestWithContext(t.Context(), http.MethodGet, w.server.URL+"/", nil)
	must(t, err)
	stranger, refused := w.browser(), 0
	for range 400 {
		r := r.Clone(t.Context())
		r.Header.Set("X-Forwarded-For", "2001:db8::7, 198.51.100.7")
		if resp, _ := stranger.do(r); resp.StatusCode == http.StatusTooManyRequests {
			refused++
		}
	}
	if refused != 100 {
		t.Errorf("of 400 requests at once from one address %d are refused, want those beyond 300", refused)
	}
}

func TestLinksAreNotTriedAllDay(t *testing.T) {
	w := newTown(t, nil)
	c := w.browser()
	last := 0
	for range 30 {
		r, err := http.NewRequestWithContext(t.Context(), http.MethodGet, w.server.URL+"/join/aaaaaaaaaaaaaaaaaaaaaaaaaa", nil)
		must(t, err)
		r.Header.Set("X-Forwarded-For", "198.51.100.9")
		resp, _ := c.do(r)
		last = resp.StatusCode
	}
	if last != http.StatusTooManyRequests {
		t.Errorf("the 30th link that there is not: %d", last)
	}
}

func TestAddressIsChecked(t *testing.T) {
	for _, address := range []string{"", "trellis.test", "ftp://trellis.test", "https://", "https://trellis.test/rooms", "https://a:b@trellis.test", "https://trellis.test?x"} {
		if _, err := web.New(t.Context(), web.Options{Store: newTown(t, nil).store, Words: texts(t), URL: address}); err == nil {
			t.Errorf("%q is taken as an address", address)
		}
	}
}
