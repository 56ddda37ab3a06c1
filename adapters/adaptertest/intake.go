package adaptertest

import (
	"strings"

	"trellis/adapters/chat"
)

// Every kind of event comes once, as what it is, from where it was and by whom.
var intake = []promise{
	{name: "what is written to Trellis", test: direct},
	{name: "commands in a room", test: commands},
	{name: "what is said in a room", test: overheard},
	{name: "choices come back with their value", test: pressed},
	{name: "forms come back with their fields", test: filled},
	{name: "reactions, edits and deletions", test: changes},
	{name: "people coming and leaving", test: comings},
	{name: "each event has its own ID", test: ids},
	{name: "Trellis does not hear itself", test: ownWords},
	{name: "what was not accepted comes again", test: again},
	{name: "what was not accepted comes after a restart", test: afterRestart},
	{name: "what was accepted does not come after a restart", test: notTwice},
	{name: "what comes again has the same ID", test: redelivered, needs: func(s Suite) bool { return s.Redelivers }},
}

func direct(e *engine) {
	m := e.Write(e.Ana, "", "", "tired, but glad to be here")
	event, said := happened[chat.Said](e, e.Ana, "")
	if said.Text != "tired, but glad to be here" || said.Message != m {
		e.Errorf("got %+v, want message %q", said, m)
	}
	if event.By.Name == "" {
		e.Error("the platform knows the person's name, and the event does not")
	}
}

func commands(e *engine) {
	m := e.Write(e.Ana, e.Room, "", e.Address(`checkin "How are you?"  by=friday`))
	_, c := happened[chat.Command](e, e.Ana, e.Room)
	if c.Text != `checkin "How are you?"  by=friday` || c.Message != "" && c.Message != m {
		e.Errorf("got %+v, want the text without Trellis's name", c)
	}
	e.Write(e.Ben, e.Room, m, e.Address("help"))
	if _, c := happened[chat.Command](e, e.Ben, e.Room); c.Text != "help" || c.Thread != m {
		e.Errorf("got %+v, want it under %q", c, m)
	}
	e.Write(e.Ben, e.Other, "", e.Address(""))
	if _, c := happened[chat.Command](e, e.Ben, e.Other); c.Text != "" {
		e.Errorf("got %+v, want no text", c)
	}
}

// overheard: an adapter may keep what is not addressed to Trellis to itself, but must not make a command of it.
func overheard(e *engine) {
	e.Write(e.Ben, e.Room, "", "I met trellises, and trellis-like things")
	e.Write(e.Ana, e.Room, "", e.Address("help"))
	event := e.next()
	if said, ok := event.What.(chat.Said); ok {
		if said.Text != "I met trellises, and trellis-like things" || event.By.Account != e.Ben || event.Room != e.Room || event.Direct {
			e.Errorf("got %+v", event)
		}
		event = e.next()
	}
	if c, ok := event.What.(chat.Command); !ok || c.Text != "help" {
		e.Errorf("got a %s (%+v), want Ana's command", event.Kind(), event.What)
	}
}

func pressed(e *engine) {
	long := choice("Accept")
	long.Value = strings.Repeat("v", chat.MaxChoiceValue)
	r := e.deliver(e.to(e.room(), say("Will you?", long, choice("Decline"))))
	seen := e.sees(e.Ben, e.Room, "Will you?")
	if len(seen[0].Choices) != 2 {
		e.Fatalf("Ben sees the choices %q", seen[0].Choices)
	}
	e.Press(e.Ben, e.Room, r.Message, "Decline")
	if _, p := happened[chat.Pressed](e, e.Ben, e.Room); p.Value != "value of Decline" || p.Message != r.Message {
		e.Errorf("got %+v, want message %q", p, r.Message)
	}
	e.Press(e.Ana, e.Room, r.Message, "Accept")
	if _, p := happened[chat.Pressed](e, e.Ana, e.Room); p.Value != long.Value {
		e.Errorf("a value of %d bytes came back with %d", len(long.Value), len(p.Value))
	}
}

func filled(e *engine) {
	form := &chat.Form{
		Title: "Object", Submit: "Send", Value: "the form's own value",
		Fields: []chat.Field{
			{Name: "reason", Label: "What would have to change?", Kind: chat.Lines},
			{Name: "whom", Label: "Whom does it harm?", Optional: true},
		},
	}
	e.inbox.answer(func(event chat.Event) *chat.Reply {
		switch what := event.What.(type) {
		case chat.Pressed:
			return &chat.Reply{Form: form}
		case chat.Filled:
			if what.Fields["reason"] == "because" {
				return &chat.Reply{Errors: map[string]string{"reason": "Say a little more."}}
			}
		}
		return nil
	})
	r := e.deliver(e.to(e.room(), say("Consent?", choice("Object"))))
	e.sees(e.Ana, e.Room, "Consent?")
	e.Press(e.Ana, e.Room, r.Message, "Object")
	happened[chat.Pressed](e, e.Ana, e.Room)
	var open *SeenForm
	e.eventually("the form is open for Ana", func() bool { open = e.Form(e.Ana); return open != nil })
	if open.Title != "Object" || len(open.Labels) != 2 || open.Labels[0] != "What would have to change?" {
		e.Errorf("Ana sees the form %+v", open)
	}
	if e.Form(e.Ben) != nil {
		e.Error("Ben sees Ana's form")
	}

	e.Fill(e.Ana, map[string]string{"reason": " because "})
	_, f := happened[chat.Filled](e, e.Ana, anywhere)
	if f.Value != form.Value || f.Fields["reason"] != "because" || f.Fields["whom"] != "" {
		e.Errorf("got %+v, want trimmed fields and the form's value", f)
	}
	e.eventually("Ana sees what is wrong", func() bool {
		open = e.Form(e.Ana)
		return open != nil && open.Errors["reason"] == "Say a little more."
	})
	e.Fill(e.Ana, map[string]string{"reason": "The bread comes\nat half past eight.", "whom": "the shop"})
	_, f = happened[chat.Filled](e, e.Ana, anywhere)
	if f.Fields["reason"] != "The bread comes\nat half past eight." || f.Fields["whom"] != "the shop" {
		e.Errorf("got %+v", f)
	}
	e.eventually("the form is closed", func() bool { return e.Form(e.Ana) == nil })
}

