package claim_test

import (
	"errors"
	"io/fs"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/dc-release/dc-release/internal/core/fault"
	"github.com/dc-release/dc-release/internal/core/ledger"
	"github.com/dc-release/dc-release/internal/core/pipeline"
)

// stream sends text as the next of an execution's log.
func (f fixture) stream(t *testing.T, a *pipeline.Assignment, offset int64, text string) {
	t.Helper()
	have, err := f.AppendLog(t.Context(), a.Execution, a.Fence, offset, []byte(text))
	if err != nil || have != offset+int64(len(text)) {
		t.Fatalf("have %d, %v", have, err)
	}
}

// kept are the texts of all kept logs, in order of their events.
func (f fixture) kept(t *testing.T) []string {
	t.Helper()
	events, err := f.store.Stream(t.Context(), ledger.RunStream(run), 0)
	if err != nil {
		t.Fatal(err)
	}
	var out []string
	for _, e := range events {
		if k, ok := e.Data.(*pipeline.LogKept); ok {
			text, err := f.blobs.Bytes(t.Context(), k.Log)
			if err != nil || int64(len(text)) != k.Size {
				t.Errorf("%+v: %d bytes, %v", k, len(text), err)
			}
			out = append(out, string(text))
		}
	}
	return out
}

func (f fixture) wantNoLiveLog(t *testing.T, execution string) {
	t.Helper()
	if _, err := f.logs.OpenAt(execution, 0); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("the live log is still there: %v", err)
	}
}

func TestTheLiveLogGoesWhenTheResultIsThere(t *testing.T) {
	f := begin(t)
	a := f.mustClaim(t)
	f.stream(t, a, 0, "hello\n")
	f.stream(t, a, 6, "world\n")
	if err := f.Finish(t.Context(), result(a, pipeline.Success)); err != nil {
		t.Fatal(err)
	}
	f.wantNoLiveLog(t, a.Execution)
	if got := f.kept(t); got != nil {
		t.Errorf("kept %q beside the result's own log", got)
	}
}

func TestALogOfAStaleFenceIsRefused(t *testing.T) {
	f := begin(t)
	a := f.mustClaim(t)
	if _, err := f.AppendLog(t.Context(), a.Execution, a.Fence+1, 0, []byte("x")); fault.KindOf(err) != fault.Conflict {
		t.Errorf("another fence: %v", err)
	}
	if _, err := f.AppendLog(t.Context(), "no such execution", a.Fence, 0, []byte("x")); fault.KindOf(err) != fault.NotFound {
		t.Errorf("another execution: %v", err)
	}
	if err := f.Finish(t.Context(), result(a, pipeline.Success)); err != nil {
		t.Fatal(err)
	}
	if _, err := f.AppendLog(t.Context(), a.Execution, a.Fence, 0, []byte("x")); fault.KindOf(err) != fault.Conflict {
		t.Errorf("after the result: %v", err)
	}
	f.wantNoLiveLog(t, a.Execution)
}

func TestWhatALostWorkerSentIsKept(t *testing.T) {
	f := begin(t)
	a := f.mustClaim(t)
	f.stream(t, a, 0, "as far as it came\n")
	if err := f.GiveUp(t.Context(), func(string) bool { return true }); err != nil {
		t.Fatal(err)
	}
	f.wantNoLiveLog(t, a.Execution)
	if diff := cmp.Diff([]string{"as far as it came\n"}, f.kept(t)); diff != "" {
		t.Error(diff)
	}
	// The worker was alive: its late result brings the whole log.
	whole, size, err := f.blobs.Put(t.Context(), strings.NewReader("as far as it came\nand further\n"))
	if err != nil {
		t.Fatal(err)
	}
	late := result(a, pipeline.Success)
	late.Log, late.LogSize = whole, size
	for range 2 {
		if err := f.Finish(t.Context(), late); err != nil {
			t.Fatal(err)
		}
	}
	if diff := cmp.Diff([]string{"as far as it came\n", "as far as it came\nand further\n"}, f.kept(t)); diff != "" {
		t.Error(diff)
	}
	got, err := f.State.Run(t.Context(), run)
	if err != nil || got.Logs[a.Execution] != whole {
		t.Errorf("the latest is %q, want %q, %v", got.Logs[a.Execution], whole, err)
	}
}

func TestAWorkerThatSentNothingLeavesNoLog(t *testing.T) {
	f := begin(t)
	f.mustClaim(t)
	if err := f.GiveUp(t.Context(), func(string) bool { return true }); err != nil {
		t.Fatal(err)
	}
	if got := f.kept(t); got != nil {
		t.Errorf("kept %q", got)
	}
}

func TestLogsThatADeadOwnerLeftAreSwept(t *testing.T) {
	f := begin(t)
	a := f.mustClaim(t)
	f.stream(t, a, 0, "running\n")
	if _, err := f.logs.Append("ended", 0, []byte("x")); err != nil {
		t.Fatal(err)
	}
	if err := f.SweepLogs(t.Context()); err != nil {
		t.Fatal(err)
	}
	f.wantNoLiveLog(t, "ended")
	f.stream(t, a, 8, "on\n")
}
