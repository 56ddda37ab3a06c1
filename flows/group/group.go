// Package group is what a group and a person set for themselves: name, zone, language, quiet hours, who facilitates,
// who takes part how, which rooms and accounts belong together, and being away.
//
// How it works: `group …` changes the group's record, `my …` the person's; `away until` takes a person out of what is
// asked and reminded, in every group of theirs, until a timer brings them back with one message of what waited.
package group

import (
	"strings"

	"trellis/flows"
	"trellis/flows/calendar"
)

// Flow is all that the engine knows of this practice.
var Flow = flows.Flow{
	Name: "group",
	Commands: flows.Commands{
		"group":                     {Usage: "", Who: flows.Member, Answers: true, Run: show},
		"group name":                {Usage: "NAME", Who: flows.Facilitator, Run: setName},
		"group zone":                {Usage: "ZONE", Who: flows.Facilitator, Run: setZone},
		"group language":            {Usage: "CODE", Who: flows.Facilitator, Run: setLanguage},
		"group quiet":               {Usage: "20:00-08:00", Who: flows.Facilitator, Run: setQuiet},
		"group days":                {Usage: "mon-fri", Who: flows.Facilitator, Run: setDays},
		"group words":               {Usage: "OUR-WORD YOUR-WORD", Who: flows.Facilitator, Run: setWords},
		"group members":             {Usage: "", Who: flows.Member, Answers: true, Run: members},
		"group members role":        {Usage: "@PERSON member|observer", Who: flows.Facilitator, Run: setRole},
		"group members remove":      {Usage: "@PERSON", Who: flows.Facilitator, Run: removeMember},
		"group facilitators":        {Usage: "", Who: flows.Member, Answers: true, Run: members},
		"group facilitators add":    {Usage: "@PERSON", Who: flows.Facilitator, Run: addFacilitator},
		"group facilitators hand":   {Usage: "@PERSON", Who: flows.Facilitator, Run: handFacilitator},
		"group facilitators remove": {Usage: "@PERSON", Who: flows.Facilitator, Run: removeFacilitator},
		"group code":                {Usage: "", Who: flows.Facilitator, Run: roomCode},
		"group join":                {Usage: "CODE", Who: flows.Facilitator, Run: joinRoom},

		"my":          {Usage: "", Who: flows.Anyone, Answers: true, Anywhere: true, Run: showMine},
		"my zone":     {Usage: "ZONE", Who: flows.Anyone, Anywhere: true, Run: myZone},
		"my language": {Usage: "CODE", Who: flows.Anyone, Anywhere: true, Run: myLanguage},
		"my quiet":    {Usage: "20:00-08:00", Who: flows.Anyone, Anywhere: true, Run: myQuiet},
		"my days":     {Usage: "mon-fri", Who: flows.Anyone, Anywhere: true, Run: myDays},
		"my hour":     {Usage: "09:00", Who: flows.Anyone, Anywhere: true, Run: myHour},
		"link":        {Usage: "[CODE]", Who: flows.Anyone, Anywhere: true, Reads: linkReads, Run: link},
		"link end":    {Usage: "", Who: flows.Anyone, Anywhere: true, Run: unlink},
		"my link":     {Usage: "[CODE]", Who: flows.Anyone, Anywhere: true, Reads: linkReads, Run: link},
		"my link end": {Usage: "", Who: flows.Anyone, Anywhere: true, Run: unlink},

		"away":       {Usage: "until WHEN", Who: flows.Anyone, Anywhere: true, Run: showAway},
		"away until": {Usage: "WHEN", Who: flows.Anyone, Anywhere: true, Reads: awayReads, Run: away},
		"away end":   {Usage: "", Who: flows.Anyone, Anywhere: true, Run: awayEnd},
	},
	Timers: flows.Timers{"back": back},
}

func linkReads(c flows.Command) bool { return len(c.Tokens) <= 1 }

func show(t *flows.Turn, _ flows.Command) error {
	g := t.About()
	facilitators, err := t.Facilitators()
	if err != nil {
		return err
	}
	m := flows.Note("group.show.name", "name", flows.Said{Text: t.GroupName()}).
		Item(flows.Words("group.show.facilitators", "names", names(facilitators))).
		Item(flows.Words("group.show.zone", "zone", g.Zone)).
		Item(flows.Words("group.show.language", "language", language(g.Language))).
		Item(flows.Words("group.show.quiet", "quiet", quiet(g.Quiet))).
		Item(flows.Words("group.show.days", "days", days(g.Days))).
		Item(flows.Words("group.show.rooms", "n", len(g.Rooms))).
		With("group.show.how").
		Choose(flows.Shareable("group"))
	_, err = t.Answer(m)
	return err
}

func names(people []flows.PersonID) []flows.Phrase {
	list := []flows.Phrase{}
	for _, p := range people {
		list = append(list, flows.Words("group.name", "person", p))
	}
	return list
}

