// Package effects does what follows from events through River: effects are
// inserted in the transaction of their events, done at least once, retried,
// and idempotent by key.
package effects

import (
	"context"
	"database/sql"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"slices"
	"time"

	"github.com/riverqueue/river"
	"github.com/riverqueue/river/riverdriver/riversqlite"
	"github.com/riverqueue/river/rivermigrate"
	"github.com/riverqueue/river/rivertype"

	"github.com/dc-release/dc-release/internal/core/ledger"
)

// Handler does one kind of effect. It must be idempotent.
type Handler func(ctx context.Context, args []byte) error

// Config is what the worker of effects needs.
type Config struct {
	DB       *sql.DB // the store's write handle
	Logger   *slog.Logger
	Handlers map[string]Handler // by kind
	// Aside are the kinds that reach what may be slow and that nothing depends
	// on. They hold up no other effect, and only their first try is waited for.
	Aside []string
}

// aside is the queue of such kinds.
const aside = "aside"

// Effects inserts and works effects.
type Effects struct {
	db     *sql.DB
	client *river.Client[*sql.Tx]
	watch  *watch
	aside  []string
}

// job is the one kind of River job: it carries any effect.
type job struct {
	Effect string          `json:"effect"`
	Key    string          `json:"key"`
	Args   json.RawMessage `json:"args"`
}

// Kind implements river.JobArgs.
func (job) Kind() string { return "effect" }

type worker struct {
	river.WorkerDefaults[job]
	handlers map[string]Handler
	watch    *watch
}

// Work implements river.Worker.
func (w *worker) Work(ctx context.Context, j *river.Job[job]) error {
	h, ok := w.handlers[j.Args.Effect]
	if !ok {
		return river.JobCancel(fmt.Errorf("effect %q has no handler", j.Args.Effect))
	}
	defer func() { w.watch.wake(time.Now()) }() // more may wait, or this again
	return h(ctx, j.Args.Args)
}

// NextRetry implements river.Worker: a quarter second, doubled up to a minute.
func (w *worker) NextRetry(j *river.Job[job]) time.Time {
	return time.Now().Add(min(time.Minute, 250*time.Millisecond<<min(j.Attempt, 10)))
}

// Open migrates River's tables, takes over what a dead owner left running (the
// data directory has one owner), and makes the client.
func Open(ctx context.Context, c Config) (*Effects, error) {
	sqlite := driver{Driver: riversqlite.New(c.DB), watch: &watch{looked: map[string]time.Time{}}}
	m, err := rivermigrate.New(sqlite, &rivermigrate.Config{Logger: c.Logger})
	if err != nil {
		return nil, fmt.Errorf("migrate effects: %w", err)
	}
	if _, err := m.Migrate(ctx, rivermigrate.DirectionUp, nil); err != nil {
		return nil, fmt.Errorf("migrate effects: %w", err)
	}
	if _, err := c.DB.ExecContext(ctx, `UPDATE river_job SET state = 'available' WHERE state = 'running'`); err != nil {
		return nil, fmt.Errorf("take over effects: %w", err)
	}
	workers := river.NewWorkers()
	if err := river.AddWorkerSafely(workers, &worker{handlers: c.Handlers, watch: sqlite.watch}); err != nil {
		return nil, err
	}
	client, err := river.NewClient(sqlite, &river.Config{
		Logger: c.Logger, Workers: workers, MaxAttempts: 100, JobTimeout: 30 * time.Minute,
		Queues:        map[string]river.QueueConfig{river.QueueDefault: {MaxWorkers: 4}, aside: {MaxWorkers: 1}},
		FetchCooldown: 5 * time.Millisecond, FetchPollInterval: pollEvery,
	})
	if err != nil {
		return nil, fmt.Errorf("open effects: %w", err)
	}
	return &Effects{db: c.DB, client: client, watch: sqlite.watch, aside: c.Aside}, nil
}

// Enqueue inserts effects in the transaction of their events.
func (e *Effects) Enqueue(ctx context.Context, tx *sql.Tx, list []ledger.Effect) error {
	e.watch.wake(time.Now())
	for _, f := range list {
		o := &river.InsertOpts{Queue: river.QueueDefault}
		if slices.Contains(e.aside, f.Kind) {
			o.Queue = aside
		}
		if _, err := e.client.InsertTx(ctx, tx, job{Effect: f.Kind, Key: f.Key, Args: f.Args}, o); err != nil {
			return fmt.Errorf("insert effect %s: %w", f.Key, err)
		}
	}
	return nil
}

// Start begins to work.
func (e *Effects) Start(ctx context.Context) error { return e.client.Start(ctx) }

// Stop ends work: running effects get until ctx ends.
func (e *Effects) Stop(ctx context.Context) error {
	err := e.client.Stop(ctx)
	if errors.Is(err, context.DeadlineExceeded) {
		err = e.client.StopAndCancel(context.WithoutCancel(ctx))
	}
	return err
}

// Pending counts the effects that are not done; those aside only until they
// were tried once.
func (e *Effects) Pending(ctx context.Context) (int, error) {
	var n int
	err := e.db.QueryRowContext(ctx, `SELECT COUNT(*) FROM river_job WHERE state NOT IN ('`+
		string(rivertype.JobStateCompleted)+`', '`+string(rivertype.JobStateDiscarded)+`', '`+string(rivertype.JobStateCancelled)+`')
		AND NOT (queue = '`+aside+`' AND (attempt > 1 OR (attempt = 1 AND state <> '`+string(rivertype.JobStateRunning)+`')))`).Scan(&n)
	return n, err
}
