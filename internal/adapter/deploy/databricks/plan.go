package databricks

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"

	"github.com/dc-release/dc-release/internal/adapter/deploy/databricks/bundle"
	"github.com/dc-release/dc-release/internal/app/deploy"
	"github.com/dc-release/dc-release/internal/core/deployment"
	"github.com/dc-release/dc-release/internal/core/fault"
)

// loses is what is gone for good with a resource of the workspace.
func loses(resource string) string {
	switch kind, _, _ := strings.Cut(resource, "."); kind {
	case "jobs":
		return "its identity and the history of its runs"
	case "pipelines":
		return "its identity, its history and the tables that it keeps"
	}
	return "its identity and whatever is in it"
}

// left is what a deployment of jobs never touches.
var left = []string{"data in tables and volumes", "runs that have begun"}

// stays says what a plan leaves behind, and what of its result nobody will read back.
func stays(changes []deployment.Change, expected deployment.State) []string {
	var out []string
	for _, what := range left {
		if !slices.ContainsFunc(changes, func(c deployment.Change) bool { return c.Loses != "" && !strings.HasPrefix(c.Resource, "jobs.") }) {
			out = append(out, what)
		}
	}
	for _, f := range expected {
		if f.Value == deployment.Unread || f.Value == deployed {
			out = append(out, f.Path+" as it is then: it is deployed and not read back, so that no check is about it")
		}
	}
	return out
}

// Plan lets the program plan and adds what its plan leaves out: the files. A
// bundle with an error is refused with every finding.
func (t *Target) Plan(ctx context.Context, c *deploy.Call, a deploy.Artifact) (_ deployment.Plan, err error) {
	s, err := t.open(ctx, c, a)
	if err != nil {
		return deployment.Plan{}, err
	}
	defer func() { err = errors.Join(err, s.close()) }()
	if found := s.checkBundle(); bundle.Failed(found) {
		return deployment.Plan{}, refused(found)
	}
	tool, err := s.tool(ctx)
	if err != nil {
		return deployment.Plan{}, err
	}
	me, err := s.whoAmI(ctx)
	if err != nil {
		return deployment.Plan{}, err
	}
	r, found := s.resolve(a.Commit, me)
	if r == nil {
		return deployment.Plan{}, refused(found)
	}
	config, err := s.validate(ctx)
	if err != nil {
		return deployment.Plan{}, err
	}
	p := deployment.Plan{Tools: []deployment.Tool{tool}}
	now, err := s.observe(ctx)
	if err != nil {
		return p, err
	}
	if p.Expected, err = s.expected(config, r, a.Commit, me); err != nil {
		return p, err
	}
	own, err := s.run(ctx, "bundle", "plan", "--target", s.place.target, "--output", "json")
	if err != nil {
		return p, err
	}
	p.Own = string(own)
	if p.Changes, err = changes(own, now, p.Expected); err != nil {
		return p, fmt.Errorf("databricks bundle plan: %w", err)
	}
	p.Kept = stays(p.Changes, p.Expected)
	return p, nil
}

// resource is a fact about what the program's plan is about: all but the files and what
// the deployment says of itself.
var resource = regexp.MustCompile(`^[a-z_]+\.`)

// changes are those of the program's plan and, for what it does not cover, the
// differences of the states.
func changes(own []byte, now, expected deployment.State) ([]deployment.Change, error) {
	plan, err := object(own)
	if err != nil {
		return nil, err
	}
	steps := tree(plan["plan"])
	if steps == nil {
		return nil, errors.New("no plan is in it")
	}
	out := []deployment.Change{}
	for _, key := range slices.Sorted(maps.Keys(steps)) {
		step := tree(steps[key])
		c := deployment.Change{Resource: strings.TrimPrefix(key, "resources.")}
		switch action := text(step["action"]); {
		case action == "skip":
			continue
		case action == "create":
			c.Action = deployment.Create
		case action == "delete":
			c.Action, c.Loses = deployment.Delete, loses(c.Resource)
		case action == "recreate":
			c.Action, c.Loses = deployment.Recreate, loses(c.Resource)
		case strings.HasPrefix(action, "update") || action == "resize":
			c.Action = deployment.Update
		default:
			return nil, fmt.Errorf("%s: unknown action %q", key, action)
		}
		if strings.HasSuffix(c.Resource, ".permissions") || strings.HasSuffix(c.Resource, ".grants") {
			c.Loses = "" // they are set again with what they belong to
		}
		fields := tree(step["changes"])
		for _, path := range slices.Sorted(maps.Keys(fields)) {
			of := tree(fields[path])
			if text(of["action"]) == "skip" {
				continue
			}
			before := of["remote"]
			if before == nil {
				before = of["old"]
			}
			c.Fields = append(c.Fields, deployment.Field{Path: deployment.Line(path), Old: shown(before), New: shown(of["new"])})
		}
		out = append(out, c)
	}
	for _, c := range deployment.Changes(now, expected) {
		if !resource.MatchString(c.Resource) {
			out = append(out, c)
		}
	}
	return out, nil
}

// shown is a value as it stands in a plan for people.
func shown(v any) string {
	switch x := v.(type) {
	case nil:
		return ""
	case string:
		return deployment.Line(x)
	case map[string]any, []any:
		f := facts{}
		f.flatten("", x)
		var parts []string
		for _, path := range slices.Sorted(maps.Keys(f)) {
			parts = append(parts, strings.TrimPrefix(path, "/")+"="+deployment.Line(f[path]))
		}
		return strings.Join(parts, ", ")
	default:
		return fmt.Sprint(x)
	}
}

// Apply lets the program carry out exactly its plan. It refuses one that is
// stale, and waits for nobody.
func (t *Target) Apply(ctx context.Context, c *deploy.Call, a deploy.Artifact, p deployment.Plan) (err error) {
	s, err := t.open(ctx, c, a)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, s.close()) }()
	if err := ctx.Err(); err != nil {
		return err
	}
	path, sum, err := s.Programs.Find(ctx, s.place.program)
	if err != nil {
		return err
	}
	if !slices.ContainsFunc(p.Tools, func(t deployment.Tool) bool { return t.SHA256 == sum }) {
		return fault.New(fault.Conflict, "the plan is stale: %s is not the program any more that planned it", path).
			WithHint("plan again with: dc-release environment plan --environment %s", c.Environment)
	}
	now, err := s.observe(ctx)
	if err != nil {
		return err
	}
	if now.Digest() == p.Expected.Digest() && p.Base != p.Expected.Digest() {
		return nil // an earlier try got there, and nobody recorded it
	}
	plan := filepath.Join(s.folder, "plan.json")
	if err := os.WriteFile(plan, []byte(p.Own), 0o600); err != nil {
		return err
	}
	args := []string{"bundle", "deploy", "--target", s.place.target, "--auto-approve", "--fail-on-active-runs", "--plan", plan}
	if _, err = s.run(ctx, args...); err != nil && fault.KindOf(err) != fault.Conflict { // that is about the lock, or before it was taken
		return s.lockLeft(ctx, err)
	}
	return err
}
