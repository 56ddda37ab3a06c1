package bot

import (
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"trellis/adapters/chat"
	"trellis/storage"
)

func TestHigherClassGoesFirst(t *testing.T) {
	r := newRig(t)
	r.command("digest d0") // is out at once
	r.command("digest d1")
	r.command("say s1")
	r.command("digest d2")
	r.command("answer a1 here")
	r.command("say s2")
	r.deliver()
	got := r.saw()
	want := "#air d0\n#air s1\n#air s2\n#air d1\n#air d2"
	if answered := strings.ReplaceAll(got, "\n#airana a1 here", ""); answered != want {
		t.Errorf("people saw\n%s\nwant\n%s", got, want)
	}
}

func TestOneDeliveryOfALaneIsOut(t *testing.T) {
	r := newRig(t)
	r.command("say 1")
	r.command("say 2")
	r.step(batch(r.event("#sea", "ben", chat.Command{Text: "say 3"})))
	if len(r.out) != 2 || r.out[0].To.Room == r.out[1].To.Room {
		t.Errorf("out: %+v", r.out)
	}
}

func TestUpdatesThatWaitBecomeOne(t *testing.T) {
	r := newRig(t)
	r.command("say busy")
	r.command("count x")
	r.command("count x") // the post that waits will carry it
	r.deliver()
	r.want("#air busy", "#air 2 so far")
	r.command("count x")
	r.command("count x")
	r.command("count x") // one is out with 3, one waits and will carry 5
	r.deliver()
	r.want("#air* 3 so far", "#air* 5 so far")
}

func TestUpdateWaitsForItsPost(t *testing.T) {
	r := newRig(t)
	r.command("count x") // is out
	r.command("count x")
	r.command("say s")
	if len(r.out) != 1 {
		t.Fatalf("out: %+v", r.out)
	}
	r.deliver()
	r.want("#air 1 so far", "#air* 2 so far", "#air s")
}

func TestThreadIsTheMessageAtThatPlace(t *testing.T) {
	r := newRig(t)
	r.command("count x")
	r.deliver()
	r.command("thread below")
	r.deliver()
	if d := r.took[1]; d.Thread == "" || d.Thread != chat.MessageID("m"+string(r.took[0].ID)) {
		t.Errorf("thread %q of %+v", d.Thread, r.took[0])
	}
}

func TestWordInARoomToOneLeavesNothing(t *testing.T) {
	r := newRig(t)
	r.command("nothing x")
	before := len(keys(t, r.opts.Store))
	r.command("answer whisper")
	r.deliver()
	r.want("#airana whisper")
	if after := keys(t, r.opts.Store); len(after) != before+2 { // the event, and the number of the delivery
		t.Errorf("kept %d keys more, want two: %q", len(after)-before, after)
	}
}

// once fails the first delivery, and takes the others.
func once(err error) func(chat.Delivery) error {
	first := true
	return func(chat.Delivery) error {
		if !first {
			return nil
		}
		first = false
		return err
	}
}

func TestLaterWaitsAndKeepsTheOrder(t *testing.T) {
	r := newRig(t)
	r.fail = once(&chat.Later{After: 30 * time.Second, Scope: chat.ThisPlace, Reason: "busy"})
	r.command("say 1")
	r.command("say 2")
	r.step(batch(r.event("#sea", "ben", chat.Command{Text: "say elsewhere"})))
	r.until(began.Add(29 * time.Second))
	r.want("#sea elsewhere")
	r.until(began.Add(30 * time.Second))
	r.want("#air 1", "#air 2")
	for _, d := range r.took {
		if d.Doubt {
			t.Errorf("%s is in doubt, though it was not accepted", d.ID)
		}
	}
}

func TestLaterCarriesUpdatesThatCameMeanwhile(t *testing.T) {
	r := newRig(t)
	r.fail = once(&chat.Later{After: time.Second, Reason: "busy"})
	r.command("count x") // out
	r.command("count x") // waits as an update
	r.until(began.Add(time.Minute))
	r.want("#air 2 so far")
}

func TestHigherClassOvertakesWhatWaits(t *testing.T) {
	r := newRig(t)
	r.fail = once(&chat.Later{After: time.Minute, Scope: chat.ThisMessage, Reason: "no"})
	r.command("digest d1")
	r.command("digest d2")
	r.deliver()
	r.command("say s")
	r.deliver()
	r.want("#air s")
	r.until(began.Add(time.Minute))
	r.want("#air d1", "#air d2")
}

