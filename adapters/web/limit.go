package web

import (
	"sync"
	"time"

	"trellis/adapters/chat"
)

// pace is a limit: so much at once, and then so much a second.
type pace struct {
	burst float64
	rate  float64 // a second
}

var (
	// An address may be a whole office, or a library.
	paceAddress = pace{burst: 300, rate: 30}
	// A person acts by hand; a burst is somebody who clears a list.
	pacePerson = pace{burst: 30, rate: 1}
	// Opening links: one that is mistyped or ended is tried a few times, not all day.
	paceJoin = pace{burst: 20, rate: 0.1}
)

const (
	maxBuckets       = 1 << 13 // how many are remembered in each limit; some 100 bytes each
	maxStreams       = 1024    // pages that are kept fresh at once
	maxStreamsPerson = 8       // …of one person
)

// limits keep one sender from taking what is for all, in memory that does not grow.
type limits struct {
	mu       sync.Mutex // guards what follows
	buckets  map[string]*buckets
	streams  int
	streamOf map[chat.AccountID]int
}

type buckets struct {
	pace
	by map[string]bucket
}

// bucket is what is left of a limit at some instant.
type bucket struct {
	left float64
	at   time.Time
}

func newLimits() *limits {
	l := &limits{buckets: map[string]*buckets{}, streamOf: map[chat.AccountID]int{}}
	for name, p := range map[string]pace{"address": paceAddress, "person": pacePerson, "join": paceJoin} {
		l.buckets[name] = &buckets{p, map[string]bucket{}}
	}
	return l
}

func (l *limits) address(from string, now time.Time) time.Duration {
	return l.take("address", from, now)
}

func (l *limits) join(from string, now time.Time) time.Duration { return l.take("join", from, now) }

func (l *limits) person(who chat.AccountID, now time.Time) time.Duration {
	return l.take("person", string(who), now)
}

// take returns zero when one more is allowed, or how long to wait.
func (l *limits) take(name, who string, now time.Time) time.Duration {
	l.mu.Lock()
	defer l.mu.Unlock()
	b := l.buckets[name]
	state, known := b.by[who]
	if !known {
		if len(b.by) >= maxBuckets {
			b.forget(now)
		}
		state = bucket{b.burst, now}
	}
	state.left = min(b.burst, state.left+b.rate*max(now.Sub(state.at).Seconds(), 0))
	state.at = now
	var wait time.Duration
	if state.left < 1 {
		wait = time.Duration((1 - state.left) / b.rate * float64(time.Second))
	} else {
		state.left--
	}
	b.by[who] = state
	return wait
}

// forget makes room: those that are full again, which is the same as being unknown, or else any.
func (b *buckets) forget(now time.Time) {
	for who, s := range b.by {
		if s.left+b.rate*now.Sub(s.at).Seconds() >= b.burst {
			delete(b.by, who)
		}
	}
	for who := range b.by {
		if len(b.by) < maxBuckets*3/4 {
			return
		}
		delete(b.by, who)
	}
}

// openStream takes the place of a page that is kept fresh; false when there is none left.
func (l *limits) openStream(who chat.AccountID) bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.streams >= maxStreams || l.streamOf[who] >= maxStreamsPerson {
		return false
	}
	l.streams++
	l.streamOf[who]++
	return true
}

func (l *limits) closeStream(who chat.AccountID) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.streams--
	if l.streamOf[who]--; l.streamOf[who] == 0 {
		delete(l.streamOf, who)
	}
}
