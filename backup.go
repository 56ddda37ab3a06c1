package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"

	"trellis/storage/bolt"
)

const backupHelp = `Usage: trellis backup FILE [--config FILE]

Copies the store to FILE, which must not be there yet, and reads the copy back. FILE is readable by its
owner alone: it holds what people wrote. What somebody had deleted later is still in an earlier backup.
A Trellis that runs holds the store; stop it first.

  trellis backup --config /etc/trellis.yaml /backup/trellis-2026-03-27.db
`

func runBackup(args []string, _ io.Reader, stdout, stderr io.Writer) int {
	fs := flag.NewFlagSet("backup", flag.ContinueOnError)
	config := fs.String("config", "", "the `file` with the settings")
	files, code, done := parseFlags(fs, backupHelp, args, stdout, stderr)
	if done {
		return code
	}
	if len(files) != 1 {
		return usageError(fs, stderr, "takes the one file to copy to, but got %q", files)
	}
	if err := backup(context.Background(), *config, files[0]); err != nil {
		return failed("backup", stderr, err)
	}
	fmt.Fprintf(stdout, "%s is a whole copy of the store\n", files[0])
	return exitOK
}

func backup(ctx context.Context, config, to string) (err error) {
	c, err := settings(config)
	if err != nil {
		return err
	}
	s, err := bolt.Open(ctx, bolt.Options{Path: storeFile(c), ReadOnly: true})
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, s.Close()) }()
	return s.Backup(ctx, to)
}

const restoreHelp = `Usage: trellis restore FILE [--force] [--config FILE]

Reads a backup from end to end and puts it in the place of the store. A store that is there is replaced
only with --force, and kept beside under a name that is printed. Stop Trellis first.

  trellis restore --config /etc/trellis.yaml /backup/trellis-2026-03-27.db
`

func runRestore(args []string, _ io.Reader, stdout, stderr io.Writer) int {
	fs := flag.NewFlagSet("restore", flag.ContinueOnError)
	config := fs.String("config", "", "the `file` with the settings")
	force := fs.Bool("force", false, "replace the store that is there, and keep it beside")
	files, code, done := parseFlags(fs, restoreHelp, args, stdout, stderr)
	if done {
		return code
	}
	if len(files) != 1 {
		return usageError(fs, stderr, "takes the one backup to restore, but got %q", files)
	}
	c, err := settings(*config)
	if err != nil {
		return failed("restore", stderr, err)
	}
	if err := os.MkdirAll(c.String("data"), 0o700); err != nil {
		return failed("restore", stderr, fmt.Errorf("make the data folder: %w", err))
	}
	kept, err := bolt.Restore(context.Background(), files[0], storeFile(c), *force)
	if err != nil {
		return failed("restore", stderr, err)
	}
	if kept != "" {
		fmt.Fprintf(stdout, "the store that was there is kept as %s\n", kept)
	}
	fmt.Fprintf(stdout, "%s is restored from %s\n", storeFile(c), files[0])
	return exitOK
}
