package words

import "strings"

// Template is a text with slots: blocks of parts.
type Template []Block

// Block is a paragraph or an item of a list.
type Block struct {
	Item  bool
	Parts []Part
}

// Part is literal text or a slot.
type Part struct {
	Kind PartKind
	Text string // the text, or the slot's name
}

// PartKind says what a part is.
type PartKind int

// Kinds of part.
const (
	Literal PartKind = iota
	Bold
	Code
	Slot
	BoldSlot // a slot whose plain text is to be bold
)

// Slots lists the names of the slots, in order of appearance.
func (t Template) Slots() []string {
	var names []string
	for _, b := range t {
		for _, p := range b.Parts {
			if p.Kind == Slot || p.Kind == BoldSlot {
				names = append(names, p.Text)
			}
		}
	}
	return names
}

func parse(text string) Template {
	var t Template
	for paragraph := range strings.SplitSeq(strings.TrimSpace(text), "\n\n") {
		var line []string
		flush := func() {
			if len(line) > 0 {
				t = append(t, Block{Parts: parseSpans(strings.Join(line, " "))})
				line = nil
			}
		}
		for l := range strings.SplitSeq(paragraph, "\n") {
			if item, ok := strings.CutPrefix(l, "- "); ok {
				flush()
				t = append(t, Block{Item: true, Parts: parseSpans(item)})
			} else {
				line = append(line, strings.TrimSpace(l))
			}
		}
		flush()
	}
	return t
}

func parseSpans(s string) []Part {
	var parts []Part
	literal := func(text string, kind PartKind) {
		if text != "" {
			parts = append(parts, Part{Kind: kind, Text: text})
		}
	}
	plain := 0
	for i := 0; i < len(s); {
		var open, closing string
		var kind PartKind
		switch {
		case s[i] == '{':
			open, closing, kind = "{", "}", Slot
		case s[i] == '`':
			open, closing, kind = "`", "`", Code
		case strings.HasPrefix(s[i:], "**"):
			open, closing, kind = "**", "**", Bold
		default:
			i++
			continue
		}
		inner, _, ok := strings.Cut(s[i+len(open):], closing)
		if !ok {
			i += len(open)
			continue
		}
		literal(s[plain:i], Literal)
		switch {
		case kind == Slot:
			parts = append(parts, Part{Kind: Slot, Text: inner})
		case kind == Bold && strings.HasPrefix(inner, "{") && strings.HasSuffix(inner, "}"):
			parts = append(parts, Part{Kind: BoldSlot, Text: inner[1 : len(inner)-1]})
		default:
			literal(inner, kind)
		}
		i += len(open) + len(inner) + len(closing)
		plain = i
	}
	literal(s[plain:], Literal)
	return parts
}
