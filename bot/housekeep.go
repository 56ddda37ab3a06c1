package bot

import (
	"bytes"
	"encoding/json"
	"fmt"
	"slices"
	"time"

	"trellis/adapters/chat"
	"trellis/flows"
	"trellis/storage"
)

// Housekeeping goes on once a day, in small parts, so that nobody waits for it.
const (
	firstSweep  = time.Minute            // after a start, when what waited has gone
	sweepEvery  = 24 * time.Hour         // from one round to the next
	sweepPause  = 100 * time.Millisecond // from one part to the next
	sweepKeys   = 1000                   // seen events that one part deletes, or messages that it looks at
	standingFor = 180 * 24 * time.Hour   // how long it is known where a message stands; then it is updated no more
)

// sweep is how far a round of housekeeping has come.
type sweep struct {
	group   string // the next part begins at the group after this one
	running bool
}

// housekeep does one part of a round.
func (s *step) housekeep() error {
	c := s.c
	if !c.sweep.running {
		c.sweep = sweep{running: true}
		c.dropIdle(s.at)
		if _, err := flows.PruneStandings(&s.tx, "", s.now.Add(-standingFor)); err != nil {
			return err
		}
	}
	more, err := s.expireSeen(sweepKeys)
	if err != nil {
		return err
	}
	if !more {
		if more, err = s.pruneStandings(); err != nil {
			return err
		}
	}
	c.swept = s.at + int64(sweepPause)
	if !more {
		c.sweep.running, c.swept = false, s.at+int64(sweepEvery)
		waits, err := anyOwed(&s.tx)
		if err != nil {
			return err
		}
		s.out.Forgot = s.out.Forgot || c.dirty || waits
	}
	return nil
}

// pruneStandings deletes old messages of some groups, and says whether there are more groups.
func (s *step) pruneStandings() (more bool, err error) {
	before := s.now.Add(-standingFor)
	for looked := 0; looked < sweepKeys; looked++ {
		group, more, err := groupAfter(&s.tx, s.c.sweep.group)
		if err != nil || !more {
			return false, err
		}
		s.c.sweep.group = group
		n, err := flows.PruneStandings(&s.tx, flows.GroupID(group), before)
		if err != nil {
			return false, err
		}
		looked += n
	}
	return true, nil
}

// groupAfter is the next group that has records.
func groupAfter(tx storage.Tx, after string) (group string, more bool, err error) {
	all := storage.Key("g")
	from := all
	if after != "" {
		from = storage.End(string(flows.Scope(flows.GroupID(after))))
	}
	err = tx.Scan([]byte(from), []byte(storage.End(all)), func(key, _ []byte) (bool, error) {
		end := bytes.IndexByte(key[len(all):], 0)
		parts, err := storage.Parts(string(key[:len(all)+end+1]))
		if err != nil || len(parts) != 2 {
			return false, fmt.Errorf("key %q: %w", key, storage.ErrDamaged)
		}
		group, more = parts[1], true
		return false, nil
	})
	return group, more, err
}

// forget takes what the engine itself keeps of an account's events out of the store. Its adapter is told after the
// commit.
func (s *step) forget(p chat.Place) error {
	s.out.Forgot = true
	if err := owed.Put(&s.tx, storage.Global, placeKey(p), p); err != nil {
		return err
	}
	if err := forgetReplies(&s.tx, p.Platform, p.Account); err != nil {
		return err
	}
	var theirs []Failed
	if err := failures.All(&s.tx, storage.Global, func(_ string, f Failed) (bool, error) {
		if f.Event != nil && f.Platform == p.Platform && f.Event.By.Account == p.Account {
			theirs = append(theirs, f)
		}
		return true, nil
	}); err != nil {
		return err
	}
	for _, f := range theirs {
		bare := withoutWords(*f.Event)
		bare.By = chat.Profile{}
		f.Event, f.Sealed = &bare, true
		if err := failures.Put(&s.tx, storage.Global, f.ID, f); err != nil {
			return err
		}
	}
	return nil
}

// forgetReplies takes what was answered to an account out of the seen events: a form may hold what they typed.
func forgetReplies(tx storage.Tx, p chat.Platform, a chat.AccountID) error {
	prefix := len(seen) + 1 + 4
	return tx.Scan(seen.prefix(), seen.end(), func(key, value []byte) (bool, error) {
		of := len(key) > prefix+len(p) && string(key[prefix:prefix+len(p)]) == string(p) && key[prefix+len(p)] == 0
		if !of || len(value) <= len(empty) {
			return true, nil
		}
		var r seenReply
		if json.Unmarshal(value[len(header):], &r) == nil && r.By != a {
			return true, nil
		}
		return true, tx.Put(slices.Clone(key), emptyRecord)
	})
}
