package agreement_test

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
	"time"

	"pgregory.net/rapid"

	"trellis/adapters/chat"
	"trellis/flows"
	"trellis/flows/agreement"
	"trellis/flows/session"
	"trellis/flows/words"
	"trellis/storage"
)

const room chat.RoomID = "!street"

var people = []chat.AccountID{"ana", "ben", "chi", "dee"}

// circle is a group in one room, on a store in memory.
type circle struct {
	t      rapid.TB
	book   *flows.Book
	store  *storage.Overlay
	now    time.Time
	events int
	sends  []flows.Send // what was posted, oldest first
	form   *chat.Form   // open for whoever acted last
}

func newCircle(t rapid.TB, platform chat.Platform, overt ...chat.Platform) *circle {
	t.Helper()
	catalogues, err := words.Load()
	if err != nil {
		t.Fatal(err)
	}
	book, err := flows.New(flows.Options{
		Flows: []flows.Flow{session.Flow, agreement.Flow}, Words: catalogues, Zone: "Europe/London", Overt: overt,
	})
	if err != nil {
		t.Fatal(err)
	}
	c := &circle{t: t, book: book, store: storage.NewOverlay(nil), now: time.Date(2026, 10, 6, 9, 0, 0, 0, time.UTC)}
	invited := chat.Invited{Name: "Street"}
	for _, p := range people {
		invited.People = append(invited.People, chat.Profile{Account: p, Name: string(p)})
	}
	c.does(platform, "ana", invited)
	return c
}

func (c *circle) does(platform chat.Platform, by chat.AccountID, what chat.Happening) {
	c.t.Helper()
	c.events++
	over := storage.NewOverlay(c.store)
	effects, err := c.book.Handle(over, platform, chat.Event{
		ID: chat.EventID(fmt.Sprint(c.events)), At: c.now, Room: room, By: chat.Profile{Account: by}, What: what,
	}, flows.Moment{Now: c.now, Rand: rand.New(rand.NewPCG(1, uint64(c.events)))})
	if err != nil {
		c.t.Fatal(err)
	}
	if err := over.Flush(); err != nil {
		c.t.Fatal(err)
	}
	for _, s := range effects.Sends {
		if !s.Update {
			c.sends = append(c.sends, s)
		}
	}
	if c.form = nil; effects.Reply != nil {
		c.form = effects.Reply.Form
	}
}

// stands is what stands at a place now.
func (c *circle) stands(s flows.Send) chat.Message {
	c.t.Helper()
	standing, err := flows.GetStanding(c.store, s.Group, s.Posted)
	if err != nil {
		c.t.Fatal(err)
	}
	return standing.Places[s.Place].Content
}

// find is the value of the newest choice with that name which an account sees; empty when there is none.
func (c *circle) find(by chat.AccountID, name string) string {
	for _, s := range slices.Backward(c.sends) {
		if s.To.Account != "" && s.To.Account != by {
			continue
		}
		for _, choice := range c.stands(s).Choices {
			if choice.Name == name {
				return choice.Value
			}
		}
	}
	return ""
}

// press takes a choice, and fills its form with some words in every field; false when nobody offers it.
func (c *circle) press(platform chat.Platform, by chat.AccountID, name string) bool {
	value := c.find(by, name)
	if value == "" {
		return false
	}
	c.does(platform, by, chat.Pressed{Value: value})
	if c.form != nil {
		fields := map[string]string{}
		for _, f := range c.form.Fields {
			if fields[f.Name] = "because of " + string(by) + fmt.Sprint(c.events); f.Kind == chat.When {
				fields[f.Name] = ""
			}
		}
		c.does(platform, by, chat.Filled{Value: c.form.Value, Fields: fields})
	}
	return true
}

// said is everything that was ever posted in the room, as it stands now.
func (c *circle) said() string {
	var all strings.Builder
	for _, s := range c.sends {
		if s.To.Account == "" {
			all.WriteString(c.stands(s).Text.Plain() + "\n")
		}
	}
	return all.String()
}

// Where a platform shows who takes a choice, the room offers no answers, and each is asked in private.
func TestAnswersAreNotGivenWhereEveryoneSeesThem(t *testing.T) {
	for name, row := range map[string]struct {
		overt  []chat.Platform
		inRoom bool
	}{
		"a platform that keeps it to itself": {nil, true},
		"a platform that shows reactions":    {[]chat.Platform{"open"}, false},
	} {
		c := newCircle(t, "open", row.overt...)
		c.does("open", "ben", chat.Command{Text: `propose "We meet." steps=decide`})
		offered, asked := false, 0
		for _, s := range c.sends {
			for _, choice := range c.stands(s).Choices {
				if choice.Name == "Consent" && s.To.Account == "" {
					offered = true
				} else if choice.Name == "Consent" {
					asked++
				}
			}
		}
		if want := map[bool]int{true: 0, false: len(people)}[row.inRoom]; offered != row.inRoom || asked != want {
			t.Errorf("%s: offered in the room: %v, asked in private: %d", name, offered, asked)
		}
		for _, p := range people {
			if !c.press("open", p, "Consent") {
				t.Errorf("%s: %s is not asked", name, p)
			}
		}
		if !strings.Contains(c.said(), "This is now A1") {
			t.Errorf("%s: all consent, and there is no agreement", name)
		}
	}
}

// Whatever people press in whatever order: there is an agreement exactly when everyone who is still named has answered,
// nobody objects, and fewer than a third stand aside.
func TestOnlyAWholeConsentIsAnAgreement(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		const platform chat.Platform = "quiet"
		c := newCircle(t, platform)
		c.does(platform, "ana", chat.Command{Text: `propose "We meet." steps=decide`})
		named, answers := slices.Clone(people), map[chat.AccountID]string{}
		over := func() bool { return len(answers) == len(named) || len(named) == 0 }
		for !over() {
			if rapid.IntRange(0, 9).Draw(t, "leaves") == 0 && len(named) > 1 {
				who := rapid.SampledFrom(named[1:]).Draw(t, "who leaves") // ana stays, to be asked
				c.does(platform, who, chat.Left{})
				named = slices.DeleteFunc(slices.Clone(named), func(p chat.AccountID) bool { return p == who })
				delete(answers, who)
				continue
			}
			who := rapid.SampledFrom(named).Draw(t, "who")
			word := rapid.SampledFrom([]string{"Consent", "Consent", "Consent with a concern", "Stand aside", "Object"}).Draw(t, "word")
			if said := c.said(); strings.Contains(said, "because of") || strings.Contains(said, "A1") || strings.Contains(said, "Not agreed") {
				t.Fatalf("before everyone has answered the room reads:\n%s", said)
			}
			if !c.press(platform, who, word) {
				t.Fatalf("%s is not offered %q", who, word)
			}
			answers[who] = word
		}
		count := map[string]int{}
		for _, word := range answers {
			count[word]++
		}
		agree := count["Consent"] + count["Consent with a concern"]
		whole := count["Object"] == 0 && agree > 0
		said := c.said()
		switch agreed, yet := strings.Contains(said, "This is now A1"), strings.Contains(said, "Not agreed yet"); {
		case whole && count["Stand aside"]*3 >= len(named):
			if agreed || !yet {
				t.Fatalf("%v of %v: it should be weighed first:\n%s", answers, named, said)
			}
			if !c.press(platform, "ana", "Go on") || !strings.Contains(c.said(), "This is now A1") {
				t.Fatalf("going on makes no agreement")
			}
		case agreed != whole || yet:
			t.Fatalf("%v of %v: agreed: %v\n%s", answers, named, agreed, said)
		}
	})
}
