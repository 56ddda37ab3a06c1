package slack

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"net/http"
	"strconv"
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

// checkSignature refuses a body that was not signed with the secret at the time in the headers.
func checkSignature(secret string, h http.Header, body []byte) error {
	if secret == "" { // anybody can sign with nothing
		return errUnsigned
	}
	given := h.Get("X-Slack-Signature")
	if len(given) < len("v0=") || given[:len("v0=")] != "v0=" {
		return errUnsigned
	}
	var sum [sha256.Size]byte
	if _, err := hex.Decode(sum[:], []byte(given[len("v0="):])); err != nil {
		return errUnsigned
	}
	if !hmac.Equal(sum[:], sign(secret, h.Get("X-Slack-Request-Timestamp"), body)) {
		return errUnsigned
	}
	return nil
}

func sign(secret, at string, body []byte) []byte {
	mac := hmac.New(sha256.New, []byte(secret))
	mac.Write([]byte("v0:" + at + ":"))
	mac.Write(body)
	return mac.Sum(nil)
}
