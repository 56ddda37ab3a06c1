package checkin

import (
	"bytes"
	"fmt"
	"math/rand/v2"
	"strings"
	"testing"
	"time"

	"trellis/adapters/chat"
	"trellis/flows"
	"trellis/flows/calendar"
	"trellis/flows/words"
	"trellis/storage"
)

// world plays events to the flow over a store in memory.
type world struct {
	t     *testing.T
	book  *flows.Book
	store *storage.Overlay
	now   time.Time
	rand  *rand.Rand
	count int
}

const testPlatform, testRoom = chat.Platform("test"), chat.RoomID("#air")

func newWorld(t *testing.T, people ...chat.AccountID) *world {
	t.Helper()
	catalogues, err := words.Load()
	if err != nil {
		t.Fatal(err)
	}
	book, err := flows.New(flows.Options{Flows: []flows.Flow{Flow}, Words: catalogues})
	if err != nil {
		t.Fatal(err)
	}
	w := &world{
		t: t, book: book, store: storage.NewOverlay(nil), now: time.Date(2026, 3, 27, 9, 0, 0, 0, time.UTC), rand: rand.New(rand.NewPCG(1, 2)),
	}
	var profiles []chat.Profile
	for _, p := range people {
		profiles = append(profiles, chat.Profile{Account: p, Name: string(p)})
	}
	w.happen(people[0], chat.Invited{Name: "air", People: profiles}, false)
	return w
}

func (w *world) happen(by chat.AccountID, what chat.Happening, direct bool) flows.Effects {
	w.t.Helper()
	w.count++
	e := chat.Event{ID: chat.EventID(fmt.Sprint("event", w.count)), Room: testRoom, By: chat.Profile{Account: by}, What: what}
	if direct {
		e.Room, e.Direct = chat.RoomID("@"+by), true
	}
	o := storage.NewOverlay(w.store)
	effects, err := w.book.Handle(o, testPlatform, e, flows.Moment{Now: w.now, Rand: w.rand})
	if err == nil {
		err = o.Flush()
	}
	if err != nil {
		w.t.Fatal(err)
	}
	return effects
}

func (w *world) command(by chat.AccountID, text string) flows.Effects {
	return w.happen(by, chat.Command{Text: text}, false)
}

func (w *world) says(by chat.AccountID, text string) flows.Effects {
	return w.happen(by, chat.Said{Message: chat.MessageID("message-of-" + string(by)), Text: text}, true)
}

// holding lists the values in the store that hold a text.
func (w *world) holding(text string) (values []string) {
	w.t.Helper()
	if err := w.store.Scan(nil, nil, func(key, value []byte) (bool, error) {
		if bytes.Contains(value, []byte(text)) {
			values = append(values, string(key)+"\x00"+string(value))
		}
		return true, nil
	}); err != nil {
		w.t.Fatal(err)
	}
	return values
}

// person is the ID of ours behind an account: what is stored as a JSON text under the account's key.
func (w *world) person(of chat.AccountID) (id string) {
	w.t.Helper()
	if err := w.store.Scan(nil, nil, func(key, value []byte) (bool, error) {
		if bytes.Contains(key, []byte("accounts")) && bytes.Contains(key, []byte(of)) {
			_, text, _ := strings.Cut(string(value), `"`)
			id, _, _ = strings.Cut(text, `"`)
		}
		return id == "", nil
	}); err != nil {
		w.t.Fatal(err)
	}
	if id == "" {
		w.t.Fatalf("nobody stands behind %s", of)
	}
	return id
}

func TestAnonymousWordsAreStoredWithoutTheirAuthor(t *testing.T) {
	w := newWorld(t, "ana", "ben", "chi", "dee")
	w.command("ana", `checkin "Where do you hold back?" anonymous`)
	const secret = "I worry that I will be quoted at work"
	effects := w.says("ben", secret)
	held := w.holding(secret)
	if len(held) != 1 {
		t.Fatalf("the words stand in %d places, want 1: %q", len(held), held)
	}
	for _, author := range []string{w.person("ben"), "message-of-ben", "event", "ben", "2026"} {
		if strings.Contains(held[0], author) {
			t.Errorf("beside the words stands %q: %q", author, held[0])
		}
	}
	for _, send := range effects.Sends {
		if send.To.Account != "ben" {
			t.Errorf("answering an anonymous question told somebody else: %+v", send)
		}
	}
}

