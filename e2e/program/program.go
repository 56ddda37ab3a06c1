// Package program runs Trellis as people run it: the binary, its arguments, what it prints, the signal that ends it.
//
// How it works: Build makes the binary as it is shipped; Start runs it and waits for the line that says it is ready.
// What always holds: a test ends with its programs ended, and fails when one of them ended by itself, did not end
// when it was asked to, or logged an error that the test did not announce.
package program

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"
)

const (
	readyWithin = 60 * time.Second // two busy cores, and a demo that plays its script first
	endWithin   = 20 * time.Second
)

// Build makes the binary in dir, as the release does: without C and without paths of the machine.
func Build(ctx context.Context, dir string) (string, error) {
	root, err := rootFolder()
	if err != nil {
		return "", err
	}
	binary := filepath.Join(dir, "trellis")
	build := exec.CommandContext(ctx, "go", "build", "-trimpath", "-o", binary, ".")
	build.Dir = root
	build.Env = append(os.Environ(), "CGO_ENABLED=0")
	if said, err := build.CombinedOutput(); err != nil {
		return "", fmt.Errorf("build trellis: %w\n%s", err, said)
	}
	return binary, nil
}

// rootFolder is the one above this module, which holds the program.
func rootFolder() (string, error) {
	dir, err := os.Getwd()
	if err != nil {
		return "", err
	}
	for ; dir != filepath.Dir(dir); dir = filepath.Dir(dir) {
		mod, err := os.ReadFile(filepath.Join(dir, "go.mod"))
		if err == nil && strings.HasPrefix(string(mod), "module trellis\n") {
			return dir, nil
		}
	}
	return "", errors.New("find trellis's go.mod: no folder above this one has it")
}

// Running is a program that runs.
type Running struct {
	// Ready holds what the groups of the expression matched in the line that said the program is ready.
	Ready []string

	cmd   *exec.Cmd
	ended chan struct{} // closed when the process has ended and err is set
	err   error
	log   log
}

// Start runs the binary and returns when it has printed a line that matches ready. It is stopped with the test.
func Start(t testing.TB, ready *regexp.Regexp, binary string, args ...string) *Running {
	t.Helper()
	p := &Running{cmd: exec.Command(binary, args...), ended: make(chan struct{})} //nolint:noctx // Stop ends it, by the signal that people send
	p.log.ready, p.log.found = ready, make(chan []string, 1)
	p.cmd.Stdout, p.cmd.Stderr = &p.log, &p.log
	if err := p.cmd.Start(); err != nil {
		t.Fatalf("start %s %q: %v", binary, args, err)
	}
	go func() {
		p.err = p.cmd.Wait()
		close(p.ended)
	}()
	t.Cleanup(func() { p.Stop(t) })
	select {
	case p.Ready = <-p.log.found:
	case <-p.ended:
		t.Fatalf("%s %q ended before it was ready: %v\n%s", binary, args, p.err, p.log.text())
	case <-time.After(readyWithin):
		t.Fatalf("%s %q was not ready within %v\n%s", binary, args, readyWithin, p.log.text())
	}
	return p
}

// Stop ends the program as Ctrl-C does. Stopping it again does nothing.
func (p *Running) Stop(t testing.TB) {
	t.Helper()
	if p.cmd == nil {
		return
	}
	defer func() { p.cmd = nil }()
	select {
	case <-p.ended:
		t.Errorf("trellis ended by itself: %v\n%s", p.err, p.log.text())
		return
	default:
	}
	_ = p.cmd.Process.Signal(syscall.SIGINT)
	select {
	case <-p.ended:
		if p.err != nil {
			t.Errorf("trellis did not end well: %v\n%s", p.err, p.log.text())
		}
	case <-time.After(endWithin):
		_ = p.cmd.Process.Kill()
		<-p.ended
		t.Errorf("trellis did not end within %v\n%s", endWithin, p.log.text())
	}
	if said := p.log.text(); strings.Contains(said, "level=ERROR") {
		t.Errorf("trellis logged an error:\n%s", said)
	}
}

// Kill ends the program as a power cut does to it: without a word.
func (p *Running) Kill() {
	_ = p.cmd.Process.Kill()
	<-p.ended
	p.cmd = nil
}

// log keeps what a program prints, and looks for the line that says that it is ready.
type log struct {
	ready *regexp.Regexp
	found chan []string // gets the first such line, once

	mu   sync.Mutex // guards what follows
	said strings.Builder
	seen bool
}

func (l *log) Write(b []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	n, err := l.said.Write(b)
	for line := range strings.Lines(l.said.String()) {
		if l.seen || !strings.HasSuffix(line, "\n") {
			break
		}
		if found := l.ready.FindStringSubmatch(strings.TrimSuffix(line, "\n")); found != nil {
			l.seen = true
			l.found <- found
		}
	}
	return n, err
}

func (l *log) text() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.said.String()
}
