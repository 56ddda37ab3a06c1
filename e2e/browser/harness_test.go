package browser

import (
	"strings"
	"testing"
)

// What finds nothing on Trellis's pages must be able to find something.
func TestFaultsAreFound(t *testing.T) {
	d := startDemo(t)
	p := d.profile.Tab()
	p.Open(d.room("ana") + "/home")
	Eval[any](p, `(() => {
		const bad = document.createElement("div");
		bad.innerHTML = "<button></button><p>faint</p><p>far out</p>";
		document.querySelector("main").append(bad);
		const [, faint, far] = bad.children;
		faint.style.cssText = "color: #ccc; background: #fff";
		far.style.inlineSize = "3000px";
		console.error("a page that complains");
		document.querySelector("main").insertAdjacentHTML("beforeend", '<img alt="" src="/nothing" onerror="window.ran = 1">');
		return 1;
	})()`)
	found := map[string]bool{}
	for _, f := range p.findings() {
		found[f.ID] = f.grave()
	}
	for _, id := range []string{"button-name", "color-contrast"} {
		if !found[id] {
			t.Errorf("axe-core does not find %s; all it finds: %v", id, found)
		}
	}
	if len(p.sticksOut()) == 0 {
		t.Error("nothing sticks out of a page that is too wide")
	}
	p.Until("the picture was not found", `[...document.images].every(i => i.complete)`)
	p.settle()
	for _, want := range []string{"a page that complains", "Content Security Policy", "404"} {
		if !strings.Contains(strings.Join(p.console.complaints(), "\n"), want) {
			t.Errorf("the console does not tell of %q: %q", want, p.console.complaints())
		}
	}
	if Eval[bool](p, `"ran" in window`) {
		t.Error("the content security policy lets an inline handler run")
	}
	p.console.forgive()
}
