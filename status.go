package main

import (
	"context"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"text/tabwriter"
	"time"

	"trellis/adapters/chat"
	"trellis/bot"
	"trellis/config"
	"trellis/storage/bolt"
)

const statusHelp = `Usage: trellis status [--json] [--config FILE]
       trellis status retry ID
       trellis status discard ID

Says what waits to be delivered, what is paused and why, and which events could not be handled. It names
no person and repeats no words. Retry sends a message, or handles an event, once more now; discard gives
it up for good. It does so while Trellis runs as well as when it is stopped.

  trellis status --config /etc/trellis.yaml
  trellis status retry 3f-2b9dh1c0vj
  trellis status --json | jq '.failed[].id'

The exit code is 0 also when something waits: it is 1 when the state cannot be read, or the ID is unknown.
`

func runStatus(args []string, _ io.Reader, stdout, stderr io.Writer) int {
	fs := flag.NewFlagSet("status", flag.ContinueOnError)
	file := fs.String("config", "", "the `file` with the settings")
	asJSON := fs.Bool("json", false, "print one JSON object")
	rest, code, done := parseFlags(fs, statusHelp, args, stdout, stderr)
	if done {
		return code
	}
	verbs := map[string]bot.Verb{"retry": bot.Retry, "discard": bot.Discard}
	switch {
	case len(rest) == 0:
	case len(rest) != 2:
		return usageError(fs, stderr, "takes nothing, or retry ID, or discard ID, but got %q", rest)
	default:
		if _, ok := verbs[rest[0]]; !ok {
			return usageError(fs, stderr, "%q is none of what it does%s", rest[0], didYouMean(config.Nearest(rest[0], []string{"retry", "discard"})))
		}
	}
	c, err := settings(*file)
	if err != nil {
		return failed("status", stderr, err)
	}
	if len(rest) == 2 {
		if err := order(context.Background(), c, rest[0], verbs[rest[0]], rest[1]); err != nil {
			return failed("status", stderr, fmt.Errorf("%s %s: %w", rest[0], rest[1], err))
		}
		fmt.Fprintf(stdout, "%s: %s\n", rest[1], map[string]string{"retry": "tried once more", "discard": "given up"}[rest[0]])
		return exitOK
	}
	s, err := readStatus(context.Background(), c)
	if err != nil {
		return failed("status", stderr, err)
	}
	if *asJSON {
		err = json.NewEncoder(stdout).Encode(newReport(s))
	} else {
		err = newReport(s).print(stdout)
	}
	if err != nil {
		return failed("status", stderr, err)
	}
	return exitOK
}

// readStatus asks the Trellis that runs, or reads the store when none does.
func readStatus(ctx context.Context, c *config.Config) (s bot.Status, err error) {
	trellis, err := running(ctx, c.String("data"))
	if err != nil {
		return s, err
	}
	if trellis == nil {
		store, err := bolt.Open(ctx, bolt.Options{Path: storeFile(c), ReadOnly: true})
		if err != nil {
			return s, err
		}
		s, err = bot.ReadStatus(ctx, store)
		return s, errors.Join(err, store.Close())
	}
	answer, err := trellis.ask(ctx, http.MethodGet, "/status", nil)
	if err != nil {
		return s, err
	}
	defer answer.Close()
	if err := json.NewDecoder(answer).Decode(&s); err != nil {
		return s, fmt.Errorf("read the answer of the Trellis that runs: %w", err)
	}
	return s, nil
}

// order has the Trellis that runs obey, or a core of the engine that hands nothing out when none does.
func order(ctx context.Context, c *config.Config, name string, verb bot.Verb, id string) error {
	s, err := readStatus(ctx, c)
	if err != nil {
		return err
	}
	known := slices.ContainsFunc(s.Failed, func(f bot.Failed) bool { return f.ID == id }) ||
		slices.ContainsFunc(s.Waiting, func(w bot.Waiting) bool { return string(w.ID) == id })
	if !known {
		return errors.New("nothing waits under this ID, or it has settled itself; `trellis status` lists what does")
	}
	trellis, err := running(ctx, c.String("data"))
	if err != nil {
		return err
	}
	if trellis != nil {
		answer, err := trellis.ask(ctx, http.MethodPost, "/status", url.Values{"do": {name}, "id": {id}})
		if err != nil {
			return err
		}
		return answer.Close()
	}
	store, err := bolt.Open(ctx, bolt.Options{Path: storeFile(c)})
	if err != nil {
		return err
	}
	return errors.Join(orderAtRest(ctx, c, store, bot.Order{ID: id, Verb: verb}), store.Close())
}

func orderAtRest(ctx context.Context, c *config.Config, store *bolt.Store, o bot.Order) error {
	book, err := newBook(c.Zone("group.zone").String(), c.String("group.language"))
	if err != nil {
		return err
	}
	now := time.Now()
	core, err := bot.NewCore(ctx, bot.Options{Store: store, Book: book}, now)
	if err != nil {
		return err
	}
	_, err = core.Step(ctx, now, bot.Input{Orders: []bot.Order{o}, Closing: true})
	return err
}

// report is a status as it is printed: names for programs, and times that are left out where there is none.
type report struct {
	Queued  int             `json:"queued"`
	Waiting []reportWaiting `json:"waiting"`
	Paused  []reportPaused  `json:"paused"`
	Failed  []reportFailed  `json:"failed"`
}

