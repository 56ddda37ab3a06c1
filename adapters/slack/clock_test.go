package slack_test

import (
	"context"
	"errors"
	"net/http"
	"slices"
	"testing"
	"testing/synctest"
	"time"

	"trellis/adapters/chat"
	"trellis/adapters/slack"
	"trellis/adapters/slack/slacktest"
)

// inMemory runs a test on a Slack in memory, with a clock that moves when all wait.
func inMemory(t *testing.T, o slacktest.Options, test func(t *testing.T, s *slacktest.Server, in *keeper, a *slack.Adapter)) {
	synctest.Test(t, func(t *testing.T) {
		o.Memory = slacktest.NewMemory()
		o.Scopes = []string{"chat:write", "im:write", "im:history", "users:read"}
		s, err := slacktest.New(o)
		if err != nil {
			t.Fatal(err)
		}
		w := s.Workspace()
		w.AddPerson(slacktest.Person{ID: "UANA", Name: "Ana"})
		w.AddChannel(slacktest.Channel{ID: "CAIR", Name: "air"}, w.Bot, "UANA")
		a, err := slack.New(slack.Options{
			BotToken: w.Token, AppToken: slacktest.AppToken, APIURL: s.APIURL(), Words: words,
			Transport: &http.Transport{DialContext: o.Memory.Dial},
		})
		if err != nil {
			t.Fatal(err)
		}
		in := newKeeper()
		ctx, stop := context.WithCancel(t.Context())
		ended := make(chan error, 1)
		go func() { ended <- a.Run(ctx, in) }()
		synctest.Wait()
		test(t, s, in, a)
		stop()
		if err := <-ended; err != nil {
			t.Error(err)
		}
		s.Close()
		for _, v := range s.Violations() {
			t.Errorf("Slack objects: %s", v)
		}
	})
}

// A socket on which nothing comes any more, not even an answer to a ping, is given up in half a minute.
func TestHalfOpenSocket(t *testing.T) {
	inMemory(t, slacktest.Options{}, func(t *testing.T, s *slacktest.Server, in *keeper, _ *slack.Adapter) {
		time.Sleep(5 * time.Minute)
		if n := len(s.Calls("apps.connections.open")); n != 1 {
			t.Fatalf("a quiet socket was opened %d times", n)
		}
		s.GoDeaf()
		s.Workspace().Write("UANA", "", "", "is anybody there?")
		time.Sleep(35 * time.Second)
		if n := len(s.Calls("apps.connections.open")); n != 2 {
			t.Errorf("after half a minute %d sockets were opened, want another", n)
		}
		time.Sleep(40 * time.Second) // Slack tries again after a minute
		if len(of[chat.Said](in)) != 1 {
			t.Error("the message did not come by the new socket")
		}
	})
}

// While the store takes nothing, nothing is acknowledged; Slack's three retries bring it once it works again.
func TestStoreThatTakesNothing(t *testing.T) {
	inMemory(t, slacktest.Options{}, func(t *testing.T, s *slacktest.Server, in *keeper, _ *slack.Adapter) {
		in.set(func(k *keeper) { k.full = true })
		s.Workspace().Write("UANA", "", "", "hold this")
		time.Sleep(50 * time.Second)
		if s.Unacknowledged() != 1 {
			t.Fatal("it was acknowledged")
		}
		in.set(func(k *keeper) { k.full = false })
		time.Sleep(time.Minute)
		if len(of[chat.Said](in)) != 1 || s.Unacknowledged() != 0 {
			t.Error("it did not come again")
		}
	})
}

// A click is answered in three seconds at worst, whatever the store does; and one that is stored in time is no error.
func TestClickUnderLoad(t *testing.T) {
	inMemory(t, slacktest.Options{}, func(t *testing.T, s *slacktest.Server, in *keeper, _ *slack.Adapter) {
		hold := make(chan struct{})
		in.set(func(k *keeper) { k.hold = hold })
		go func() {
			time.Sleep(2 * time.Second)
			close(hold)
		}()
		begun := time.Now()
		if !s.Workspace().Slash("UANA", "CAIR", "help") || time.Since(begun) > 3*time.Second {
			t.Errorf("it took %s, and an error was shown", time.Since(begun))
		}
		if len(of[chat.Command](in)) != 1 {
			t.Error("it was not handed over once")
		}
	})
}

// Slack that cannot be reached is asked again with growing pauses, never in a busy loop.
func TestSlackIsAway(t *testing.T) {
	inMemory(t, slacktest.Options{}, func(t *testing.T, s *slacktest.Server, _ *keeper, _ *slack.Adapter) {
		s.Fault(slacktest.Fault{Kind: slacktest.Broken, Method: "apps.connections.open", Times: 1 << 20})
		s.Cut()
		time.Sleep(10 * time.Minute)
		n := len(s.Calls("apps.connections.open"))
		if n < 8 || n > 25 {
			t.Errorf("in ten minutes Slack was asked %d times", n)
		}
		s.NoFaults()
		time.Sleep(2 * time.Minute)
		if s.Sockets() != 1 {
			t.Errorf("%d sockets are open", s.Sockets())
		}
	})
}

// The messages of a long text keep the pace of a channel.
func TestPartsKeepThePace(t *testing.T) {
	inMemory(t, slacktest.Options{PerChannel: 1}, func(t *testing.T, s *slacktest.Server, _ *keeper, a *slack.Adapter) {
		text := chat.Text{}
		for range 5 {
			text = append(text, chat.Block{Spans: []chat.Span{{Text: string(slices.Repeat([]rune("ä"), 11_000))}}})
		}
		_, err := a.Deliver(t.Context(), chat.Delivery{ID: "d1", To: chat.Place{Room: "T1/CAIR"}, Message: chat.Message{Text: text}})
		var later *chat.Later
		if err != nil || errors.As(err, &later) || len(s.Workspace().See("UANA", "CAIR")) != 5 {
			t.Errorf("got %v, and %d messages", err, len(s.Workspace().See("UANA", "CAIR")))
		}
	})
}
