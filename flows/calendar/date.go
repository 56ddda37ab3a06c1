package calendar

import (
	"cmp"
	"fmt"
	"time"
)

// Date is a day of the civil calendar, in no zone. The zero Date is no day.
type Date struct {
	Year  int
	Month time.Month
	Day   int
}

// DateOf is the day that a calendar on the wall in zone shows at t.
func DateOf(t time.Time, zone *time.Location) Date {
	y, m, d := t.In(zone).Date()
	return Date{y, m, d}
}

// utc is the day's number line: dates are counted in UTC, which skips and doubles nothing.
func (d Date) utc() time.Time { return time.Date(d.Year, d.Month, d.Day, 0, 0, 0, 0, time.UTC) }

// AddDays is the date n days later, or earlier when n is negative.
func (d Date) AddDays(n int) Date {
	y, m, day := time.Date(d.Year, d.Month, d.Day+n, 0, 0, 0, 0, time.UTC).Date()
	return Date{y, m, day}
}

// AddMonths is the same day n months later; where that month is shorter, its last day.
func (d Date) AddMonths(n int) Date {
	first := time.Date(d.Year, d.Month+time.Month(n), 1, 0, 0, 0, 0, time.UTC)
	y, m, _ := first.Date()
	return Date{y, m, min(d.Day, daysIn(y, m))}
}

// Weekday is the day of the week.
func (d Date) Weekday() time.Weekday { return d.utc().Weekday() }

// Compare is negative when d comes before e, zero for the same day, else positive.
func (d Date) Compare(e Date) int {
	return cmp.Or(cmp.Compare(d.Year, e.Year), cmp.Compare(d.Month, e.Month), cmp.Compare(d.Day, e.Day))
}

// Before says whether d comes before e.
func (d Date) Before(e Date) bool { return d.Compare(e) < 0 }

// IsZero says whether d is no day at all.
func (d Date) IsZero() bool { return d == Date{} }

// Start is the first valid minute of the day in zone: not always 00:00, some zones change at midnight.
func (d Date) Start(zone *time.Location) time.Time { return At(d, 0, zone) }

// String is the ISO form, 2026-04-03.
func (d Date) String() string { return fmt.Sprintf("%04d-%02d-%02d", d.Year, int(d.Month), d.Day) }

// MarshalText writes the ISO form; the zero Date is empty.
func (d Date) MarshalText() ([]byte, error) {
	if d.IsZero() {
		return nil, nil
	}
	return []byte(d.String()), nil
}

// UnmarshalText reads what MarshalText wrote.
func (d *Date) UnmarshalText(b []byte) error {
	if len(b) == 0 {
		*d = Date{}
		return nil
	}
	t, err := time.Parse(time.DateOnly, string(b))
	if err != nil {
		return fmt.Errorf("read date %q: want 2026-04-03", b)
	}
	*d = DateOf(t, time.UTC)
	return nil
}

// valid says whether the month has that day.
func (d Date) valid() bool {
	return d.Year >= 1 && d.Year <= 9999 && d.Month >= 1 && d.Month <= 12 && d.Day >= 1 && d.Day <= daysIn(d.Year, d.Month)
}

func daysIn(y int, m time.Month) int {
	return time.Date(y, m+1, 0, 0, 0, 0, 0, time.UTC).Day()
}

// Clock is a time of day in minutes after midnight, as a clock on the wall shows it: 0 to 1439.
type Clock int16

// Day parts that people name without a number; each is the time that is meant by the word alone.
const (
	Morning   Clock = 9 * 60
	Noon      Clock = 12 * 60
	Afternoon Clock = 15 * 60
	Evening   Clock = 18 * 60
	Night     Clock = 20 * 60 // "tonight": before most people's quiet hours begin
)

const dayMinutes = 24 * 60

// String is the 24-hour form, 09:05.
func (c Clock) String() string { return fmt.Sprintf("%02d:%02d", int(c)/60, int(c)%60) }

// MarshalText writes the 24-hour form.
func (c Clock) MarshalText() ([]byte, error) { return []byte(c.String()), nil }

// UnmarshalText reads what MarshalText wrote.
func (c *Clock) UnmarshalText(b []byte) error {
	t, err := time.Parse("15:04", string(b))
	if err != nil {
		return fmt.Errorf("read time of day %q: want 09:05", b)
	}
	*c = Clock(t.Hour()*60 + t.Minute())
	return nil
}

// ClockOf is what a clock on the wall in zone shows at t, without its seconds.
func ClockOf(t time.Time, zone *time.Location) Clock {
	h, m, _ := t.In(zone).Clock()
	return Clock(h*60 + m)
}
