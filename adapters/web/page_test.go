package web_test

import (
	"net/http"
	"slices"
	"strings"
	"testing"

	"trellis/adapters/chat"
	"trellis/adapters/web"
)

var hostile = []string{
	`<script>alert(1)</script>`, `"><img src=x onerror=alert(1)>`, `' onmouseover='alert(1)`, `{{.Token}}`, `</textarea><script>alert(1)</script>`,
	`javascript:alert(1)`, `https://example.org/"onclick="alert(1)`, `<!--`, `]]>`, "\u202eevil", "a\u200bb", `&lt;b&gt;`, `<a href="javascript:alert(1)">x</a>`,
}

// What people write, wherever it comes to stand, is text.
func TestHostileTextIsText(t *testing.T) {
	name := `<b>"Eve" & {room}`
	w := newTown(t, func(o *web.Options) { o.Languages = []string{"en"} })
	eve, err := w.adapter.Join(t.Context(), "air", web.Newcomer{Name: name, Account: "eve"})
	must(t, err)
	if eve.Handle != "b-eve-room" {
		t.Errorf("her handle is %q", eve.Handle)
	}
	link, err := w.adapter.NewLink(t.Context(), "air", "eve")
	must(t, err)
	c := w.browser()
	c.comeIn(link)
	path := "/r/air/" + eve.Handle
	var said []string
	for _, text := range hostile {
		c.submit(c.page(path).one(byID("compose-room")), nil, map[string]string{"text": text})
		w.deliver(chat.DeliveryID("d"+text), chat.Place{Account: "eve"}, chat.Message{
			Language: `en" onload="x`, Text: chat.Text{{Spans: []chat.Span{
				{Text: text, Of: "somebody"},
				{Kind: chat.Link, Text: text, URL: text},
				{Kind: chat.Code, Text: text},
				{Kind: chat.Mention, Text: text, Account: chat.AccountID(text)},
				{Kind: chat.Bold, Text: text},
			}}},
			Choices: []chat.Choice{{Label: text, Name: "x", Value: text}, {Label: "grave " + text, Name: "y", Value: "y", Style: chat.Grave}},
		}, "", "")
		said = append(said, text)
	}
	page := c.page(path)
	var got []string
	for _, p := range page.one(byID("room-entries")).all(byClass("said")) {
		got = append(got, p.words())
	}
	if !slices.Equal(got, said) {
		t.Errorf("the room reads %q", got)
	}
	for _, n := range page.all(func(*node) bool { return true }) {
		if n.tag == "script" && n.attr["src"] == "" || n.tag == "img" {
			t.Errorf("there is a <%s> %v", n.tag, n.attr)
		}
		for attr, value := range n.attr {
			if strings.HasPrefix(attr, "on") || attr == "style" {
				t.Errorf("<%s> has %s", n.tag, attr)
			}
			if (attr == "href" || attr == "src" || attr == "action") && !strings.HasPrefix(value, "/") && !strings.HasPrefix(value, "#") && !strings.HasPrefix(value, "https://example.org/") {
				t.Errorf("<%s> leads to %q", n.tag, value)
			}
		}
	}
	if by := page.one(byID("room-entries")).one(byClass("by")); by.words() != name || by.tag != "bdi" {
		t.Errorf("her name reads %q in a <%s>", by.words(), by.tag)
	}
	// What turns text around turns only its own: each text stands in an element that isolates.
	for _, p := range page.one(byID("room-entries")).all(byClass("said")) {
		if p.attr["dir"] != "auto" {
			t.Error("a text does not find its own direction")
		}
	}
}

