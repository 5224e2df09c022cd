package wire

import (
	"context"
	"encoding/json"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"time"

	"github.com/dc-release/dc-release/internal/app/inspect"
	"github.com/dc-release/dc-release/internal/app/intake"
	"github.com/dc-release/dc-release/internal/core/fault"
	"github.com/dc-release/dc-release/internal/core/pipeline"
	"github.com/dc-release/dc-release/internal/core/release"
)

// driver moves every open run and rollback whenever the ledger grows, and
// takes what hooks drop into the intake spool.
type driver struct {
	o      *Owner
	cancel context.CancelFunc
	done   sync.WaitGroup

	mu      sync.Mutex
	settled int64     // ledger size at which everything had been moved
	failure error     // of the last round, nil when it went well
	due     time.Time // when a run moves by itself, zero for never
	started bool
}

const spoolEvery = 100 * time.Millisecond

// anew is how often everything is moved although nothing happened: freezes,
// waivers and delegations end by themselves.
const anew = time.Minute

func newDriver(o *Owner) *driver { return &driver{o: o} }

func (d *driver) start(ctx context.Context) {
	ctx, d.cancel = context.WithCancel(context.WithoutCancel(ctx))
	d.done.Go(func() { d.lease(ctx) })
	d.mu.Lock()
	d.started = true
	d.mu.Unlock()
	d.done.Go(func() { d.follow(ctx) })
	d.done.Go(func() { d.watch(ctx) })
	d.done.Go(func() { d.anchor(ctx) })
	d.done.Go(func() { d.drift(ctx) })
}

// halt lets it end without waiting.
func (d *driver) halt() {
	if d.cancel != nil {
		d.cancel()
	}
}

// stop ends it, also when it never began.
func (d *driver) stop() {
	d.halt()
	d.done.Wait()
}

// leaseEvery is how often leases are looked at, and stalled how long it may take
// at most: after more nobody could renew for a while.
const (
	leaseEvery = time.Second
	stalled    = pipeline.LeaseSeconds * time.Second / 3
)

// lease gives up what nobody renews. An owner that has just started, and one
// whose machine slept, lets every lease begin again instead. It has a loop of
// its own: whatever else takes long, leases count as long as workers are
// answered.
func (d *driver) lease(ctx context.Context) {
	tick := time.NewTicker(leaseEvery)
	defer tick.Stop()
	var last time.Time
	for {
		now := time.Now().Round(0) // wall clock: the other one stands still while a machine sleeps
		keep := d.o.App.Claims.GiveUpExpired
		if now.Sub(last) > stalled {
			keep = d.o.App.Claims.RenewLeases
		}
		if err := keep(ctx); err != nil && ctx.Err() == nil {
			d.o.Config.Logger.Error("leases", "error", err)
		} else {
			last = now
		}
		select {
		case <-tick.C:
		case <-ctx.Done():
			return
		}
	}
}

// follow moves everything at each change of the ledger.
func (d *driver) follow(ctx context.Context) {
	retry, again := time.NewTicker(time.Second), time.NewTicker(anew)
	defer retry.Stop()
	defer again.Stop()
	for {
		changed := d.o.Store.Changed()
		if err := d.round(ctx); err != nil && ctx.Err() == nil {
			d.o.Config.Logger.Error("orchestration failed", "error", err)
		}
		select {
		case <-changed:
		case <-again.C:
		case <-retry.C:
			if !d.failed() && !d.isDue() {
				continue
			}
		case <-ctx.Done():
			return
		}
	}
}

func (d *driver) failed() bool {
	d.mu.Lock()
	defer d.mu.Unlock()
	return d.failure != nil
}

// isDue reports whether a timer of a run has ended.
func (d *driver) isDue() bool {
	d.mu.Lock()
	defer d.mu.Unlock()
	return !d.due.IsZero() && !time.Now().Before(d.due)
}

// round moves every open run once and remembers up to where.
func (d *driver) round(ctx context.Context) error {
	before, err := d.o.Store.Head(ctx)
	if err != nil {
		return err
	}
	runs, err := d.o.Store.Runs(ctx, inspect.RunsQuery{Open: true})
	if err != nil {
		return err
	}
	var errs []error
	var due time.Time
	for _, r := range runs {
		_, err := d.o.Orchestrator.Step(ctx, r.Run)
		errs = append(errs, err)
		run, err := d.o.state.Run(ctx, r.Run)
		errs = append(errs, err)
		if at := run.Due(); !at.IsZero() && (due.IsZero() || at.Before(due)) {
			due = at
		}
	}
	errs = append(errs, d.o.App.Rollbacks.Step(ctx), d.catchUp(ctx))
	err = errors.Join(errs...)
	d.mu.Lock()
	defer d.mu.Unlock()
	d.settled, d.failure, d.due = before.Size, err, due
	return err
}

// catchUp moves the emergencies that are in use under restriction.
func (d *driver) catchUp(ctx context.Context) error {
	releases, err := d.o.Store.Releases(ctx, "")
	if err != nil {
		return err
	}
	var errs []error
	for _, r := range releases {
		if r.State != string(release.Effective) {
			continue
		}
		s, err := d.o.state.Release(ctx, r.Solution, r.Version)
		if errs = append(errs, err); s.Restricted() {
			errs = append(errs, d.o.Orchestrator.CatchUp(ctx, r.Run))
		}
	}
	return errors.Join(errs...)
}

