package reminder

import (
	"time"

	"trellis/flows"
)

// back is a person being here again: what waited stands in the overview that they get with it, and then no more.
func back(t *flows.Turn, s flows.Signal) error {
	t.At(t.Now(), "seen", flows.ID(s.Person))
	return nil
}

func seen(t *flows.Turn, subject flows.ID) error {
	return byWaiting.Find(t, string(subject), func(id flows.ID, r Reminder) (bool, error) {
		r.Waits = false
		return true, entry{id, r}.put(t)
	})
}

// changed moves what has no time of its own to the person's new hour and zone.
func changed(t *flows.Turn, s flows.Signal) error {
	list, err := coming(t, flows.ID(s.Person))
	if err != nil {
		return err
	}
	for _, r := range list {
		if r.Named || !r.Next.After(t.Now()) {
			continue
		}
		next, rule := time.Time{}, r.Rule
		if rule == nil {
			next = r.hour(t, r.Day)
		} else {
			moved := *rule
			moved.Rule.Clock, moved.Rule.Zone = t.Hour(s.Person), t.Zone(s.Person).String()
			next, _ = moved.Rule.Next(t.Now())
			r.Rule = &moved
		}
		if !next.After(t.Now()) || next.Equal(r.Next) {
			continue
		}
		r.Next = next.UTC()
		r.wake(t, r.Next)
		if err := r.put(t); err != nil {
			return err
		}
	}
	return nil
}

// left ends what a person who left wanted to hear alone.
func left(t *flows.Turn, s flows.Signal) error {
	if in, err := t.Holds(s.Person, flows.Member); err != nil || in {
		return err
	}
	list, err := coming(t, flows.ID(s.Person))
	if err != nil {
		return err
	}
	return endAll(t, list, func(Reminder) bool { return true })
}

// stop ends what repeats in the group's rooms.
func stop(t *flows.Turn, _ flows.Signal) error {
	list, err := coming(t, everyone)
	if err != nil {
		return err
	}
	return endAll(t, list, func(r Reminder) bool { return r.Rule != nil })
}

func endAll(t *flows.Turn, list []entry, which func(Reminder) bool) error {
	for _, r := range list {
		if !which(r.Reminder) {
			continue
		}
		r.Ended = true
		if err := r.put(t); err != nil {
			return err
		}
	}
	return nil
}

// linked makes what was one account's own the person's.
func linked(t *flows.Turn, s flows.Signal) error {
	old := flows.PersonID(s.Value)
	return reminders.All(t, func(id flows.ID, r Reminder) (bool, error) {
		if r.Owner != old {
			return true, nil
		}
		r.Owner, r.Text.By = s.Person, s.Person
		e := entry{id, r}
		if !r.over(t) {
			r.wake(t, r.Next)
			if r.Again.After(t.Now()) {
				r.wake(t, r.Again)
			}
		}
		return true, e.put(t)
	})
}

// forget takes a person's reminders away, those that they made for the group among them.
func forget(t *flows.Turn, p flows.PersonID) error {
	return reminders.All(t, func(id flows.ID, r Reminder) (bool, error) {
		if r.Owner != p {
			return true, nil
		}
		return true, reminders.Delete(t, id)
	})
}
