package acceptance

import (
	"context"
	"slices"
	"strings"

	"github.com/dc-release/dc-release/internal/app/traceability"
	"github.com/dc-release/dc-release/internal/core/acceptance"
	"github.com/dc-release/dc-release/internal/core/evidence"
	"github.com/dc-release/dc-release/internal/core/fault"
	"github.com/dc-release/dc-release/internal/core/ledger"
	"github.com/dc-release/dc-release/internal/core/trace"
)

// Begin freezes the script of the named manual tests, of all without names, and
// begins its execution. Tests that were executed before are repeated: repeats
// names the earlier execution, and the tests are its.
func (a *Acceptances) Begin(ctx context.Context, by ledger.Actor, r Release, tests []string, repeats, reason string) (string, error) {
	var id string
	_, err := ledger.Decide(ctx, a.Log, func() (ledger.Batch, error) {
		w, err := a.world(ctx, r)
		if err != nil {
			return ledger.Batch{}, err
		}
		if err := a.may(ctx, w, r, by); err != nil {
			return ledger.Batch{}, err
		}
		begun := acceptance.Begun{Acceptance: acceptance.Next(w.run.Acceptances), Environment: environment, Commit: w.standing.Registered.Commit, Tree: w.tree}
		wanted := tests
		if repeats != "" {
			if wanted, begun.Repeats, err = a.repeated(ctx, w.run.Acceptances, tests, repeats); err != nil {
				return ledger.Batch{}, err
			}
		}
		script, err := a.script(ctx, w, r, wanted)
		if err != nil {
			return ledger.Batch{}, err
		}
		if repeats == "" {
			if err := a.fresh(ctx, w.run.Acceptances, script); err != nil {
				return ledger.Batch{}, err
			}
		}
		raw, err := script.JSON()
		if err != nil {
			return ledger.Batch{}, err
		}
		if begun.Script, err = a.Blobs.PutBytes(ctx, raw); err != nil {
			return ledger.Batch{}, err
		}
		id = begun.Acceptance
		return w.decided(r, "begin", by, ledger.Draft{Stream: ledger.RunStream(w.run.Run.Run), Reason: reason, Data: &begun}), nil
	})
	return id, err
}

// repeated gives the tests of an earlier execution and the first of its kind.
func (a *Acceptances) repeated(ctx context.Context, list []acceptance.Acceptance, tests []string, id string) ([]string, string, error) {
	before, ok := acceptance.Find(list, id)
	switch {
	case len(tests) > 0:
		return nil, "", fault.New(fault.Invalid, "what is repeated has its tests: name an execution or tests, not both")
	case !ok:
		return nil, "", fault.New(fault.NotFound, "no execution %q of manual tests", id)
	case before.Open():
		return nil, "", fault.New(fault.Blocked, "%s is still running", id).WithHint("submit or abandon it first")
	}
	script, err := a.scriptOf(ctx, before)
	if err != nil {
		return nil, "", err
	}
	for _, t := range script.Tests {
		tests = append(tests, t.ID)
	}
	return tests, before.First(), nil
}

// fresh refuses tests that an execution, which was not abandoned, has already:
// two answers to one test would both count.
func (a *Acceptances) fresh(ctx context.Context, list []acceptance.Acceptance, s acceptance.Script) error {
	for _, before := range list {
		if before.Abandoned != "" {
			continue
		}
		old, err := a.scriptOf(ctx, before)
		if err != nil {
			return err
		}
		for _, t := range old.Tests {
			if !slices.ContainsFunc(s.Tests, func(x acceptance.Test) bool { return x.ID == t.ID }) {
				continue
			}
			hint := "repeat it with: --repeat " + before.Acceptance
			if before.Open() {
				hint = "go on with it: dc-release acceptance run " + before.Acceptance
			}
			return fault.New(fault.Blocked, "%s is executed in %s, which is %s", t.ID, before.Acceptance, before.State()).WithHint("%s", hint)
		}
	}
	return nil
}

// script is that of the wanted manual tests, all for none.
func (a *Acceptances) script(ctx context.Context, w world, r Release, wanted []string) (acceptance.Script, error) {
	s := acceptance.Script{
		Schema: acceptance.ScriptSchema, Solution: r.Solution, Version: r.Version, Environment: environment,
		Commit: w.standing.Registered.Commit, Requirements: w.standing.Registered.RequirementsCommit, Tests: []acceptance.Test{},
	}
	items, _, err := a.Items.Items(ctx, traceability.PinOf(w.standing))
	if err != nil {
		return s, err
	}
	found := map[string]bool{}
	for _, i := range items {
		if i.Kind != trace.TEST || i.Retired || !i.ByPeople() || found[i.ID] || len(wanted) > 0 && !slices.Contains(wanted, i.ID) {
			continue
		}
		found[i.ID] = true
		s.Tests = append(s.Tests, acceptance.TestOf(i))
	}
	var unknown []string
	for _, id := range wanted {
		if !found[id] {
			unknown = append(unknown, id)
		}
	}
	switch {
	case len(unknown) > 0:
		return s, fault.New(fault.NotFound, "no manual test of the release: %s", strings.Join(unknown, ", ")).WithHint("a manual test says - Verification: AV, or - Method: manual")
	case len(s.Tests) == 0:
		return s, fault.New(fault.NotFound, "the release has no manual test").WithHint("write one with - Verification: AV")
	}
	slices.SortFunc(s.Tests, func(x, y acceptance.Test) int { return evidence.CompareIDs(x.ID, y.ID) })
	return s, nil
}

func (a *Acceptances) scriptOf(ctx context.Context, x acceptance.Acceptance) (acceptance.Script, error) {
	raw, err := a.Blobs.Bytes(ctx, x.Script)
	if err != nil {
		return acceptance.Script{}, err
	}
	return acceptance.ParseScript(raw)
}
