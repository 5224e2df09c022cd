// Package external deploys by a program that speaks the contract of targets as
// JSON on its standard input and output, one process for each call; docs/targets.md
// describes it.
package external

import (
	"context"
	"encoding/json"
	"fmt"
	"maps"
	"slices"

	"github.com/dc-release/dc-release/internal/adapter/deploy/contract"
	"github.com/dc-release/dc-release/internal/app/deploy"
	"github.com/dc-release/dc-release/internal/core/deployment"
	"github.com/dc-release/dc-release/internal/core/fault"
	"github.com/dc-release/dc-release/internal/core/policy"
)

// Schema of a request, and of the answer to it.
const Schema = "dc-release/target/v1"

// Marker is the environment variable that says to a program that it is called as
// a target; its value is Schema.
const Marker = "DC_RELEASE_TARGET"

// Request is what the program reads.
type Request struct {
	Schema   string           `json:"schema"`
	Call     string           `json:"call"` // describe, check, plan, apply, observe, run, destroy
	Place    Place            `json:"place"`
	Artifact *Artifact        `json:"artifact,omitempty"` // of check, plan, apply, run and destroy
	Plan     *deployment.Plan `json:"plan,omitempty"`     // of apply
	What     []string         `json:"what,omitempty"`     // of run; absent for all
}

// Place is one environment of a solution; Config is its configuration without what
// is about the program itself.
type Place struct {
	Solution    string            `json:"solution"`
	Environment string            `json:"environment"`
	Config      map[string]string `json:"config"`
}

// Artifact is what is deployed; Folder holds its files, and Tree is its digest.
type Artifact struct {
	Version string `json:"version"`
	Commit  string `json:"commit"`
	Tree    string `json:"tree"`
	Folder  string `json:"folder"`
}

// Failure is why a program could not do what it was called for.
type Failure struct {
	Kind    string `json:"kind"` // invalid, not-found, forbidden, run-failed, unverified, conflict
	Message string `json:"message"`
	Fix     string `json:"fix"`
}

// Description is the result of describe.
type Description struct {
	Name  string                  `json:"name"`
	Tools []deployment.Tool       `json:"tools"`
	Can   []deployment.Capability `json:"can"`
}

// Nothing is the result of apply and destroy.
type Nothing struct{}

// Answer is what the program prints: one of both.
type Answer[T any] struct {
	Result *T       `json:"result"`
	Error  *Failure `json:"error"`
}

// at is where a result stands in an answer.
const at = "result."

var kinds = []fault.Kind{fault.Invalid, fault.NotFound, fault.Forbidden, fault.RunFailed, fault.Unverified, fault.Conflict}

// Target is the kind external.
type Target struct{ contract.Host }

// pinned gives the program of a place, which must be the one of the baseline.
func (t Target) pinned(ctx context.Context, c *deploy.Call) (string, error) {
	path, want := c.Config["program"], c.Config["sha256"]
	kind, _ := policy.TargetNamed("external")
	for _, key := range kind.Needs {
		if err := kind.CheckValue(key, c.Config[key]); err != nil {
			return "", fault.New(fault.Invalid, "environment %s: config %s %v", c.Environment, key, err)
		}
	}
	_, sha, err := t.Programs.Find(ctx, path)
	if err != nil {
		return "", err
	}
	if sha != want {
		return "", fault.New(fault.Forbidden, "environment %s: %s has SHA-256 %s, the baseline names %s: it is another program", c.Environment, path, sha, want).
			WithHint("put that program back, or ask for a baseline with the new one: dc-release solution revise %s", c.Solution)
	}
	return path, nil
}

// run is the call that starts what was deployed.
const run = "run"

// call runs the program for one request.
func call[T any](ctx context.Context, t Target, c *deploy.Call, q Request, a deploy.Artifact, changes bool) (out T, d *contract.Document, err error) {
	path, err := t.pinned(ctx, c)
	if err != nil {
		return out, nil, err
	}
	u := contract.Use{
		What: "call " + q.Call + " of the program", Argv: []string{path}, Extra: map[string]string{Marker: Schema}, Artifact: a, Changes: changes,
	}
	if q.Call == run {
		u.Before = func(ctx context.Context) error { return c.Begin(ctx, q.What) }
	}
	q.Schema, q.Place = Schema, placeOf(c.Place)
	u.Stdin = func(folder string) ([]byte, error) {
		if folder != "" {
			q.Artifact = &Artifact{Version: a.Version, Commit: a.Commit, Tree: a.Tree.Digest(), Folder: folder}
		}
		return json.Marshal(q)
	}
	said, err := t.Host.Run(ctx, c, u)
	if err != nil {
		return out, nil, err
	}
	if said.Exit != 0 && len(said.Stdout) == 0 {
		return out, nil, u.Failed(c.Environment, said)
	}
	if err := u.Whole(c.Environment, said); err != nil {
		return out, nil, err
	}
	answer, d, err := contract.Read[Answer[T]](u.What+" of "+c.Environment+", stdout", said.Stdout)
	switch {
	case err != nil:
		return out, d, err
	case answer.Error != nil && answer.Result == nil:
		return out, d, answer.Error.fault(u.What, c, d)
	case answer.Result == nil || answer.Error != nil:
		return out, d, d.Wrong("", "want either a result or an error")
	case said.Exit != 0:
		return out, d, u.Failed(c.Environment, said)
	}
	return *answer.Result, d, nil
}

