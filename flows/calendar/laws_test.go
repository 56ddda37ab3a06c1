package calendar

import (
	"encoding/json"
	"errors"
	"slices"
	"strings"
	"testing"
	"time"

	"pgregory.net/rapid"
)

var lawZones = []string{"Europe/London", "America/Santiago", "Australia/Lord_Howe", "Antarctica/Troll", "Asia/Kathmandu", "Pacific/Apia", "UTC"}

func drawContext(t *rapid.T) Context {
	zone, err := LoadZone(rapid.SampledFrom(lawZones).Draw(t, "zone"))
	if err != nil {
		t.Fatal(err)
	}
	now := time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC).Add(time.Duration(rapid.IntRange(0, 800*86400).Draw(t, "now")) * time.Second)
	return Context{now, zone, rapid.SampledFrom(languages).Draw(t, "language")}
}

// checkMoment is what holds for each moment that Parse gives, or offers.
func checkMoment(t interface{ Fatalf(string, ...any) }, w When, c Context, text string) {
	today := DateOf(c.Now, c.Zone)
	switch {
	case w.HasTime && !w.At.After(c.Now), !w.HasTime && w.Date.Before(today):
		t.Fatalf("%q at %s is %s, which is past", text, c.Now, w)
	case w.Zone != c.Zone.String() || w.At.Location() != time.UTC:
		t.Fatalf("%q is %s, not in its zone", text, w)
	case w.HasTime && (w.Date != DateOf(w.At, c.Zone) || w.Clock != ClockOf(w.At, c.Zone)):
		t.Fatalf("%q is %s, with date %s and clock %s", text, w, w.Date, w.Clock)
	case !w.HasTime && !w.At.Equal(w.Date.Start(c.Zone)):
		t.Fatalf("%q starts at %s, not at the start of %s", text, w.At, w.Date)
	}
	again, err := Parse(w.String(), c)
	if _, far := errors.AsType[*FarError](err); !far && (err != nil || again != w) {
		t.Fatalf("%q is %s, which is read as %s, %v", text, w, again, err)
	}
}

func checkParse(t interface{ Fatalf(string, ...any) }, text string, c Context) {
	w, err := Parse(text, c)
	if err == nil {
		checkMoment(t, w, c, text)
		if limit := DateOf(c.Now, c.Zone).AddMonths(12 * farthest); limit.Before(w.Date) {
			t.Fatalf("%q is %s, after %s", text, w, limit)
		}
		return
	}
	var choices []When
	if e, ok := errors.AsType[*AmbiguousError](err); ok {
		if choices = e.Choices; len(choices) < 2 {
			t.Fatalf("%q has %d readings", text, len(choices))
		}
	}
	if e, ok := errors.AsType[*PastError](err); ok {
		choices = e.Choices
	}
	if !slices.IsSortedFunc(choices, func(a, b When) int { return a.At.Compare(b.At) }) {
		t.Fatalf("the choices for %q are out of order", text)
	}
	for _, w := range choices {
		checkMoment(t, w, c, text)
	}
}

// Any words of a language, in any order, are refused or mean something that holds.
func TestParseOfWordsInAnyOrder(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		c := drawContext(t)
		lx := lexicons()[c.Language]
		words := slices.Sorted(func(yield func(string) bool) {
			for w := range lx.phrases {
				if !yield(w) {
					return
				}
			}
		})
		words = append(words, "3", "14", "2027", "17:00", "5pm", "3/4", "3.4.", "1st", "2h", "2026-10-09", "10.11", "12")
		text := strings.Join(rapid.SliceOfN(rapid.SampledFrom(words), 1, 5).Draw(t, "words"), " ")
		checkParse(t, text, c)
		if r, err := ParseRule(text, c, Morning); err == nil {
			if next, ok := r.Next(c.Now); !ok || !next.After(c.Now) {
				t.Fatalf("the rule %q, %+v, comes at %s, %t", text, r, next, ok)
			}
		}
	})
}

