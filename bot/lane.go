package bot

import (
	"container/heap"
	"slices"

	"trellis/adapters/chat"
	"trellis/flows"
)

const classes = int(flows.ClassAnswer) + 1

// lane is a room or a person, within which messages keep their order. It is in at most one of three states: a
// delivery of it is out; its head may go as far as the lane is concerned, and it stands in a ready list of its tenant;
// or its head has to wait, and it stands in the heap of the core. An empty lane stands nowhere.
type lane struct {
	at     int64 // in the heap: when its time comes, Unix nanoseconds
	index  int   // in the heap; -1: not there
	tenant *tenant
	to     chat.Place
	queues [classes][]queued
	out    bool
	paused bool    // by a refusal: until hold, nothing but a try is made
	hold   int64   // nothing goes before then, Unix nanoseconds
	gauges []gauge // of the tenant's limits that are counted by lane

	in         *readyList
	prev, next *lane
}

// queued is an entry of the outbox as it waits in memory; the rest of it is read when it is sent.
type queued struct {
	seq    uint64
	ref    uint64 // hash of what it is about
	wait   int64  // not before then, Unix nanoseconds
	method Method
	class  flows.Class
	update bool
	doubt  bool // it may have arrived
}

// lane returns the lane of a place, which it makes where there is none.
func (c *Core) lane(place chat.Place) *lane {
	l := c.lanes[place]
	if l == nil {
		t := c.platform(place.Platform).tenant(place)
		l = &lane{to: place, tenant: t, index: -1, gauges: make([]gauge, t.byLane)}
		for i := range t.platform.limits {
			if t.platform.limits[i].PerLane {
				t.gauge(l, i).next = t.first(i)
			}
		}
		c.lanes[place] = l
	}
	return l
}

func (l *lane) empty() bool {
	for _, q := range l.queues {
		if len(q) > 0 {
			return false
		}
	}
	return true
}

// push adds an entry at the end of its class.
func (l *lane) push(q queued) {
	l.tenant.platform.queued++
	l.queues[q.class] = append(l.queues[q.class], q)
}

// putBack puts an entry that was out before the others of its class.
func (l *lane) putBack(q queued) {
	l.tenant.platform.queued++
	l.queues[q.class] = slices.Insert(l.queues[q.class], 0, q)
}

// pop takes the first entry of a class.
func (l *lane) pop(class int) queued {
	q := l.queues[class][0]
	l.tenant.platform.queued--
	if l.queues[class] = l.queues[class][1:]; len(l.queues[class]) == 0 {
		l.queues[class] = nil // what it was cut from goes too
	}
	return q
}

// remove takes out what gone says, and calls it once for each entry, in order.
func (l *lane) remove(gone func(q queued) bool) {
	for class := range l.queues {
		was := len(l.queues[class])
		l.queues[class] = slices.DeleteFunc(l.queues[class], gone)
		l.tenant.platform.queued -= was - len(l.queues[class])
	}
}

// carries tells whether an entry that waits will bring what the update q is to bring. An update that waits in a lower
// class gives its place up for q's.
func (l *lane) carries(q queued) bool {
	for class := range l.queues {
		for i := range l.queues[class] {
			w := &l.queues[class][i]
			if w.ref == q.ref && !w.doubt && (!w.update || w.class >= q.class) {
				return true
			}
		}
	}
	return false
}

// pending tells whether the post that an update is of waits in the lane.
func (l *lane) pending(ref uint64) bool {
	for _, queue := range l.queues {
		for i := range queue {
			if queue[i].ref == ref && !queue[i].update {
				return true
			}
		}
	}
	return false
}

// head is the class whose first entry goes next, or, when none may, the time at which one does. An update does not go
// before its post; what has to wait holds its class, so that its order is kept, and no other.
func (l *lane) head(now int64) (class int, at int64) {
	at = never
	for class := classes - 1; class >= 0; class-- {
		if len(l.queues[class]) == 0 {
			continue
		}
		q := &l.queues[class][0]
		if q.update && l.pending(q.ref) {
			continue
		}
		t := max(q.wait, l.hold, l.tenant.laneFree(l, q.method))
		if t <= now {
			return class, t
		}
		at = min(at, t)
	}
	return -1, at
}

// place puts a lane where it belongs after something about it changed.
func (c *Core) place(l *lane, now int64) {
	if l.out {
		c.unplace(l)
		return
	}
	class, at := l.head(now)
	if class >= 0 {
		list := &l.tenant.ready[class][l.queues[class][0].method]
		if l.in != list {
			c.unplace(l)
			list.add(l)
		}
		return
	}
	if at == never {
		c.unplace(l)
		return
	}
	if l.index >= 0 {
		l.at = at
		heap.Fix(&c.waiting, l.index)
		return
	}
	c.unplace(l)
	l.at = at
	heap.Push(&c.waiting, l)
}

func (c *Core) unplace(l *lane) {
	if l.in != nil {
		l.in.remove(l)
	}
	if l.index >= 0 {
		heap.Remove(&c.waiting, l.index)
	}
}

// release puts those lanes whose time has come where they belong.
func (c *Core) release(now int64) {
	for len(c.waiting) > 0 && c.waiting[0].at <= now {
		c.place(c.waiting[0], now)
	}
}

// dropIdle forgets lanes that nothing is known of any more.
func (c *Core) dropIdle(now int64) {
	for place, l := range c.lanes {
		if l.empty() && !l.out && !l.paused && l.hold <= now && l.tenant.rested(l, now) {
			delete(c.lanes, place)
		}
	}
}

// readyList is a list of lanes, the one that waits longest first.
type readyList struct{ first, last *lane }

func (r *readyList) add(l *lane) {
	l.in, l.prev = r, r.last
	if r.last == nil {
		r.first = l
	} else {
		r.last.next = l
	}
	r.last = l
}

func (r *readyList) remove(l *lane) {
	if l.prev == nil {
		r.first = l.next
	} else {
		l.prev.next = l.next
	}
	if l.next == nil {
		r.last = l.prev
	} else {
		l.next.prev = l.prev
	}
	l.in, l.prev, l.next = nil, nil, nil
}

// laneHeap is ordered by time; heap.Interface.
type laneHeap []*lane

func (h laneHeap) Len() int           { return len(h) }
func (h laneHeap) Less(i, j int) bool { return h[i].at < h[j].at }

func (h laneHeap) Swap(i, j int) {
	h[i], h[j] = h[j], h[i]
	h[i].index, h[j].index = i, j
}

// Push is heap.Interface's.
func (h *laneHeap) Push(x any) {
	l := x.(*lane)
	l.index = len(*h)
	*h = append(*h, l)
}

// Pop is heap.Interface's.
func (h *laneHeap) Pop() any {
	last := len(*h) - 1
	l := (*h)[last]
	(*h)[last], *h = nil, (*h)[:last]
	l.index = -1
	return l
}
