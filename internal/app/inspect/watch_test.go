package inspect_test

import (
	"testing"
	"time"

	"github.com/dc-release/dc-release/internal/app/inspect"
	"github.com/dc-release/dc-release/internal/core/joblog"
	"github.com/dc-release/dc-release/internal/core/pipeline"
)

func (w *world) watch(t *testing.T, cursor string, wait int) inspect.Watched {
	t.Helper()
	got, err := w.Watch(t.Context(), inspect.WatchQuery{Run: runID, Cursor: cursor, Wait: wait})
	if err != nil {
		t.Fatal(err)
	}
	return got
}

func TestWhoWatchesIsWokenByEventsAndByLines(t *testing.T) {
	for name, happens := range map[string]func(t *testing.T, w *world, e work){
		"a line":   func(t *testing.T, _ *world, e work) { e.prints(t, "more\n") },
		"an event": func(t *testing.T, _ *world, e work) { e.finishes(t, "") },
		"another job's event": func(t *testing.T, w *world, _ work) {
			w.append(t, &pipeline.ScopeOpened{Job: "tst", Name: "tst"})
		},
	} {
		t.Run(name, func(t *testing.T) {
			w := begin(t)
			e := w.run(t, "build", 1, 1)
			before := w.watch(t, "", 30)
			if before.Cursor == "" || !before.Moving {
				t.Fatalf("got %+v", before)
			}
			got := make(chan inspect.Watched)
			go func() {
				w, err := w.Watch(t.Context(), inspect.WatchQuery{Run: runID, Cursor: before.Cursor, Wait: 30})
				if err != nil {
					t.Error(err)
				}
				got <- w
			}()
			happens(t, w, e)
			if after := <-got; after.Cursor == before.Cursor {
				t.Error("woken by nothing")
			}
		})
	}
}

func TestARunningJobShowsItsStep(t *testing.T) {
	w := begin(t)
	e := w.run(t, "build", 1, 1)
	at := time.Date(2026, 3, 4, 5, 6, 7, 0, time.UTC)
	e.prints(t, joblog.Line{Time: at, Step: 3, Stream: joblog.System, Text: "##[group]Run make"}.String())
	j := w.watch(t, "", 0).Jobs[0]
	if j.Status != "running" || j.Started == "" || j.Step == nil || j.Step.Number != 3 || j.Step.Name != "Run make" || !j.Step.Since.Equal(at) {
		t.Errorf("got %+v, step %+v", j, j.Step)
	}
	e.finishes(t, "")
	if j := w.watch(t, "", 0).Jobs[0]; j.Step != nil || j.Log != 0 {
		t.Errorf("a job that has ended: %+v", j)
	}
}

// Effects end without an event: who watches hears nevertheless that nothing
// moves any more.
func TestTheEndOfAllMovementIsNoticed(t *testing.T) {
	w := begin(t)
	w.moving = true
	before := w.watch(t, "", 0)
	w.moving = false
	if after := w.watch(t, before.Cursor, 30); !before.Moving || after.Moving || after.Finished {
		t.Errorf("before %v, after %v", before.Moving, after.Moving)
	}
	w.append(t, &pipeline.RunFinished{Run: runID, Conclusion: pipeline.Success})
	w.moving = true
	if got := w.watch(t, "", 0); !got.Finished || got.Moving {
		t.Errorf("a run that has finished: %+v", got)
	}
}

// A deployment whose worker is silent waits for a person: it does not keep the
// run moving.
func TestASilentDeploymentDoesNotMove(t *testing.T) {
	w := begin(t)
	e := w.run(t, "build", 1, 1)
	if got := w.watch(t, "", 0); !got.Moving || got.Jobs[0].Silent {
		t.Errorf("got %+v", got)
	}
	w.silent = map[string]bool{e.Execution: true}
	if got := w.watch(t, "", 0); got.Moving || !got.Jobs[0].Silent || got.Jobs[0].Status != "running" || got.Jobs[0].Reason == "" {
		t.Errorf("got %+v", got)
	}
}
