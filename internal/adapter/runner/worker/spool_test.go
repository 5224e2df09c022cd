package worker_test

import (
	"context"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/dc-release/dc-release/internal/adapter/livelog"
	"github.com/dc-release/dc-release/internal/adapter/runner/worker"
	"github.com/dc-release/dc-release/internal/app/claim"
	"github.com/dc-release/dc-release/internal/app/work"
	"github.com/dc-release/dc-release/internal/core/canonical"
	"github.com/dc-release/dc-release/internal/core/fault"
	"github.com/dc-release/dc-release/internal/core/pipeline"
)

// leave makes a spool with the log of an execution that runs, and the worker
// that comes to it next.
func leave(t *testing.T, r *receiver, text string) (next *worker.Worker, log *worker.LogFile, spool string) {
	t.Helper()
	logs, err := livelog.Open(t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { logs.Close() })
	r.logs, spool = logs, t.TempDir()
	if next, err = worker.New(worker.Config{Server: r, Spool: spool}); err != nil {
		t.Fatal(err)
	}
	if log, err = worker.NewLogFile(spool, id.Execution); err != nil {
		t.Fatal(err)
	}
	if err := worker.Begin(next, id, worker.Path(log)); err != nil {
		t.Fatal(err)
	}
	worker.Add(log, line(text))
	if err := worker.Flush(log); err != nil {
		t.Fatal(err)
	}
	return next, log, spool
}

func wantFiles(t *testing.T, spool string, want int) {
	t.Helper()
	if files, err := os.ReadDir(spool); err != nil || len(files) != want {
		t.Errorf("%d files in the spool, want %d: %v, %v", len(files), want, files, err)
	}
}

func TestTheRestOfADeadWorkersLogIsSentByTheNext(t *testing.T) {
	r := &receiver{}
	next, log, spool := leave(t, r, "the last words")
	want, err := os.ReadFile(worker.Path(log))
	if err != nil {
		t.Fatal(err)
	}
	if _, err := r.logs.Append(id.Execution, 0, want[:10]); err != nil {
		t.Fatal(err)
	}
	if err := worker.Resend(next, t.Context()); err != nil {
		t.Fatal(err)
	}
	if got := r.text(t); got != string(want[:10]) {
		t.Errorf("the log of a living worker was sent: %q", got)
	}
	wantFiles(t, spool, 2)
	if err := worker.Close(log); err != nil { // as death does
		t.Fatal(err)
	}
	if err := worker.Resend(next, t.Context()); err != nil {
		t.Fatal(err)
	}
	if got := r.text(t); got != string(want) {
		t.Errorf("got %q, want %q", got, want)
	}
	wantFiles(t, spool, 0)
}

func TestADeadWorkersLogWaitsForAServerAndGoesWhenRefused(t *testing.T) {
	refuse := func(*receiver, work.LogChunk, []byte) (work.Logged, error) {
		return work.Logged{}, fault.New(fault.Conflict, "it was given up")
	}
	r := &receiver{answers: []func(*receiver, work.LogChunk, []byte) (work.Logged, error){away, refuse}}
	next, log, spool := leave(t, r, "the last words")
	if err := worker.Close(log); err != nil {
		t.Fatal(err)
	}
	if err := worker.Resend(next, t.Context()); err == nil {
		t.Error("nobody hears that the server was away")
	}
	wantFiles(t, spool, 2)
	if err := worker.Resend(next, t.Context()); err != nil {
		t.Error(err)
	}
	wantFiles(t, spool, 0)
}

// finisher takes results.
type finisher struct {
	store
	got claim.Result
}

func (f *finisher) Finish(_ context.Context, r claim.Result) error {
	f.got = r
	return nil
}

func TestAnOutcomeThatNoRequestHasRoomForIsAFailureThatSaysSo(t *testing.T) {
	f := &finisher{}
	w, err := worker.New(worker.Config{Server: f, Spool: t.TempDir()})
	if err != nil {
		t.Fatal(err)
	}
	log := filepath.Join(t.TempDir(), "log")
	if err := os.WriteFile(log, []byte("all of it"), 0o600); err != nil {
		t.Fatal(err)
	}
	r := claim.Result{Execution: id.Execution, Fence: id.Fence, Outcome: pipeline.Outcome{Conclusion: pipeline.Success, Summary: strings.Repeat("\x01", 4<<20)}}
	if err := worker.HandIn(w, t.Context(), r, log); err != nil {
		t.Fatal(err)
	}
	if o := f.got.Outcome; o.Conclusion != pipeline.Failure || !strings.Contains(o.Reason, "bytes, want at most 16777216") || f.got.Log != canonical.SHA256([]byte("all of it")) || f.got.LogSize != 9 {
		t.Errorf("got %+v", f.got)
	}
}
