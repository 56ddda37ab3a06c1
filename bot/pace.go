package bot

import (
	"cmp"
	"errors"
	"slices"
	"time"

	"trellis/adapters/chat"
)

// Pace is what a platform allows.
type Pace struct {
	Limits []Limit
	// Parallel is how many deliveries may be out at once; zero: 8.
	Parallel int
	// Tenant names whom the limits of a place are counted against, such as the workspace it belongs to; nil: all
	// places count together.
	Tenant func(chat.Place) string
}

// Limit is one limit of a platform's. A message is sent when all limits that apply to it allow it.
type Limit struct {
	Of      []Method      // empty: all
	PerLane bool          // each room or person by itself; else all of a tenant together
	Every   time.Duration // between two messages, on average; zero: unknown, it is learned from the platform's refusals
	Burst   int           // how many may come at once after a pause; zero: 1
}

// Method is a kind of sending, as platforms limit it.
type Method uint8

// Methods.
const (
	Post      Method = iota // a new message in a room
	Update                  // another text for a message that stands
	Private                 // a new message in a person's direct room
	Ephemeral               // a word in a room, shown to one person alone
	methods
)

func methodOf(to chat.Place, update bool) Method {
	switch {
	case update:
		return Update
	case to.Account == "":
		return Post
	case to.Room != "":
		return Ephemeral
	}
	return Private
}

const usualParallel = 8

func (p Pace) check() error {
	if p.Parallel < 0 {
		return errors.New("parallel is below zero")
	}
	for _, l := range p.Limits {
		if l.Every < 0 || l.Burst < 0 {
			return errors.New("a limit has a time or burst below zero")
		}
		for _, m := range l.Of {
			if m >= methods {
				return errors.New("a limit is of a method that does not exist")
			}
		}
	}
	return nil
}

// covers tells whether a limit applies to a method.
func (l *Limit) covers(m Method) bool { return len(l.Of) == 0 || slices.Contains(l.Of, m) }

// platform is how a platform is sent to now.
type platform struct {
	name     chat.Platform
	limits   []Limit
	of       func(chat.Place) string
	parallel int
	out      int // deliveries out
	queued   int // entries that wait in lanes
	tenants  []*tenant
	byName   map[string]*tenant
	// sent is when the last process handed something out, Unix nanoseconds: limits begin as if it had used them up
	// then, since it may not have lived to count.
	sent int64
}

// tenant is one holder of limits on a platform, such as a workspace.
type tenant struct {
	platform *platform
	name     string
	ready    [classes][methods]readyList
	paces    []rate  // of platform.limits
	gauges   []gauge // of those limits that are not counted by lane; by the limit's place
	byLane   int     // how many limits are counted by lane
	out      int     // deliveries out
	hold     int64   // nothing goes before then, Unix nanoseconds
	holds    [methods]int64
	strikes  int      // refusals to take more in a row, each counted once however many deliveries were out
	struck   int64    // when the last of them came, Unix nanoseconds
	stopped  *Stopped // it refuses everything, and is tried with one message at a time; nil: it does not
	learned  bool     // something about paces or holds is not stored
}

// gauge counts one limit.
type gauge struct {
	next int64 // when the next message would come at an even pace, Unix nanoseconds
	// What follows is of a limit that is learned, in Unix nanoseconds.
	since  int64 // when the platform last refused more; zero: never
	resume int64 // when the wait after that was over
	held   int64 // how long it was
	sent   int   // messages that it took since
}

func (c *Core) platform(name chat.Platform) *platform {
	at, found := slices.BinarySearchFunc(c.platforms, name, func(p *platform, name chat.Platform) int { return cmp.Compare(p.name, name) })
	if !found {
		return c.addPlatform(name, Pace{})
	}
	return c.platforms[at]
}

