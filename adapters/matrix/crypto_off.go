//go:build !goolm

package matrix

import (
	"context"
	"errors"

	"maunium.net/go/mautrix"
	"maunium.net/go/mautrix/event"
	"maunium.net/go/mautrix/id"
)

// cryptoBuilt says that this build can encrypt.
const cryptoBuilt = false

// cipher is nothing in a build without encryption; New refuses to encrypt, so none is ever made.
type cipher struct{}

func (a *Adapter) openCipher(context.Context, account) (*cipher, error) {
	return nil, &final{"this Trellis was built without encryption"}
}

func (c *cipher) take(context.Context, *mautrix.RespSync) {}
func (c *cipher) member(context.Context, *event.Event)    {}
func (c *cipher) request(context.Context, *event.Event)   {}
func (c *cipher) trusted(*event.Event) bool               { return false }
func (c *cipher) encrypt(context.Context, id.RoomID, any) (any, error) {
	return nil, errors.New("this Trellis was built without encryption")
}

func (c *cipher) decrypt(context.Context, *event.Event) (*event.Event, error) {
	return nil, errors.New("this Trellis was built without encryption")
}
