package calendar

import (
	"slices"
	"strconv"
	"testing"
	"time"

	"pgregory.net/rapid"
)

// changing are zones whose clocks change in all the ways that are known, each with instants shortly before it.
var changing = map[string][]string{
	"Europe/London":        {"2026-03-28T12:00:00Z", "2026-10-24T12:00:00Z", "1968-02-17T12:00:00Z", "1971-10-30T12:00:00Z"},
	"America/New_York":     {"2026-03-07T12:00:00Z", "2026-10-31T12:00:00Z", "1974-01-05T12:00:00Z"},
	"Australia/Lord_Howe":  {"2026-04-03T12:00:00Z", "2026-10-02T12:00:00Z"},
	"America/Sao_Paulo":    {"2018-11-03T12:00:00Z", "2018-02-17T00:00:00Z"},
	"Asia/Beirut":          {"2026-03-28T12:00:00Z", "2026-10-24T12:00:00Z"},
	"Africa/Cairo":         {"2026-04-23T12:00:00Z", "2026-10-29T12:00:00Z", "2014-05-15T00:00:00Z", "2010-08-10T12:00:00Z"},
	"America/Santiago":     {"2026-04-04T12:00:00Z", "2026-09-05T12:00:00Z"},
	"Pacific/Apia":         {"2011-12-29T00:00:00Z", "2011-04-02T00:00:00Z", "2012-04-01T00:00:00Z"},
	"Pacific/Kwajalein":    {"1993-08-19T12:00:00Z"},
	"Africa/Casablanca":    {"2026-02-14T12:00:00Z", "2026-03-21T12:00:00Z"},
	"Asia/Kathmandu":       {"1985-12-31T12:00:00Z"},
	"America/Caracas":      {"2007-12-08T12:00:00Z", "2016-04-30T12:00:00Z"},
	"Antarctica/Troll":     {"2026-03-28T12:00:00Z", "2026-10-24T12:00:00Z"},
	"Antarctica/Casey":     {"2020-10-03T00:00:00Z", "2023-03-08T00:00:00Z"},
	"Asia/Pyongyang":       {"2018-05-04T00:00:00Z", "2015-08-14T00:00:00Z"},
	"Africa/Juba":          {"2021-01-31T00:00:00Z"},
	"America/Scoresbysund": {"2024-03-30T00:00:00Z"},
	"Asia/Gaza":            {"2023-04-28T00:00:00Z"},
	"Europe/Dublin":        {"2026-10-24T12:00:00Z"},
	"UTC":                  {"2026-03-28T12:00:00Z"},
}

// counted gives, minute by minute, the instants of all wall-clock minutes that count, by the words of the promise: of
// a minute that comes twice the first, of one that is skipped the first valid minute after it.
func counted(from, to time.Time, zone *time.Location, counts func(wall time.Time) bool) []time.Time {
	wallOf := func(t time.Time) time.Time {
		l := t.In(zone)
		return time.Date(l.Year(), l.Month(), l.Day(), l.Hour(), l.Minute(), 0, 0, time.UTC)
	}
	firstAt := map[time.Time]time.Time{} // wall → instant
	for t := from.Add(-30 * time.Hour); !t.After(to.Add(30 * time.Hour)); t = t.Add(time.Minute) {
		if w := wallOf(t); firstAt[w].IsZero() {
			firstAt[w] = t
		}
	}
	var list []time.Time
	for w, end := wallOf(from).Add(-26*time.Hour), wallOf(to).Add(26*time.Hour); !w.After(end); w = w.Add(time.Minute) {
		if !counts(w) {
			continue
		}
		valid := w
		for firstAt[valid].IsZero() && !valid.After(end) {
			valid = valid.Add(time.Minute)
		}
		if at := firstAt[valid]; !at.IsZero() && at.After(from) && !at.After(to) {
			list = append(list, at)
		}
	}
	slices.SortFunc(list, time.Time.Compare)
	return slices.CompactFunc(list, time.Time.Equal)
}

// countsBy reads the fields of a cron expression anew, one wall-clock minute at a time.
func (s CronSpec) countsBy(w time.Time) bool {
	if s.minute&(1<<w.Minute()) == 0 || s.hour&(1<<w.Hour()) == 0 || s.month&(1<<w.Month()) == 0 {
		return false
	}
	dom, dow := s.dom&(1<<w.Day()) != 0, s.dow&(1<<w.Weekday()) != 0
	if s.anyDom {
		return dow
	}
	return s.anyDow && dom || !s.anyDow && (dom || dow)
}

