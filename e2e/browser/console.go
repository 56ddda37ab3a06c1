package browser

import (
	"fmt"
	"regexp"
	"slices"
	"strings"
	"sync"

	"github.com/chromedp/cdproto/log"
	"github.com/chromedp/cdproto/runtime"
)

// console collects what a tab complains about: exceptions, errors and warnings that it prints, and what the browser
// itself logs of it (a file that is missing, a content security policy that was broken).
type console struct {
	mu     sync.Mutex // guards what follows
	said   []string
	excuse *regexp.Regexp // what matches is expected
}

// hear is called by the browser's reader for every event of the tab.
func (c *console) hear(event any) {
	switch e := event.(type) {
	case *runtime.EventConsoleAPICalled:
		if e.Type != "error" && e.Type != "warning" && e.Type != "assert" {
			return
		}
		var parts []string
		for _, a := range e.Args {
			parts = append(parts, strings.Trim(string(a.Value), `"`)+a.Description)
		}
		c.note("console.%s: %s", e.Type, strings.Join(parts, " "))
	case *runtime.EventExceptionThrown:
		d := e.ExceptionDetails
		text := d.Text
		if d.Exception != nil {
			text += " " + d.Exception.Description
		}
		c.note("exception at %s:%d: %s", d.URL, d.LineNumber+1, text)
	case *log.EventEntryAdded:
		if e.Entry.Level == "error" || e.Entry.Level == "warning" {
			c.note("%s %s: %s %s", e.Entry.Source, e.Entry.Level, e.Entry.Text, e.Entry.URL)
		}
	}
}

func (c *console) note(format string, args ...any) {
	text := fmt.Sprintf(format, args...)
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.excuse == nil || !c.excuse.MatchString(text) {
		c.said = append(c.said, text)
	}
}

func (c *console) complaints() []string {
	c.mu.Lock()
	defer c.mu.Unlock()
	return slices.Clone(c.said)
}

// forgive forgets what was said so far, for a test that wanted it said.
func (c *console) forgive() {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.said = nil
}

// Excuse expects complaints that match, from now on: a test that cuts the connection knows that the browser notices.
func (p *Page) Excuse(expression string) {
	p.console.mu.Lock()
	defer p.console.mu.Unlock()
	p.console.excuse = regexp.MustCompile(expression)
}

// mustBeQuiet fails the test for each complaint of the tab.
func (p *Page) mustBeQuiet() {
	p.t.Helper()
	p.settle()
	for _, text := range p.console.complaints() {
		p.t.Errorf("console of %s: %s", p.path, text)
	}
}