// The page can be read out and used without seeing it.
func TestPageIsAccessible(t *testing.T) {
	w := newTown(t, nil)
	w.write("ana", "air", "", "Good morning")
	m := w.deliver("d1", chat.Place{Room: "air"}, plain("How are you arriving?", chat.Choice{Label: "Answer", Name: "Answer", Value: "a"}), "", "")
	w.deliver("d2", chat.Place{Account: "ben"}, plain("For you", chat.Choice{Label: "Close it", Name: "Close it", Value: "c", Style: chat.Grave}), "", "")
	w.deliver("d3", chat.Place{Room: "air"}, plain("below"), "", m)
	c, path := w.as("ben", "air")
	for _, address := range []string{path, path + "?react=" + string(m), path + "?reply=" + string(m), path + "/home", path + "/people", "/", "/nothing", w.link("air", "chi")} {
		page := c.page2(address)
		html := page.one(byTag("html"))
		if html.attr["lang"] != "en" || html.attr["dir"] != "ltr" {
			t.Errorf("%s: language %q, direction %q", address, html.attr["lang"], html.attr["dir"])
		}
		if n := len(page.all(byTag("main"))); n != 1 {
			t.Errorf("%s has %d main parts", address, n)
		}
		if n := len(page.all(byTag("h1"))); n != 1 {
			t.Errorf("%s has %d headings of the first rank", address, n)
		}
		checkIDs(t, address, page)
		for _, b := range page.all(byTag("button")) {
			if strings.TrimSpace(b.words()) == "" {
				t.Errorf("%s: a button without a name", address)
			}
		}
		for _, f := range page.all(func(n *node) bool {
			return n.tag == "textarea" || n.tag == "select" || n.tag == "input" && n.attr["type"] != "hidden"
		}) {
			named := f.attr["aria-labelledby"] != "" || page.one(func(n *node) bool { return n.tag == "label" && n.attr["for"] == f.attr["id"] }) != nil
			if !named {
				t.Errorf("%s: a field without a name: %v", address, f.attr)
			}
		}
	}
	page := c.page(path)
	answer := page.one(byID("room-entries")).one(func(n *node) bool { return n.tag == "button" && n.attr["name"] == "choice" })
	if name := strings.Join(strings.Fields(answer.words()), " "); name != "Answer (about “How are you arriving?”)" {
		t.Errorf("a choice is called %q, which does not tell of which message it is", name)
	}
	if news := page.one(byID("news")); news.attr["aria-live"] != "polite" || news.words() != "" {
		t.Errorf("what is new is read out by %v", news.attr)
	}
	for _, skip := range page.all(byClass("skip")) {
		if page.one(byID(strings.TrimPrefix(skip.attr["href"], "#"))) == nil {
			t.Errorf("%q leads nowhere", skip.words())
		}
	}
	if below := page.one(byID("m-" + string(m))).one(byClass("replies")).all(byClass("entry")); len(below) != 1 {
		t.Errorf("%d answers stand below the question", len(below))
	}
	for _, when := range page.one(byID("room-entries")).all(byTag("time")) {
		if !strings.HasPrefix(when.attr["datetime"], "2026-03-27T09:00") {
			t.Errorf("a time says %q", when.attr["datetime"])
		}
	}
}

// page2 is a page whatever its status.
func (c *client) page2(path string) *node {
	c.t.Helper()
	_, body := c.get(path)
	return parseHTML(c.t, body)
}

func checkIDs(t *testing.T, address string, page *node) {
	t.Helper()
	seen := map[string]bool{}
	for _, n := range page.all(func(n *node) bool { return n.attr["id"] != "" }) {
		if seen[n.attr["id"]] {
			t.Errorf("%s: two elements are called %s", address, n.attr["id"])
		}
		seen[n.attr["id"]] = true
	}
	for _, n := range page.all(func(*node) bool { return true }) {
		for _, attr := range []string{"aria-labelledby", "aria-describedby", "for"} {
			for id := range strings.FieldsSeq(n.attr[attr]) {
				if !seen[id] {
					t.Errorf("%s: <%s %s=%s> names nothing", address, n.tag, attr, id)
				}
			}
		}
	}
}