func TestCronEqualsAMinuteByMinuteCount(t *testing.T) {
	specs := []string{
		"* * * * *", "0 * * * *", "*/15 * * * *", "30 1 * * *", "30 2 * * *", "0 0 * * *", "15 0 * * *", "5,35 */2 * * *",
		"0 9 * * *", "59 23 * * *", "45 1 * * 0", "0-10/3 0-3 * * *", "0 12 30 12 *", "*/7 2 * * 0,6", "20 1 1 * 0",
	}
	for name, starts := range changing {
		zone, err := time.LoadLocation(name)
		if err != nil {
			t.Fatal(err)
		}
		for _, start := range starts {
			from, err := time.Parse(time.RFC3339, start)
			if err != nil {
				t.Fatal(err)
			}
			to := from.Add(48 * time.Hour)
			for _, text := range specs {
				spec, err := ParseCron(text)
				if err != nil {
					t.Fatal(err)
				}
				want := counted(from, to, zone, spec.countsBy)
				if got := between(from, to, zone, spec); !slices.EqualFunc(got, want, time.Time.Equal) {
					t.Errorf("%s in %s from %s:\n got %v\nwant %v", text, name, start, got, want)
				}
			}
		}
	}
}

func between(from, to time.Time, zone *time.Location, s CronSpec) []time.Time {
	var list []time.Time
	for last := from; ; {
		at, ok := s.Next(last, zone)
		if !ok || at.After(to) {
			return list
		}
		list = append(list, at)
		if !at.After(last) {
			return list // it would never end
		}
		last = at
	}
}

func TestRandomCronEqualsAMinuteByMinuteCount(t *testing.T) {
	names := slices.Sorted(func(yield func(string) bool) {
		for n := range changing {
			if !yield(n) {
				return
			}
		}
	})
	rapid.Check(t, func(t *rapid.T) {
		name := rapid.SampledFrom(names).Draw(t, "zone")
		zone, err := time.LoadLocation(name)
		if err != nil {
			t.Fatal(err)
		}
		start, err := time.Parse(time.RFC3339, rapid.SampledFrom(changing[name]).Draw(t, "start"))
		if err != nil {
			t.Fatal(err)
		}
		from := start.Add(time.Duration(rapid.IntRange(-3*86400, 86400).Draw(t, "seconds")) * time.Second)
		text := drawCron(t)
		spec, err := ParseCron(text)
		if err != nil {
			t.Fatal(err)
		}
		to := from.Truncate(time.Minute).Add(30 * time.Hour)
		want := counted(from.Truncate(time.Minute).Add(time.Minute), to, zone, spec.countsBy)
		// The count begins a minute late so that its steps are whole minutes; that minute itself may count.
		if m := from.Truncate(time.Minute).Add(time.Minute); slices.ContainsFunc(counted(m.Add(-time.Minute), m, zone, spec.countsBy), m.Equal) {
			want = slices.Insert(want, 0, m)
		}
		if got := between(from, to, zone, spec); !slices.EqualFunc(got, want, time.Time.Equal) {
			t.Fatalf("%s in %s from %s:\n got %v\nwant %v", text, name, from.Format(time.RFC3339), got, want)
		}
	})
}

// drawCron is an expression with lists, ranges, steps and stars in every field.
func drawCron(t *rapid.T) string {
	field := func(label string, least, most int) string {
		n := rapid.IntRange(least, most)
		switch rapid.IntRange(0, 6).Draw(t, label) {
		case 0:
			return strconv.Itoa(n.Draw(t, label))
		case 1:
			return strconv.Itoa(n.Draw(t, label)) + "," + strconv.Itoa(n.Draw(t, label))
		case 2:
			a, b := n.Draw(t, label), n.Draw(t, label)
			return strconv.Itoa(min(a, b)) + "-" + strconv.Itoa(max(a, b))
		case 3:
			return "*/" + strconv.Itoa(rapid.IntRange(1, most).Draw(t, label))
		case 4:
			return strconv.Itoa(n.Draw(t, label)) + "/" + strconv.Itoa(rapid.IntRange(1, most).Draw(t, label))
		default:
			return "*"
		}
	}
	return field("minute", 0, 59) + " " + field("hour", 0, 23) + " " + field("dom", 1, 31) + " " + field("month", 1, 12) + " " + field("dow", 0, 6)
}
