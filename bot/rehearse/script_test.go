package rehearse

import (
	"reflect"
	"strings"
	"testing"
	"time"

	"trellis/adapters/chat"
)

// before is what a line in the tables below may rely on.
const before = "zone Europe/London\nat 2026-03-27 09:00\npeople ana, ben, chi\nroom #air: ana, ben\nroom #lane: ben, chi\n"

// readable are lines, each with the step that it is.
var readable = []struct {
	name, line string
	want       Do
}{
	{"a later time", "at 2026-03-27 17:30", At{time.Date(2026, 3, 27, 17, 30, 0, 0, time.UTC)}},
	{"the same time", "at 2026-03-27 09:00", At{time.Date(2026, 3, 27, 9, 0, 0, 0, time.UTC)}},
	{"a time in summer", "at 2026-03-30 09:00", At{time.Date(2026, 3, 30, 8, 0, 0, 0, time.UTC)}},
	{"a time that the zone skips", "at 2026-03-29 01:30", At{time.Date(2026, 3, 29, 1, 0, 0, 0, time.UTC)}},
	{"a time that comes twice", "at 2026-10-25 01:30", At{time.Date(2026, 10, 25, 0, 30, 0, 0, time.UTC)}},
	{"people with language and zone", "people dee (cy, America/New_York), eve (es),  fay (Asia/Tokyo)", People{[]chat.Profile{
		{Account: "dee", Name: "Dee", Language: "cy", Zone: "America/New_York"},
		{Account: "eve", Name: "Eve", Language: "es"},
		{Account: "fay", Name: "Fay", Zone: "Asia/Tokyo"},
	}}},
	{"a name with a mark", "people élodie", People{[]chat.Profile{{Account: "élodie", Name: "Élodie"}}}},
	{"a room", "room #den: chi, ana", Room{Room: "#den", People: []chat.AccountID{"chi", "ana"}}},
	{"a room that joins", "room #den joins #air: chi", Room{Room: "#den", Joins: "#air", People: []chat.AccountID{"chi"}}},
	{"a direct message", "ben> tired, but glad", Write{By: "ben", Text: "tired, but glad"}},
	{"a line in a room", `ana #air> trellis checkin "a > b?"`, Write{By: "ana", Room: "#air", Text: `trellis checkin "a > b?"`}},
	{"a line with a room's name", "ana #air> see you in #lane", Write{By: "ana", Room: "#air", Text: "see you in #lane"}},
	{"a line with a number sign", "ben> bring   #3", Write{By: "ben", Text: "bring   #3"}},
	{"a quoted text with what looks like a comment", `ben> she said "done   # really"`, Write{By: "ben", Text: `she said "done   # really"`}},
	{"a press", `ben presses "Pass"`, Press{By: "ben", Label: "Pass"}},
	{"a press in a room", `ben #air presses "Stand aside"`, Press{By: "ben", Room: "#air", Label: "Stand aside"}},
	{"a label with quotes", `ben presses "Say \"no\""`, Press{By: "ben", Label: `Say "no"`}},
	{"curly quotes", `ben presses “Say "no"”`, Press{By: "ben", Label: `Say "no"`}},
	{"a form", `ana fills by=friday text="Publish the readings"`, Fill{By: "ana", Fields: map[string]string{"by": "friday", "text": "Publish the readings"}}},
	{"a form as it stands", "ana fills", Fill{By: "ana", Fields: map[string]string{}}},
	{"a field left empty", `ana fills reason="" whom=`, Fill{By: "ana", Fields: map[string]string{"reason": "", "whom": ""}}},
	{"a reaction", "ana reacts :+1:", React{By: "ana", Key: "+1"}},
	{"a reaction in a room", "ana #air reacts :tada:", React{By: "ana", Room: "#air", Key: "tada"}},
	{"an edit", `ana edits "tired, and glad"`, Edit{By: "ana", Text: "tired, and glad"}},
	{"a deletion", "ana deletes", Delete{By: "ana"}},
	{"a person joining", "chi joins #air", Join{By: "chi", Room: "#air"}},
	{"a person leaving", "ben leaves #air", Leave{By: "ben", Room: "#air"}},
	{"a wait", "wait 3d2h", Wait{74 * time.Hour}},
	{"a wait in all units", "wait 1w1d1h1m1s", Wait{8*24*time.Hour + time.Hour + time.Minute + time.Second}},
	{"a restart", "restart", Restart{}},
	{"a crash", "crash", Crash{}},
	{"a crash while sending", "crash  sending", Crash{Sending: true}},
	{"a redelivery", "redeliver", Redeliver{}},
	{"an expectation of a room", `expect #air "arriving"`, Expect{Room: "#air", Text: "arriving"}},
	{"an expectation of a person", `expect BEN once "tired"`, Expect{Person: "ben", Once: true, Text: "tired"}},
	{"a refutation", `refute #Air "tired"`, Expect{Room: "#air", Refute: true, Text: "tired"}},
}

