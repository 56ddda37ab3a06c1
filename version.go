package main

import (
	"flag"
	"fmt"
	"io"
	"runtime"
	"runtime/debug"
)

// A release sets these by -ldflags "-X main.version=… -X main.commit=… -X main.date=…". What it leaves empty is taken
// from what Go noted when it built the binary.
var version, commit, date string

const versionHelp = `Usage: trellis version

Prints the version, the commit it was built from with the commit's date, and the Go that built it.
`

func runVersion(args []string, _ io.Reader, stdout, stderr io.Writer) int {
	fs := flag.NewFlagSet("version", flag.ContinueOnError)
	rest, code, done := parseFlags(fs, versionHelp, args, stdout, stderr)
	if done {
		return code
	}
	if len(rest) > 0 {
		return usageError(fs, stderr, "takes no arguments, but got %q", rest)
	}
	v, c, d := built()
	fmt.Fprintf(stdout, "trellis %s\ncommit %s\ndate %s\n%s %s/%s\n", v, c, d, runtime.Version(), runtime.GOOS, runtime.GOARCH)
	return exitOK
}

// built tells which trellis this is: what the release said of itself, else what Go noted, else "unknown".
func built() (v, c, d string) {
	v, c, d = version, commit, date
	info, ok := debug.ReadBuildInfo()
	if !ok {
		info = &debug.BuildInfo{}
	}
	noted := map[string]string{}
	for _, s := range info.Settings {
		noted[s.Key] = s.Value
	}
	if v == "" && info.Main.Version != "(devel)" {
		v = info.Main.Version
	}
	if c == "" {
		c = noted["vcs.revision"]
		if noted["vcs.modified"] == "true" {
			c += " with changes"
		}
	}
	if d == "" {
		d = noted["vcs.time"]
	}
	for _, s := range []*string{&v, &c, &d} {
		if *s == "" {
			*s = "unknown"
		}
	}
	return v, c, d
}
