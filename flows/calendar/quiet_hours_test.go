package calendar

import (
	"errors"
	"slices"
	"testing"
	"time"

	"pgregory.net/rapid"
)

func TestParseQuiet(t *testing.T) {
	for _, row := range []struct{ name, language, text, want, near string }{
		{"as it is shown", "en", "20:00-08:00", "20:00-08:00", ""},
		{"a long dash", "en", "20:00–08:00", "20:00-08:00", ""},
		{"am and pm", "en", "10pm to 7am", "22:00-07:00", ""},
		{"between", "en", "between 9 pm and 8 am", "21:00-08:00", ""},
		{"from until", "en", "from 21:30 until 7:15", "21:30-07:15", ""},
		{"bare hours", "en", "22-7", "22:00-07:00", ""},
		{"bare hours of either half", "en", "10 to 8", "", "22:00-08:00"},
		{"in the day", "en", "08:00-15:00", "08:00-15:00", ""},
		{"noon", "en", "noon to 1pm", "12:00-13:00", ""},
		{"off", "en", "off", "00:00-00:00", ""},
		{"Welsh", "cy", "o 20:00 tan 8:00", "20:00-08:00", ""},
		{"Welsh off", "cy", "dim", "00:00-00:00", ""},
		{"Spanish", "es", "de 20:00 a 8:00", "20:00-08:00", ""},
		{"Spanish in words", "es", "de las 10 de la noche a las 7 de la mañana", "22:00-07:00", ""},
		{"French", "fr", "de 20h à 8h", "20:00-08:00", ""},
		{"German", "de", "von 20 Uhr bis 8 Uhr", "20:00-08:00", ""},
		{"German off", "de", "aus", "00:00-00:00", ""},
		{"one end", "en", "20:00-", "", ""},
		{"an hour too many", "en", "20:00-25:00", "", ""},
		{"nothing", "en", "", "", ""},
	} {
		t.Run(row.name, func(t *testing.T) {
			q, err := ParseQuiet(row.text, Context{Language: row.language, Zone: time.UTC})
			if row.want != "" {
				if err != nil || q.String() != row.want {
					t.Errorf("ParseQuiet(%q) = %s, %v; want %s", row.text, q, err, row.want)
				}
				return
			}
			unknown, ok := errors.AsType[*UnknownError](err)
			if !ok || row.near != "" && !slices.Contains(unknown.Near, row.near) {
				t.Errorf("ParseQuiet(%q) = %s, %v; want refused, near %q", row.text, q, err, row.near)
			}
		})
	}
}

func TestQuietEnd(t *testing.T) {
	for _, row := range []struct {
		name, zone string
		quiet      Quiet
		at, want   string // want is empty when it is not quiet
	}{
		{"before it begins", "UTC", UsualQuiet, "2026-10-06T19:59:59Z", ""},
		{"when it begins", "UTC", UsualQuiet, "2026-10-06T20:00:00Z", "2026-10-07T08:00:00Z"},
		{"after midnight", "UTC", UsualQuiet, "2026-10-07T03:00:00Z", "2026-10-07T08:00:00Z"},
		{"when it ends", "UTC", UsualQuiet, "2026-10-07T08:00:00Z", ""},
		{"elsewhere", "America/Toronto", UsualQuiet, "2026-10-06T00:31:00Z", "2026-10-06T12:00:00Z"},
		{"in the day", "UTC", Quiet{8 * 60, 15 * 60}, "2026-10-07T09:00:00Z", "2026-10-07T15:00:00Z"},
		{"none", "UTC", Quiet{8 * 60, 8 * 60}, "2026-10-07T09:00:00Z", ""},
		{"over the start of summer time", "Europe/London", UsualQuiet, "2026-03-28T21:00:00Z", "2026-03-29T07:00:00Z"},
		{"over its end", "Europe/London", UsualQuiet, "2026-10-24T21:00:00Z", "2026-10-25T08:00:00Z"},
		{"it ends in a doubled hour, the first time", "Europe/London", Quiet{20 * 60, 90}, "2026-10-25T00:00:00Z", "2026-10-25T00:30:00Z"},
		{"it ended in a doubled hour, before the second", "Europe/London", Quiet{20 * 60, 90}, "2026-10-25T01:10:00Z", ""},
		{"all of it is skipped", "Europe/London", Quiet{65, 115}, "2026-03-29T00:59:00Z", ""},
		{"the time between two is skipped", "Europe/London", Quiet{115, 65}, "2026-03-29T00:00:00Z", "2026-03-30T00:05:00Z"},
	} {
		t.Run(row.name, func(t *testing.T) {
			zone, err := LoadZone(row.zone)
			if err != nil {
				t.Fatal(err)
			}
			at, err := time.Parse(time.RFC3339, row.at)
			if err != nil {
				t.Fatal(err)
			}
			end, quiet := row.quiet.End(at, zone)
			got := ""
			if quiet {
				got = end.Format(time.RFC3339)
			} else if !end.Equal(at) {
				t.Errorf("it is not quiet, and %s became %s", at, end)
			}
			if got != row.want {
				t.Errorf("got %q, want %q", got, row.want)
			}
		})
	}
}

// When the quiet is over it is over, and it was quiet at each minute before.
func TestQuietEndIsItsFirstLoudMinute(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		zone, err := LoadZone(rapid.SampledFrom([]string{"Europe/London", "America/Santiago", "Australia/Lord_Howe"}).Draw(t, "zone"))
		if err != nil {
			t.Fatal(err)
		}
		q := Quiet{Clock(rapid.IntRange(0, dayMinutes-1).Draw(t, "from")), Clock(rapid.IntRange(0, dayMinutes-1).Draw(t, "to"))}
		at := time.Date(2026, 3, 27, 0, 0, 0, 0, time.UTC).Add(time.Duration(rapid.IntRange(0, 220*dayMinutes).Draw(t, "minute")) * time.Minute)
		end, quiet := q.End(at, zone)
		if !quiet {
			return
		}
		if _, still := q.End(end, zone); still {
			t.Fatalf("%s in %s: at its end %s it is quiet still", q, zone, end)
		}
		for m := at; m.Before(end); m = m.Add(7 * time.Minute) {
			if e, was := q.End(m, zone); !was || !e.Equal(end) {
				t.Fatalf("%s in %s: from %s until %s, but at %s until %s, %t", q, zone, at, end, m, e, was)
			}
		}
	})
}
