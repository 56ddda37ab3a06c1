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
// It is learned in three phases. First it grows until the platform refuses more. Then it goes on at half of that, and
// grows again, to find out whether that refusal came from the rate or from a burst used up. From the second
// refusal on it is steady: a little below what was measured between the last two, creeping up, at first as far as the
// measurement may have been too low, then ever faster, since limits change.
//
// A refusal counts once, however many deliveries were out when it came: those handed out before the wait was over
// tell nothing new.
type rate struct {
	every  int64 // nanoseconds between two messages
	burst  int
	learns bool
	phase  phase
	base   float64 // in the steady phase: where it began after the last refusal, messages a second
	of     int     // how many messages that was measured of
	unsure float64 // the part by which that may be too low
}

type phase uint8

const (
	ramp phase = iota
	probe
	steady
)

const (
	startRate = 8.0       // messages a second before anything is known: what every platform takes for a moment
	mostRate  = 2000.0    // messages a second, above any platform's
	leastRate = 1.0 / 120 // messages a second

	rampGain  = 0.69 // messages a second more with each one taken, which doubles the pace each second
	probeGain = 0.21

	belowMeasured = 0.94
	fewOf         = 6    // messages
	doubtOver     = 15   // times the messages measured: by then the pace is at the upper end of what they may mean
	creepOver     = 1300 // messages; by then the steady pace is creepBy above that
	creepBy       = 0.10
	afterRestart  = 12 // messages that a measurement counts for when it turned out not to be true any more
)

func newRate(l Limit) rate {
	r := rate{every: int64(l.Every) + int64(l.Every)/200, burst: max(l.Burst, 1)} // half a percent for clocks that differ
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

// taken learns from a message that was handed out at an instant and taken.
func (r *rate) taken(g *gauge, handed int64) {
	if !r.learns || handed < g.resume {
		return
	}
	g.sent++
	switch r.phase {
	case ramp:
		r.set(r.perSecond() + rampGain)
	case probe:
		r.set(r.perSecond() + probeGain)
	case steady:
		n, of := float64(g.sent), float64(r.of)
		unsure := r.unsure * min(n/(doubtOver*of), 1)
		r.set(r.base * (1 + unsure + creepBy*math.Pow(n/creepOver, 1.5)))
	}
}

// refused learns from the platform saying that we were too fast, and that until then nothing more goes.
func (r *rate) refused(g *gauge, handed, now, until int64) {
	if !r.learns {
		return
	}
	switch {
	case handed < g.resume: // it was out when the last refusal came
		g.resume = max(g.resume, until)
		return
	case r.phase == steady && g.since == 0: // what was learned before a restart is true no more
		r.base, r.of, r.unsure = r.base*0.8, afterRestart, 0.5
		r.set(r.base)
	case r.phase == ramp:
		r.phase = probe
		r.set(r.perSecond() / 2)
	case g.sent == 0: // the wait was too short
		g.held += until - now
		g.resume = until
		return
	default:
		r.measure(g, now)
	}
	g.since, g.resume, g.held, g.sent = now, until, until-now, 0
}

// measure takes what was taken between two refusals for the platform's rate. At both it had nothing left to give: over
// the whole time that is what came in, if it gathers all that comes in while we wait; if it gathers nothing then,
// it is what it took while we were busy. The truth lies between the two, which meet the longer we were busy. Few
// messages say that a platform is slow, and such a one gathers what comes in in seconds.
func (r *rate) measure(g *gauge, now int64) {
	seconds := func(d int64) float64 { return max(float64(d)/float64(time.Second), 0.001) }
	n := float64(g.sent)
	low := n / seconds(now-g.since)
	high := max(min(n/seconds(now-g.resume), r.perSecond()), low)
	r.of, r.unsure = g.sent, 1/n
	r.base = low * belowMeasured
	if g.sent > fewOf {
		r.base = math.Sqrt(low*high) * belowMeasured
		r.unsure = max(r.unsure, high/r.base-1)
	}
	r.unsure = min(r.unsure, 0.5)
	r.phase = steady
	r.set(r.base)
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
		if r := &t.paces[i]; r.learns && r.phase == steady {
			kept.Rates[p.limits[i].name()] = learned{PerSecond: r.base, Of: r.of}
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
				t.paces[i].phase, t.paces[i].base, t.paces[i].of, t.paces[i].unsure = steady, l.PerSecond, l.Of, 1/float64(l.Of)
				t.paces[i].set(l.PerSecond)
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
