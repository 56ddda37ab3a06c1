package flows

import (
	"errors"
	"slices"
	"strings"

	"trellis/adapters/chat"
	"trellis/storage"
)

// begin finds the group and the person of an event.
func (t *Turn) begin(platform chat.Platform, e chat.Event) error {
	t.event = e
	t.place = chat.Place{Platform: platform, Room: e.Room}
	t.group = Group{Zone: t.book.zone, Language: t.book.language, Quiet: t.book.quiet, Days: t.book.days}
	if !e.Direct && e.Room != "" {
		id, err := rooms.Get(t.over, storage.Global, roomKey(t.place))
		if ok, err := Found(err); err != nil {
			return err
		} else if ok {
			if err := t.enter(id); err != nil {
				return err
			}
		}
	}
	if _, talk := e.What.(chat.Said); talk && !e.Direct {
		// What is not addressed to Trellis leaves no trace, not even of who wrote it.
		id, err := t.personOf(platform, e.By.Account)
		t.person = id
		return err
	}
	id, err := t.meet(platform, e.By, speaks(e.What))
	t.person = id
	return err
}

// speaks tells whether an event is a person turning to Trellis.
func speaks(what chat.Happening) bool {
	switch what.(type) {
	case chat.Said, chat.Command, chat.Pressed, chat.Filled:
		return true
	}
	return false
}

// dispatch hands the event to whom it concerns.
func (t *Turn) dispatch() error {
	switch what := t.event.What.(type) {
	case chat.Said:
		if t.event.Direct {
			return t.direct(what)
		}
		return t.talk()
	case chat.Command:
		t.effects.Handled = true
		text := cleanText(what.Text)
		if rest, ok := cutName(text); ok {
			text = rest
		}
		return t.command(text)
	case chat.Pressed:
		t.effects.Handled = true
		return t.pressed(what)
	case chat.Filled:
		t.effects.Handled = true
		return t.filled(what)
	case chat.Edited:
		return t.ofMessage(Signal{Name: SignalEdited, Subject: ID(what.Message), Person: t.person, Value: cleanText(what.Text)})
	case chat.Deleted:
		return t.ofMessage(Signal{Name: SignalDeleted, Subject: ID(what.Message), Person: t.person})
	case chat.Invited:
		return t.invited(what)
	case chat.Removed:
		return t.removed()
	case chat.Joined:
		return t.joined()
	case chat.Left:
		return t.left()
	case chat.Renamed:
		return t.renamed(what)
	case chat.Moved:
		return t.moved(what)
	case chat.Changed:
		t.effects.Handled = t.person != ""
		return t.changed()
	case chat.Reachable:
		t.effects.Handled = true
	case chat.Reacted, chat.Closed, chat.Opened:
	}
	return nil
}

// ofMessage signals what became of a message: a direct one may be an answer in any group of its author.
func (t *Turn) ofMessage(s Signal) error {
	if !t.event.Direct || s.Person == "" {
		return t.Signal(s)
	}
	return t.EachGroup(s.Person, func() error { return t.Signal(s) })
}

// Handled says that an event meant something, for a listener of a signal that may mean nothing to anybody.
func (t *Turn) Handled() { t.effects.Handled = true }

// talk shows what is said in the room to the flows that wait for it.
func (t *Turn) talk() error {
	if t.groupID == "" || t.person == "" {
		return nil
	}
	for _, f := range t.book.flows {
		if f.Talk == nil {
			continue
		}
		t.flow = f.Name
		hears, err := f.Hears(t)
		if err != nil {
			return err
		}
		if hears {
			t.effects.Handled = true
			if err := f.Talk(t); err != nil {
				return err
			}
		}
	}
	return nil
}

