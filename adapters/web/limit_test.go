package web

import (
	"fmt"
	"net/http"
	"net/http/httptest"
	"net/netip"
	"testing"
	"time"

	"trellis/adapters/chat"
)

func TestLimitsForgetNobodyTooEarly(t *testing.T) {
	l := newLimits()
	now := time.Unix(0, 0)
	for i := range int(pacePerson.burst) {
		if wait := l.person("ana", now); wait != 0 {
			t.Fatalf("the act %d has to wait %s", i, wait)
		}
	}
	if wait := l.person("ana", now); wait <= 0 || wait > time.Second {
		t.Errorf("one more has to wait %s, want a second", wait)
	}
	if wait := l.person("ben", now); wait != 0 {
		t.Errorf("somebody else has to wait %s", wait)
	}
	if wait := l.person("ana", now.Add(1500*time.Millisecond)); wait != 0 {
		t.Errorf("later it still has to wait %s", wait)
	}
	if wait := l.person("ana", now.Add(-time.Hour)); wait < 0 || wait > time.Second {
		t.Errorf("after the clock went back it has to wait %s", wait)
	}
}

// However many senders there are, the memory for them does not grow.
func TestLimitsAreBounded(t *testing.T) {
	l := newLimits()
	now := time.Unix(0, 0)
	for range int(pacePerson.burst) {
		l.person("ana", now)
	}
	for i := range 10 * maxBuckets {
		l.address(fmt.Sprint(i), now)
	}
	if n := len(l.buckets["address"].by); n > maxBuckets {
		t.Errorf("%d addresses are remembered, want at most %d", n, maxBuckets)
	}
	if l.person("ana", now) == 0 {
		t.Error("a flood of addresses has a person forgotten who was too fast")
	}
	for i := range 2 * maxStreams {
		l.openStream(accountOf(i))
	}
	if l.streams != maxStreams || len(l.streamOf) > maxStreams {
		t.Errorf("%d streams are open, want at most %d", l.streams, maxStreams)
	}
	for i := range maxStreams {
		l.closeStream(accountOf(i))
	}
	if l.streams != 0 || len(l.streamOf) != 0 {
		t.Errorf("%d streams of %d people are left", l.streams, len(l.streamOf))
	}
}

func TestWhereARequestComesFrom(t *testing.T) {
	a := &Adapter{o: Options{Proxies: []netip.Prefix{netip.MustParsePrefix("127.0.0.0/8"), netip.MustParsePrefix("10.0.0.0/8")}}}
	for _, row := range []struct{ name, remote, forwarded, want string }{
		{"straight", "198.51.100.7:1234", "", "198.51.100.7"},
		{"straight, and lying", "198.51.100.7:1234", "192.0.2.1", "198.51.100.7"},
		{"through our proxy", "127.0.0.1:1234", "192.0.2.1", "192.0.2.1"},
		{"through two of ours", "127.0.0.1:1234", "192.0.2.1, 10.1.1.1", "192.0.2.1"},
		{"through our proxy, and lying", "127.0.0.1:1234", "203.0.113.5, 192.0.2.1", "192.0.2.1"},
		{"through our proxy, with nonsense", "127.0.0.1:1234", "nonsense", "127.0.0.1"},
		{"from a whole network", "127.0.0.1:1234", "2001:db8:1:2:3::4", "2001:db8:1:2::/64"},
		{"as a mapped address", "[::ffff:198.51.100.7]:1", "", "198.51.100.7"},
	} {
		t.Run(row.name, func(t *testing.T) {
			r := httptest.NewRequest(http.MethodGet, "/", nil)
			r.RemoteAddr = row.remote
			if row.forwarded != "" {
				r.Header.Set("X-Forwarded-For", row.forwarded)
			}
			if got := a.addressOf(r); got != row.want {
				t.Errorf("got %s, want %s", got, row.want)
			}
		})
	}
}

func TestPositions(t *testing.T) {
	s, other := secret{make([]byte, secretSize)}, secret{append(make([]byte, secretSize-1), 1)}
	p := position{room: 7, direct: 1 << 40}
	if got, ok := s.unseal(s.seal(p)); !ok || got != p {
		t.Errorf("got %+v, %v", got, ok)
	}
	if got, ok := other.unseal(s.seal(p)); ok && got == p {
		t.Error("another secret reads it")
	}
	for _, text := range []string{"", "x", "00", s.seal(p) + "00"} {
		if _, ok := s.unseal(text); ok {
			t.Errorf("%q is a position", text)
		}
	}
}

func accountOf(i int) chat.AccountID { return chat.AccountID(fmt.Sprint("guest", i)) }
