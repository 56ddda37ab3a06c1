package main

import (
	"bufio"
	"bytes"
	"errors"
	"flag"
	"fmt"
	"io"
	"strings"
	"time"

	"trellis/flows/calendar"
)

const nextHelp = `Usage: trellis next --cron SPEC --zone ZONE [--after TIME] [-n N]
       trellis next --stdin

Says when a rule comes next, by the clocks of a zone: the instants in UTC, one a line. A time that
the zone skips comes at the first valid minute after it; one that comes twice comes the first time.

  trellis next --cron "0 9 * * 1" --zone Europe/London --after 2026-03-27T09:00:00Z -n 3
  trellis next --cron @daily --zone America/Sao_Paulo
  printf '30 1 * * *\tEurope/London\t2026-03-28T12:00:00Z\n' | trellis next --stdin

SPEC has five fields (minute, hour, day of month, month, day of week; Sunday is 0), or is one of
@hourly, @daily, @weekly, @monthly. ZONE is an IANA name, TIME is RFC 3339.
With --stdin each line is SPEC, a tab, ZONE, a tab, TIME; each is answered by one line: the first
instant after TIME, or "-" when none comes within ten years, or "error: " with what is wrong.
`

// runNext answers one question from its flags, or one for each line of stdin.
func runNext(args []string, stdin io.Reader, stdout, stderr io.Writer) int {
	fs := flag.NewFlagSet("next", flag.ContinueOnError)
	spec := fs.String("cron", "", "five `fields`, or @hourly, @daily, @weekly, @monthly")
	zone := fs.String("zone", "", "IANA `name`, such as Europe/London")
	after := fs.String("after", "", "RFC 3339 `time`, such as 2026-03-27T09:00:00Z; now unless given")
	count := fs.Int("n", 1, "how many instants, a `number` from 1")
	lines := fs.Bool("stdin", false, "answer each line of stdin")
	rest, code, done := parseFlags(fs, nextHelp, args, stdout, stderr)
	if done {
		return code
	}
	if len(rest) > 0 {
		return usageError(fs, stderr, "takes only flags, but got %q; put the five fields in quotes", rest)
	}
	given := map[string]bool{}
	fs.Visit(func(f *flag.Flag) { given[f.Name] = true })
	if *lines {
		if len(given) > 1 {
			return usageError(fs, stderr, "--stdin takes no other flag: rule, zone and time stand in each line")
		}
		if err := answerLines(stdin, stdout); err != nil {
			return failed("next", stderr, err)
		}
		return exitOK
	}
	switch {
	case !given["cron"]:
		return usageError(fs, stderr, `which rule? Give --cron, such as --cron "0 9 * * 1", or --stdin`)
	case !given["zone"]:
		return usageError(fs, stderr, "by whose clocks? Give --zone, such as --zone Europe/London")
	case *count < 1:
		return usageError(fs, stderr, "-n %d: want a number from 1", *count)
	}
	if !given["after"] {
		*after = time.Now().UTC().Format(time.RFC3339)
	}
	q, err := newQuestions().read(*spec, *zone, *after)
	if err != nil {
		return usageError(fs, stderr, "%s", err)
	}
	out := bufio.NewWriter(stdout)
	for range *count {
		at, ok := q.spec.Next(q.after, q.zone)
		fmt.Fprintln(out, instant(at, ok))
		if !ok {
			break
		}
		q.after = at
	}
	if err := out.Flush(); err != nil {
		return failed("next", stderr, err)
	}
	return exitOK
}

// instant is how an answer is printed; none is a dash.
func instant(at time.Time, ok bool) string {
	if !ok {
		return "-"
	}
	return at.UTC().Format(time.RFC3339)
}

// longestLine is far above any real rule; what is longer is answered as wrong, and not kept.
const longestLine = 64 << 10

// answerLines answers each line with a line, and holds no answer back while it waits for more.
func answerLines(stdin io.Reader, stdout io.Writer) error {
	in, out := bufio.NewReaderSize(stdin, longestLine), bufio.NewWriterSize(stdout, longestLine)
	q := newQuestions()
	for {
		line, err := in.ReadSlice('\n')
		tooLong := errors.Is(err, bufio.ErrBufferFull)
		for errors.Is(err, bufio.ErrBufferFull) {
			line, err = in.ReadSlice('\n')
		}
		if err != nil && !errors.Is(err, io.EOF) {
			return fmt.Errorf("read stdin: %w", errors.Join(err, out.Flush()))
		}
		switch {
		case tooLong:
			fmt.Fprintf(out, "error: the line is longer than %d bytes\n", longestLine)
		case err == nil || len(line) > 0:
			fmt.Fprintln(out, q.answer(string(bytes.TrimRight(line, "\r\n"))))
		}
		if err != nil { // the end
			return flushed(out)
		}
		if waiting, _ := in.Peek(in.Buffered()); bytes.IndexByte(waiting, '\n') < 0 {
			if err := flushed(out); err != nil {
				return err
			}
		}
	}
}

func flushed(out *bufio.Writer) error {
	if err := out.Flush(); err != nil {
		return fmt.Errorf("write the answers: %w", err)
	}
	return nil
}

// questions reads rules and zones, and keeps what it read: a stream asks for the same few again and again.
type questions struct {
	specs map[string]calendar.CronSpec
	zones map[string]*time.Location
}

// keptAtMost bounds each kind of what is kept, whatever a stream asks for.
const keptAtMost = 10_000

func newQuestions() *questions {
	return &questions{specs: map[string]calendar.CronSpec{}, zones: map[string]*time.Location{}}
}

// question is when a rule comes next in a zone after an instant.
type question struct {
	spec  calendar.CronSpec
	zone  *time.Location
	after time.Time
}

// answer never has a line break in it, whatever the line has.
func (q *questions) answer(line string) string {
	spec, rest, tab := strings.Cut(line, "\t")
	zone, after, tabs := strings.Cut(rest, "\t")
	if !tab || !tabs {
		return "error: want three parts with a tab between them: rule, zone, time"
	}
	asked, err := q.read(spec, zone, after)
	if err != nil {
		return "error: " + err.Error()
	}
	return instant(asked.spec.Next(asked.after, asked.zone))
}

func (q *questions) read(spec, zone, after string) (question, error) {
	s, ok := q.specs[spec]
	if !ok {
		var err error
		if s, err = calendar.ParseCron(spec); err != nil {
			return question{}, err
		}
		keep(q.specs, spec, s)
	}
	z, ok := q.zones[zone]
	if !ok {
		var err error
		if z, err = calendar.LoadZone(zone); err != nil {
			return question{}, zoneError(zone, err)
		}
		keep(q.zones, zone, z)
	}
	t, err := time.Parse(time.RFC3339, after)
	if err != nil {
		return question{}, fmt.Errorf("read time %q: want RFC 3339, such as 2026-03-27T09:00:00Z", after)
	}
	return question{s, z, t}, nil
}

func keep[V any](m map[string]V, key string, v V) {
	if len(m) >= keptAtMost {
		clear(m)
	}
	m[strings.Clone(key)] = v
}

func zoneError(zone string, err error) error {
	if unknown, ok := errors.AsType[*calendar.UnknownError](err); ok && len(unknown.Near) > 0 {
		return fmt.Errorf("read zone %q: no such zone; near it is %s", zone, strings.Join(unknown.Near, ", "))
	}
	return fmt.Errorf("read zone %q: want an IANA name, such as Europe/London", zone)
}
