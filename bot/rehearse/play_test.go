package rehearse_test

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"reflect"
	"strings"
	"testing"
	"time"

	"go.uber.org/goleak"

	"trellis/bot/rehearse"
	"trellis/flows"
	"trellis/flows/words"
	"trellis/storage"
	"trellis/storage/bolt"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// board is the practice of these tests: a card in the room that counts, private words, forms, timers and a code.
var board = flows.Flow{
	Name: "board",
	Commands: flows.Commands{
		"say":  {Usage: "TEXT", Run: func(t *flows.Turn, c flows.Command) error { return drop(t.Say(plain(c.Text))) }},
		"tell": {Usage: "TEXT", Run: func(t *flows.Turn, c flows.Command) error { return drop(t.Tell(t.Person(), plain(c.Text))) }},
		"both": {Usage: "TEXT", Run: func(t *flows.Turn, c flows.Command) error {
			if err := drop(t.Say(plain(c.Text + " for all"))); err != nil {
				return err
			}
			return drop(t.Tell(t.Person(), plain(c.Text+" for one")))
		}},
		"whisper": {Usage: "TEXT", Run: func(t *flows.Turn, c flows.Command) error { return drop(t.Whisper(plain(c.Text))) }},
		"count":   {Run: count},
		"twice": {Usage: "TEXT", Run: func(t *flows.Turn, c flows.Command) error {
			if err := count(t, c); err != nil {
				return err
			}
			return count(t, c)
		}},
		"choose": {Usage: "TEXT", Run: func(t *flows.Turn, c flows.Command) error {
			return drop(t.Say(plain(c.Text).Choose(flows.Choice{Label: "Object", Action: "object"}, flows.Choice{Label: "Pass", Action: "pass"})))
		}},
		"later": {Usage: "TEXT", Run: func(t *flows.Turn, c flows.Command) error {
			for _, in := range strings.Fields(c.Text) {
				d, err := time.ParseDuration(in)
				if err != nil {
					return err
				}
				t.At(t.Now().Add(d), "later", flows.ID(in))
			}
			return nil
		}},
		"random": {Run: func(t *flows.Turn, _ flows.Command) error { return drop(t.Say(plain("number " + string(t.NewID())))) }},
		"break":  {Run: func(_ *flows.Turn, _ flows.Command) error { return errors.New("the board broke") }},
		"group code": {Run: func(t *flows.Turn, _ flows.Command) error {
			return drop(t.Whisper(flows.Note("flows.plain", "text", flows.Typed("group join K7"))))
		}},
		"group join": {Usage: "TEXT", Run: func(t *flows.Turn, c flows.Command) error { return drop(t.Say(plain("joined by " + c.Text))) }},
	},
	Actions: map[string]func(*flows.Turn, flows.Action) error{
		"pass": func(t *flows.Turn, _ flows.Action) error { return drop(t.Whisper(plain("you passed"))) },
		"object": func(t *flows.Turn, _ flows.Action) error {
			return t.Open(flows.Blank{
				Form: "objection", Title: flows.Words("flows.plain", "text", "Your objection"), Submit: flows.Words("flows.plain", "text", "Send"),
				Fields: []flows.BlankField{{Name: "reason", Label: flows.Words("flows.plain", "text", "Why?")}},
			})
		},
	},
	Forms: flows.Forms{"objection": func(t *flows.Turn, f flows.Form) error {
		if len(f.Field("reason")) < 5 {
			return t.Wrong("reason", "flows.plain", "text", "a little more, please")
		}
		return drop(t.Say(plain("objected: " + f.Field("reason"))))
	}},
	Timers: flows.Timers{"later": func(t *flows.Turn, subject flows.ID) error { return drop(t.Say(plain("after " + string(subject)))) }},
}

type tally struct {
	N    int
	Card flows.Posted
}

var tallies = flows.NewTable[tally]("board/tally", 1)

func count(t *flows.Turn, _ flows.Command) error {
	c, _, err := tallies.Find(t, "n")
	if err != nil {
		return err
	}
	c.N++
	card := plain(strings.Repeat("|", c.N) + " counted")
	if c.Card == "" {
		if c.Card, err = t.Say(card); err != nil {
			return err
		}
	} else if err := t.Update(c.Card, card); err != nil {
		return err
	}
	return tallies.Put(t, "n", c)
}

func plain(text string) flows.Message {
	return flows.Note("flows.plain", "text", flows.Said{Text: text})
}

func drop(_ flows.Posted, err error) error { return err }

// opening is how the scripts below begin: six lines.
const opening = `zone Europe/London
at 2026-03-28 09:00
people ana, ben (es), chi (America/New_York)
room #air: ana, ben
room #lane: ben, chi
# and so on
`

