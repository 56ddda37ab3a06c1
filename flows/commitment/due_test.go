package commitment

import (
	"fmt"
	"slices"
	"testing"
	"time"

	"trellis/flows/calendar"
)

func zone(t *testing.T, name string) *time.Location {
	t.Helper()
	z, err := calendar.LoadZone(name)
	if err != nil {
		t.Fatal(err)
	}
	return z
}

func usual(t *testing.T, name string) reckoning {
	t.Helper()
	return reckoning{zone: zone(t, name), hour: 9 * 60, days: calendar.UsualDays, quiet: calendar.UsualQuiet}
}

func day(t *testing.T, iso, name string) calendar.When {
	t.Helper()
	var d calendar.Date
	if err := d.UnmarshalText([]byte(iso)); err != nil {
		t.Fatal(err)
	}
	return calendar.When{At: d.Start(zone(t, name)), Date: d, Zone: name}
}

func instant(t *testing.T, text, name string) calendar.When {
	t.Helper()
	at, err := time.ParseInLocation("2006-01-02 15:04", text, zone(t, name))
	if err != nil {
		t.Fatal(err)
	}
	return calendar.When{At: at.UTC(), Date: calendar.DateOf(at, at.Location()), Clock: calendar.ClockOf(at, at.Location()), HasTime: true, Zone: name}
}

func TestMoments(t *testing.T) {
	london, late := usual(t, "Europe/London"), usual(t, "Europe/London")
	late.hour = 21 * 60
	sundays := usual(t, "Europe/London")
	sundays.days = calendar.DaySet(time.Sunday, time.Monday)
	for name, row := range map[string]struct {
		by          calendar.When
		who         reckoning
		remind, ask string // London's clock; empty: never
	}{
		"a day in the week":                         {day(t, "2026-10-14", "Europe/London"), london, "Tue 13 Oct 09:00", "Thu 15 Oct 09:00"},
		"a Friday is asked about on Monday":         {day(t, "2026-10-16", "Europe/London"), london, "Thu 15 Oct 09:00", "Mon 19 Oct 09:00"},
		"a Monday is reminded of on Friday":         {day(t, "2026-11-02", "Europe/London"), london, "Fri 30 Oct 09:00", "Tue 3 Nov 09:00"},
		"a Sunday has Friday and Monday":            {day(t, "2026-10-25", "Europe/London"), london, "Fri 23 Oct 09:00", "Mon 26 Oct 09:00"},
		"days of one's own":                         {day(t, "2026-10-16", "Europe/London"), sundays, "Mon 12 Oct 09:00", "Sun 18 Oct 09:00"},
		"an hour in the quiet waits for its end":    {day(t, "2026-10-14", "Europe/London"), late, "Wed 14 Oct 08:00", "Fri 16 Oct 08:00"},
		"a time of day is itself the question":      {instant(t, "2026-10-14 17:00", "Europe/London"), london, "Tue 13 Oct 09:00", "Wed 14 Oct 17:00"},
		"however late, and on whatever day":         {instant(t, "2026-10-18 23:30", "Europe/London"), london, "Fri 16 Oct 09:00", "Sun 18 Oct 23:30"},
		"a reminder after the time is none":         {instant(t, "2026-10-14 07:00", "Europe/London"), late, "", "Wed 14 Oct 07:00"},
		"a day is one of the owner's, in her hours": {day(t, "2026-10-20", "Europe/London"), usual(t, "America/Toronto"), "Mon 19 Oct 14:00", "Wed 21 Oct 14:00"},
		"no date": {calendar.When{}, london, "", ""},
	} {
		remind, ask := row.who.moments(row.by)
		if got := local(t, remind); got != row.remind {
			t.Errorf("%s: reminded on %q, want %q", name, got, row.remind)
		}
		if got := local(t, ask); got != row.ask {
			t.Errorf("%s: asked on %q, want %q", name, got, row.ask)
		}
	}
}

func local(t *testing.T, at time.Time) string {
	t.Helper()
	if at.IsZero() {
		return ""
	}
	return at.In(zone(t, "Europe/London")).Format("Mon 2 Jan 15:04")
}

