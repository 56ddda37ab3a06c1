//go:build goolm

package matrix

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"strings"
	"sync"

	"go.mau.fi/util/dbutil"
	"maunium.net/go/mautrix"
	"maunium.net/go/mautrix/crypto"
	"maunium.net/go/mautrix/event"
	"maunium.net/go/mautrix/id"
)

// cryptoBuilt says that this build can encrypt.
const cryptoBuilt = true

// cipher encrypts and decrypts as this device.
type cipher struct {
	a     *Adapter
	log   *slog.Logger
	store *crypto.SQLCryptoStore
	// mu is held while keys are taken in and while something is encrypted: the one takes the database first and the
	// sessions then, the other the sessions first.
	mu      sync.Mutex
	machine *crypto.OlmMachine
}

// openCipher loads the keys of this device, or makes them, and has the device signed as Trellis's.
func (a *Adapter) openCipher(ctx context.Context, who account) (*cipher, error) {
	c := &cipher{a: a, log: a.log}
	c.store = crypto.NewSQLCryptoStore(a.store.db, dbutil.NoopLogger, who.User.String(), who.Device, who.Pickle)
	if err := c.store.DB.Upgrade(ctx); err != nil {
		return nil, &final{fmt.Sprintf("open the keys in %s: %s", a.o.Store, err)}
	}
	c.machine = crypto.NewOlmMachine(a.client, nil, c.store, a.state)
	c.machine.SessionReceived = func(context.Context, id.RoomID, id.SessionID, uint32) {
		select {
		case a.keys <- struct{}{}:
		default:
		}
	}
	if err := c.machine.Load(ctx); err != nil {
		return nil, &final{fmt.Sprintf("read the keys in %s: %s", a.o.Store, err)}
	}
	if !c.machine.GetAccount().Shared {
		if err := c.machine.ShareKeys(ctx, -1); err != nil {
			return nil, fmt.Errorf("upload keys: %w", err)
		}
	}
	return c, c.sign(ctx)
}

// sign makes the device one that others trust as Trellis's: clients give no keys to a device that its owner has not
// signed.
func (c *cipher) sign(ctx context.Context) error {
	has, verified, err := c.machine.GetOwnVerificationStatus(ctx)
	switch {
	case err != nil:
		return fmt.Errorf("ask for the keys that sign devices: %w", err)
	case verified:
		return nil
	case has:
		return c.verify(ctx)
	}
	file := c.a.o.RecoveryKey
	if _, err := os.Stat(file); err == nil {
		return &final{fmt.Sprintf("there is a recovery key in %s, but the account has nothing that it opens: move the file away if it is another account's", file)}
	}
	key, _, err := c.machine.GenerateAndUploadCrossSigningKeysWithPassword(ctx, c.a.o.Password, "")
	if err != nil {
		if said, ok := answerOf(err); ok && said.status == 401 {
			return &final{"the server wants the account's password before Trellis can sign its device: set matrix.password, or sign the device with another client and put the recovery key in " + file}
		}
		return fmt.Errorf("make the keys that sign devices: %w", err)
	}
	if err := writeSecret(file, key); err != nil {
		return &final{fmt.Sprintf("write the recovery key to %s: %s", file, err)}
	}
	c.log.Info("matrix: the recovery key is written; keep a copy elsewhere: with it a new device is known as Trellis's", "file", file)
	if err := c.machine.SignOwnDevice(ctx, c.machine.OwnIdentity()); err != nil {
		return fmt.Errorf("sign the device: %w", err)
	}
	if err := c.machine.SignOwnMasterKey(ctx); err != nil {
		return fmt.Errorf("sign the device's key: %w", err)
	}
	return nil
}

// verify signs a new device with the keys that the recovery key opens. Without it Trellis does not start: new keys
// would look to everybody like somebody else.
func (c *cipher) verify(ctx context.Context) error {
	file := c.a.o.RecoveryKey
	data, err := os.ReadFile(file)
	if err != nil {
		return &final{fmt.Sprintf("Trellis is a new device of this account and needs the recovery key to sign it: put it in %s (matrix.recovery_key): %s", file, err)}
	}
	if err := c.machine.VerifyWithRecoveryKey(ctx, strings.TrimSpace(string(data))); err != nil {
		if _, ok := answerOf(err); ok || unsureHTTP(err) {
			return fmt.Errorf("sign the device with the recovery key: %w", err)
		}
		return &final{fmt.Sprintf("the recovery key in %s does not fit the account: %s", file, err)}
	}
	return nil
}

func unsureHTTP(err error) bool {
	_, ok := errors.AsType[mautrix.HTTPError](err)
	return ok
}

