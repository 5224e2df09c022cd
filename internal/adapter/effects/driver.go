package effects

import (
	"context"
	"database/sql"
	"sync"
	"time"

	"github.com/riverqueue/river/riverdriver"
	"github.com/riverqueue/river/riverdriver/riversqlite"
)

// River polls a SQLite database. pollEvery is how often, so that an effect
// begins soon; restEvery is how often the database is asked when nothing was
// inserted and nothing failed for the time of alert, so that an idle server costs
// next to nothing. An inserted effect is committed, and a failed one is due or
// scheduled by River, within alert or within the next rest.
const (
	pollEvery = 25 * time.Millisecond
	restEvery = time.Second
	alert     = 2 * time.Second
)

// driver is River's for SQLite, except that it answers a poll by itself while
// there can be no work.
type driver struct {
	*riversqlite.Driver
	watch *watch
}

// GetExecutor implements riverdriver.Driver.
func (d driver) GetExecutor() riverdriver.Executor {
	return executor{Executor: d.Driver.GetExecutor(), watch: d.watch}
}

type executor struct {
	riverdriver.Executor
	watch *watch
}

// JobGetAvailable implements riverdriver.Executor.
func (e executor) JobGetAvailable(ctx context.Context, p *riverdriver.JobGetAvailableParams) (*riverdriver.JobGetAvailableResult, error) {
	if !e.watch.look(p.Queue, time.Now()) {
		return &riverdriver.JobGetAvailableResult{}, nil
	}
	return e.Executor.JobGetAvailable(ctx, p)
}

var _ riverdriver.Driver[*sql.Tx] = driver{}

// watch says when to look for work.
type watch struct {
	mu     sync.Mutex
	woken  time.Time
	looked map[string]time.Time // by queue
}

// wake tells that there is, or soon will be, something to do.
func (w *watch) wake(now time.Time) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.woken = now
}

// look reports whether to ask the database for a queue, and takes it as done.
func (w *watch) look(queue string, now time.Time) bool {
	w.mu.Lock()
	defer w.mu.Unlock()
	if now.Sub(w.woken) > alert && now.Sub(w.looked[queue]) < restEvery {
		return false
	}
	w.looked[queue] = now
	return true
}
