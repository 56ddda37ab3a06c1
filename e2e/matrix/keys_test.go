//go:build goolm

package matrix

import (
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"maunium.net/go/mautrix/event"
	"maunium.net/go/mautrix/id"

	"trellis/e2e/program"
)

// A message comes before its key, Trellis is restarted, the person is told, the key comes: then the message is acted upon.
func TestKeyThatComesLate(t *testing.T) {
	b, ana, ben, _, street := town(t)
	ana.sees(b.id, street, "Hello")
	ctx, machine := t.Context(), ben.helper.Machine()
	ben.must(machine.CryptoStore.RemoveOutboundGroupSession(ctx, street))
	ben.must(machine.ShareGroupSession(ctx, street, []id.UserID{ana.client.UserID}))
	session, err := machine.CryptoStore.GetOutboundGroupSession(ctx, street)
	ben.must(err)
	key := session.ShareContent() // as it is before the first message
	said := ben.write(street, `!trellis commit "Sweep the street" by="in 10 days"`)
	ana.sees(ben.client.UserID, street, "Sweep the street")

	ben.eventually("Trellis asks for the key", func() bool {
		ben.mu.Lock()
		defer ben.mu.Unlock()
		return ben.asked > 0
	})
	b.Kill()
	b.start()
	ben.sees(b.id, street, "I cannot read what you wrote")
	for _, l := range ana.read() {
		if l.from == b.id && strings.Contains(l.text, "Sweep") {
			t.Errorf("Trellis read without a key: %q", l.text)
		}
	}
	devices, err := machine.CryptoStore.GetDevices(ctx, b.id)
	ben.must(err)
	for _, device := range devices {
		ben.must(machine.SendEncryptedToDevice(ctx, device, event.ToDeviceRoomKey, key))
	}
	ana.sees(b.id, street, "Ben takes on C1")
	b.once(ana, ben)
	if said == "" {
		t.Error("the server gave the message no name")
	}
}

// From a backup Trellis is a new device: it is known as Trellis's by the recovery key, and without that it does not start.
func TestRestoredTrellisIsANewDevice(t *testing.T) {
	b, ana, _, _, street := town(t)
	ana.sees(b.id, street, "Hello")
	b.Stop(t)
	folder := filepath.Dir(b.data)
	backup := filepath.Join(folder, "backup.tar")
	trellis(t, 0, "backup", backup, "--config", b.config)
	recovery := filepath.Join(folder, "recovery-key")
	if err := os.Rename(filepath.Join(b.data, "recovery-key"), recovery); err != nil {
		t.Fatal(err)
	}
	text, err := os.ReadFile(b.config)
	ana.must(err)
	elsewhere := filepath.Join(folder, "elsewhere")
	ana.must(os.WriteFile(b.config, []byte(strings.Replace(string(text), b.data, elsewhere, 1)), 0o600))
	trellis(t, 0, "restore", backup, "--config", b.config)
	if said := trellis(t, 1, "run", "--config", b.config); !strings.Contains(said, "needs the recovery key") {
		t.Errorf("without its recovery key it says %q", said)
	}
	ana.must(os.WriteFile(b.config, []byte(strings.Replace(strings.Replace(string(text), b.data, elsewhere, 1), "matrix: {", "matrix: {recovery_key: "+recovery+", ", 1)), 0o600))
	b.Running = program.Start(t, runs, suite.trellis, "run", "--config", b.config)
	ana.write(street, `!trellis commit "Sweep the street" by="in 10 days"`)
	ana.sees(b.id, street, "Ana takes on C1")
	b.once(ana)
}

// trellis runs the program to its end.
func trellis(t *testing.T, code int, args ...string) string {
	t.Helper()
	cmd := exec.CommandContext(t.Context(), suite.trellis, args...)
	said, _ := cmd.CombinedOutput()
	if cmd.ProcessState.ExitCode() != code {
		t.Fatalf("trellis %q ended with %d, want %d:\n%s", args, cmd.ProcessState.ExitCode(), code, said)
	}
	return string(said)
}
