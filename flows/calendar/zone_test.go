package calendar

import (
	"errors"
	"slices"
	"testing"
	"time"
)

func TestLoadZone(t *testing.T) {
	for _, row := range []struct{ name, text, want string }{
		{"as IANA spells it", "Europe/London", "Europe/London"},
		{"small letters", "europe/london", "Europe/London"},
		{"a space for the underline", "America/New York", "America/New_York"},
		{"three parts", "america/argentina/buenos_aires", "America/Argentina/Buenos_Aires"},
		{"UTC", "utc", "UTC"},
		{"an old spelling", "Asia/Calcutta", "Asia/Calcutta"},
	} {
		t.Run(row.name, func(t *testing.T) {
			if loc, err := LoadZone(row.text); err != nil || loc.String() != row.want {
				t.Errorf("LoadZone(%q) = %v, %v; want %s", row.text, loc, err, row.want)
			}
		})
	}
	for _, row := range []struct{ name, text, near string }{
		{"a city", "London", "Europe/London"},
		{"a city of two words", "new york", "America/New_York"},
		{"a city that has no zone of its own", "Cardiff", "Europe/London"},
		{"the same in Welsh", "Caerdydd", "Europe/London"},
		{"a country with marks", "España", "Europe/Madrid"},
		{"an abbreviation", "BST", "Europe/London"},
		{"a slip", "Europe/Lodnon", "Europe/London"},
		{"the wrong region", "Europe/Toronto", "America/Toronto"},
		{"nothing", "", ""},
		{"this machine's", "Local", ""},
		{"a way out of the folder", "../../etc/passwd", ""},
		{"no zone at all", "get", ""},
	} {
		t.Run(row.name, func(t *testing.T) {
			_, err := LoadZone(row.text)
			unknown, ok := errors.AsType[*UnknownError](err)
			if !ok {
				t.Fatalf("LoadZone(%q): got %v, want an UnknownError", row.text, err)
			}
			if row.near == "" && len(unknown.Near) > 0 || row.near != "" && !slices.Contains(unknown.Near, row.near) {
				t.Errorf("LoadZone(%q): near %q, want %q", row.text, unknown.Near, row.near)
			}
		})
	}
}

func TestEveryListedZoneLoads(t *testing.T) {
	names := zoneNames()
	if len(names.spelled) < 400 {
		t.Errorf("only %d names were read", len(names.spelled))
	}
	for _, known := range []map[string]string{names.spelled, names.called} {
		for word, name := range known {
			if _, err := time.LoadLocation(name); err != nil {
				t.Errorf("%q: %v", word, err)
			}
		}
	}
}