func (c *Core) addPlatform(name chat.Platform, pace Pace) *platform {
	p := &platform{name: name, limits: pace.Limits, of: pace.Tenant, parallel: pace.Parallel, byName: map[string]*tenant{}, sent: c.meta.Sent}
	if p.parallel == 0 {
		p.parallel = usualParallel
	}
	if p.of == nil {
		p.of = func(chat.Place) string { return "" }
	}
	at, _ := slices.BinarySearchFunc(c.platforms, name, func(p *platform, name chat.Platform) int { return cmp.Compare(p.name, name) })
	c.platforms = slices.Insert(c.platforms, at, p)
	return p
}

func (p *platform) tenant(place chat.Place) *tenant { return p.tenantNamed(p.of(place)) }

func (p *platform) tenantNamed(name string) *tenant {
	t := p.byName[name]
	if t == nil {
		t = &tenant{platform: p, name: name, paces: make([]rate, len(p.limits)), gauges: make([]gauge, len(p.limits))}
		for i := range p.limits {
			t.paces[i] = newRate(p.limits[i])
			if p.limits[i].PerLane {
				t.byLane++
			}
		}
		t.begin()
		p.byName[name] = t
		p.tenants = append(p.tenants, t)
	}
	return t
}

// begin sets the limits of a tenant that are not counted by lane.
func (t *tenant) begin() {
	for i := range t.paces {
		if !t.platform.limits[i].PerLane {
			t.gauges[i].next = t.first(i)
		}
	}
}

// first is where a limit begins.
func (t *tenant) first(limit int) int64 {
	if t.platform.sent == 0 {
		return 0
	}
	return t.platform.sent + t.paces[limit].every*int64(t.paces[limit].burst)
}

// gauge returns what counts a limit for a lane.
func (t *tenant) gauge(l *lane, limit int) *gauge {
	if !t.platform.limits[limit].PerLane {
		return &t.gauges[limit]
	}
	n := 0
	for i := range limit {
		if t.platform.limits[i].PerLane {
			n++
		}
	}
	return &l.gauges[n]
}

// free is when a limit lets the next message go.
func (g *gauge) free(r *rate) int64 { return g.next - int64(r.burst-1)*r.every }

func (g *gauge) take(now int64, r *rate) { g.next = max(g.next, now) + r.every }

// laneFree is when the limits counted by lane let a message go.
func (t *tenant) laneFree(l *lane, m Method) int64 {
	at := int64(0)
	for i := range t.platform.limits {
		if limit := &t.platform.limits[i]; limit.PerLane && limit.covers(m) {
			at = max(at, t.gauge(l, i).free(&t.paces[i]))
		}
	}
	return at
}

// rested tells whether a lane's limits would be the same if it were made anew.
func (t *tenant) rested(l *lane, now int64) bool {
	for i := range t.platform.limits {
		if t.platform.limits[i].PerLane {
			if g := t.gauge(l, i); g.next > now || t.paces[i].learns && g.since != 0 && now-g.since < int64(time.Hour) {
				return false
			}
		}
	}
	return true
}

// free is when a message of a method may go, as far as its tenant is concerned.
func (t *tenant) free(m Method) int64 {
	at := max(t.hold, t.holds[m])
	for i := range t.platform.limits {
		if limit := &t.platform.limits[i]; !limit.PerLane && limit.covers(m) {
			at = max(at, t.gauges[i].free(&t.paces[i]))
		}
	}
	return at
}

// take counts a message that goes now.
func (t *tenant) take(l *lane, m Method, now int64) {
	for i := range t.platform.limits {
		if t.platform.limits[i].covers(m) {
			t.gauge(l, i).take(now, &t.paces[i])
		}
	}
}

// readyAt is when the first of the ready lanes may go; those that wait for another delivery to end do not count.
func (c *Core) readyAt(now int64) int64 {
	at := never
	for _, p := range c.platforms {
		if p.out >= p.parallel {
			continue
		}
		for _, t := range p.tenants {
			if t.stopped != nil && t.out > 0 {
				continue
			}
			for class := range t.ready {
				for m := range t.ready[class] {
					if t.ready[class][m].first != nil {
						at = min(at, max(t.free(Method(m)), now))
					}
				}
			}
		}
	}
	return at
}
