package traceability_test

import (
	"context"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/dc-release/dc-release/internal/adapter/itemfile"
	"github.com/dc-release/dc-release/internal/app/state"
	"github.com/dc-release/dc-release/internal/app/traceability"
	"github.com/dc-release/dc-release/internal/core/canonical"
	"github.com/dc-release/dc-release/internal/core/evidence"
	"github.com/dc-release/dc-release/internal/core/pipeline"
	"github.com/dc-release/dc-release/internal/core/policy"
	"github.com/dc-release/dc-release/internal/core/release"
)

// commits is a repository by commit and path; it says what was read of it.
type commits struct {
	files map[string]map[string]string
	reads []string
}

func (c *commits) ReadFile(_ context.Context, commit, path string) ([]byte, bool, error) {
	c.reads = append(c.reads, path)
	data, ok := c.files[commit][path]
	return []byte(data), ok, nil
}

func (c *commits) Files(_ context.Context, commit, _ string) ([]release.File, error) {
	var out []release.File
	for path, data := range c.files[commit] {
		out = append(out, release.File{Path: path, Object: canonical.SHA256([]byte(data))})
	}
	slices.SortFunc(out, func(a, b release.File) int { return strings.Compare(a.Path, b.Path) })
	return out, nil
}

type repositories struct{ code, requirements *commits }

func (r repositories) CodeTree(context.Context, policy.Baseline) (traceability.Tree, error) {
	return r.code, nil
}

func (r repositories) RequirementsTree(context.Context, policy.Baseline) (traceability.Tree, error) {
	return r.requirements, nil
}

func (repositories) History(context.Context, policy.Baseline, traceability.Repository) (traceability.History, error) {
	return nil, nil
}

type solutions struct{}

func (solutions) Solution(_ context.Context, key string) (policy.Solution, error) {
	return policy.Solution{Baseline: policy.Baseline{Solution: key, Profile: policy.GxP}}, nil
}

const needs = `{"versions": {"1": {"needs": {"REQ_1": {"type": "req", "title": "x", "content": "x"}}}}}`

func mapping(kind string) string {
	return "project: corp\nimports: [{format: needs, path: needs.json, kinds: {req: " + kind + "}}]\n"
}

// A mapping that changed serves no stale item, and what it has nothing to do
// with is not read again.
func TestAChangedMappingReadsWhatItMapsAgain(t *testing.T) {
	requirements := &commits{files: map[string]map[string]string{
		"r1": {"requirements.yaml": mapping("URS"), "needs.json": needs, "a.md": "## URS-corp-9: y\n\ny\n"},
		"r2": {"requirements.yaml": mapping("FS"), "needs.json": needs, "a.md": "## URS-corp-9: y\n\ny\n"},
		"r3": {"requirements.yaml": mapping("FS") + "# a comment\n", "needs.json": needs, "a.md": "## URS-corp-9: z\n\nz\n"},
	}}
	code := &commits{files: map[string]map[string]string{
		"c1": {"databricks.yml": "bundle: {name: corp}\ninclude: [r.yml]\n", "r.yml": "resources: {jobs: {a: {tags: {specification: \"FS-${bundle.name}-1\"}}}}\n"},
		"c2": {"databricks.yml": "bundle: {name: other}\ninclude: [r.yml]\n", "r.yml": "resources: {jobs: {a: {tags: {specification: \"FS-${bundle.name}-1\"}}}}\n"},
	}}
	tracer := &traceability.Tracer{Repositories: repositories{code, requirements}, Solutions: solutions{}, Sources: itemfile.Sources{}}
	for _, c := range []struct {
		requirements, code string
		items, reads       string
		undeployed         bool
	}{
		{"r1", "c1", "URS-corp-9 URS-corp-1", "requirements.yaml a.md needs.json databricks.yml databricks.yml r.yml", true},
		{"r1", "c1", "URS-corp-9 URS-corp-1", "requirements.yaml databricks.yml", true},
		{"r2", "c1", "URS-corp-9 FS-corp-1", "requirements.yaml needs.json databricks.yml", false},
		{"r2", "c2", "URS-corp-9 FS-corp-1", "requirements.yaml databricks.yml databricks.yml r.yml", true},
		{"r3", "c1", "URS-corp-9 FS-corp-1", "requirements.yaml a.md needs.json databricks.yml", false},
		{"r1", "c1", "URS-corp-9 URS-corp-1", "requirements.yaml databricks.yml", true},
	} {
		requirements.reads, code.reads = nil, nil
		items, findings, err := tracer.Items(t.Context(), traceability.Pin{Solution: "corp", Code: c.code, Requirements: c.requirements})
		if err != nil {
			t.Fatal(err)
		}
		var ids []string
		for _, i := range items {
			ids = append(ids, i.ID)
		}
		if d := cmp.Diff(c.items, strings.Join(ids, " ")); d != "" {
			t.Errorf("%s %s: %s", c.requirements, c.code, d)
		}
		if d := cmp.Diff(c.reads, strings.Join(append(requirements.reads, code.reads...), " ")); d != "" {
			t.Errorf("%s %s: %s", c.requirements, c.code, d)
		}
		undeployed := false
		for _, f := range findings {
			undeployed = undeployed || f.ID == "DOC-S08"
		}
		if undeployed != c.undeployed {
			t.Errorf("%s %s: DOC-S08 %v: %v", c.requirements, c.code, undeployed, findings)
		}
	}
}

