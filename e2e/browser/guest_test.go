package browser

import (
	"context"
	"fmt"
	"net"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/chromedp/cdproto/storage"
	"github.com/chromedp/chromedp"

	"trellis/e2e/program"
)

// roomReady says where the link is written by which the host comes in.
var roomReady = regexp.MustCompile(`msg="a web room is open.* file=(\S+)`)

// startRoom starts Trellis with a web room and nothing else, and returns its address and the host's link.
func startRoom(t *testing.T) (address, link string) {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	listen := l.Addr().String()
	if err := l.Close(); err != nil { // the program takes it over
		t.Fatal(err)
	}
	folder := t.TempDir()
	file := filepath.Join(folder, "trellis.yaml")
	config := fmt.Sprintf("data: %s\nhttp:\n  listen: %s\nweb:\n  url: http://%s\n", filepath.Join(folder, "data"), listen, listen)
	if err := os.WriteFile(file, []byte(config), 0o600); err != nil {
		t.Fatal(err)
	}
	first, err := os.ReadFile(program.Start(t, roomReady, suite.binary, "run", "--config", file).Ready[1])
	if err != nil {
		t.Fatal(err)
	}
	return "http://" + listen, strings.TrimSpace(string(first))
}

// TestGuestsComeByALink is the story of a room of people without accounts, from the first link to one that is ended.
func TestGuestsComeByALink(t *testing.T) {
	address, link := startRoom(t)
	host := suite.chromium.Profile(t).Tab()
	host.Open(address)
	host.sees("main", "This is a room of Trellis")
	host.everyWay("start")
	host.Open(link)
	host.everyWay("join")
	host.Follow("come in", `document.querySelector("main button")`)
	host.live()
	host.sees("#room-entries", "Hello, I am Trellis.")
	host.everyWay("new-room")
	host.oneCookie()
	home := Eval[string](host, `location.pathname`)

	host.Open(address + home + "/people")
	host.Click("the name", `document.getElementById("invite-name")`)
	host.Write("Bela")
	host.Follow("invite", `document.querySelector("form[action$='/invite'] button")`)
	host.sees(".made", "A link for Bela")
	invitation := Eval[string](host, `document.getElementById("made-link").value`)
	if !strings.HasPrefix(invitation, address+"/join/") {
		t.Fatalf("the link for Bela is %q", invitation)
	}
	host.everyWay("made-link")
	host.Open(address + home)
	host.live()

	guest := suite.chromium.Profile(t).Tab()
	guest.Excuse("404")
	guest.Open(address + home)
	guest.sees("main", "There is nothing here, or it is not for you.")
	guest.Open(invitation)
	guest.Follow("come in", `document.querySelector("main button")`)
	guest.live()
	guest.write(toAll, "Here I am.")
	host.sees("#room-entries", "Here I am.")
	guest.oneCookie()
	page := Eval[string](guest, `location.pathname`)
	if page == home {
		t.Fatal("the guest is the host")
	}
	guest.Open(address + home)
	guest.sees("main", "There is nothing here, or it is not for you.")
	guest.Open(address + page)
	guest.live()

	manager := host
	manager.Open(address + home + "/people")
	manager.Follow("end Bela's link", `[...document.querySelectorAll("form[action$='/people/end'] button")].find(b => b.textContent.includes("Bela"))`)
	guest.Until("the page has closed", `document.getElementById("status").textContent.startsWith("This page has closed")`)
	guest.Look("ended-wide-light")
	guest.Reload()
	guest.sees("main", "There is nothing here, or it is not for you.")

	manager.Follow("sign off", `document.querySelector("form[action='/out'] button")`)
	manager.sees("main", "You have signed off.")
	manager.everyWay("signed-off")
	manager.Excuse("404")
	manager.Open(address + home)
	manager.sees("main", "There is nothing here, or it is not for you.")
}

// everyWay looks at a page as it stands, wide and narrow, light and dark.
func (p *Page) everyWay(name string) {
	p.t.Helper()
	for _, dark := range []bool{false, true} {
		p.Prefer(Media{Dark: dark, Calm: true})
		p.Look(name + "-wide-" + scheme(dark))
		p.Sweep(name + " wide " + scheme(dark))
	}
	p.Prefer(Media{})
	p.Resize(Narrow)
	p.Look(name + "-narrow-light")
	p.Sweep(name + " narrow")
	p.mustFit(name + " narrow")
	p.Resize(Wide)
}

// oneCookie fails the test when the browser keeps more of the site than the one cookie that it needs, or lets scripts at it.
func (p *Page) oneCookie() {
	p.t.Helper()
	if seen := Eval[string](p, `document.cookie`); seen != "" {
		p.t.Errorf("scripts can read the cookie %q", seen)
	}
	if n := Eval[int](p, `localStorage.length + sessionStorage.length`); n != 0 {
		p.t.Errorf("the page keeps %d other things", n)
	}
	p.call("read the cookies", func(ctx context.Context) error {
		all, err := chromedp.CallBrowser(ctx, storage.GetCookies, storage.GetCookiesParams{
			BrowserContextID: chromedp.FromContext(p.ctx).BrowserContextID,
		})
		if err == nil && (len(all.Cookies) != 1 || !all.Cookies[0].HTTPOnly || all.Cookies[0].SameSite != "Lax" && all.Cookies[0].SameSite != "Strict") {
			p.t.Errorf("the cookies are %+v, want one for HTTP alone and this site alone", all.Cookies)
		}
		return err
	})
}
