package bot

import (
	"context"
	"errors"
	"fmt"

	"trellis/adapters/chat"
	"trellis/storage"
)

// cursors holds, by platform, from where it is read on. keeps holds the adapters' own small records.
var (
	cursors = storage.NewTable[[]byte]("bot/cursor", 1)
	keeps   = storage.NewTable[[]byte]("bot/kept", 1)
)

// keep stores what an adapter keeps. Of the cursors of a step the last one counts.
func (s *step) keep(p chat.Platform, b chat.Batch) error {
	for _, r := range b.Keep {
		key := storage.Key(string(p)) + r.Name
		var err error
		if r.Value == nil {
			err = keeps.Delete(&s.tx, storage.Global, key)
		} else {
			err = keeps.Put(&s.tx, storage.Global, key, r.Value)
		}
		if err != nil {
			return err
		}
	}
	if b.Cursor != nil {
		if s.cursors == nil {
			s.cursors = map[chat.Platform][]byte{}
		}
		s.cursors[p] = b.Cursor
	}
	return nil
}

func (s *step) writeCursors() error {
	for p, cursor := range s.cursors {
		if err := cursors.Put(&s.tx, storage.Global, string(p), cursor); err != nil {
			return err
		}
	}
	return nil
}

// Stored is chat.Inbox's, for one platform. It is for use by any goroutine.
func (c *Core) Stored(ctx context.Context, p chat.Platform) (chat.Stored, error) {
	kept := chat.Stored{Kept: map[string][]byte{}}
	err := c.store.View(ctx, func(tx storage.Tx) (err error) {
		if kept.Cursor, err = cursors.Get(tx, storage.Global, string(p)); err != nil && !errors.Is(err, storage.ErrNotFound) {
			return err
		}
		prefix := storage.Key(string(p))
		return keeps.Scan(tx, storage.Global, prefix, storage.End(prefix), func(key string, value []byte) (bool, error) {
			kept.Kept[key[len(prefix):]] = value
			return true, nil
		})
	})
	if err != nil {
		return chat.Stored{}, fmt.Errorf("read what %s keeps: %w", p, err)
	}
	return kept, nil
}
