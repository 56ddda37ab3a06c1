package matrix

import (
	"encoding/json"
	"errors"
	"maps"
	"slices"
	"time"

	"maunium.net/go/mautrix/event"
	"maunium.net/go/mautrix/id"
)

// parked is an encrypted event that came before its key. It is kept over restarts, as it came.
type parked struct {
	Room  id.RoomID
	Event json.RawMessage
	Since time.Time
	Told  bool `json:",omitempty"` // the person knows that their message cannot be read
}

const (
	tellAfter = time.Minute        // keys usually come within a second
	parkFor   = 7 * 24 * time.Hour // what cannot be read by then is given up
)

var errNoKey = errors.New("its key is not there")

// park keeps an event until its key comes, and asks for the key.
func (d *draft) park(in id.RoomID, e *event.Event) {
	data, err := json.Marshal(e)
	if err != nil {
		d.log.Warn("matrix: an event that cannot be read yet was not kept", "event", e.ID)
		return
	}
	d.kept.parked[e.ID] = parked{Room: in, Event: data, Since: time.Now().UTC()}
	d.after = append(d.after, func() { d.cipher.request(d.ctx, e) })
}

// lateKeys tries the parked events again, oldest first.
func (d *draft) lateKeys() error {
	if d.cipher == nil {
		return nil
	}
	came := false
	select {
	case <-d.keys:
		came = true
	default:
	}
	told := map[id.UserID]bool{}
	for _, of := range d.oldestParked() {
		p := d.kept.parked[of]
		age := time.Since(p.Since)
		if !came && age < tellAfter || !came && p.Told && age < parkFor {
			continue
		}
		var e event.Event
		if err := json.Unmarshal(p.Event, &e); err != nil {
			delete(d.kept.parked, of)
			continue
		}
		d.prepare(p.Room, &e)
		_, err := d.cipher.decrypt(d.ctx, &e)
		switch {
		case !errors.Is(err, errNoKey):
			delete(d.kept.parked, of)
			if err := d.happened(p.Room, &e); err != nil {
				d.keep(of, p)
				return err
			}
		case age >= parkFor:
			delete(d.kept.parked, of)
		case age >= tellAfter && !p.Told:
			p.Told = true
			d.kept.parked[of] = p
			if !told[e.Sender] {
				told[e.Sender] = true
				d.tell(p.Room, e.Sender, "matrix.nokey", "nokey."+string(of))
			}
		}
	}
	return nil
}

func (d *draft) keep(of id.EventID, p parked) { d.kept.parked[of] = p }

func (d *draft) oldestParked() []id.EventID {
	return slices.SortedFunc(maps.Keys(d.kept.parked), func(a, b id.EventID) int {
		if c := d.kept.parked[a].Since.Compare(d.kept.parked[b].Since); c != 0 {
			return c
		}
		return compare(a, b)
	})
}
