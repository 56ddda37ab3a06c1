package calendar

import (
	"encoding/json"
	"errors"
	"os"
	"strconv"
	"strings"
	"testing"
	"time"

	"pgregory.net/rapid"
)

// spellRule is a rule as testdata/rules.txt has it.
func spellRule(r Rule) string {
	words := []string{string(r.Kind)}
	if r.Every > 1 {
		words[0] += "/" + strconv.Itoa(r.Every)
	}
	if r.Kind == Ordinal {
		words = append(words, strconv.Itoa(r.Nth))
	}
	if r.Kind == Monthly {
		words = append(words, strconv.Itoa(r.Day))
	}
	if r.Days != 0 {
		words = append(words, r.Days.String())
	}
	if r.Kind == Cron {
		words = append(words, r.Cron)
	} else {
		words = append(words, r.Clock.String())
	}
	if !r.From.IsZero() {
		words = append(words, "from", r.From.String())
	}
	return strings.Join(words, " ")
}

func spellRuleError(err error) string {
	if e, ok := errors.AsType[*AmbiguousError](err); ok {
		var words []string
		for _, r := range e.Rules {
			words = append(words, spellRule(r))
		}
		return "? " + strings.Join(words, " / ")
	}
	if _, ok := errors.AsType[*OftenError](err); ok {
		return "often"
	}
	if e, ok := errors.AsType[*UnknownError](err); ok {
		return strings.TrimSpace("unknown " + strings.Join(e.Near, " / "))
	}
	return err.Error()
}

func TestParseRule(t *testing.T) {
	zone, err := LoadZone("Europe/London")
	if err != nil {
		t.Fatal(err)
	}
	b, err := os.ReadFile("testdata/rules.txt")
	if err != nil {
		t.Fatal(err)
	}
	for i, line := range strings.Split(strings.TrimSpace(string(b)), "\n") {
		if strings.HasPrefix(line, "#") {
			continue
		}
		parts := strings.Split(line, " | ")
		if len(parts) != 4 {
			t.Fatalf("line %d: want four parts", i+1)
		}
		t.Run(parts[0]+"/"+parts[1], func(t *testing.T) {
			text := parts[2]
			if q, err := strconv.Unquote(text); err == nil {
				text = q
			}
			c := Context{time.Date(2026, 10, 6, 10, 0, 0, 0, zone), zone, parts[0]}
			r, err := ParseRule(text, c, Morning)
			got := spellRule(r)
			if err != nil {
				got = spellRuleError(err)
			}
			if got != parts[3] {
				t.Errorf("line %d: %q is\n     %s\nwant %s", i+1, text, got, parts[3])
			}
			if err == nil {
				checkRule(t, r, c)
			}
		})
	}
}

// checkRule says that a rule comes, goes on coming, and survives being stored.
func checkRule(t *testing.T, r Rule, c Context) {
	t.Helper()
	b, err := json.Marshal(r)
	if err != nil {
		t.Fatal(err)
	}
	var stored Rule
	if err := json.Unmarshal(b, &stored); err != nil || stored != r {
		t.Errorf("%s is read back as %+v, %v", b, stored, err)
	}
	at := c.Now
	for range 3 {
		next, ok := r.Next(at)
		if !ok || !next.After(at) {
			t.Fatalf("after %s comes %s, %t", at, next, ok)
		}
		at = next
	}
}

