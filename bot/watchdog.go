package bot

import (
	"context"
	"os"
	"strconv"
	"strings"
	"time"
)

// A turn cannot be stopped from outside. One that does not end is seen by the watchdog, which lets the health check
// fail, so that whoever runs Trellis starts it again, and notes the turn in a file: the next start sets it aside. The
// usual turn costs nothing of this but a pointer.
const (
	turnWithin = 10 * time.Second
	watchEvery = time.Second
)

// watch looks at the turn that runs.
func (e *Engine) watch(ctx context.Context) {
	tick := time.NewTicker(watchEvery)
	defer tick.Stop()
	core := e.core.Load()
	var last *turnName
	var since time.Time
	noted := false
	for {
		select {
		case <-ctx.Done():
			return
		case now := <-tick.C:
			turn := core.running.Load()
			switch {
			case turn == nil || turn != last:
				if noted {
					noted = false
					e.health.spins("")
					if !e.suspects.Load() {
						e.forgetBegun()
					}
				}
				last, since = turn, now
			case !noted && now.Sub(since) >= turnWithin:
				noted = true
				e.health.spins(turn.String())
				e.log.Error("a turn does not end", "turn", turn.String())
				if err := noteBegun(e.config.Begun, turn.String()); err != nil {
					e.log.Error("note the turn that does not end", "error", err)
				}
			}
		}
	}
}

// noteBegun adds a turn to the file.
func noteBegun(path, turn string) error {
	if path == "" {
		return nil
	}
	f, err := os.OpenFile(path, os.O_CREATE|os.O_APPEND|os.O_WRONLY, 0o600)
	if err != nil {
		return err
	}
	defer f.Close()
	if _, err := f.WriteString(strconv.Quote(turn) + "\n"); err != nil {
		return err
	}
	return f.Sync()
}

// readBegun returns the turns in the file. One that cannot be read names none: that is no reason not to start.
func readBegun(path string) (turns []string) {
	if path == "" {
		return nil
	}
	text, err := os.ReadFile(path)
	if err != nil {
		return nil
	}
	for line := range strings.Lines(string(text)) {
		if turn, err := strconv.Unquote(strings.TrimSpace(line)); err == nil {
			turns = append(turns, turn)
		}
	}
	return turns
}

func (e *Engine) forgetBegun() {
	if e.config.Begun != "" {
		_ = os.Remove(e.config.Begun) // is read again at the next start at worst, and then names a turn that is over
	}
}
