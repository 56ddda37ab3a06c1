package checkin

import (
	"cmp"
	"slices"

	"trellis/flows"
)

// heardOften counts, for each person, in how many rounds of the group they were heard by name. It serves the speaking
// order alone and is shown to nobody.
var heardOften = flows.NewTable[int]("checkin/heard", 1)

func heard(t *flows.Turn, p flows.PersonID) error {
	n, _, err := heardOften.Find(t, flows.ID(p))
	if err != nil {
		return err
	}
	return heardOften.Put(t, flows.ID(p), n+1)
}

// lineUp makes the speaking order: who was heard least goes first, and chance decides among equals.
func (r *Round) lineUp(t *flows.Turn) error {
	often := make(map[flows.PersonID]int, len(r.Voices))
	for _, v := range r.Voices {
		n, _, err := heardOften.Find(t, flows.ID(v.Person))
		if err != nil {
			return err
		}
		often[v.Person] = n
	}
	t.Rand().Shuffle(len(r.Voices), func(i, j int) { r.Voices[i], r.Voices[j] = r.Voices[j], r.Voices[i] })
	slices.SortStableFunc(r.Voices, func(a, b Voice) int { return cmp.Compare(often[a.Person], often[b.Person]) })
	return nil
}

// listens tells whether somebody who writes in the room is one whom a live round waits for.
func listens(t *flows.Turn) (bool, error) {
	waited := false
	err := states.Find(t, inRoom, func(_ flows.ID, r Round) (bool, error) {
		i := r.voice(t.Person())
		waited = i >= 0 && !r.Voices[i].Spoken
		return !waited, nil
	})
	return waited, err
}

// heardInRoom notes that somebody spoke in a live round; what they said is theirs and the room's.
func heardInRoom(t *flows.Turn) error {
	var ids []flows.ID
	if err := states.Find(t, inRoom, func(id flows.ID, _ Round) (bool, error) {
		ids = append(ids, id)
		return true, nil
	}); err != nil {
		return err
	}
	for _, id := range ids {
		r, err := find(t, id)
		if err != nil {
			return err
		}
		i := r.voice(t.Person())
		if i < 0 || r.Voices[i].Spoken {
			continue
		}
		if err := heard(t, t.Person()); err != nil {
			return err
		}
		r.Voices[i].Spoken = true
		return r.wentOn(t, id, flows.Message{})
	}
	return nil
}

// hearAloud says in the room what somebody wrote in the form of a live round.
func (r Round) hearAloud(t *flows.Turn, id flows.ID, i int, text string) error {
	v := &r.Voices[i]
	if _, err := t.Say(flows.Note("checkin.live.said", "person", v.Person, "text", flows.Said{Text: text, By: v.Person})); err != nil {
		return err
	}
	if !v.Spoken {
		if err := heard(t, v.Person); err != nil {
			return err
		}
	}
	v.Spoken, v.Passed = true, false
	return r.wentOn(t, id, flows.Message{})
}

// wentOn shows who speaks next, or ends the round when everybody was heard.
func (r Round) wentOn(t *flows.Turn, id flows.ID, confirm flows.Message) error {
	if len(confirm.Lines) > 0 {
		if _, err := t.Whisper(confirm); err != nil {
			return err
		}
	}
	if r.complete() {
		t.Cancel(r.Until, "reveal", id)
		return r.reveal(t, id)
	}
	if err := t.Update(r.Card, r.card(id)); err != nil {
		return err
	}
	return rounds.Put(t, id, r)
}
