package adaptertest

import (
	"fmt"
	"strings"
	"sync"
	"time"

	"trellis/adapters/chat"
)

// What is delivered stands where it belongs, in order, whole.
var order = []promise{
	{name: "in a room", test: inRoom},
	{name: "lanes in parallel", test: lanes},
	{name: "updates in place", test: updates},
	{name: "threads", test: threads},
	{name: "rich text", test: rich},
	{name: "long texts", test: long},
	{name: "many choices", test: manyChoices},
	{name: "without Run", test: withoutRun},
}

func inRoom(e *engine) {
	var texts []string
	for i := range 20 {
		texts = append(texts, fmt.Sprintf("line %d", i))
		e.deliver(e.to(e.room(), say(texts[i])))
	}
	e.sees(e.Ben, e.Room, texts...)
	e.sees(e.Ben, e.Other)
}

// lanes are delivered to at once, as the engine does; in each the order holds.
func lanes(e *engine) {
	const each = 10
	places := []chat.Place{e.room(), {Room: e.Other}, of(e.Ana), of(e.Ben), of(e.Chi)}
	var sends [][]chat.Delivery
	var texts []string
	for i := range each {
		texts = append(texts, fmt.Sprintf("line %d", i))
	}
	for _, place := range places {
		var lane []chat.Delivery
		for _, text := range texts {
			lane = append(lane, e.to(place, say(text)))
		}
		sends = append(sends, lane)
	}
	var wg sync.WaitGroup
	for _, lane := range sends {
		wg.Go(func() {
			for _, d := range lane {
				if _, err := e.try(d); err != nil {
					e.Errorf("deliver %s: %v", d.ID, err)
				}
			}
		})
	}
	wg.Wait()
	e.sees(e.Ana, e.Room, texts...)
	e.sees(e.Ana, e.Other, texts...)
	e.sees(e.Ana, "", texts...)
	e.sees(e.Ben, "", texts...)
	e.sees(e.Chi, "", texts...)
}

func updates(e *engine) {
	first := e.deliver(e.to(e.room(), say("0 of 3 have spoken", choice("Answer"))))
	e.deliver(e.to(e.room(), say("below")))
	for _, m := range []chat.Message{say("1 of 3 have spoken", choice("Answer"), choice("Reveal now")), say("revealed")} {
		d := e.to(e.room(), m)
		d.Update = first.Message
		if r := e.deliver(d); r.Message != first.Message {
			e.Errorf("after the update the receipt names %q, want %q", r.Message, first.Message)
		}
		seen := e.sees(e.Ben, e.Room, m.Text.Plain(), "below")
		if len(seen[0].Choices) != len(m.Choices) || seen[0].ID != first.Message {
			e.Errorf("Ben sees %+v, want %d choices on %q", seen[0], len(m.Choices), first.Message)
		}
	}
	private := e.deliver(e.to(of(e.Ana), say("one thing waits", choice("Done"))))
	d := e.to(of(e.Ana), say("nothing waits"))
	d.Update = private.Message
	d.To.Room = private.Room // the engine sends an update to where the receipt says that the message stands
	e.deliver(d)
	if seen := e.sees(e.Ana, "", "nothing waits"); len(seen[0].Choices) != 0 {
		e.Errorf("Ana still sees %q", seen[0].Choices)
	}
}

func threads(e *engine) {
	top := e.deliver(e.to(e.room(), say("a question")))
	d := e.to(e.room(), say("an answer"))
	d.Thread = top.Message
	e.deliver(d)
	seen := e.sees(e.Ben, e.Room, "a question", "an answer")
	if seen[1].Thread != top.Message {
		e.Errorf("the answer stands under %q, want %q", seen[1].Thread, top.Message)
	}
}

func rich(e *engine) {
	at := time.Date(2026, 4, 3, 16, 0, 0, 0, time.UTC)
	m := chat.Message{Language: "en", Zone: "UTC", Text: chat.Text{
		{Kind: chat.Heading, Spans: []chat.Span{{Text: "Open"}}},
		{Kind: chat.Item, Spans: []chat.Span{{Kind: chat.Bold, Text: "C1"}, {Text: " bread by "}, {Kind: chat.Date, Text: "Fri 3 Apr, 16:00", At: at}}},
		{Kind: chat.Item, Spans: []chat.Span{{Text: "see "}, {Kind: chat.Link, Text: "the page", URL: "https://example.org/a?b=1&c=2"}}},
		{Kind: chat.Quote, Spans: []chat.Span{{Text: "I have no bread."}}},
		{Spans: []chat.Span{{Text: "Type "}, {Kind: chat.Code, Text: "done 1"}}},
	}}
	e.deliver(e.to(e.room(), m))
	var seen []Seen
	e.eventually("Ben sees the message", func() bool { seen = e.byTrellis(e.Ben, e.Room); return len(seen) == 1 })
	for _, part := range []string{"Open", "C1", " bread by ", "3 Apr", "the page", "I have no bread.", "done 1"} {
		if !strings.Contains(seen[0].Text, part) {
			e.Errorf("Ben reads %q, without %q", seen[0].Text, part)
		}
	}
}

// longText is more than a practice ever says in one message: a text of a person and what stands around it.
const longText = 4000

func long(e *engine) {
	words := strings.TrimSpace(strings.Repeat("ärger & bread ", longText/14))
	e.deliver(e.to(e.room(), say(words)))
	e.sees(e.Ben, e.Room, words)
	// Far beyond that, it stands there whole or is refused for good: what is tried for ever stops the lane.
	if _, err := e.try(e.to(e.room(), say(strings.Repeat("🥖", 60_000)))); err != nil && !isRefused(err) {
		e.Errorf("a text of 60,000 characters: %v, want it taken or refused", err)
	}
	e.deliver(e.to(e.room(), say("and on")))
}

func manyChoices(e *engine) {
	var choices []chat.Choice
	for i := range chat.MaxChoices {
		choices = append(choices, choice(fmt.Sprintf("Option %d", i+1)))
	}
	r := e.deliver(e.to(e.room(), say("Which?", choices...)))
	if seen := e.sees(e.Ben, e.Room, "Which?"); len(seen[0].Choices) != chat.MaxChoices {
		e.Fatalf("Ben sees %d choices, want %d", len(seen[0].Choices), chat.MaxChoices)
	}
	last := choices[len(choices)-1]
	e.Press(e.Ben, e.Room, r.Message, last.Label)
	if _, p := happened[chat.Pressed](e, e.Ben, e.Room); p.Value != last.Value {
		e.Errorf("got %+v, want %q", p, last.Value)
	}
}

// withoutRun: deliveries left over from before a restart may go out before Run begins.
func withoutRun(e *engine) {
	e.end()
	e.Adapter = e.Reopen()
	e.deliver(e.to(e.room(), say("late, but here")))
	e.sees(e.Ben, e.Room, "late, but here")
	e.start()
}