func (f Failure) fault(what string, c *deploy.Call, d *contract.Document) error {
	if !slices.Contains(kinds, fault.Kind(f.Kind)) {
		return d.Wrong("error.kind", "kind %q: want one of %v", f.Kind, kinds)
	}
	if f.Message == "" {
		return d.Wrong("error", "want a message")
	}
	return fault.New(fault.Kind(f.Kind), "%s of %s: %s", what, c.Environment, f.Message).WithHint("%s", f.Fix)
}

func placeOf(p deploy.Place) Place {
	config := map[string]string{}
	maps.Copy(config, p.Config)
	for _, own := range []string{"program", "sha256", policy.NetworkKey, policy.SecretsKey, policy.ReadSecretsKey} {
		delete(config, own)
	}
	return Place{Solution: p.Solution, Environment: p.Environment, Config: config}
}

// Describe asks the program what it can; it is its own first tool.
func (t Target) Describe(ctx context.Context, c *deploy.Call) (deployment.Description, error) {
	got, d, err := call[Description](ctx, t, c, Request{Call: "describe"}, deploy.Artifact{}, false)
	if err != nil {
		return deployment.Description{}, err
	}
	all := []deployment.Capability{deployment.CanPlan, deployment.CanObserve, deployment.CanRun, deployment.CanDestroy}
	for i, can := range got.Can {
		if !slices.Contains(all, can) {
			return deployment.Description{}, d.Wrong(fmt.Sprintf("%scan[%d]", at, i), "%q: want one of %v", can, all)
		}
	}
	if got.Name == "" {
		return deployment.Description{}, d.Wrong("result", "want a name")
	}
	tool := deployment.Tool{Name: c.Config["program"], SHA256: c.Config["sha256"]} // as it was found
	return deployment.Description{Name: got.Name, Tools: append([]deployment.Tool{tool}, got.Tools...), Can: append([]deployment.Capability{}, got.Can...)}, nil
}

// Check asks the program, when the program is right itself.
func (t Target) Check(ctx context.Context, c *deploy.Call, a deploy.Artifact) ([]deployment.Finding, error) {
	out, err := t.Host.Check(ctx, c.Place)
	if err != nil {
		return nil, err
	}
	if _, err := t.pinned(ctx, c); err != nil {
		out = append(out, deployment.Finding{
			Severity: deployment.Error, Rule: "program", Where: contract.Where(c.Place, "program"), What: err.Error(), Fix: fault.HintOf(err),
		})
	}
	if len(out) > 0 {
		return out, nil
	}
	got, d, err := call[contract.Found](ctx, t, c, Request{Call: "check"}, a, false)
	if err != nil {
		return nil, err
	}
	return got.Deployment(d, at)
}

// Plan asks the program; of one that cannot plan the changes are unknown.
func (t Target) Plan(ctx context.Context, c *deploy.Call, a deploy.Artifact) (deployment.Plan, error) {
	what, err := t.Describe(ctx, c)
	if err != nil {
		return deployment.Plan{}, err
	}
	got, d, err := call[contract.Plan](ctx, t, c, Request{Call: "plan"}, a, false)
	if err != nil {
		return deployment.Plan{}, err
	}
	p, err := got.Deployment(d, at)
	p.Tools, p.Unknown = what.Tools, !slices.Contains(what.Can, deployment.CanPlan)
	if err == nil && p.Unknown && len(p.Changes) > 0 {
		err = d.Wrong(at+"changes", "the program does not say of itself that it can plan")
	}
	return p, err
}

// Apply gives the plan back to the program.
func (t Target) Apply(ctx context.Context, c *deploy.Call, a deploy.Artifact, p deployment.Plan) error {
	p = p.Whole()
	_, _, err := call[Nothing](ctx, t, c, Request{Call: "apply", Plan: &p}, a, true)
	return err
}

// Observe asks the program.
func (t Target) Observe(ctx context.Context, c *deploy.Call) (deployment.State, error) {
	got, d, err := call[contract.State](ctx, t, c, Request{Call: "observe"}, deploy.Artifact{}, false)
	if err != nil {
		return nil, err
	}
	last := c.Record.Invocations[len(c.Record.Invocations)-1]
	c.Record.Answers = append(c.Record.Answers, deployment.Answer{Name: "observe", SHA256: last.Stdout})
	return got.Deployment(d, at)
}

// Run asks the program; what it prints on stderr is the evidence of every task.
func (t Target) Run(ctx context.Context, c *deploy.Call, a deploy.Artifact, what []string) ([]deployment.TaskRun, error) {
	got, d, err := call[contract.Runs](ctx, t, c, Request{Call: run, What: what}, a, true)
	if err != nil {
		return nil, err
	}
	return got.Deployment(d, at, c.Record.Invocations[len(c.Record.Invocations)-1].Stderr)
}

// Destroy asks the program.
func (t Target) Destroy(ctx context.Context, c *deploy.Call, a deploy.Artifact) error {
	_, _, err := call[Nothing](ctx, t, c, Request{Call: "destroy"}, a, true)
	return err
}

var _ deploy.Target = Target{}