func TestParse(t *testing.T) {
	for _, row := range readable {
		t.Run(row.name, func(t *testing.T) {
			script, err := Parse("x.trellis", before+"  "+row.line+"  \r")
			if err != nil {
				t.Fatal(err)
			}
			last := script.Steps[len(script.Steps)-1]
			if last.Line != strings.Count(before, "\n")+1 {
				t.Errorf("line %d", last.Line)
			}
			if !reflect.DeepEqual(last.Do, row.want) {
				t.Errorf("read %#v, want %#v", last.Do, row.want)
			}
		})
	}
}

// wrong are lines that are refused, each with a part of what is said about it.
var wrong = []struct{ name, line, want string }{
	{"an unknown step", "frobnicate", "neither a step nor somebody"},
	{"an unknown person acting", `zoe presses "Pass"`, "nobody of this file; there are ana, ben, chi"},
	{"an unknown person writing", "zoe> hello", "nobody of this file"},
	{"an unknown room", "ana #den> hello", "no room #den; there are #air, #lane"},
	{"a person who is not in the room", "chi #air> hello", "chi is not in #air; those in it are ana, ben"},
	{"a press where they are not", `chi #air presses "Pass"`, "chi is not in #air"},
	{"a time that lies behind", "at 2026-03-27 08:59", "the clock does not go back"},
	{"a date that is none", "at 2026-02-30 09:00", "want a day and a time"},
	{"a second zone", "zone Europe/Paris", "the zone stands there already"},
	{"a wait without unit", "wait 3", "want weeks, days, hours"},
	{"a wait of nothing", "wait 0d", "want weeks, days, hours"},
	{"a wait in the wrong order", "wait 2h3d", "want weeks, days, hours"},
	{"a wait beyond measure", "wait 9999w", "want weeks, days, hours"},
	{"a person twice", "people dee, ana", "ana is there already"},
	{"a person with a word of the format", "people crash", "which is a word of these files"},
	{"a person with the name of Trellis", "people Trellis", "which is a word of these files"},
	{"a name that is none", "people an a", "is no name"},
	{"a language and zone that are none", "people dee (Atlantis/Capital)", "neither a language such as cy nor a zone"},
	{"a parenthesis that does not close", "people dee (cy", "does not close"},
	{"a room without people", "room #den", "the facilitator first"},
	{"a room twice", "room #air: ana", "there is a room #air already"},
	{"a room with strangers", "room #den: zoe, yan", `"zoe" is nobody of this file; there are ana, ben, chi; "yan"`},
	{"a room that joins none", "room #den joins #moor: ana", "no room #moor"},
	{"a room without sign", "room den: ana", "is no room"},
	{"nothing said", "ana #air>", "what does ana say?"},
	{"a label without quotes", "ben presses Pass", `want a text in quotes, such as: ben presses "Pass"`},
	{"a quote that does not close", `ben presses "Pass`, "the quote does not close"},
	{"fields without a name", "ana fills friday", "want name=value"},
	{"a field twice", "ana fills by=1 by=2", "by stands there twice"},
	{"a form in a room", "ana #air fills by=1", "takes no room before it"},
	{"a reaction without colons", "ana reacts +1", "want the name of an emoji between colons"},
	{"an unknown verb", "ana dances", "deletes, edits, fills, joins, leaves, presses, reacts"},
	{"joining where they are", "ana joins #air", "is in #air already"},
	{"leaving where they are not", "chi leaves #air", "chi is not in #air"},
	{"a restart with more", "restart now", "nothing may follow `restart`"},
	{"a crash with more", "crash softly", "there may stand `sending`"},
	{"an expectation of nobody", `expect "arriving"`, "want a room or a person"},
	{"an expectation of an unknown room", `expect #den "arriving"`, "no room #den"},
	{"an expectation without quotes", "expect #air arriving", "want a text in quotes"},
	{"an expectation of nothing", `expect #air " "`, "want a text that is not empty"},
	{"an expectation with more", `expect #air "a" "b"`, "after the text in quotes"},
	{"a refutation of one", `refute #air once "a"`, "`once` belongs to `expect`"},
	{"a comment at the end of a line", "ben> tired     # to Trellis", "a comment has a line of its own"},
	{"a comment behind a step", "restart # now", "a comment has a line of its own"},
	{"a comment behind an expectation", `refute #air "tired" # nothing`, "a comment has a line of its own"},
}

