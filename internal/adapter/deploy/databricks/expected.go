package databricks

import (
	"bufio"
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"maps"
	"os"
	"path"
	"slices"
	"strings"

	"github.com/dc-release/dc-release/internal/adapter/deploy/databricks/bundle"
	"github.com/dc-release/dc-release/internal/adapter/deploy/databricks/workspace"
	"github.com/dc-release/dc-release/internal/core/canonical"
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
	if err := s.places(r); err != nil {
		return nil, err
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
			upload(job.settings, r)
			f.job(key, job)
		}
	}
	f.deployment(r.Name(), r.Target(), r.Mode(), commit)
	if err := s.files(f, r); err != nil {
		return nil, err
	}
	return f.state()
}

// places refuses a bundle that deploys its files, wheels or state elsewhere than below
// its root: there nobody looks.
func (s *session) places(r *bundle.Resolved) error {
	for _, p := range []struct{ key, is, below string }{
		{"file_path", r.FilePath(), "files"}, {"artifact_path", r.ArtifactPath(), "artifacts"}, {"state_path", r.StatePath(), "state"},
	} {
		if want := s.place.root + "/" + p.below; p.is != want {
			return fault.New(fault.Invalid, "target %s of the bundle has workspace.%s %s, which is not read back: want %s", s.place.target, p.key, p.is, want).
				WithHint("remove workspace.%s from the bundle", p.key)
		}
	}
	return nil
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

// upload puts where wheels are deployed in place of patterns below the bundle: the
// program may resolve those only when it deploys.
func upload(v any, r *bundle.Resolved) {
	switch x := v.(type) {
	case map[string]any:
		if to, ok := uploaded(text(x["whl"]), r); ok {
			x["whl"] = to
		}
		for _, value := range x {
			upload(value, r)
		}
	case []any:
		for i, e := range x {
			if to, ok := uploaded(text(e), r); ok {
				x[i] = to
			}
			upload(e, r)
		}
	}
}

// uploaded is where the one wheel that a pattern matches is deployed.
func uploaded(pattern string, r *bundle.Resolved) (string, bool) {
	if !strings.HasSuffix(pattern, ".whl") || path.IsAbs(pattern) || strings.Contains(pattern, ":") {
		return "", false
	}
	var found []string
	for _, wheel := range r.Wheels() {
		if ok, err := path.Match(path.Clean(pattern), wheel); err == nil && ok {
			found = append(found, wheel)
		}
	}
	if len(slices.Compact(found)) != 1 {
		return "", false
	}
	return r.ArtifactPath() + "/.internal/" + path.Base(found[0]), true
}

// files are those that are uploaded, with their digests.
func (s *session) files(f facts, r *bundle.Resolved) error {
	names, found := r.Files()
	if bundle.Failed(found) {
		return refused(found)
	}
	root := os.DirFS(s.root())
	for _, name := range names {
		at, sum, err := kept(root, name)
		if err != nil {
			return err
		}
		f["files/"+at] = sum
	}
	for _, name := range r.Wheels() {
		_, sum, err := kept(root, name)
		if err != nil {
			return err
		}
		f["artifacts/"+path.Base(name)] = sum
	}
	return nil
}

// kept is where the workspace keeps a file, and what is read back of it there. What it
// makes of a notebook of Jupyter nobody here knows.
func kept(root fs.FS, name string) (at, value string, err error) {
	f, err := root.Open(name)
	if err != nil {
		return "", "", err
	}
	defer f.Close()
	first := bufio.NewReader(f)
	head, err := first.Peek(100)
	if err != nil && !errors.Is(err, io.EOF) {
		return "", "", fmt.Errorf("read %s: %w", name, err)
	}
	at, language, ok := bundle.Notebook(name, head)
	if ok && language == bundle.Jupyter {
		return at, deployed, nil
	}
	if ok {
		source, err := io.ReadAll(first)
		return at, notebook(language, source), err
	}
	h := sha256.New()
	if _, err := io.Copy(h, first); err != nil {
		return "", "", fmt.Errorf("read %s: %w", name, err)
	}
	return name, hex.EncodeToString(h.Sum(nil)), nil
}

// notebook is what is read back of a notebook: the service may add or take white space
// at its end.
func notebook(language string, source []byte) string {
	return strings.ToLower(language) + " notebook " + canonical.SHA256(bytes.TrimRight(source, " \t\r\n"))
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
