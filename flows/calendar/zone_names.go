package calendar

import (
	"cmp"
	_ "embed" // go:embed asks for it
	"fmt"
	"slices"
	"strings"
	"sync"
	"time"
)

//go:embed zones.txt
var zonesText string

// zoneTable is zones.txt, read: names as IANA spells them, and the words that lead to one, both by their folded form;
// and each zone by its name, loaded when it is first asked for.
type zoneTable struct {
	spelled, called map[string]string
	zones           map[string]func() (*time.Location, error)
}

var zoneNames = sync.OnceValue(func() (z zoneTable) {
	z.spelled, z.called = map[string]string{"utc": "UTC"}, map[string]string{}
	for line := range strings.Lines(zonesText) {
		if region, places, ok := strings.Cut(line, ": "); ok && !strings.HasPrefix(line, "#") {
			for place := range strings.FieldsSeq(places) {
				name := region + "/" + place
				z.spelled[foldZone(name)] = name
				z.called[foldZone(place[strings.LastIndex(place, "/")+1:])] = name
			}
		}
		if name, words, ok := strings.Cut(line, " = "); ok {
			for word := range strings.FieldsSeq(words) {
				z.called[foldZone(word)] = name
			}
		}
	}
	z.zones = make(map[string]func() (*time.Location, error), len(z.spelled))
	for _, name := range z.spelled {
		z.zones[name] = sync.OnceValues(func() (*time.Location, error) { return time.LoadLocation(name) })
	}
	return z
})

func foldZone(s string) string {
	return strings.Map(func(r rune) rune {
		if r == ' ' || r == '-' {
			return '_'
		}
		return r
	}, fold(strings.TrimSpace(s)))
}

// LoadZone finds a zone by its IANA name; case, and spaces for underlines, do not matter. The error is an
// *UnknownError with the nearest names: "london" is no zone, but near Europe/London.
func LoadZone(name string) (*time.Location, error) {
	known := zoneNames()
	load, ok := known.zones[name]
	if !ok {
		load, ok = known.zones[known.spelled[foldZone(name)]]
	}
	if ok {
		loc, err := load()
		if err != nil {
			return nil, fmt.Errorf("load zone %s: %w", name, err)
		}
		return loc, nil
	}
	// "" and "Local" load as well, as the zones of nobody and of this machine.
	if loc, err := time.LoadLocation(name); err == nil && name != "" && name != "Local" {
		return loc, nil
	}
	return nil, &UnknownError{Text: name, Near: nearZones(name)}
}

// nearZones are at most three names, best first.
func nearZones(name string) []string {
	word := foldZone(name)
	if word == "" {
		return nil
	}
	if known, ok := zoneNames().called[word]; ok {
		return []string{known}
	}
	if at := strings.LastIndex(word, "/"); at >= 0 {
		if known, ok := zoneNames().called[word[at+1:]]; ok { // the right place in a wrong region
			return []string{known}
		}
	}
	type near struct {
		name  string
		slips int
	}
	var list []near
	for _, known := range []map[string]string{zoneNames().spelled, zoneNames().called} {
		for key, name := range known {
			if n := slips(word, key); n <= len(word)/4 {
				list = append(list, near{name, n})
			}
		}
	}
	slices.SortFunc(list, func(a, b near) int {
		return cmp.Or(cmp.Compare(a.slips, b.slips), cmp.Compare(a.name, b.name))
	})
	var names []string
	for _, n := range list {
		if !slices.Contains(names, n.name) && len(names) < 3 {
			names = append(names, n.name)
		}
	}
	return names
}

// slips counts the letters left out, added, exchanged or swapped with their neighbour between two folded words.
func slips(a, b string) int {
	before, last, row := make([]int, len(b)+1), make([]int, len(b)+1), make([]int, len(b)+1)
	for j := range last {
		last[j] = j
	}
	for i := range len(a) {
		row[0] = i + 1
		for j := range len(b) {
			cost := 1
			if a[i] == b[j] {
				cost = 0
			}
			row[j+1] = min(last[j]+cost, last[j+1]+1, row[j]+1)
			if i > 0 && j > 0 && a[i] == b[j-1] && a[i-1] == b[j] {
				row[j+1] = min(row[j+1], before[j-1]+1)
			}
		}
		before, last, row = last, row, before
	}
	return last[len(b)]
}
