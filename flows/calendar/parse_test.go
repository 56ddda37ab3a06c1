package calendar

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"
)

// phrase is one row of testdata/dates.*.txt: what somebody wrote, when and where, and what it means.
type phrase struct {
	name, text, want string
	c                Context
	where            string // file and line
}

func phrases(t testing.TB) []phrase {
	t.Helper()
	files, err := filepath.Glob("testdata/dates.*.txt")
	if err != nil {
		t.Fatal(err)
	}
	var list []phrase
	for _, file := range files {
		b, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		c := Context{Language: strings.Split(filepath.Base(file), ".")[1]}
		for i, line := range strings.Split(string(b), "\n") {
			where := fmt.Sprintf("%s:%d", file, i+1)
			if line == "" || strings.HasPrefix(line, "#") {
				continue
			}
			if at, ok := strings.CutPrefix(line, "@ "); ok {
				words := strings.Fields(at)
				if c.Zone, err = LoadZone(words[2]); err != nil {
					t.Fatal(where, err)
				}
				if c.Now, err = time.ParseInLocation("2006-01-02 15:04", words[0]+" "+words[1], c.Zone); err != nil {
					t.Fatal(where, err)
				}
				continue
			}
			parts := strings.Split(line, " | ")
			if len(parts) != 3 {
				t.Fatalf("%s: want three parts", where)
			}
			text := parts[1]
			if q, err := strconv.Unquote(text); err == nil {
				text = q
			}
			list = append(list, phrase{parts[0], text, parts[2], c, where})
		}
	}
	return list
}

func TestParse(t *testing.T) {
	list := phrases(t)
	if len(list) < 300 {
		t.Errorf("%d phrases, want 300 at least", len(list))
	}
	for _, p := range list {
		t.Run(p.c.Language+"/"+p.name, func(t *testing.T) {
			w, err := Parse(p.text, p.c)
			if got := spell(w, err, p.want); got != p.want {
				t.Errorf("%s: %q is\n     %s\nwant %s", p.where, p.text, got, p.want)
			}
		})
	}
}

// spell is a meaning as the tables have it; with an offset where the wanted one has it.
func spell(w When, err error, want string) string {
	join := func(list []When) string {
		var words []string
		for _, w := range list {
			words = append(words, spellWhen(w, ""))
		}
		return strings.Join(words, " / ")
	}
	if err == nil {
		return spellWhen(w, want)
	}
	if e, ok := errors.AsType[*AmbiguousError](err); ok {
		return "? " + join(e.Choices)
	}
	if e, ok := errors.AsType[*PastError](err); ok {
		return strings.TrimSpace("past " + join(e.Choices))
	}
	if _, ok := errors.AsType[*FarError](err); ok {
		return "far"
	}
	if e, ok := errors.AsType[*UnknownError](err); ok {
		return strings.TrimSpace("unknown " + strings.Join(e.Near, " / "))
	}
	return err.Error()
}

func spellWhen(w When, want string) string {
	if !w.HasTime {
		return w.Date.String()
	}
	zone, err := time.LoadLocation(w.Zone)
	if err != nil {
		return err.Error()
	}
	at := w.At.In(zone)
	text := at.Format("2006-01-02 15:04")
	if at.Second() != 0 {
		text = at.Format("2006-01-02 15:04:05")
	}
	if strings.ContainsAny(want, "+") {
		text += at.Format("-07:00")
	}
	return text
}