func changes(e *engine) {
	r := e.deliver(e.to(of(e.Ana), say("How are you?")))
	e.sees(e.Ana, "", "How are you?")
	e.React(e.Ana, "", r.Message, "+1", "👍")
	if _, re := happened[chat.Reacted](e, e.Ana, ""); re.Message != r.Message || re.Key != "+1" && re.Key != "👍" || re.Removed {
		e.Errorf("got %+v, want +1 under %q", re, r.Message)
	}
	m := e.Write(e.Ana, "", "", "tierd")
	happened[chat.Said](e, e.Ana, "")
	e.Edit(e.Ana, "", m, "tired")
	if _, ed := happened[chat.Edited](e, e.Ana, ""); ed.Message != m || ed.Text != "tired" {
		e.Errorf("got %+v, want the whole new text of %q", ed, m)
	}
	e.Delete(e.Ana, "", m)
	if _, d := happened[chat.Deleted](e, e.Ana, ""); d.Message != m {
		e.Errorf("got %+v, want %q", d, m)
	}
}

func comings(e *engine) {
	e.Join(e.Chi, e.Other)
	happened[chat.Joined](e, e.Chi, e.Other)
	e.Leave(e.Ben, e.Other)
	happened[chat.Left](e, e.Ben, e.Other)
}

func ids(e *engine) {
	seen := map[chat.EventID]bool{}
	for range 20 {
		e.Write(e.Ana, "", "", "the same words")
		event, _ := happened[chat.Said](e, e.Ana, "")
		if seen[event.ID] {
			e.Fatalf("two events have the ID %q", event.ID)
		}
		seen[event.ID] = true
	}
}

func ownWords(e *engine) {
	r := e.deliver(e.to(e.room(), say("Good morning.", choice("Good morning"))))
	d := e.to(e.room(), say("Good day."))
	d.Update = r.Message
	e.deliver(d)
	e.deliver(e.to(of(e.Ana), say("Good morning, Ana.")))
	e.Write(e.Ana, e.Room, "", e.Address("help"))
	if event := e.next(); event.By.Account != e.Ana {
		e.Errorf("a %s by %q came before Ana's command: %+v", event.Kind(), event.By.Account, event.What)
	}
}

func again(e *engine) {
	e.inbox.refuseNext(2)
	e.Write(e.Ana, "", "", "hold this")
	event, said := happened[chat.Said](e, e.Ana, "")
	if said.Text != "hold this" {
		e.Errorf("got %+v", said)
	}
	if n := e.inbox.tried(event.ID); n != 3 {
		e.Errorf("it was handed over %d times under this ID, want 3: refused twice, then taken", n)
	}
}

func afterRestart(e *engine) {
	e.inbox.refuseNext(1 << 30)
	e.Write(e.Ana, "", "", "hold this")
	e.eventually("the event was refused once", func() bool {
		e.inbox.mu.Lock()
		defer e.inbox.mu.Unlock()
		return len(e.inbox.tries) > 0
	})
	e.end()
	e.inbox.refuseNext(0)
	e.restart()
	if _, said := happened[chat.Said](e, e.Ana, ""); said.Text != "hold this" {
		e.Errorf("got %+v", said)
	}
}

func notTwice(e *engine) {
	e.Write(e.Ana, "", "", "once")
	happened[chat.Said](e, e.Ana, "")
	e.end()
	e.Write(e.Ana, "", "", "while Trellis was away")
	e.restart()
	if _, said := happened[chat.Said](e, e.Ana, ""); said.Text != "while Trellis was away" {
		e.Errorf("got %+v under a new ID", said)
	}
}

func redelivered(e *engine) {
	e.Write(e.Ana, "", "", "once")
	first, _ := happened[chat.Said](e, e.Ana, "")
	e.Redeliver()
	e.eventually("it was handed over twice", func() bool { return e.inbox.tried(first.ID) == 2 })
	e.Write(e.Ana, "", "", "next")
	if _, said := happened[chat.Said](e, e.Ana, ""); said.Text != "next" {
		e.Errorf("got %+v: what came again had another ID", said)
	}
}