func TestLanguages(t *testing.T) {
	words := texts(t)
	w := newTown(t, func(o *web.Options) {
		o.Languages = []string{"en", "cy", "ar"}
		o.Words = func(language, key string, n int) string {
			if language == "ar" {
				language = "en"
			}
			return words(language, key, n)
		}
	})
	for _, row := range []struct{ name, language, lang, dir, heading string }{
		{"Nia", "cy-GB", "cy", "ltr", "I chi"},
		{"Amal", "ar", "ar", "rtl", "For you"},
		{"Zoe", "el", "en", "ltr", "For you"},
	} {
		s, err := w.adapter.Join(t.Context(), "air", web.Newcomer{Name: row.name, Language: row.language, Zone: "Asia/Tokyo"})
		must(t, err)
		m := plain("كيف حالك؟")
		m.Language = "ar"
		w.deliver(chat.DeliveryID("d"+row.name), chat.Place{Room: "air"}, m, "", "")
		c, path := w.browser(), "/r/air/"+s.Handle
		link, err := w.adapter.NewLink(t.Context(), "air", s.Account)
		must(t, err)
		c.comeIn(link)
		page := c.page(path)
		html := page.one(byTag("html"))
		if html.attr["lang"] != row.lang || html.attr["dir"] != row.dir || page.one(byID("mine-title")).words() != row.heading {
			t.Errorf("%s reads %v, %q", row.name, html.attr, page.one(byID("mine-title")).words())
		}
		text := page.one(byID("room-entries")).one(byClass("text"))
		if text.attr["lang"] != "ar" || text.attr["dir"] != "rtl" {
			t.Errorf("%s: a message in Arabic has %v", row.name, text.attr)
		}
		if when := page.one(byID("room-entries")).one(byTag("time")); when.words() != "18:00" {
			t.Errorf("%s, in Tokyo, reads %s", row.name, when.words())
		}
		// Who is spoken to in another language from now on has the page in it.
		w.deliver(chat.DeliveryID("cy"+row.name), chat.Place{Account: s.Account}, chat.Message{Language: "cy", Zone: "UTC", Text: plain("Helô").Text}, "", "")
		if html := c.page(path).one(byTag("html")); html.attr["lang"] != "cy" {
			t.Errorf("%s is spoken to in Welsh and reads %q", row.name, html.attr["lang"])
		}
	}
	// Of a stranger, what the browser asks for counts.
	r, err := http.NewRequestWithContext(t.Context(), http.MethodGet, w.server.URL+"/", nil)
	must(t, err)
	r.Header.Set("Accept-Language", "fr;q=0.9, cy-GB, en")
	if _, body := w.browser().do(r); !strings.Contains(body, `<html lang="cy"`) {
		t.Error("a browser that asks for Welsh gets something else")
	}
}

func TestLongRooms(t *testing.T) {
	w := newTown(t, nil)
	var all []string
	for i := range 150 {
		text := "line " + string(rune('a'+i%26)) + strings.Repeat("i", i/26)
		all = append(all, text)
		to := chat.Place{Room: "air"}
		if i%3 == 1 {
			to.Account = "ben" // what Ana does not see takes no room on her page
		}
		w.deliver(chat.DeliveryID("d"+text), to, plain(text), "", "")
	}
	c, path := w.as("ana", "air")
	var want []string
	for i, text := range all {
		if i%3 != 1 {
			want = append(want, text)
		}
	}
	address := path
	var got []string
	for range 3 {
		page := c.page(address)
		var part []string
		for _, text := range page.one(byID("room-entries")).all(byClass("text")) {
			part = append(part, text.words())
		}
		got = append(part, got...)
		earlier := page.one(func(n *node) bool { return n.tag == "a" && strings.Contains(n.attr["href"], "?before=") })
		if earlier == nil {
			break
		}
		address, _, _ = strings.Cut(earlier.attr["href"], "#")
	}
	if !slices.Equal(got, want) {
		t.Errorf("page by page Ana reads %d messages, want %d: %q", len(got), len(want), got)
	}
}
