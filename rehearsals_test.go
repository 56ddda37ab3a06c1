package main

import (
	"bytes"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// Every rehearsal passes, and prints the transcript beside it to the letter; -update writes it.
func TestRehearsals(t *testing.T) {
	files, err := filepath.Glob("rehearsals/*.trellis")
	if err != nil || len(files) == 0 {
		t.Fatalf("there are no rehearsals: %v", err)
	}
	for _, file := range files {
		t.Run(strings.TrimSuffix(filepath.Base(file), ".trellis"), func(t *testing.T) {
			t.Parallel()
			var log, got bytes.Buffer
			result, err := play(t.Context(), file, &log)
			if err != nil {
				t.Fatal(err)
			}
			if log.Len() > 0 {
				t.Errorf("an operator would be warned:\n%s", &log)
			}
			if *update {
				if err := keepTranscript(file, result); err != nil {
					t.Fatal(err)
				}
			}
			if err := result.WriteText(&got); err != nil {
				t.Fatal(err)
			}
			want, err := os.ReadFile(transcriptOf(file))
			if err != nil {
				t.Fatal(err)
			}
			if at := difference(got.String(), string(want)); at != "" {
				t.Errorf("%s differs; look, and if it is right: go test -run Rehearsals -update .\n%s", transcriptOf(file), at)
			}
		})
	}
}

// difference is the first line in which two texts differ, empty when they are the same.
func difference(got, want string) string {
	if got == want {
		return ""
	}
	g, w := strings.Split(got, "\n"), strings.Split(want, "\n")
	at := 0
	for at < len(g) && at < len(w) && g[at] == w[at] {
		at++
	}
	line := func(lines []string) string {
		if at < len(lines) {
			return lines[at]
		}
		return "(the end)"
	}
	return "got:  " + line(g) + "\nwant: " + line(w)
}
