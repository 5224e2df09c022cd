package databricks

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"os"
	"slices"
	"strings"

	"github.com/dc-release/dc-release/internal/adapter/deploy/databricks/bundle"
	"github.com/dc-release/dc-release/internal/adapter/deploy/databricks/workspace"
	"github.com/dc-release/dc-release/internal/app/deploy"
	"github.com/dc-release/dc-release/internal/core/deployment"
	"github.com/dc-release/dc-release/internal/core/fault"
)

// Check finds what would keep a deployment from working, or from being one that
// can be released: configuration and identity of the place, the program, the
// workspace, the bundle, catalogs and schemas that its variables name, whether they
// are those of another place, and runs that are under way.
func (t *Target) Check(ctx context.Context, c *deploy.Call, a deploy.Artifact) (_ []deployment.Finding, err error) {
	p, err := readPlace(c.Place)
	if err != nil {
		return []deployment.Finding{{Severity: deployment.Error, Rule: "configuration", Where: "environments." + c.Environment, What: err.Error()}}, nil
	}
	env := maps.Clone(p.environment)
	for _, name := range p.secrets {
		env[name] = "secret"
	}
	var out []deployment.Finding
	add := func(severity, rule, where, what, fix string) {
		out = append(out, deployment.Finding{Severity: severity, Rule: rule, Where: where, What: what, Fix: fix})
	}
	for _, f := range workspace.Check(env) {
		add(deployment.Error, "identity", f.Variable, f.Problem, f.Fix)
	}
	if len(out) > 0 {
		return out, nil
	}
	s, err := t.open(ctx, c, a)
	if err != nil {
		add(deployment.Error, "workspace", p.environment["DATABRICKS_HOST"], err.Error(), "")
		return out, nil
	}
	defer func() { err = errors.Join(err, s.close()) }()
	if _, err := s.tool(ctx); err != nil {
		add(deployment.Error, "program", p.program, err.Error(), "")
	}
	me, err := s.whoAmI(ctx)
	if err != nil {
		add(deployment.Error, "workspace", p.environment["DATABRICKS_HOST"], err.Error(), "")
		return out, nil
	}
	if len(a.Tree) == 0 {
		return out, nil
	}
	for _, f := range s.checkBundle() {
		add(string(f.Severity), f.Rule, f.Place.String(), f.What, f.Fix)
	}
	r, _ := s.resolve(a.Commit, me)
	if r == nil {
		return out, nil
	}
	if r.RootPath() != p.root {
		add(deployment.Error, "root", "environments."+c.Environment+".config.root", fmt.Sprintf("the bundle's target %s deploys below %s", p.target, r.RootPath()), "say that here, or correct the target")
	}
	s.checkRead(r, add)
	if err := s.places(r); err != nil && r.RootPath() == p.root {
		add(deployment.Error, "root", "databricks.yml", err.Error(), fault.HintOf(err))
	}
	checkReferences(r.Config.At("resources", "jobs"), "", add)
	s.checkCatalogs(ctx, r, a.Commit, add)
	return out, s.checkRuns(ctx, add)
}

// checkBundle finds what of the artifact cannot be released to this place.
func (s *session) checkBundle() []bundle.Finding {
	var given []string
	for name := range s.place.environment {
		if variable, ok := strings.CutPrefix(name, variablePrefix); ok {
			given = append(given, variable)
		}
	}
	return bundle.Check(os.DirFS(s.root()), map[string]string{s.call.Environment: s.place.target}, given...)
}

// checkRead names what no verification will be about.
func (s *session) checkRead(r *bundle.Resolved, add func(severity, rule, where, what, fix string)) {
	resources := r.Config.Get("resources")
	files, _ := r.Files()
	for _, name := range files {
		if strings.HasSuffix(name, ".ipynb") {
			add(deployment.Error, "not-read-back", name, "a notebook of Jupyter is kept in another form and cannot be compared: its installation is never verified", "commit it as source (.py)")
		}
	}
	for _, kind := range resources.Keys() {
		if kind == "jobs" {
			continue
		}
		for _, key := range resources.Get(kind).Keys() {
			name := kind + "." + key
			if slices.Contains(s.place.unread, name) {
				add(deployment.Warning, "not-read-back", "resources."+name, "it is deployed and not read back: no verification of the installation is about it", "")
				continue
			}
			add(deployment.Error, "not-read-back", "resources."+name, "it is deployed and cannot be read back: its installation is never verified",
				"verify it with a test of its own, and name it in environments."+s.call.Environment+".config.not-read-back")
		}
	}
}

// checkReferences finds ids of what is deployed that stand where they are not known
// again: see refer.
func checkReferences(v *bundle.Value, key string, add func(severity, rule, where, what, fix string)) {
	for _, k := range v.Keys() {
		checkReferences(v.Get(k), k, add)
	}
	for _, item := range v.Items() {
		checkReferences(item, key, add)
	}
	if strings.Contains(v.String(), "${resources.") && (kinds[key] == "" || !strings.HasPrefix(v.Text, "${resources."+kinds[key]+".")) {
		add(deployment.Error, "reference", v.Place.String(), fmt.Sprintf("%q is known only after the deployment and cannot be compared: its installation is never verified", v.Text),
			"refer to ids in members such as run_job_task.job_id only, and give a job by its name elsewhere")
	}
}

// checkCatalogs wants the catalogs and schemas that variables name to be there, and
// to be those of no other environment; folder and names of jobs likewise.
func (s *session) checkCatalogs(ctx context.Context, r *bundle.Resolved, commit string, add func(severity, rule, where, what, fix string)) {
	for _, x := range r.Schemas() {
		var err error
		if x.Name == "" {
			_, err = s.client.Catalog(ctx, x.Catalog)
		} else {
			_, err = s.client.Schema(ctx, x.Catalog, x.Name)
		}
		if err != nil {
			add(deployment.Error, "catalog", "variables."+x.Variable, err.Error(), "create it, or give the deployer the right to use it")
		}
	}
	var others []bundle.Site
	for _, other := range s.call.Others {
		p, err := readPlace(other)
		if err != nil {
			continue // its own check says so
		}
		o := session{call: deploy.NewCall(other, nil), place: p, folder: s.folder}
		if r, _ := o.resolve(commit, workspace.Principal{}); r != nil {
			others = append(others, o.site(r))
		}
	}
	for _, f := range append(bundle.Shared(s.site(r), others), bundle.Beside(s.site(r), others)...) {
		add(string(f.Severity), f.Rule, f.Place.String(), f.What, f.Fix)
	}
}

func (s *session) site(r *bundle.Resolved) bundle.Site {
	return bundle.Site{Environment: s.call.Environment, Host: s.place.environment["DATABRICKS_HOST"], Resolved: r}
}

// checkRuns warns of runs that a deployment would take the files from.
func (s *session) checkRuns(ctx context.Context, add func(severity, rule, where, what, fix string)) error {
	state, err := s.content(ctx, "resources.json")
	if err != nil {
		return err
	}
	jobs := tree(state["state"])
	for _, key := range slices.Sorted(maps.Keys(jobs)) {
		id, ok := jobID(key, jobs[key])
		if !ok {
			continue
		}
		runs, err := s.client.ActiveRuns(ctx, id)
		if err != nil {
			if errors.Is(err, workspace.NotFound) {
				continue
			}
			return err
		}
		for _, run := range runs.Value {
			add(deployment.Error, "active-runs", strings.TrimPrefix(key, "resources."), fmt.Sprintf("run %d is %s", run.ID, strings.ToLower(run.State)), "wait for its end; a deployment takes its files away")
		}
	}
	return nil
}
