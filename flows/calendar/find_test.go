package calendar

import (
	"testing"
	"time"
)

// here is Tuesday 6 October 2026, 10:00 in London.
func here(t testing.TB, language string) Context {
	t.Helper()
	zone, err := LoadZone("Europe/London")
	if err != nil {
		t.Fatal(err)
	}
	return Context{time.Date(2026, 10, 6, 10, 0, 0, 0, zone), zone, language}
}

func TestFindAfter(t *testing.T) {
	for _, row := range []struct{ name, language, keyword, text, before, want string }{
		{"a weekday", "en", "by", "publish the readings by friday", "publish the readings", "2026-10-09"},
		{"the word within the text", "en", "by", "publish the by-laws by friday", "publish the by-laws", "2026-10-09"},
		{"two of the word", "en", "by", "go by bus to Bath by 3 April 17:00", "go by bus to Bath", "2027-04-03 17:00"},
		{"two dates", "en", "by", "move the talk by friday by 20 october", "move the talk by friday", "2026-10-20"},
		{"no date after it", "en", "by", "read the poem by Owen", "read the poem by Owen", "none"},
		{"a date, and more", "en", "by", "send it by friday please", "send it by friday please", "none"},
		{"nothing after it", "en", "by", "stand by", "stand by", "none"},
		{"nothing before it", "en", "by", "by friday", "", "2026-10-09"},
		{"capitals", "en", "by", "Publish BY Friday", "Publish", "2026-10-09"},
		{"a full stop", "en", "by", "publish by friday.", "publish", "2026-10-09"},
		{"an ambiguous date is found", "en", "by", "publish by 3/4", "publish", "? 2027-03-04 / 2027-04-03"},
		{"a past date is found", "en", "by", "publish by 3 april 2020", "publish", "past 2027-04-03"},
		{"a length is no date", "en", "by", "shorten it by 2 weeks", "shorten it by 2 weeks", "none"},
		{"the end of the month", "en", "by", "finish by the end of the month", "finish", "2026-10-31"},
		{"line breaks", "en", "by", "publish\nthe readings\nby friday", "publish\nthe readings", "2026-10-09"},
		{"until", "en", "until", "away until 20 october", "away", "2026-10-20"},
		{"Welsh", "cy", "by", "cyhoeddi'r canlyniadau erbyn dydd Gwener", "cyhoeddi'r canlyniadau", "2026-10-09"},
		{"Welsh for an English speaker", "en", "by", "cyhoeddi erbyn dydd Gwener", "cyhoeddi", "2026-10-09"},
		{"Spanish", "es", "by", "publicar los datos para el viernes", "publicar los datos", "2026-10-09"},
		{"Spanish, before", "es", "by", "publicar los datos antes del viernes", "publicar los datos", "2026-10-09"},
		{"French", "fr", "by", "publier les mesures avant vendredi", "publier les mesures", "2026-10-09"},
		{"French, two words", "fr", "by", "publier les mesures d’ici le 9 octobre", "publier les mesures", "2026-10-09"},
		{"French, for", "fr", "by", "un gâteau pour Ben pour vendredi", "un gâteau pour Ben", "2026-10-09"},
		{"German", "de", "by", "die Messwerte veröffentlichen bis Freitag", "die Messwerte veröffentlichen", "2026-10-09"},
		{"German, two words", "de", "by", "veröffentlichen bis zum 9. Oktober", "veröffentlichen", "2026-10-09"},
		{"marks in what is kept", "fr", "by", "écrire à Zoë avant demain", "écrire à Zoë", "2026-10-07"},
		{"nothing", "en", "by", "", "", "none"},
	} {
		t.Run(row.name, func(t *testing.T) {
			before, w, found, err := FindAfter(row.text, row.keyword, here(t, row.language))
			got := "none"
			if found {
				got = spell(w, err, row.want)
			}
			if before != row.before || got != row.want {
				t.Errorf("FindAfter(%q) = %q, %s; want %q, %s", row.text, before, got, row.before, row.want)
			}
		})
	}
}

