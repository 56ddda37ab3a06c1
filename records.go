package main

import (
	"bufio"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"strings"
	"time"
	"unicode/utf8"

	"trellis/bot"
	"trellis/flows"
	"trellis/storage"
)

// An export is one JSON object: its head, the records, one a line, and how many they are. One that was cut off is no JSON.
//
//	{"trellis-export":1,"version":"…","made":"…","group":"…","records":[
//	{"table":"…","key":"…","version":1,"value":…}
//	,{…}
//	],"count":2}
const exportFormat = 1

// exportHead is how an export begins.
type exportHead struct {
	Format  int       `json:"trellis-export"`
	Version string    `json:"version"` // of the Trellis that wrote it
	Made    time.Time `json:"made"`
	Group   string    `json:"group,omitempty"` // the one whose export it is; empty: everything
}

// exportedRecord is a storage.Record. A key is text wherever it can be.
type exportedRecord struct {
	Group   string          `json:"group,omitempty"` // in whose scope it stands
	Table   string          `json:"table"`
	Key     *string         `json:"key,omitempty"`
	Bytes   []byte          `json:"bytes,omitempty"` // the key, where it is no text; in base64
	Version uint64          `json:"version"`
	Index   [][]byte        `json:"index,omitempty"` // in base64
	Value   json.RawMessage `json:"value"`
}

func (r exportedRecord) record() storage.Record {
	key := r.Bytes
	if r.Key != nil {
		key = []byte(*r.Key)
	}
	return storage.Record{Table: r.Table, Key: key, Version: r.Version, Index: r.Index, Value: r.Value}
}

func exported(group string, r storage.Record) exportedRecord {
	e := exportedRecord{Group: group, Table: r.Table, Bytes: r.Key, Version: r.Version, Index: r.Index, Value: r.Value}
	if utf8.Valid(r.Key) {
		key := string(r.Key)
		e.Key, e.Bytes = &key, nil
	}
	return e
}

// exportWriter writes records of an export.
type exportWriter struct {
	ctx   context.Context
	out   *bufio.Writer
	lines *json.Encoder
	n     int
}

func (e *exportWriter) write(group string, r storage.Record) error {
	if err := e.ctx.Err(); err != nil {
		return err
	}
	if e.n++; e.n > 1 {
		if err := e.out.WriteByte(','); err != nil {
			return err
		}
	}
	return e.lines.Encode(exported(group, r))
}

// writeExport writes one committed state: of one group, or of everything.
func writeExport(ctx context.Context, store storage.Store, group string, w io.Writer) error {
	e := &exportWriter{ctx: ctx, out: bufio.NewWriterSize(w, 1<<16)}
	e.lines = json.NewEncoder(e.out)
	e.lines.SetEscapeHTML(false) // the records are to come back as they are
	v, _, _ := built()
	head, err := json.Marshal(exportHead{Format: exportFormat, Version: v, Made: time.Now().UTC().Truncate(time.Second), Group: group})
	if err != nil {
		return err
	}
	if err := store.View(ctx, func(tx storage.Tx) error {
		if err := mustKnow(tx, group); err != nil {
			return err
		}
		fmt.Fprintf(e.out, "%s,\"records\":[\n", strings.TrimSuffix(string(head), "}")) // the writer keeps its error
		if group != "" {
			return e.group(tx, flows.GroupID(group))
		}
		return e.everything(tx)
	}); err != nil {
		return err
	}
	fmt.Fprintf(e.out, "],\"count\":%d}\n", e.n)
	return e.out.Flush()
}

func (e *exportWriter) everything(tx storage.Tx) error {
	if err := storage.Records(tx, storage.Global, e.in("")); err != nil {
		return err
	}
	return storage.Scopes(tx, groupScope, func(in storage.Scope, owner string) (bool, error) {
		return true, storage.Records(tx, in, e.in(owner))
	})
}

// groupScope is the kind of scope that groups have, and the only one there is.
const groupScope = "g"