// A named answer does stand beside its author: the test above would find it.
func TestNamedWordsAreStoredWithTheirAuthor(t *testing.T) {
	w := newWorld(t, "ana", "ben")
	w.command("ana", `checkin "How are you arriving?"`)
	w.says("ben", "by bicycle")
	held := w.holding("by bicycle")
	if len(held) != 1 || !strings.Contains(held[0], w.person("ben")) || !strings.Contains(held[0], "message-of-ben") {
		t.Fatalf("the words and their author stand here: %q", held)
	}
}

func TestTooFewAnonymousWordsAreNotKept(t *testing.T) {
	w := newWorld(t, "ana", "ben", "chi")
	w.command("ana", `checkin "Where do you hold back?" anonymous`)
	w.says("ana", "in the first row")
	w.says("ben", "in the last row")
	w.command("ana", "checkin reveal")
	for _, words := range []string{"first row", "last row"} {
		if held := w.holding(words); len(held) > 0 {
			t.Errorf("%q is still kept: %q", words, held)
		}
	}
}

func TestOption(t *testing.T) {
	r := Round{Question: Question{Options: []string{"not at all", "A little", "2 or more"}}}
	for text, want := range map[string]int{
		"not at all": 0, "NOT  at all.": 0, "a little!": 1, "1": 0, "3": 2, "2 or more": 2, "#2": 1,
		"4": -1, "0": -1, "perhaps": -1, "": -1,
	} {
		if got := r.option(text); got != want {
			t.Errorf("option(%q) = %d, want %d", text, got, want)
		}
	}
}

func TestEndOfADay(t *testing.T) {
	friday := calendar.When{Date: calendar.Date{Year: 2026, Month: time.April, Day: 3}, Zone: "Europe/London"}
	if got := end(friday).UTC().Format(time.RFC3339); got != "2026-04-03T22:59:00Z" {
		t.Errorf("a day alone ends at %s", got)
	}
	at := time.Date(2026, 4, 3, 16, 0, 0, 0, time.UTC)
	if got := end(calendar.When{At: at, HasTime: true}); !got.Equal(at) {
		t.Errorf("a time of day ends at %s", got)
	}
}

func TestHalfway(t *testing.T) {
	opened := time.Date(2026, 10, 5, 9, 2, 0, 0, time.UTC)
	for name, row := range map[string]struct {
		round Round
		want  string // empty: nobody is asked twice
	}{
		"over a day":         {Round{Until: opened.Add(30*time.Hour + 58*time.Minute)}, "2026-10-06T00:31:00Z"},
		"an hour":            {Round{Until: opened.Add(time.Hour)}, "2026-10-05T09:32:00Z"},
		"under an hour":      {Round{Until: opened.Add(59 * time.Minute)}, ""},
		"live":               {Round{Question: Question{Live: true}, Until: opened.Add(24 * time.Hour)}, ""},
		"how a session ends": {Round{Question: Question{Closing: true}, Until: opened.Add(24 * time.Hour)}, ""},
	} {
		row.round.Opened = opened
		got := ""
		if at, ok := row.round.halfway(); ok {
			got = at.Format(time.RFC3339)
		}
		if got != row.want {
			t.Errorf("%s: halfway is %q, want %q", name, got, row.want)
		}
	}
}

func TestSeriesEndsEachRoundBeforeTheNext(t *testing.T) {
	rule := calendar.Rule{Kind: calendar.Weekly, Days: calendar.DaySet(time.Monday, time.Tuesday), Clock: 9 * 60, Zone: "Europe/London"}
	monday := time.Date(2026, 10, 5, 8, 0, 0, 0, time.UTC)
	for name, row := range map[string]struct{ by, want string }{
		"a day unless given":      {"", "2026-10-06T08:00:00Z"},
		"a time of that day":      {"17:00", "2026-10-05T16:00:00Z"},
		"not past the next round": {"in 3 days", "2026-10-06T08:00:00Z"},
		"a span":                  {"in 2 hours", "2026-10-05T10:00:00Z"},
	} {
		s := Series{Rule: rule, Deadline: row.by, Language: "en"}
		if got := s.until(monday, s.coming(monday, 1)).UTC().Format(time.RFC3339); got != row.want {
			t.Errorf("%s: a round ends at %s, want %s", name, got, row.want)
		}
	}
	s := Series{Rule: rule, Until: monday.Add(25 * time.Hour)}
	if dates := s.coming(monday.Add(-time.Minute), 5); len(dates) != 2 {
		t.Errorf("until the day after: %v", dates)
	}
}