func play(t *testing.T, script string, kill func(rehearse.Boundary) bool) (rehearse.Result, error) {
	t.Helper()
	s, err := rehearse.Parse("x.trellis", opening+script)
	if err != nil {
		t.Fatal(err)
	}
	catalogues, err := words.Load()
	if err != nil {
		t.Fatal(err)
	}
	return rehearse.Play(t.Context(), s, rehearse.Options{
		Flows: flows.Options{Flows: []flows.Flow{board}, Words: catalogues}, Folder: t.TempDir(), Kill: kill,
		Open: func(ctx context.Context, file string) (storage.Store, error) {
			return bolt.Open(ctx, bolt.Options{Path: file, NoSync: true, InitialMmapSize: 1 << 20})
		},
	})
}

// TestPlay holds each script to what it expects itself; wrong is what is said when that must fail.
func TestPlay(t *testing.T) {
	for _, row := range []struct{ name, script, wrong string }{
		{"a room and a person", "ana #air> trellis both bread\nexpect #air \"bread for all\"\nexpect ana \"bread for one\"", ""},
		{"a room is not a person", "ana #air> trellis both bread\nrefute #air \"for one\"\nrefute ana \"for all\"\nrefute ben \"bread\"", ""},
		{"a private word in a room is the person's", "ana #air> trellis whisper bread\nexpect ana \"bread\"\nrefute #air \"bread\"\nrefute ben \"bread\"", ""},
		{"what people wrote does not count", "ana #air> trellis whisper bread\nrefute #air \"whisper\"", ""},
		{"case and white space do not count", "ana #air> trellis say \"Bread  and\tbutter\"\nexpect #air \"bRead AND   butter\"", ""},
		{"labels count", "ana #air> trellis choose bread\nexpect #air \"pass\"\nexpect #air \"[Object] [Pass]\"", ""},
		{"what is expected and not said", "ana #air> trellis say bread\nexpect #air \"butter\"", "x.trellis:8: expected Trellis to say \"butter\" to #air; since the last step it said there:\n  - bread"},
		{"what is refuted and said", "ana #air> trellis say bread\nrefute #air \"bread\"", "x.trellis:8: Trellis did say \"bread\" to #air"},
		{"nothing said", "expect ben \"bread\"", "x.trellis:7: expected Trellis to say \"bread\" to ben; since the last step Trellis said nothing there"},
		{"every step begins a window", "ana #air> trellis say bread\nwait 1m\nrefute #air \"bread\"", ""},
		{"an expectation begins none", "ana #air> trellis say bread\nexpect #air \"bread\"\nexpect #air \"bread\"", ""},
		{"once", "ana #air> trellis say bread\nexpect #air once \"bread\"", ""},
		{"once, and there are two", "ana #air> trellis later 1m 1m30s\nwait 2m\nexpect #air once \"after\"", "x.trellis:9: expected one new message to #air with \"after\", there were 2"},
		{"an update counts", "ana #air> trellis count\nben #air> trellis count\nexpect #air \"|| counted\"", ""},
		{"an update of an earlier message is no new one", "ana #air> trellis count\nben #air> trellis count\nexpect #air once \"counted\"", "there were 0"},
		{"an update of a new one is no second one", "ana #air> trellis twice\nexpect #air once \"counted\"", ""},
		{"a form is its person's", "ana #air> trellis choose bread\nben presses \"Object\"\nexpect ben \"your objection\"\nexpect ben \"why?\"\nexpect ben once \"[send]\"\nrefute ana \"objection\"\nrefute #air \"objection\"", ""},
		{"errors at its fields too", "ana #air> trellis choose bread\nben presses \"Object\"\nben fills reason=no\nexpect ben \"a little more\"\nrefute #air \"objected\"\nben fills reason=\"the shop has none\"\nexpect #air once \"objected: the shop has none\"", ""},
		{"a form that is not open", "ben fills reason=no", "x.trellis:7: no form is open for ben"},
		{"a field that there is not", "ana #air> trellis choose bread\nben presses \"Object\"\nben fills why=no", "x.trellis:9: the form \"Your objection\" has no field why; it has reason"},
		{"a button that there is not", "ana #air> trellis choose bread\nben presses \"Consent\"", "x.trellis:8: ben sees no button \"Consent\"; there are \"Object\", \"Pass\""},
		{"a button in a room", "ana #air> trellis choose bread\nben #lane presses \"Pass\"", "x.trellis:8: ben sees no button \"Pass\" in #lane; there is none at all"},
		{"what falls due comes in its order", "ana #air> trellis later 2h 1h 3h\nat 2026-03-28 11:30\nexpect #air \"after 1h\"\nexpect #air \"after 2h\"\nrefute #air \"after 3h\"\nwait 30m\nexpect #air once \"after 3h\"", ""},
		{"a clean restart", "ana #air> trellis later 1h\nrestart\nrefute #air \"after\"\nwait 2h\nexpect #air once \"after 1h\"\nrestart\nwait 1d\nrefute #air \"after\"", ""},
		{"a crash before sending", "crash\nana #air> trellis say bread\nexpect #air once \"bread\"", ""},
		{"a crash while sending", "crash sending\nana #air> trellis both bread\nexpect #air once \"bread\"\nexpect ana once \"bread\"", ""},
		{"a crash at a timer", "ana #air> trellis later 1h 2h\ncrash\nwait 3h\nexpect #air once \"after 1h\"\nexpect #air once \"after 2h\"", ""},
		{"a crash that hits nothing", "crash\nwait 1h\nana #air> trellis say bread\nexpect #air once \"bread\"", ""},
		{"a crash before a form opens", "ana #air> trellis choose bread\ncrash\nben presses \"Object\"\nben fills reason=\"there is none\"\nexpect #air once \"there is none\"", ""},
		{"two crashes, and one at the end", "crash\ncrash sending\nana #air> trellis say bread\nexpect #air once \"bread\"\ncrash", ""},
		{"an event that comes again", "ana #air> trellis say bread\nredeliver\nrefute #air \"bread\"\nana #air> trellis say bread\nexpect #air once \"bread\"", ""},
		{"rooms joined by a code", "room #den joins #air: chi\nexpect #den \"joined by K7\"\nexpect ana \"group join K7\"", ""},
		{"a turn that fails", "ana #air> trellis break\nana #air> trellis say bread\nexpect #air \"bread\"", "the board broke"},
		{"what is not said to Trellis", "ana #air> bread is nice\nben> bread is nice\nchi #lane> @trellis say yes\nexpect #lane \"yes\"", ""},
	} {
		t.Run(row.name, func(t *testing.T) {
			t.Parallel()
			result, err := play(t, row.script, nil)
			got := ""
			if err != nil {
				got = err.Error()
			}
			if (row.wrong == "") != (err == nil) || !strings.Contains(got, row.wrong) {
				var text bytes.Buffer
				if err := result.WriteText(&text); err != nil {
					t.Error(err)
				}
				t.Errorf("got %q, want %q\n%s", got, row.wrong, &text)
			}
		})
	}
}

