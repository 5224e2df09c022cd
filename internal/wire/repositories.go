package wire

import (
	"context"
	"path/filepath"
	"sync"

	"github.com/dc-release/dc-release/internal/adapter/git"
	"github.com/dc-release/dc-release/internal/app/intake"
	"github.com/dc-release/dc-release/internal/app/traceability"
	"github.com/dc-release/dc-release/internal/core/policy"
)

// mirrors keeps a bare mirror of every repository of every solution under
// git/<solution>/<role>.git.
type mirrors struct {
	root string
	mu   sync.Mutex
}

// newMirrors are those of a data directory.
func newMirrors(data string) *mirrors { return &mirrors{root: filepath.Join(data, "git")} }

func (m *mirrors) open(ctx context.Context, solution, role, source string) (*git.Repository, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	return git.Mirror(ctx, source, m.dir(solution, role))
}

func (m *mirrors) dir(solution, role string) string {
	return filepath.Join(m.root, solution, role+".git")
}

// Code implements intake.Repositories.
func (m *mirrors) Code(ctx context.Context, b policy.Baseline) (intake.Code, error) {
	return m.open(ctx, b.Solution, "code", b.Code)
}

// Requirements implements intake.Repositories.
func (m *mirrors) Requirements(ctx context.Context, b policy.Baseline) (string, error) {
	if b.Requirements == "" {
		return "", nil
	}
	r, err := m.open(ctx, b.Solution, "requirements", b.Requirements)
	if err != nil {
		return "", err
	}
	ref, _, err := r.Resolve(ctx, "refs/heads/"+b.Branch)
	if err != nil || ref.Commit == "" {
		return "", err
	}
	return ref.Commit, r.Keep(ctx, ref.Commit)
}

// CodeTree implements traceability.Repositories.
func (m *mirrors) CodeTree(_ context.Context, b policy.Baseline) (traceability.Tree, error) {
	return git.OpenBare(m.dir(b.Solution, "code"))
}

// History implements traceability.Repositories.
func (m *mirrors) History(_ context.Context, b policy.Baseline, r traceability.Repository) (traceability.History, error) {
	return git.OpenBare(m.dir(b.Solution, string(r)))
}

// RequirementsTree implements traceability.Repositories.
func (m *mirrors) RequirementsTree(_ context.Context, b policy.Baseline) (traceability.Tree, error) {
	return git.OpenBare(m.dir(b.Solution, "requirements"))
}
