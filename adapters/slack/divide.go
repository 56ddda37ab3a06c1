package slack

import (
	"strings"
	"unicode"
	"unicode/utf8"

	"trellis/adapters/chat"
)

// divide makes of a text as many as are needed so that none is longer than most. It divides between
// blocks; a block that is too long itself at an empty line, else a line, a sentence, a word, and only where none of these
// is, within one. Nothing is left out but the white space at which it was divided.
func divide(t chat.Text, most int) []chat.Text {
	var all []chat.Text
	var now chat.Text
	size, headings := 0, 0
	for _, b := range t {
		for _, piece := range pieces(b, most) {
			n := length(piece)
			if len(now) > 0 && (size+n > most || piece.Kind == chat.Heading && headings >= mostHeadings) {
				all, now, size, headings = append(all, now), nil, 0, 0
			}
			if now, size = append(now, piece), size+n; piece.Kind == chat.Heading {
				headings++
			}
		}
	}
	if len(now) > 0 {
		all = append(all, now)
	}
	return all
}

// pieces are the blocks, of the same kind, that one is divided into.
func pieces(b chat.Block, most int) []chat.Block {
	if length(b) <= most {
		return []chat.Block{b}
	}
	var all []chat.Block
	now, size := chat.Block{Kind: b.Kind}, 0
	for _, s := range b.Spans {
		for s.Text != "" && size+spanLength(s) > most {
			head, tail := s, s
			head.Text, tail.Text = breakAt(s.Text, most-size)
			if head.Text != "" {
				now.Spans = append(now.Spans, head)
			}
			if len(now.Spans) == 0 { // what counts is its address, which is not divided
				break
			}
			all = append(all, now)
			now, size, s = chat.Block{Kind: b.Kind}, 0, tail
		}
		if s.Text != "" || s.URL != "" {
			now.Spans, size = append(now.Spans, s), size+spanLength(s)
		}
	}
	if len(now.Spans) > 0 {
		all = append(all, now)
	}
	return all
}

// breakAt divides a text so that the first part counts at most room.
func breakAt(text string, room int) (string, string) {
	end, n := 0, 0
	for end < len(text) {
		r, width := utf8.DecodeRuneInString(text[end:])
		cost := 1
		switch r {
		case '&':
			cost = 5
		case '<', '>':
			cost = 4
		}
		if n+cost > room {
			break
		}
		n += cost
		end += width
	}
	if end == len(text) {
		return text, ""
	}
	window := text[:end]
	for _, mark := range []string{"\n\n", "\n", ". ", " "} {
		if i := strings.LastIndex(window, mark); i > end/4 {
			return strings.TrimRightFunc(window[:i+len(mark)], unicode.IsSpace), strings.TrimLeftFunc(text[i+len(mark):], unicode.IsSpace)
		}
	}
	return window, text[end:]
}
