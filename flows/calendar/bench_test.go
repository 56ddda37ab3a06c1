package calendar

import (
	"strings"
	"testing"
)

func BenchmarkParse(b *testing.B) {
	c := here(b, "cy")
	for _, row := range []struct{ name, text string }{
		{"known", "dydd Gwener am 17:00"}, {"in another language", "Freitag um 17 Uhr"}, {"unknown", "publish the raedings tomorow please"},
	} {
		b.Run(row.name, func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				_, _ = Parse(row.text, c)
			}
		})
	}
}

func BenchmarkFindTrailing(b *testing.B) {
	c, text := here(b, "en"), strings.Repeat("and then water the plants by the door on ", 20)
	b.ReportAllocs()
	for b.Loop() {
		FindTrailing(text, c)
	}
}

func BenchmarkLoadZone(b *testing.B) {
	for b.Loop() {
		if _, err := LoadZone("America/New_York"); err != nil {
			b.Fatal(err)
		}
	}
}
