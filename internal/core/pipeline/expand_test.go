package pipeline_test

import (
	"encoding/json"
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/dc-release/dc-release/internal/adapter/workflowfile"
	"github.com/dc-release/dc-release/internal/core/pipeline"
	"github.com/dc-release/dc-release/internal/core/workflow"
)

var update = flag.Bool("update", false, "write golden files anew")

const (
	sha  = "4f2a9c0d4f2a9c0d4f2a9c0d4f2a9c0d4f2a9c0d"
	root = ".github/workflows/main.yaml"
)

var (
	onTag  = pipeline.Trigger{Name: "push", Ref: "refs/tags/v1.2.0", SHA: sha, TagObject: "77aa", Actor: "ada", Repository: "acme/corp-procurement"}
	onMain = pipeline.Trigger{Name: "push", Ref: "refs/heads/main", SHA: sha, Actor: "ada", Repository: "acme/corp-procurement"}
	onPull = pipeline.Trigger{Name: "pull_request", Ref: "refs/pull/7/merge", SHA: sha, BaseRef: "main", HeadRef: "feature", Number: 7, Actor: "bob", Repository: "acme/corp-procurement"}
)

// request plans files by name below .github/workflows, with main.yaml as root.
func request(files map[string]string) pipeline.ExpandRequest {
	return pipeline.ExpandRequest{
		Trigger: onTag, File: root, Profile: "gxp",
		Read: workflowfile.Sources{Local: func(path string) ([]byte, bool) {
			src, ok := files[strings.TrimPrefix(path, ".github/workflows/")]
			return []byte(src), ok
		}}.Workflow,
	}
}

// guide plans the guide's files; main names the root.
func guide(t *testing.T, main string) pipeline.ExpandRequest {
	t.Helper()
	files := map[string]string{}
	for _, name := range []string{main, "deploy_and_test.yaml", "check_code_quality.yaml"} {
		data, err := os.ReadFile(filepath.Join("../../adapter/workflowfile/testdata/guide", name))
		if err != nil {
			t.Fatal(err)
		}
		files[name] = string(data)
	}
	files["main.yaml"] = files[main]
	return request(files)
}

func keys(p pipeline.Plan) []string {
	var list []string
	for _, j := range p.Jobs {
		list = append(list, j.Key)
	}
	return list
}

func find(t *testing.T, p pipeline.Plan, key string) pipeline.Job {
	t.Helper()
	i := slices.IndexFunc(p.Jobs, func(j pipeline.Job) bool { return j.Key == key })
	if i < 0 {
		t.Fatalf("plan has no job %q, only %q", key, keys(p))
	}
	return p.Jobs[i]
}

// short is "severity rule line" of each finding.
func short(findings []workflow.Finding) []string {
	var list []string
	for _, f := range findings {
		list = append(list, fmt.Sprintf("%s %s %s:%d", f.Severity, f.Rule, filepath.Base(f.At.File), f.At.Line))
	}
	return list
}

func hasErrors(findings []workflow.Finding) bool {
	return slices.ContainsFunc(findings, func(f workflow.Finding) bool { return f.Severity == workflow.Error })
}

func TestTheGuidesWorkflowIsPlannedWhole(t *testing.T) {
	for _, trigger := range []pipeline.Trigger{onTag, onMain, onPull} {
		req := guide(t, "main.yaml")
		req.Trigger = trigger
		p, findings := pipeline.Expand(req)
		if hasErrors(findings) {
			t.Fatalf("on %s: %v", trigger.Ref, findings)
		}
		want := []string{
			"code_quality", "code_quality/quality", "dev", "dev/deploy", "test_docs", "test_docs/documents", "test_docs/gate",
			"tst", "tst/deploy", "pre_val", "pre_val/documents", "pre_val/gate", "val", "val/deploy",
			"pre_prd", "pre_prd/approve", "prd", "prd/deploy", "for_use", "for_use/approve",
		}
		if diff := cmp.Diff(want, keys(p)); diff != "" {
			t.Errorf("on %s: %s", trigger.Ref, diff)
		}
	}
}

