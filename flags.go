package main

import (
	"errors"
	"flag"
	"fmt"
	"io"
	"strings"

	"trellis/config"
)

// parseFlags reads the flags of fs wherever they stand in args, and returns the other arguments. When done is true
// the command ends with code: help was asked for, and printed, or a flag was wrong, and explained.
//
// text is the command's help: its first line is the usage, examples follow; the flags are added below.
func parseFlags(fs *flag.FlagSet, text string, args []string, stdout, stderr io.Writer) (rest []string, code int, done bool) {
	fs.SetOutput(io.Discard) // the package prints its own help otherwise
	fs.Usage = func() {}
	for {
		err := fs.Parse(args)
		switch {
		case errors.Is(err, flag.ErrHelp):
			fmt.Fprint(stdout, text)
			printFlags(fs, stdout)
			return nil, exitOK, true
		case err != nil:
			return nil, usageError(fs, stderr, "%s%s", err, didYouMean(nearestFlag(fs, err))), true
		case fs.NArg() == 0:
			return rest, exitOK, false
		}
		if stop := len(args) - fs.NArg(); stop > 0 && args[stop-1] == "--" {
			return append(rest, fs.Args()...), exitOK, false
		}
		rest, args = append(rest, fs.Arg(0)), fs.Args()[1:]
	}
}

// usageError says what was wrong with a command's arguments, and where the right ones are explained.
func usageError(fs *flag.FlagSet, stderr io.Writer, format string, args ...any) int {
	fmt.Fprintf(stderr, "trellis %s: %s\n`trellis %s --help` explains it, with examples.\n", fs.Name(), fmt.Sprintf(format, args...), fs.Name())
	return exitUsage
}

// failed says what did not work.
func failed(name string, stderr io.Writer, err error) int {
	fmt.Fprintf(stderr, "trellis %s: %s\n", name, strings.ReplaceAll(err.Error(), "\n", "\n  "))
	return exitFailed
}

func nearestFlag(fs *flag.FlagSet, err error) string {
	_, name, unknown := strings.Cut(err.Error(), "not defined: -")
	if !unknown {
		return ""
	}
	var known []string
	fs.VisitAll(func(f *flag.Flag) { known = append(known, f.Name) })
	if near := config.Nearest(name, known); near != "" {
		return "--" + near
	}
	return ""
}

func printFlags(fs *flag.FlagSet, w io.Writer) {
	first := true
	fs.VisitAll(func(f *flag.Flag) {
		if first {
			fmt.Fprint(w, "\nFlags:\n")
			first = false
		}
		kind, usage := flag.UnquoteUsage(f)
		dashes := "--"
		if len(f.Name) == 1 {
			dashes = "-"
		}
		fmt.Fprintf(w, "  %-18s %s\n", strings.TrimSpace(dashes+f.Name+" "+strings.ToUpper(kind)), usage)
	})
}
