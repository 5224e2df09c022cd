// Package rehearse runs the workflows of any repository without counting:
// gates and intake rules are evaluated and reported, not waited for, nothing is
// published, nothing is evidence.
package rehearse

import (
	"context"
	"encoding/json"
	"fmt"
	"slices"
	"strings"

	"github.com/dc-release/dc-release/internal/app/intake"
	"github.com/dc-release/dc-release/internal/app/promote"
	"github.com/dc-release/dc-release/internal/app/state"
	"github.com/dc-release/dc-release/internal/core/fault"
	"github.com/dc-release/dc-release/internal/core/gate"
	"github.com/dc-release/dc-release/internal/core/ledger"
	"github.com/dc-release/dc-release/internal/core/pipeline"
	"github.com/dc-release/dc-release/internal/core/policy"
	"github.com/dc-release/dc-release/internal/core/release"
	"github.com/dc-release/dc-release/internal/core/workflow"
)

// Blobs keeps the plan.
type Blobs interface {
	PutBytes(ctx context.Context, data []byte) (digest string, err error)
}

// Rehearsal starts one run that does not count.
type Rehearsal struct {
	Log     ledger.Log
	State   *state.Reader
	Blobs   Blobs
	Code    intake.Code
	Plan    intake.Planner
	Config  intake.ConfigReader
	Vars    map[string]string
	NewID   func() string
	Sandbox string
}

// Solution is the name under which a rehearsal's mirror is kept.
const Solution = "rehearsal"

// Request says what is rehearsed.
type Request struct {
	Trigger  pipeline.Trigger
	Workflow string // path; "" finds the one that starts
	Folder   string // name of the repository's folder
}

// Gate is what a gate of the run would have demanded.
type Gate struct {
	Gate       string   `json:"gate"`
	Job        string   `json:"job"`
	Demanded   bool     `json:"demanded"` // by the profile
	Missing    []string `json:"missing"`
	Signatures []string `json:"signatures"`
}

// Report is what a rehearsal found besides its jobs.
type Report struct {
	Profile  string             `json:"profile"`
	Gates    []Gate             `json:"gates"`
	Findings []workflow.Finding `json:"findings"`
}

// Start plans and starts; it refuses a plan with errors, whole.
func (r *Rehearsal) Start(ctx context.Context, q Request) (run string, findings []workflow.Finding, err error) {
	config, more, err := r.config(ctx, q.Trigger.SHA)
	if err != nil {
		return "", nil, err
	}
	findings = append(findings, more...)
	file := q.Workflow
	if file == "" {
		if file, err = r.find(ctx, q.Trigger); err != nil {
			return "", findings, err
		}
	}
	plan, planned, _, err := r.Plan(ctx, intake.PlanRequest{Trigger: q.Trigger, File: file, Code: r.Code, Vars: r.Vars, Profile: config.Profile, Environments: config.Named(), Branch: config.Branch})
	if err != nil {
		return "", findings, err
	}
	findings = append(findings, planned...)
	if refused := errorsOf(findings); len(refused) > 0 {
		return "", findings, fault.New(fault.Invalid, "%s cannot be run: %d findings", file, len(refused)).WithHint("%s", strings.Join(refused, "\n"))
	}
	if plan.File == "" {
		return "", findings, fault.New(fault.Invalid, "%s does not start for %s of %s", file, q.Trigger.Name, q.Trigger.Ref)
	}
	findings = append(findings, r.intakeRules(ctx, q.Trigger)...)
	raw, err := json.Marshal(plan)
	if err != nil {
		return "", findings, err
	}
	digest, err := r.Blobs.PutBytes(ctx, raw)
	if err != nil {
		return "", findings, err
	}
	run = r.NewID()
	_, err = r.Log.Append(ctx, ledger.Batch{
		Command: "rehearse/" + run, Actor: ledger.Actor{Kind: ledger.Machine, ID: "rehearsal", Authentication: "internal"}, Correlation: run,
		Events: []ledger.Draft{{Stream: ledger.RunStream(run), Data: &pipeline.RunStarted{
			Run: run, Solution: Solution, Number: 1, Trigger: q.Trigger, File: plan.File, Plan: digest,
			Profile: string(config.Profile), Sandbox: r.Sandbox, Evaluated: r.Sandbox == "none",
		}}},
	})
	return run, findings, err
}

