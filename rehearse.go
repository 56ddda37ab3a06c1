package main

import (
	"bytes"
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"log/slog"
	"os"
	"path/filepath"
	"strings"

	"trellis/bot/rehearse"
	"trellis/flows"
	"trellis/flows/words"
	"trellis/storage"
	"trellis/storage/bolt"
)

const rehearseHelp = `Usage: trellis rehearse FILE… [--json] [--update]

Plays each file: a session with invented people and a clock that moves only when told, on the real
engine and a store that is thrown away. Prints who sees what and when, and stops a file at the first
expectation that does not hold, naming its line; the exit code is then 1.

  trellis rehearse rehearsals/clean-air.trellis
  trellis rehearse --json tea.trellis | jq -r 'select(.person == "ben") | .text'

A file has one step a line; the first person of a room is its facilitator:

  zone Europe/London
  at 2026-03-27 09:00
  people ana, ben, chi (es), dee (cy, America/New_York)
  room #air: ana, ben, chi
  # a line that begins so is a comment
  ana #air> trellis checkin "How are you arriving?" by="tomorrow 17:00"
  ben> tired, but glad to be here
  chi presses "Pass"
  refute #air "tired"
  wait 1d8h
  expect #air "tired, but glad"

NAME> is a direct message to Trellis, NAME #ROOM> a line in a room. "expect" and "refute" look at what
Trellis said, there or to that person alone, since the last step that was neither; "expect NAME once"
wants exactly one new message. Other steps: room #lane joins #air: ana, dee; NAME fills FIELD="TEXT" …;
NAME #ROOM presses "LABEL"; NAME reacts :+1:; NAME edits "TEXT"; NAME deletes; NAME joins #ROOM; NAME
leaves #ROOM; restart; crash; crash sending; redeliver.
`

// runRehearse plays files. A file that fails does not keep the others from being played.
func runRehearse(args []string, _ io.Reader, stdout, stderr io.Writer) int {
	fs := flag.NewFlagSet("rehearse", flag.ContinueOnError)
	asJSON := fs.Bool("json", false, "print one object a message: at, room or person, from, text, choices, id, edits")
	keep := fs.Bool("update", false, "write the transcript of each file that passes beside it, as NAME.transcript")
	files, code, done := parseFlags(fs, rehearseHelp, args, stdout, stderr)
	if done {
		return code
	}
	if len(files) == 0 {
		return usageError(fs, stderr, "which file? Try rehearsals/clean-air.trellis")
	}
	for _, file := range files {
		if info, err := os.Stat(file); err != nil || info.IsDir() {
			return usageError(fs, stderr, "%s is no file that can be read; nothing was played", file)
		}
	}
	for i, file := range files {
		result, err := play(context.Background(), file, stderr)
		if len(files) > 1 && !*asJSON {
			fmt.Fprintf(stdout, "%s=== %s\n\n", strings.Repeat("\n", min(i, 1)), file)
		}
		write := result.WriteText
		if *asJSON {
			write = result.WriteJSON
		}
		if result.Script != nil {
			if wrong := write(stdout); wrong != nil {
				return failed("rehearse", stderr, wrong)
			}
		}
		if err == nil && *keep {
			err = keepTranscript(file, result)
		}
		if err != nil {
			code = rehearsalFailed(err, stderr)
		}
	}
	return code
}

// rehearsalFailed says what did not hold; what has a place in a file begins with it, so that editors can follow.
func rehearsalFailed(err error, stderr io.Writer) int {
	_, unreadable := errors.AsType[rehearse.Mistakes](err)
	_, unmet := errors.AsType[rehearse.Mistake](err)
	if !unreadable && !unmet {
		return failed("rehearse", stderr, err)
	}
	fmt.Fprintln(stderr, err)
	return exitFailed
}

// play reads a file and plays it on a store that is gone afterwards. What an operator would be warned of goes to log.
func play(ctx context.Context, file string, log io.Writer) (result rehearse.Result, err error) {
	text, err := os.ReadFile(file)
	if err != nil {
		return result, fmt.Errorf("read rehearsal: %w", err)
	}
	script, err := rehearse.Parse(file, string(text))
	if err != nil {
		return result, err
	}
	folder, err := os.MkdirTemp("", "trellis-rehearsal-")
	if err != nil {
		return result, fmt.Errorf("make a folder for the store: %w", err)
	}
	defer func() {
		if gone := os.RemoveAll(folder); err == nil && gone != nil {
			err = fmt.Errorf("remove the store: %w", gone)
		}
	}()
	options, err := rehearsalOptions(folder)
	if err != nil {
		return result, err
	}
	options.Log = slog.New(slog.NewTextHandler(log, &slog.HandlerOptions{Level: slog.LevelWarn}))
	return rehearse.Play(ctx, script, options)
}

// rehearsalOptions are the practices of the binary over a store that is not synced.
func rehearsalOptions(folder string) (rehearse.Options, error) {
	catalogues, err := words.Load()
	if err != nil {
		return rehearse.Options{}, fmt.Errorf("read the catalogues: %w", err)
	}
	return rehearse.Options{
		Flows:  flows.Options{Flows: practices(), Words: catalogues},
		Folder: folder,
		Open: func(ctx context.Context, file string) (storage.Store, error) {
			return bolt.Open(ctx, bolt.Options{Path: file, NoSync: true, InitialMmapSize: 1 << 20})
		},
	}, nil
}

// transcriptOf is the file beside a rehearsal that holds what it must print.
func transcriptOf(file string) string {
	return strings.TrimSuffix(file, filepath.Ext(file)) + ".transcript"
}

func keepTranscript(file string, result rehearse.Result) error {
	var text bytes.Buffer
	if err := result.WriteText(&text); err != nil {
		return err
	}
	if err := os.WriteFile(transcriptOf(file), text.Bytes(), 0o644); err != nil {
		return fmt.Errorf("keep the transcript: %w", err)
	}
	return nil
}
