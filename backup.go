package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"io/fs"
	"net/http"
	"os"
	"path/filepath"

	"trellis/config"
	"trellis/storage/bolt"
)

const backupHelp = `Usage: trellis backup FILE [--config FILE]

Copies all that Trellis keeps to FILE, which must not be there yet, and reads the copy back. It does so
while Trellis runs as well as when it is stopped. FILE is a tar with a list of what is in it and a
checksum for each; it is readable by its owner alone, for it holds what people wrote. What somebody has
Trellis forget later is still in an earlier backup.

  trellis backup --config /etc/trellis.yaml /backup/trellis-2026-03-27.tar
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
	c, err := settings(*config)
	if err != nil {
		return failed("backup", stderr, err)
	}
	m, err := backup(context.Background(), c, stateFiles(platformSpecs()), files[0])
	if err != nil {
		return failed("backup", stderr, fmt.Errorf("back up to %s: %w", files[0], err))
	}
	fmt.Fprintf(stdout, "%s is a whole copy: %s\n", files[0], m)
	return exitOK
}

// backup makes a backup at a path where nothing is yet. There is either a whole one there afterwards, or none.
func backup(ctx context.Context, c *config.Config, files []stateFile, to string) (manifest, error) {
	if _, err := os.Lstat(to); err == nil {
		return manifest{}, fmt.Errorf("%w; give another name", fs.ErrExist)
	}
	half, err := os.CreateTemp(filepath.Dir(to), filepath.Base(to)+".part-*") // for its owner alone
	if err != nil {
		return manifest{}, err
	}
	defer os.Remove(half.Name())
	defer half.Close()
	if err := takeBackup(ctx, c, files, half); err != nil {
		return manifest{}, err
	}
	if err := half.Sync(); err != nil {
		return manifest{}, err
	}
	if _, err := half.Seek(0, io.SeekStart); err != nil {
		return manifest{}, err
	}
	m, err := readBackup(ctx, half, func(string, io.Reader) error { return nil })
	if err != nil {
		return manifest{}, fmt.Errorf("read the copy back: %w", err)
	}
	return m, errors.Join(half.Close(), place(half.Name(), to))
}

// takeBackup has the Trellis that runs write a backup, or does so itself when none runs.
func takeBackup(ctx context.Context, c *config.Config, files []stateFile, w io.Writer) error {
	folder := c.String("data")
	trellis, err := running(ctx, folder)
	if err != nil {
		return err
	}
	if trellis == nil {
		return writeBackup(ctx, folder, restingCopiers(folder, files), w)
	}
	answer, err := trellis.ask(ctx, http.MethodPost, "/backup", nil)
	if err != nil {
		return err
	}
	defer answer.Close()
	_, err = io.Copy(w, answer)
	return err
}

// copier copies one file of the state to a path where nothing is yet, having made sure that it is whole.
type copier struct {
	name string
	copy func(ctx context.Context, to string) error
}

// stateFiles are all files of the state. The store comes first, and is copied first: what an adapter's file knows beyond
// it does no harm, for whatever comes again has its ID; the other way round it could know less than the store believes.
func stateFiles(specs []platformSpec) []stateFile {
	files := []stateFile{{name: storeName, copy: copyStore}}
	for _, spec := range specs {
		files = append(files, spec.files...)
	}
	return files
}

// copyStore is the stateFile.copy of a file that package bolt keeps.
func copyStore(ctx context.Context, from, to string) (err error) {
	s, err := bolt.Open(ctx, bolt.Options{Path: from, ReadOnly: true, InitialMmapSize: 1})
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, s.Close()) }()
	return s.Backup(ctx, to)
}

// restingCopiers copy what nobody has open. Of the files only the store must be there.
func restingCopiers(folder string, files []stateFile) (all []copier) {
	for _, f := range files {
		from := filepath.Join(folder, f.name)
		if _, err := os.Lstat(from); errors.Is(err, fs.ErrNotExist) && f.name != storeName {
			continue
		}
		all = append(all, copier{f.name, func(ctx context.Context, to string) error { return f.copy(ctx, from, to) }})
	}
	return all
}

// runningCopiers copy what is open, as well as what belongs to a platform that is not configured any more.
func runningCopiers(folder string, store *bolt.Store, files []stateFile, p platforms) []copier {
	all := restingCopiers(folder, files)
	for i, c := range all {
		if open := p.copies[c.name]; open != nil {
			all[i].copy = open
		}
	}
	all[0].copy = store.Backup
	return all
}

// place moves a file that is complete and synced to where nothing may be yet, and makes that durable.
func place(from, to string) error {
	if _, err := os.Lstat(to); err == nil {
		return fmt.Errorf("%s: %w", to, fs.ErrExist)
	}
	if err := os.Rename(from, to); err != nil {
		return err
	}
	return syncFolder(filepath.Dir(to))
}

// syncFolder makes the names in a folder durable. Where a folder cannot be synced, as on Windows, there is no such call.
func syncFolder(folder string) error {
	d, err := os.Open(folder)
	if err != nil {
		return err
	}
	defer d.Close()
	if err := d.Sync(); err != nil && !errors.Is(err, errors.ErrUnsupported) && !errors.Is(err, fs.ErrInvalid) && !errors.Is(err, fs.ErrPermission) {
		return err
	}
	return nil
}
