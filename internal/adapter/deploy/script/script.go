// Package script deploys by the command lines that are configured for a place;
// docs/targets.md says what they are given and what they print.
package script

import (
	"context"
	"fmt"
	"strings"

	"github.com/dc-release/dc-release/internal/adapter/deploy/contract"
	"github.com/dc-release/dc-release/internal/adapter/deploy/files"
	"github.com/dc-release/dc-release/internal/app/deploy"
	"github.com/dc-release/dc-release/internal/core/deployment"
	"github.com/dc-release/dc-release/internal/core/fault"
)

// The schemas of what the commands print on stdout.
const (
	PlanSchema     = "dc-release/target-plan/v1"
	StateSchema    = "dc-release/target-state/v1"
	RunsSchema     = "dc-release/target-runs/v1"
	FindingsSchema = "dc-release/target-findings/v1"
)

const (
	name  = "script"
	shell = "/bin/sh"
)

// The keys of the configuration that are command lines.
const (
	keyDeploy  = "deploy"
	keyPlan    = "plan"
	keyObserve = "observe"
	keyRun     = "run"
	keyDestroy = "destroy"
	keyCheck   = "check"
)

// Target is the kind script.
type Target struct{ contract.Host }

// use is the command line of a key; ok is false when there is none.
func use(c *deploy.Call, key string) (u contract.Use, ok bool) {
	line := strings.TrimSpace(c.Config[key])
	return contract.Use{What: key + " command", Argv: []string{shell, "-c", line, name}}, line != ""
}

// answer runs a command that prints JSON.
func answer[T any](ctx context.Context, t Target, c *deploy.Call, u contract.Use) (out T, d *contract.Document, err error) {
	said, err := t.Host.Run(ctx, c, u)
	if err != nil {
		return out, nil, err
	}
	if said.Exit != 0 {
		return out, nil, u.Failed(c.Environment, said)
	}
	if err := u.Whole(c.Environment, said); err != nil {
		return out, nil, err
	}
	return contract.Read[T](u.What+" of "+c.Environment+", stdout", said.Stdout)
}

// schema wants the schema of what a command printed.
func schema(d *contract.Document, got, want string) error {
	if got != want {
		return d.Wrong("schema", "schema %q, want %q", got, want)
	}
	return nil
}

// Describe says what the configured commands can do.
func (t Target) Describe(ctx context.Context, c *deploy.Call) (deployment.Description, error) {
	path, sha, err := t.Programs.Find(ctx, shell)
	if err != nil {
		return deployment.Description{}, err
	}
	d := deployment.Description{Name: name, Tools: []deployment.Tool{{Name: path, SHA256: sha}}, Can: []deployment.Capability{}}
	dir, err := contract.Directory(c.Place)
	if err != nil {
		return deployment.Description{}, err
	}
	for _, can := range []struct {
		what deployment.Capability
		key  string
		also bool
	}{
		{deployment.CanPlan, keyPlan, false},
		{deployment.CanObserve, keyObserve, dir != ""},
		{deployment.CanRun, keyRun, false},
		{deployment.CanDestroy, keyDestroy, false},
	} {
		if _, ok := use(c, can.key); ok || can.also {
			d.Can = append(d.Can, can.what)
		}
	}
	return d, nil
}

// Check finds what is missing in the configuration, and what the check command
// finds: it prints findings, or nothing; another exit code than 0 is a finding.
func (t Target) Check(ctx context.Context, c *deploy.Call, a deploy.Artifact) ([]deployment.Finding, error) {
	out, err := t.Host.Check(ctx, c.Place)
	if err != nil {
		return nil, err
	}
	has := func(key string) bool { _, ok := use(c, key); return ok }
	dir := c.Config["directory"]
	if !has(keyDeploy) {
		out = append(out, deployment.Finding{
			Severity: deployment.Error, Rule: "command", Where: contract.Where(c.Place, keyDeploy), What: "there is no deploy command",
			Fix: "add it to the file of dc-release solution revise --environments FILE",
		})
	}
	switch {
	case has(keyObserve) && !has(keyPlan) && dir == "":
		out = append(out, deployment.Finding{
			Severity: deployment.Error, Rule: "expected", Where: contract.Where(c.Place, keyPlan),
			What: "what is observed can be compared with nothing: no plan command says what is expected", Fix: "add plan, or directory",
		})
	case !has(keyObserve) && dir == "":
		out = append(out, deployment.Finding{
			Severity: deployment.Warning, Rule: "observe", Where: contract.Where(c.Place, keyObserve),
			What: "the place cannot be observed, so that no deployment to it is ever verified", Fix: "add observe, or directory",
		})
	}
	u, ok := use(c, keyCheck)
	if !ok || len(out) > 0 {
		return out, nil
	}
	u.Artifact = a
	return t.check(ctx, c, u)
}

