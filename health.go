package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"net"
	"net/http"
	"strings"
	"time"

	"trellis/config"
)

const healthHelp = `Usage: trellis health [--url URL] [--config FILE]

Asks the Trellis that runs whether it lives, for a container's health check: exit code 0 when it does, and
1, with the reason, when it should be started again. It asks where http.listen says or, without that, over
the socket in the data folder.

  trellis health
  trellis health --url http://127.0.0.1:8080/readyz
`

// healthWithin is how long an answer may take; a Trellis that lives gives it at once.
const healthWithin = 5 * time.Second

func runHealth(args []string, _ io.Reader, stdout, stderr io.Writer) int {
	fs := flag.NewFlagSet("health", flag.ContinueOnError)
	file := fs.String("config", "", "the `file` with the settings")
	url := fs.String("url", "", "ask this `address` instead")
	rest, code, done := parseFlags(fs, healthHelp, args, stdout, stderr)
	if done {
		return code
	}
	if len(rest) > 0 {
		return usageError(fs, stderr, "takes only flags, but got %q; name the address by --url", rest)
	}
	ctx, cancel := context.WithTimeout(context.Background(), healthWithin)
	defer cancel()
	said, err := health(ctx, *file, *url)
	if err != nil {
		return failed("health", stderr, err)
	}
	fmt.Fprintln(stdout, said)
	return exitOK
}

func health(ctx context.Context, file, url string) (string, error) {
	if url == "" {
		c, err := settings(file)
		if err != nil {
			return "", err
		}
		if c.String("http.listen") == "" {
			return healthBySocket(ctx, c)
		}
		if url, err = healthURL(c.String("http.listen")); err != nil {
			return "", err
		}
	}
	r, err := http.NewRequestWithContext(ctx, http.MethodGet, url, nil)
	if err != nil {
		return "", fmt.Errorf("ask %s: %w", url, err)
	}
	answer, err := (&http.Client{Transport: &http.Transport{DisableKeepAlives: true}}).Do(r)
	if err != nil {
		return "", err
	}
	defer answer.Body.Close()
	said, err := readAnswer(answer.Body)
	if err == nil && answer.StatusCode != http.StatusOK {
		err = fmt.Errorf("%s: %s", answer.Status, said)
	}
	return said, err
}

func healthBySocket(ctx context.Context, c *config.Config) (string, error) {
	trellis, err := running(ctx, c.String("data"))
	if err != nil {
		return "", err
	}
	if trellis == nil {
		return "", fmt.Errorf("no Trellis runs on the data folder %s", c.String("data"))
	}
	answer, err := trellis.ask(ctx, http.MethodGet, "/healthz", nil)
	if err != nil {
		return "", err
	}
	defer answer.Close()
	return readAnswer(answer)
}

// healthURL is where this machine reaches what listens at an address; one that listens everywhere is asked on loopback.
func healthURL(listen string) (string, error) {
	host, port, err := net.SplitHostPort(listen)
	if err != nil {
		return "", fmt.Errorf("read http.listen: %w", err)
	}
	if ip := net.ParseIP(host); host == "" || ip != nil && ip.IsUnspecified() {
		host = "localhost"
	}
	return "http://" + net.JoinHostPort(host, port) + "/healthz", nil
}

// readAnswer reads what is at most a few lines.
func readAnswer(r io.Reader) (string, error) {
	text, err := io.ReadAll(io.LimitReader(r, 64<<10))
	if err != nil {
		return "", err
	}
	if len(text) == 0 {
		return "", errors.New("the answer is empty")
	}
	return strings.TrimSpace(string(text)), nil
}
