package inspect

import (
	"context"
	"fmt"
	"time"

	"github.com/dc-release/dc-release/internal/core/pipeline"
)

// WatchQuery asks for a run as soon as it is not any more as it was.
type WatchQuery struct {
	Run    string `json:"run"`
	Cursor string `json:"cursor"` // of the last answer; "" is answered at once
	Wait   int    `json:"wait"`   // seconds, up to MaxWait
}

// Watched is a run at a moment.
type Watched struct {
	RunDetail
	Cursor string `json:"cursor"`
	// Moving is false when the run has finished, when nothing moves without a person, or nobody serves the
	// installation.
	Moving bool      `json:"moving"`
	Time   time.Time `json:"time"` // of the server
}

// settleEvery is how often it is looked whether effects have ended: they do so
// without an event at times.
const settleEvery = 250 * time.Millisecond

// Watch gives a run when it has changed, when what its jobs print has grown, or
// when it was waited for long enough.
func (i *Inspector) Watch(ctx context.Context, q WatchQuery) (Watched, error) {
	waited := time.NewTimer(wait(q.Wait))
	defer waited.Stop()
	for {
		recorded, grown := i.Changed(), i.Logs.Changed()
		w, busy, err := i.watched(ctx, q.Run)
		if err != nil || w.Cursor != q.Cursor || q.Wait <= 0 {
			return w, err
		}
		if served, err := i.Moving(ctx, true); err != nil || !served {
			return w, err // nothing would change
		}
		var settled <-chan time.Time
		if w.Moving && !busy {
			settled = time.After(settleEvery)
		}
		select {
		case <-recorded:
		case <-grown:
		case <-settled:
		case <-waited.C:
			return w, nil
		case <-ctx.Done():
			return w, ctx.Err()
		}
	}
}

// watched is the run now; busy says that a worker has to do with it.
func (i *Inspector) watched(ctx context.Context, id string) (w Watched, busy bool, err error) {
	if w.RunDetail, err = i.Run(ctx, id); err != nil {
		return w, false, err
	}
	var printed int64
	for _, j := range w.Jobs {
		printed += j.Log
		busy = busy || j.Status == string(pipeline.Queued) || j.Status == string(pipeline.Running) && !j.Silent
	}
	if !w.Finished {
		if w.Moving, err = i.Moving(ctx, busy); err != nil {
			return w, busy, err
		}
	}
	w.Time = i.Now().UTC()
	w.Cursor = fmt.Sprintf("%d/%d/%t", w.events, printed, w.Moving)
	return w, busy, nil
}