func (t Target) check(ctx context.Context, c *deploy.Call, u contract.Use) ([]deployment.Finding, error) {
	said, err := t.Host.Run(ctx, c, u)
	if err != nil {
		return nil, err
	}
	if said.Exit != 0 {
		failed := u.Failed(c.Environment, said)
		return []deployment.Finding{{
			Severity: deployment.Error, Rule: "check", Where: contract.Where(c.Place, keyCheck), What: failed.Error(), Fix: fault.HintOf(failed),
		}}, nil
	}
	if len(strings.TrimSpace(string(said.Stdout))) == 0 {
		return nil, nil
	}
	if err := u.Whole(c.Environment, said); err != nil {
		return nil, err
	}
	got, d, err := contract.Read[struct {
		Schema string `json:"schema"`
		contract.Found
	}](u.What+" of "+c.Environment+", stdout", said.Stdout)
	if err != nil {
		return nil, err
	}
	if err := schema(d, got.Schema, FindingsSchema); err != nil {
		return nil, err
	}
	return got.Found.Deployment(d, "")
}

// Plan asks the plan command. Without one the changes are unknown; what is
// expected then is the artifact's files where there is a directory, else nothing.
func (t Target) Plan(ctx context.Context, c *deploy.Call, a deploy.Artifact) (deployment.Plan, error) {
	if err := configured(c); err != nil {
		return deployment.Plan{}, err
	}
	what, err := t.Describe(ctx, c)
	if err != nil {
		return deployment.Plan{}, err
	}
	u, ok := use(c, keyPlan)
	if !ok {
		p := deployment.Plan{Unknown: true, Tools: what.Tools}
		if c.Config["directory"] != "" {
			p.Expected = a.Tree.State()
		}
		return p, nil
	}
	u.Artifact = a
	got, d, err := answer[struct {
		Schema string `json:"schema"`
		contract.Plan
	}](ctx, t, c, u)
	if err != nil {
		return deployment.Plan{}, err
	}
	if err := schema(d, got.Schema, PlanSchema); err != nil {
		return deployment.Plan{}, err
	}
	p, err := got.Plan.Deployment(d, "")
	p.Tools = what.Tools
	return p, err
}

// configured refuses a place that somebody else deploys to.
func configured(c *deploy.Call) error {
	if _, ok := use(c, keyDeploy); !ok {
		return fault.New(fault.Invalid, "environment %s: target script has no deploy command", c.Environment).
			WithHint("add one with: dc-release solution revise %s --environments FILE", c.Solution)
	}
	return nil
}

// Apply runs the deploy command with what the plan command called its own plan.
func (t Target) Apply(ctx context.Context, c *deploy.Call, a deploy.Artifact, p deployment.Plan) error {
	if err := configured(c); err != nil {
		return err
	}
	u, _ := use(c, keyDeploy)
	u.Artifact, u.Own, u.Changes = a, p.Own, true
	return t.succeed(ctx, c, u)
}

func (t Target) succeed(ctx context.Context, c *deploy.Call, u contract.Use) error {
	said, err := t.Host.Run(ctx, c, u)
	if err == nil && said.Exit != 0 {
		err = u.Failed(c.Environment, said)
	}
	return err
}

// Observe asks the observe command, or reads the files of the directory.
func (t Target) Observe(ctx context.Context, c *deploy.Call) (deployment.State, error) {
	u, ok := use(c, keyObserve)
	if !ok {
		return observeFiles(c)
	}
	got, d, err := answer[struct {
		Schema string `json:"schema"`
		contract.State
	}](ctx, t, c, u)
	if err != nil {
		return nil, err
	}
	last := c.Record.Invocations[len(c.Record.Invocations)-1]
	c.Record.Answers = append(c.Record.Answers, deployment.Answer{Name: keyObserve, SHA256: last.Stdout})
	if err := schema(d, got.Schema, StateSchema); err != nil {
		return nil, err
	}
	return got.State.Deployment(d, "")
}

func observeFiles(c *deploy.Call) (deployment.State, error) {
	dir, err := contract.Directory(c.Place)
	if err != nil {
		return nil, err
	}
	if dir == "" {
		return nil, deploy.Unsupported(name, "observe "+c.Environment+": neither observe nor directory is configured")
	}
	now, err := files.Read(dir)
	if err != nil {
		return nil, fmt.Errorf("observe %s: %w", dir, err)
	}
	return now, nil
}

// Run runs the run command with the names as its arguments.
func (t Target) Run(ctx context.Context, c *deploy.Call, a deploy.Artifact, what []string) ([]deployment.TaskRun, error) {
	u, ok := use(c, keyRun)
	if !ok {
		return nil, deploy.Unsupported(name, "run what it deployed: no run command is configured")
	}
	u.Artifact, u.Changes = a, true
	u.Argv = append(u.Argv, what...)
	u.Before = func(ctx context.Context) error { return c.Begin(ctx, what) }
	got, d, err := answer[struct {
		Schema string `json:"schema"`
		contract.Runs
	}](ctx, t, c, u)
	if err != nil {
		return nil, err
	}
	if err := schema(d, got.Schema, RunsSchema); err != nil {
		return nil, err
	}
	return got.Runs.Deployment(d, "", c.Record.Invocations[len(c.Record.Invocations)-1].Stderr)
}

// Destroy runs the destroy command, with the artifact that is deployed beside it.
func (t Target) Destroy(ctx context.Context, c *deploy.Call, a deploy.Artifact) error {
	u, ok := use(c, keyDestroy)
	if !ok {
		return deploy.Unsupported(name, "destroy: no destroy command is configured")
	}
	u.Artifact, u.Changes = a, true
	return t.succeed(ctx, c, u)
}

var _ deploy.Target = Target{}
