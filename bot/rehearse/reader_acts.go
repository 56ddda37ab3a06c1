package rehearse

import (
	"errors"
	"fmt"
	"slices"
	"strings"

	"trellis/adapters/chat"
)

// said reads `NAME> text` and `NAME #ROOM> text`; ok is false when the line is something else.
func (r *reader) said(line string) (do Do, ok bool, err error) {
	head, text, found := strings.Cut(line, ">")
	words := strings.Fields(head)
	switch {
	case !found || len(words) == 0 || len(words) > 2 || !isName(words[0]) || slices.Contains(keywords, words[0]):
		return nil, false, nil
	case len(words) == 2 && words[1][0] != '#':
		return nil, false, nil
	}
	w := Write{By: chat.AccountID(fold(words[0])), Text: strings.TrimSpace(text)}
	if !r.people[string(w.By)] {
		return nil, true, r.stranger(words[0])
	}
	if len(words) == 2 {
		if w.Room, err = r.place(w.By, words[1]); err != nil {
			return nil, true, err
		}
	}
	if w.Text == "" {
		return nil, true, fmt.Errorf("what does %s say? Such as: %s> glad to be here", words[0], strings.Join(words, " "))
	}
	return w, true, r.begun()
}

// hasTail tells whether a text ends in what looks like a comment: a lone # behind two spaces, outside quotes.
func hasTail(text string) bool {
	quoted := false
	for i, c := range text {
		switch {
		case c == '"':
			quoted = !quoted
		case c == '#' && !quoted && i >= 2 && strings.TrimRight(text[i-2:i], " \t") == "":
			if rest := text[i+1:]; rest == "" || rest[0] == ' ' || rest[0] == '\t' {
				return true
			}
		}
	}
	return false
}

// place is a room that somebody is in.
func (r *reader) place(by chat.AccountID, name string) (chat.RoomID, error) {
	id := chat.RoomID(fold(name))
	switch {
	case r.rooms[id] == nil:
		return "", r.noRoom(name)
	case !slices.Contains(r.rooms[id], by):
		return "", fmt.Errorf("%s is not in %s; those in it are %s", by, name, names(r.rooms[id]))
	}
	return id, nil
}

// acts are what people do besides writing, each with an example of what follows.
var acts = map[string]string{
	"presses": `"Pass"`, "fills": `text="Publish the readings" by=friday`, "reacts": ":+1:",
	"edits": `"tired, and glad"`, "deletes": "", "joins": "#air", "leaves": "#air",
}

// firstVerb is the verb of an act, behind the room where there is one.
func firstVerb(rest string) string {
	word, rest, _ := cutWord(rest)
	if strings.HasPrefix(word, "#") {
		word, _, _ = cutWord(rest)
	}
	return word
}

func (r *reader) act(who, rest string) (Do, error) {
	by := chat.AccountID(who)
	verb, rest, _ := cutWord(rest)
	var in chat.RoomID
	var wrong error
	if strings.HasPrefix(verb, "#") {
		in, wrong = r.place(by, verb)
		verb, rest, _ = cutWord(rest)
	}
	example, ok := acts[verb]
	if !ok {
		return nil, fmt.Errorf("%s %q: want `>` and what they say, or %s", who, verb, sorted(acts))
	}
	if wrong != nil {
		return nil, wrong
	}
	if in != "" && (verb == "fills" || verb == "joins" || verb == "leaves") {
		return nil, fmt.Errorf("`%s` takes no room before it, such as: %s %s %s", verb, who, verb, example)
	}
	do, err := r.actOf(by, in, verb, rest)
	if err != nil {
		return nil, fmt.Errorf("%s %s: %w, such as: %s %s %s", who, verb, err, who, verb, example)
	}
	return do, r.begun()
}

func (r *reader) actOf(by chat.AccountID, in chat.RoomID, verb, rest string) (Do, error) {
	switch verb {
	case "presses":
		label, err := quotedAlone(rest)
		return Press{By: by, Room: in, Label: label}, err
	case "fills":
		fields, err := pairs(rest)
		return Fill{By: by, Fields: fields}, err
	case "reacts":
		key, opens := strings.CutPrefix(rest, ":")
		key, closes := strings.CutSuffix(key, ":")
		if !opens || !closes || key == "" || strings.ContainsAny(key, ": \t") {
			return nil, errors.New("want the name of an emoji between colons")
		}
		return React{By: by, Room: in, Key: key}, nil
	case "edits":
		text, err := quotedAlone(rest)
		return Edit{By: by, Room: in, Text: text}, err
	case "joins":
		id := chat.RoomID(fold(rest))
		switch {
		case r.rooms[id] == nil:
			return nil, r.noRoom(rest)
		case slices.Contains(r.rooms[id], by):
			return nil, fmt.Errorf("is in %s already", rest)
		}
		r.rooms[id] = append(slices.Clone(r.rooms[id]), by)
		return Join{By: by, Room: id}, nil
	case "leaves":
		id, err := r.place(by, rest)
		if err != nil {
			return nil, err
		}
		r.rooms[id] = slices.DeleteFunc(slices.Clone(r.rooms[id]), func(p chat.AccountID) bool { return p == by })
		return Leave{By: by, Room: id}, nil
	}
	if rest != "" { // deletes
		return nil, errors.New("nothing may follow")
	}
	return Delete{By: by, Room: in}, nil
}

func (r *reader) expect(refute bool, rest string) (Do, error) {
	e := Expect{Refute: refute}
	verb := "expect"
	if refute {
		verb = "refute"
	}
	wrong := func(err error) (Do, error) {
		return nil, fmt.Errorf(`%s: %w, such as: %s #air "arriving"`, verb, err, verb)
	}
	whom, rest, _ := cutWord(rest)
	switch {
	case strings.HasPrefix(whom, "#"):
		e.Room = chat.RoomID(fold(whom))
		if r.rooms[e.Room] == nil {
			return nil, r.noRoom(whom)
		}
	case r.people[fold(whom)]:
		e.Person = chat.AccountID(fold(whom))
	case whom == "" || whom[0] == '"':
		return wrong(errors.New("want a room or a person, and then the text in quotes"))
	default:
		return nil, r.stranger(whom)
	}
	if word, after, _ := cutWord(rest); word == "once" {
		if refute {
			return wrong(errors.New("`once` belongs to `expect`; what is refuted is said not at all"))
		}
		e.Once, rest = true, after
	}
	text, err := quotedAlone(rest)
	if err == nil && squeeze(text) == "" {
		err = errors.New("want a text that is not empty")
	}
	if err != nil {
		return wrong(err)
	}
	e.Text = text
	return e, r.begun()
}
