package browser

import (
	"fmt"
	"strings"
	"testing"
)

// hostile are texts that would run, wake everybody, or turn the page around, if they were more than text.
var hostile = []string{
	`<img src=x onerror="window.ran=1"><svg onload="window.ran=1">`,
	`<script>window.ran=1</script></textarea><script>window.ran=1</script>`,
	`"><a href="javascript:window.ran=1">here</a> javascript:window.ran=1`,
	`{{.Token}} ${window.ran=1} &lt;b&gt; <!--`,
	"@room @everyone @channel <!channel>",
	"turned \u202etxet eht\u202c around, and \u202ewithout an end",
	"zero\u200bwidth\u200d and z̷̢̛a̴l̵g̶o̸",
	strings.Repeat("W", 3000),
}

// harmless fails the test when anything of the hostile texts became more than text.
func (p *Page) harmless() {
	p.t.Helper()
	if Eval[bool](p, `"ran" in window`) {
		p.t.Error("a hostile text ran")
	}
	for _, what := range []string{"img", "svg", "script:not([src])", "iframe", `a[href^="javascript:"]`, "#page b", ".calls", "[onerror], [onload]"} {
		if n := Eval[int](p, fmt.Sprintf(`document.querySelectorAll(%s).length`, quoted(what))); n != 0 {
			p.t.Errorf("the page has %d of %s", n, what)
		}
	}
}

func TestHostileTextIsText(t *testing.T) {
	d := startDemo(t)
	gwen, nadia, huw := d.be("gwen"), d.be("nadia"), d.be("huw")
	for _, text := range hostile {
		huw.write(toAll, text)
	}
	all := quoted(strings.Join(hostile, "\n"))
	const said = `[...document.querySelectorAll("#room-entries .said")].map(e => e.textContent)`
	for _, p := range []*Page{huw, nadia} {
		p.Until("all of it stands there as it was written", all+`.split("\n").every(text => `+said+`.includes(text))`)
		p.harmless()
		p.mustFit("hostile lines")
	}

	// By way of Trellis: an answer, which the reveal shows, and what two others were asked to do and to consent to.
	gwen.write(privately, hostile[0]+" "+hostile[5])
	nadia.write(privately, hostile[1])
	huw.write(toAll, `trellis commit `+hostile[5]+` by friday`)
	huw.write(toAll, `trellis checkin "`+strings.ReplaceAll(hostile[0], `"`, `'`)+`" by="tomorrow 17:00"`)
	huw.write(toAll, `trellis propose `+hostile[1]+` by="in 3 days" steps=decide`)
	for _, p := range []*Page{gwen, nadia, huw} {
		p.sees("#room-entries .trellis", hostile[0])
		p.sees("#room-entries .trellis", hostile[1])
		p.sees("#room-entries .trellis", "Huw takes on C3")
		p.sees("#room-entries .trellis", "<img src=x onerror='window.ran=1'>")
		p.harmless()
	}
	// What stands behind a text that turns around is not turned around with it.
	turned := Eval[[]float64](gwen, `(() => {
		const text = [...document.querySelectorAll("#room-entries .trellis .text")].find(e => e.textContent.includes("Huw takes on C3"));
		const nodes = document.createTreeWalker(text, NodeFilter.SHOW_TEXT);
		while (nodes.nextNode()) {
			const node = nodes.currentNode, at = node.data.indexOf(", by ");
			if (at < 0) continue;
			return [at + 2, at + 4].map(i => {
				const r = document.createRange();
				r.setStart(node, i - 1);
				r.setEnd(node, i);
				return r.getBoundingClientRect().left;
			});
		}
		return [];
	})()`)
	if len(turned) != 2 || turned[0] >= turned[1] {
		t.Errorf("the words behind a hostile text stand at %v, want from left to right", turned)
	}
	gwen.Look("hostile-wide-light")
	gwen.Resize(Narrow)
	gwen.mustFit("hostile texts where it is narrow")
	gwen.Look("hostile-narrow-light")
	gwen.Resize(Wide)
	gwen.Sweep("hostile texts")

	// A name is text too.
	ana := d.profile.Tab()
	ana.Open(d.room("ana") + "/people")
	ana.Click("the name", `document.getElementById("invite-name")`)
	ana.Write(`<img src=x onerror=window.ran=1>`)
	ana.Follow("invite", `document.querySelector("form[action$='/invite'] button")`)
	ana.sees("main li", "<img src=x onerror=window.ran=1>")
	ana.harmless()
	huw.write(toAll, "Who has come?")
	gwen.Reload()
	for _, p := range []*Page{gwen, nadia, huw} {
		p.sees("#room-entries", "Who has come?")
		p.harmless()
	}
}
