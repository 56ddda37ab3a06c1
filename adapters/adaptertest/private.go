package adaptertest

import (
	"slices"
	"strings"

	"trellis/adapters/chat"
)

// What is for one person is seen by one person, and text from people does nothing.
var private = []promise{
	{name: "a direct message", test: directMessage},
	{name: "a word to one person in a room", test: whisper},
	{name: "choices on a word to one person", test: whisperPressed},
	{name: "hostile text is shown as text", test: hostile},
	{name: "who is mentioned", test: mentioned},
}

func directMessage(e *engine) {
	r := e.deliver(e.to(of(e.Ana), say("for you alone", choice("Pass"))))
	if r.Room == "" {
		e.Error("the receipt does not say in which room it stands")
	}
	e.sees(e.Ana, "", "for you alone")
	e.Write(e.Ana, "", "", "thank you")
	if event, _ := happened[chat.Said](e, e.Ana, ""); event.Room != r.Room {
		e.Errorf("Ana answers in %q, the message stands in %q", event.Room, r.Room)
	}
	e.Press(e.Ana, "", r.Message, "Pass")
	if _, p := happened[chat.Pressed](e, e.Ana, ""); p.Value != "value of Pass" || p.Message != r.Message {
		e.Errorf("got %+v", p)
	}
	e.alone("for you alone")
}

// alone checks that of what Trellis told Ana nothing stands where others read.
func (e *engine) alone(text string) {
	e.Helper()
	e.deliver(e.to(e.room(), say("for all")))
	e.deliver(e.to(of(e.Ben), say("for Ben")))
	for _, in := range []chat.RoomID{e.Room, e.Other, ""} {
		last := map[chat.RoomID]string{e.Room: "for all", "": "for Ben"}[in]
		e.eventually("Ben sees what is for him", func() bool {
			return last == "" || slices.Contains(textsOf(e.See(e.Ben, in)), last)
		})
		for _, s := range e.See(e.Ben, in) {
			if strings.Contains(s.Text, text) {
				e.Errorf("Ben reads %q in %q", s.Text, in)
			}
		}
	}
}

func whisper(e *engine) {
	e.deliver(e.to(chat.Place{Room: e.Room, Account: e.Ana}, say("there is no command chekin")))
	e.eventually("Ana sees it", func() bool {
		return slices.Contains(textsOf(append(e.See(e.Ana, e.Room), e.See(e.Ana, "")...)), "there is no command chekin")
	})
	e.alone("chekin")
}

func whisperPressed(e *engine) {
	r := e.deliver(e.to(chat.Place{Room: e.Room, Account: e.Ana}, say("a list", choice("Show the room"))))
	in := e.Room
	e.eventually("Ana sees it", func() bool {
		if slices.Contains(textsOf(e.See(e.Ana, "")), "a list") {
			in = ""
			return true
		}
		return slices.Contains(textsOf(e.See(e.Ana, e.Room)), "a list")
	})
	e.Press(e.Ana, in, r.Message, "Show the room")
	if _, p := happened[chat.Pressed](e, e.Ana, in); p.Value != "value of Show the room" {
		e.Errorf("got %+v", p)
	}
}

// hostileTexts are what people type who try what a bot does with it. None has anything that a reader cannot see.
var hostileTexts = []string{
	"<!channel> <!here> <!everyone>",
	"@channel @here @everyone @room",
	"<@U123|ben> <#C123|general> <https://example.org|safe>",
	"*bold* _it_ ~no~ `code` ```block```",
	"**bold** [link](https://example.org) ![image](https://example.org/x.png)",
	"<b>bold</b> <script>alert(1)</script> <a href=\"https://example.org\">x</a> <img src=x onerror=alert(1)>",
	"&lt;b&gt; &amp;amp; &copy; &#x41;",
	"# heading, > quote, - item, 1. number",
	"/invite @ben",
	"{{template}} ${x} %s %d $(reboot)",
	"\\*not bold\\* \\<b\\>",
	"https://matrix.to/#/@ben:example.org",
}

func hostile(e *engine) {
	var texts []string
	for _, text := range append(slices.Clone(hostileTexts), "@"+string(e.Ben)+" <@"+string(e.Ben)+"> "+string(e.Ben)) {
		m := say(text, chat.Choice{Label: "<b>" + text[:min(8, len(text))], Name: "x", Value: text})
		m.Notify = true // the message may wake the room, its words may not
		e.deliver(e.to(e.room(), m))
		texts = append(texts, text)
	}
	for _, s := range e.sees(e.Ben, e.Room, texts...) {
		if s.All || len(s.Notified) > 0 {
			e.Errorf("%q wakes %v (everyone: %v)", s.Text, s.Notified, s.All)
		}
		if len(s.Choices) != 1 || !strings.HasPrefix(s.Choices[0], "<b>") {
			e.Errorf("%q has the choices %q", s.Text, s.Choices)
		}
	}
	// What no reader can see may be shown in another way or left out; the words around it stay, and nothing breaks.
	e.deliver(e.to(of(e.Ana), say("before\x00\x1b[31m\u202e\u200bafter\xff")))
	e.eventually("Ana sees it", func() bool { return len(e.byTrellis(e.Ana, "")) == 1 })
	if text := e.byTrellis(e.Ana, "")[0].Text; !strings.HasPrefix(text, "before") || !strings.Contains(text, "after") || strings.ContainsAny(text, "\x00\x1b") {
		e.Errorf("Ana reads %q", text)
	}
}

func mentioned(e *engine) {
	m := chat.Message{Notify: true, Text: chat.Text{{Spans: []chat.Span{
		{Kind: chat.Mention, Text: "Ben", Account: e.Ben}, {Text: " is asked by "}, {Kind: chat.Mention, Text: "Ana"},
	}}}}
	e.deliver(e.to(e.room(), m))
	var seen []Seen
	e.eventually("Chi sees it", func() bool { seen = e.byTrellis(e.Chi, e.Room); return len(seen) == 1 })
	if s := seen[0]; s.All || !slices.Equal(s.Notified, []chat.AccountID{e.Ben}) {
		e.Errorf("it wakes %v (everyone: %v), want Ben alone", s.Notified, s.All)
	}
	if !strings.Contains(seen[0].Text, "Ana") || !strings.Contains(seen[0].Text, "Ben") {
		e.Errorf("Chi reads %q, without the names", seen[0].Text)
	}
}
