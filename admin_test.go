package main

import (
	"errors"
	"io/fs"
	"net"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"trellis/config"
)

func TestSocketIsTheOwnersAlone(t *testing.T) {
	r := newTrellis(t)
	r.start()
	info, err := os.Stat(filepath.Join(r.folder, socketName))
	r.must(err)
	if info.Mode()&os.ModeSocket == 0 || info.Mode().Perm() != 0o600 {
		t.Errorf("the socket's mode is %v, want one that its owner alone reaches", info.Mode())
	}
	if out, _ := r.command(exitOK, "health"); out != "ok\n" {
		t.Errorf("health says %q", out)
	}
	r.end()
	if _, err := os.Lstat(filepath.Join(r.folder, socketName)); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("the socket outlives Trellis: %v", err)
	}
	if _, stderr := r.command(exitFailed, "health"); !strings.Contains(stderr, "no Trellis runs") {
		t.Errorf("health says %q of a Trellis that is stopped", stderr)
	}
}

// A socket's address holds some hundred bytes; folders have longer paths.
func TestSocketInALongPath(t *testing.T) {
	temporary := t.TempDir()
	t.Setenv("TMPDIR", temporary)
	r := newTrellis(t)
	r.folder = filepath.Join(r.folder, strings.Repeat("a long name ", 10), strings.Repeat("and a longer one ", 12))
	r.must(os.WriteFile(r.config, []byte("data: "+r.folder+"\n"), 0o600))
	r.start()
	if out, _ := r.command(exitOK, "health"); out != "ok\n" {
		t.Errorf("health says %q", out)
	}
	left, err := os.ReadDir(temporary)
	r.must(err)
	for _, d := range left {
		if strings.HasPrefix(d.Name(), "trellis-") {
			t.Errorf("%s stays behind", d.Name())
		}
	}
}

// What a crash left does not keep the next start from working, and does not stay.
func TestWhatACrashLeft(t *testing.T) {
	r := newTrellis(t)
	r.must(os.MkdirAll(filepath.Join(r.folder, leftover+"1"), 0o700))
	r.must(os.WriteFile(filepath.Join(r.folder, leftover+"1", storeName), []byte("what somebody wrote"), 0o600))
	r.must(os.WriteFile(filepath.Join(r.folder, storeName+".copy-2"), []byte("what somebody wrote"), 0o600))
	l, err := net.ListenUnix("unix", &net.UnixAddr{Name: filepath.Join(r.folder, socketName), Net: "unix"})
	r.must(err)
	l.SetUnlinkOnClose(false)
	r.must(l.Close()) // a socket on which nobody answers
	if _, stderr := r.command(exitFailed, "status"); !strings.Contains(stderr, "no such file") {
		t.Errorf("with a socket that a crash left, status says %q", stderr)
	}
	r.start()
	r.command(exitOK, "health")
	names, err := os.ReadDir(r.folder)
	r.must(err)
	for _, d := range names {
		if strings.HasPrefix(d.Name(), leftover) || strings.Contains(d.Name(), ".copy-") {
			t.Errorf("%s is still there", d.Name())
		}
	}
}

// A second Trellis on the same store is refused at once, and says which process has it.
func TestSecondTrellis(t *testing.T) {
	r := newTrellis(t)
	r.start()
	began := time.Now()
	_, stderr := r.command(exitFailed, "run")
	if !strings.Contains(stderr, "is held by process") {
		t.Errorf("it says %q", stderr)
	}
	if took := time.Since(began); took > 2*time.Second {
		t.Errorf("it takes %v to say so", took)
	}
	r.command(exitOK, "health") // the first one has noticed nothing
}

func TestHealthURL(t *testing.T) {
	for listen, want := range map[string]string{
		":8080":            "http://localhost:8080/healthz",
		"0.0.0.0:8080":     "http://localhost:8080/healthz",
		"[::]:8080":        "http://localhost:8080/healthz",
		"127.0.0.1:80":     "http://127.0.0.1:80/healthz",
		"[::1]:80":         "http://[::1]:80/healthz",
		"trellis.test:443": "http://trellis.test:443/healthz",
	} {
		if got, err := healthURL(listen); err != nil || got != want {
			t.Errorf("%s: %s, %v, want %s", listen, got, err, want)
		}
	}
}

// Over HTTP as over the socket, health fails with the reason while Trellis does not live.
func TestHealthOverHTTP(t *testing.T) {
	free, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	address := free.Addr().String()
	if err := free.Close(); err != nil {
		t.Fatal(err)
	}
	t.Setenv(config.Variable("http.listen"), address)
	r := newTrellis(t)
	if _, stderr := r.command(exitFailed, "health"); !strings.Contains(stderr, "connection refused") {
		t.Errorf("of a Trellis that is stopped it says %q", stderr)
	}
	r.start()
	if out, _ := r.command(exitOK, "health"); out != "ok\n" {
		t.Errorf("health says %q", out)
	}
	if out, _ := r.command(exitOK, "health", "--url", "http://"+address+"/readyz"); out != "ok\n" {
		t.Errorf("health says %q", out)
	}
	if _, stderr := r.command(exitFailed, "health", "--url", "http://"+address+"/nowhere"); !strings.Contains(stderr, "404") {
		t.Errorf("of a page that is not there it says %q", stderr)
	}
}
