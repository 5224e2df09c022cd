package databricks

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"io"
	"io/fs"
	"maps"
	"os"
	"path"
	"slices"

	"github.com/dc-release/dc-release/internal/adapter/deploy/databricks/bundle"
	"github.com/dc-release/dc-release/internal/adapter/deploy/databricks/workspace"
	"github.com/dc-release/dc-release/internal/core/deployment"
	"github.com/dc-release/dc-release/internal/core/fault"
)

// expected is what the place holds when the bundle is deployed: jobs from the
// configuration as the program resolves it, files from the artifact itself. The place
// was observed before.
func (s *session) expected(config map[string]any, r *bundle.Resolved, commit string, me workspace.Principal) (deployment.State, error) {
	if r.RootPath() != s.place.root {
		return nil, fault.New(fault.Invalid, "target %s of the bundle deploys below %s, the environment %s says %s", s.place.target, r.RootPath(), s.call.Environment, s.place.root).
			WithHint("say root: %s in the configuration of the environment, or correct workspace.root_path of the target", r.RootPath())
	}
	f := facts{}
	resources := tree(config["resources"])
	for _, kind := range slices.Sorted(maps.Keys(resources)) {
		for key, v := range tree(resources[kind]) {
			if kind != "jobs" {
				f[kind+"."+key] = deployed
				if slices.Contains(s.place.unread, kind+"."+key) {
					f[kind+"."+key] = deployment.Unread
				}
				continue
			}
			job := wanted(tree(v), r, me)
			refer(job.settings, s.made)
			f.job(key, job)
		}
	}
	f.deployment(r.Name(), r.Target(), r.Mode(), commit)
	if err := s.files(f, r); err != nil {
		return nil, err
	}
	return f.state()
}

// deployed is what is expected of a resource that this target cannot read back, where
// nobody decided how else to verify it.
const deployed = "deployed"

// wanted are the settings of a job with what the program adds to them. Who deploys
// owns a job that names no owner.
func wanted(job map[string]any, r *bundle.Resolved, me workspace.Principal) jobFacts {
	settings := maps.Clone(job)
	out := jobFacts{settings: settings, runAs: runAs(settings, me.UserName), copies: 1}
	for _, p := range list(settings["permissions"]) {
		out.permissions = append(out.permissions, permissionOf(tree(p), text(tree(p)["level"])))
	}
	if !slices.ContainsFunc(out.permissions, func(p workspace.Permission) bool { return p.Level == owner }) {
		out.permissions = append(out.permissions, workspace.Permission{Kind: kindOf(me), Name: me.UserName, Level: owner})
	}
	for _, apart := range []string{"permissions", "lifecycle", "id", "url", "modified_status"} {
		delete(settings, apart)
	}
	fill(settings, map[string]any{
		"deployment": map[string]any{"kind": "BUNDLE", "metadata_file_path": r.StatePath() + "/metadata.json"},
		"edit_mode":  "UI_LOCKED", "queue": map[string]any{"enabled": true},
	})
	return out
}

// files are those that are uploaded, with their digests.
func (s *session) files(f facts, r *bundle.Resolved) error {
	names, found := r.Files()
	if bundle.Failed(found) {
		return refused(found)
	}
	root := os.DirFS(s.root())
	for _, name := range names {
		sum, err := digest(root, name)
		if err != nil {
			return err
		}
		f["files/"+name] = sum
	}
	for _, name := range r.Wheels() {
		sum, err := digest(root, name)
		if err != nil {
			return err
		}
		f["artifacts/"+path.Base(name)] = sum
	}
	return nil
}

func digest(root fs.FS, name string) (string, error) {
	f, err := root.Open(name)
	if err != nil {
		return "", err
	}
	defer f.Close()
	h := sha256.New()
	if _, err := io.Copy(h, f); err != nil {
		return "", fmt.Errorf("read %s: %w", name, err)
	}
	return hex.EncodeToString(h.Sum(nil)), nil
}

// refused is the error of a bundle that cannot be deployed: all findings at once.
func refused(found []bundle.Finding) error {
	var out string
	n := 0
	for _, x := range found {
		if x.Severity == bundle.Error {
			n++
			out += "\n" + x.String()
		}
	}
	return fault.New(fault.Invalid, "the bundle has %d errors:%s", n, out)
}

// whoAmI reads who deploys.
func (s *session) whoAmI(ctx context.Context) (workspace.Principal, error) {
	me, err := s.client.Me(ctx)
	return me.Value, err
}
