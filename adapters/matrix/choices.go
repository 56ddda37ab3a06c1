package matrix

import (
	"context"
	"slices"
	"strconv"
	"strings"

	"maunium.net/go/mautrix/event"
	"maunium.net/go/mautrix/id"

	"trellis/adapters/chat"
)

// option is a choice as it stands under a message.
type option struct {
	Key      string     `json:",omitempty"` // of its reaction; empty: it has none, and is typed
	Label    string     `json:",omitempty"`
	Name     string     `json:",omitempty"`
	Value    string     `json:",omitempty"`
	Reaction id.EventID `json:",omitempty"` // the one that Trellis put
}

// keycaps are the reactions of the first choices. Of more than these, none is put: each is an event of its own, and
// every client has the numbers.
var keycaps = [...]string{"1\ufe0f\u20e3", "2\ufe0f\u20e3", "3\ufe0f\u20e3", "4\ufe0f\u20e3", "5\ufe0f\u20e3", "6\ufe0f\u20e3", "7\ufe0f\u20e3", "8\ufe0f\u20e3", "9\ufe0f\u20e3", "\U0001f51f"}

// optionsOf are the choices of a message, in order.
func optionsOf(m chat.Message) (all []option) {
	for i, c := range m.Choices {
		o := option{Label: oneLine(c.Label), Name: c.Name, Value: c.Value}
		if i < len(keycaps) {
			o.Key = keycaps[i]
		}
		all = append(all, o)
	}
	return all
}

func oneLine(text string) string { return strings.Join(strings.Fields(chat.Clean(text)), " ") }

// withOptions is a text with the choices under it, each with its reaction, or with its number where it has none.
func withOptions(t chat.Text, all []option) chat.Text {
	if len(all) == 0 {
		return t
	}
	t = slices.Concat(t, chat.Text{{}})
	for i, o := range all {
		sign := o.Key
		if sign == "" {
			sign = strconv.Itoa(i+1) + "."
		}
		t = append(t, chat.Block{Spans: []chat.Span{{Text: sign + " " + o.Label}}})
	}
	return t
}

// byKey is the choice that a reaction takes.
func (s standing) byKey(key string) (option, bool) {
	at := slices.IndexFunc(s.Choices, func(o option) bool { return o.Key != "" && bareKey(o.Key) == bareKey(key) })
	if at < 0 {
		return option{}, false
	}
	return s.Choices[at], true
}

// byNumber is the choice that a typed number takes.
func (s standing) byNumber(text string) (option, bool) {
	text = strings.TrimRight(strings.TrimSpace(text), ".)")
	n, err := strconv.Atoi(bareDigits(text))
	if err != nil || n < 1 || n > len(s.Choices) {
		return option{}, false
	}
	return s.Choices[n-1], true
}

// bareDigits reads the keycaps, too, for who types them.
func bareDigits(text string) string {
	if at := slices.IndexFunc(keycaps[:], func(k string) bool { return bareKey(k) == bareKey(text) }); at >= 0 {
		return strconv.Itoa(at + 1)
	}
	return text
}

// byLabel is the choice whose label, or English name, was typed.
func (s standing) byLabel(text string) (option, bool) {
	text = strings.TrimRight(oneLine(text), ".!")
	at := slices.IndexFunc(s.Choices, func(o option) bool {
		return text != "" && (strings.EqualFold(o.Label, text) || strings.EqualFold(o.Name, text))
	})
	if at < 0 {
		return option{}, false
	}
	return s.Choices[at], true
}

// typed is the choice that a line takes, if it is one: of the message that it replies to, or of the newest with choices
// in a direct room, where only a number is one, for a word may be an answer.
func (a *Adapter) typed(ctx context.Context, in room, at id.RoomID, m *event.MessageEventContent, text string) (chat.MessageID, option, error) {
	if reply := m.RelatesTo.GetNonFallbackReplyTo(); reply != "" {
		where, s, err := a.store.stands(ctx, reply)
		if err != nil || where != at {
			return "", option{}, err
		}
		if o, ok := s.byNumber(text); ok {
			return chat.MessageID(reply), o, nil
		}
		o, ok := s.byLabel(text)
		if !ok {
			return "", option{}, nil
		}
		return chat.MessageID(reply), o, nil
	}
	if in.Direct == "" {
		return "", option{}, nil
	}
	newest, s, err := a.store.newest(ctx, at)
	if err != nil {
		return "", option{}, err
	}
	o, ok := s.byNumber(text)
	if !ok {
		return "", option{}, nil
	}
	return chat.MessageID(newest), o, nil
}