func quiet(q calendar.Quiet) flows.Phrase {
	if q.From == q.To {
		return flows.Words("group.quiet.none")
	}
	return flows.Words("group.quiet.hours", "from", q.From.String(), "to", q.To.String())
}

func days(d calendar.Days) []flows.Phrase {
	list := []flows.Phrase{}
	for _, day := range d.Weekdays() {
		list = append(list, flows.WeekdayPhrase(day))
	}
	return list
}

func language(code string) flows.Phrase { return flows.Words("group.language." + code) }

func setName(t *flows.Turn, c flows.Command) error {
	if c.Text == "" || len([]rune(c.Text)) > 60 {
		return t.Refuse("group.name_wanted")
	}
	if err := t.ChangeGroup(func(g *flows.Group) { g.Name, g.Named = c.Text, true }); err != nil {
		return err
	}
	_, err := t.Say(flows.Note("group.set.name", "name", flows.Said{Text: c.Text}))
	return err
}

func setZone(t *flows.Turn, c flows.Command) error {
	zone, err := readZone(t, c.Text)
	if err != nil {
		return err
	}
	if err := t.ChangeGroup(func(g *flows.Group) { g.Zone = zone }); err != nil {
		return err
	}
	everyone, err := t.Everyone()
	if err != nil {
		return err
	}
	for _, p := range everyone {
		if err := t.Signal(flows.Signal{Name: flows.SignalChanged, Person: p}); err != nil {
			return err
		}
	}
	_, err = t.Say(flows.Note("group.set.zone", "zone", zone))
	return err
}

func setLanguage(t *flows.Turn, c flows.Command) error {
	code, ok := t.MatchLanguage(c.Text)
	if !ok {
		return t.Refuse("group.language_wanted", "languages", languages(t))
	}
	if err := t.ChangeGroup(func(g *flows.Group) { g.Language = code }); err != nil {
		return err
	}
	_, err := t.Say(flows.Note("group.set.language", "language", language(code)))
	return err
}

func languages(t *flows.Turn) []flows.Phrase {
	list := []flows.Phrase{}
	for _, code := range t.Languages() {
		list = append(list, flows.Words("group.language_code", "code", flows.Typed(code), "language", language(code)))
	}
	return list
}

func setQuiet(t *flows.Turn, c flows.Command) error {
	q, err := readQuiet(t, c.Text)
	if err != nil {
		return err
	}
	if err := t.ChangeGroup(func(g *flows.Group) { g.Quiet = q }); err != nil {
		return err
	}
	_, err = t.Say(flows.Note("group.set.quiet", "quiet", quiet(q)))
	return err
}

func setDays(t *flows.Turn, c flows.Command) error {
	d, err := readDays(t, c.Text)
	if err != nil {
		return err
	}
	if err := t.ChangeGroup(func(g *flows.Group) { g.Days = d }); err != nil {
		return err
	}
	_, err = t.Say(flows.Note("group.set.days", "days", days(d)))
	return err
}

// ownWords are those of ours that a group may replace.
var ownWords = []string{"check-in", "agreement", "commitment", "principle", "session", "digest", "facilitator", "proposal"}

func setWords(t *flows.Turn, c flows.Command) error {
	if len(c.Tokens) < 2 {
		return t.Refuse("group.words_wanted", "ours", strings.Join(ownWords, ", "))
	}
	ours, theirs := strings.ToLower(c.Tokens[0].Text), c.After(1)
	known := false
	for _, w := range ownWords {
		known = known || w == ours
	}
	if !known || len([]rune(theirs)) > 30 {
		return t.Refuse("group.words_wanted", "ours", strings.Join(ownWords, ", "))
	}
	if err := t.ChangeGroup(func(g *flows.Group) {
		words := map[string]string{}
		for k, v := range g.Words {
			words[k] = v
		}
		if words[ours] = theirs; ours == theirs {
			delete(words, ours)
		}
		g.Words = words
	}); err != nil {
		return err
	}
	_, err := t.Say(flows.Note("group.set.words", "ours", flows.Typed(ours), "theirs", flows.Said{Text: theirs}))
	return err
}

func readZone(t *flows.Turn, text string) (string, error) {
	zone, err := calendar.LoadZone(strings.TrimSpace(text))
	if err != nil || strings.TrimSpace(text) == "" {
		return "", t.Refuse("group.zone_wanted", "text", flows.Said{Text: text}, "near", nearZones(err))
	}
	return zone.String(), nil
}

func readQuiet(t *flows.Turn, text string) (calendar.Quiet, error) {
	q, err := calendar.ParseQuiet(text, t.Calendar())
	if err != nil {
		return q, t.Refuse("group.quiet_wanted", "text", flows.Said{Text: text})
	}
	return q, nil
}

func readDays(t *flows.Turn, text string) (calendar.Days, error) {
	d, err := calendar.ParseDays(text, t.Calendar())
	if err != nil || len(d.Weekdays()) == 0 {
		return d, t.Refuse("group.days_wanted", "text", flows.Said{Text: text})
	}
	return d, nil
}