// whole is a session with all kinds of lines in it.
const whole = `ana #air> good morning
ana #air> trellis count
ben #air> trellis whisper "bread"
ana #air> trellis choose "Shall we?"
ben presses "Object"
ben fills reason=no
ben fills reason="The bread comes at half past eight."
ben #air presses "Pass"
chi> tell milk
ana reacts :+1:
ana #air> trellis later 20h
chi joins #air
ana edits "good morning, all"
ben deletes
chi leaves #air
crash
ana #air> trellis count
restart
redeliver
wait 1d
`

// wholeTranscript is what it prints after Trellis has greeted the rooms.
const wholeTranscript = `
09:00  #air          ana: good morning

09:00  #air          ana: trellis count
09:00  #air          Trellis: | counted

09:00  #air          ben: trellis whisper "bread"
09:00  #air (ben)    Trellis: bread

09:00  #air          ana: trellis choose "Shall we?"
09:00  #air          Trellis: Shall we?
                     [Object] [Pass]

09:00  #air          ben presses [Object]
09:00  #air (ben)    Trellis opens a form: Your objection
                     - Why? (reason)
                     [Send]

09:00  #air (ben)    ben fills the form
                     reason: no
09:00  #air (ben)    Trellis, at the form: reason: a little more, please

09:00  #air (ben)    ben fills the form
                     reason: The bread comes at half past eight.
09:00  #air          Trellis: objected: The bread comes at half past eight.

09:00  #air          ben presses [Pass]
09:00  #air (ben)    Trellis: you passed

09:00  chi           chi: tell milk
09:00  chi           Trellis: milk

09:00  #air          ana reacts :+1:

09:00  #air          ana: trellis later 20h

09:00  #air          chi joins the room

09:00  #air          ana, changed: good morning, all

09:00  #air          ben takes back the last message

09:00  #air          chi leaves the room

09:00  #air          ana: trellis count
09:00  (Trellis stops dead and is started again)
09:00  #air          Trellis, changed: || counted

09:00  (Trellis is stopped and started again)

09:00  (the platform sends the last event again)

Sunday 29 March 2026

06:00  #air          Trellis: after 20h
`

