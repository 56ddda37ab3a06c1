package matrix

import (
	"encoding/json"
	"strings"
	"unicode"
	"unicode/utf8"

	"maunium.net/go/mautrix/event"

	"trellis/adapters/chat"
)

// mostBytes is the content of one event before it is encrypted: with the third that encryption adds, and what the
// server puts around it, it stays below the 65,536 bytes of an event.
const mostBytes = 40_000

// firstTry is how many bytes of text are tried first in one event: there it stands twice, and in an edit four times.
const firstTry = 8_000

// parts makes of a text as many events as are needed.
func parts(t chat.Text, make func(chat.Text) *event.MessageEventContent) []*event.MessageEventContent {
	for most := firstTry; ; most /= 2 {
		var all []*event.MessageEventContent
		fits := true
		for _, piece := range divide(t, most) {
			c := make(piece)
			if fits = size(c) <= mostBytes; !fits && most > 64 {
				break
			}
			all = append(all, c)
		}
		if fits || most <= 64 {
			return all
		}
	}
}

// size is how many bytes an event has as it is sent, were it an edit.
func size(c *event.MessageEventContent) int {
	data, err := json.Marshal(c)
	if err != nil {
		return mostBytes + 1
	}
	return 2 * len(data)
}

// divide makes of a text as many as are needed so that none has more bytes than most. It divides between blocks; a
// block that is too long itself at an empty line, else a line, a sentence, a word, and only where none of these is,
// within one. Nothing is left out but the white space at which it was divided.
func divide(t chat.Text, most int) []chat.Text {
	var all []chat.Text
	var now chat.Text
	size := 0
	for _, block := range t {
		for _, piece := range pieces(block, most) {
			n := length(piece)
			if len(now) > 0 && size+n > most {
				all, now, size = append(all, now), nil, 0
			}
			now, size = append(now, piece), size+n
		}
	}
	if len(now) > 0 || len(all) == 0 {
		all = append(all, now)
	}
	return all
}

func length(b chat.Block) (n int) {
	for _, s := range b.Spans {
		n += len(s.Text) + len(s.URL)
	}
	return n + 1
}

// pieces are the blocks, of the same kind, that one is divided into.
func pieces(b chat.Block, most int) []chat.Block {
	if length(b) <= most {
		return []chat.Block{b}
	}
	var all []chat.Block
	now, size := chat.Block{Kind: b.Kind}, 0
	for _, s := range b.Spans {
		for size+len(s.Text) > most {
			head, tail := breakAt(s.Text, most-size)
			if head != "" {
				first := s
				first.Text = head
				now.Spans = append(now.Spans, first)
			}
			if len(now.Spans) > 0 {
				all = append(all, now)
			}
			now, size, s.Text = chat.Block{Kind: b.Kind}, 0, tail
		}
		now.Spans, size = append(now.Spans, s), size+len(s.Text)
	}
	if len(now.Spans) > 0 {
		all = append(all, now)
	}
	return all
}

// breakAt divides a text so that the first part has at most room bytes, and at least one character unless there is no room.
func breakAt(text string, room int) (string, string) {
	if len(text) <= room {
		return text, ""
	}
	end := max(room, 0)
	for end > 0 && !utf8.RuneStart(text[end]) {
		end--
	}
	window := text[:end]
	for _, mark := range []string{"\n\n", "\n", ". ", " "} {
		if i := strings.LastIndex(window, mark); i > end/4 {
			return strings.TrimRightFunc(window[:i+len(mark)], unicode.IsSpace), strings.TrimLeftFunc(text[i+len(mark):], unicode.IsSpace)
		}
	}
	return window, text[end:]
}