func writeSecret(file, text string) error {
	f, err := os.OpenFile(file, os.O_CREATE|os.O_EXCL|os.O_WRONLY, 0o600)
	if err != nil {
		return err
	}
	_, err = f.WriteString(text + "\n")
	return errors.Join(err, f.Sync(), f.Close())
}

// take takes in the keys that a sync brings. Each encrypted message between devices is one transaction: else a stop
// between noting the message and storing the key that it carries would lose the key.
func (c *cipher) take(ctx context.Context, answer *mautrix.RespSync) {
	if len(answer.DeviceLists.Changed) > 0 {
		c.machine.HandleDeviceLists(ctx, &answer.DeviceLists, "")
	}
	for _, e := range answer.ToDevice.Events {
		c.toDevice(ctx, e)
	}
	c.machine.HandleOTKCounts(ctx, &answer.DeviceOTKCount) // outside of a transaction: it stores keys before it uploads them
	c.machine.MarkOlmHashSavePoint(ctx)
}

func (c *cipher) toDevice(ctx context.Context, e *event.Event) {
	defer func() {
		if p := recover(); p != nil {
			c.log.Error("matrix: a message between devices was passed over, for looking at it went wrong", "type", e.Type.Type)
		}
	}()
	e.Type.Class = event.ToDeviceEventType
	if err := e.Content.ParseRaw(e.Type); err != nil {
		return
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	switch asked := e.Content.Parsed.(type) {
	case *event.EncryptedEventContent:
		if err := c.store.DB.DoTxn(ctx, nil, func(ctx context.Context) error {
			c.machine.HandleToDeviceEvent(ctx, e)
			return nil
		}); err != nil {
			c.log.Warn("matrix: a key was not stored", "error", err)
		}
	case *event.RoomKeyRequestEventContent:
		c.machine.HandleRoomKeyRequest(ctx, e.Sender, asked) // the library's own way starts a goroutine
	case *event.RoomKeyWithheldEventContent:
		c.machine.HandleToDeviceEvent(ctx, e)
	}
}

// member makes a new key for a room when somebody comes or goes.
func (c *cipher) member(ctx context.Context, e *event.Event) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.machine.HandleMemberEvent(ctx, e)
}

// encrypt encrypts for all who are in a room or invited.
func (c *cipher) encrypt(ctx context.Context, in id.RoomID, whole any) (any, error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	sealed, err := c.machine.EncryptMegolmEvent(ctx, in, event.EventMessage, whole)
	if crypto.IsShareError(err) {
		members, e := c.a.state.GetRoomJoinedOrInvitedMembers(ctx, in)
		if e != nil {
			return nil, e
		}
		if err := c.machine.ShareGroupSession(ctx, in, members); err != nil {
			return nil, fmt.Errorf("share the key of a room: %w", err)
		}
		sealed, err = c.machine.EncryptMegolmEvent(ctx, in, event.EventMessage, whole)
	}
	if err != nil {
		return nil, fmt.Errorf("encrypt: %w", err)
	}
	return sealed, nil
}

// decrypt returns an event as it was before it was encrypted, or errNoKey.
func (c *cipher) decrypt(ctx context.Context, e *event.Event) (*event.Event, error) {
	clear, err := c.machine.DecryptMegolmEvent(ctx, e)
	switch {
	case errors.Is(err, crypto.ErrNoSessionFound), errors.Is(err, crypto.ErrGroupSessionWithheld):
		return nil, errNoKey
	case err != nil:
		return nil, fmt.Errorf("decrypt: %w", withoutWords(err))
	}
	return clear, nil
}

// withoutWords is an error of decryption that cannot hold words of people: reading what was decrypted may quote them.
func withoutWords(err error) error {
	if _, ok := errors.AsType[*json.SyntaxError](err); ok {
		return errors.New("what is in it cannot be read")
	}
	if _, ok := errors.AsType[*json.UnmarshalTypeError](err); ok {
		return errors.New("what is in it cannot be read")
	}
	return err
}

// trusted tells whether an event is of a device that its owner has signed.
func (c *cipher) trusted(e *event.Event) bool {
	return e.Mautrix.WasEncrypted && e.Mautrix.TrustState >= id.TrustStateCrossSignedUntrusted
}

// request asks the sender's devices for the key of an event.
func (c *cipher) request(ctx context.Context, e *event.Event) {
	sealed, ok := e.Content.Parsed.(*event.EncryptedEventContent)
	if !ok {
		return
	}
	err := c.machine.SendRoomKeyRequest(ctx, e.RoomID, sealed.SenderKey, sealed.SessionID, "", map[id.UserID][]id.DeviceID{
		e.Sender: {"*"}, c.a.client.UserID: {"*"},
	})
	if err != nil {
		c.log.Info("matrix: a key was not asked for", "error", plain(err))
	}
}
