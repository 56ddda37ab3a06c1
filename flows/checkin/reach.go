package checkin

import (
	"slices"
	"strings"
	"time"

	"trellis/flows"
)

// nudged is the shortest round in which somebody is asked a second time.
const nudged = time.Hour

// reach lets a person's word be the answer from now on, and asks them, when they may be spoken to. Who asked is awake.
func (r *Round) reach(t *flows.Turn, id flows.ID, i int) error {
	p := r.Voices[i].Person
	if err := r.await(t, id, p); err != nil {
		return err
	}
	if at := t.Free(p); at.After(t.Now()) && !r.Live && p != r.By && p != t.Person() {
		t.At(at, "ask", subject(id, p))
		return nil
	}
	return r.put(t, id, i)
}

func (r Round) await(t *flows.Turn, id flows.ID, p flows.PersonID) error {
	return t.Await(p, flows.Question{
		Form: "answer", Field: "text", Subject: id, Title: r.Text, By: r.By, Pass: "pass", Sealed: r.Anonymous,
	})
}

// put asks a person in private.
func (r *Round) put(t *flows.Turn, id flows.ID, i int) error {
	v := &r.Voices[i]
	card, err := t.Tell(v.Person, r.question(t, id, v.Person).Noticed().As(flows.ClassAwaited))
	v.Card, v.Asked = card, t.Now()
	return err
}

const separator = "."

// subject names one person's place in a round, for a timer.
func subject(id flows.ID, p flows.PersonID) flows.ID { return id + separator + flows.ID(p) }

// askLater asks somebody whose quiet is over, if their word is still wanted.
func askLater(t *flows.Turn, s flows.ID) error {
	round, person, _ := strings.Cut(string(s), separator)
	id, p := flows.ID(round), flows.PersonID(person)
	r, ok, err := rounds.Find(t, id)
	if err != nil || !ok || r.State != Open {
		return err
	}
	i := r.voice(p)
	if i < 0 || r.Voices[i].Spoken || r.Voices[i].Off || !r.Voices[i].Asked.IsZero() {
		return nil
	}
	if at := t.Free(p); at.After(t.Now()) { // their quiet is another one by now
		t.At(at, "ask", s)
		return nil
	}
	if err := r.put(t, id, i); err != nil {
		return err
	}
	return rounds.Put(t, id, r)
}

// halfway is when those who have not spoken are asked once more; false in rounds that are too short for that, and in
// those where it would press.
func (r Round) halfway() (time.Time, bool) {
	length := r.Until.Sub(r.Opened)
	return r.Opened.Add(length / 2), !r.Live && !r.Closing && length >= nudged
}

// nudgeAt is when a person is asked once more: halfway, or when the quiet is over that they have then; false when that
// leaves no time to answer.
func (r Round) nudgeAt(t *flows.Turn, p flows.PersonID) (time.Time, bool) {
	half, ok := r.halfway()
	if !ok {
		return half, false
	}
	at, _ := t.Quiet(p).End(half, t.Zone(p))
	return at, at.Before(r.Until)
}

// planNudges sets a timer for each instant at which somebody may have to be asked once more.
func (r Round) planNudges(t *flows.Turn, id flows.ID) {
	var planned []time.Time
	for _, v := range r.Voices {
		at, ok := r.nudgeAt(t, v.Person)
		if !ok || slices.ContainsFunc(planned, at.Equal) {
			continue
		}
		planned = append(planned, at)
		t.At(at, "nudge", id)
	}
}

// nudge asks those once more who have not spoken, and only them. Who is asked for the first time just now, because of
// their quiet, is not asked twice.
func nudge(t *flows.Turn, id flows.ID) error {
	r, ok, err := rounds.Find(t, id)
	if err != nil || !ok || r.State != Open || !t.Now().Before(r.Until) {
		return err
	}
	changed := false
	for i := range r.Voices {
		v := &r.Voices[i]
		if v.Spoken || v.Off || v.Nudge != "" || v.Asked.IsZero() {
			continue
		}
		at, ok := r.nudgeAt(t, v.Person)
		if !ok || !v.Asked.Before(at) {
			continue
		}
		if free := t.Free(v.Person); free.After(at) {
			at = free
		}
		if at.After(t.Now()) {
			if at.Before(r.Until) {
				t.At(at, "nudge", id)
			}
			continue
		}
		if here, err := t.Here(v.Person); err != nil || !here {
			return err
		}
		if v.Nudge, err = t.Tell(v.Person, r.nudgeText(id).Noticed()); err != nil {
			return err
		}
		changed = true
	}
	if !changed {
		return nil
	}
	return rounds.Put(t, id, r)
}