// command runs a line as a command.
func (t *Turn) command(line string) error {
	if strings.TrimSpace(line) == "" {
		line = "help"
	}
	if len([]rune(line)) > MaxText+200 {
		return t.Refuse("flows.toolong", "n", MaxText)
	}
	if done, err := t.lone(line); done || err != nil {
		return err
	}
	line = t.readable(line)
	row, c, ok := t.book.parse(line)
	if !ok || row.spec.Usage == "" && len(c.Tokens) > 0 {
		return t.unknown(line)
	}
	t.flow, t.here = row.flow, c.Here
	if err := t.settle(row, c); err != nil {
		return err
	}
	may, err := t.Holds(t.person, row.spec.Who)
	if err != nil {
		return err
	}
	if !may {
		return t.overreach(row.spec.Who)
	}
	err = row.spec.Run(t, c)
	var unclear *Unclear
	if errors.As(err, &unclear) {
		return t.askDate(unclear, func(iso string) (Choice, bool) {
			at := strings.LastIndex(c.raw, unclear.Text)
			if at < 0 {
				return Choice{}, false
			}
			return Choice{Run: c.raw[:at] + iso + c.raw[at+len(unclear.Text):]}, true
		})
	}
	return err
}

// lone runs the words that mean the same wherever somebody writes them to Trellis; false when the text is none of them.
func (t *Turn) lone(text string) (bool, error) {
	word := strings.ToLower(strings.Trim(text, " .!?"))
	if word != "cancel" && word != "pass" {
		return false, nil
	}
	w, err := t.waitingOf(t.person)
	switch {
	case err != nil:
		return false, err
	case word == "cancel":
		return true, t.cancel(w)
	case len(w.Questions) == 0:
		return false, nil
	}
	return true, t.answer(w, "", text, true)
}

// settle finds or makes the group that a command is about, and the person's place in it.
func (t *Turn) settle(row command, c Command) error {
	if t.event.Direct {
		switch {
		case t.groupID != "":
			return nil
		case row.spec.Anywhere && !c.Here:
			return t.settleIfClear()
		}
		return t.settleDirect(row, c.raw)
	}
	if t.groupID == "" {
		if err := t.found(t.place, ""); err != nil {
			return err
		}
	}
	m, ok, err := t.membership(t.person)
	if err != nil {
		return err
	}
	if !ok || m.Left {
		if err := t.ChangeMember(t.person, func(m *Membership) { m.Left, m.Rooms = false, []chat.Place{t.place} }); err != nil {
			return err
		}
	}
	if row.spec.Answers || m.Facilitator {
		return nil
	}
	if found, err := t.facilitated(); err != nil || found {
		return err
	}
	return t.ChangeMember(t.person, func(m *Membership) { m.Facilitator = true })
}

// SettleGroup finds the group that a line is about when its command did not need one so far; in a direct message of
// somebody who is in several, it asks which, and runs the line again.
func (t *Turn) SettleGroup(line string) error {
	if t.groupID != "" {
		return nil
	}
	return t.settleDirect(command{}, line)
}

// settleIfClear enters the group that a direct message is about when there is no need to ask: its language is theirs who
// have none that Trellis speaks, and help fits their role in it.
func (t *Turn) settleIfClear() error {
	p, err := t.Profile(t.person)
	switch {
	case err != nil:
		return err
	case len(p.Groups) == 1:
		return t.enter(p.Groups[0])
	case slices.Contains(p.Groups, p.Speaking) && t.now.Before(p.SpeakingUntil):
		return t.enter(p.Speaking)
	}
	return nil
}

func (t *Turn) settleDirect(row command, line string) error {
	p, err := t.Profile(t.person)
	if err != nil {
		return err
	}
	switch {
	case len(p.Groups) == 1:
		return t.enter(p.Groups[0])
	case len(p.Groups) == 0 && row.flow != "" && row.spec.Who == Anyone:
		return nil
	case len(p.Groups) == 0:
		return t.Refuse("flows.nogroup")
	case slices.Contains(p.Groups, p.Speaking) && t.now.Before(p.SpeakingUntil):
		return t.enter(p.Speaking)
	}
	ask := Note("flows.whichgroup")
	for _, id := range p.Groups {
		g, err := groupTable.Get(t.over, Scope(id), groupKey)
		if err != nil {
			return err
		}
		ask = ask.Choose(Choice{Label: t.short(g.Name), Action: "speak", Arg: line}.of(router, id))
	}
	return t.RefuseWith(ask)
}

// readable replaces mentions by names, so that what is stored reads the same everywhere.
func (t *Turn) readable(text string) string {
	return chat.ReplaceMentions(text, func(a chat.AccountID) string {
		id, err := t.personOf(t.place.Platform, a)
		if err != nil || id == "" {
			return "@" + string(a)
		}
		name := t.Name(id)
		if strings.ContainsRune(name, ' ') {
			return `"@` + name + `"`
		}
		return "@" + name
	})
}

