//go:build goolm

package matrix

import (
	"crypto/rand"
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"

	"maunium.net/go/mautrix"
	"maunium.net/go/mautrix/event"
	"maunium.net/go/mautrix/id"

	"trellis/adapters/matrix/matrixtest"
	"trellis/e2e/program"
)

var runs = regexp.MustCompile(`Trellis is running`)

// bot is a Trellis with an account.
type bot struct {
	*program.Running
	t      *testing.T
	id     id.UserID
	config string
	data   string
}

// noonZone is a zone in which it is about noon, so that no quiet hours hold anything back.
func noonZone() string {
	return fmt.Sprintf("Etc/GMT%+d", time.Now().UTC().Hour()-12)
}

// town is a Trellis and three people, in an encrypted room.
func town(t *testing.T) (b *bot, ana, ben, chi *friend, street id.RoomID) {
	t.Helper()
	suffix := "-" + strings.ToLower(rand.Text()[:6])
	for _, name := range []string{"ana", "ben", "chi", "trellis"} {
		if err := matrixtest.Register(t.Context(), suite.dendrite.URL, serverSecret, name+suffix, friendPassword); err != nil {
			t.Fatal(err)
		}
	}
	folder := t.TempDir()
	b = &bot{t: t, id: id.UserID("@trellis" + suffix + ":localhost"), config: filepath.Join(folder, "trellis.yaml"), data: filepath.Join(folder, "data")}
	text := fmt.Sprintf("data: %s\ngroup: {zone: %s}\nmatrix: {homeserver: %s, user: trellis%s, password: %s}\n", b.data, noonZone(), suite.dendrite.URL, suffix, friendPassword)
	if err := os.WriteFile(b.config, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	ana, ben, chi = newFriend(t, suite.dendrite.URL, "ana"+suffix), newFriend(t, suite.dendrite.URL, "ben"+suffix), newFriend(t, suite.dendrite.URL, "chi"+suffix)
	b.start()
	key := ""
	made, err := ana.client.CreateRoom(t.Context(), &mautrix.ReqCreateRoom{
		Name: "Brook Street", Preset: "private_chat", Invite: []id.UserID{ben.client.UserID, chi.client.UserID},
		InitialState: []*event.Event{{Type: event.StateEncryption, StateKey: &key, Content: event.Content{Parsed: &event.EncryptionEventContent{Algorithm: id.AlgorithmMegolmV1}}}},
	})
	ana.must(err)
	street = made.RoomID
	for _, f := range []*friend{ben, chi} {
		ana.eventually(f.name+" is in the room", func() bool {
			members, err := ana.client.JoinedMembers(t.Context(), street)
			ana.must(err)
			_, in := members.Joined[f.client.UserID]
			return in
		})
	}
	ana.write(street, "before Trellis came, nobody else's business")
	_, err = ana.client.InviteUser(t.Context(), street, &mautrix.ReqInviteUser{UserID: b.id})
	ana.must(err)
	return b, ana, ben, chi, street
}

func (b *bot) start() {
	b.t.Helper()
	b.Running = program.Start(b.t, runs, suite.trellis, "run", "--config", b.config)
}

// once checks that nothing stands twice, and that all of Trellis's words were encrypted by a signed device.
func (b *bot) once(people ...*friend) {
	b.t.Helper()
	for _, f := range people {
		seen := map[string]int{}
		for _, l := range f.read() {
			if l.from != b.id {
				continue
			}
			if !l.encrypted || l.trust < id.TrustStateCrossSignedUntrusted {
				b.t.Errorf("%s read in clear, or of a device that nobody signed (%v, %s): %q", f.name, l.encrypted, l.trust, l.text)
			}
			key := l.room.String() + l.text
			if seen[key]++; seen[key] > 1 {
				b.t.Errorf("%s read twice: %q", f.name, l.text)
			}
		}
		f.mu.Lock()
		if f.unread > 0 {
			b.t.Errorf("%s could not read %d events", f.name, f.unread)
		}
		f.mu.Unlock()
	}
}

func TestSessionInAnEncryptedRoom(t *testing.T) {
	b, ana, ben, chi, street := town(t)
	ana.sees(b.id, street, "Hello")

	ana.write(street, `!trellis checkin "How are you arriving?" by="tomorrow 17:00"`)
	for f, answer := range map[*friend]string{ana: "tired, but here", ben: "glad", chi: "with bread"} {
		f.sees(b.id, "", "How are you arriving?")
		f.write(f.directWith(b.id), answer)
	}
	for _, answer := range []string{"tired, but here", "glad", "with bread"} {
		ben.sees(b.id, street, answer)
	}

	b.Kill()
	ana.write(street, `!trellis propose "We keep the bay clear." steps=decide`)
	b.start()
	ana.sees(b.id, street, "We keep the bay clear.")
	for _, f := range []*friend{ana, ben, chi} {
		f.press(b.id, "Consent") // asked in private, for in the room everybody would see who presses
	}
	chi.sees(b.id, street, "A1")
	suite.dendrite.Kill()
	if err := suite.dendrite.Start(t.Context()); err != nil {
		t.Fatal(err)
	}
	ben.eventually("the server takes words again", func() bool {
		_, err := ben.client.Whoami(t.Context())
		return err == nil
	})
	ben.write(street, `!trellis commit "Bring bread to the meeting" by="in 10 days"`)
	ana.sees(b.id, street, "Bring bread to the meeting")
	b.once(ana, ben, chi)
	ana.transcript()
}