func TestFindTrailing(t *testing.T) {
	for _, row := range []struct{ name, language, text, before, want string }{
		{"a day", "en", "water the plants tomorrow", "water the plants", "2026-10-07"},
		{"a day and a time", "en", "water the plants tomorrow at 5pm", "water the plants", "2026-10-07 17:00"},
		{"with on", "en", "call Ben on friday", "call Ben", "2026-10-09"},
		{"with by", "en", "send it by friday", "send it", "2026-10-09"},
		{"in a while", "en", "look at the oven in 30 seconds", "look at the oven", "2026-10-06 10:00:30"},
		{"a time", "en", "ring the bell at 17:00", "ring the bell", "2026-10-06 17:00"},
		{"an hour of either half", "en", "ring the bell at 5", "ring the bell", "? 2026-10-06 17:00 / 2026-10-07 05:00"},
		{"the longest", "en", "write to Ana about March on 3 April 2027", "write to Ana about March", "2027-04-03"},
		{"a number before the date stays", "en", "call extension 12 tomorrow", "call extension 12", "2026-10-07"},
		{"a number is no time", "en", "buy apples 5", "buy apples 5", "none"},
		{"a length is no date", "en", "rest for 2 weeks", "rest for 2 weeks", "none"},
		{"hours are no time", "fr", "dormir 2 heures", "dormir 2 heures", "none"},
		{"an abbreviation alone is a word", "en", "sit in the sun", "sit in the sun", "none"},
		{"an abbreviation after on", "en", "sit in the garden on sun", "sit in the garden", "2026-10-11"},
		{"a name that is a day elsewhere", "en", "call Sam", "call Sam", "none"},
		{"a greeting is no time", "en", "say good morning", "say good morning", "none"},
		{"in the morning is one", "en", "feed the cat in the morning", "feed the cat", "2026-10-07 09:00"},
		{"a month alone is a word", "en", "ask whether we may", "ask whether we may", "none"},
		{"none", "en", "water the plants", "water the plants", "none"},
		{"only a date", "en", "friday", "", "2026-10-09"},
		{"Spanish", "es", "regar las plantas mañana a las 17:00", "regar las plantas", "2026-10-07 17:00"},
		{"French", "fr", "arroser les plantes demain à 17h", "arroser les plantes", "2026-10-07 17:00"},
		{"German", "de", "die Blumen gießen am Freitag um 17 Uhr", "die Blumen gießen", "2026-10-09 17:00"},
		{"Welsh", "cy", "dyfrio'r planhigion yfory am 17:00", "dyfrio'r planhigion", "2026-10-07 17:00"},
	} {
		t.Run(row.name, func(t *testing.T) {
			before, w, found, err := FindTrailing(row.text, here(t, row.language))
			got := "none"
			if found {
				got = spell(w, err, row.want)
			}
			if before != row.before || got != row.want {
				t.Errorf("FindTrailing(%q) = %q, %s; want %q, %s", row.text, before, got, row.before, row.want)
			}
		})
	}
}

func TestFindLeading(t *testing.T) {
	for _, row := range []struct{ name, text, after, want string }{
		{"a day and a time", "tomorrow 9am to bring the sensor", "to bring the sensor", "2026-10-07 09:00"},
		{"in a while", "in 2 weeks: call Ben", "call Ben", "2026-10-20"},
		{"an ambiguous one", "next friday to call Ben", "to call Ben", "? 2026-10-09 / 2026-10-16"},
		{"none", "call Ben tomorrow", "call Ben tomorrow", "none"},
	} {
		t.Run(row.name, func(t *testing.T) {
			w, after, found, err := FindLeading(row.text, here(t, "en"))
			got := "none"
			if found {
				got = spell(w, err, row.want)
			}
			if after != row.after || got != row.want {
				t.Errorf("FindLeading(%q) = %s, %q; want %s, %q", row.text, got, after, row.want, row.after)
			}
		})
	}
}