// unknown answers a line that is no command.
func (t *Turn) unknown(line string) error {
	if near := t.book.nearest(line); near != "" {
		return t.RefuseWith(Note("flows.unknown.near", "near", Typed(near)).Choose(
			Choice{Key: "flows.button.help", Run: "help " + near}.of(router, t.groupID)))
	}
	return t.RefuseWith(Note("flows.unknown.none").Choose(Choice{Key: "flows.button.help", Run: "help"}.of(router, t.groupID)))
}

func (t *Turn) overreach(who Role) error {
	if who == Facilitator {
		return t.Refuse("flows.facilitatoronly")
	}
	return t.Refuse("flows.memberonly")
}

// pressed handles a choice. Whatever its value says, the stored records decide.
func (t *Turn) pressed(p chat.Pressed) error {
	v, ok, err := t.decode(p.Value)
	if err != nil {
		return err
	}
	if !ok {
		return t.Refuse("flows.oldbutton")
	}
	if err := t.admit(v); err != nil {
		return err
	}
	if v.flow == router {
		return t.routed(v)
	}
	f := t.book.byName[v.flow]
	if f == nil || f.Actions[v.name] == nil {
		return t.Refuse("flows.oldbutton")
	}
	t.flow = f.Name
	return f.Actions[v.name](t, Action{Subject: v.subject, Arg: v.arg, On: v.on})
}

// admit enters the group that a value names, if the person belongs to it. Who does not is told no more than that the
// button is old: not even that there is something.
func (t *Turn) admit(v value) error {
	if v.group == "" {
		return nil
	}
	if v.group != t.groupID {
		err := t.enter(v.group)
		if ok, err := Found(err); err != nil {
			return err
		} else if !ok {
			return t.Refuse("flows.oldbutton")
		}
	}
	if in, err := t.Holds(t.person, Member); err != nil || in {
		return err
	}
	if !t.event.Direct && slices.Contains(t.group.Rooms, t.place) { // in the room, and not met before
		return t.ChangeMember(t.person, func(m *Membership) { m.Left, m.Rooms = false, []chat.Place{t.place} })
	}
	t.groupID, t.group = "", Group{Zone: t.book.zone, Language: t.book.language, Quiet: t.book.quiet, Days: t.book.days}
	return t.Refuse("flows.oldbutton")
}

func (t *Turn) filled(sent chat.Filled) error {
	v, ok, err := t.decode(sent.Value)
	if err != nil {
		return err
	}
	if !ok {
		return t.Refuse("flows.oldbutton")
	}
	if err := t.admit(v); err != nil {
		return err
	}
	f := t.book.byName[v.flow]
	if f == nil || f.Forms[v.name] == nil {
		return t.Refuse("flows.oldbutton")
	}
	t.flow = f.Name
	fields := map[string]string{}
	for name, text := range sent.Fields {
		if text = cleanText(t.readable(text)); len([]rune(text)) > MaxText {
			return t.Wrong(name, "flows.toolong", "n", MaxText)
		}
		fields[name] = text
	}
	return f.Forms[v.name](t, Form{Subject: v.subject, Arg: v.arg, Fields: fields})
}

// refusal returns what an error tells a person; nil for one that does not concern them.
func (t *Turn) refusal(err error) *Refusal {
	var refusal *Refusal
	var unclear *Unclear
	switch {
	case errors.As(err, &refusal):
		return refusal
	case errors.As(err, &unclear):
		return t.unclearField("", unclear)
	}
	return nil
}

// refuse tells whoever acted what was not done and why.
func (t *Turn) refuse(r *Refusal) error {
	t.effects.Handled = true
	if r.group != "" && r.group != t.groupID {
		if err := t.enter(r.group); err != nil {
			return err
		}
	}
	if r.Field != "" {
		reader := t.readerAt(chat.Place{Platform: t.place.Platform, Account: t.event.By.Account})
		m, err := t.write(r.Message, reader)
		if err != nil {
			return err
		}
		t.effects.Reply = &chat.Reply{To: t.event.ID, Errors: map[string]string{r.Field: m.Text.Plain()}}
		return nil
	}
	_, err := t.Whisper(r.Message)
	return err
}