func (e *exportWriter) in(group string) func(storage.Record) (bool, error) {
	return func(r storage.Record) (bool, error) { return true, e.write(group, r) }
}

func (e *exportWriter) group(tx storage.Tx, group flows.GroupID) error {
	around := func(r storage.Record) error { return e.write("", r) }
	if err := flows.Around(tx, group, around); err != nil {
		return err
	}
	if err := bot.TimersOf(tx, group, around); err != nil {
		return err
	}
	return storage.Records(tx, flows.Scope(group), e.in(string(group)))
}

// mostNamed is how many groups are named to somebody who looks for one.
const mostNamed = 50

// mustKnow refuses a group that is not there, and names those that are; everything is there.
func mustKnow(tx storage.Tx, group string) error {
	if group == "" {
		return nil
	}
	known, found, n := "", false, 0
	if err := flows.Groups(tx, func(id flows.GroupID, g flows.Group) (bool, error) {
		found = string(id) == group
		if n++; n <= mostNamed {
			known += fmt.Sprintf("\n%s  %s", id, oneLine(g.Name))
		}
		return !found, nil
	}); err != nil || found {
		return err
	}
	switch {
	case n == 0:
		return fmt.Errorf("there is no group %q, and no other one", group)
	case n > mostNamed:
		known += fmt.Sprintf("\nand %d more", n-mostNamed)
	}
	return fmt.Errorf("there is no group %q. There are:%s", group, known)
}

// readExport reads an export from end to end. Each record is shown as it comes; only when readExport returns without
// an error was it all of them.
func readExport(r io.Reader, begin func(exportHead) error, show func(group string, r storage.Record) error) (n int, err error) {
	in := json.NewDecoder(bufio.NewReaderSize(r, 1<<16))
	var head exportHead
	count := -1
	known := map[string]any{"trellis-export": &head.Format, "version": &head.Version, "made": &head.Made, "group": &head.Group, "count": &count}
	if err := expect(in, json.Delim('{')); err != nil {
		return 0, brokenExport(n, err)
	}
	for in.More() {
		name, err := in.Token()
		if err != nil {
			return n, brokenExport(n, err)
		}
		if name == "records" {
			if err := begin(head); err != nil {
				return n, err
			}
			if n, err = readRecords(in, show); err != nil {
				return n, err
			}
			continue
		}
		to := known[fmt.Sprint(name)]
		if to == nil {
			to = new(json.RawMessage)
		}
		if err := in.Decode(to); err != nil {
			return n, brokenExport(n, err)
		}
	}
	if err := expect(in, json.Delim('}')); err != nil {
		return n, brokenExport(n, err)
	}
	if count != n {
		return n, brokenExport(n, fmt.Errorf("it holds %d records and says %d", n, count))
	}
	if _, err := in.Token(); !errors.Is(err, io.EOF) {
		return n, brokenExport(n, errors.New("something follows its end"))
	}
	return n, nil
}

func readRecords(in *json.Decoder, show func(group string, r storage.Record) error) (n int, err error) {
	if err := expect(in, json.Delim('[')); err != nil {
		return n, brokenExport(n, err)
	}
	for in.More() {
		var r exportedRecord
		if err := in.Decode(&r); err != nil {
			return n, brokenExport(n, err)
		}
		if r.Key == nil && r.Bytes == nil {
			return n, brokenExport(n, errors.New("a record has no key"))
		}
		if err := show(r.Group, r.record()); err != nil {
			return n, fmt.Errorf("record %d: %w", n+1, err)
		}
		n++
	}
	if err := expect(in, json.Delim(']')); err != nil {
		return n, brokenExport(n, err)
	}
	return n, nil
}

func brokenExport(after int, err error) error {
	return fmt.Errorf("the export is damaged, cut off or no export; after record %d: %w", after, err)
}

func expect(in *json.Decoder, want json.Delim) error {
	token, err := in.Token()
	if err == nil && token != want {
		err = fmt.Errorf("%v stands where %v should", token, want)
	}
	return err
}
