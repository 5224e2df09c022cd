package inspect_test

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"path/filepath"
	"strings"
	"testing"
	"time"
	"unicode/utf8"

	"pgregory.net/rapid"

	"github.com/dc-release/dc-release/internal/adapter/blob/dir"
	"github.com/dc-release/dc-release/internal/adapter/livelog"
	"github.com/dc-release/dc-release/internal/adapter/store/sqlite"
	"github.com/dc-release/dc-release/internal/adapter/store/sqlstore"
	"github.com/dc-release/dc-release/internal/adapter/store/storetest"
	"github.com/dc-release/dc-release/internal/app/claim"
	"github.com/dc-release/dc-release/internal/app/inspect"
	"github.com/dc-release/dc-release/internal/app/state"
	"github.com/dc-release/dc-release/internal/core/evidence"
	"github.com/dc-release/dc-release/internal/core/fault"
	"github.com/dc-release/dc-release/internal/core/ledger"
	"github.com/dc-release/dc-release/internal/core/pipeline"
	"github.com/dc-release/dc-release/internal/core/workflow"
)

const runID = "01RUN"

// world is a run with the jobs "build" and "test" and a call, none queued.
type world struct {
	*inspect.Inspector
	claims *claim.Server
	store  *sqlstore.Store
	blobs  *dir.Store
	served bool
	moving bool
	silent map[string]bool
}

