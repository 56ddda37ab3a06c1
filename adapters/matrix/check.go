package matrix

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"

	"github.com/rs/zerolog"
	"maunium.net/go/mautrix"
	"maunium.net/go/mautrix/event"
	"maunium.net/go/mautrix/id"
)

// Found is what Check found.
type Found struct {
	Name, Value, Note string
}

// Check asks the homeserver whether the settings work. It changes nothing and logs in nowhere: each login is a new
// device, so a password is only tried by a start.
func Check(ctx context.Context, o Options) (all []Found, err error) {
	if err := o.check(); err != nil {
		return nil, err
	}
	client, err := mautrix.NewClient(o.Homeserver, "", "")
	if err != nil {
		return nil, fmt.Errorf("read matrix.homeserver: %w", err)
	}
	client.Log = zerolog.Nop()
	if o.Transport != nil {
		client.Client.Transport = o.Transport
	}
	defer client.Client.CloseIdleConnections()
	if _, err := client.Versions(ctx); err != nil {
		return nil, fmt.Errorf("matrix.homeserver does not answer as a Matrix homeserver (%s): give the address that clients use, which may differ from the name in people's IDs", plain(err))
	}
	all = append(all, Found{"matrix server", o.Homeserver, "answers"})
	who := account{Token: o.AccessToken}
	if _, err := os.Stat(o.Store); err == nil && who.Token == "" {
		s, err := openStore(ctx, o.Store)
		if err != nil {
			return all, err
		}
		who, err = s.account(ctx)
		if err := errors.Join(err, s.close()); err != nil {
			return all, err
		}
	}
	note, value := "not logged in yet; the first start does", o.User
	if who.Token != "" {
		client.AccessToken = who.Token
		me, err := client.Whoami(ctx)
		switch said, ok := answerOf(err); {
		case ok:
			return all, fmt.Errorf("the homeserver does not accept Trellis's token (%s): with matrix.password a start logs in again, else set a new matrix.access_token", said.reason())
		case err != nil:
			return all, fmt.Errorf("ask the homeserver who Trellis is: %s", plain(err))
		}
		value, note = string(me.UserID), "logged in as device "+string(me.DeviceID)
		in, err := rooms(ctx, client, me.UserID)
		if err != nil {
			return all, err
		}
		note += "; " + in
	}
	all = append(all, Found{"matrix account", value, note})
	key := o.RecoveryKey
	if key == "" {
		key = filepath.Join(filepath.Dir(o.Store), "recovery-key")
	}
	switch info, err := os.Stat(key); {
	case !o.Encrypt:
		all = append(all, Found{"matrix recovery key", "–", "encryption is off"})
	case errors.Is(err, os.ErrNotExist):
		all = append(all, Found{"matrix recovery key", key, "not there; the first start of a new account makes it, an older account needs it"})
	case err != nil:
		return all, fmt.Errorf("look at the recovery key: %w", err)
	case info.Mode().Perm()&0o077 != 0:
		return all, fmt.Errorf("others than the owner may read or change the recovery key (mode %04o): chmod 600 %s", info.Mode().Perm(), key)
	default:
		all = append(all, Found{"matrix recovery key", key, "there; keep a copy elsewhere"})
	}
	return all, nil
}

// rooms says in how many of its rooms Trellis may not write.
func rooms(ctx context.Context, client *mautrix.Client, me id.UserID) (string, error) {
	joined, err := client.JoinedRooms(ctx)
	if err != nil {
		return "", fmt.Errorf("ask for Trellis's rooms: %s", plain(err))
	}
	silent := 0
	for _, in := range joined.JoinedRooms {
		var levels event.PowerLevelsEventContent
		err := client.StateEvent(ctx, in, event.StatePowerLevels, "", &levels)
		if err == nil && levels.GetUserLevel(me) < levels.GetEventLevel(event.EventMessage) {
			silent++
		}
	}
	text := fmt.Sprintf("in %d rooms", len(joined.JoinedRooms))
	if silent > 0 {
		text += fmt.Sprintf(", in %d of which it may not write: raise its power level there", silent)
	}
	return text, nil
}
