package main

import (
	"archive/tar"
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"strings"
	"time"

	"trellis/config"
	"trellis/flows"
	"trellis/storage"
)

// exportDocuments writes what groups made, for people, into a folder that is there only when it is complete.
func exportDocuments(ctx context.Context, c *config.Config, group, folder string) error {
	book, err := newBook(c.Zone("group.zone").String(), c.String("group.language"))
	if err != nil {
		return err
	}
	folder = filepath.Clean(folder)
	if _, err := os.Lstat(folder); err == nil {
		return fmt.Errorf("write %s: %w; give another name", folder, fs.ErrExist)
	}
	half, err := os.MkdirTemp(filepath.Dir(folder), filepath.Base(folder)+".part-*")
	if err != nil {
		return err
	}
	defer os.RemoveAll(half)
	var archive bytes.Buffer
	if err := fromStore(ctx, c, "/documents", group, &archive, func(store storage.Store, w io.Writer) error {
		return writeDocuments(ctx, store, book, group, time.Now(), w)
	}); err != nil {
		return err
	}
	if err := unpackDocuments(&archive, half); err != nil {
		return err
	}
	return place(half, folder)
}

// unpackDocuments writes the files of a tar into a folder.
func unpackDocuments(r io.Reader, folder string) error {
	for archive := tar.NewReader(r); ; {
		h, err := archive.Next()
		if errors.Is(err, io.EOF) {
			return nil
		}
		if err != nil {
			return fmt.Errorf("read the documents: %w", err)
		}
		if !filepath.IsLocal(h.Name) || h.Typeflag != tar.TypeReg {
			return fmt.Errorf("read the documents: %q is no name of one", h.Name)
		}
		to := filepath.Join(folder, filepath.FromSlash(h.Name))
		if err := os.MkdirAll(filepath.Dir(to), 0o700); err != nil {
			return err
		}
		if err := unpack(to, archive); err != nil {
			return err
		}
	}
}

// writeDocuments writes the documents of one group, or a folder for each of all groups and a page that leads to them,
// as a tar.
func writeDocuments(ctx context.Context, store storage.Store, book *flows.Book, group string, now time.Time, w io.Writer) error {
	archive := tar.NewWriter(w)
	add := func(folder string, id flows.GroupID, tx storage.Tx) error {
		if err := ctx.Err(); err != nil {
			return err
		}
		pages, err := book.Documents(tx, id, now)
		if err != nil {
			return fmt.Errorf("documents of group %s: %w", id, err)
		}
		for i, page := range pages {
			text := markdown(page)
			if i == 0 {
				text += links(pages[1:])
			}
			if err := addFile(archive, path.Join(folder, page.Name+".md"), int64(len(text)), now, strings.NewReader(text)); err != nil {
				return err
			}
		}
		return nil
	}
	if err := store.View(ctx, func(tx storage.Tx) error {
		if err := mustKnow(tx, group); err != nil {
			return err
		}
		if group != "" {
			return add("", flows.GroupID(group), tx)
		}
		index := "# Trellis\n\n"
		if err := flows.Groups(tx, func(id flows.GroupID, g flows.Group) (bool, error) {
			folder := folderOf(id, g.Name)
			name := g.Name
			if name == "" {
				name = string(id)
			}
			index += "- [" + escaped(name) + "](" + folder + "/about.md)\n"
			return true, add(folder, id, tx)
		}); err != nil {
			return err
		}
		return addFile(archive, "README.md", int64(len(index)), now, strings.NewReader(index))
	}); err != nil {
		return err
	}
	return archive.Close()
}

// folderOf names a group's folder so that people find it and no name leads anywhere else.
func folderOf(id flows.GroupID, name string) string {
	var b strings.Builder
	for _, r := range strings.ToLower(name) {
		switch {
		case r >= 'a' && r <= 'z' || r >= '0' && r <= '9':
			b.WriteRune(r)
		case b.Len() > 0 && !strings.HasSuffix(b.String(), "-"):
			b.WriteByte('-')
		}
	}
	slug := strings.Trim(b.String(), "-")
	if slug == "" {
		return string(id)
	}
	return slug + "-" + string(id)
}

func links(pages []flows.Document) string {
	var b strings.Builder
	for i, page := range pages {
		if i == 0 {
			b.WriteByte('\n')
		}
		b.WriteString("- [" + escaped(page.Title) + "](" + page.Name + ".md)\n")
	}
	return b.String()
}
