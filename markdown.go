package main

import (
	"strings"

	"trellis/adapters/chat"
	"trellis/flows"
)

// markdown is a document as CommonMark. What people wrote is data: it can be no heading, link, list or HTML.
func markdown(d flows.Document) string {
	var b strings.Builder
	b.WriteString("# " + escaped(d.Title) + "\n")
	before := chat.Heading
	for i, block := range d.Text {
		if i == 0 || block.Kind != before || block.Kind != chat.Item && block.Kind != chat.Quote {
			b.WriteByte('\n')
		}
		switch block.Kind {
		case chat.Heading:
			b.WriteString("## ")
		case chat.Item:
			b.WriteString("- ")
		case chat.Quote:
			b.WriteString("> ")
		case chat.Paragraph:
		}
		b.WriteString(inline(block.Spans))
		if block.Kind == chat.Quote && i+1 < len(d.Text) && d.Text[i+1].Kind == chat.Quote {
			b.WriteByte('\\') // the next line is one of its own
		}
		b.WriteByte('\n')
		before = block.Kind
	}
	return b.String()
}

// inline is a run of spans in one line.
func inline(spans []chat.Span) string {
	var b strings.Builder
	for _, s := range spans {
		switch text := escaped(s.Text); {
		case text == "":
		case s.Kind == chat.Bold:
			b.WriteString("**" + text + "**")
		case s.Kind == chat.Code:
			b.WriteString("`" + strings.ReplaceAll(oneLine(s.Text), "`", "'") + "`")
		case s.Kind == chat.Link:
			b.WriteString("[" + text + "](<" + strings.NewReplacer("<", "%3C", ">", "%3E", "\n", "").Replace(s.URL) + ">)")
		default:
			b.WriteString(text)
		}
	}
	return startOfLine(b.String())
}

// marks are what CommonMark, and GitHub's tables and strikes, read as markup within a line.
var marks = strings.NewReplacer(
	`\`, `\\`, "`", "\\`", "*", `\*`, "_", `\_`, "[", `\[`, "]", `\]`, "<", `\<`, ">", `\>`, "~", `\~`, "|", `\|`, "&", `\&`, "$", `\$`, "@", `\@`,
)

func escaped(text string) string { return marks.Replace(oneLine(text)) }

// oneLine is a text without line breaks and control characters.
func oneLine(text string) string {
	return strings.Join(strings.FieldsFunc(text, func(r rune) bool {
		return r < ' ' || r == 0x7f || r >= 0x80 && r < 0xa0 || r == '\u2028' || r == '\u2029'
	}), " ")
}

// startOfLine escapes what is markup only where a line begins: a heading, an item of a list, a rule.
func startOfLine(line string) string {
	line = strings.TrimLeft(line, " ")
	rest := strings.TrimLeft(line, "0123456789")
	switch {
	case rest == "":
		return line
	case len(rest) < len(line) && (rest[0] == '.' || rest[0] == ')'):
		return line[:len(line)-len(rest)] + `\` + rest
	case len(rest) == len(line) && strings.ContainsRune("#+-=", rune(rest[0])):
		return `\` + line
	}
	return line
}
