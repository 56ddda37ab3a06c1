package browser

import (
	"context"
	"fmt"
	"os"
	"strings"

	"github.com/chromedp/chromedp"
)

// axe is the checker's script, which `npm ci` puts beside this package.
const axe = "../node_modules/axe-core/axe.min.js"

// Finding is one thing that axe-core holds against a page.
type Finding struct {
	ID     string   `json:"id"`
	Impact string   `json:"impact"`
	Help   string   `json:"help"`
	Where  []string `json:"where"`
}

func (f Finding) String() string {
	return fmt.Sprintf("%s (%s): %s\n\t%s", f.ID, f.Impact, f.Help, strings.Join(f.Where, "\n\t"))
}

// grave tells whether it keeps people out.
func (f Finding) grave() bool { return f.Impact == "serious" || f.Impact == "critical" }

// Sweep fails the test for everything serious or critical that axe-core finds in the page as it stands. What is milder is
// only logged.
func (p *Page) Sweep(what string) {
	p.t.Helper()
	for _, f := range p.findings() {
		if f.grave() {
			p.t.Errorf("axe-core, %s: %v", what, f)
		} else {
			p.t.Logf("axe-core, %s, mild: %v", what, f)
		}
	}
}

// findings is all that axe-core finds. It comes in by the browser's own door, so the page's content security policy
// needs no hole for it.
func (p *Page) findings() []Finding {
	p.t.Helper()
	if !Eval[bool](p, `typeof axe === "object"`) {
		script, err := os.ReadFile(axe)
		if err != nil {
			p.t.Fatalf("read axe-core (npm ci in e2e/ puts it there): %v", err)
		}
		p.call("bring axe-core in", func(ctx context.Context) error {
			return chromedp.Do(ctx, chromedp.Evaluate[chromedp.Void](string(script)))
		})
	}
	return Eval[[]Finding](p, `axe.run(document, {resultTypes: ["violations"]}).then(r => {
		if (!r.passes.length) throw new Error("axe-core checked nothing");
		return r.violations.map(v => ({
			id: v.id, impact: v.impact, help: v.help,
			where: v.nodes.slice(0, 5).map(n => n.html.slice(0, 160) + " — " + n.failureSummary.replace(/\s+/g, " ")),
		}));
	})`)
}
