package browser

import (
	"strings"
	"testing"
)

// announced is how often a page read a text out.
func (p *Page) announced(text string) int {
	p.t.Helper()
	n := 0
	for _, line := range Eval[[]string](p, "heard") {
		n += strings.Count(line, text)
	}
	return n
}

// onceAfter checks that what came while a page was away stands there once, and was read out once.
func (p *Page) onceAfter(text string) {
	p.t.Helper()
	p.sees("#room-entries", text)
	p.Until("it was read out", `heard.some(line => line.includes(`+quoted(text)+`))`)
	if n := p.Count("#room-entries .text", text); n != 1 {
		p.t.Errorf("%q stands there %d times, want once", text, n)
	}
	if n := p.announced(text); n != 1 {
		p.t.Errorf("%q was read out %d times, want once; all that was: %q", text, n, Eval[[]string](p, "heard"))
	}
}

func TestPageRecoversWhenTheServerStartsAgain(t *testing.T) {
	d := startDemo(t)
	ana, huw := d.be("ana"), d.be("huw")
	huw.write(toAll, "Before the lights went out.")
	ana.onceAfter("Before the lights went out.")
	for _, p := range []*Page{ana, huw} {
		p.Excuse(`net::ERR_`)
	}
	d.Stop(t)
	ana.Until("it says that the connection is lost", `!document.getElementById("status").hidden`)
	ana.Look("offline-wide-light")
	d.start(d.listen)
	// Somebody who came after the restart, and whose words the page has missed.
	gwen := d.be("gwen")
	gwen.write(toAll, "The lights are on again.")
	ana.onceAfter("The lights are on again.")
	ana.Until("it says that it is connected again", `document.getElementById("status").textContent.includes("again.")`)
	ana.write(toAll, "I am still here.")
	gwen.onceAfter("I am still here.")
	huw.onceAfter("I am still here.")
	if n := ana.announced("Before the lights went out."); n != 1 {
		t.Errorf("what it had said before was read out %d times", n)
	}
}

func TestPageRecoversWhenItsConnectionIsCut(t *testing.T) {
	d := startDemo(t)
	line := newWire(t, d.listen)
	ana := d.profile.Tab()
	ana.Before(listener)
	ana.Open("http://" + line.address() + "/r/brook-street/ana")
	ana.live()
	huw := d.be("huw")
	ana.Excuse(`net::ERR_`)

	line.cut()
	ana.Until("it says that the connection is lost", `!document.getElementById("status").hidden`)
	huw.write(toAll, "Said while Ana was in the tunnel.")
	huw.sees("#room-entries", "Said while Ana was in the tunnel.")
	if n := ana.Count("body", "Said while Ana was in the tunnel."); n != 0 {
		t.Fatal("the connection was not cut")
	}
	line.mend()
	ana.onceAfter("Said while Ana was in the tunnel.")

	// The server has heard this, but its answer is lost on the way. Sent again, it is not said twice.
	line.loseAnswers()
	ana.Click("where one writes", `document.getElementById("write")`)
	ana.Write("Written in the tunnel.")
	ana.Click("send", `document.querySelector("#compose-room .send")`)
	ana.Until("it says that this did not work", `document.getElementById("compose-room-error")`)
	if left := Eval[string](ana, `document.getElementById("write").value`); left != "Written in the tunnel." {
		t.Errorf("after a failure the text is %q", left)
	}
	huw.sees("#room-entries", "Written in the tunnel.")
	line.mend()
	ana.Click("send", `document.querySelector("#compose-room .send")`)
	ana.Until("the line was taken", `document.getElementById("write").value === ""`)
	ana.sees("#room-entries", "Written in the tunnel.")
	ana.write(toAll, "And out again.")
	for _, p := range []*Page{ana, huw} {
		p.sees("#room-entries", "And out again.")
		if n := p.Count("#room-entries .text", "Written in the tunnel."); n != 1 {
			t.Errorf("the line stands there %d times, want once", n)
		}
	}
	huw.onceAfter("Written in the tunnel.")
	if n := ana.announced("Written in the tunnel."); n != 0 {
		t.Error("ana's own words are read out to her")
	}
}
