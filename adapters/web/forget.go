package web

import (
	"context"
	"fmt"
	"slices"

	"trellis/adapters/chat"
	"trellis/storage"
)

// Forget takes what an account wrote out of the timeline, with its name and its reactions, and the form that is open
// for it. Who they are stays with the rooms that they are in, as long as they are. What Trellis said to them or of
// them changes by updates, as on every platform.
func (a *Adapter) Forget(ctx context.Context, who chat.AccountID) error {
	names, err := a.streamNames(ctx)
	if err != nil {
		return fmt.Errorf("forget what somebody wrote: %w", err)
	}
	for _, in := range names {
		for from := ""; ; {
			var next string
			var changed bool
			err := a.store.Update(ctx, func(tx storage.Tx) (err error) {
				next, changed, err = forgetIn(tx, in, who, from)
				return err
			})
			if err != nil {
				return fmt.Errorf("forget what somebody wrote: %w", err)
			}
			if changed {
				a.hub.tell(in)
			}
			if next == "" {
				break
			}
			from = next
		}
	}
	err = a.store.Update(ctx, func(tx storage.Tx) error { return forms.Delete(tx, storage.Global, string(who)) })
	if err != nil {
		return fmt.Errorf("forget what somebody filled in: %w", err)
	}
	a.hub.tell(directOf(who))
	return nil
}

// forgetIn looks through some entries of a stream, and returns where to go on; empty: it was at the end.
func forgetIn(tx storage.Tx, in chat.RoomID, who chat.AccountID, from string) (next string, changed bool, err error) {
	theirs := map[string]entry{}
	var order []string
	looked := 0
	if err := entries.Scan(tx, scopeOf(in), from, "", func(key string, e entry) (bool, error) {
		if looked++; looked > forgetChunk {
			next = key
			return false, nil
		}
		if without, some := e.without(who); some {
			theirs[key] = without
			order = append(order, key)
		}
		return true, nil
	}); err != nil {
		return "", false, err
	}
	for _, key := range order {
		if err := alter(tx, in, key, theirs[key]); err != nil {
			return "", false, err
		}
	}
	return next, len(order) > 0, nil
}

// without is an entry without what somebody wrote in it or put under it, and whether there was any.
func (e entry) without(who chat.AccountID) (entry, bool) {
	some := false
	if e.From == who && (!e.Gone || e.Text != "" || e.Name != "") {
		e.Text, e.Name, e.Reactions, e.Gone = "", "", nil, true
		some = true
	}
	theirs := func(r reaction) bool { return r.By == who }
	if slices.ContainsFunc(e.Reactions, theirs) {
		e.Reactions = slices.DeleteFunc(slices.Clone(e.Reactions), theirs)
		some = true
	}
	return e, some
}

func (a *Adapter) streamNames(ctx context.Context) (names []chat.RoomID, err error) {
	err = a.store.View(ctx, func(tx storage.Tx) error {
		return streams.All(tx, storage.Global, func(id string, _ stream) (bool, error) {
			names = append(names, chat.RoomID(id))
			return true, nil
		})
	})
	return names, err
}
