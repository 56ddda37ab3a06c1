package calendar

import (
	"strings"
	"testing"
	"time"
)

func TestNextCron(t *testing.T) {
	for _, row := range []struct{ name, spec, zone, after, want string }{
		{"a skipped time is the first valid minute after it", "30 1 * * *", "Europe/London", "2026-03-28T12:00:00Z", "2026-03-29T01:00:00Z"},
		{"a doubled time is the first of the two", "30 1 * * *", "Europe/London", "2026-10-24T12:00:00Z", "2026-10-25T00:30:00Z"},
		{"the second of two is silent", "30 1 * * *", "Europe/London", "2026-10-25T00:30:00Z", "2026-10-26T01:30:00Z"},
		{"an hourly rule is silent in the second of two doubled hours", "@hourly", "Europe/London", "2026-10-25T00:00:00Z", "2026-10-25T02:00:00Z"},
		{"minutes that are skipped together come once", "*/15 * * * *", "Europe/London", "2026-03-29T01:00:00Z", "2026-03-29T01:15:00Z"},
		{"half an hour is skipped", "10 2 * * *", "Australia/Lord_Howe", "2026-10-03T00:00:00Z", "2026-10-03T15:30:00Z"},
		{"two hours are skipped", "30 1 * * *", "Antarctica/Troll", "2026-03-28T12:00:00Z", "2026-03-29T01:00:00Z"},
		{"midnight is skipped", "0 0 * * *", "America/Santiago", "2026-09-05T12:00:00Z", "2026-09-06T04:00:00Z"},
		{"a day is skipped", "0 9 30 12 *", "Pacific/Apia", "2011-12-01T00:00:00Z", "2011-12-30T10:00:00Z"},
		{"a clock that is off by seconds", "0 0 * * *", "Africa/Monrovia", "1960-01-01T12:00:00Z", "1960-01-02T00:44:30Z"},
		{"a skipped time under a clock that is off by seconds", "0 0 7 1 *", "Africa/Monrovia", "1972-01-01T00:00:00Z", "1972-01-07T00:45:00Z"},
		{"asked within the minute before the first valid one", "20 0 7 1 *", "Africa/Monrovia", "1972-01-07T00:44:40Z", "1972-01-07T00:45:00Z"},
		{"strictly after", "0 9 * * *", "UTC", "2026-01-01T09:00:00Z", "2026-01-02T09:00:00Z"},
		{"seconds count as before", "0 9 * * *", "UTC", "2026-01-01T08:59:59Z", "2026-01-01T09:00:00Z"},
		{"parts of a second count as after", "0 9 * * *", "UTC", "2026-01-01T09:00:00.001Z", "2026-01-02T09:00:00Z"},
		{"before 1970", "0 9 * * 1", "UTC", "1969-12-20T00:00:00Z", "1969-12-22T09:00:00Z"},
		{"29 February", "0 0 29 2 *", "UTC", "2026-01-01T00:00:00Z", "2028-02-29T00:00:00Z"},
		{"29 February over a century", "0 0 29 2 *", "UTC", "2096-03-01T00:00:00Z", "2104-02-29T00:00:00Z"},
		{"30 February never", "0 0 30 2 *", "UTC", "2026-01-01T00:00:00Z", "-"},
		{"either day counts when both are restricted", "0 0 13 * 5", "UTC", "2026-02-01T00:00:00Z", "2026-02-06T00:00:00Z"},
		{"a step is no star", "0 0 */20 * 5", "UTC", "2026-02-06T00:00:00Z", "2026-02-13T00:00:00Z"},
		{"one more than ten years away", "0 0 29 2 *", "UTC", "1896-03-01T00:00:00Z", "1904-02-29T00:00:00Z"},
		{"no year after 9999", "0 0 1 1 *", "UTC", "9999-06-01T00:00:00Z", "-"},
		{"hourly", "@hourly", "Asia/Kathmandu", "2026-01-01T00:00:00Z", "2026-01-01T00:15:00Z"},
		{"daily", "@daily", "UTC", "2026-01-01T00:00:00Z", "2026-01-02T00:00:00Z"},
		{"weekly", "@weekly", "UTC", "2026-01-01T00:00:00Z", "2026-01-04T00:00:00Z"},
		{"monthly", "@monthly", "UTC", "2026-01-01T00:00:00Z", "2026-02-01T00:00:00Z"},
		{"names, and more spaces", " 0  9 * jan-mar\tMON ", "UTC", "2026-04-01T00:00:00Z", "2027-01-04T09:00:00Z"},
	} {
		t.Run(row.name, func(t *testing.T) {
			zone, err := LoadZone(row.zone)
			if err != nil {
				t.Fatal(err)
			}
			after, err := time.Parse(time.RFC3339, row.after)
			if err != nil {
				t.Fatal(err)
			}
			next, ok, err := NextCron(row.spec, zone, after)
			if err != nil {
				t.Fatal(err)
			}
			got := "-"
			if ok {
				got = next.Format(time.RFC3339)
			}
			if got != row.want {
				t.Errorf("%s in %s after %s: got %s, want %s", row.spec, row.zone, row.after, got, row.want)
			}
		})
	}
}