func TestUnknownOutcomeIsLookedFor(t *testing.T) {
	r := newRig(t)
	cut := errors.New("connection cut")
	n := 0
	r.fail = func(d chat.Delivery) error {
		if n++; n <= 5 {
			if d.Doubt != (n > 1) {
				t.Errorf("try %d: doubt is %t", n, d.Doubt)
			}
			return cut
		}
		return nil
	}
	r.command("say 1")
	r.command("say 2")
	var waits []time.Duration
	for range 5 {
		r.deliver()
		waits = append(waits, r.wake.Sub(r.now))
		r.now = r.wake
		r.step(Input{})
	}
	for i, w := range waits {
		most := time.Second << i
		if w < most/2 || w > most {
			t.Errorf("wait %d is %s, want between half and all of %s", i, w, most)
		}
	}
	r.until(r.now.Add(time.Hour))
	r.want("#air 1", "#air 2")
}

func TestBackoffGrowsAndEnds(t *testing.T) {
	for tries := range 100 {
		low, high := backoff(tries, 0), backoff(tries, 1)
		if low < time.Second/2 || high > 5*time.Minute || low > high || tries > 1 && high < backoff(tries-1, 1) {
			t.Errorf("after %d tries: %s to %s", tries, low, high)
		}
	}
}

func TestOnlyMarkedDeliveriesAreInDoubtAfterACrash(t *testing.T) {
	r := newRig(t)
	r.command("say 1") // out
	r.command("say 2")
	r.step(batch(r.event("#sea", "ben", chat.Command{Text: "say 3"}))) // out
	r.start()
	r.step(Input{})
	r.deliver()
	r.want("#air 1", "#sea 3", "#air 2")
	for i, doubt := range []bool{true, true, false} {
		if r.took[i].Doubt != doubt {
			t.Errorf("delivery %d: doubt is %t", i, r.took[i].Doubt)
		}
	}
}

func TestUpdateAfterACrashIsNotSwallowed(t *testing.T) {
	// The post that is in doubt may stand there with its old text: what came since has to follow it.
	r := newRig(t)
	r.command("count x") // out, with 1
	r.start()
	r.command("count x")
	r.command("count x")
	r.deliver()
	r.want("#air 2 so far", "#air* 3 so far")
}

func TestRefusedMessageIsDropped(t *testing.T) {
	r := newRig(t)
	r.fail = once(&chat.Refused{Scope: chat.ThisMessage, Reason: "msg_too_long"})
	r.command("count x")
	r.command("count x") // an update of what will not stand there
	r.command("say s")
	r.deliver()
	r.want("#air s")
	r.command("count x")
	r.deliver()
	r.want("")
}

func TestUpdateOfWhatIsGoneIsPostedAnew(t *testing.T) {
	r := newRig(t)
	r.command("count x")
	r.deliver()
	r.fail = once(&chat.Refused{Anew: true, Reason: "message_not_found"})
	r.command("count x")
	r.command("say s")
	r.deliver()
	r.want("#air 1 so far", "#air 2 so far", "#air s")
	r.command("count x")
	r.deliver()
	r.want("#air* 3 so far")
	if d := r.took[len(r.took)-1]; d.Update != chat.MessageID("m"+string(r.took[1].ID)) {
		t.Errorf("the last update is of %s, want of the second post", d.Update)
	}
}

func TestRefusedPlaceIsPausedUntilItIsHeardFrom(t *testing.T) {
	for name, resume := range map[string]func(r *rig){
		"an event from there": func(r *rig) { r.command("nothing x") },
		"reachable":           func(r *rig) { r.step(batch(r.event("#air", "", chat.Reachable{}))) },
		"a day":               func(r *rig) { r.until(r.now.Add(25 * time.Hour)) },
		"an order": func(r *rig) {
			s, err := ReadStatus(r.t.Context(), r.opts.Store)
			if err != nil || len(s.Waiting) != 1 || len(s.Paused) != 1 || s.Waiting[0].Reason != "is_archived" {
				r.t.Fatalf("status %+v, %v", s, err)
			}
			r.step(Input{Orders: []Order{{ID: string(s.Waiting[0].ID), Verb: Retry}}})
		},
	} {
		t.Run(name, func(t *testing.T) {
			r := newRig(t)
			r.command("nothing x") // makes ana the facilitator
			r.fail = once(&chat.Refused{Scope: chat.ThisPlace, Who: chat.Facilitator, Reason: "is_archived"})
			r.command("say 1")
			r.command("say 2")
			r.deliver()
			if told := r.saw(); !strings.HasPrefix(told, "ana ") || strings.Contains(told, "\n") {
				t.Errorf("told %q, want one word to the facilitator", told)
			}
			r.start()
			r.until(r.now.Add(time.Hour))
			r.want("")
			resume(r)
			r.deliver()
			r.want("#air 1", "#air 2")
			if s, err := ReadStatus(t.Context(), r.opts.Store); err != nil || len(s.Paused) != 0 || s.Queued != 0 {
				t.Errorf("status %+v, %v", s, err)
			}
		})
	}
}

