package databricks

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"strconv"
	"strings"
	"sync"

	"golang.org/x/sync/errgroup"

	"github.com/dc-release/dc-release/internal/adapter/deploy/databricks/workspace"
	"github.com/dc-release/dc-release/internal/app/deploy"
	"github.com/dc-release/dc-release/internal/core/deployment"
)

// atOnce bounds how many files are read at once.
const atOnce = 8

// Observe reads the place back over the REST API, through the program only where
// nobody else speaks for the identity of the place: jobs and permissions, every
// file, and what the deployment says of itself. The raw answers go into the
// record.
func (t *Target) Observe(ctx context.Context, c *deploy.Call) (_ deployment.State, err error) {
	s, err := t.reader(ctx, c)
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, s.close()) }()
	return s.observe(ctx)
}

func (s *session) observe(ctx context.Context) (deployment.State, error) {
	f := facts{}
	if err := s.observeResources(ctx, f); err != nil {
		return nil, err
	}
	if err := s.observeMarker(ctx, f); err != nil {
		return nil, err
	}
	if err := s.observeFiles(ctx, f); err != nil {
		return nil, err
	}
	return f.state()
}

// content reads a state file; nil when it is not there.
func (s *session) content(ctx context.Context, name string) (map[string]any, error) {
	raw, err := s.client.Content(ctx, s.place.root+"/state/"+name)
	if errors.Is(err, workspace.NotFound) {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	if err := s.call.Answer(ctx, "state/"+name, raw); err != nil {
		return nil, err
	}
	of, err := object(raw)
	if err != nil {
		return nil, fmt.Errorf("state/%s of %s: %w", name, s.call.Environment, err)
	}
	return of, nil
}

// observeResources finds the ids in the state of the deployment and reads each
// job itself.
func (s *session) observeResources(ctx context.Context, f facts) error {
	state, err := s.content(ctx, "resources.json")
	if err != nil {
		return err
	}
	s.made = references(state)
	for key, v := range tree(state["state"]) {
		of, ok := strings.CutPrefix(key, "resources.")
		if !ok || strings.Count(of, ".") > 1 { // of a resource, as its permissions
			continue
		}
		name, isJob := strings.CutPrefix(of, "jobs.")
		if !isJob {
			f[of] = deployment.Unread
			continue
		}
		id, ok := jobID(key, v)
		if !ok {
			return fmt.Errorf("state/resources.json of %s: %s has no id", s.call.Environment, key)
		}
		if err := s.observeJob(ctx, f, name, id); err != nil {
			return err
		}
	}
	return nil
}

// references are what a bundle writes for the ids of what was deployed, by kind and id.
func references(state map[string]any) map[string]string {
	out := map[string]string{}
	for key, v := range tree(state["state"]) {
		of, _ := strings.CutPrefix(key, "resources.")
		if kind, name, ok := strings.Cut(of, "."); ok && !strings.Contains(name, ".") {
			out[kind+" "+fmt.Sprint(tree(v)["__id__"])] = "${" + key + ".id}"
		}
	}
	return out
}

// jobID is the id of a job in the state of a deployment.
func jobID(key string, entry any) (int64, bool) {
	name, isJob := strings.CutPrefix(key, "resources.jobs.")
	id, err := strconv.ParseInt(fmt.Sprint(tree(entry)["__id__"]), 10, 64)
	return id, isJob && !strings.Contains(name, ".") && err == nil
}

func (s *session) observeJob(ctx context.Context, f facts, key string, id int64) error {
	job, err := s.client.Job(ctx, id)
	if errors.Is(err, workspace.NotFound) {
		f["jobs."+key+"/job"] = fmt.Sprintf("%d is gone", id)
		return nil
	}
	if err != nil {
		return err
	}
	seen := job.Seen
	out := jobFacts{settings: job.Value.Settings, runAs: runAs(job.Value.Settings, cmp.Or(job.Value.RunAs, job.Value.Creator))}
	same, err := s.client.JobsByName(ctx, text(out.settings["name"]))
	if err != nil {
		return err
	}
	for _, j := range same.Value {
		if j.Name == text(out.settings["name"]) {
			out.copies++
		}
	}
	permissions, err := s.client.JobPermissions(ctx, id)
	if err != nil {
		return err
	}
	for _, p := range permissions.Value {
		if !p.Inherited {
			out.permissions = append(out.permissions, p)
		}
	}
	for i, x := range append(append(seen, same.Seen...), permissions.Seen...) {
		if err := s.call.Answer(ctx, fmt.Sprintf("jobs.%s/%d %s", key, i+1, x.Request), x.Raw); err != nil {
			return err
		}
	}
	refer(out.settings, s.made)
	f.job(key, out)
	return nil
}

// observeMarker reads which commit and target the deployment says it is of.
func (s *session) observeMarker(ctx context.Context, f facts) error {
	meta, err := s.content(ctx, "metadata.json")
	if err != nil || meta == nil {
		return err
	}
	of := tree(tree(meta["config"])["bundle"])
	f.deployment(text(of["name"]), text(of["target"]), text(of["mode"]), text(tree(of["git"])["commit"]))
	return nil
}

// fileFact is the path of the fact about what lies below the root, "" for what is none:
// the state, and what belongs to resources that are not read back.
func fileFact(below string) string {
	if wheel, ok := strings.CutPrefix(below, "artifacts/.internal/"); ok {
		return "artifacts/" + wheel
	}
	switch top, _, deep := strings.Cut(below, "/"); {
	case deep && top == "files":
		return below
	case deep && (top == "state" || top == "resources"):
		return ""
	}
	return "root/" + below
}

// observeFiles hashes every file below the root.
func (s *session) observeFiles(ctx context.Context, f facts) error {
	all, err := s.client.List(ctx, s.place.root)
	if errors.Is(err, workspace.NotFound) {
		return nil
	}
	if err != nil {
		return err
	}
	var mu sync.Mutex
	g, ctx := errgroup.WithContext(ctx)
	g.SetLimit(atOnce)
	for _, o := range all.Value {
		name := fileFact(strings.TrimPrefix(o.Path, s.place.root+"/"))
		if o.Type == workspace.DirectoryObject || name == "" {
			continue
		}
		g.Go(func() error {
			value, err := s.observeFile(ctx, o)
			if err != nil {
				return err
			}
			mu.Lock()
			defer mu.Unlock()
			f[name] = value
			return nil
		})
	}
	return g.Wait()
}

// observeFile is what is compared of what lies at a path.
func (s *session) observeFile(ctx context.Context, o workspace.Object) (string, error) {
	switch o.Type {
	case workspace.FileObject:
		file, err := s.client.Export(ctx, o.Path)
		return file.SHA256, err
	case workspace.NotebookObject:
		source, err := s.client.Content(ctx, o.Path)
		return notebook(o.Language, source), err
	default:
		return strings.ToLower(string(o.Type)) + ", not read back", nil
	}
}
