package web_test

import (
	"encoding/xml"
	"errors"
	"io"
	"slices"
	"strings"
	"testing"
)

// node is an element of a page, or a run of text.
type node struct {
	tag   string // empty: text
	attr  map[string]string
	text  string
	above *node
	below []*node
}

// parseHTML reads what this package's templates make: well-formed HTML, in which only void elements are not closed.
func parseHTML(t testing.TB, page string) *node {
	t.Helper()
	d := xml.NewDecoder(strings.NewReader(page))
	d.Strict, d.AutoClose, d.Entity = false, xml.HTMLAutoClose, xml.HTMLEntity
	root := &node{}
	at := root
	for {
		token, err := d.Token()
		if errors.Is(err, io.EOF) {
			return root
		}
		if err != nil {
			t.Fatalf("read a page: %v in\n%s", err, page)
		}
		switch x := token.(type) {
		case xml.StartElement:
			n := &node{tag: strings.ToLower(x.Name.Local), attr: map[string]string{}, above: at}
			for _, a := range x.Attr {
				n.attr[a.Name.Local] = a.Value
			}
			at.below = append(at.below, n)
			at = n
		case xml.EndElement:
			at = at.above
		case xml.CharData:
			at.below = append(at.below, &node{text: string(x), above: at})
		}
	}
}

func (n *node) has(class string) bool { return slices.Contains(strings.Fields(n.attr["class"]), class) }

// all returns the elements below that fit, in their order.
func (n *node) all(fits func(*node) bool) (found []*node) {
	for _, b := range n.below {
		if b.tag != "" && fits(b) {
			found = append(found, b)
		}
		found = append(found, b.all(fits)...)
	}
	return found
}

func (n *node) one(fits func(*node) bool) *node {
	if found := n.all(fits); len(found) > 0 {
		return found[0]
	}
	return nil
}

func byID(id string) func(*node) bool      { return func(n *node) bool { return n.attr["id"] == id } }
func byTag(tag string) func(*node) bool    { return func(n *node) bool { return n.tag == tag } }
func byClass(name string) func(*node) bool { return func(n *node) bool { return n.has(name) } }

// words is all text in it.
func (n *node) words() string {
	if n.tag == "" && n.below == nil {
		return n.text
	}
	var b strings.Builder
	for _, c := range n.below {
		b.WriteString(c.words())
	}
	return b.String()
}

// up returns the nearest element around it that fits.
func (n *node) up(fits func(*node) bool) *node {
	for n != nil && !fits(n) {
		n = n.above
	}
	return n
}

// fields are what a browser would send of a form when this button of it is pressed.
func (n *node) fields(button *node) map[string]string {
	values := map[string]string{}
	for _, f := range n.all(func(n *node) bool { return n.attr["name"] != "" }) {
		switch f.tag {
		case "input":
			values[f.attr["name"]] = f.attr["value"]
		case "textarea":
			values[f.attr["name"]] = f.words()
		case "select":
			for _, o := range f.all(byTag("option")) {
				if _, chosen := o.attr["selected"]; chosen {
					values[f.attr["name"]] = o.attr["value"]
				}
			}
		}
	}
	if button != nil && button.attr["name"] != "" {
		values[button.attr["name"]] = button.attr["value"]
	}
	return values
}
