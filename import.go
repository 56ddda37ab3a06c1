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

	"trellis/bot"
	"trellis/config"
	"trellis/flows"
	"trellis/storage"
	"trellis/storage/bolt"
)

const importHelp = `Usage: trellis import FILE [--config FILE]

Puts what "trellis export --json" wrote into this Trellis, with nothing lost. An export of everything needs
a data folder without a store; an export of one group goes into a store that does not have the group, and
may know its people from other groups. It is put in as a whole or not at all. Stop Trellis first.

  trellis import --config /etc/trellis.yaml everything.json
  trellis export --group 7hq2mx9d4k | TRELLIS_DATA=other trellis import -
`

func runImport(args []string, stdin io.Reader, stdout, stderr io.Writer) int {
	fs := flag.NewFlagSet("import", flag.ContinueOnError)
	config := fs.String("config", "", "the `file` with the settings")
	files, code, done := parseFlags(fs, importHelp, args, stdout, stderr)
	if done {
		return code
	}
	if len(files) != 1 {
		return usageError(fs, stderr, "takes the one file to read, or - for stdin, but got %q", files)
	}
	c, err := settings(*config)
	if err != nil {
		return failed("import", stderr, err)
	}
	in := stdin
	if files[0] != "-" {
		f, err := os.Open(files[0])
		if err != nil {
			return failed("import", stderr, err)
		}
		defer f.Close()
		in = f
	}
	n, err := importRecords(context.Background(), c, in)
	if err != nil {
		return failed("import", stderr, fmt.Errorf("import from %s: %w", files[0], err))
	}
	fmt.Fprintf(stdout, "%d records are in %s\n", n, storeFile(c))
	return exitOK
}

// importRecords reads an export into the store; into a new one, which takes its place when it is whole, where there is
// none yet.
func importRecords(ctx context.Context, c *config.Config, in io.Reader) (n int, err error) {
	folder, path := c.String("data"), storeFile(c)
	if err := os.MkdirAll(folder, 0o700); err != nil {
		return 0, fmt.Errorf("make the data folder: %w", err)
	}
	_, err = os.Lstat(path)
	fresh := errors.Is(err, fs.ErrNotExist)
	if err != nil && !fresh {
		return 0, err
	}
	to := path
	if fresh {
		half, err := os.MkdirTemp(folder, leftover)
		if err != nil {
			return 0, err
		}
		defer os.RemoveAll(half)
		to = filepath.Join(half, storeName)
	}
	store, err := bolt.Open(ctx, bolt.Options{Path: to})
	if err != nil {
		return 0, err
	}
	n, err = readInto(ctx, store, in, fresh)
	if err := errors.Join(err, store.Close()); err != nil {
		return n, err
	}
	if fresh {
		return n, place(to, path)
	}
	return n, nil
}

// importer puts records into a store, in one transaction for a store that has something to lose, else in several.
type importer struct {
	ctx   context.Context
	store storage.Store
	fresh bool
	head  exportHead
	wait  []exportedRecord
}

// importAtOnce is how many records one transaction puts into a new store; it bounds the memory.
const importAtOnce = 5000

func readInto(ctx context.Context, store storage.Store, in io.Reader, fresh bool) (int, error) {
	i := &importer{ctx: ctx, store: store, fresh: fresh}
	n, err := readExport(in, i.begin, i.add)
	if err == nil {
		err = i.put()
	}
	return n, err
}

func (i *importer) begin(h exportHead) error {
	i.head = h
	switch {
	case h.Format < 1:
		return errors.New("this is no export of Trellis")
	case h.Format > exportFormat:
		return fmt.Errorf("the export is of format %d, this version knows formats up to %d: %w", h.Format, exportFormat, storage.ErrNewer)
	case h.Group == "" && !i.fresh:
		return fmt.Errorf("there is a store, and an export of everything goes into none: %w; set data to another folder", fs.ErrExist)
	case h.Group == "":
		return nil
	}
	return i.store.View(i.ctx, func(tx storage.Tx) error {
		return storage.Records(tx, flows.Scope(flows.GroupID(h.Group)), func(storage.Record) (bool, error) {
			return false, fmt.Errorf("group %s is there already: %w", h.Group, flows.ErrTaken)
		})
	})
}

func (i *importer) add(group string, r storage.Record) error {
	if group != "" && i.head.Group != "" && group != i.head.Group {
		return fmt.Errorf("it is of group %s in an export of %s", group, i.head.Group)
	}
	i.wait = append(i.wait, exported(group, r))
	if !i.fresh || len(i.wait) < importAtOnce {
		return nil
	}
	return i.put()
}

func (i *importer) put() error {
	err := i.store.Update(i.ctx, func(tx storage.Tx) error {
		for _, r := range i.wait {
			if err := i.one(tx, r); err != nil {
				return err
			}
		}
		return nil
	})
	i.wait = i.wait[:0]
	return err
}

func (i *importer) one(tx storage.Tx, e exportedRecord) error {
	r, group := e.record(), flows.GroupID(i.head.Group)
	for _, entry := range r.Index {
		if parts, err := storage.Parts(string(entry)); err != nil || len(parts) != 2 {
			return fmt.Errorf("an index entry of %s %q is none", r.Table, r.Key)
		}
	}
	if e.Group != "" || group == "" {
		return storage.PutRecord(tx, flows.Scope(flows.GroupID(e.Group)), r)
	}
	if ours, err := flows.PutAround(tx, group, r); ours || err != nil {
		return err
	}
	if ours, err := bot.PutTimer(tx, group, r); ours || err != nil {
		return err
	}
	return fmt.Errorf("a record of table %q belongs to no group", r.Table)
}
