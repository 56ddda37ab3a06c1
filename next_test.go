package main

import (
	"bufio"
	"bytes"
	"fmt"
	"io"
	"strings"
	"testing"
)

func TestNext(t *testing.T) {
	for _, row := range []struct {
		name, stdin, out, complaint string
		args                        []string
		code                        int
	}{
		{
			name: "several instants over a change of clocks",
			args: []string{"--cron", "30 1 * * *", "--zone", "Europe/London", "--after", "2026-03-28T01:00:00Z", "-n", "3"},
			out:  "2026-03-28T01:30:00Z\n2026-03-29T01:00:00Z\n2026-03-30T00:30:00Z\n",
		},
		{
			name: "one unless told",
			args: []string{"--cron=@hourly", "--zone=Asia/Kathmandu", "--after=2026-03-28T06:00:00+05:45"},
			out:  "2026-03-28T01:15:00Z\n",
		},
		{
			name: "none within ten years",
			args: []string{"--cron", "0 0 30 2 *", "--zone", "UTC", "--after", "2026-03-28T01:00:00Z", "-n", "3"},
			out:  "-\n",
		},
		{
			name:  "lines, right and wrong",
			args:  []string{"--stdin"},
			stdin: "@daily\tUTC\t2026-01-01T00:00:00Z\r\n\nTZ=UTC\tUTC\t2026-01-01T00:00:00Z\n0 9 * * *\tlondon\t2026-01-01T00:00:00Z\n0 9 * * *\tUTC\tnow\n0 9 * * *\tUTC\n" + strings.Repeat("x", longestLine+10) + "\n0 0 29 2 *\tUTC\t2026-01-01T00:00:00Z",
			out: `2026-01-02T00:00:00Z
error: want three parts with a tab between them: rule, zone, time
error: read cron "TZ=UTC": the zone does not stand in the expression
error: read zone "london": no such zone; near it is Europe/London
error: read time "now": want RFC 3339, such as 2026-03-27T09:00:00Z
error: want three parts with a tab between them: rule, zone, time
error: the line is longer than 65536 bytes
2028-02-29T00:00:00Z
`,
		},
		{name: "no lines", args: []string{"--stdin"}},
		{name: "no rule", code: exitUsage, complaint: "--cron"},
		{name: "no zone", args: []string{"--cron", "@daily"}, code: exitUsage, complaint: "Europe/London"},
		{name: "a wrong rule", args: []string{"--cron", "@yearly", "--zone", "UTC"}, code: exitUsage, complaint: "@monthly"},
		{name: "a wrong zone", args: []string{"--cron", "@daily", "--zone", "Europe/Londn"}, code: exitUsage, complaint: "Europe/London"},
		{name: "a wrong time", args: []string{"--cron", "@daily", "--zone", "UTC", "--after", "today"}, code: exitUsage, complaint: "RFC 3339"},
		{name: "none asked for", args: []string{"--cron", "@daily", "--zone", "UTC", "-n", "0"}, code: exitUsage, complaint: "from 1"},
		{name: "fields without quotes", args: []string{"--cron", "0", "9", "*", "*", "1", "--zone", "UTC"}, code: exitUsage, complaint: "quotes"},
		{name: "two ways at once", args: []string{"--stdin", "--zone", "UTC"}, code: exitUsage, complaint: "--stdin"},
		{name: "an unknown flag", args: []string{"--corn", "@daily"}, code: exitUsage, complaint: "--cron"},
	} {
		t.Run(row.name, func(t *testing.T) {
			var stdout, stderr bytes.Buffer
			code := runNext(row.args, strings.NewReader(row.stdin), &stdout, &stderr)
			if code != row.code || stdout.String() != row.out {
				t.Errorf("code %d, out:\n%s\nwant code %d, out:\n%s\nstderr: %s", code, &stdout, row.code, row.out, &stderr)
			}
			if !strings.Contains(stderr.String(), row.complaint) || (row.complaint == "") != (stderr.Len() == 0) {
				t.Errorf("stderr %q, want %q in it", &stderr, row.complaint)
			}
		})
	}
}

func TestNextHelp(t *testing.T) {
	var stdout, stderr bytes.Buffer
	if code := runNext([]string{"--help"}, nil, &stdout, &stderr); code != exitOK || stderr.Len() > 0 {
		t.Errorf("code %d, stderr %q", code, &stderr)
	}
	for _, word := range []string{"--stdin", "RFC 3339", "@hourly", "first valid minute"} {
		if !strings.Contains(stdout.String(), word) {
			t.Errorf("the help does not speak of %q", word)
		}
	}
}

// Each question is sent only when the one before was answered: an answer that waited in a buffer would stop the test.
func TestNextAnswersBeforeItWaits(t *testing.T) {
	in, ask := io.Pipe()
	answers, out := io.Pipe()
	ended := make(chan int)
	go func() {
		ended <- runNext([]string{"--stdin"}, in, out, io.Discard)
		out.Close()
	}()
	read := bufio.NewScanner(answers)
	for hour := range 3 {
		// The start of the next line waits too, but no whole one does.
		fmt.Fprintf(ask, "@hourly\tUTC\t2026-01-01T%02d:00:00Z\n", hour)
		if want := fmt.Sprintf("2026-01-01T%02d:00:00Z", hour+1); !read.Scan() || read.Text() != want {
			t.Fatalf("got %q, want %q", read.Text(), want)
		}
	}
	fmt.Fprint(ask, "@daily\tUTC\t2026-01-01T00:00:00Z\n@daily\tU")
	if !read.Scan() || read.Text() != "2026-01-02T00:00:00Z" {
		t.Errorf("before half a line: got %q", read.Text())
	}
	fmt.Fprint(ask, "TC\t2026-01-02T00:00:00Z\n")
	if !read.Scan() || read.Text() != "2026-01-03T00:00:00Z" {
		t.Errorf("after the other half: got %q", read.Text())
	}
	ask.Close()
	if code := <-ended; code != exitOK {
		t.Errorf("exit code %d", code)
	}
}

// A reader that has gone is a failure, not a reason to go on.
func TestNextFailsWhenNobodyReads(t *testing.T) {
	gone, out := io.Pipe()
	gone.Close()
	var stderr bytes.Buffer
	line := "@daily\tUTC\t2026-01-01T00:00:00Z\n"
	if code := runNext([]string{"--stdin"}, strings.NewReader(line), out, &stderr); code != exitFailed {
		t.Errorf("exit code %d, want %d; stderr %q", code, exitFailed, &stderr)
	}
}

func BenchmarkNextLines(b *testing.B) {
	var lines strings.Builder
	for i := range 10_000 {
		fmt.Fprintf(&lines, "%d */2 * * %d\tEurope/London\t2026-03-%02dT12:00:00Z\n", i%60, i%7, i%28+1)
	}
	for b.Loop() {
		if code := runNext([]string{"--stdin"}, strings.NewReader(lines.String()), io.Discard, io.Discard); code != exitOK {
			b.Fatal(code)
		}
	}
	b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N)/10_000, "ns/line")
}