func TestParseRefuses(t *testing.T) {
	for _, row := range wrong {
		t.Run(row.name, func(t *testing.T) {
			_, err := Parse("x.trellis", before+row.line+"\n")
			if err == nil {
				t.Fatal("it was read")
			}
			if !strings.HasPrefix(err.Error(), "x.trellis:6: ") || !strings.Contains(err.Error(), row.want) {
				t.Errorf("got %q, want line 6 and %q", err, row.want)
			}
		})
	}
}

func TestParseTellsAllMistakes(t *testing.T) {
	_, err := Parse("x.trellis", `# a file with a mistake in each line but the first and the last
people ana, ben
ana> hello

zone Nowhere/Land
room #air: zoe
ben #air> hello
wait
at 2026-03-27 09:00
`)
	want := []string{
		"x.trellis:3: say first when it begins",
		"x.trellis:5: zone",
		`x.trellis:6: "zoe" is nobody`,
		"x.trellis:7: ben is not in #air",
		"x.trellis:8: wait",
	}
	lines := strings.Split(err.Error(), "\n")
	if len(lines) != len(want) {
		t.Fatalf("got %d mistakes, want %d:\n%s", len(lines), len(want), err)
	}
	for i, line := range lines {
		if !strings.HasPrefix(line, want[i]) {
			t.Errorf("got %q, want %q", line, want[i])
		}
	}
}

func TestParseRefusesAnEmptyFile(t *testing.T) {
	if _, err := Parse("x.trellis", "\n# nothing yet\n"); err == nil || !strings.HasPrefix(err.Error(), "x.trellis:1: ") {
		t.Errorf("got %v", err)
	}
}

func FuzzParse(f *testing.F) {
	for _, row := range readable {
		f.Add(before + row.line)
	}
	for _, row := range wrong {
		f.Add(before + row.line)
	}
	f.Fuzz(func(t *testing.T, text string) {
		script, err := Parse("x.trellis", text)
		again, errAgain := Parse("x.trellis", text)
		if (err == nil) == (script == nil) || (err == nil) != (errAgain == nil) || !reflect.DeepEqual(script, again) {
			t.Fatalf("not the same twice: %v, %v", err, errAgain)
		}
		if err != nil {
			return
		}
		lines := strings.Count(text, "\n") + 1
		var now time.Time
		for _, s := range script.Steps {
			if s.Line < 1 || s.Line > lines {
				t.Fatalf("step at line %d of %d", s.Line, lines)
			}
			if at, ok := s.Do.(At); ok {
				if at.Time.Before(now) {
					t.Fatalf("line %d: the clock goes back", s.Line)
				}
				now = at.Time
			}
		}
	})
}
