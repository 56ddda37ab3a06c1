package matrix

import (
	"context"
	"crypto/rand"
	"encoding/base64"
	"errors"
	"fmt"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"time"
)

// serverSecret lets accounts be made on the server, for it is closed otherwise.
const serverSecret = "only-for-these-tests"

// configuration is the least that Dendrite takes: one process, SQLite, nobody else's servers. It never answers 429 to a
// client that sends; that faults are withstood the adapter's own tests show.
const configuration = `version: 2
global:
  server_name: localhost
  private_key: DIR/key.pem
  disable_federation: true
  jetstream: {storage_path: DIR/jetstream, in_memory: false}
client_api:
  registration_disabled: true
  registration_shared_secret: "SECRET"
  rate_limiting: {enabled: false}
app_service_api: {}
media_api: {base_path: DIR/media, database: {connection_string: "file:DIR/media.db"}}
federation_api: {database: {connection_string: "file:DIR/federation.db"}, key_perspectives: []}
key_server: {database: {connection_string: "file:DIR/keys.db"}}
mscs: {database: {connection_string: "file:DIR/mscs.db"}}
room_server: {database: {connection_string: "file:DIR/rooms.db"}}
sync_api: {database: {connection_string: "file:DIR/sync.db"}}
user_api: {bcrypt_cost: 4, account_database: {connection_string: "file:DIR/users.db"}}
relay_api: {database: {connection_string: "file:DIR/relay.db"}}
logging: [{type: std, level: warn}]
`

// Dendrite is a homeserver on loopback.
type Dendrite struct {
	URL string

	binary, folder, address string
	cmd                     *exec.Cmd
	ended                   chan struct{}
}

// Build makes a program of a module. With C for Dendrite: built without, it stops working for good when a client hangs
// up while it waits.
func Build(ctx context.Context, module, to, cgo string, args ...string) error {
	build := exec.CommandContext(ctx, "go", append([]string{"build", "-o", to}, args...)...)
	build.Dir = module
	build.Env = append(os.Environ(), "CGO_ENABLED="+cgo)
	if said, err := build.CombinedOutput(); err != nil {
		return fmt.Errorf("build %s: %w\n%s", filepath.Base(to), err, said)
	}
	return nil
}

// NewDendrite prepares a server in a folder.
func NewDendrite(ctx context.Context, binary, folder string) (*Dendrite, error) {
	seed := make([]byte, 32)
	_, _ = rand.Read(seed)
	key := "-----BEGIN MATRIX PRIVATE KEY-----\nKey-ID: ed25519:e2e\n\n" + base64.StdEncoding.EncodeToString(seed) + "\n-----END MATRIX PRIVATE KEY-----\n"
	text := strings.NewReplacer("DIR", folder, "SECRET", serverSecret).Replace(configuration)
	if err := errors.Join(
		os.WriteFile(filepath.Join(folder, "key.pem"), []byte(key), 0o600),
		os.WriteFile(filepath.Join(folder, "dendrite.yaml"), []byte(text), 0o600),
	); err != nil {
		return nil, err
	}
	l, err := (&net.ListenConfig{}).Listen(ctx, "tcp", "127.0.0.1:0")
	if err != nil {
		return nil, err
	}
	d := &Dendrite{binary: binary, folder: folder, address: l.Addr().String()}
	d.URL = "http://" + d.address
	return d, l.Close()
}

const serverReady = time.Minute

// Start starts the server, for the first time or again on what it had.
func (d *Dendrite) Start(ctx context.Context) error {
	log, err := os.OpenFile(filepath.Join(d.folder, "log"), os.O_CREATE|os.O_APPEND|os.O_WRONLY, 0o600)
	if err != nil {
		return err
	}
	defer log.Close()
	d.cmd = exec.Command(d.binary, "-config", filepath.Join(d.folder, "dendrite.yaml"), "-http-bind-address", d.address) //nolint:noctx // Kill ends it
	d.cmd.Stdout, d.cmd.Stderr, d.cmd.Dir = log, log, d.folder
	if err := d.cmd.Start(); err != nil {
		return err
	}
	ended := make(chan struct{})
	d.ended = ended
	cmd := d.cmd
	go func() { _ = cmd.Wait(); close(ended) }()
	late := time.After(serverReady)
	for {
		if d.answers(ctx) {
			return nil
		}
		select {
		case <-time.After(20 * time.Millisecond):
		case <-ended:
			return fmt.Errorf("Dendrite ended: see %s", log.Name())
		case <-late:
			return fmt.Errorf("Dendrite does not answer: see %s", log.Name())
		}
	}
}

func (d *Dendrite) answers(ctx context.Context) bool {
	r, err := http.NewRequestWithContext(ctx, http.MethodGet, d.URL+"/_matrix/client/versions", nil)
	if err != nil {
		return false
	}
	answer, err := http.DefaultClient.Do(r)
	if err != nil {
		return false
	}
	defer answer.Body.Close()
	return answer.StatusCode == http.StatusOK
}

// Kill ends the server as a power cut does to it.
func (d *Dendrite) Kill() {
	if d.cmd != nil {
		_ = d.cmd.Process.Kill()
		<-d.ended
		d.cmd = nil
	}
}
