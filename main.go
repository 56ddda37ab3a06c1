// Command trellis helps a group that works together in a chat: everyone is heard, what was agreed is written down
// with who agreed to it, and what was promised is not forgotten.
//
// How it works: commands is the table of what trellis can do, and help is made from it; each command stands in a
// file of its own. Results go to stdout, errors and the way out of them to stderr.
//
// What always holds: the exit code is exitOK, exitFailed or exitUsage, and only main ends the process.
//
// To test a command, write a script in testdata/cli; it runs the commands in a process of its own.
package main

import (
	"fmt"
	"io"
	"os"

	"trellis/config"
)

// The exit codes, for scripts and service managers.
const (
	exitOK     = 0
	exitFailed = 1 // it was understood, and did not work
	exitUsage  = 2 // it was not understood; nothing was done
)

// A command is one thing that trellis does.
type command struct {
	name  string
	takes string // what follows the name
	brief string // one line, for the list
	run   func(args []string, stdin io.Reader, stdout, stderr io.Writer) int
}

// commands is all that trellis can do, in the order of the list that help shows.
func commands() []command {
	return []command{
		{"next", "--cron SPEC --zone ZONE", "say when a rule comes next, by the clocks of a zone", runNext},
		{"version", "", "print the version, its commit and its date", runVersion},
	}
}

func main() {
	os.Exit(run(os.Args[1:], os.Stdin, os.Stdout, os.Stderr))
}

// run is the program as a function: arguments and streams in, exit code out.
func run(args []string, stdin io.Reader, stdout, stderr io.Writer) int {
	if len(args) == 0 {
		help(stderr)
		return exitUsage
	}
	name, rest := args[0], args[1:]
	switch name {
	case "help", "-h", "-help", "--help":
		if len(rest) == 0 {
			help(stdout)
			return exitOK
		}
		name, rest = rest[0], []string{"--help"}
	case "--version", "-version":
		name = "version"
	}
	known := commands()
	for _, c := range known {
		if c.name == name {
			return c.run(rest, stdin, stdout, stderr)
		}
	}
	names := []string{"help"}
	for _, c := range known {
		names = append(names, c.name)
	}
	fmt.Fprintf(stderr, "trellis: there is no command %q%s. `trellis help` lists the commands.\n", name, didYouMean(config.Nearest(name, names)))
	return exitUsage
}

// didYouMean is the tail of a sentence about a word that is not known.
func didYouMean(nearest string) string {
	if nearest == "" {
		return ""
	}
	return fmt.Sprintf("; did you mean %q?", nearest)
}

// help lists the commands.
func help(w io.Writer) {
	fmt.Fprint(w, `Trellis lives where a group already talks and helps it work together as equals: check-ins
that hear everyone, agreements with who consented to them, promises that are not forgotten.

Usage: trellis COMMAND [flags]

`)
	for _, c := range commands() {
		fmt.Fprintf(w, "  %-34s %s\n", c.name+" "+c.takes, c.brief)
	}
	fmt.Fprint(w, `
`+"`trellis COMMAND --help`"+` explains one of them, with examples.
Exit codes: 0 it worked, 1 it failed, 2 it was not understood.
`)
}
