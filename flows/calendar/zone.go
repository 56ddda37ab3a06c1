package calendar

import (
	"math"
	"time"
	_ "time/tzdata" // zones must resolve on machines without a zone database; nothing else in the program can load it
)

// reach is more than any zone's distance from UTC (at most 15:14, in history), in seconds: an instant that shows a
// wall-clock time lies within it of the same figures read as UTC.
const reach = 16 * 3600

// At is the first instant at which the clocks in zone have reached c on day d. So a time that the zone skips is the
// first valid minute after it, and one that comes twice is the first; as a later wish never comes earlier,
// several that are skipped together are one instant. c may be 1440 or more, for the days after.
func At(d Date, c Clock, zone *time.Location) time.Time {
	return atWall(d.utc().Unix()+int64(c)*60, zone)
}

// atWall is At for a wall-clock time given as if it were UTC, in Unix seconds.
func atWall(wall int64, zone *time.Location) time.Time {
	t := time.Unix(wall-reach, 0).In(zone)
	for {
		_, offset := t.Zone()
		start, end := t.ZoneBounds()
		at := wall - int64(offset)
		if !start.IsZero() && start.Unix() > at {
			at = start.Unix()
			if s := (at + int64(offset)) % 60; s != 0 { // old offsets have seconds: on to the next whole minute
				at += 60 - s
			}
		}
		if end.IsZero() || at < end.Unix() {
			return time.Unix(at, 0).UTC()
		}
		t = end
	}
}

// reached is the least wall-clock minute, as if it were UTC in Unix seconds, that the clocks in zone have not yet
// reached at t: every wish before it is At an instant not after t, every other one after t. In the second of two
// doubled hours that is the end of the doubled time.
func reached(t time.Time, zone *time.Location) int64 {
	t = t.In(zone)
	now := t.Unix()
	_, offset := t.Zone()
	start, _ := t.ZoneBounds()
	shown := floorDiv(now+int64(offset), 60) * 60
	least := shown + 60
	if !start.IsZero() && shown-int64(offset) < start.Unix() { // old offsets have seconds: the period began within this minute
		least = math.MinInt64
	}
	for !start.IsZero() && start.Unix() >= now-2*reach {
		before := start.Add(-time.Second)
		_, offset = before.Zone()
		least = max(least, -floorDiv(-(start.Unix()+int64(offset)), 60)*60)
		start, _ = before.ZoneBounds()
	}
	return least
}

func floorDiv(a, b int64) int64 {
	q := a / b
	if a%b < 0 {
		q--
	}
	return q
}
