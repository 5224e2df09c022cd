// Package worker is the loop around the runner: it claims executions, keeps
// their claims alive, runs them, and hands in results until the server's
// receipt. What it could not hand in stays in its spool.
package worker

import (
	"context"
	"crypto/rand"
	"encoding/hex"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"os"
	"path/filepath"
	"sync"
	"time"

	"github.com/dc-release/dc-release/internal/adapter/runner"
	"github.com/dc-release/dc-release/internal/app/claim"
	"github.com/dc-release/dc-release/internal/app/work"
	"github.com/dc-release/dc-release/internal/core/fault"
	"github.com/dc-release/dc-release/internal/core/pipeline"
)

// Config is one worker.
type Config struct {
	Server   work.Server
	Worker   claim.Worker
	Slots    int // executions at once
	Runner   runner.Config
	Spool    string // directory for results without a receipt
	Logger   *slog.Logger
	Orphan   func() bool   // the server that started this worker is gone
	Patience time.Duration // how long an unreachable server is waited for
}

// Worker claims and runs executions.
type Worker struct {
	c    Config
	api  *jobAPI
	url  string
	idle sync.WaitGroup
}

// New makes a worker and its loopback address for jobs.
func New(c Config) (*Worker, error) {
	if err := os.MkdirAll(c.Spool, 0o700); err != nil {
		return nil, fmt.Errorf("open spool: %w", err)
	}
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return nil, fmt.Errorf("listen for jobs: %w", err)
	}
	w := &Worker{c: c, api: newJobAPI(), url: "http://" + listener.Addr().String()}
	go w.api.serve(listener)
	return w, nil
}

// Run claims until ctx ends, or until it is an orphan without work. It returns
// when every execution that it holds has ended and was handed in or spooled.
func (w *Worker) Run(ctx context.Context) error {
	if err := w.resend(ctx); err != nil {
		w.c.Logger.Warn("results stay in the spool", "error", err)
	}
	slots := make(chan struct{}, max(1, w.c.Slots))
	for ctx.Err() == nil && !w.orphaned() {
		select {
		case slots <- struct{}{}:
		case <-ctx.Done():
			continue
		}
		a, err := w.c.Server.Claim(ctx, w.c.Worker)
		if err != nil || a == nil {
			<-slots
			if err != nil && ctx.Err() == nil {
				w.c.Logger.Debug("claim failed", "error", err)
				if pause(ctx, 200*time.Millisecond) != nil || w.orphaned() {
					break
				}
			}
			continue
		}
		w.idle.Go(func() {
			defer func() { <-slots }()
			w.execute(ctx, *a)
		})
	}
	w.idle.Wait()
	return ctx.Err()
}

func (w *Worker) orphaned() bool { return w.c.Orphan != nil && w.c.Orphan() }

func pause(ctx context.Context, d time.Duration) error {
	t := time.NewTimer(d)
	defer t.Stop()
	select {
	case <-t.C:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}

// execute runs one assignment from claim to receipt.
func (w *Worker) execute(ctx context.Context, a pipeline.Assignment) {
	id := work.Execution{Execution: a.Execution, Fence: a.Fence}
	// The execution outlives the loop: a stopping worker finishes what it has.
	run, cancel := context.WithCancelCause(context.WithoutCancel(ctx))
	defer cancel(nil)
	go w.renew(run, cancel, id)
	h, err := newHost(patient{w.c.Server, w.c.Patience, w.c.Spool}, a, w.c.Spool, w.url, w.api)
	if err != nil {
		w.c.Logger.Error("execution cannot start", "execution", a.Execution, "error", err)
		return
	}
	defer h.log.close()
	if err := w.begin(id, h.log.path()); err != nil {
		w.c.Logger.Error("spool does not take an execution", "execution", a.Execution, "error", err)
	}
	stop := w.stream(h.log, id)
	outcome := runner.Run(run, w.c.Runner, a, h)
	stop()
	w.api.forget(h.token)
	if errors.Is(context.Cause(run), runner.ErrLost) {
		w.c.Logger.Warn("execution is not this worker's any more", "execution", a.Execution)
	}
	if err := w.handIn(run, h.result(outcome), h.log.path()); err != nil {
		w.c.Logger.Error("result stays in the spool", "execution", a.Execution, "error", err)
	}
}

// stream sends a log while it grows, also that of an execution which is being
// cancelled; stop ends it.
func (w *Worker) stream(l *logFile, id work.Execution) (stop func()) {
	ctx, cancel := context.WithCancel(context.Background())
	var done sync.WaitGroup
	done.Go(func() { l.stream(ctx, w.c.Server, id) })
	return func() {
		cancel()
		done.Wait()
	}
}

// renew keeps the claim alive and learns of cancellation.
func (w *Worker) renew(ctx context.Context, cancel context.CancelCauseFunc, id work.Execution) {
	for pause(ctx, w.renewEvery()) == nil {
		r, err := w.c.Server.Renew(ctx, id)
		switch {
		case err == nil && r.Cancel:
			cancel(context.Canceled)
			return
		case fault.KindOf(err) == fault.Conflict || fault.KindOf(err) == fault.NotFound:
			cancel(runner.ErrLost)
			return
		}
	}
}

// renewEvery is short enough for a cancellation to feel prompt.
func (w *Worker) renewEvery() time.Duration { return claim.RenewEvery / 10 }

// token is a random credential.
func token() (string, error) {
	raw := make([]byte, 24)
	if _, err := rand.Read(raw); err != nil {
		return "", err
	}
	return hex.EncodeToString(raw), nil
}

// Directories are what a worker's executions use below a root.
func Directories(root string) (work, spool string) {
	return filepath.Join(root, "work"), filepath.Join(root, "spool", "worker")
}