func TestTheGuidesJobsKnowWhereTheyRunAndWhatTheyProve(t *testing.T) {
	p, _ := pipeline.Expand(guide(t, "main.yaml"))
	cases := []struct {
		key, environment string
		kind             pipeline.EnvironmentKind
		proves           string
	}{
		{"code_quality", "", pipeline.NoEnvironment, ""},
		{"code_quality/quality", "", pipeline.NoEnvironment, "UT DT"},
		{"dev/deploy", "dev", pipeline.Place, "OV@dev"},
		{"tst/deploy", "tst", pipeline.Place, "OV@tst"},
		{"val/deploy", "val", pipeline.Place, "OV@val"},
		{"prd/deploy", "prd", pipeline.Place, "pOV@prd"},
		{"pre_val/documents", "", pipeline.NoEnvironment, "UT DT"},
		{"pre_val/gate", "pre_val", pipeline.Gate, ""},
		{"pre_prd/approve", "approve_to_prd", pipeline.Gate, ""},
		{"for_use/approve", "approve_for_use", pipeline.Gate, ""},
	}
	for _, c := range cases {
		t.Run(c.key, func(t *testing.T) {
			j := find(t, p, c.key)
			var proves []string
			for _, proof := range j.Proves {
				proves = append(proves, strings.TrimSuffix(proof.Verification+"@"+proof.Environment, "@"))
			}
			if j.Environment != c.environment || j.Kind != c.kind || strings.Join(proves, " ") != c.proves {
				t.Errorf("environment %q, kind %q, proves %q", j.Environment, j.Kind, proves)
			}
		})
	}
	gate := find(t, p, "pre_val/gate")
	if !slices.Equal(gate.Needs, []string{"pre_val/documents"}) || gate.Scope != "pre_val" || !gate.Framework {
		t.Errorf("gate %+v", gate)
	}
	if tst := find(t, p, "tst"); !tst.IsCall() || !slices.Equal(tst.Needs, []string{"code_quality", "dev", "test_docs"}) || tst.Interface == nil || tst.Framework {
		t.Errorf("tst %+v", tst)
	}
}

func TestTheGuidesPlanRecordsItsSources(t *testing.T) {
	p, findings := pipeline.Expand(guide(t, "main.yaml"))
	var got []string
	for _, s := range p.Sources {
		if len(s.SHA256) != 64 {
			t.Errorf("source %+v", s)
		}
		got = append(got, s.Origin+" "+s.Path)
	}
	want := []string{
		"commit .github/workflows/main.yaml", "commit ./.github/workflows/check_code_quality.yaml", "commit ./.github/workflows/deploy_and_test.yaml",
		"embedded NovoNordisk-DataCore/dc-release/.github/workflows/publish.yaml@main",
		"embedded NovoNordisk-DataCore/dc-release/.github/workflows/approve_to_prd.yaml@main",
		"embedded NovoNordisk-DataCore/dc-release/.github/workflows/approve_for_use.yaml@main",
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
	wantFindings := []string{
		"warning mutable-ref main.yaml:18", "warning mutable-ref main.yaml:32", "warning mutable-ref main.yaml:44", "warning mutable-ref main.yaml:54",
	}
	if diff := cmp.Diff(wantFindings, short(findings)); diff != "" {
		t.Error(diff)
	}
}

func TestTheGuidesWorkflowWithoutGxPIsWarnedOfPromotionWithoutATag(t *testing.T) {
	req := guide(t, "main-non-gxp.yaml")
	req.Profile = "non-gxp"
	_, findings := pipeline.Expand(req)
	if diff := cmp.Diff([]string{"warning mutable-ref main.yaml:29", "warning untagged-promotion main.yaml:27"}, sorted(short(findings))); diff != "" {
		t.Error(diff)
	}
}

func sorted(list []string) []string {
	slices.Sort(list)
	return list
}

func TestPlansAreWrittenAsBefore(t *testing.T) {
	cases := map[string]struct {
		main    string
		trigger pipeline.Trigger
		profile string
	}{
		"gxp-tag":      {"main.yaml", onTag, "gxp"},
		"non-gxp-main": {"main-non-gxp.yaml", onMain, "non-gxp"},
	}
	for name, c := range cases {
		t.Run(name, func(t *testing.T) {
			req := guide(t, c.main)
			req.Trigger, req.Profile = c.trigger, c.profile
			p, _ := pipeline.Expand(req)
			got, err := json.MarshalIndent(p, "", "  ")
			if err != nil {
				t.Fatal(err)
			}
			got = append(got, '\n')
			path := filepath.Join("testdata", "plan", name+".json")
			if *update {
				if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
					t.Fatal(err)
				}
				if err := os.WriteFile(path, got, 0o644); err != nil {
					t.Fatal(err)
				}
			}
			want, err := os.ReadFile(path)
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(string(want), string(got)); diff != "" {
				t.Errorf("plan differs; write it anew with -update when that is meant\n%s", diff)
			}
			var back pipeline.Plan
			if err := json.Unmarshal(got, &back); err != nil {
				t.Fatal(err)
			}
			again, err := json.MarshalIndent(back, "", "  ")
			if err != nil || string(again)+"\n" != string(got) {
				t.Errorf("plan does not survive being read: %v", err)
			}
		})
	}
}