func TestMomentsAreReadBack(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		c := drawContext(t)
		at := c.Now.Add(time.Duration(rapid.IntRange(1, 9*365*86400).Draw(t, "seconds")) * time.Second)
		w := When{At: at, Date: DateOf(at, c.Zone), Clock: ClockOf(at, c.Zone), HasTime: true, Zone: c.Zone.String()}
		if rapid.Bool().Draw(t, "day alone") {
			w.HasTime, w.Clock, w.At = false, 0, w.Date.Start(c.Zone)
		}
		checkMoment(t, w, c, "drawn")
		b, err := json.Marshal(w)
		if err != nil {
			t.Fatal(err)
		}
		var stored When
		if err := json.Unmarshal(b, &stored); err != nil || stored != w {
			t.Fatalf("%s is read back as %+v, %v", b, stored, err)
		}
	})
}

// A later wish never comes earlier, and what comes shows the time that was wished, or the first valid one after it.
func TestAtFollowsTheWallClock(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		names := slices.Sorted(func(yield func(string) bool) {
			for n := range changing {
				if !yield(n) {
					return
				}
			}
		})
		name := rapid.SampledFrom(names).Draw(t, "zone")
		zone, err := LoadZone(name)
		if err != nil {
			t.Fatal(err)
		}
		start, err := time.Parse(time.RFC3339, rapid.SampledFrom(changing[name]).Draw(t, "start"))
		if err != nil {
			t.Fatal(err)
		}
		d := DateOf(start, zone).AddDays(rapid.IntRange(0, 2).Draw(t, "day"))
		c := Clock(rapid.IntRange(0, dayMinutes-1).Draw(t, "clock"))
		at := At(d, c, zone)
		if next := At(d, c+1, zone); next.Before(at) {
			t.Fatalf("%s %s in %s is %s, a minute later %s", d, c, name, at, next)
		}
		wish, shown := d.utc().Add(time.Duration(c)*time.Minute), DateOf(at, zone).utc().Add(time.Duration(ClockOf(at, zone))*time.Minute)
		before := at.Add(-time.Minute)
		earlier := DateOf(before, zone).utc().Add(time.Duration(ClockOf(before, zone)) * time.Minute)
		if shown.Before(wish) || shown.After(wish) && !earlier.Before(wish) {
			t.Fatalf("%s %s in %s shows %s, and a minute before %s", d, c, name, shown, earlier)
		}
	})
}

func FuzzParse(f *testing.F) {
	for i, p := range phrases(f) {
		f.Add(p.text, uint8(i), uint8(i/7), p.c.Now.Unix())
	}
	for _, text := range []string{"\x00", "a\u0301", "99999999999999999999", "1/", "by by by", strings.Repeat("in 2 weeks and ", 40), "2026-10-09T99:99", "'\"“”"} {
		f.Add(text, uint8(0), uint8(0), int64(1791280800))
	}
	f.Fuzz(func(t *testing.T, text string, language, zone uint8, now int64) {
		loc, err := LoadZone(lawZones[int(zone)%len(lawZones)])
		if err != nil {
			t.Fatal(err)
		}
		const first, last = 0, 4102444800 // 1970 to 2100
		c := Context{time.Unix(first+max(now, -now)%(last-first), 0), loc, languages[int(language)%len(languages)]}
		checkParse(t, text, c)
		for _, keyword := range []string{"by", "until"} {
			if before, _, found, _ := FindAfter(text, keyword, c); !strings.HasPrefix(text, before) || !found && before != text {
				t.Errorf("%q begins with %q, %t", text, before, found)
			}
		}
		if before, _, found, _ := FindTrailing(text, c); !strings.HasPrefix(text, before) || !found && before != text {
			t.Errorf("%q begins with %q, %t", text, before, found)
		}
		if _, after, found, _ := FindLeading(text, c); !strings.HasSuffix(text, after) || !found && after != text {
			t.Errorf("%q ends with %q, %t", text, after, found)
		}
		if r, err := ParseRule(text, c, Morning); err == nil {
			if next, ok := r.Next(c.Now); !ok || !next.After(c.Now) {
				t.Errorf("the rule %q, %+v, comes at %s, %t", text, r, next, ok)
			}
		}
		if q, err := ParseQuiet(text, c); err == nil {
			if again, err := ParseQuiet(q.String(), c); err != nil || again != q {
				t.Errorf("%q is %s, which is read as %s, %v", text, q, again, err)
			}
		}
		if s, err := ParseDays(text, c); err == nil && s == 0 {
			t.Errorf("%q is no day at all", text)
		}
		if clock, err := ParseClock(text, c); err == nil && (clock < 0 || clock >= dayMinutes) {
			t.Errorf("%q is %d minutes", text, clock)
		}
	})
}
