package calendar

import (
	"fmt"
	"math/bits"
	"strings"
	"time"

	"github.com/robfig/cron/v3"
)

// horizon is how many years ahead a rule is looked for: 29 February may be eight years away.
const horizon = 10

// CronSpec is a cron expression that was read: which minutes of which days it means on the wall, in no zone.
type CronSpec struct {
	minute, hour, dom, month, dow uint64 // a bit for each value that counts
	anyDom, anyDow                bool   // a star: the other one of the two decides alone
}

// nicknames are the only names for whole expressions; @yearly and @every are not, the latter because it counts from
// its start and has no wall-clock time.
var nicknames = map[string]string{
	"@hourly":  "0 * * * *",
	"@daily":   "0 0 * * *",
	"@weekly":  "0 0 * * 0",
	"@monthly": "0 0 1 * *",
}

// ParseCron reads five fields (minute, hour, day of month, month, day of week), or @hourly, @daily, @weekly,
// @monthly. When day of month and day of week are both restricted, a day that fits either counts.
func ParseCron(spec string) (CronSpec, error) {
	spec = strings.TrimSpace(spec)
	if full, ok := nicknames[strings.ToLower(spec)]; ok {
		spec = full
	}
	if strings.HasPrefix(spec, "@") {
		return CronSpec{}, fmt.Errorf("read cron %q: want five fields, @hourly, @daily, @weekly or @monthly", spec)
	}
	fields := strings.Fields(spec)
	// cron's parser takes a zone here too, and panics on a bare one.
	if len(fields) > 0 && strings.Contains(fields[0], "TZ=") {
		return CronSpec{}, fmt.Errorf("read cron %q: the zone does not stand in the expression", spec)
	}
	if len(fields) != 5 {
		return CronSpec{}, fmt.Errorf("read cron %q: %d fields, want five (minute, hour, day of month, month, day of week)", spec, len(fields))
	}
	for _, f := range fields {
		// cron's parser leaves these out without a word; a field of nothing but commas would never come.
		if strings.HasPrefix(f, ",") || strings.HasSuffix(f, ",") || strings.Contains(f, ",,") {
			return CronSpec{}, fmt.Errorf("read cron %q: a comma in %q has no value beside it", spec, f)
		}
	}
	parsed, err := cron.NewParser(cron.Minute | cron.Hour | cron.Dom | cron.Month | cron.Dow).Parse(strings.Join(fields, " "))
	if err != nil {
		return CronSpec{}, fmt.Errorf("read cron %q: %w", spec, err)
	}
	s, ok := parsed.(*cron.SpecSchedule)
	if !ok {
		return CronSpec{}, fmt.Errorf("read cron %q: want five fields", spec)
	}
	const star = 1 << 63 // cron's mark for a field that was a star
	return CronSpec{
		minute: s.Minute &^ star, hour: s.Hour &^ star, dom: s.Dom &^ star, month: s.Month &^ star, dow: s.Dow &^ star,
		anyDom: s.Dom&star != 0, anyDow: s.Dow&star != 0,
	}, nil
}

// NextCron is the first instant of a cron expression in zone strictly after a given one; false when none comes
// within ten years.
func NextCron(spec string, zone *time.Location, after time.Time) (time.Time, bool, error) {
	s, err := ParseCron(spec)
	if err != nil {
		return time.Time{}, false, err
	}
	next, ok := s.Next(after, zone)
	return next, ok, nil
}

// Next is the first instant in zone strictly after a given one, in UTC; false when none comes within ten years. The
// instants of a rule are those that At gives for the wall-clock minutes that it means, each once.
func (s CronSpec) Next(after time.Time, zone *time.Location) (time.Time, bool) {
	return first(after, zone, s.from)
}

// first is the instant of the first wall-clock minute that from finds among those that the clocks have not reached
// at after. from gives the least minute of a rule not before least, both as if they were UTC, in Unix seconds; false
// when there is none up to last.
func first(after time.Time, zone *time.Location, from func(least, last int64) (int64, bool)) (time.Time, bool) {
	end := after.AddDate(horizon, 0, 0)
	if latest := time.Date(9999, 12, 31, 23, 59, 59, 0, time.UTC); end.After(latest) {
		end = latest // a later year has no RFC 3339 form
	}
	wall, ok := from(reached(after, zone), end.Unix()+reach)
	if !ok {
		return time.Time{}, false
	}
	at := atWall(wall, zone)
	if at.After(end) {
		return time.Time{}, false
	}
	return at, true
}

const daySeconds = 24 * 60 * 60

// from walks days, and whole months where the month does not count.
func (s CronSpec) from(least, last int64) (int64, bool) {
	day := floorDiv(least, daySeconds)
	minute := Clock((least - day*daySeconds) / 60)
	y, m, d := time.Unix(day*daySeconds, 0).UTC().Date()
	weekday := int((day + 4) % 7) // 1 January 1970 was a Thursday
	if weekday < 0 {
		weekday += 7
	}
	length := daysIn(y, m)
	for day*daySeconds <= last {
		if s.month&(1<<m) == 0 {
			skip := length - d + 1
			day, weekday, d, minute = day+int64(skip), (weekday+skip)%7, length+1, 0
		} else {
			if s.matches(d, weekday) {
				if c, ok := s.inDay(minute); ok {
					return day*daySeconds + int64(c)*60, true
				}
			}
			day, weekday, d, minute = day+1, (weekday+1)%7, d+1, 0
		}
		if d > length {
			d, m = 1, m+1
			if m > time.December {
				y, m = y+1, time.January
			}
			length = daysIn(y, m)
		}
	}
	return 0, false
}

func (s CronSpec) matches(day, weekday int) bool {
	dom, dow := s.dom&(1<<day) != 0, s.dow&(1<<weekday) != 0
	if s.anyDom || s.anyDow {
		return dom && dow
	}
	return dom || dow
}

// inDay is the first time of day that counts, not before least.
func (s CronSpec) inDay(least Clock) (Clock, bool) {
	hour, minute := int(least)/60, int(least)%60
	if s.hour&(1<<hour) != 0 {
		if rest := s.minute >> minute << minute; rest != 0 {
			return Clock(hour*60 + bits.TrailingZeros64(rest)), true
		}
	}
	rest := s.hour >> (hour + 1) << (hour + 1)
	if rest == 0 {
		return 0, false
	}
	return Clock(bits.TrailingZeros64(rest)*60 + bits.TrailingZeros64(s.minute)), true
}

// shortest is the least time between two of its minutes in one day or over midnight.
func (s CronSpec) shortest() time.Duration {
	least, firstOfDay, previous := Clock(dayMinutes), Clock(-1), Clock(-1)
	for c, ok := s.inDay(0); ok; c, ok = s.inDay(c + 1) {
		if previous >= 0 {
			least = min(least, c-previous)
		} else {
			firstOfDay = c
		}
		if previous = c; c+1 == dayMinutes {
			break
		}
	}
	return time.Duration(min(least, firstOfDay+dayMinutes-previous)) * time.Minute
}
