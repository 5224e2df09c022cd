// Package databricks deploys bundles to Databricks workspaces. The adopter's own
// `databricks` program plans and deploys; what is there afterwards is read back
// over the REST API by package workspace, which shares nothing with it, so that
// the deployer does not confirm itself.
//
// It is written from the public documentation of bundles and of the REST API.
package databricks

import (
	"context"
	"fmt"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"time"

	"github.com/dc-release/dc-release/internal/adapter/deploy/databricks/bundle"
	"github.com/dc-release/dc-release/internal/adapter/deploy/databricks/workspace"
	"github.com/dc-release/dc-release/internal/adapter/deploy/files"
	"github.com/dc-release/dc-release/internal/app/deploy"
	"github.com/dc-release/dc-release/internal/core/deployment"
	"github.com/dc-release/dc-release/internal/core/fault"
)

// Kind is the target's name in the configuration of an environment.
const Kind = "databricks"

// Target is the kind databricks.
type Target struct {
	Programs deploy.Programs
	// Secret gives the value of a name that the configuration of a place lists
	// under secrets; ok is false when there is none.
	Secret func(ctx context.Context, solution, environment, name string) (value string, ok bool, err error)
	// Issue gives a token of this installation's issuer for what deploys to a place:
	// instead of a secret, where the configuration of the place names none. An error
	// says that there is no issuer.
	Issue func(solution, environment, audience string) (token string, err error)
	// HTTP carries the reads; nil takes a client of its own.
	HTTP *http.Client
	// Wait is how a read that was throttled waits; nil really waits.
	Wait func(ctx context.Context, d time.Duration) error
}

// Describe says what a workspace can do, and which program deploys to it.
func (t *Target) Describe(ctx context.Context, c *deploy.Call) (deployment.Description, error) {
	p, err := readPlace(c.Place)
	if err != nil {
		return deployment.Description{}, err
	}
	path, sum, err := t.Programs.Find(ctx, p.program)
	if err != nil {
		return deployment.Description{}, err
	}
	return deployment.Description{
		Name: Kind, Tools: []deployment.Tool{{Name: path, SHA256: sum}},
		Can: []deployment.Capability{deployment.CanPlan, deployment.CanObserve, deployment.CanRun, deployment.CanDestroy},
	}, nil
}

// session is one use of the target for one artifact.
type session struct {
	*Target
	call   *deploy.Call
	place  place
	env    map[string]string  // the identity, with the values of secrets
	given  []workspace.Secret // what the program was given, which no record may hold
	client *workspace.Client
	made   map[string]string // see references; known when the place was observed
	folder string            // lent; the artifact lies below bundle/
	done   func() error
	before func(context.Context) error // of whatever the program runs from now on, nil for nothing
}

// open reads the place, finds who deploys, and lends a folder with the artifact.
// It has to be closed.
func (t *Target) open(ctx context.Context, c *deploy.Call, a deploy.Artifact) (*session, error) {
	s, err := t.reader(ctx, c)
	if err != nil {
		return nil, err
	}
	if err = s.lend(ctx); err == nil {
		err = s.unpack(ctx, a)
	}
	if err != nil {
		return nil, fmt.Errorf("%w%s", err, closing(s.close()))
	}
	return s, nil
}

func closing(err error) string {
	if err == nil {
		return ""
	}
	return "; " + err.Error()
}

// lend takes a folder, once.
func (s *session) lend(ctx context.Context) (err error) {
	if s.done == nil {
		s.folder, s.done, err = s.Programs.Folder(ctx)
	}
	return err
}

func (s *session) close() error {
	if s.done == nil {
		return nil
	}
	return s.done()
}

// reader opens the place for reading back alone. It has to be closed.
func (t *Target) reader(ctx context.Context, c *deploy.Call) (*session, error) {
	p, err := readPlace(c.Place)
	if err != nil {
		return nil, err
	}
	s := &session{Target: t, call: c, place: p}
	if err := s.identify(ctx); err != nil {
		return nil, fmt.Errorf("%w%s", err, closing(s.close()))
	}
	return s, nil
}

// root is the folder of the bundle.
func (s *session) root() string { return filepath.Join(s.folder, bundleFolder) }

const bundleFolder = "bundle"

// unpack writes the artifact, as a clean checkout of its commit: what the program
// reads of git is that commit and nothing else.
func (s *session) unpack(ctx context.Context, a deploy.Artifact) error {
	tree, err := s.bundleOf(a.Tree)
	if err != nil {
		return err
	}
	if err := files.Write(ctx, s.root(), tree, a.Open); err != nil {
		return err
	}
	git := filepath.Join(s.root(), ".git")
	for _, dir := range []string{"objects", "refs"} {
		if err := os.MkdirAll(filepath.Join(git, dir), 0o755); err != nil {
			return err
		}
	}
	config := "[core]\n\trepositoryformatversion = 0\n\tbare = false\n"
	if s.place.origin != "" {
		config += "[remote \"origin\"]\n\turl = " + s.place.origin + "\n"
	}
	for name, text := range map[string]string{"HEAD": a.Commit + "\n", "config": config} {
		if err := os.WriteFile(filepath.Join(git, name), []byte(text), 0o644); err != nil {
			return err
		}
	}
	return nil
}

// bundleOf are the files of the artifact that is the bundle. The others are not
// brought here: nothing in a bundle may name what is outside of it.
func (s *session) bundleOf(t deployment.Tree) (deployment.Tree, error) {
	if s.place.artifact == "" || len(t) == 0 {
		return t, nil
	}
	part := t.Part(s.place.artifact)
	if len(part) == 0 {
		return nil, fault.New(fault.Invalid, "environment %s deploys the artifact %s as its bundle, which the run did not hand in", s.call.Environment, s.place.artifact).
			WithHint("hand it in with dc-release deploy --artifact %s=PATH, or correct artifact in the configuration of the environment", s.place.artifact)
	}
	return part, nil
}

// resolve reads the bundle of the artifact for the place.
func (s *session) resolve(commit string, me workspace.Principal) (*bundle.Resolved, []bundle.Finding) {
	b, found := bundle.Load(os.DirFS(s.root()))
	if bundle.Failed(found) {
		return nil, found
	}
	r, more := b.Resolve(bundle.Options{
		Target: s.place.target, Environ: s.variables(), Host: s.place.environment["DATABRICKS_HOST"],
		User: bundle.User{Name: me.UserName, Display: me.Name}, Git: bundle.Git{Commit: commit, Origin: s.place.origin, Path: "."},
	})
	return r, append(found, more...)
}

// variables are those of the bundle that the place sets, NAME=VALUE.
func (s *session) variables() []string {
	var out []string
	for name, value := range s.place.environment {
		if strings.HasPrefix(name, variablePrefix) {
			out = append(out, name+"="+value)
		}
	}
	return out
}
