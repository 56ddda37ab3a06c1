package main

import (
	"context"
	"errors"
	"flag"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"testing"

	"github.com/rogpeppe/go-internal/testscript"

	"trellis/storage"
	"trellis/storage/bolt"
)

var update = flag.Bool("update", false, "write what the commands print into the scripts")

// TestMain lets the scripts start this very program as `trellis`, in processes of their own.
func TestMain(m *testing.M) {
	testscript.Main(m, map[string]func(){"trellis": main})
}

// TestCommandLine plays the scripts in testdata/cli. Besides testscript's own commands they have
// `exits CODE COMMAND…`, for the exit codes that users' scripts rely on, and `store FILE KEY VALUE`, which makes a
// store; `damage FILE` spoils one, and `hold FILE` keeps it open until the script ends.
func TestCommandLine(t *testing.T) {
	testscript.Run(t, testscript.Params{
		Dir:                 "testdata/cli",
		UpdateScripts:       *update,
		RequireExplicitExec: true,
		RequireUniqueNames:  true,
		Cmds: map[string]func(*testscript.TestScript, bool, []string){
			"exits":  exits,
			"store":  makeStore,
			"damage": damage,
			"hold":   hold,
		},
	})
}

func exits(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) < 2 {
		ts.Fatalf("usage: exits CODE COMMAND…")
	}
	want, err := strconv.Atoi(args[0])
	ts.Check(err)
	code := 0
	var exit *exec.ExitError
	if err := ts.Exec(args[1], args[2:]...); errors.As(err, &exit) {
		code = exit.ExitCode()
	} else {
		ts.Check(err)
	}
	if code != want {
		ts.Fatalf("exit code %d, want %d", code, want)
	}
}

func makeStore(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) != 3 {
		ts.Fatalf("usage: store FILE KEY VALUE")
	}
	ts.Check(os.MkdirAll(filepath.Dir(ts.MkAbs(args[0])), 0o700))
	s, err := bolt.Open(context.Background(), bolt.Options{Path: ts.MkAbs(args[0]), NoSync: true, InitialMmapSize: 1 << 20})
	ts.Check(err)
	ts.Check(s.Update(context.Background(), func(tx storage.Tx) error { return tx.Put([]byte(args[1]), []byte(args[2])) }))
	ts.Check(s.Close())
}

// damage turns the bits of every byte in the file's second half.
func damage(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) != 1 {
		ts.Fatalf("usage: damage FILE")
	}
	text, err := os.ReadFile(ts.MkAbs(args[0]))
	ts.Check(err)
	for i := len(text) / 2; i < len(text); i++ {
		text[i] ^= 0xff
	}
	ts.Check(os.WriteFile(ts.MkAbs(args[0]), text, 0o600))
}

func hold(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) != 1 {
		ts.Fatalf("usage: hold FILE")
	}
	s, err := bolt.Open(context.Background(), bolt.Options{Path: ts.MkAbs(args[0]), NoSync: true, InitialMmapSize: 1 << 20})
	ts.Check(err)
	ts.Defer(func() { ts.Check(s.Close()) })
}
