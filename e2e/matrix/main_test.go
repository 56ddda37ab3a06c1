//go:build goolm

package matrix

import (
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"testing"
	"time"
)

// suite is what the tests share; each brings people of its own.
var suite struct {
	trellis  string
	dendrite *Dendrite
}

func TestMain(m *testing.M) { os.Exit(run(m)) }

func run(m *testing.M) int {
	began, ctx := time.Now(), context.Background()
	work, err := os.MkdirTemp("", "trellis-matrix-")
	if err == nil {
		defer os.RemoveAll(work)
		err = prepare(ctx, work)
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		return 1
	}
	defer suite.dendrite.Kill()
	fmt.Printf("built and started in %.0f s\n", time.Since(began).Seconds())
	return m.Run()
}

func prepare(ctx context.Context, work string) (err error) {
	suite.trellis = filepath.Join(work, "trellis")
	if err := Build(ctx, "../..", suite.trellis, "0", "-trimpath", "-tags", "goolm", "."); err != nil {
		return err
	}
	server := filepath.Join(work, "dendrite")
	if err := Build(ctx, "../dendrite", server, "1", "github.com/element-hq/dendrite/cmd/dendrite"); err != nil {
		return err
	}
	data := filepath.Join(work, "server")
	if err := os.Mkdir(data, 0o700); err != nil {
		return err
	}
	if suite.dendrite, err = NewDendrite(ctx, server, data); err != nil {
		return err
	}
	return suite.dendrite.Start(ctx)
}

// The adapter's own tests, over the real server instead of matrixtest.
func TestAdapterSuite(t *testing.T) {
	test := exec.CommandContext(t.Context(), "go", "test", "-count=1", "-run", "^TestAdapter$", "-v", "-timeout", "15m", "./adapters/matrix")
	test.Dir = "../.."
	test.Env = append(os.Environ(), "TRELLIS_HOMESERVER="+suite.dendrite.URL, "TRELLIS_HOMESERVER_SECRET="+serverSecret)
	if said, err := test.CombinedOutput(); err != nil {
		t.Errorf("%v\n%s", err, said)
	}
}
