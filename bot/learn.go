package bot

import (
	"fmt"
	"math"
	"slices"
	"time"

	"trellis/adapters/chat"
	"trellis/storage"
)

// rate is the pace of one limit for one tenant, and what is being learned of it when the platform does not tell.
//
// It is learned in two ways. Until the first refusal it grows with every message that was taken. Two refusals are a
// measurement: at both the platform had nothing left to give, so what it took between them, over that time, is
// its rate, whatever its burst. From then on the pace stays a little below what was measured, and creeps up: fast
// when the measurement was of few messages, slowly when it was of many.
type rate struct {
	every  int64 // nanoseconds between two messages
	burst  int
	learns bool

	measured float64 // messages a second; zero: not yet
	of       int     // how many messages were measured
	ceiling  float64 // the pace at the last refusal, messages a second, while nothing is measured; zero: none yet
}

const (
	startRate = 8.0    // messages a second before anything is known: what every platform takes for a moment
	rampUp    = 1.12   // times, with each message taken, until the first refusal
	mostRate  = 2000.0 // messages a second, above any platform's
	leastRate = 1.0 / 120
	below     = 0.97 // of what was measured
	creep     = 0.04 // of what was measured, by the time creepOver messages were taken
	creepOver = 600
)

func newRate(l Limit) rate {
	r := rate{every: int64(l.Every), burst: max(l.Burst, 1)}
	if l.Every == 0 {
		r.learns = true
		r.set(startRate)
	}
	return r
}

func (r *rate) set(perSecond float64) {
	r.every = int64(float64(time.Second) / min(max(perSecond, leastRate), mostRate))
}

func (r *rate) perSecond() float64 { return float64(time.Second) / float64(r.every) }

// taken learns from a message that was taken.
func (r *rate) taken(g *gauge) {
	g.sent++
	switch {
	case !r.learns:
	case r.measured == 0 && r.ceiling == 0:
		r.set(r.perSecond() * rampUp)
	case r.measured == 0:
		r.set(min(r.perSecond()*1.02, r.ceiling))
	default:
		unsure := min(2/float64(r.of), 0.5)
		quick := min(float64(g.sent)/float64(2*r.of+10), 1)
		slow := float64(g.sent) / creepOver
		r.set(r.measured * (below + unsure*quick + creep*slow*slow))
	}
}

// refused learns from the platform saying that we were too fast.
func (r *rate) refused(g *gauge, now int64) {
	if !r.learns {
		return
	}
	switch {
	case g.since == 0 && r.measured != 0: // what was learned before a restart is true no more
		r.measured, r.of = r.measured*0.8, min(r.of, 20)
		r.set(r.measured * below)
	case g.since != 0 && g.sent > 0:
		r.measured, r.of = float64(g.sent)/(float64(now-g.since)/float64(time.Second)), g.sent
		r.set(r.measured * below)
	case g.since != 0: // refused again, and nothing was taken in between
		r.measured, r.ceiling = 0, r.perSecond()/2
		r.set(r.ceiling)
	default:
		r.ceiling = r.perSecond()
		r.set(r.ceiling / math.Sqrt2)
	}
	g.since, g.sent = now, 0
}

// learnedPace is what is kept of a tenant over a restart.
type learnedPace struct {
	Platform chat.Platform
	Tenant   string             `json:",omitempty"`
	Rates    map[string]learned `json:",omitempty"` // by the limit's name
	Hold     int64              `json:",omitempty"` // Unix nanoseconds
	Holds    map[Method]int64   `json:",omitempty"`
}

// learned is what is known of a limit.
type learned struct {
	PerSecond float64
	Of        int
}

var paces = storage.NewTable[learnedPace]("bot/pace", 1)

// name tells a limit from the platform's others, also when the settings came in another order.
func (l *Limit) name() string {
	of := slices.Clone(l.Of)
	slices.Sort(of)
	return fmt.Sprint(of, l.PerLane)
}

// storePace keeps what was learned of a tenant since it was last kept.
func (s *step) storePace(t *tenant) error {
	if !t.learned {
		return nil
	}
	t.learned = false
	p := t.platform
	kept := learnedPace{Platform: p.name, Tenant: t.name, Rates: map[string]learned{}, Holds: map[Method]int64{}, Hold: t.hold}
	for i := range t.paces {
		if r := &t.paces[i]; r.learns && r.measured != 0 {
			kept.Rates[p.limits[i].name()] = learned{PerSecond: r.measured, Of: r.of}
		}
	}
	for m, until := range t.holds {
		if until > s.at {
			kept.Holds[Method(m)] = until
		}
	}
	return paces.Put(&s.tx, storage.Global, storage.Key(string(p.name), t.name), kept)
}

// loadPaces takes up what was learned. What this process learned itself is newer.
func (c *Core) loadPaces(tx storage.Tx) error {
	if c.loaded {
		return nil
	}
	c.loaded = true
	for _, p := range c.platforms {
		p.sent = c.meta.Sent
	}
	err := paces.All(tx, storage.Global, func(_ string, kept learnedPace) (bool, error) {
		p := c.platform(kept.Platform)
		t := p.tenantNamed(kept.Tenant)
		t.hold = kept.Hold
		for m, until := range kept.Holds {
			if m < methods {
				t.holds[m] = until
			}
		}
		for i := range t.paces {
			if l, ok := kept.Rates[p.limits[i].name()]; ok && t.paces[i].learns && l.PerSecond > 0 && l.Of > 0 {
				t.paces[i].measured, t.paces[i].of = l.PerSecond, l.Of
				t.paces[i].set(l.PerSecond * below)
			}
		}
		t.begin()
		return true, nil
	})
	if err != nil {
		c.loaded = false
	}
	return err
}
