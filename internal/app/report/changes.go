package report

import (
	"context"

	"github.com/dc-release/dc-release/internal/core/ledger"
	"github.com/dc-release/dc-release/internal/core/pipeline"
	"github.com/dc-release/dc-release/internal/core/policy"
	"github.com/dc-release/dc-release/internal/core/releaselog"
)

// changes are the exceptions outside of the release that reach into it: who
// might do what, and under which configuration, since it was registered.
func (r *Reporter) changes(ctx context.Context, m *moment, by func(ledger.Event) string, add adder) error {
	since := m.ofRelease[0].Seq
	for _, events := range [][]ledger.Event{m.ofSolution, m.ofInstallation} {
		for _, e := range events {
			if e.Seq > since {
				ofConfiguration(e, by, add)
			}
		}
	}
	people, err := r.People(ctx)
	if err != nil {
		return err
	}
	for _, id := range people {
		events, err := r.State.EventsAt(ctx, ledger.PersonStream(id), m.size)
		if err != nil {
			return err
		}
		var p policy.Subject
		for _, e := range events {
			if p = policy.ApplyPerson(p, e); e.Seq > since {
				m.ofAccess(e, p.Login, by, add)
			}
		}
	}
	return nil
}

func ofConfiguration(e ledger.Event, by func(ledger.Event) string, add adder) {
	switch d := e.Data.(type) {
	case *policy.SolutionAdded:
		add(e, "changed configuration", d.Baseline.Solution, "the baseline was changed by %s", by(e))
	case *pipeline.ActionPinned:
		add(e, "changed configuration", d.Pin.Repository, "the action was pinned to commit %.12s by %s", d.Pin.Commit, by(e))
	case *releaselog.Diverged:
		add(e, "divergence", d.Branch, "others changed branch %s of the release log: %d commits, %d files", d.Branch, len(d.Commits), len(d.Files))
	}
}

func (m *moment) ofAccess(e ledger.Event, login string, by func(ledger.Event) string, add adder) {
	here := func(g policy.Grant) bool { return g.Solution == "" || g.Solution == m.standing.Registered.Solution }
	switch d := e.Data.(type) {
	case *policy.RoleGranted:
		if here(d.Grant) {
			add(e, "role change", login, "%s was granted by %s", d.Grant.Role, by(e))
		}
	case *policy.RoleRevoked:
		if here(d.Grant) {
			add(e, "role change", login, "%s was revoked by %s", d.Grant.Role, by(e))
		}
	case *policy.PersonDisabled:
		add(e, "role change", login, "disabled by %s", by(e))
	}
}
