package main

import (
	"archive/tar"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"
	"time"

	"trellis/storage"
)

// A backup is a tar: first manifest.json, then the files that it lists, in its order. A store in it was walked from end
// to end before its checksum was taken, so that whoever finds the checksum right has a whole store.
const (
	manifestName   = "manifest.json"
	archiveFormat  = 1
	mostOfManifest = 1 << 20 // bytes
)

// manifest says what a backup holds.
type manifest struct {
	Format  int            `json:"format"`
	Trellis string         `json:"trellis"` // the version that made it
	Made    time.Time      `json:"made"`
	Files   []archivedFile `json:"files"`
}

type archivedFile struct {
	Name   string `json:"name"` // in the data folder
	Bytes  int64  `json:"bytes"`
	SHA256 string `json:"sha256"`
}

func (m manifest) String() string {
	var parts []string
	for _, f := range m.Files {
		parts = append(parts, fmt.Sprintf("%s, %.1f MB", f.Name, float64(f.Bytes)/1e6))
	}
	return strings.Join(parts, "; ")
}

// writeBackup copies the state to files in the data folder first, so that neither a slow disk nor a slow reader holds
// up who writes to the store, and writes the copies to w.
func writeBackup(ctx context.Context, folder string, copiers []copier, w io.Writer) error {
	local, err := os.MkdirTemp(folder, leftover) // for its owner alone
	if err != nil {
		return fmt.Errorf("copy to the data folder first: %w", err)
	}
	defer os.RemoveAll(local)
	v, _, _ := built()
	m := manifest{Format: archiveFormat, Trellis: v, Made: time.Now().UTC().Truncate(time.Second)}
	for _, c := range copiers {
		to := filepath.Join(local, c.name)
		if err := c.copy(ctx, to); err != nil {
			return fmt.Errorf("copy %s: %w", c.name, err)
		}
		sum, n, err := sumOf(to)
		if err != nil {
			return fmt.Errorf("read the copy of %s: %w", c.name, err)
		}
		m.Files = append(m.Files, archivedFile{Name: c.name, Bytes: n, SHA256: sum})
	}
	text, err := json.MarshalIndent(m, "", "  ")
	if err != nil {
		return err
	}
	archive := tar.NewWriter(w)
	if err := addFile(archive, manifestName, int64(len(text)), m.Made, strings.NewReader(string(text))); err != nil {
		return err
	}
	for _, f := range m.Files {
		if err := ctx.Err(); err != nil {
			return err
		}
		copied, err := os.Open(filepath.Join(local, f.Name))
		if err != nil {
			return err
		}
		if err := errors.Join(addFile(archive, f.Name, f.Bytes, m.Made, copied), copied.Close()); err != nil {
			return err
		}
	}
	return archive.Close()
}

func addFile(to *tar.Writer, name string, size int64, made time.Time, r io.Reader) error {
	h := &tar.Header{Typeflag: tar.TypeReg, Name: name, Size: size, Mode: 0o600, ModTime: made, Format: tar.FormatPAX}
	if err := to.WriteHeader(h); err != nil {
		return fmt.Errorf("write %s: %w", name, err)
	}
	if _, err := io.Copy(to, r); err != nil {
		return fmt.Errorf("write %s: %w", name, err)
	}
	return nil
}

func sumOf(file string) (sum string, bytes int64, err error) {
	f, err := os.Open(file)
	if err != nil {
		return "", 0, err
	}
	defer f.Close()
	h := sha256.New()
	bytes, err = io.Copy(h, f)
	return hex.EncodeToString(h.Sum(nil)), bytes, err
}

// readBackup reads a backup from end to end. Each file is shown as it comes; only when readBackup returns without an
// error was it what its checksum says.
func readBackup(ctx context.Context, r io.Reader, show func(name string, r io.Reader) error) (m manifest, err error) {
	archive := tar.NewReader(contextReader{ctx, r})
	if err := nextFile(archive, manifestName); err != nil {
		return m, err
	}
	text, err := io.ReadAll(io.LimitReader(archive, mostOfManifest))
	if err != nil {
		return m, brokenBackup("%s: %w", manifestName, err)
	}
	if err := json.Unmarshal(text, &m); err != nil {
		return m, brokenBackup("%s: %w", manifestName, err)
	}
	switch {
	case m.Format < 1:
		return m, brokenBackup("%s names no format", manifestName)
	case m.Format > archiveFormat:
		return m, fmt.Errorf("it is of format %d, this version knows formats up to %d: %w", m.Format, archiveFormat, storage.ErrNewer)
	}
	seen := map[string]bool{}
	for _, f := range m.Files {
		if f.Name != filepath.Base(f.Name) || strings.HasPrefix(f.Name, ".") || seen[f.Name] {
			return m, brokenBackup("%q is no name of a file in it", f.Name)
		}
		seen[f.Name] = true
		if err := nextFile(archive, f.Name); err != nil {
			return m, err
		}
		sum := sha256.New()
		in := io.TeeReader(archive, sum)
		if err := show(f.Name, in); err != nil {
			return m, err
		}
		if _, err := io.Copy(io.Discard, in); err != nil { // the rest, if it was not read to its end
			return m, brokenBackup("%s: %w", f.Name, err)
		}
		if got := hex.EncodeToString(sum.Sum(nil)); got != f.SHA256 {
			return m, brokenBackup("%s is not what was written: its checksum does not match", f.Name)
		}
	}
	if _, err := archive.Next(); !errors.Is(err, io.EOF) {
		return m, brokenBackup("something follows its last file")
	}
	if !seen[storeName] {
		return m, brokenBackup("there is no store in it")
	}
	return m, nil
}

// brokenBackup says what is wrong with a backup.
func brokenBackup(format string, args ...any) error {
	return fmt.Errorf("the backup is damaged, cut off or no backup: "+format, args...)
}

func nextFile(archive *tar.Reader, name string) error {
	h, err := archive.Next()
	switch {
	case err != nil:
		return brokenBackup("%s: %w", name, err)
	case h.Name != name || h.Typeflag != tar.TypeReg:
		return brokenBackup("%s is missing", name)
	}
	return nil
}

// contextReader ends a long reading when ctx ends.
type contextReader struct {
	ctx context.Context
	r   io.Reader
}

func (c contextReader) Read(p []byte) (int, error) {
	if err := c.ctx.Err(); err != nil {
		return 0, err
	}
	return c.r.Read(p)
}

// localFirst has f write to a file in the data folder, and copies that to w: who reads slowly holds up nobody.
func localFirst(folder string, w io.Writer, f func(io.Writer) error) error {
	local, err := os.CreateTemp(folder, leftover) // for its owner alone
	if err != nil {
		return fmt.Errorf("write to the data folder first: %w", err)
	}
	defer os.Remove(local.Name())
	defer local.Close()
	if err := f(local); err != nil {
		return err
	}
	if _, err := local.Seek(0, io.SeekStart); err != nil {
		return err
	}
	_, err = io.Copy(w, local)
	return err
}
