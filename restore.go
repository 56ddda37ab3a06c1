package main

import (
	"bytes"
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"slices"

	"trellis/config"
	"trellis/storage"
	"trellis/storage/bolt"
)

const restoreHelp = `Usage: trellis restore FILE [--force] [--config FILE]

Reads a backup from end to end and puts what is in it in its place. What is there is replaced only with
--force, and kept beside under names that are printed. Stop Trellis first.

  trellis restore --config /etc/trellis.yaml /backup/trellis-2026-03-27.tar

FILE may also be a store alone, such as the copy that a new version makes before it changes the store's
format (trellis.db.format-1).
`

func runRestore(args []string, _ io.Reader, stdout, stderr io.Writer) int {
	fs := flag.NewFlagSet("restore", flag.ContinueOnError)
	config := fs.String("config", "", "the `file` with the settings")
	force := fs.Bool("force", false, "replace what is there, and keep it beside")
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
	kept, err := restore(context.Background(), c, stateFiles(platformSpecs()), files[0], *force)
	for _, name := range kept {
		fmt.Fprintf(stdout, "what was there is kept as %s\n", name)
	}
	if err != nil {
		return failed("restore", stderr, fmt.Errorf("restore from %s: %w", files[0], err))
	}
	fmt.Fprintf(stdout, "%s is restored from %s\n", c.String("data"), files[0])
	return exitOK
}

// restore puts a backup, or a store alone, in its place, and returns under which names it kept what was there.
func restore(ctx context.Context, c *config.Config, known []stateFile, from string, force bool) (kept []string, err error) {
	file, err := os.Open(from)
	if err != nil {
		return nil, err
	}
	defer file.Close()
	if err := os.MkdirAll(c.String("data"), 0o700); err != nil {
		return nil, fmt.Errorf("make the data folder: %w", err)
	}
	archived, err := isArchive(file)
	if err != nil {
		return nil, err
	}
	if archived {
		return restoreArchive(ctx, c.String("data"), known, file, force)
	}
	old, err := bolt.Restore(ctx, from, storeFile(c), force)
	if old != "" {
		kept = []string{old}
	}
	return kept, err
}

// isArchive tells whether a file is a tar, by the word that stands in the head of each of its files.
func isArchive(file io.ReaderAt) (bool, error) {
	var head [262]byte
	n, err := file.ReadAt(head[:], 0)
	if err != nil && !errors.Is(err, io.EOF) {
		return false, err
	}
	return bytes.HasSuffix(head[:n], []byte("ustar")), nil
}

// restoreArchive unpacks all of a backup beside what is there and looks at it, before it changes anything. The store is
// put in its place last: until then the command can be given again.
func restoreArchive(ctx context.Context, folder string, known []stateFile, file io.Reader, force bool) (kept []string, err error) {
	if err := mayReplace(ctx, folder, known, force); err != nil {
		return nil, err
	}
	fresh, err := os.MkdirTemp(folder, leftover)
	if err != nil {
		return nil, err
	}
	defer os.RemoveAll(fresh)
	m, err := readBackup(ctx, file, func(name string, r io.Reader) error {
		if !slices.ContainsFunc(known, func(f stateFile) bool { return f.name == name }) {
			return fmt.Errorf("it holds %s, which this version does not know: %w", name, storage.ErrNewer)
		}
		return unpack(filepath.Join(fresh, name), r)
	})
	if err != nil {
		return nil, err
	}
	for _, f := range slices.Backward(known) {
		from, to := filepath.Join(fresh, f.name), filepath.Join(folder, f.name)
		if f.name == storeName {
			old, err := bolt.Restore(ctx, from, to, force)
			if old != "" {
				kept = append(kept, old)
			}
			return kept, err
		}
		old, err := keepBeside(to)
		if old != "" {
			kept = append(kept, old)
		}
		if err == nil && m.has(f.name) {
			err = f.copy(ctx, from, to)
		}
		if err != nil {
			return kept, fmt.Errorf("put %s in its place: %w", f.name, err)
		}
	}
	return kept, nil
}

func (m manifest) has(name string) bool {
	return slices.ContainsFunc(m.Files, func(f archivedFile) bool { return f.Name == name })
}

// mayReplace refuses where something is there and force is not given, or a Trellis runs.
func mayReplace(ctx context.Context, folder string, known []stateFile, force bool) error {
	for _, f := range known {
		path := filepath.Join(folder, f.name)
		if _, err := os.Lstat(path); errors.Is(err, fs.ErrNotExist) {
			continue
		} else if err != nil {
			return err
		}
		if !force {
			return fmt.Errorf("there is %s: %w; --force replaces it and keeps it beside", path, fs.ErrExist)
		}
	}
	s, err := bolt.Open(ctx, bolt.Options{Path: filepath.Join(folder, storeName), ReadOnly: true, InitialMmapSize: 1})
	switch {
	case err == nil:
		return s.Close()
	case errors.Is(err, storage.ErrInUse):
		return err
	}
	return nil // not there, or damaged, which is why it is replaced
}

func unpack(to string, r io.Reader) error {
	f, err := os.OpenFile(to, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o600)
	if err != nil {
		return err
	}
	_, err = io.Copy(f, r)
	return errors.Join(err, f.Sync(), f.Close())
}

// keepBeside moves a file that is there to a name of its own, which it returns.
func keepBeside(path string) (kept string, err error) {
	old, err := os.Lstat(path)
	if errors.Is(err, fs.ErrNotExist) {
		return "", nil
	} else if err != nil {
		return "", err
	}
	name := fmt.Sprintf("%s.replaced-%s", path, old.ModTime().UTC().Format("20060102T150405Z"))
	kept = name
	for i := 2; ; i++ {
		if _, err := os.Lstat(kept); errors.Is(err, fs.ErrNotExist) {
			break
		} else if err != nil {
			return "", err
		}
		kept = fmt.Sprintf("%s-%d", name, i)
	}
	return kept, place(path, kept)
}
