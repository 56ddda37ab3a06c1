package slack

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"hash"
	"net/http"
	"strconv"
	"sync"
	"time"
)

// freshFor is how far a request's time may be off (docs: Verifying requests).
const freshFor = 5 * time.Minute

var (
	errUnsigned = errors.New("not signed by Slack")
	errStale    = errors.New("signed too long ago")
)

// checkAge refuses a request by its headers alone.
func checkAge(h http.Header, now time.Time) error {
	at, err := strconv.ParseInt(h.Get("X-Slack-Request-Timestamp"), 10, 64)
	if err != nil {
		return errUnsigned
	}
	if off := now.Sub(time.Unix(at, 0)); off > freshFor || off < -freshFor {
		return errStale
	}
	if len(h.Get("X-Slack-Signature")) != len("v0=")+2*sha256.Size {
		return errUnsigned
	}
	return nil
}

// verifier checks signatures made with one secret.
type verifier struct {
	macs *sync.Pool // of hash.Hash that the secret was put into, which costs as much as the rest; nil: there is no secret
}

func newVerifier(secret string) verifier {
	if secret == "" { // anybody can sign with nothing
		return verifier{}
	}
	return verifier{&sync.Pool{New: func() any { return hmac.New(sha256.New, []byte(secret)) }}}
}

// check refuses a body that was not signed with the secret at the time in the headers.
func (v verifier) check(h http.Header, body []byte) error {
	given := h.Get("X-Slack-Signature")
	if v.macs == nil || len(given) != len("v0=")+2*sha256.Size || given[:len("v0=")] != "v0=" {
		return errUnsigned
	}
	var sum, own [sha256.Size]byte
	if _, err := hex.Decode(sum[:], []byte(given[len("v0="):])); err != nil {
		return errUnsigned
	}
	mac := v.macs.Get().(hash.Hash)
	defer v.macs.Put(mac)
	mac.Reset()
	mac.Write([]byte("v0:"))
	mac.Write([]byte(h.Get("X-Slack-Request-Timestamp")))
	mac.Write([]byte(":"))
	mac.Write(body)
	if !hmac.Equal(sum[:], mac.Sum(own[:0])) {
		return errUnsigned
	}
	return nil
}
