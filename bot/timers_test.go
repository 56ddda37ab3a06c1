package bot

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"trellis/adapters/chat"
	"trellis/flows"
	"trellis/storage"
)

func timerOf(name string, at time.Time) flows.Timer {
	return flows.Timer{At: at, Flow: "counter", Name: name, Subject: "x"}
}

func TestTimersFireOnceInTheirOrder(t *testing.T) {
	r := newRig(t)
	r.command("remind 20 second")
	r.command("remind 10 first")
	r.command("remind 10 first")
	r.command("remind 30 third")
	r.command("unwind 30 third")
	if want := began.Add(10 * time.Second); !r.wake.Equal(want) {
		t.Errorf("wakes at %s, want %s", r.wake, want)
	}
	r.until(began.Add(15 * time.Second))
	r.want("#air first")
	r.start()
	r.now = r.now.Add(-time.Hour)
	r.step(Input{})
	r.until(began.Add(time.Hour))
	r.want("#air second")
}

func TestTimersOfOneStepTakeEachOtherBack(t *testing.T) {
	// A timer that an event of the same step takes back does not fire, though it is due.
	r := newRig(t)
	r.command("remind 5 x")
	r.now = began.Add(10 * time.Second)
	e := r.event("#air", "ana", chat.Command{Text: "unwind -5 x"})
	r.step(batch(e))
	r.deliver()
	r.want("")
}

func TestManyDueTimersLetEventsIn(t *testing.T) {
	r := newRig(t)
	for i := range 3 * timersAStep {
		r.command(fmt.Sprintf("remind 60 r%d", i))
	}
	r.now = began.Add(time.Hour)
	steps := 0
	for ; r.wake.Before(r.now.Add(1)) && steps < 10; steps++ {
		out := r.step(batch(r.event("#air", "ben", chat.Command{Text: "tell x"})))
		if len(out.Send) == 0 {
			t.Errorf("step %d answers nobody", steps)
		}
		in := Input{}
		for _, d := range r.out {
			in.Outcomes = append(in.Outcomes, r.take(d))
		}
		r.out = nil
		r.step(in)
	}
	if steps != 2 { // of two of the core each
		t.Errorf("%d timers took %d rounds", 3*timersAStep, steps)
	}
}

func TestTimerKeysSortByTime(t *testing.T) {
	var last string
	for _, at := range []time.Time{
		time.Unix(0, 0), time.Unix(1, 1), time.Unix(1, 2), began, began.Add(time.Nanosecond), lastInstant,
	} {
		timer := flows.Timer{At: at.UTC(), Group: "g\x00\x01", Flow: "f", Name: "n\x00", Subject: "s\x00s"}
		key, err := timerKey(nil, timer)
		if err != nil {
			t.Fatal(err)
		}
		if string(key) <= last {
			t.Errorf("the key of %s does not sort after the one before", at)
		}
		last = string(key)
		if back, err := parseTimer(key); err != nil || back != timer {
			t.Errorf("read back %+v, %v; want %+v", back, err, timer)
		}
	}
	if _, err := timerKey(nil, timerOf("x", lastInstant.Add(1))); err == nil {
		t.Error("a timer beyond the last instant has a key")
	}
	if _, err := timerKey(nil, flows.Timer{At: began, Name: strings.Repeat("x", storage.MaxKey)}); err == nil {
		t.Error("a timer with endless names has a key")
	}
}
