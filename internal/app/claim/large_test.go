package claim_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/dc-release/dc-release/internal/app/claim"
	"github.com/dc-release/dc-release/internal/app/state"
	"github.com/dc-release/dc-release/internal/core/ledger"
	"github.com/dc-release/dc-release/internal/core/pipeline"
)

// Outputs go as far as GitHub lets them, an event does not: they are kept beside
// it, and whoever reads the run finds them.
func TestOutputsThatNoEventHasRoomForAreKept(t *testing.T) {
	for name, outputs := range map[string]map[string]string{
		"one large":        {"a": strings.Repeat("x", 1<<20), "b": "small"},
		"many":             many(5000),
		"larger as JSON":   {"a": strings.Repeat("\x01", 20<<10)},
		"with room":        {"a": "small", "b": ""},
		"just without any": nil,
	} {
		t.Run(name, func(t *testing.T) {
			f := begin(t)
			r := result(f.mustClaim(t), pipeline.Success)
			r.Outcome.Outputs = outputs
			if err := f.Finish(t.Context(), r); err != nil {
				t.Fatal(err)
			}
			for reader, s := range map[string]*state.Reader{"this": f.State, "another": {Log: f.store, Blobs: f.blobs}} {
				got, err := s.Run(t.Context(), run)
				if diff := cmp.Diff(outputs, got.Jobs["build"].Outputs); err != nil || diff != "" {
					t.Errorf("%s reader: %v\n%.500s", reader, err, diff)
				}
				if got.Jobs["build"].Conclusion != pipeline.Success {
					t.Errorf("%s reader: %+v", reader, got.Jobs["build"].Conclusion)
				}
			}
		})
	}
}

func many(n int) map[string]string {
	out := map[string]string{}
	for i := range n {
		out[fmt.Sprint("name", i)] = fmt.Sprint("value", i)
	}
	return out
}

func TestOutputsOfARunBeyondTheLimitFailTheJob(t *testing.T) {
	f := begin(t)
	r := result(f.mustClaim(t), pipeline.Success)
	r.Outcome.Outputs = map[string]string{"a": strings.Repeat("x", pipeline.MaxRunOutputs)}
	if err := f.Finish(t.Context(), r); err != nil {
		t.Fatal(err)
	}
	got, err := f.State.Run(t.Context(), run)
	if j := got.Jobs["build"]; err != nil || j.Conclusion != pipeline.Failure || len(j.Outputs) != 0 || !strings.Contains(j.Reason, "want at most 52428800") {
		t.Errorf("%s %q with %d outputs, %v", j.Conclusion, j.Reason, len(j.Outputs), err)
	}
}

func TestAReasonIsCutToWhatAnEventTakes(t *testing.T) {
	f := begin(t)
	r := result(f.mustClaim(t), pipeline.Failure)
	r.Outcome.Reason = strings.Repeat("æ", 1<<20)
	if err := f.Finish(t.Context(), r); err != nil {
		t.Fatal(err)
	}
	got, err := f.State.Run(t.Context(), run)
	if reason := got.Jobs["build"].Reason; err != nil || len(reason) > pipeline.MaxText+10 || !strings.HasSuffix(reason, "æ ...") {
		t.Errorf("%d bytes, %v", len(reason), err)
	}
}

func TestEvidenceOfManyFilesIsRecordedWhole(t *testing.T) {
	f := begin(t)
	r := result(f.mustClaim(t), pipeline.Success)
	digest, err := f.blobs.PutBytes(t.Context(), []byte("<testsuite/>"))
	if err != nil {
		t.Fatal(err)
	}
	for i := range 500 {
		r.Files = append(r.Files, claim.File{Path: fmt.Sprintf("target/surefire-reports/%s/TEST-%d.xml", strings.Repeat("long/", 20), i), SHA256: digest})
	}
	if err := f.Finish(t.Context(), r); err != nil {
		t.Fatal(err)
	}
	got, err := f.State.Run(t.Context(), run)
	if err != nil {
		t.Fatal(err)
	}
	names := map[string]bool{}
	for _, rec := range got.Evidence {
		if rec.Execution != r.Execution || rec.Job != "build" {
			t.Errorf("record %+v", rec)
		}
		for _, item := range rec.Items {
			names[item.Name] = true
			if item.SHA256 != digest || item.Size != 12 {
				t.Errorf("item %+v", item)
			}
		}
	}
	if len(names) != 500 || len(got.Evidence) < 2 {
		t.Errorf("%d files in %d records", len(names), len(got.Evidence))
	}
}

func TestAResultFileThatIsNotThereIsRefused(t *testing.T) {
	f := begin(t)
	r := result(f.mustClaim(t), pipeline.Success)
	r.Files = []claim.File{{Path: "r.xml", SHA256: strings.Repeat("0", 64)}}
	if err := f.Finish(t.Context(), r); err == nil {
		t.Error("a result with a file that is not there was taken")
	}
	if events, err := f.store.Stream(t.Context(), ledger.RunStream(run), 0); err != nil || events[len(events)-1].Type != "execution.claimed" {
		t.Errorf("something was recorded, %v", err)
	}
}