// The worked series: what was taken on, moved, handed over and done from October to December, and every reminder that
// it makes. Britain leaves summer time on 25 October, Toronto on 1 November.
func TestSeriesHasTheseRemindersAndNoOthers(t *testing.T) {
	const london, toronto = "Europe/London", "America/Toronto"
	night := usual(t, london)
	night.hour, night.quiet = 15*60, calendar.Quiet{From: 20 * 60, To: 15 * 60}
	people := map[string]reckoning{
		"bethan": usual(t, london), "huw": usual(t, london), "nadia": usual(t, london), "gwen": usual(t, london),
		"maya": usual(t, london), "samira": usual(t, london), "kofi": usual(t, toronto), "rosa": night,
	}
	var got []string
	for _, c := range []struct{ label, owner, from, by, until string }{
		{"C1", "bethan", "2026-10-06 19:05", "2026-10-16", "2026-10-16 11:00"},
		{"C2", "huw", "2026-10-06 19:06", "2026-10-13", "2026-10-14 09:20"},
		{"C2", "huw", "2026-10-14 09:20", "2026-10-20", "2026-10-19 15:00"},
		{"C3", "kofi", "2026-10-06 19:09", "2026-10-20", "2026-10-20 18:50"},
		{"C4", "maya", "2026-10-06 19:10", "2026-10-07", "2026-10-07 10:30"},
		{"C5", "bethan", "2026-10-20 19:10", "2026-10-27", "2026-10-28 12:00"},
		{"C6", "nadia", "2026-10-20 19:11", "2026-10-23", "2026-10-22 18:10"},
		{"C7", "gwen", "2026-10-20 19:12", "2026-10-23", "2026-10-26 12:40"},
		{"C7", "maya", "2026-10-26 12:41", "2026-10-30", "2026-10-29 10:05"},
		{"C8", "kofi", "2026-10-20 19:13", "2026-11-02", "2026-11-02 15:00"},
		{"C9", "maya", "2026-10-20 19:15", "2026-11-02", "2026-11-02 18:30"},
		{"C10", "huw", "2026-10-20 19:17", "2026-10-30", "2026-10-29 16:00"},
		{"C11", "huw", "2026-11-03 19:10", "2026-11-13", "2026-11-13 15:45"},
		{"C12", "nadia", "2026-11-03 19:11", "2026-11-11", "2026-11-10 17:30"},
		{"C13", "maya", "2026-11-03 19:13", "2026-11-20", "2026-11-20 09:30"},
		{"C14", "rosa", "2026-11-03 19:14", "2026-11-18", "2026-11-18 16:30"},
		{"C15", "bethan", "2026-11-03 19:15", "2026-11-30", "2026-11-30 16:00"},
		{"C16", "samira", "2026-11-03 19:16", "2026-12-04", "2026-12-04 12:00"},
		{"C17", "kofi", "2026-11-03 19:17", "2026-11-30", "2026-12-01 14:10"},
		{"C17", "kofi", "2026-12-01 14:10", "2026-12-08", "2026-12-08 17:00"},
		{"C18", "huw", "2026-12-01 19:08", "2027-01-12", "2027-01-11 23:00"},
		{"C19", "maya", "2026-12-01 19:09", "2027-01-12", "2027-01-11 23:00"},
	} {
		who := people[c.owner]
		from, until := instant(t, c.from, london).At, instant(t, c.until, london).At
		remind, ask := who.moments(day(t, c.by, who.zone.String()))
		for what, at := range map[string]time.Time{"coming up": remind, "question": ask} {
			if at.After(from) && at.Before(until) {
				got = append(got, fmt.Sprintf("%s %s %s, %s", at.UTC().Format("2006-01-02 15:04"), c.owner, c.label, what))
			}
		}
	}
	slices.Sort(got)
	want := []string{
		"2026-10-12 08:00 huw C2, coming up",
		"2026-10-14 08:00 huw C2, question",
		"2026-10-15 08:00 bethan C1, coming up",
		"2026-10-19 08:00 huw C2, coming up",
		"2026-10-19 13:00 kofi C3, coming up",
		"2026-10-22 08:00 gwen C7, coming up",
		"2026-10-22 08:00 nadia C6, coming up",
		"2026-10-26 09:00 bethan C5, coming up",
		"2026-10-26 09:00 gwen C7, question",
		"2026-10-28 09:00 bethan C5, question",
		"2026-10-29 09:00 huw C10, coming up",
		"2026-10-29 09:00 maya C7, coming up",
		"2026-10-30 09:00 maya C9, coming up",
		"2026-10-30 13:00 kofi C8, coming up",
		"2026-11-10 09:00 nadia C12, coming up",
		"2026-11-12 09:00 huw C11, coming up",
		"2026-11-17 15:00 rosa C14, coming up",
		"2026-11-19 09:00 maya C13, coming up",
		"2026-11-27 09:00 bethan C15, coming up",
		"2026-11-27 14:00 kofi C17, coming up",
		"2026-12-01 14:00 kofi C17, question",
		"2026-12-03 09:00 samira C16, coming up",
		"2026-12-07 14:00 kofi C17, coming up",
		"2027-01-11 09:00 huw C18, coming up",
		"2027-01-11 09:00 maya C19, coming up",
	}
	if !slices.Equal(got, want) {
		t.Errorf("reminders:\n%v\nwant:\n%v", got, want)
	}
}

func TestWhatIsPutOffReplacesWhatComesBefore(t *testing.T) {
	who := usual(t, "Europe/London")
	by := day(t, "2026-10-16", "Europe/London") // reminded on Thu 15, asked on Mon 19
	for name, row := range map[string]struct {
		by, snoozed calendar.When
		now         string
		remind, ask string
	}{
		"before the date":        {by, instant(t, "2026-10-15 16:00", "Europe/London"), "2026-10-12 10:00", "Thu 15 Oct 16:00", "Mon 19 Oct 09:00"},
		"a day is at one's hour": {by, day(t, "2026-10-16", "Europe/London"), "2026-10-12 10:00", "Fri 16 Oct 09:00", "Mon 19 Oct 09:00"},
		"beyond the question":    {by, day(t, "2026-10-21", "Europe/London"), "2026-10-12 10:00", "", "Wed 21 Oct 09:00"},
		"after the question":     {by, day(t, "2026-10-21", "Europe/London"), "2026-10-19 10:00", "", "Wed 21 Oct 09:00"},
		"without a date":         {calendar.When{}, day(t, "2026-10-21", "Europe/London"), "2026-10-19 10:00", "Wed 21 Oct 09:00", ""},
	} {
		remind, ask := Commitment{By: row.by, Snoozed: row.snoozed}.moments(who, instant(t, row.now, "Europe/London").At)
		if got := local(t, remind); got != row.remind {
			t.Errorf("%s: reminded on %q, want %q", name, got, row.remind)
		}
		if got := local(t, ask); got != row.ask {
			t.Errorf("%s: asked on %q, want %q", name, got, row.ask)
		}
	}
}