// The map of the release's own commit binds, and what was recorded stays.
func TestTheTestMapOfTheCommitBindsResults(t *testing.T) {
	const file = `<testsuite name="t"><testcase name="test_sums_1"/><testcase name="other"/><testcase name="named [TEST-corp-9]"/></testsuite>`
	code := &commits{files: map[string]map[string]string{
		"c1": {"documentation/test_map.yaml": "tests: [{case: test_sums_*, ids: [TEST-corp-1]}]\n"},
		"c2": {"documentation/test_map.yaml": "tests: [{case: \"*\", ids: [TEST-corp-8]}, {case: other, ids: [TEST-corp-2]}]\n"},
		"c3": {},
	}}
	store := blobs{}
	digest := store.put([]byte(file))
	tracer := &traceability.Tracer{Blobs: store, Results: read, Repositories: repositories{code: code}, Solutions: solutions{}, Sources: itemfile.Sources{}}
	j := pipeline.Job{Key: "tst", Environment: "tst", Kind: pipeline.Place, Proves: []pipeline.Proof{{Verification: "OV", Environment: "tst"}}}
	items := evidence.Items(evidence.Item{Name: "r.xml", SHA256: digest}, read("r.xml", strings.NewReader(file)), state.Origin(j, "r.xml"), "7ree")
	for _, c := range []struct{ commit, want string }{{"c1", "[TEST-corp-1] [] [TEST-corp-9]"}, {"c2", "[] [TEST-corp-2] [TEST-corp-9]"}, {"c3", "[] [] [TEST-corp-9]"}, {"c1", "[TEST-corp-1] [] [TEST-corp-9]"}} {
		run := state.Run{State: pipeline.State{Plan: pipeline.Plan{Jobs: []pipeline.Job{j}}}}
		run.Run.Trigger.SHA, run.Run.Solution = c.commit, "corp"
		rec := state.Recorded{Recorded: evidence.Recorded{Execution: "R/1/tst/1", Job: "tst", Items: items}}
		report, judged, err := tracer.Judged(t.Context(), run, rec, items[0])
		if err != nil {
			t.Fatal(err)
		}
		var got []string
		for _, k := range judged.Cases {
			got = append(got, "["+strings.Join(k.Case.IDs, " ")+"]")
		}
		if d := cmp.Diff(c.want, strings.Join(got, " ")); d != "" {
			t.Errorf("%s: %s", c.commit, d)
		}
		if report.SHA256 != digest || judged.Counted.Passed != 3 {
			t.Errorf("%s: %+v", c.commit, judged.Counted)
		}
	}
	if n := len(code.reads); n != 3 {
		t.Errorf("the maps were read %d times, want once for each commit: %v", n, code.reads)
	}
}