// idle reports whether nothing moves without a person: everything was moved,
// no worker can take anything, no effect is pending, the spool is empty.
func (d *driver) idle(ctx context.Context) (bool, error) {
	head, err := d.o.Store.Head(ctx)
	if err != nil {
		return false, err
	}
	d.mu.Lock()
	settled, failure, due := d.settled, d.failure, d.due
	d.mu.Unlock()
	if failure != nil || settled < head.Size || !due.IsZero() {
		return false, failure
	}
	if n, err := d.o.effects.Pending(ctx); err != nil || n > 0 {
		return false, err
	}
	queued, err := d.o.Store.Queue(ctx, pools)
	if err != nil || len(queued) > 0 {
		return false, err
	}
	claimed, silent, err := d.claimed(ctx)
	if err != nil || len(claimed) > len(silent) {
		return false, err
	}
	names, err := d.spooled()
	if err != nil || len(names) > 0 {
		return false, err
	}
	after, err := d.o.Store.Head(ctx) // nothing was appended while looking
	return after.Size == head.Size, err
}

// claimed gives the executions that are claimed, and which of them are silent:
// their worker is dead, or it does not renew. A deployment that is silent waits
// for a person; others are given up in a moment.
func (d *driver) claimed(ctx context.Context) (all []pipeline.Slot, silent map[string]bool, err error) {
	if all, err = d.o.Store.Claimed(ctx); err != nil {
		return nil, nil, err
	}
	silent = map[string]bool{}
	for _, s := range all {
		if deadChild(s.Worker) {
			silent[s.Execution] = true
		}
	}
	if !d.running() {
		return all, silent, nil // where nobody serves, leases say nothing
	}
	expired, err := d.o.Store.Expired(ctx)
	for _, s := range expired {
		if s.Environment != "" {
			silent[s.Execution] = true
		}
	}
	return all, silent, err
}

// silent is the same for inspection.
func (d *driver) silent(ctx context.Context) (map[string]bool, error) {
	_, silent, err := d.claimed(ctx)
	return silent, err
}

func (d *driver) running() bool {
	d.mu.Lock()
	defer d.mu.Unlock()
	return d.started
}

// moving reports whether anything happens without a person: a worker has to do
// with the run in question, decisions are not made yet, or effects are pending.
// A driver that has not started moves nothing.
func (d *driver) moving(ctx context.Context, busy bool) (bool, error) {
	head, err := d.o.Store.Head(ctx)
	if err != nil {
		return false, err
	}
	d.mu.Lock()
	started, behind := d.started, d.failure != nil || d.settled < head.Size
	d.mu.Unlock()
	if !started || busy || behind {
		return started, nil
	}
	n, err := d.o.effects.Pending(ctx)
	return n > 0, err
}

func (d *driver) spool() string { return filepath.Join(d.o.Config.Data, "spool", "intake") }

func (d *driver) spooled() ([]string, error) {
	entries, err := os.ReadDir(d.spool())
	if errors.Is(err, os.ErrNotExist) {
		return nil, nil
	}
	var names []string
	for _, e := range entries {
		if strings.HasSuffix(e.Name(), ".json") {
			names = append(names, e.Name())
		}
	}
	return names, err
}

// watch takes files from the intake spool in the order of their names.
func (d *driver) watch(ctx context.Context) {
	tick := time.NewTicker(spoolEvery)
	defer tick.Stop()
	for {
		if err := d.take(ctx); err != nil && ctx.Err() == nil {
			d.o.Config.Logger.Error("intake failed", "error", err)
		}
		select {
		case <-tick.C:
		case <-ctx.Done():
			return
		}
	}
}

func (d *driver) take(ctx context.Context) error {
	names, err := d.spooled()
	if err != nil {
		return err
	}
	for _, name := range names {
		path := filepath.Join(d.spool(), name)
		raw, err := os.ReadFile(path)
		if err != nil {
			return err
		}
		var p intake.Push
		if err := json.Unmarshal(raw, &p); err != nil {
			d.o.Config.Logger.Error("spool file is unreadable", "file", name, "error", err)
			if err := os.Rename(path, path+".unreadable"); err != nil {
				return err
			}
			continue
		}
		if err := d.accept(ctx, p); err != nil {
			return err
		}
		if err := os.Remove(path); err != nil {
			return err
		}
	}
	return nil
}

// accept starts the run of a push; a refusal is recorded and ends the file.
func (d *driver) accept(ctx context.Context, p intake.Push) error {
	s, err := d.o.App.Solutions.Solution(ctx, p.Solution)
	if fault.KindOf(err) == fault.NotFound {
		d.o.Config.Logger.Warn("push for an unknown solution", "solution", p.Solution)
		return nil
	}
	if err != nil {
		return err
	}
	started, err := d.o.App.Intake.Accept(ctx, s, p)
	switch {
	case fault.KindOf(err) == fault.Invalid && err != nil:
		d.o.Config.Logger.Warn("push refused", "ref", p.Ref, "reason", err.Error())
		return nil
	case err == nil && started.Run == "":
		d.o.Config.Logger.Info("push starts nothing", "ref", p.Ref, "reason", started.Reason)
	}
	return err
}

// WaitIdle returns when nothing moves without a person; of a held installation
// it gives why.
func (o *Owner) WaitIdle(ctx context.Context) error {
	for {
		if err := o.Held(); err != nil {
			return err
		}
		idle, err := o.driver.idle(ctx)
		if err != nil || idle {
			return err
		}
		changed := o.Store.Changed()
		t := time.NewTimer(20 * time.Millisecond) // effects end without an event at times
		select {
		case <-changed:
		case <-t.C:
		case <-ctx.Done():
			t.Stop()
			return ctx.Err()
		}
		t.Stop()
	}
}
