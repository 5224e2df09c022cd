package contract

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"os"
	"path/filepath"
	"strings"

	"github.com/dc-release/dc-release/internal/adapter/deploy/files"
	"github.com/dc-release/dc-release/internal/app/deploy"
	"github.com/dc-release/dc-release/internal/core/deployment"
	"github.com/dc-release/dc-release/internal/core/fault"
	"github.com/dc-release/dc-release/internal/core/mask"
	"github.com/dc-release/dc-release/internal/core/policy"
)

// Host runs the programs that the configuration of a place names.
type Host struct {
	Programs deploy.Programs
	// Secret gives the value of a secret of a place; ok is false when there is none.
	Secret func(ctx context.Context, solution, environment, name string) (value string, ok bool, err error)
}

// Use is one program with what it is given.
type Use struct {
	What     string // for messages: "deploy command"
	Argv     []string
	See      []string // what it has to see to run
	Artifact deploy.Artifact
	Own      string // of the plan, put into a file; "" for none
	Extra    map[string]string
	// Stdin makes what it reads; artifact is the absolute path of the artifact's
	// files. Nil for nothing.
	Stdin func(artifact string) ([]byte, error)
	// Changes lets it change what is in the place's directory, and gives it the
	// secrets for that; otherwise it has those for looking.
	Changes bool
	// Before is that of the program.
	Before func(ctx context.Context) error
}

// The names in a lent folder.
const (
	artifactDir = "artifact"
	planFile    = "plan"
)

// Directory is the directory of a place, "" for none.
func Directory(p deploy.Place) (string, error) {
	dir := p.Config[policy.DirectoryKey]
	if dir != "" && !filepath.IsAbs(dir) {
		return "", fault.New(fault.Invalid, "environment %s: config %s %q: want an absolute path", p.Environment, policy.DirectoryKey, dir).
			WithHint("change it with: dc-release solution revise %s", p.Solution)
	}
	return dir, nil
}

// Run runs a program in a fresh folder with the artifact unpacked in artifact/.
// What it gives is masked; the program's exit code is for the caller.
func (h Host) Run(ctx context.Context, c *deploy.Call, u Use) (out deploy.Output, err error) {
	folder, done, err := h.Programs.Folder(ctx)
	if err != nil {
		return out, err
	}
	defer func() { err = errors.Join(err, done()) }()
	p := deploy.Program{Argv: u.Argv, See: u.See, Before: u.Before, Env: variables(c.Place, u.Artifact), Network: c.Config[policy.NetworkKey] == policy.NetworkAllowed}
	maps.Copy(p.Env, u.Extra)
	if err := h.unpack(ctx, folder, u, &p); err != nil {
		return out, err
	}
	if err := directory(c.Place, u.Changes, &p); err != nil {
		return out, err
	}
	if err := h.secrets(ctx, c.Place, u.Changes, &p); err != nil {
		return out, err
	}
	if out, err = h.Programs.Run(ctx, c, folder, p); err != nil {
		return out, fmt.Errorf("%s of %s: %w", u.What, c.Environment, err)
	}
	m := mask.New(p.Hide...)
	out.Stdout, out.Stderr = []byte(m.Mask(string(out.Stdout))), []byte(m.Mask(string(out.Stderr)))
	return out, nil
}

// variables tell a program what it deploys, and where.
func variables(p deploy.Place, a deploy.Artifact) map[string]string {
	out := map[string]string{"DC_RELEASE_SOLUTION": p.Solution, "DC_RELEASE_ENVIRONMENT": p.Environment}
	if len(a.Tree) > 0 {
		out["DC_RELEASE_VERSION"], out["DC_RELEASE_COMMIT"], out["DC_RELEASE_ARTIFACT"] = a.Version, a.Commit, a.Tree.Digest()
	}
	return out
}

// unpack puts the artifact and the plan into the folder.
func (h Host) unpack(ctx context.Context, folder string, u Use, p *deploy.Program) error {
	to := ""
	if len(u.Artifact.Tree) > 0 {
		to = filepath.Join(folder, artifactDir)
		if err := files.Write(ctx, to, u.Artifact.Tree, u.Artifact.Open); err != nil {
			return fmt.Errorf("unpack the artifact: %w", err)
		}
	}
	if u.Own != "" {
		path := filepath.Join(folder, planFile)
		if err := os.WriteFile(path, []byte(u.Own), 0o644); err != nil {
			return fmt.Errorf("write the plan: %w", err)
		}
		p.Env["DC_RELEASE_PLAN"] = path
	}
	if u.Stdin == nil {
		return nil
	}
	var err error
	p.Stdin, err = u.Stdin(to)
	return err
}

