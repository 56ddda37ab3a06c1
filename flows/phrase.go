package flows

import (
	"fmt"
	"strconv"
	"strings"
	"time"

	"trellis/adapters/chat"
	"trellis/flows/calendar"
	"trellis/flows/words"
)

// Phrase is a text of the catalogue with its arguments, in no language yet.
//
// An argument is: a string or number of ours; Said; a PersonID (the name) or Mention (the name, and notice it);
// a calendar.When, calendar.Date or time.Time (written in the reader's zone and language, with the weekday; a When and
// a Date keep the zone they were meant in); a Short or a Brief (the same without year and zone); a calendar.Rule; a Typed; a Phrase; a []Phrase (joined by commas).
type Phrase struct {
	Key  string
	Args []any // name, value, name, value …
}

// Words makes a phrase.
func Words(key string, args ...any) Phrase { return Phrase{Key: key, Args: args} }

// Said is what a person wrote: data, whatever stands in it. By is whose words they are, so that they can be taken
// back when that person is forgotten; empty when nobody's name may stand by them.
type Said struct {
	Text string
	By   PersonID
}

// Mention names a person so that they notice it.
type Mention PersonID

// Typed is something to type exactly so.
type Typed string

// reader is for whom a phrase is put into words.
type reader struct {
	language string
	zone     *time.Location
	platform chat.Platform
	room     bool // not one person alone
}

// render puts phrases into words for a reader.
func (t *Turn) render(p Phrase, r reader) (chat.Text, error) {
	n := 0
	for i := 0; i+1 < len(p.Args); i += 2 {
		if v, ok := p.Args[i+1].(int); ok && p.Args[i] == "n" {
			n = v
		}
	}
	template, ok := t.book.words.Find(r.language, p.Key, n)
	if !ok {
		return nil, fmt.Errorf("no text %q in the catalogue", p.Key)
	}
	text := make(chat.Text, 0, len(template))
	for _, block := range template {
		b := chat.Block{}
		if block.Item {
			b.Kind = chat.Item
		}
		for _, part := range block.Parts {
			spans, err := t.part(part, p, r)
			if err != nil {
				return nil, fmt.Errorf("text %q: %w", p.Key, err)
			}
			b.Spans = append(b.Spans, spans...)
		}
		text = append(text, b)
	}
	return text, nil
}

func (t *Turn) part(part words.Part, p Phrase, r reader) ([]chat.Span, error) {
	switch part.Kind {
	case words.Literal:
		return []chat.Span{{Text: part.Text}}, nil
	case words.Bold:
		return []chat.Span{{Kind: chat.Bold, Text: part.Text}}, nil
	case words.Code:
		return []chat.Span{{Kind: chat.Code, Text: part.Text}}, nil
	case words.Slot, words.BoldSlot:
	}
	for i := 0; i+1 < len(p.Args); i += 2 {
		if p.Args[i] != part.Text {
			continue
		}
		spans, err := t.argument(p.Args[i+1], r)
		if part.Kind == words.BoldSlot {
			for i := range spans {
				if spans[i].Kind == chat.Words {
					spans[i].Kind = chat.Bold
				}
			}
		}
		return spans, err
	}
	return nil, fmt.Errorf("nothing was given for {%s}", part.Text)
}

func (t *Turn) argument(value any, r reader) ([]chat.Span, error) {
	one := func(s chat.Span) ([]chat.Span, error) { return []chat.Span{s}, nil }
	switch v := value.(type) {
	case string:
		return one(chat.Span{Text: v})
	case ID:
		return one(chat.Span{Text: string(v)})
	case int:
		return one(chat.Span{Text: strconv.Itoa(v)})
	case Said:
		return one(chat.Span{Text: v.Text, Of: string(v.By)})
	case Typed:
		return one(chat.Span{Kind: chat.Code, Text: string(v)})
	case PersonID:
		return one(chat.Span{Text: t.nameFor(v, r.language), Of: string(v)})
	case Mention:
		account, err := t.accountOn(PersonID(v), r.platform)
		return []chat.Span{{Kind: chat.Mention, Text: t.nameFor(PersonID(v), r.language), Of: string(v), Account: account}}, err
	case calendar.When:
		return one(t.dateSpan(v, r))
	case Short:
		return one(chat.Span{Text: t.dayText(calendar.Date(v), r.language, false)})
	case Brief:
		return one(t.briefSpan(calendar.When(v), r))
	case calendar.Date:
		return one(chat.Span{Text: t.dayText(v, r.language, true)})
	case time.Time:
		return one(chat.Span{Kind: chat.Date, At: v.UTC(), Text: t.timeText(v, r.zone, r.language, true)})
	case calendar.Rule:
		phrase, err := RulePhrase(v)
		if err != nil {
			return nil, err
		}
		return t.argument(phrase, r)
	case Phrase:
		text, err := t.render(v, r)
		return text.Inline(), err
	case []Phrase:
		var all []chat.Span
		for i, phrase := range v {
			if i > 0 {
				all = append(all, chat.Span{Text: ", "})
			}
			text, err := t.render(phrase, r)
			if err != nil {
				return nil, err
			}
			all = append(all, text.Inline()...)
		}
		return all, nil
	}
	return nil, fmt.Errorf("cannot put a %T into words", value)
}

// plain is a phrase as plain text, for labels and titles.
func (t *Turn) plain(p Phrase, r reader) (string, error) {
	text, err := t.render(p, r)
	return strings.TrimSpace(text.Plain()), err
}