func TestRuleNext(t *testing.T) {
	for _, row := range []struct {
		name  string
		rule  Rule
		after string
		want  string
	}{
		{"the clock stays over a change", Rule{Kind: Weekly, Days: DaySet(time.Friday), Clock: 16 * 60, Zone: "Europe/London"}, "2026-10-23T15:00:00Z", "2026-10-30T16:00:00Z"},
		{"a skipped time is the first valid minute", Rule{Kind: Daily, Clock: 90, Zone: "Europe/London"}, "2026-03-28T12:00:00Z", "2026-03-29T01:00:00Z"},
		{"a doubled time comes once", Rule{Kind: Daily, Clock: 90, Zone: "Europe/London"}, "2026-10-25T00:30:00Z", "2026-10-26T01:30:00Z"},
		{"the 31st in a shorter month is its last day", Rule{Kind: Monthly, Day: 31, Clock: 540, Zone: "UTC"}, "2026-01-31T09:00:00Z", "2026-02-28T09:00:00Z"},
		{"the last day in a leap year", Rule{Kind: Monthly, Day: -1, Clock: 540, Zone: "UTC"}, "2028-02-01T00:00:00Z", "2028-02-29T09:00:00Z"},
		{"29 February each year is the 28th in most", Rule{Kind: Monthly, Day: 29, Every: 12, From: Date{2028, 2, 29}, Clock: 540, Zone: "UTC"}, "2028-03-01T00:00:00Z", "2029-02-28T09:00:00Z"},
		{"a fifth weekday skips months that have none", Rule{Kind: Ordinal, Nth: 5, Days: DaySet(time.Friday), Clock: 540, Zone: "UTC"}, "2026-10-31T00:00:00Z", "2027-01-29T09:00:00Z"},
		{"two weeks count from a week", Rule{Kind: Weekly, Every: 2, Days: DaySet(time.Monday, time.Friday), From: Date{2026, 10, 9}, Clock: 540, Zone: "UTC"}, "2026-10-09T09:00:00Z", "2026-10-19T09:00:00Z"},
		{"not before it begins", Rule{Kind: Daily, Every: 2, From: Date{2026, 10, 9}, Clock: 540, Zone: "UTC"}, "2026-01-01T00:00:00Z", "2026-10-09T09:00:00Z"},
		{"a zone that is gone", Rule{Kind: Daily, Zone: "Europe/Atlantis"}, "2026-01-01T00:00:00Z", "-"},
		{"a kind that does not exist", Rule{Kind: "hourly", Zone: "UTC"}, "2026-01-01T00:00:00Z", "-"},
		{"a day that does not exist", Rule{Kind: Monthly, Day: -2, Zone: "UTC"}, "2026-01-01T00:00:00Z", "-"},
		{"a cron that is broken", Rule{Kind: Cron, Cron: "x", Zone: "UTC"}, "2026-01-01T00:00:00Z", "-"},
	} {
		t.Run(row.name, func(t *testing.T) {
			after, err := time.Parse(time.RFC3339, row.after)
			if err != nil {
				t.Fatal(err)
			}
			got := "-"
			if next, ok := row.rule.Next(after); ok {
				got = next.Format(time.RFC3339)
			}
			if got != row.want {
				t.Errorf("got %s, want %s", got, row.want)
			}
		})
	}
}

// drawRule is any rule that ParseRule can make.
func drawRule(t *rapid.T, zone string) Rule {
	r := Rule{
		Kind:  rapid.SampledFrom([]Kind{Daily, Weekly, Monthly, Ordinal}).Draw(t, "kind"),
		Every: rapid.IntRange(0, 3).Draw(t, "every"),
		Clock: Clock(rapid.IntRange(0, dayMinutes-1).Draw(t, "clock")),
		From:  Date{2026, time.Month(rapid.IntRange(1, 12).Draw(t, "month")), rapid.IntRange(1, 28).Draw(t, "from")},
		Zone:  zone,
	}
	switch r.Kind {
	case Weekly:
		r.Days = Days(rapid.IntRange(1, int(AllDays)).Draw(t, "days"))
	case Monthly:
		r.Day = rapid.SampledFrom([]int{-1, 1, 14, 28, 29, 30, 31}).Draw(t, "day")
	case Ordinal:
		r.Days = DaySet(time.Weekday(rapid.IntRange(0, 6).Draw(t, "weekday")))
		r.Nth = rapid.SampledFrom([]int{-1, 1, 2, 3, 4, 5}).Draw(t, "nth")
	default: // Daily has no more
	}
	return r
}

// A rule is asked day by day which of its wishes come, and must agree with Next, which leaps.
func TestRuleNextEqualsADayByDayCount(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		name := rapid.SampledFrom([]string{"Europe/London", "America/Santiago", "Australia/Lord_Howe", "Antarctica/Troll"}).Draw(t, "zone")
		zone, err := LoadZone(name)
		if err != nil {
			t.Fatal(err)
		}
		r := drawRule(t, name)
		from := time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC).Add(time.Duration(rapid.IntRange(0, 300*86400).Draw(t, "seconds")) * time.Second)
		at := from
		for d := DateOf(from, zone).AddDays(-1); d.Before(DateOf(from, zone).AddDays(200)); d = d.AddDays(1) {
			if !r.on(d) || !At(d, r.Clock, zone).After(from) {
				continue
			}
			next, ok := r.Next(at)
			if want := At(d, r.Clock, zone); !ok || !next.Equal(want) {
				t.Fatalf("%s after %s: got %s, %t; want %s", spellRule(r), at, next, ok, want)
			}
			at = next
		}
	})
}
