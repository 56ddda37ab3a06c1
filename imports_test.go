package main

import (
	"encoding/json"
	"errors"
	"go/ast"
	"go/parser"
	"go/token"
	"io"
	"io/fs"
	"os"
	"os/exec"
	"path"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

// The house rules that a compiler does not know. They need only Go; .golangci.yml repeats the main ones for editors.

const module = "trellis"

type arrow struct {
	importer string
	imports  []string
}

// arrows says which of our packages a package may import. The first row that matches counts; * stands for one part of
// a path. A practice, whose folder has its name, may also import the practices that are listed before it.
var arrows = []arrow{
	{"", []string{"**"}}, // main.go puts everything together
	{"config", nil},
	{"adapters/chat", nil},
	{"adapters/adaptertest", []string{"adapters/chat"}},
	{"adapters/web", []string{"adapters/chat", "storage"}},
	{"adapters/*", []string{"adapters/chat"}},
	{"adapters/*/*", []string{"adapters/chat"}}, // the platforms for tests
	{"storage", nil},
	{"storage/*", []string{"storage"}},
	{"flows/calendar", nil},
	{"flows/words", nil},
	{"flows", []string{"adapters/chat", "storage", "flows/calendar", "flows/words"}},
	{"flows/*", []string{"flows", "adapters/chat", "flows/calendar", "flows/words"}}, // a practice
	{"bot", []string{"adapters/chat", "storage", "flows"}},
	{"bot/rehearse", []string{"bot", "adapters/rehearsal", "adapters/chat", "storage", "flows", "flows/calendar"}},
}

// notAPractice are the packages below flows that are none.
var notAPractice = []string{"flows/calendar", "flows/words"}

// outside are packages by which a flow would reach the machine, the network or chance.
var outside = []string{"crypto/rand", "log", "math/rand", "net", "net/http", "os", "os/exec", "runtime", "syscall"}

func TestArrows(t *testing.T) {
	var order []string
	for _, f := range practices() {
		order = append(order, "flows/"+f.Name)
	}
	for _, p := range list(t, "./...") {
		name := strings.TrimPrefix(strings.TrimPrefix(p.ImportPath, module), "/")
		row := slices.IndexFunc(arrows, func(r arrow) bool {
			ok, err := path.Match(r.importer, name)
			return ok && err == nil
		})
		if row < 0 {
			t.Errorf("package %s stands in no row of arrows: which of ours may it import?", name)
			continue
		}
		allowed := arrows[row].imports
		if isPractice(name) {
			at := slices.Index(order, name)
			if at < 0 {
				t.Errorf("practices() does not list %s", name)
			}
			allowed = append(slices.Clone(allowed), order[:max(at, 0)]...)
		}
		for _, i := range p.Imports {
			ours, is := strings.CutPrefix(i, module+"/")
			if is && !slices.Contains(allowed, ours) && !slices.Contains(allowed, "**") {
				t.Errorf("%s imports %s; it may import only %v", name, ours, allowed)
			}
			if strings.HasPrefix(name, "flows") && slices.Contains(outside, i) {
				t.Errorf("%s imports %s; a flow touches no machine and no chance of its own", name, i)
			}
		}
	}
}

func isPractice(name string) bool {
	return path.Dir(name) == "flows" && !slices.Contains(notAPractice, name)
}

// The binary carries no test code and needs no C library, so it runs wherever it is copied.
func TestShippedBinary(t *testing.T) {
	for _, p := range list(t, "-deps", ".") {
		if p.ImportPath == "testing" || strings.HasPrefix(p.ImportPath, "testing/") || strings.HasPrefix(p.ImportPath, module) && strings.HasSuffix(p.ImportPath, "test") {
			t.Errorf("the binary holds %s", p.ImportPath)
		}
		if !p.Standard && len(p.CgoFiles) > 0 {
			t.Errorf("%s has C in it: %v", p.ImportPath, p.CgoFiles)
		}
	}
}

func TestOnePackageDocEach(t *testing.T) {
	for _, p := range list(t, "./...") {
		var documented []string
		for _, file := range p.GoFiles {
			f, err := parser.ParseFile(token.NewFileSet(), filepath.Join(p.Dir, file), nil, parser.PackageClauseOnly|parser.ParseComments)
			if err != nil {
				t.Fatal(err)
			}
			if f.Doc == nil {
				continue
			}
			documented = append(documented, file)
			if want := opening(f.Name); !strings.HasPrefix(f.Doc.Text(), want) {
				t.Errorf("the doc of %s in %s does not begin with %q", p.ImportPath, file, want)
			}
		}
		if len(documented) != 1 {
			t.Errorf("%s has its package doc in %v, want one file", p.ImportPath, documented)
		}
	}
}

func opening(pkg *ast.Ident) string {
	if pkg.Name == "main" {
		return "Command " + module + " "
	}
	return "Package " + pkg.Name + " "
}

const maxLines = 500 // of a file; what is longer has more than one reason to change

// longer are the files that may have more lines, each with its reason.
var longer = map[string]string{}

func TestFilesStayShort(t *testing.T) {
	err := filepath.WalkDir(".", func(name string, d fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		if d.IsDir() && name != "." && (strings.HasPrefix(d.Name(), ".") || d.Name() == "testdata") {
			return filepath.SkipDir
		}
		if filepath.Ext(name) != ".go" {
			return nil
		}
		text, err := os.ReadFile(name)
		if err != nil {
			return err
		}
		_, excused := longer[filepath.ToSlash(name)]
		if lines := strings.Count(string(text), "\n"); (lines > maxLines) != excused {
			t.Errorf("%s has %d lines, the limit is %d; excused: %v", name, lines, maxLines, excused)
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
}

// listed is what these tests need of `go list -json`.
type listed struct {
	ImportPath, Dir            string
	GoFiles, CgoFiles, Imports []string
	Standard                   bool
}

func list(t *testing.T, args ...string) (packages []listed) {
	t.Helper()
	cmd := exec.Command("go", append([]string{"list", "-json=ImportPath,Dir,GoFiles,CgoFiles,Imports,Standard"}, args...)...)
	cmd.Env = append(os.Environ(), "CGO_ENABLED=1") // else files with C in them are not listed
	cmd.Stderr = os.Stderr
	out, err := cmd.Output()
	if err != nil {
		t.Fatal(err)
	}
	for d := json.NewDecoder(strings.NewReader(string(out))); ; {
		var p listed
		if err := d.Decode(&p); errors.Is(err, io.EOF) {
			break
		} else if err != nil {
			t.Fatal(err)
		}
		packages = append(packages, p)
	}
	if len(packages) == 0 {
		t.Fatal("go list found nothing")
	}
	return packages
}
