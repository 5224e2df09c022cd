package worker

import (
	"bufio"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"time"

	"golang.org/x/sys/unix"

	"github.com/dc-release/dc-release/internal/app/claim"
	"github.com/dc-release/dc-release/internal/app/work"
	"github.com/dc-release/dc-release/internal/core/canonical"
	"github.com/dc-release/dc-release/internal/core/fault"
	"github.com/dc-release/dc-release/internal/core/pipeline"
)

// spooled is an execution that runs, or a result on its way to the server.
type spooled struct {
	Result  claim.Result `json:"result"`
	Log     string       `json:"log"`               // file with the log, until it is a blob
	Running bool         `json:"running,omitempty"` // there is no result yet
}

func spoolPath(spool, execution, ending string) string {
	return filepath.Join(spool, canonical.SHA256([]byte(execution))+ending)
}

// begin says in the spool whose log the file is, for a worker that finds it
// when this one has died.
func (w *Worker) begin(id work.Execution, log string) error {
	raw, err := json.Marshal(spooled{Result: claim.Result{Execution: id.Execution, Fence: id.Fence}, Log: log, Running: true})
	if err != nil {
		return err
	}
	return replaceFile(spoolPath(w.c.Spool, id.Execution, ".json"), raw, func(*os.File) error { return nil })
}

// handIn writes the result into the spool, sends it until there is an answer,
// and clears the spool at the receipt.
func (w *Worker) handIn(ctx context.Context, r claim.Result, log string) error {
	path := spoolPath(w.c.Spool, r.Execution, ".json")
	raw, err := json.Marshal(spooled{Result: r, Log: log})
	if len(raw) > work.MaxRequest {
		r.Outcome = tooLarge(len(raw))
		raw, err = json.Marshal(spooled{Result: r, Log: log})
	}
	if err != nil {
		return fmt.Errorf("spool result of %s: %w", r.Execution, err)
	}
	ctx = context.WithoutCancel(ctx)
	kept := make(chan error, 1)
	go func() { kept <- replaceFile(path, raw, (*os.File).Sync) }()
	sent, _ := w.keepLog(ctx, spooled{Result: r, Log: log}) // at the same time; send does it again when it fails
	if err := <-kept; err != nil {
		return fmt.Errorf("spool result of %s: %w", r.Execution, err)
	}
	return w.send(ctx, path, sent)
}

// tooLarge is what becomes of an outcome that no request has room for: a failure
// that says so. Its log has everything.
func tooLarge(size int) pipeline.Outcome {
	return pipeline.Outcome{
		Conclusion: pipeline.Failure, Steps: []pipeline.StepOutcome{},
		Reason: fmt.Sprintf("the outcome of the job has %d bytes, want at most %d: it printed too much into its outputs, summary and annotations", size, work.MaxRequest),
	}
}

// replaceFile writes a file whole or not at all; sync is (*os.File).Sync where
// it has to survive the machine.
func replaceFile(path string, data []byte, sync func(*os.File) error) error {
	tmp := path + ".tmp"
	f, err := os.OpenFile(tmp, os.O_WRONLY|os.O_CREATE|os.O_TRUNC, 0o600)
	if err != nil {
		return err
	}
	_, err = f.Write(data)
	if err = errors.Join(err, sync(f), f.Close()); err != nil {
		return err
	}
	return os.Rename(tmp, path)
}

// send repeats while the server cannot be reached; a refusal is final and
// clears the spool too, because the server has recorded what it refused.
func (w *Worker) send(ctx context.Context, path string, s spooled) error {
	deadline := time.Now().Add(max(w.c.Patience, time.Second))
	for wait := 50 * time.Millisecond; ; wait = min(2*wait, 2*time.Second) {
		err := w.sendOnce(ctx, s)
		if err == nil || final(err) {
			return errors.Join(err, os.Remove(path), ignoreAbsent(os.Remove(s.Log)))
		}
		if time.Now().After(deadline) {
			return err
		}
		if err := pause(ctx, wait); err != nil {
			return err
		}
	}
}

func final(err error) bool {
	switch fault.KindOf(err) {
	case fault.Conflict, fault.NotFound, fault.Invalid, fault.Forbidden:
		return true
	}
	return false
}

func ignoreAbsent(err error) error {
	if errors.Is(err, os.ErrNotExist) {
		return nil
	}
	return err
}

func (w *Worker) sendOnce(ctx context.Context, s spooled) error {
	s, err := w.keepLog(ctx, s)
	if err != nil {
		return err
	}
	return w.c.Server.Finish(ctx, s.Result)
}

// keepLog makes the log a blob, unless it is one.
func (w *Worker) keepLog(ctx context.Context, s spooled) (spooled, error) {
	if s.Log == "" || s.Result.Log != "" {
		return s, nil
	}
	f, err := os.Open(s.Log)
	if err != nil {
		return s, err
	}
	digest, size, err := w.c.Server.PutBlob(ctx, bufio.NewReader(f)) // not a Closer: the file is closed here
	if err = errors.Join(err, f.Close()); err == nil {
		s.Result.Log, s.Result.LogSize = digest, size
	}
	return s, err
}

// resend hands in what an earlier process of this worker left.
func (w *Worker) resend(ctx context.Context) error {
	entries, err := os.ReadDir(w.c.Spool)
	if err != nil {
		return err
	}
	var errs []error
	for _, e := range entries {
		if !strings.HasSuffix(e.Name(), ".json") {
			continue
		}
		path := filepath.Join(w.c.Spool, e.Name())
		raw, err := os.ReadFile(path)
		if errors.Is(err, os.ErrNotExist) {
			continue // another worker of this directory handed it in
		}
		var s spooled
		if err := errors.Join(err, json.Unmarshal(raw, &s)); err != nil {
			errs = append(errs, err)
			continue
		}
		deliver := w.sendOnce
		if s.Running {
			deliver = w.sendRest
		}
		err = deliver(ctx, s)
		if errors.Is(err, errAlive) {
			continue
		}
		if err != nil && !final(err) {
			errs = append(errs, err)
			continue
		}
		errs = append(errs, ignoreAbsent(os.Remove(path)), ignoreAbsent(os.Remove(s.Log)))
	}
	return errors.Join(errs...)
}

var errAlive = errors.New("its worker lives")

// sendRest gives the server the rest of a log whose worker has died. It is
// taken while the execution waits for a person: a deployment. One that was
// given up is refused here; what its worker had sent is kept.
func (w *Worker) sendRest(ctx context.Context, s spooled) error {
	f, err := os.Open(s.Log)
	if errors.Is(err, os.ErrNotExist) {
		return nil
	}
	if err != nil {
		return err
	}
	defer f.Close()
	if err := unix.Flock(int(f.Fd()), unix.LOCK_EX|unix.LOCK_NB); err != nil {
		return fmt.Errorf("execution %s: %w: %w", s.Result.Execution, errAlive, err)
	}
	_, err = sendLog(ctx, w.c.Server, work.Execution{Execution: s.Result.Execution, Fence: s.Result.Fence}, f, make([]byte, sendBytes), 0)
	return err
}
