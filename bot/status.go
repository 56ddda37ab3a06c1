package bot

import (
	"context"
	"encoding/binary"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"time"

	"trellis/adapters/chat"
	"trellis/flows"
	"trellis/storage"
)

// Status is what the operator may have to act on.
type Status struct {
	Queued  int       // messages on their way or waiting
	Waiting []Waiting // the first of them that did not get through, up to 100
	Paused  []Paused
	Stopped []Stopped
	Failed  []Failed // without words of people
}

// Waiting is a message that did not get through yet. It names no person and repeats no words.
type Waiting struct {
	ID       chat.DeliveryID
	Platform chat.Platform
	Room     chat.RoomID `json:",omitempty"`
	Private  bool        `json:",omitempty"`
	Group    flows.GroupID
	Since    time.Time
	Tries    int
	Next     time.Time // the next try, unless the place or platform is paused
	Reason   string
	Doubt    bool // it may have arrived
}

const listed = 100

// ReadStatus reads the state of a store, whether an engine runs on it or not.
func ReadStatus(ctx context.Context, store storage.Store) (s Status, err error) {
	err = store.View(ctx, func(tx storage.Tx) error {
		if err := tx.Scan(outbox.prefix(), outbox.end(), func(key, value []byte) (bool, error) {
			s.Queued++
			return true, s.add(key, value)
		}); err != nil {
			return err
		}
		if err := pauses.All(tx, storage.Global, func(_ string, p Paused) (bool, error) {
			s.Paused = append(s.Paused, p)
			return true, nil
		}); err != nil {
			return err
		}
		if err := stops.All(tx, storage.Global, func(_ string, stopped Stopped) (bool, error) {
			s.Stopped = append(s.Stopped, stopped)
			return true, nil
		}); err != nil {
			return err
		}
		return failures.All(tx, storage.Global, func(_ string, f Failed) (bool, error) {
			if f.Event != nil {
				bare := withoutWords(*f.Event)
				bare.By = chat.Profile{Account: bare.By.Account}
				f.Event = &bare
			}
			s.Failed = append(s.Failed, f)
			return true, nil
		})
	})
	if err != nil {
		return s, fmt.Errorf("read what waits: %w", err)
	}
	return s, nil
}

func (s *Status) add(key, value []byte) error {
	seq, e, err := scannedEntry(key, value)
	if err != nil || e.Tries == 0 || len(s.Waiting) == listed {
		return err
	}
	s.Waiting = append(s.Waiting, Waiting{
		ID: deliveryID(seq, e.Random), Platform: e.On, Room: e.Room, Private: e.To != "", Group: e.Group,
		Since: time.Unix(0, e.Since).UTC(), Tries: e.Tries, Next: time.Unix(0, e.Wait).UTC(), Reason: e.Reason, Doubt: e.Marked,
	})
	return nil
}

func scannedEntry(key, value []byte) (uint64, entry, error) {
	if len(key) != len(outbox)+1+8 || len(value) < len(header) {
		return 0, entry{}, fmt.Errorf("outbox entry %q: %w", key, storage.ErrDamaged)
	}
	seq := binary.BigEndian.Uint64(key[len(outbox)+1:])
	e, err := parseEntry(seq, value[len(header):])
	return seq, e, err
}

// oldestWaiting is when the oldest message in the outbox was said, Unix nanoseconds; zero: there is none.
func oldestWaiting(tx storage.Tx) (since int64, err error) {
	err = tx.Scan(outbox.prefix(), outbox.end(), func(key, value []byte) (bool, error) {
		_, e, err := scannedEntry(key, value)
		since = e.Since
		return false, err
	})
	return since, err
}

// StatusHandler answers GET with a Status as JSON, and obeys POST with the form values do (retry or discard) and id.
// It is for the operator alone.
func (e *Engine) StatusHandler() http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		switch r.Method {
		case http.MethodGet:
			s, err := ReadStatus(r.Context(), e.config.Store)
			if err != nil {
				http.Error(w, err.Error(), http.StatusInternalServerError)
				return
			}
			w.Header().Set("Content-Type", "application/json")
			_ = json.NewEncoder(w).Encode(s)
		case http.MethodPost:
			e.obey(w, r)
		default:
			w.Header().Set("Allow", "GET, POST")
			http.Error(w, "GET or POST", http.StatusMethodNotAllowed)
		}
	})
}

func (e *Engine) obey(w http.ResponseWriter, r *http.Request) {
	r.Body = http.MaxBytesReader(w, r.Body, 4<<10)
	o := Order{ID: r.PostFormValue("id")}
	switch r.PostFormValue("do") {
	case "retry":
		o.Verb = Retry
	case "discard":
		o.Verb = Discard
	default:
		http.Error(w, "do is retry or discard", http.StatusBadRequest)
		return
	}
	switch err := e.Order(r.Context(), o); {
	case errors.Is(err, ErrOrder):
		http.Error(w, err.Error(), http.StatusConflict)
	case err != nil:
		http.Error(w, err.Error(), http.StatusServiceUnavailable)
	default:
		w.WriteHeader(http.StatusNoContent)
	}
}
