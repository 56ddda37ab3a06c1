package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"

	"trellis/config"
	"trellis/storage"
	"trellis/storage/bolt"
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
	flags := flag.NewFlagSet("check", flag.ContinueOnError)
	file := flags.String("config", "", "the `file` with the settings")
	rest, code, done := parseFlags(flags, checkHelp, args, stdout, stderr)
	if done {
		return code
	}
	if len(rest) > 0 {
		return usageError(flags, stderr, "takes only flags, but got %q; name the file by --config", rest)
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
		line(stdout, s.Name, value, s.Where)
	}
	path := storeFile(c)
	state, err := checkStore(context.Background(), path)
	if err != nil {
		return failed("check", stderr, err)
	}
	line(stdout, "store", path, state)
	for _, p := range platformSpecs() {
		if p.check == nil {
			continue
		}
		say := func(name, value, note string) { line(stdout, name, value, note) }
		if err := p.check(context.Background(), c, say); err != nil {
			return failed("check", stderr, err)
		}
	}
	return exitOK
}

func line(w io.Writer, name, value, note string) {
	fmt.Fprintf(w, "%-16s %-24s %s\n", name, value, note)
}

// storeName is the name of the store in the data folder.
const storeName = "trellis.db"

// storeFile is where the store of these settings lies.
func storeFile(c *config.Config) string { return filepath.Join(c.String("data"), storeName) }

// checkStore looks at every page and every checksum. That there is no store yet, or that Trellis has it open, is no
// fault: check is also run before the first start, and beside a Trellis that works.
func checkStore(ctx context.Context, file string) (state string, err error) {
	s, err := bolt.Open(ctx, bolt.Options{Path: file, ReadOnly: true})
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return "not there yet; the first start makes it", nil
	case errors.Is(err, storage.ErrInUse):
		return fmt.Sprintf("not looked at: %v", err), nil
	case err != nil:
		return "", err
	}
	defer func() { err = errors.Join(err, s.Close()) }()
	if err := s.Check(ctx); err != nil {
		return "", fmt.Errorf("check %w", err)
	}
	stats, err := s.Stats(ctx)
	if err != nil {
		return "", err
	}
	return fmt.Sprintf("whole, %.1f MB", float64(stats.Bytes)/1e6), nil
}

// settings reads the settings from file, if there is one, and the environment.
func settings(file string) (*config.Config, error) {
	known, err := sections()
	if err != nil {
		return nil, err
	}
	return config.Load(config.Options{File: file, Environ: os.Environ(), Sections: known})
}