// directory shows the place's directory to the program. One that is not there is
// made for who may change it.
func directory(place deploy.Place, changes bool, p *deploy.Program) error {
	dir, err := Directory(place)
	if err != nil || dir == "" {
		return err
	}
	p.Env["DC_RELEASE_DIRECTORY"] = dir
	if changes {
		if err := os.MkdirAll(dir, 0o755); err != nil {
			return err
		}
		p.Write = []string{dir}
		return nil
	}
	if _, err := os.Stat(dir); errors.Is(err, fs.ErrNotExist) {
		return nil
	} else if err != nil {
		return err
	}
	p.See = append(p.See, dir)
	return nil
}

func (h Host) secrets(ctx context.Context, place deploy.Place, changes bool, p *deploy.Program) error {
	key := policy.ReadSecretsKey
	if changes {
		key = policy.SecretsKey
	}
	for _, name := range strings.Fields(place.Config[key]) {
		value, ok, err := h.Secret(ctx, place.Solution, place.Environment, name)
		if err != nil {
			return err
		}
		if !ok {
			return missingSecret(place, name)
		}
		p.Env[name] = value
		p.Hide = append(p.Hide, value)
	}
	return nil
}

func missingSecret(p deploy.Place, name string) *fault.Error {
	return fault.New(fault.NotFound, "environment %s: there is no secret %s", p.Environment, name).
		WithHint("set it with: dc-release secret set %s --solution %s --environment %s", name, p.Solution, p.Environment)
}

// Check finds what is wrong with the common part of a place's configuration.
func (h Host) Check(ctx context.Context, p deploy.Place) ([]deployment.Finding, error) {
	var out []deployment.Finding
	wrong := func(rule, key, fix string, err error) {
		out = append(out, deployment.Finding{Severity: deployment.Error, Rule: rule, Where: Where(p, key), What: err.Error(), Fix: fix})
	}
	dir, err := Directory(p)
	if err != nil {
		wrong("directory", policy.DirectoryKey, "say an absolute path", err)
	} else if info, err := os.Stat(dir); dir != "" && err == nil && !info.IsDir() {
		wrong("directory", policy.DirectoryKey, "say another path", fmt.Errorf("%s is no directory", dir))
	}
	for _, key := range []string{policy.SecretsKey, policy.ReadSecretsKey} {
		for _, name := range strings.Fields(p.Config[key]) {
			_, ok, err := h.Secret(ctx, p.Solution, p.Environment, name)
			if err != nil {
				return nil, err
			}
			if !ok {
				missing := missingSecret(p, name)
				wrong("secret", key, missing.Hint, missing)
			}
		}
	}
	return out, nil
}

// Where is the place of a configuration key in a finding.
func Where(p deploy.Place, key string) string {
	return "environments." + p.Environment + ".config." + key
}

// Failed is the error of a program that ended with another code than 0: with the
// end of what it said.
func (u Use) Failed(environment string, out deploy.Output) error {
	said := end(out.Stderr)
	if said == "" {
		said = end(out.Stdout)
	}
	if said != "" {
		said = ":\n" + said
	}
	err := fault.New(fault.RunFailed, "%s of %s ended with exit code %d%s", u.What, environment, out.Exit, said)
	if out.Exit == 127 { // of a shell
		return err.WithHint("a program that it calls is not on the PATH of deployments: install it on the machine that owns the data directory")
	}
	return err
}

// end gives the last lines of a text.
func end(text []byte) string {
	const lines, most = 20, 4096
	s := strings.TrimSpace(strings.ToValidUTF8(string(text[max(0, len(text)-most):]), ""))
	all := strings.Split(s, "\n")
	return strings.Join(all[max(0, len(all)-lines):], "\n")
}

// Whole refuses an answer of which a part was cut.
func (u Use) Whole(environment string, out deploy.Output) error {
	if out.Cut > 0 {
		return fault.New(fault.Invalid, "%s of %s printed %d bytes more than are read", u.What, environment, out.Cut).WithHint("print the answer on stdout, and everything else on stderr")
	}
	return nil
}
