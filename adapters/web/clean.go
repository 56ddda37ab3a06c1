package web

import (
	"context"
	"maps"
	"slices"
	"time"

	"trellis/storage"
)

// cleanEvery is how often what is over is deleted.
const cleanEvery = time.Hour

// clean deletes what is over: talk that was kept long enough, links and sessions that nobody used.
func (a *Adapter) clean(ctx context.Context) error {
	now := a.now()
	names, err := a.streamNames(ctx)
	if err != nil {
		return err
	}
	for _, id := range names {
		for more := true; more; {
			err := a.store.Update(ctx, func(tx storage.Tx) (err error) {
				more, err = forgetBefore(tx, id, now.Add(-a.o.Keep))
				return err
			})
			if err != nil {
				return err
			}
		}
	}
	_, err = a.change(ctx, func(d *draft) error {
		for _, hash := range slices.Sorted(maps.Keys(d.links)) {
			if !now.Before(d.links[hash].Until) {
				d.dropLink(hash)
			}
		}
		return nil
	})
	if err != nil {
		return err
	}
	return a.store.Update(ctx, func(tx storage.Tx) error { return forgetSessions(tx, now.Add(-a.o.LinkLife)) })
}
