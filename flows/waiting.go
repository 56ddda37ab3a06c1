package flows

import (
	"slices"
	"strings"
	"time"

	"trellis/adapters/chat"
	"trellis/flows/words"
	"trellis/storage"
)

// Question is something that waits for a person's word. While it does, their direct message is the answer.
type Question struct {
	Flow    string
	Form    string // whose handler the answer goes to
	Field   string // of that form, which a typed answer fills
	Group   GroupID
	Subject ID
	Arg     string   `json:",omitempty"`
	Pass    string   `json:",omitempty"` // the action that passes; empty: one cannot pass
	Title   string   // what was asked, in people's words
	By      PersonID `json:",omitempty"` // whose words Title is
	// Labels, when set, are the catalogue keys of the choices that the question was put with. A direct message is then
	// its answer only when it says one of them, and is handed over as that key.
	Labels []string `json:",omitempty"`
	// Sealed is an anonymous one: what may be its answer is kept nowhere.
	Sealed bool `json:",omitempty"`
	// Answered is one that was answered and may be answered again.
	Answered bool `json:",omitempty"`
	Since    time.Time
}

func (q Question) same(o Question) bool {
	return q.Flow == o.Flow && q.Form == o.Form && q.Group == o.Group && q.Subject == o.Subject
}

// waiting is what waits for one person.
type waiting struct {
	Questions []Question
	// Chosen is the question that the next direct message answers, until ChosenUntil.
	Chosen      ID        `json:",omitempty"`
	ChosenUntil time.Time `json:",omitzero"`
	// Draft is a text that could not be brought to its place yet. A text that may be anonymous is never one.
	Draft   string         `json:",omitempty"`
	Message chat.MessageID `json:",omitempty"` // of Draft
}

// chosenFor is how long a chosen question waits for its answer, and a draft for its place.
const chosenFor = 15 * time.Minute

func (t *Turn) waitingOf(p PersonID) (waiting, error) {
	w, err := waitings.Get(t.over, storage.Global, string(p))
	_, err = Found(err)
	return w, err
}

func (t *Turn) putWaiting(p PersonID, w waiting) error {
	if len(w.Questions) == 0 && w.Draft == "" {
		return waitings.Delete(t.over, storage.Global, string(p))
	}
	return waitings.Put(t.over, storage.Global, string(p), w)
}

// Waiting lists what waits for a person, in the order in which it was asked, over all groups.
func (t *Turn) Waiting(p PersonID) ([]Question, error) {
	w, err := t.waitingOf(p)
	return w.Questions, err
}

// Await notes that a question of this flow waits for a person. Form, Subject and Title are the caller's to set.
func (t *Turn) Await(p PersonID, q Question) error {
	w, err := t.waitingOf(p)
	if err != nil {
		return err
	}
	q.Flow, q.Group, q.Since = t.flow, t.groupID, t.now
	w.Questions = slices.DeleteFunc(slices.Clone(w.Questions), q.same)
	w.Questions = append(w.Questions, q)
	return t.putWaiting(p, w)
}

// Settle notes that a question no longer waits for a person. That it did not is no error.
func (t *Turn) Settle(p PersonID, form string, subject ID) error {
	w, err := t.waitingOf(p)
	if err != nil {
		return err
	}
	gone := Question{Flow: t.flow, Form: form, Group: t.groupID, Subject: subject}
	before := len(w.Questions)
	w.Questions = slices.DeleteFunc(slices.Clone(w.Questions), gone.same)
	if len(w.Questions) == before {
		return nil
	}
	return t.putWaiting(p, w)
}

// Answered notes that a person answered a question, which until it is settled they may answer again.
func (t *Turn) Answered(p PersonID, form string, subject ID) error {
	w, err := t.waitingOf(p)
	if err != nil {
		return err
	}
	done := Question{Flow: t.flow, Form: form, Group: t.groupID, Subject: subject}
	for i, q := range w.Questions {
		if q.same(done) {
			w.Questions = slices.Clone(w.Questions)
			w.Questions[i].Answered = true
			return t.putWaiting(p, w)
		}
	}
	return nil
}

// open are the questions that a direct message may answer: those not answered yet, or else those that may be again.
func (w waiting) open(now time.Time) []Question {
	if w.Chosen != "" && now.Before(w.ChosenUntil) {
		for _, q := range w.Questions {
			if q.Subject == w.Chosen {
				return []Question{q}
			}
		}
	}
	if fresh := w.unanswered(); len(fresh) > 0 {
		return fresh
	}
	return w.Questions
}

// unanswered are the questions that wait for a first answer.
func (w waiting) unanswered() []Question {
	return slices.DeleteFunc(slices.Clone(w.Questions), func(q Question) bool { return q.Answered })
}

// answerable are the questions that a text may be the answer to.
func (t *Turn) answerable(w waiting, text string) []Question {
	w.Questions = slices.DeleteFunc(slices.Clone(w.Questions), func(q Question) bool {
		return len(q.Labels) > 0 && q.Subject != w.Chosen && t.labelOf(q, text) == ""
	})
	return w.open(t.now)
}

// labelOf is the label of a question that a text says, in the person's language or in English; empty when it says none.
func (t *Turn) labelOf(q Question, text string) string {
	text = strings.TrimSpace(strings.TrimRight(strings.TrimSpace(text), ".!?"))
	for _, key := range q.Labels {
		for _, language := range []string{t.languageOf(t.person), words.English} {
			if strings.EqualFold(t.word(language, key), text) {
				return key
			}
		}
	}
	return ""
}

// choices says what can be written to the questions that take nothing but their labels.
func (t *Turn) choices(questions []Question) Message {
	m := Note("flows.choose.none")
	for _, q := range questions {
		var labels []Phrase
		for _, key := range q.Labels {
			labels = append(labels, Words(key))
		}
		if len(labels) > 0 {
			m = m.Item(Words("flows.choose.question", "title", Said{Text: t.short(q.Title), By: q.By}, "labels", labels))
		}
	}
	return m
}

// labelled are the questions that take nothing but their labels.
func labelled(questions []Question) []Question {
	return slices.DeleteFunc(slices.Clone(questions), func(q Question) bool { return len(q.Labels) == 0 })
}

func sealed(questions []Question) bool {
	return slices.ContainsFunc(questions, func(q Question) bool { return q.Sealed })
}
