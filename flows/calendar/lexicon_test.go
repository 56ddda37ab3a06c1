package calendar

import (
	"strings"
	"testing"
)

// every language must be able to say these.
var needed = []kind{
	kWeekday, kMonth, kDay, kPart, kNext, kThis, kLast, kUnit, kSpan, kIn, kAgo, kNumber, kOrdinal, kEnd, kStart,
	kAt, kOn, kThe, kOf, kAnd, kTo, kEvery, kOften, kWorkdays, kAllDays, kOff, kBy, kUntil,
}

func TestEachLanguageIsComplete(t *testing.T) {
	for _, language := range languages {
		lx := lexicons()[language]
		has := map[kind]bool{}
		weekdays, months := map[int]bool{}, map[int]bool{}
		for phrase, meanings := range lx.phrases {
			for _, m := range meanings {
				has[m.kind] = true
				if m.kind == kWeekday && !m.short {
					weekdays[m.n] = true
				}
				if m.kind == kMonth && !m.short {
					months[m.n] = true
				}
			}
			if phrase != fold(phrase) {
				t.Errorf("%s: %q is not folded", language, phrase)
			}
		}
		for _, k := range needed {
			if !has[k] {
				t.Errorf("%s has no %s", language, k)
			}
		}
		if len(weekdays) != 7 || len(months) != 12 {
			t.Errorf("%s names %d weekdays and %d months", language, len(weekdays), len(months))
		}
	}
}

// A kind that is not known would be words that no one reads.
func TestLanguagesUseKnownKinds(t *testing.T) {
	known := map[kind]bool{
		kWeeknight: true, kComing: true, kWeekOn: true, kOne: true, kFromNow: true, kAfter: true, kLastDay: true, kEndDay: true,
		kEndWeek: true, kEndMonth: true, kEndYear: true, kAM: true, kPM: true, kOClock: true, kHours: true, kPast: true,
		kPlus: true, kDayWord: true, kFrom: true, kOther: true,
	}
	for _, k := range needed {
		known[k] = true
	}
	for _, language := range languages {
		for phrase, meanings := range lexicons()[language].phrases {
			for _, m := range meanings {
				if !known[m.kind] {
					t.Errorf("%s: %q is a %q", language, phrase, m.kind)
				}
			}
		}
	}
}

func TestReadLexiconRefuses(t *testing.T) {
	for _, row := range []struct{ name, text, says string }{
		{"no equals sign", "weekday 1 monday", "line 1"},
		{"a value that is no number", "\nweekday one = monday", "line 2"},
		{"a unit that does not exist", "unit moon = moon", "moon"},
		{"a part of the day that does not exist", "part dusk = dusk", "dusk"},
		{"an empty phrase", "weekday 1 = monday, , mondays", "empty"},
	} {
		t.Run(row.name, func(t *testing.T) {
			if _, err := readLexicon("xx", row.text); err == nil || !strings.Contains(err.Error(), row.says) {
				t.Errorf("got %v, want an error with %q", err, row.says)
			}
		})
	}
}

func BenchmarkReadLexicons(b *testing.B) {
	for b.Loop() {
		for _, language := range languages {
			text, err := languageFiles.ReadFile("languages/" + language + ".txt")
			if err != nil {
				b.Fatal(err)
			}
			if _, err := readLexicon(language, string(text)); err != nil {
				b.Fatal(err)
			}
		}
	}
}