func errorsOf(findings []workflow.Finding) []string {
	var out []string
	for _, f := range findings {
		if f.Severity == workflow.Error {
			out = append(out, f.String())
		}
	}
	return out
}

// find looks for the one workflow that the trigger starts.
func (r *Rehearsal) find(ctx context.Context, t pipeline.Trigger) (string, error) {
	files, err := r.Code.Files(ctx, t.SHA, ".github/workflows")
	if err != nil {
		return "", err
	}
	var starting, broken []string
	for _, f := range files {
		if !strings.HasSuffix(f.Path, ".yaml") && !strings.HasSuffix(f.Path, ".yml") {
			continue
		}
		plan, findings, _, err := r.Plan(ctx, intake.PlanRequest{Trigger: t, File: f.Path, Code: r.Code, Vars: r.Vars})
		switch {
		case err != nil:
			return "", err
		case plan.File != "":
			starting = append(starting, f.Path)
		case len(errorsOf(findings)) > 0:
			broken = append(broken, errorsOf(findings)...)
		}
	}
	switch {
	case len(starting) == 1:
		return starting[0], nil
	case len(starting) > 1:
		return "", fault.New(fault.Invalid, "several workflows start for %s of %s: %s", t.Name, t.Ref, strings.Join(starting, ", ")).WithHint("name one with --workflow FILE")
	case len(broken) > 0:
		return "", fault.New(fault.Invalid, "no workflow can be read").WithHint("%s", strings.Join(broken, "\n"))
	}
	return "", fault.New(fault.Invalid, "no workflow below .github/workflows starts for %s of %s", t.Name, t.Ref)
}

// config is what dc-release.yaml of the commit says, nothing for no such file.
func (r *Rehearsal) config(ctx context.Context, commit string) (policy.File, []workflow.Finding, error) {
	raw, ok, err := r.Code.ReadFile(ctx, commit, policy.FileName)
	if err != nil || !ok {
		return policy.File{}, nil, err
	}
	f, findings := r.Config(raw)
	return f, findings, nil
}

// intakeRules are the rules that a counted push would be held to, as warnings.
func (r *Rehearsal) intakeRules(ctx context.Context, t pipeline.Trigger) []workflow.Finding {
	name, ok := strings.CutPrefix(t.Ref, "refs/tags/")
	if !ok {
		return nil
	}
	at := workflow.Position{File: t.Ref, Line: 1, Column: 1}
	warn := func(rule, message string) workflow.Finding {
		return workflow.Finding{At: at, Severity: workflow.Warning, Rule: rule, Message: message, Hint: "a counted run would be refused"}
	}
	v, err := release.ParseVersion(name)
	if err != nil {
		return []workflow.Finding{warn("tag-name", fmt.Sprintf("tag %q is no version", name))}
	}
	var out []workflow.Finding
	if _, ok, err := r.Code.ReadFile(ctx, t.SHA, v.NotePath()); err == nil && !ok {
		out = append(out, warn("no-release-note", fmt.Sprintf("%s is not in the commit", v.NotePath())))
	}
	if on, err := r.Code.OnFirstParentChain(ctx, t.SHA, "main"); err == nil && !on {
		out = append(out, warn("tag-not-on-branch", "the tag is not on the first-parent chain of main"))
	}
	return out
}

// Gates reports what each gate of the run would have demanded.
func (r *Rehearsal) Gates(ctx context.Context, id string) ([]Gate, error) {
	run, err := r.State.Run(ctx, id)
	if err != nil {
		return nil, err
	}
	out := []Gate{}
	profile := policy.Profile(run.Run.Profile)
	if profile == "" {
		profile = policy.GxP
	}
	facts := gate.Facts{Commit: run.Run.Trigger.SHA, Evidence: promote.Evidence(run)}
	for _, j := range run.Plan.Jobs {
		if j.Kind != pipeline.Gate || run.Jobs[j.Key].Status != pipeline.Done || run.Jobs[j.Key].Conclusion == pipeline.Skipped {
			continue
		}
		def, demanded := gate.Find(profile, release.Normal, j.Environment)
		g := Gate{Gate: j.Environment, Job: j.Key, Demanded: demanded, Missing: slices.Concat([]string{}, def.Missing(facts)), Signatures: []string{}}
		for _, m := range def.Signatures {
			g.Signatures = append(g.Signatures, string(m))
		}
		out = append(out, g)
	}
	return out, nil
}