type reportWaiting struct {
	ID     string    `json:"id"`
	Where  string    `json:"where"`
	Group  string    `json:"group,omitempty"`
	Since  time.Time `json:"since"`
	Tries  int       `json:"tries"`
	Next   time.Time `json:"next,omitzero"`
	Reason string    `json:"reason"`
	Doubt  bool      `json:"doubt,omitempty"` // it may have arrived
}

type reportPaused struct {
	Where    string    `json:"where"`
	Since    time.Time `json:"since"`
	Until    time.Time `json:"until,omitzero"`
	Reason   string    `json:"reason"`
	Operator bool      `json:"operator"` // whoever runs Trellis has to act
}

type reportFailed struct {
	ID    string    `json:"id"`
	At    time.Time `json:"at"`
	What  string    `json:"what"`
	Fault string    `json:"fault"`
	Tries int       `json:"tries"`
	// Retry says whether it can be handled again; what was meant to be anonymous is not kept, and can not.
	Retry bool `json:"retry"`
}

func newReport(s bot.Status) report {
	r := report{Queued: s.Queued, Waiting: []reportWaiting{}, Paused: []reportPaused{}, Failed: []reportFailed{}}
	for _, w := range s.Waiting {
		where := string(w.Platform) + " " + string(w.Room)
		if w.Private {
			where = string(w.Platform) + " private"
		}
		r.Waiting = append(r.Waiting, reportWaiting{
			ID: string(w.ID), Where: where, Group: string(w.Group), Since: w.Since, Tries: w.Tries, Next: w.Next, Reason: w.Reason, Doubt: w.Doubt,
		})
	}
	for _, p := range s.Stopped {
		where := string(p.Platform)
		if p.Tenant != "" {
			where += " " + p.Tenant
		}
		if p.Only != nil {
			where += ", one kind of message"
		}
		r.Paused = append(r.Paused, reportPaused{Where: where, Since: p.Since, Reason: p.Reason, Operator: p.Who == chat.Operator})
	}
	for _, p := range s.Paused {
		where := string(p.Place.Platform) + " " + string(p.Place.Room)
		if p.Place.Private() {
			where = string(p.Place.Platform) + " a person"
		}
		r.Paused = append(r.Paused, reportPaused{Where: where, Since: p.Since, Until: p.Until, Reason: p.Reason, Operator: p.Who == chat.Operator})
	}
	for _, f := range s.Failed {
		what := "event"
		switch {
		case f.Timer != nil:
			what = "timer " + f.Timer.Flow + "/" + f.Timer.Name
		case f.Event != nil:
			what = string(f.Platform) + " " + f.Event.Kind()
		}
		r.Failed = append(r.Failed, reportFailed{ID: f.ID, At: f.At, What: what, Fault: f.Fault, Tries: f.Tries, Retry: !f.Sealed})
	}
	return r
}

// print writes a report for people.
func (r report) print(w io.Writer) error {
	fmt.Fprintf(w, "%d waiting to be delivered, %d of them held up; %d paused; %d failed\n", r.Queued, len(r.Waiting), len(r.Paused), len(r.Failed))
	if len(r.Waiting) > 0 {
		rows := [][]string{{"ID", "WHERE", "SINCE", "TRIES", "NEXT", "WHY"}}
		for _, x := range r.Waiting {
			why := x.Reason
			if x.Doubt {
				why += " (it may have arrived)"
			}
			rows = append(rows, []string{x.ID, x.Where, clock(x.Since), fmt.Sprint(x.Tries), clock(x.Next), why})
		}
		table(w, "Held up: `trellis status retry ID` tries now, `discard ID` gives up.", rows)
	}
	if len(r.Paused) > 0 {
		rows := [][]string{{"WHERE", "SINCE", "TRIED AGAIN", "WHO ACTS", "WHY"}}
		for _, x := range r.Paused {
			who := "the group"
			if x.Operator {
				who = "you"
			}
			rows = append(rows, []string{x.Where, clock(x.Since), clock(x.Until), who, x.Reason})
		}
		table(w, "Paused, and resumed by itself when it can be:", rows)
	}
	if len(r.Failed) > 0 {
		rows := [][]string{{"ID", "WHEN", "WHAT", "TRIES", "FAULT"}}
		for _, x := range r.Failed {
			fault := x.Fault
			if !x.Retry {
				fault += " (its words were not kept: discard it)"
			}
			rows = append(rows, []string{x.ID, clock(x.At), x.What, fmt.Sprint(x.Tries), fault})
		}
		table(w, "Could not be handled, and changed nothing: `trellis status retry ID`, `discard ID`.", rows)
	}
	return nil
}

func table(w io.Writer, title string, rows [][]string) {
	fmt.Fprintf(w, "\n%s\n", title)
	out := tabwriter.NewWriter(w, 0, 0, 2, ' ', 0)
	for _, row := range rows {
		for i, cell := range row {
			row[i] = oneLine(cell)
		}
		fmt.Fprintln(out, "  "+strings.Join(row, "\t"))
	}
	_ = out.Flush() // output notes an error
}

// clock is an instant as whoever runs Trellis reads it; none is a dash.
func clock(at time.Time) string {
	if at.Unix() <= 0 {
		return "–"
	}
	return at.UTC().Format("2006-01-02 15:04:05Z")
}
