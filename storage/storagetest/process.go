package storagetest

import (
	"bufio"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"testing"

	"trellis/storage"
)

// What another process has to do is done by this test's own program, started again with these two set.
const (
	jobVariable  = "STORAGETEST_JOB"
	pathVariable = "STORAGETEST_PATH"
)

// child does the job, if this process was started for one.
func child(t *testing.T, f File) bool {
	job, path := os.Getenv(jobVariable), os.Getenv(pathVariable)
	switch job {
	case "":
		return false
	case "hold":
		hold(t, f, path)
	case "commit":
		commitForever(t, f, path)
	case "fill":
		fill(t, f, path)
	default:
		t.Fatalf("there is no job %q", job)
	}
	return true
}

// start starts the job in another process.
func start(t *testing.T, job, path string) (*exec.Cmd, io.WriteCloser, *bufio.Scanner) {
	t.Helper()
	name, _, _ := strings.Cut(t.Name(), "/")
	cmd := exec.CommandContext(t.Context(), os.Args[0], "-test.run=^"+name+"$", "-test.v")
	cmd.Env = append(os.Environ(), jobVariable+"="+job, pathVariable+"="+path)
	cmd.Stderr = os.Stderr
	in, err := cmd.StdinPipe()
	if err != nil {
		t.Fatal(err)
	}
	out, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	return cmd, in, bufio.NewScanner(out)
}

// until reads what the other process says up to the line that begins with word, and returns the rest of it.
func until(t *testing.T, out *bufio.Scanner, word string) string {
	t.Helper()
	for out.Scan() {
		if rest, ok := strings.CutPrefix(out.Text(), word); ok {
			return rest
		}
	}
	t.Fatalf("the other process ended without saying %q: %v", word, out.Err())
	return ""
}

// processes: a second process is refused at once and told which one has the store; what a killed one was told to be
// stored is there.
func processes(t *testing.T, f File) {
	t.Run("second", func(t *testing.T) {
		path := filepath.Join(t.TempDir(), "store")
		cmd, in, out := start(t, "hold", path)
		until(t, out, "holding")
		for range 2 {
			s, err := f.Open(path)
			if err == nil {
				t.Fatal("a second process was let in", s.Close())
			}
			if !errors.Is(err, storage.ErrInUse) || !strings.Contains(err.Error(), strconv.Itoa(cmd.Process.Pid)) {
				t.Errorf("refused with %v, want the number %d in it", err, cmd.Process.Pid)
			}
		}
		if err := errors.Join(in.Close(), drain(out), cmd.Wait()); err != nil {
			t.Fatal(err)
		}
		expect(t, f.open(t, path), pair{"held", "held"})
	})
	t.Run("second in this process", func(t *testing.T) {
		path := filepath.Join(t.TempDir(), "store")
		s := f.open(t, path)
		if again, err := f.Open(path); !errors.Is(err, storage.ErrInUse) {
			t.Errorf("%v, %v", again, err)
		}
		put(t, s, "still works")
	})
	t.Run("killed", func(t *testing.T) {
		path := filepath.Join(t.TempDir(), "store")
		acked := 0
		for round := range 3 {
			cmd, _, out := start(t, "commit", path)
			for range 20 + 7*round {
				n, err := strconv.Atoi(until(t, out, "committed "))
				if err != nil {
					t.Fatal(err)
				}
				acked = n
			}
			if err := cmd.Process.Kill(); err != nil {
				t.Fatal(err)
			}
			for out.Scan() { // what it said before it was dead counts
				if rest, ok := strings.CutPrefix(out.Text(), "committed "); ok {
					if n, err := strconv.Atoi(rest); err == nil {
						acked = n
					}
				}
			}
			_ = cmd.Wait() // killed
			s := f.open(t, path)
			view(t, s, func(tx storage.Tx) error {
				v, _ := get(t, tx, "n")
				if n, err := strconv.Atoi(v); err != nil || n < acked || n > acked+1 {
					t.Errorf("%d was committed, the store has %q", acked, v)
				}
				w, _ := get(t, tx, "same")
				if v != w {
					t.Errorf("half a commit: %q and %q", v, w)
				}
				return nil
			})
			if err := s.Close(); err != nil {
				t.Fatal(err)
			}
		}
	})
}

func drain(out *bufio.Scanner) error {
	for out.Scan() {
		continue
	}
	return out.Err()
}

// hold keeps the store open until its input ends.
func hold(t *testing.T, f File, path string) {
	put(t, f.open(t, path), "held")
	fmt.Println("holding")
	if _, err := io.Copy(io.Discard, os.Stdin); err != nil {
		t.Error(err)
	}
}

// commitForever counts up and says each number after it was committed.
func commitForever(t *testing.T, f File, path string) {
	s := f.open(t, path)
	n := 0
	view(t, s, func(tx storage.Tx) error {
		if v, ok := get(t, tx, "n"); ok {
			var err error
			n, err = strconv.Atoi(v)
			return err
		}
		return nil
	})
	for {
		n++
		update(t, s, both(set("n", strconv.Itoa(n)), set("same", strconv.Itoa(n))))
		fmt.Printf("committed %d\n", n)
	}
}
