package web

import (
	"context"
	"errors"
	"slices"
	"time"

	"trellis/storage"
)

// session is what one browser may be. It is kept under the hash of what its cookie holds.
type session struct {
	Links []string  // hashes of the links by which it came in
	Seen  time.Time // to the day
}

var sessions = storage.NewTable[session]("web/session", 1)

// maxLinks is how many people one browser can be: a family's, a helper's. The oldest make room.
const maxLinks = 20

func (a *Adapter) session(ctx context.Context, hash string) (s session, err error) {
	err = a.store.View(ctx, func(tx storage.Tx) error {
		s, err = sessions.Get(tx, storage.Global, hash)
		if errors.Is(err, storage.ErrNotFound) {
			return nil
		}
		return err
	})
	return s, err
}

// comeIn lets a browser be whom a link names.
func (a *Adapter) comeIn(ctx context.Context, sessionHash, linkHash string) error {
	err := a.store.Update(ctx, func(tx storage.Tx) error {
		s, err := sessions.Get(tx, storage.Global, sessionHash)
		if err != nil && !errors.Is(err, storage.ErrNotFound) {
			return err
		}
		s.Links = slices.DeleteFunc(s.Links, func(l string) bool { return l == linkHash })
		s.Links = append(s.Links, linkHash)
		if over := len(s.Links) - maxLinks; over > 0 {
			s.Links = s.Links[over:]
		}
		s.Seen = a.now()
		return sessions.Put(tx, storage.Global, sessionHash, s)
	})
	if err == nil {
		a.renew(ctx, linkHash, true)
	}
	return err
}

// seen notes once a day that a session is used.
func (a *Adapter) seen(ctx context.Context, hash string, s session) {
	if a.now().Sub(s.Seen) < renewAfter {
		return
	}
	s.Seen = a.now()
	err := a.store.Update(ctx, func(tx storage.Tx) error { return sessions.Put(tx, storage.Global, hash, s) })
	if err != nil {
		a.log.Warn("web: a session was not renewed", "error", err)
	}
}

func (a *Adapter) endSession(ctx context.Context, hash string) error {
	return a.store.Update(ctx, func(tx storage.Tx) error { return sessions.Delete(tx, storage.Global, hash) })
}

// forgetSessions deletes those that nobody used since an instant.
func forgetSessions(tx storage.Tx, since time.Time) error {
	var old []string
	err := sessions.All(tx, storage.Global, func(hash string, s session) (bool, error) {
		if s.Seen.Before(since) {
			old = append(old, hash)
		}
		return len(old) < forgetChunk, nil
	})
	for _, hash := range old {
		err = errors.Join(err, sessions.Delete(tx, storage.Global, hash))
	}
	return err
}
