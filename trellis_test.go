package main

import (
	"bytes"
	"context"
	"log/slog"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"trellis/adapters/chat"
	"trellis/adapters/rehearsal"
	"trellis/bot"
	"trellis/config"
)

// trellis is a Trellis that runs in the test as `trellis run` does, on a platform in memory.
type trellis struct {
	t      *testing.T
	folder string
	config string // file with its settings
	people *people
	files  []stateFile
	log    *lockedBuffer
	erased chan struct{} // has a token when the store was overwritten where it had deleted

	stop  context.CancelFunc
	ended chan error
}

// newTrellis makes one with ana, ben and chi in the room #air, on a data folder of its own; start starts it.
func newTrellis(t *testing.T) *trellis {
	t.Helper()
	dir := t.TempDir()
	r := &trellis{
		t: t, folder: filepath.Join(dir, "data"), erased: make(chan struct{}, 1), config: filepath.Join(dir, "trellis.yaml"), log: &lockedBuffer{},
		people: &people{Adapter: rehearsal.New(rehearsal.Options{}), told: make(chan struct{})},
	}
	if err := os.WriteFile(r.config, []byte("data: "+r.folder+"\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	for _, name := range []string{"ana", "ben", "chi"} {
		r.must(r.people.AddPerson(chat.Profile{Account: chat.AccountID(name), Name: name}))
	}
	r.must(r.people.OpenRoom("#air", "Clean air", "ana", "ben", "chi"))
	return r
}

func (r *trellis) must(err error) {
	r.t.Helper()
	if err != nil {
		r.t.Fatal(err)
	}
}

func (r *trellis) settings() *config.Config {
	r.t.Helper()
	c, err := settings(r.config)
	r.must(err)
	return c
}

// start runs it until the test ends or stops it, and returns when it takes in what people do.
func (r *trellis) start() {
	r.t.Helper()
	ctx, stop := context.WithCancel(r.t.Context())
	r.stop, r.ended = stop, make(chan error, 1)
	r.people.runs = make(chan struct{})
	spec := platformSpec{files: r.files, open: func(context.Context, host) (*opened, error) {
		return &opened{adapter: r.people, pace: bot.Pace{}, erase: r.noteErased}, nil
	}}
	log := slog.New(slog.NewTextHandler(r.log, nil))
	go func() { r.ended <- serve(ctx, r.settings(), []platformSpec{spec}, log) }()
	r.t.Cleanup(r.end)
	select {
	case <-r.people.runs:
	case err := <-r.ended:
		r.t.Fatalf("it does not start: %v", err)
	}
}

// end stops it and waits for that.
func (r *trellis) end() {
	r.t.Helper()
	if r.stop == nil {
		return
	}
	r.stop()
	if err := <-r.ended; err != nil {
		r.t.Errorf("it ends with %v\n%s", err, r.log)
	}
	r.stop = nil
}

func (r *trellis) noteErased(context.Context) error {
	select {
	case r.erased <- struct{}{}:
	default:
	}
	return nil
}

// settle returns when everything that people did before is answered, forms too: the platform hands over one batch
// after the other, and the second answer is to one that came after all of it.
func (r *trellis) settle() {
	r.t.Helper()
	for range 2 {
		before := r.people.toldTo("chi")
		r.write("chi", "", "help")
		for r.people.toldTo("chi") == before {
			<-r.people.news()
		}
	}
}

// write is a person's line in the room #air, or with no room to Trellis alone.
func (r *trellis) write(by chat.AccountID, room chat.RoomID, text string) {
	r.t.Helper()
	_, err := r.people.Write(by, room, text)
	r.must(err)
}

// await waits until Trellis has said something in which text stands.
func (r *trellis) await(text string) {
	r.t.Helper()
	late := time.NewTimer(time.Minute) // far above what a slow machine needs: the test fails then
	defer late.Stop()
	for {
		told := r.people.news() // before looking, so that nothing comes unnoticed in between
		if r.people.saw(text) {
			return
		}
		select {
		case <-told:
		case err := <-r.ended:
			r.t.Fatalf("it ended (%v) before it said %q", err, text)
		case <-late.C:
			var said []string
			for _, s := range r.people.Log(0) {
				said = append(said, s.Text)
			}
			r.t.Fatalf("it never said %q, but:\n%s\n%s", text, strings.Join(said, "\n"), r.log)
		}
	}
}

// command gives the command line of the program, with the settings of this Trellis, and checks the exit code.
func (r *trellis) command(code int, args ...string) (stdout, stderr string) {
	r.t.Helper()
	var out, errs bytes.Buffer
	if got := run(append(args, "--config", r.config), strings.NewReader(""), &out, &errs); got != code {
		r.t.Fatalf("trellis %s: exit code %d, want %d\n%s%s", strings.Join(args, " "), got, code, &out, &errs)
	}
	return out.String(), errs.String()
}

// people is the platform in memory, which tells when Trellis says something.
type people struct {
	*rehearsal.Adapter
	runs chan struct{} // closed when Run begins

	mu   sync.Mutex    // guards told
	told chan struct{} // closed when something is delivered, and then replaced
}

func (p *people) Run(ctx context.Context, in chat.Inbox) error {
	close(p.runs)
	return p.Adapter.Run(ctx, in)
}

func (p *people) Deliver(ctx context.Context, d chat.Delivery) (chat.Receipt, error) {
	defer func() {
		p.mu.Lock()
		defer p.mu.Unlock()
		close(p.told)
		p.told = make(chan struct{})
	}()
	return p.Adapter.Deliver(ctx, d)
}

// news is closed when something more was delivered.
func (p *people) news() <-chan struct{} {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.told
}

func (p *people) saw(text string) bool {
	for _, s := range p.Log(0) {
		if s.ByTrellis() && strings.Contains(s.Text, text) {
			return true
		}
	}
	return false
}

// toldTo counts what Trellis told one person alone.
func (p *people) toldTo(who chat.AccountID) (n int) {
	for _, s := range p.Log(0) {
		if only, ok := s.Private(); ok && only == who && s.ByTrellis() {
			n++
		}
	}
	return n
}

// lockedBuffer is a bytes.Buffer for many goroutines.
type lockedBuffer struct {
	mu  sync.Mutex // guards buf
	buf bytes.Buffer
}

func (b *lockedBuffer) Write(p []byte) (int, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.buf.Write(p)
}

func (b *lockedBuffer) String() string {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.buf.String()
}
