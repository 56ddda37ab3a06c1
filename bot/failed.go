package bot

import (
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"strings"
	"time"
	"unicode"

	"trellis/adapters/chat"
	"trellis/flows"
	"trellis/storage"
)

// Failed is an event or timer that could not be handled, kept for the operator: what it did was undone, and its
// author was told.
type Failed struct {
	ID       string
	At       time.Time
	Platform chat.Platform `json:",omitempty"`
	Event    *chat.Event   `json:",omitempty"`
	Timer    *flows.Timer  `json:",omitempty"`
	// Fault is what went wrong, without words of people.
	Fault string
	// Sealed says that the event's words were not kept, so that it cannot be handled again.
	Sealed bool `json:",omitempty"`
	Tries  int
}

var failures = storage.NewTable[Failed]("bot/failed", 1)

// setAside keeps what could not be handled, and tells its author.
func (s *step) setAside(f Failed, name *turnName, fault error) error {
	f.ID, f.At, f.Tries = failedID(name), s.now, f.Tries+1
	f.Fault = scrub(fault, f.Event)
	s.c.log.Error("turn failed", "turn", name.String(), "fault", f.Fault)
	s.tally.failed++
	if f.Event != nil {
		sealed, err := s.sealed(f.Platform, *f.Event)
		if err != nil {
			return err
		}
		if sealed {
			bare := withoutWords(*f.Event)
			f.Event, f.Sealed = &bare, true
		}
	}
	if err := failures.Put(&s.tx, storage.Global, f.ID, f); err != nil {
		return err
	}
	delete(s.c.suspects, name.String())
	if f.Event == nil || f.Tries > 1 {
		return nil
	}
	e := *f.Event
	return s.tell("tell an author that their event failed", func(o *storage.Overlay) (flows.Effects, error) {
		return s.c.book.Failed(o, f.Platform, e, s.moment("failed", f.ID))
	})
}

// failedID is short, for people to type, and the same for the same turn.
func failedID(name *turnName) string {
	sum := sha256.Sum256([]byte(name.String()))
	return hex.EncodeToString(sum[:5])
}

// sealed tells whether an event's words may be kept nowhere. What is not addressed to Trellis never is; and when it
// cannot be told, they are not.
func (s *step) sealed(p chat.Platform, e chat.Event) (sealed bool, err error) {
	switch what := e.What.(type) {
	case chat.Said:
		sealed = !e.Direct
	case chat.Edited:
		sealed = !e.Direct && !what.Addressed
	}
	if sealed {
		return true, nil
	}
	defer func() {
		if recover() != nil {
			sealed, err = true, nil
		}
	}()
	sealed, err = s.c.book.Sealed(&s.tx, p, e)
	if err != nil && !fatal(err) {
		return true, nil
	}
	return sealed, err
}

// withoutWords is an event without what was written in it.
func withoutWords(e chat.Event) chat.Event {
	switch what := e.What.(type) {
	case chat.Said:
		what.Text, e.What = "", chat.Said{Message: what.Message, Thread: what.Thread}
	case chat.Command:
		e.What = chat.Command{Message: what.Message, Thread: what.Thread}
	case chat.Filled:
		e.What = chat.Filled{Value: what.Value}
	case chat.Edited:
		e.What = chat.Edited{Message: what.Message, Addressed: what.Addressed}
	}
	return e
}

// scrub is an error's text without words that stand in the event.
func scrub(err error, e *chat.Event) string {
	text := err.Error()
	var panicked *panicError
	if errors.As(err, &panicked) || e == nil {
		return text
	}
	wrote := map[string]bool{}
	for _, t := range textsOf(*e) {
		for _, word := range strings.FieldsFunc(t, notWord) {
			wrote[strings.ToLower(word)] = true
		}
	}
	var b strings.Builder
	for len(text) > 0 {
		n := strings.IndexFunc(text, notWord)
		if n < 0 {
			n = len(text)
		}
		if word := text[:n]; wrote[strings.ToLower(word)] {
			b.WriteString("…")
		} else {
			b.WriteString(word)
		}
		text = text[n:]
		n = strings.IndexFunc(text, func(r rune) bool { return !notWord(r) })
		if n < 0 {
			n = len(text)
		}
		b.WriteString(text[:n])
		text = text[n:]
	}
	return b.String()
}

func notWord(r rune) bool { return !unicode.IsLetter(r) && !unicode.IsDigit(r) && !unicode.IsMark(r) }

// textsOf are the texts of people in an event.
func textsOf(e chat.Event) []string {
	texts := []string{e.By.Name}
	switch what := e.What.(type) {
	case chat.Said:
		texts = append(texts, what.Text)
	case chat.Command:
		texts = append(texts, what.Text)
		if what.About != nil {
			texts = append(texts, what.About.Text)
		}
	case chat.Filled:
		for _, t := range what.Fields {
			texts = append(texts, t)
		}
	case chat.Edited:
		texts = append(texts, what.Text)
	case chat.Renamed:
		texts = append(texts, what.Name)
	case chat.Invited:
		texts = append(texts, what.Name)
	}
	return texts
}

// again runs what failed once more, as the operator asked.
func (s *step) again(id string) error {
	f, err := failures.Get(&s.tx, storage.Global, id)
	if ok, err := found(err); !ok {
		return err
	}
	if f.Sealed {
		return fmt.Errorf("its words were not kept, so it can only be discarded: %w", ErrOrder)
	}
	name := &turnName{platform: f.Platform, timer: f.Timer}
	if f.Event != nil {
		name.event = f.Event.ID
	}
	effects, err := s.try(name, func(o *storage.Overlay) (flows.Effects, error) {
		if f.Timer != nil {
			return s.c.book.Fire(o, *f.Timer, s.moment("timer", name.seed(s.c.seeded)))
		}
		return s.c.book.Handle(o, f.Platform, *f.Event, s.moment("event", string(f.Platform)+" "+string(f.Event.ID)))
	})
	if fatal(err) {
		return err
	}
	if err != nil {
		return s.setAside(f, name, err)
	}
	if err := s.commit(effects); err != nil {
		return err
	}
	return failures.Delete(&s.tx, storage.Global, id)
}