func TestTranscript(t *testing.T) {
	result, err := play(t, whole, nil)
	if err != nil {
		t.Fatal(err)
	}
	var text bytes.Buffer
	if err := result.WriteText(&text); err != nil {
		t.Fatal(err)
	}
	if !strings.HasPrefix(text.String(), "Saturday 28 March 2026\n\n") || !strings.HasSuffix(text.String(), "\n"+wholeTranscript) {
		t.Errorf("got\n%s", &text)
	}
}

func TestSameEachTime(t *testing.T) {
	const whole = whole + "ana #air> trellis random\n"
	first, err := play(t, whole, nil)
	if err != nil {
		t.Fatal(err)
	}
	again, err := play(t, whole, nil)
	if err != nil {
		t.Fatal(err)
	}
	var a, b bytes.Buffer
	if err := first.WriteJSON(&a); err != nil {
		t.Fatal(err)
	}
	if err := again.WriteJSON(&b); err != nil {
		t.Fatal(err)
	}
	if a.String() != b.String() {
		t.Errorf("first\n%s\nthen\n%s", &a, &b)
	}
}

// Killed at any boundary, people see the same: this also shows that Kill is asked at each of them.
func TestKill(t *testing.T) {
	const whole = whole + "ana #air> trellis random\n"
	calm, err := play(t, whole, nil)
	if err != nil {
		t.Fatal(err)
	}
	asked := map[rehearse.Boundary]int{}
	killed, err := play(t, whole, func(b rehearse.Boundary) bool {
		asked[b]++
		return asked[b] <= 3 // each kind three times, whichever comes
	})
	if err != nil {
		t.Fatal(err)
	}
	for _, b := range []rehearse.Boundary{rehearse.Committed, rehearse.Answered, rehearse.Sent} {
		if asked[b] < 4 {
			t.Errorf("boundary %d was met %d times", b, asked[b])
		}
	}
	if a, b := said(calm), said(killed); a != b {
		t.Errorf("without a kill\n%s\nkilled\n%s", a, b)
	}
}

// said is what Trellis said that stays, without IDs.
func said(r rehearse.Result) string {
	var lines []string
	for _, m := range r.Messages() {
		if m.From == "Trellis" {
			lines = append(lines, string(m.Room)+string(m.Person)+": "+m.Text)
		}
	}
	return strings.Join(lines, "\n")
}

func TestJSON(t *testing.T) {
	result, err := play(t, "ana #air> trellis count\nana #air> trellis count\nana #air> trellis choose <b>\nana #air> trellis whisper bread\nben #air presses \"Object\"", nil)
	if err != nil {
		t.Fatal(err)
	}
	var out bytes.Buffer
	if err := result.WriteJSON(&out); err != nil {
		t.Fatal(err)
	}
	var got []map[string]any
	for d := json.NewDecoder(&out); d.More(); {
		var m map[string]any
		if err := d.Decode(&m); err != nil {
			t.Fatal(err)
		}
		got = append(got, m)
	}
	for len(got) > 0 && got[0]["from"] == "Trellis" { // its greeting
		got = got[1:]
	}
	if len(got) != 9 {
		t.Fatalf("%d messages: %v", len(got), got)
	}
	for _, m := range got {
		if m["id"] == "" || m["at"] != "2026-03-28T09:00:00Z" {
			t.Errorf("without an ID or at another time: %v", m)
		}
	}
	if got[3]["edits"] != got[1]["id"] || got[1]["edits"] != nil {
		t.Errorf("%v does not edit %v", got[3], got[1])
	}
	for i, want := range []map[string]any{
		{"room": "#air", "from": "ana", "text": "trellis count", "choices": []any{}},
		{"room": "#air", "from": "Trellis", "text": "| counted", "choices": []any{}},
		3: {"room": "#air", "from": "Trellis", "text": "|| counted", "choices": []any{}},
		5: {"room": "#air", "from": "Trellis", "text": "<b>", "choices": []any{"Object", "Pass"}},
		7: {"person": "ana", "from": "Trellis", "text": "bread", "choices": []any{}},
		8: {"person": "ben", "from": "Trellis", "text": "Your objection\n- Why? (reason)", "choices": []any{"Send"}},
	} {
		if want == nil {
			continue
		}
		for _, key := range []string{"at", "id", "edits"} {
			delete(got[i], key)
		}
		if !reflect.DeepEqual(got[i], want) {
			t.Errorf("message %d: got %v, want %v", i, got[i], want)
		}
	}
}
