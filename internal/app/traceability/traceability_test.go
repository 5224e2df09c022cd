package traceability_test

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/dc-release/dc-release/internal/adapter/testresult"
	"github.com/dc-release/dc-release/internal/app/state"
	"github.com/dc-release/dc-release/internal/app/traceability"
	"github.com/dc-release/dc-release/internal/core/canonical"
	"github.com/dc-release/dc-release/internal/core/evidence"
	"github.com/dc-release/dc-release/internal/core/pipeline"
)

type blobs map[string][]byte

func (b blobs) Bytes(_ context.Context, digest string) ([]byte, error) {
	data, ok := b[digest]
	if !ok {
		return nil, fmt.Errorf("no blob %q", digest)
	}
	return data, nil
}

func (b blobs) Open(ctx context.Context, digest string) (io.ReadCloser, error) {
	data, err := b.Bytes(ctx, digest)
	return io.NopCloser(bytes.NewReader(data)), err
}

func (b blobs) put(data []byte) string {
	digest := canonical.SHA256(data)
	b[digest] = data
	return digest
}

func read(name string, in io.Reader) evidence.Report {
	r, err := testresult.Read(name, in)
	if err != nil {
		r.Problems = append(r.Problems, evidence.Problem{Message: err.Error(), Fatal: true})
	}
	return r
}

const mixed = `<testsuite name="t">
<testcase name="a[TEST-corp-procurement-1]"><properties><property name="verification" value="UT"/></properties></testcase>
<testcase name="b[TEST-corp-procurement-2]"/>
<testcase name="c[TEST-corp-procurement-3]"><properties><property name="verification" value="AV"/></properties></testcase>
</testsuite>`

// Each item of a file with several verifications gives its own cases, so that
// together they are the cases of the file, once.
func TestAFileOfMixedVerificationsGivesEachCaseToOneItem(t *testing.T) {
	store := blobs{}
	j := pipeline.Job{Key: "tst", Environment: "tst", Kind: pipeline.Place, Proves: []pipeline.Proof{{Verification: "OV", Environment: "tst"}}}
	digest := store.put([]byte(mixed))
	items := evidence.Items(evidence.Item{Name: "r.xml", SHA256: digest}, read("r.xml", strings.NewReader(mixed)), state.Origin(j, "r.xml"), "7ree")
	run := state.Run{State: pipeline.State{Plan: pipeline.Plan{Jobs: []pipeline.Job{j}}}}
	rec := state.Recorded{Recorded: evidence.Recorded{Execution: "R/1/tst/1", Job: "tst", Items: items}}
	tracer := &traceability.Tracer{Blobs: store, Results: read}
	var got []string
	for _, item := range items {
		_, judged, err := tracer.Judged(t.Context(), run, rec, item)
		if err != nil {
			t.Fatal(err)
		}
		for _, c := range judged.Cases {
			got = append(got, fmt.Sprintf("%s %s %v", c.Verification, c.Case.IDs[0], c.Counted))
		}
	}
	want := []string{"UT TEST-corp-procurement-1 false", "OV TEST-corp-procurement-2 true", "AV TEST-corp-procurement-3 false"}
	if d := cmp.Diff(want, got); d != "" {
		t.Error(d)
	}
}

func TestGXP070_EvidenceThatIsNotWhatWasRecordedIsRefused(t *testing.T) {
	store := blobs{"swapped": []byte(mixed)}
	tracer := &traceability.Tracer{Blobs: store, Results: read}
	digest := store.put([]byte(`{"schema":"other"}`))
	for name, item := range map[string]evidence.Item{
		"a conclusion of another schema":    {Name: "x", SHA256: digest, Format: evidence.FormatConclusion, Verification: "UT"},
		"an installation of another schema": {Name: "x", SHA256: digest, Format: "installation", Verification: "IV", Environment: "tst"},
		"a file without such cases":         {Name: "x", SHA256: store.put([]byte(mixed)), Format: "junit", Verification: "pIV", Environment: "prd"},
		"a file of other bytes":             {Name: "x", SHA256: "swapped", Format: "junit", Verification: "UT"},
		"a file that is gone":               {Name: "x", SHA256: "gone"},
	} {
		if _, _, err := tracer.Judged(t.Context(), state.Run{}, state.Recorded{}, item); err == nil {
			t.Errorf("%s was read", name)
		}
	}
}
