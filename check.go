package main

import (
	"flag"
	"fmt"
	"io"
	"os"

	"trellis/config"
)

const checkHelp = `Usage: trellis check [--config FILE]

Reads the settings from FILE and the environment, prints each with where it comes from (secrets are
hidden), and looks at the store. It changes nothing. Run it before a start and after every change.

  trellis check --config /etc/trellis.yaml
  TRELLIS_DATA=/var/lib/trellis trellis check

In the environment a key is TRELLIS_ and its name in capitals with _ for each dot: http.listen is
TRELLIS_HTTP_LISTEN. Every mistake is told at once; the exit code is then 1.
`

// runCheck says what would go wrong at a start.
func runCheck(args []string, _ io.Reader, stdout, stderr io.Writer) int {
	fs := flag.NewFlagSet("check", flag.ContinueOnError)
	file := fs.String("config", "", "the `file` with the settings")
	rest, code, done := parseFlags(fs, checkHelp, args, stdout, stderr)
	if done {
		return code
	}
	if len(rest) > 0 {
		return usageError(fs, stderr, "takes only flags, but got %q; name the file by --config", rest)
	}
	c, err := settings(*file)
	if err != nil {
		return failed("check", stderr, err)
	}
	for _, s := range c.All() {
		value := s.Value
		if value == "" {
			value = "–"
		}
		fmt.Fprintf(stdout, "%-16s %-24s %s\n", s.Name, value, s.Where)
	}
	return exitOK
}

// settings reads the settings from file, if there is one, and the environment.
func settings(file string) (*config.Config, error) {
	known, err := sections()
	if err != nil {
		return nil, err
	}
	return config.Load(config.Options{File: file, Environ: os.Environ(), Sections: known})
}
