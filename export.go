package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"io/fs"
	"net/http"
	"net/url"
	"os"
	"path/filepath"

	"trellis/config"
	"trellis/storage"
	"trellis/storage/bolt"
)

const exportHelp = `Usage: trellis export [--group ID | --all] [--json FILE | --markdown FOLDER] [--config FILE]

Writes what Trellis keeps in a form that other programs, or people, read. It does so while Trellis runs as
well as when it is stopped. FILE and FOLDER must not be there yet.

  trellis export --json everything.json
  trellis export --group 7hq2mx9d4k --json brook-street.json
  trellis export --group 7hq2mx9d4k --markdown brook-street

JSON has every record, and "trellis import" puts it into another Trellis with nothing lost. Without --json
and --markdown it goes to stdout. It holds private answers too: treat it as you treat a backup.
Markdown has what each group made, for anyone in it to read: agreements with their history, commitments,
sessions, what is on the table. It has nothing that was said in private. A group that is not there is
answered with those that are.
`

func runExport(args []string, _ io.Reader, stdout, stderr io.Writer) int {
	fs := flag.NewFlagSet("export", flag.ContinueOnError)
	file := fs.String("config", "", "the `file` with the settings")
	group := fs.String("group", "", "the `id` of the one group to write")
	all := fs.Bool("all", false, "write everything, as without --group")
	asJSON := fs.String("json", "", "the `file` to write JSON to; - is stdout")
	markdown := fs.String("markdown", "", "the `folder` to write documents into")
	rest, code, done := parseFlags(fs, exportHelp, args, stdout, stderr)
	switch {
	case done:
		return code
	case len(rest) > 0:
		return usageError(fs, stderr, "takes only flags, but got %q; name the file by --json", rest)
	case *group != "" && *all:
		return usageError(fs, stderr, "--group is one group and --all is everything: give one of them")
	case *asJSON != "" && *markdown != "":
		return usageError(fs, stderr, "--json is for programs and --markdown for people: give one of them")
	}
	c, err := settings(*file)
	if err != nil {
		return failed("export", stderr, err)
	}
	ctx := context.Background()
	switch {
	case *markdown != "":
		err = exportDocuments(ctx, c, *group, *markdown)
	case *asJSON == "" || *asJSON == "-":
		err = exportRecords(ctx, c, *group, stdout)
	default:
		err = toNewFile(*asJSON, func(w io.Writer) error { return exportRecords(ctx, c, *group, w) })
	}
	if err != nil {
		return failed("export", stderr, err)
	}
	return exitOK
}

// toNewFile has f write a file for its owner alone, which is there only when it is complete.
func toNewFile(path string, f func(io.Writer) error) error {
	if _, err := os.Lstat(path); err == nil {
		return fmt.Errorf("write %s: %w; give another name", path, fs.ErrExist)
	}
	half, err := os.CreateTemp(filepath.Dir(path), filepath.Base(path)+".part-*")
	if err != nil {
		return err
	}
	defer os.Remove(half.Name())
	if err := errors.Join(f(half), half.Sync(), half.Close()); err != nil {
		return err
	}
	return place(half.Name(), path)
}

// exportRecords has the Trellis that runs write an export, or does so itself when none runs.
func exportRecords(ctx context.Context, c *config.Config, group string, w io.Writer) error {
	return fromStore(ctx, c, "/export", group, w, func(store storage.Store, w io.Writer) error {
		return writeExport(ctx, store, group, w)
	})
}

// fromStore writes what the Trellis that runs answers under path or, when none runs, what f reads from the store.
func fromStore(ctx context.Context, c *config.Config, path, group string, w io.Writer, f func(storage.Store, io.Writer) error) error {
	trellis, err := running(ctx, c.String("data"))
	if err != nil {
		return err
	}
	if trellis == nil {
		store, err := bolt.Open(ctx, bolt.Options{Path: storeFile(c), ReadOnly: true})
		if err != nil {
			return err
		}
		return errors.Join(f(store, w), store.Close())
	}
	answer, err := trellis.ask(ctx, http.MethodGet, path, url.Values{"group": {group}})
	if err != nil {
		return err
	}
	defer answer.Close()
	_, err = io.Copy(w, answer)
	return err
}
