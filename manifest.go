package main

import (
	"flag"
	"fmt"
	"io"

	"trellis/adapters/slack"
)

const manifestHelp = `Usage: trellis manifest [--config FILE] [--url ADDRESS] [--scopes]

Prints the manifest of a Slack app that fits the settings: at https://api.slack.com/apps choose
"Create New App", "From a manifest", and paste it. Without settings it is for Socket Mode in one workspace,
which needs no inbound port. --url is the public address of Trellis, for HTTP and for several workspaces.
--scopes prints instead what each permission is for.

  trellis manifest
  trellis manifest --config /etc/trellis.yaml --url https://trellis.example.org
`

func runManifest(args []string, _ io.Reader, stdout, stderr io.Writer) int {
	fs := flag.NewFlagSet("manifest", flag.ContinueOnError)
	file := fs.String("config", "", "the `file` with the settings")
	address := fs.String("url", "", "the public `address` of Trellis, without a path")
	scopes := fs.Bool("scopes", false, "say what each permission is for")
	rest, code, done := parseFlags(fs, manifestHelp, args, stdout, stderr)
	if done {
		return code
	}
	if len(rest) > 0 {
		return usageError(fs, stderr, "takes only flags, but got %q", rest)
	}
	if *scopes {
		for _, s := range slack.Scopes() {
			fmt.Fprintf(stdout, "%-18s %s\n", s.Name, s.Why)
		}
		return exitOK
	}
	c, err := settings(*file)
	if err != nil {
		return failed("manifest", stderr, err)
	}
	o, _ := slackOptions(c)
	text, err := slack.Manifest(slack.ManifestOptions{Socket: o.SigningSecret == "" || o.AppToken != "", Many: o.ClientID != "", URL: *address})
	if err != nil {
		return failed("manifest", stderr, fmt.Errorf("%w: name it by --url", err))
	}
	fmt.Fprintf(stdout, "%s\n", text)
	return exitOK
}
