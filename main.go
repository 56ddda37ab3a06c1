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
	"trellis/flows/words"
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
		{"demo", "[--listen ADDRESS]", "open a room of invented people in the browser", runDemo},
		{"rehearse", "FILE… [--json] [--update]", "play a session from a file, and print who sees what and when", runRehearse},
		{"run", "[--config FILE]", "run Trellis until it is told to stop", runRun},
		{"check", "[--config FILE]", "look at the settings and the store, and change nothing", runCheck},
		{"status", "[retry ID | discard ID] [--json]", "say what waits, what is paused and what failed", runStatus},
		{"health", "[--url URL]", "say whether the Trellis that runs lives, for a container", runHealth},
		{"backup", "FILE [--config FILE]", "copy all that Trellis keeps to a file", runBackup},
		{"restore", "FILE [--force]", "put a backup in its place", runRestore},
		{"export", "[--group ID] [--json FILE | …]", "write everything, or one group, for programs or for people", runExport},
		{"import", "FILE", "put an export into another Trellis", runImport},
		{"manifest", "[--config FILE] [--url ADDRESS]", "print the manifest of a Slack app that fits the settings", runManifest},
		{"next", "--cron SPEC --zone ZONE", "say when a rule comes next, by the clocks of a zone", runNext},
		{"preview", "slack FILE…", "write a page of every message and form of rehearsals, as Slack shows them", runPreview},
		{"version", "", "print the version, its commit and its date", runVersion},
	}
}

// sections are the settings of everything that is in.
func sections() ([]config.Section, error) {
	catalogues, err := words.Load()
	if err != nil {
		return nil, err
	}
	all := config.Core(catalogues.Languages())
	for _, p := range platformSpecs() {
		all = append(all, p.section)
	}
	return all, nil
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
			out := &output{w: stdout}
			code := c.run(rest, stdin, out, stderr)
			if out.err != nil && code == exitOK {
				return failed(name, stderr, fmt.Errorf("write the result: %w", out.err))
			}
			return code
		}
	}
	names := []string{"help"}
	for _, c := range known {
		names = append(names, c.name)
	}
	fmt.Fprintf(stderr, "trellis: there is no command %q%s. `trellis help` lists the commands.\n", name, didYouMean(config.Nearest(name, names)))
	return exitUsage
}

// output notes the first error of a stream, so that commands may print without looking: a result that reached nobody,
// such as one for a full disk, is a failure of the command.
type output struct {
	w   io.Writer
	err error
}

func (o *output) Write(p []byte) (int, error) {
	n, err := o.w.Write(p)
	if o.err == nil {
		o.err = err
	}
	return n, err
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
