package matrix

import (
	"context"
	"crypto/rand"
	"encoding/json"
	"fmt"
	"net/http"
	"strings"
	"time"

	"maunium.net/go/mautrix"
	"maunium.net/go/mautrix/id"
)

// freshFor is how long after a new login deliveries are looked for before they are sent: their transaction IDs may
// have been another device's, and those the server does not compare with this one's.
const freshFor = time.Hour

// enter makes sure that the server knows us and we know who we are. Until then nothing is sent or taken in.
func (a *Adapter) enter(ctx context.Context) error {
	a.login.Lock()
	defer a.login.Unlock()
	if a.ready {
		return nil
	}
	who, err := a.store.account(ctx)
	if err != nil {
		return &final{err.Error()}
	}
	if len(who.Pickle) == 0 {
		who.Pickle = make([]byte, 32)
		_, _ = rand.Read(who.Pickle)
	}
	if who.Copied {
		a.log.Info("matrix: the keys come from a backup, so Trellis is a new device")
		if err := a.store.forgetDevice(ctx); err != nil {
			return err
		}
		who.Old, who.Device, who.Token, who.Copied = who.Device, "", "", false
	}
	if a.o.AccessToken != "" {
		err = a.enterByToken(ctx, &who)
	} else {
		err = a.enterByPassword(ctx, &who)
	}
	if err != nil {
		return err
	}
	if a.cipher == nil && a.o.Encrypt {
		c, err := a.openCipher(ctx, who)
		if err != nil {
			return err
		}
		a.cipher = c
	}
	if who.Old != "" && who.Old != who.Device {
		a.removeOld(ctx, who)
		who.Old = ""
		if err := a.store.putAccount(ctx, who); err != nil {
			return err
		}
	}
	a.ready = true
	return nil
}

// enterByToken uses the token of the configuration, which must be the account's.
func (a *Adapter) enterByToken(ctx context.Context, who *account) error {
	a.client.AccessToken = a.o.AccessToken
	me, err := a.client.Whoami(ctx)
	if err != nil {
		return a.refusedLogin(err, "matrix.access_token is not accepted (%s): make a new one for the account, and set it")
	}
	if !a.isUser(me.UserID) {
		return &final{fmt.Sprintf("matrix.access_token is %s's, but matrix.user says %s: set the one that is meant", me.UserID, a.o.User)}
	}
	if who.Device != "" && who.Device != me.DeviceID {
		a.log.Info("matrix: the token is another device's, so Trellis is a new device", "device", me.DeviceID)
		if err := a.store.forgetDevice(ctx); err != nil {
			return err
		}
		a.fresh = time.Now().Add(freshFor)
	}
	who.User, who.Device, who.Token = me.UserID, me.DeviceID, ""
	a.client.UserID, a.client.DeviceID = me.UserID, me.DeviceID
	return a.store.putAccount(ctx, *who)
}

// enterByPassword uses the token that was kept, and logs in only when there is none, or it was taken back.
func (a *Adapter) enterByPassword(ctx context.Context, who *account) error {
	if who.User != "" && !a.isUser(who.User) {
		return &final{fmt.Sprintf("the keys in %s are %s's, but matrix.user says %s: set that account, or move the file away to begin anew", a.o.Store, who.User, a.o.User)}
	}
	if who.Token != "" {
		a.client.AccessToken, a.client.UserID, a.client.DeviceID = who.Token, who.User, who.Device
		me, err := a.client.Whoami(ctx)
		switch said, ok := answerOf(err); {
		case err == nil && me.UserID == who.User && (me.DeviceID == "" || me.DeviceID == who.Device):
			return nil
		case err == nil:
			return &final{fmt.Sprintf("the server says that the token in %s is another device's: move the file away to begin anew", a.o.Store)}
		case !ok || said.code != "M_UNKNOWN_TOKEN" && said.code != "M_MISSING_TOKEN":
			return a.refusedLogin(err, "the server refuses the account (%s): ask who runs it")
		case said.soft:
			a.log.Info("matrix: the token ended, logging in again as the same device")
		default: // the device was taken away: its keys are of no use any more
			a.log.Warn("matrix: the server has taken the device away, so Trellis is a new one")
			if err := a.store.forgetDevice(ctx); err != nil {
				return err
			}
			who.Device = ""
		}
	}
	a.client.AccessToken = ""
	me, err := a.client.Login(ctx, &mautrix.ReqLogin{
		Type: mautrix.AuthTypePassword, Identifier: mautrix.UserIdentifier{Type: mautrix.IdentifierTypeUser, User: a.o.User},
		Password: a.o.Password, DeviceID: who.Device, InitialDeviceDisplayName: "Trellis", StoreCredentials: true,
	})
	if err != nil {
		return a.refusedLogin(err, "the server does not accept matrix.user with matrix.password (%s): correct them; where it logs in by a browser, set matrix.access_token")
	}
	if me.UserID == "" || me.DeviceID == "" {
		return &final{"the server does not say who we are, so Trellis would answer itself: it is no Matrix homeserver, or a broken one"}
	}
	who.User, who.Device, who.Token = me.UserID, me.DeviceID, me.AccessToken
	a.fresh = time.Now().Add(freshFor)
	return a.store.putAccount(ctx, *who)
}

// isUser tells whether an ID is that of the configuration, which may be a local part alone.
func (a *Adapter) isUser(user id.UserID) bool {
	if !strings.HasPrefix(a.o.User, "@") {
		local, _, _ := strings.Cut(strings.TrimPrefix(string(user), "@"), ":")
		return local == a.o.User
	}
	return string(user) == a.o.User
}

// refusedLogin tells passing faults from those that somebody has to mend.
func (a *Adapter) refusedLogin(err error, text string) error {
	said, ok := answerOf(err)
	if !ok || said.status >= 500 || said.tooFast() {
		return err
	}
	return &final{fmt.Sprintf(text, said.reason())}
}

// leave makes the next use log in again.
func (a *Adapter) leave() {
	a.login.Lock()
	defer a.login.Unlock()
	a.ready = false
}

// removeOld takes the device off the server that this store was before. That it stays there is no more than untidy.
func (a *Adapter) removeOld(ctx context.Context, who account) {
	ask := func(auth any) ([]byte, error) {
		return a.client.MakeFullRequest(ctx, mautrix.FullRequest{
			Method: http.MethodDelete, URL: a.client.BuildClientURL("v3", "devices", who.Old),
			RequestJSON: map[string]any{"auth": auth}, SensitiveContent: true,
		})
	}
	body, err := ask(nil)
	if said, ok := answerOf(err); ok && said.status == http.StatusUnauthorized && said.code == "" && a.o.Password != "" { // it wants the password once more
		var wants mautrix.RespUserInteractive
		if json.Unmarshal(body, &wants) == nil {
			_, err = ask(a.passwordAuth(wants.Session))
		}
	}
	if said, ok := answerOf(err); err != nil && (!ok || said.status != http.StatusNotFound) {
		a.log.Warn("matrix: the old device could not be removed; remove it in the account's settings", "device", who.Old, "error", plain(err))
	}
}

func (a *Adapter) passwordAuth(session string) *mautrix.ReqUIAuthLogin {
	return &mautrix.ReqUIAuthLogin{
		BaseAuthData: mautrix.BaseAuthData{Type: mautrix.AuthTypePassword, Session: session},
		User:         a.client.UserID.String(), Password: a.o.Password,
	}
}
