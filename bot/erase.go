package bot

import (
	"context"
	"errors"
	"fmt"

	"trellis/adapters/chat"
	"trellis/storage"
)

// owed holds the accounts that the engine has forgotten and their adapters may not have yet. It is settled after the
// commit, so a crash in between loses nothing of it.
var owed = storage.NewTable[chat.Place]("bot/owed", 1)

func anyOwed(tx storage.Tx) (some bool, err error) {
	err = owed.All(tx, storage.Global, func(string, chat.Place) (bool, error) {
		some = true
		return false, nil
	})
	return some, err
}

// Owed lists the accounts that their adapters are still to forget. It is for use by any goroutine.
func (c *Core) Owed(ctx context.Context) (places []chat.Place, err error) {
	err = c.store.View(ctx, func(tx storage.Tx) error {
		return owed.All(tx, storage.Global, func(_ string, p chat.Place) (bool, error) {
			places = append(places, p)
			return true, nil
		})
	})
	if err != nil {
		return nil, fmt.Errorf("read who is still to be forgotten: %w", err)
	}
	return places, nil
}

// eraser has the adapters forget and overwrites what was deleted, beside the loop: it may take long. What does not work
// is tried again with the next housekeeping.
func (e *Engine) eraser(ctx context.Context) {
	for {
		select {
		case <-ctx.Done():
			return
		case <-e.erase:
		}
		if err := e.forgetOutside(ctx); err != nil && ctx.Err() == nil {
			e.log.Error("have the adapters forget", "error", err)
		}
		if e.config.Erase == nil {
			continue
		}
		if err := e.config.Erase(ctx); err != nil && ctx.Err() == nil {
			e.log.Error("overwrite what was deleted", "error", err)
		}
	}
}

// forgetOutside settles what is owed.
func (e *Engine) forgetOutside(ctx context.Context) error {
	places, err := e.core.Load().Owed(ctx)
	if err != nil || len(places) == 0 {
		return err
	}
	var done []chat.Place
	var errs []error
	for _, p := range places {
		if e.config.Forget != nil {
			if err := e.config.Forget(ctx, p); err != nil {
				errs = append(errs, fmt.Errorf("on %s: %w", p.Platform, err))
				continue
			}
		}
		done = append(done, p)
	}
	_, err = e.ask(ctx, &request{in: Input{Forgotten: done}})
	return errors.Join(append(errs, err)...)
}
