package matrixtest

import (
	"bytes"
	"context"
	"crypto/hmac"
	"crypto/sha1" //nolint:gosec // what the servers' registration by a shared secret is made of
	"encoding/hex"
	"encoding/json"
	"fmt"
	"net/http"
	"net/http/httptest"
	"net/http/httputil"
	"net/url"
)

// Proxy stands before a real homeserver and makes its faults.
type Proxy struct {
	URL string

	server    *httptest.Server
	faults    *Server // of which only the faults are used
	transport *http.Transport
}

// StartProxy opens a proxy before a homeserver.
func StartProxy(homeserver string) (*Proxy, error) {
	target, err := url.Parse(homeserver)
	if err != nil {
		return nil, fmt.Errorf("read the homeserver's address: %w", err)
	}
	p := &Proxy{faults: &Server{}, transport: &http.Transport{MaxIdleConnsPerHost: 16}}
	through := &httputil.ReverseProxy{
		Rewrite:   func(r *httputil.ProxyRequest) { r.SetURL(target) },
		Transport: p.transport,
		ErrorHandler: func(w http.ResponseWriter, _ *http.Request, _ error) {
			w.WriteHeader(http.StatusBadGateway) // the server is down, or who asked is gone
		},
	}
	p.server = httptest.NewServer(p.faults.faulty(through))
	p.URL = p.server.URL
	return p, nil
}

// Fail makes the next request that fits meet a fault.
func (p *Proxy) Fail(f Fault) { p.faults.Fail(f) }

// Close ends the proxy.
func (p *Proxy) Close() {
	p.server.CloseClientConnections()
	p.server.Close()
	p.transport.CloseIdleConnections()
}

// Register makes an account on a real homeserver by the secret that it shares with who administers it.
func Register(ctx context.Context, homeserver, secret, name, password string) error {
	const path = "/_synapse/admin/v1/register"
	client := &http.Client{Transport: &http.Transport{DisableKeepAlives: true}}
	ask := func(method string, body, into any) error {
		data, err := json.Marshal(body)
		if err != nil {
			return err
		}
		r, err := http.NewRequestWithContext(ctx, method, homeserver+path, bytes.NewReader(data))
		if err != nil {
			return err
		}
		r.Header.Set("Content-Type", "application/json")
		answer, err := client.Do(r)
		if err != nil {
			return err
		}
		defer answer.Body.Close()
		if answer.StatusCode != http.StatusOK {
			return fmt.Errorf("register %s: HTTP %d", name, answer.StatusCode)
		}
		return json.NewDecoder(answer.Body).Decode(into)
	}
	var first struct{ Nonce string }
	if err := ask(http.MethodGet, nil, &first); err != nil {
		return err
	}
	mac := hmac.New(sha1.New, []byte(secret))
	fmt.Fprintf(mac, "%s\x00%s\x00%s\x00notadmin", first.Nonce, name, password)
	return ask(http.MethodPost, map[string]any{
		"nonce": first.Nonce, "username": name, "password": password, "admin": false, "mac": hex.EncodeToString(mac.Sum(nil)),
	}, &struct{}{})
}
