package main

import (
	"context"
	"flag"
	"fmt"
	"io"

	"trellis/adapters/slack"
)

const previewHelp = `Usage: trellis preview slack FILE…

Plays rehearsals and prints a page (HTML) of every message and form in them as Slack shows it, with what a
screen reader reads and the JSON that is sent: for reviewers and translators.

  trellis preview slack rehearsals/*.trellis >slack.html
`

func runPreview(args []string, _ io.Reader, stdout, stderr io.Writer) int {
	fs := flag.NewFlagSet("preview", flag.ContinueOnError)
	rest, code, done := parseFlags(fs, previewHelp, args, stdout, stderr)
	if done {
		return code
	}
	if len(rest) < 2 || rest[0] != "slack" {
		return usageError(fs, stderr, "name the platform and at least one file: trellis preview slack rehearsals/clean-air.trellis")
	}
	catalogues, err := loadWords()
	if err != nil {
		return failed("preview", stderr, err)
	}
	var all []slack.Previewed
	for _, file := range rest[1:] {
		result, err := play(context.Background(), file, stderr)
		if err != nil {
			return failed("preview", stderr, err)
		}
		for _, e := range result.Entries {
			title := fmt.Sprintf("%s:%d", file, result.Script.Steps[e.Step].Line)
			switch {
			case e.Form != nil:
				all = append(all, slack.Previewed{Title: title, Form: e.Form})
			case e.Note == "" && e.ByTrellis() && len(e.Content.Text) > 0:
				all = append(all, slack.Previewed{Title: title, Message: &e.Content})
			}
		}
	}
	if err := slack.Preview(stdout, catalogues.Text, all); err != nil {
		return failed("preview", stderr, err)
	}
	return exitOK
}