func begin(t *testing.T) *world {
	t.Helper()
	store, clock := storetest.New(t, func(t *testing.T) sqlstore.Engine {
		e, err := sqlite.Open(t.Context(), filepath.Join(t.TempDir(), "ledger.db"))
		if err != nil {
			t.Fatal(err)
		}
		return e
	})
	store.OnEffects(func(context.Context, sqlstore.Tx, []ledger.Effect) error { return nil })
	blobs, err := dir.Open(t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	logs, err := livelog.Open(t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { logs.Close() })
	raw, err := json.Marshal(pipeline.Plan{File: "main.yaml", Jobs: []pipeline.Job{
		{Key: "build", Body: workflow.Job{ID: "build"}},
		{Key: "tst", Body: workflow.Job{ID: "tst", Call: &workflow.Call{}}},
		{Key: "tst/test", Scope: "tst", Body: workflow.Job{ID: "test"}},
	}})
	if err != nil {
		t.Fatal(err)
	}
	plan, err := blobs.PutBytes(t.Context(), raw)
	if err != nil {
		t.Fatal(err)
	}
	w := &world{store: store, blobs: blobs, served: true}
	reader := &state.Reader{Log: store, Blobs: blobs}
	w.claims = &claim.Server{
		Log: store, State: reader, Queue: store, Blobs: blobs, Logs: logs,
		Outside: func(context.Context, state.Run) (pipeline.Outside, []ledger.Read, error) {
			return pipeline.Outside{}, nil, nil
		},
		Reader: func(string, io.Reader) evidence.Report { return evidence.Report{} },
	}
	w.Inspector = &inspect.Inspector{
		Lists: store, State: reader, Blobs: blobs, Logs: logs, Now: clock.Now,
		Silent: func(context.Context) (map[string]bool, error) { return w.silent, nil },
		Moving: func(_ context.Context, busy bool) (bool, error) { return w.served && (busy || w.moving), nil },
	}
	w.append(t, &pipeline.RunStarted{Run: runID, Solution: "corp-procurement", Number: 1, Plan: plan, Profile: "gxp", Counted: true})
	return w
}

var commands int

func (w *world) append(t *testing.T, payloads ...ledger.Payload) {
	t.Helper()
	commands++
	b := ledger.Batch{Command: fmt.Sprint("test/", commands), Actor: ledger.Actor{Kind: ledger.Machine, ID: "test"}}
	for _, p := range payloads {
		b.Events = append(b.Events, ledger.Draft{Stream: ledger.RunStream(runID), Data: p})
	}
	if _, err := w.store.Append(t.Context(), b); err != nil {
		t.Fatal(err)
	}
}

// run queues a try of a job and lets a worker claim it.
func (w *world) run(t *testing.T, job string, attempt, try int) work {
	t.Helper()
	w.append(t, &pipeline.ExecutionQueued{
		Execution: pipeline.ExecutionID(runID, attempt, job, try), Run: runID, Solution: "corp-procurement", Job: job,
		Attempt: attempt, Try: try, Pool: "build", Labels: []string{},
	})
	a, err := w.claims.Claim(t.Context(), claim.Worker{ID: "w", Pools: []string{"build"}})
	if err != nil || a == nil {
		t.Fatalf("claim: %v, %v", a, err)
	}
	return work{w, a}
}

// work is an execution that runs.
type work struct {
	*world
	*pipeline.Assignment
}

type fataler interface {
	Helper()
	Fatalf(format string, args ...any)
}

// prints sends the log up to what text is; it is a prefix of what comes later.
func (w work) prints(t fataler, text string) {
	t.Helper()
	have, err := w.claims.AppendLog(context.Background(), w.Execution, w.Fence, 0, []byte(text))
	if err != nil || have != int64(len(text)) {
		t.Fatalf("the log has %d bytes, %v", have, err)
	}
}

func (w work) finishes(t fataler, log string) {
	t.Helper()
	digest, size, err := w.blobs.Put(context.Background(), strings.NewReader(log))
	if err != nil {
		t.Fatalf("%v", err)
	}
	if err := w.claims.Finish(context.Background(), claim.Result{
		Execution: w.Execution, Fence: w.Fence, Log: digest, LogSize: size,
		Outcome: pipeline.Outcome{Conclusion: pipeline.Success, Steps: []pipeline.StepOutcome{}},
	}); err != nil {
		t.Fatalf("%v", err)
	}
}

func (w *world) ask(t fataler, q inspect.LogQuery) inspect.LogPage {
	t.Helper()
	q.Run = runID
	p, err := w.Log(context.Background(), q)
	if err != nil {
		t.Fatalf("%+v: %v", q, err)
	}
	return p
}

func TestALogIsReadWholeWhateverHappensBetweenPages(t *testing.T) {
	w := begin(t)
	n := 0
	rapid.Check(t, func(rt *rapid.T) {
		n++
		e := w.run(t, "build", n, 1)
		lines := rapid.SliceOfN(rapid.SampledFrom([]string{
			"x\n", "\n", "çå\n", strings.Repeat("y", 300) + "\n", strings.Repeat("€", 400_000) + "\n",
		}), 1, 12).Draw(rt, "lines")
		log := strings.Join(lines, "")
		sent, got, offset := 0, "", int64(0)
		for finished := false; ; {
			switch what := rapid.SampledFrom([]string{"print", "read", "read", "finish"}).Draw(rt, "what"); {
			case finished || what == "read":
				p := w.ask(rt, inspect.LogQuery{Execution: e.Execution, Offset: offset})
				if p.Offset != offset || p.Next != offset+int64(len(p.Text)) || len(p.Text) > inspect.MaxPage || !utf8.ValidString(p.Text) {
					rt.Fatalf("page %d to %d of %d bytes", p.Offset, p.Next, len(p.Text))
				}
				got, offset = got+p.Text, p.Next
				if p.Complete != (finished && got == log) && !(finished && !p.Complete && len(p.Text) > inspect.MaxPage/2) {
					rt.Fatalf("complete is %v after %d of %d bytes, finished %v", p.Complete, len(got), len(log), finished)
				}
				if p.Complete {
					if got != log {
						rt.Fatalf("read %d bytes of %d, or others", len(got), len(log))
					}
					return
				}
			case what == "print":
				sent = rapid.IntRange(sent, len(log)).Draw(rt, "sent")
				e.prints(rt, log[:sent])
			default:
				e.finishes(rt, log)
				finished = true
			}
		}
	})
}

func TestTheLatestTryIsReadUnlessAnotherIsNamed(t *testing.T) {
	w := begin(t)
	first := w.run(t, "build", 1, 1)
	first.prints(t, "first, lost\n")
	if err := w.claims.GiveUp(t.Context(), func(string) bool { return true }); err != nil {
		t.Fatal(err)
	}
	w.run(t, "build", 1, 2).finishes(t, "second\n")
	third := w.run(t, "build", 2, 1)
	third.prints(t, "third\nand on")

	for name, c := range map[string]struct {
		q        inspect.LogQuery
		want     string
		complete bool
	}{
		"the latest":                   {inspect.LogQuery{Job: "build"}, "third\n", false},
		"the latest of an attempt":     {inspect.LogQuery{Job: "build", Attempt: 1}, "second\n", true},
		"a lost try":                   {inspect.LogQuery{Execution: first.Execution}, "first, lost\n", true},
		"a try of the named job":       {inspect.LogQuery{Job: "build", Execution: first.Execution}, "first, lost\n", true},
		"from an offset":               {inspect.LogQuery{Execution: first.Execution, Offset: 7}, "lost\n", true},
		"from the end":                 {inspect.LogQuery{Execution: first.Execution, Offset: 12}, "", true},
		"a job that waits has nothing": {inspect.LogQuery{Job: "tst/test"}, "", false},
	} {
		if p := w.ask(t, c.q); p.Text != c.want || p.Complete != c.complete {
			t.Errorf("%s: %+v", name, p)
		}
	}
}

func TestWhatIsNotThereIsNamed(t *testing.T) {
	w := begin(t)
	w.run(t, "build", 1, 1)
	w.append(t, &pipeline.JobConcluded{Job: "tst/test", Name: "test", Conclusion: pipeline.Skipped, Reason: "no"})
	for name, c := range map[string]struct {
		q          inspect.LogQuery
		kind       fault.Kind
		text, hint string
	}{
		"an unknown run":          {inspect.LogQuery{Run: "02RUN", Job: "build"}, fault.NotFound, `run "02RUN"`, "runs list"},
		"an unknown job":          {inspect.LogQuery{Job: "bild"}, fault.NotFound, `no job "bild"`, "build, tst/test"},
		"no job of several":       {inspect.LogQuery{}, fault.Invalid, "2 jobs", "build, tst/test"},
		"a call":                  {inspect.LogQuery{Job: "tst"}, fault.Invalid, "is a call", "tst/test"},
		"a job that was skipped":  {inspect.LogQuery{Job: "tst/test"}, fault.NotFound, "was skipped", ""},
		"an attempt too many":     {inspect.LogQuery{Job: "build", Attempt: 2}, fault.NotFound, "no attempt 2", "01RUN/1/build/1"},
		"an unknown execution":    {inspect.LogQuery{Execution: "01RUN/1/build/2"}, fault.NotFound, "01RUN/1/build/2", "01RUN/1/build/1"},
		"a try of another job":    {inspect.LogQuery{Job: "tst/test", Execution: "01RUN/1/build/1"}, fault.NotFound, "tst/test", ""},
		"an offset before a log":  {inspect.LogQuery{Job: "build", Offset: -1}, fault.Invalid, "offset -1", ""},
		"an offset in no log yet": {inspect.LogQuery{Job: "build", Offset: 99}, "", "", ""},
	} {
		if c.q.Run == "" {
			c.q.Run = runID
		}
		_, err := w.Log(t.Context(), c.q)
		if c.kind == "" {
			if err != nil {
				t.Errorf("%s: %v", name, err)
			}
			continue
		}
		if fault.KindOf(err) != c.kind || !strings.Contains(err.Error(), c.text) || !strings.Contains(fault.HintOf(err), c.hint) {
			t.Errorf("%s: %v (%s), hint %q", name, err, fault.KindOf(err), fault.HintOf(err))
		}
	}
}

func TestAReaderWaitsAndIsWokenByWhatHappens(t *testing.T) {
	for name, c := range map[string]struct {
		happens  func(t *testing.T, w *world, e work)
		want     string
		complete bool
	}{
		"a line": {func(t *testing.T, _ *world, e work) { e.prints(t, "known\nnew\n") }, "new\n", false},
		"half a line and its end": {func(t *testing.T, _ *world, e work) {
			e.prints(t, "known\nn")
			e.prints(t, "known\nnew\n")
		}, "new\n", false},
		"the result":    {func(t *testing.T, _ *world, e work) { e.finishes(t, "known\n") }, "", true},
		"the last line": {func(t *testing.T, _ *world, e work) { e.finishes(t, "known\nlast") }, "last", true},
		"the loss of the worker": {func(t *testing.T, w *world, _ work) {
			if err := w.claims.GiveUp(t.Context(), func(string) bool { return true }); err != nil {
				t.Error(err)
			}
		}, "", true},
	} {
		t.Run(name, func(t *testing.T) {
			w := begin(t)
			e := w.run(t, "build", 1, 1)
			e.prints(t, "known\n")
			got := make(chan inspect.LogPage)
			go func() {
				p, err := w.Log(t.Context(), inspect.LogQuery{Run: runID, Job: "build", Offset: 6, Wait: 30})
				if err != nil {
					t.Error(err)
				}
				got <- p
			}()
			c.happens(t, w, e)
			if p := <-got; p.Text != c.want || p.Complete != c.complete {
				t.Errorf("got %+v", p)
			}
		})
	}
}

func TestAWaitIsBoundedAndEndsWhereNobodyServes(t *testing.T) {
	w := begin(t)
	e := w.run(t, "build", 1, 1)
	began := time.Now()
	if p := w.ask(t, inspect.LogQuery{Execution: e.Execution, Wait: 1}); p.Text != "" || p.Complete || time.Since(began) < time.Second {
		t.Errorf("after %v: %+v", time.Since(began), p)
	}
	w.served = false
	began = time.Now()
	if p := w.ask(t, inspect.LogQuery{Execution: e.Execution, Wait: 30}); p.Text != "" || time.Since(began) > 20*time.Second {
		t.Errorf("after %v: %+v", time.Since(began), p)
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	w.served = true
	if _, err := w.Log(ctx, inspect.LogQuery{Run: runID, Execution: e.Execution, Wait: 30}); err == nil {
		t.Error("a caller that has gone is waited for")
	}
}