func TestRefusedPlatformIsTriedWithGrowingPauses(t *testing.T) {
	r := newRig(t)
	var at []time.Duration
	broken := true
	r.fail = func(chat.Delivery) error {
		if !broken {
			return nil
		}
		at = append(at, r.now.Sub(began))
		return &chat.Refused{Scope: chat.ThisPlatform, Who: chat.Operator, Reason: "token_revoked"}
	}
	r.command("say 1")
	r.step(batch(r.event("#sea", "ben", chat.Command{Text: "say 2"})))
	r.until(began.Add(24 * time.Hour))
	if len(at) > 32 || len(at) < 24 {
		t.Errorf("tried %d times in a day: %v", len(at), at)
	}
	s, err := ReadStatus(t.Context(), r.opts.Store)
	if err != nil || len(s.Stopped) != 1 || s.Stopped[0].Reason != "token_revoked" {
		t.Fatalf("status %+v, %v", s, err)
	}
	broken = false
	r.start() // with a new token
	r.step(Input{})
	r.deliver()
	if got := r.saw(); len(strings.Split(got, "\n")) != 2 {
		t.Errorf("people saw\n%s", got)
	}
	if s, err := ReadStatus(t.Context(), r.opts.Store); err != nil || len(s.Stopped) != 0 {
		t.Errorf("status %+v, %v", s, err)
	}
}

func TestMovedRoomTakesWhatWaitsWithIt(t *testing.T) {
	r := newRig(t)
	r.command("say 1") // out
	r.command("say 2")
	r.command("say 3")
	r.step(batch(r.event("#air", "", chat.Moved{To: "#new"})))
	r.deliver()
	got := r.saw()
	for _, want := range []string{"#air 1", "#new 2\n#new 3"} {
		if !strings.Contains(got, want) {
			t.Errorf("people saw\n%s\nwant %q", got, want)
		}
	}
}

func TestDeliveryIDsAreNeverUsedAgain(t *testing.T) {
	r := newRig(t)
	seen := map[chat.DeliveryID]bool{}
	for i := range 50 {
		r.command(fmt.Sprintf("say %d", i))
		r.deliver()
		if i%10 == 0 {
			r.start()
		}
	}
	for _, d := range r.took {
		if seen[d.ID] {
			t.Errorf("%s came twice", d.ID)
		}
		seen[d.ID] = true
		if n, ok := seqOf(d.ID); !ok || n == 0 {
			t.Errorf("no number in %s", d.ID)
		}
	}
}

func TestDamagedOutboxIsNotOpened(t *testing.T) {
	for name, value := range map[string]string{"no header": "x", "no JSON": header + "{", "unknown class": header + `{"c":9}`} {
		t.Run(name, func(t *testing.T) {
			store := storage.Memory()
			if err := store.Update(t.Context(), func(tx storage.Tx) error { return tx.Put(entryKey(nil, 1), []byte(value)) }); err != nil {
				t.Fatal(err)
			}
			if _, err := NewCore(t.Context(), Options{Store: store, Book: newBook(t)}, began); !errors.Is(err, storage.ErrDamaged) {
				t.Errorf("opened: %v", err)
			}
		})
	}
}

func TestEntryIsStoredAsJSON(t *testing.T) {
	for _, e := range []entry{
		{},
		{Posted: "p", Random: 1<<64 - 1},
		{
			Group: "g", Posted: "p\"\\", Index: 3, On: here, Room: "!ä\x00\u2028<&>", To: "@a", Class: 2, Update: true, Since: -1,
			Marked: true, Tries: 4, Wait: 5, Random: 6, Reason: "no\nline",
		},
	} {
		var back entry
		if err := json.Unmarshal(e.append(nil), &back); err != nil || back != e {
			t.Errorf("%s was read as %+v, %v; want %+v", e.append(nil), back, err, e)
		}
	}
}
