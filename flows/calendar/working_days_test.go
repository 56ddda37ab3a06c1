package calendar

import (
	"testing"
	"time"

	"pgregory.net/rapid"
)

func TestParseDays(t *testing.T) {
	for _, row := range []struct{ name, language, text, want string }{
		{"a range", "en", "mon-fri", "mon,tue,wed,thu,fri"},
		{"a range in words", "en", "Monday to Friday", "mon,tue,wed,thu,fri"},
		{"a range from Sunday", "en", "sunday to thursday", "mon,tue,wed,thu,sun"},
		{"a range with a long dash", "en", "tue – thu", "tue,wed,thu"},
		{"a list", "en", "mon wed fri", "mon,wed,fri"},
		{"a list with commas", "en", "mon, wed and fri", "mon,wed,fri"},
		{"a list without spaces", "en", "mon,wed,fri", "mon,wed,fri"},
		{"one", "en", "saturday", "sat"},
		{"working days", "en", "weekdays", "mon,tue,wed,thu,fri"},
		{"each day", "en", "every day", "mon,tue,wed,thu,fri,sat,sun"},
		{"two ranges", "en", "mon-tue, thu-fri", "mon,tue,thu,fri"},
		{"Welsh", "cy", "dydd Llun i ddydd Gwener", "mon,tue,wed,thu,fri"},
		{"Spanish", "es", "de lunes a viernes", "mon,tue,wed,thu,fri"},
		{"Spanish, abbreviated", "es", "lun-vie", "mon,tue,wed,thu,fri"},
		{"French", "fr", "lundi, mardi et jeudi", "mon,tue,thu"},
		{"French range", "fr", "du lundi au jeudi", "mon,tue,wed,thu"},
		{"German", "de", "Mo-Do", "mon,tue,wed,thu"},
		{"German list", "de", "Montag, Mittwoch und Freitag", "mon,wed,fri"},
		{"German in words", "de", "Sonntag bis Donnerstag", "mon,tue,wed,thu,sun"},
		{"English for a Welsh speaker", "cy", "mon-fri", "mon,tue,wed,thu,fri"},
		{"nothing", "en", "", ""},
		{"words", "en", "when I can", ""},
		{"a number", "en", "5", ""},
	} {
		t.Run(row.name, func(t *testing.T) {
			s, err := ParseDays(row.text, Context{Language: row.language, Zone: time.UTC})
			if got := s.String(); got != row.want || (err == nil) != (row.want != "") {
				t.Errorf("ParseDays(%q) = %q, %v; want %q", row.text, got, err, row.want)
			}
		})
	}
}

func TestWorkingDays(t *testing.T) {
	friday := Date{2026, 10, 9}
	for _, row := range []struct {
		name          string
		days          Days
		d             Date
		before, after Date
	}{
		{"in the week", UsualDays, Date{2026, 10, 7}, Date{2026, 10, 6}, Date{2026, 10, 8}},
		{"over the weekend", UsualDays, Date{2026, 10, 12}, friday, Date{2026, 10, 13}},
		{"from a day off", UsualDays, Date{2026, 10, 11}, friday, Date{2026, 10, 12}},
		{"none set are the usual", 0, Date{2026, 10, 10}, friday, Date{2026, 10, 12}},
		{"one day a week", DaySet(time.Friday), friday, Date{2026, 10, 2}, Date{2026, 10, 16}},
		{"over a year", UsualDays, Date{2027, 1, 1}, Date{2026, 12, 31}, Date{2027, 1, 4}},
	} {
		t.Run(row.name, func(t *testing.T) {
			if got := row.days.Before(row.d); got != row.before {
				t.Errorf("before: got %s, want %s", got, row.before)
			}
			if got := row.days.After(row.d); got != row.after {
				t.Errorf("after: got %s, want %s", got, row.after)
			}
		})
	}
}

func TestDaysAreStoredInWords(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		s := Days(rapid.IntRange(0, int(AllDays)).Draw(t, "days"))
		text, err := s.MarshalText()
		if err != nil {
			t.Fatal(err)
		}
		var back Days
		if err := back.UnmarshalText(text); err != nil || back != s {
			t.Fatalf("%q is read back as %q, %v", text, back, err)
		}
	})
	var s Days
	if err := s.UnmarshalText([]byte("mon,frei")); err == nil {
		t.Error("a word that is no day was read")
	}
}