func TestParseCronRefuses(t *testing.T) {
	for _, row := range []struct{ name, spec, says string }{
		{"nothing", "", "five"},
		{"a bare zone", "TZ=UTC", "zone"},
		{"a bare zone, long form", "CRON_TZ=UTC", "zone"},
		{"a zone before five fields", "TZ=Europe/London 0 9 * * 1", "zone"},
		{"six fields", "0 0 9 * * 1", "6 fields"},
		{"four fields", "0 9 * *", "4 fields"},
		{"an interval", "@every 1h", "@hourly"},
		{"a year", "@yearly", "@hourly"},
		{"a nickname that does not exist", "@often", "@hourly"},
		{"a minute too many", "60 * * * *", "60"},
		{"Sunday as 7", "0 0 * * 7", "7"},
		{"day 0", "0 0 0 * *", "below minimum"},
		{"a range backwards", "0 9-8 * * *", "beyond"},
		{"a step of nothing", "*/0 * * * *", "positive"},
		{"only a comma", ", * * * *", "comma"},
		{"a value left out", "1,,2 * * * *", "comma"},
		{"words", "every day at nine ok", "every"},
	} {
		t.Run(row.name, func(t *testing.T) {
			if _, err := ParseCron(row.spec); err == nil || !strings.Contains(err.Error(), row.says) {
				t.Errorf("ParseCron(%q): got %v, want an error with %q", row.spec, err, row.says)
			}
		})
	}
}

func FuzzParseCron(f *testing.F) {
	for _, seed := range []string{"0 9 * * 1", "TZ=UTC", "*/7 1-5,9 ? feb-mar sun/2", "@daily", ", , , , ,", "* * * * */9223372036854775807"} {
		f.Add(seed)
	}
	zone, err := LoadZone("Australia/Lord_Howe")
	if err != nil {
		f.Fatal(err)
	}
	after := time.Date(2026, 10, 3, 12, 0, 0, 0, time.UTC)
	f.Fuzz(func(t *testing.T, spec string) {
		s, err := ParseCron(spec)
		if err != nil {
			return
		}
		if next, ok := s.Next(after, zone); ok && !next.After(after) {
			t.Errorf("%q: %s is not after %s", spec, next, after)
		}
	})
}

func BenchmarkNextCron(b *testing.B) {
	zone, err := LoadZone("Europe/London")
	if err != nil {
		b.Fatal(err)
	}
	after := time.Date(2026, 3, 1, 0, 0, 0, 0, time.UTC)
	for _, text := range []string{"0 9 * * 1", "0 0 29 2 *", "0 0 30 2 *"} {
		spec, err := ParseCron(text)
		if err != nil {
			b.Fatal(err)
		}
		b.Run(text, func(b *testing.B) {
			for b.Loop() {
				spec.Next(after, zone)
			}
		})
	}
}
