package main

import (
	"bufio"
	"debug/elf"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
)

// instruction is one of the Dockerfile's, its continued lines joined.
type instruction struct{ name, rest string }

func readDockerfile(t *testing.T) (stages [][]instruction) {
	t.Helper()
	file, err := os.Open("Dockerfile")
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = file.Close() }()
	lines := bufio.NewScanner(file)
	for text := ""; lines.Scan(); {
		line := strings.TrimSpace(lines.Text())
		if line == "" || strings.HasPrefix(line, "#") {
			continue
		}
		if before, more := strings.CutSuffix(line, "\\"); more {
			text += before
			continue
		}
		name, rest, ok := strings.Cut(text+line, " ")
		text = ""
		if !ok || name != strings.ToUpper(name) {
			t.Fatalf("Dockerfile: %q is no instruction", line)
		}
		if name == "FROM" {
			stages = append(stages, nil)
		}
		if len(stages) == 0 {
			t.Fatalf("Dockerfile: %s comes before FROM", name)
		}
		last := len(stages) - 1
		stages[last] = append(stages[last], instruction{name, rest})
	}
	if err := lines.Err(); err != nil {
		t.Fatal(err)
	}
	return stages
}

func rest(stage []instruction, name string) (all []string) {
	for _, i := range stage {
		if i.name == name {
			all = append(all, i.rest)
		}
	}
	return all
}

func TestImageHoldsTheBinaryAlone(t *testing.T) {
	stages := readDockerfile(t)
	if len(stages) != 2 {
		t.Fatalf("%d stages, want one that builds and one that is shipped", len(stages))
	}
	image := stages[1]
	for _, want := range []struct{ name, value string }{
		{"FROM", "scratch"},
		{"USER", "65532:65532"},
		{"VOLUME", `["/data"]`},
		{"ENTRYPOINT", `["/trellis"]`},
		{"CMD", `["run"]`},
		{"ENV", "TRELLIS_DATA=/data"},
	} {
		if got := rest(image, want.name); len(got) != 1 || got[0] != want.value {
			t.Errorf("%s is %q, want %q", want.name, got, want.value)
		}
	}
	if health := rest(image, "HEALTHCHECK"); len(health) != 1 || !strings.HasSuffix(health[0], `CMD ["/trellis", "health"]`) {
		t.Errorf("the health check is %q, want the binary's own", health)
	}
	if run := rest(image, "RUN"); run != nil {
		t.Errorf("the shipped stage runs %q; it has no shell", run)
	}
	if from := rest(stages[0], "FROM"); !strings.HasPrefix(from[0], "golang:1.") || strings.Contains(from[0], "latest") {
		t.Errorf("the building stage is %q, want an exact Go", from)
	}
}

// The binary that the image holds is built here with the very words of the Dockerfile.
func TestImageBuildsAStaticBinary(t *testing.T) {
	build := ""
	for _, run := range rest(readDockerfile(t)[0], "RUN") {
		if strings.HasPrefix(run, "go build ") {
			build = run
		}
	}
	out := filepath.Join(t.TempDir(), "trellis")
	build = strings.NewReplacer(" /trellis ", " "+out+" ", "${VERSION}", "9.9.9", "${COMMIT}", "abc", "${DATE}", "2026-01-02").Replace(build)
	if build == "" || !strings.Contains(build, out) {
		t.Fatalf("the Dockerfile does not build /trellis: %q", build)
	}
	command := exec.CommandContext(t.Context(), "sh", "-c", build)
	command.Env = append(os.Environ(), rest(readDockerfile(t)[0], "ENV")...)
	if text, err := command.CombinedOutput(); err != nil {
		t.Fatalf("%s: %v\n%s", build, err, text)
	}
	binary, err := elf.Open(out)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = binary.Close() }()
	if libraries, err := binary.ImportedLibraries(); err != nil || len(libraries) > 0 || binary.Section(".interp") != nil {
		t.Errorf("the binary is not static: it needs %q (%v)", libraries, err)
	}
	said, err := exec.CommandContext(t.Context(), out, "version").Output()
	if err != nil || !strings.HasPrefix(string(said), "trellis 9.9.9\ncommit abc\ndate 2026-01-02\n") {
		t.Errorf("its version is %q (%v)", said, err)
	}
}
