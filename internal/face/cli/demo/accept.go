package demo

import (
	"context"
	"slices"
	"strings"

	"github.com/dc-release/dc-release/examples"
	"github.com/dc-release/dc-release/internal/app/acceptance"
	"github.com/dc-release/dc-release/internal/app/inspect"
	"github.com/dc-release/dc-release/internal/app/operation"
	"github.com/dc-release/dc-release/internal/app/sign"
	core "github.com/dc-release/dc-release/internal/core/acceptance"
	"github.com/dc-release/dc-release/internal/core/policy"
	"github.com/dc-release/dc-release/internal/core/signature"
)

// first is the first release of the demo, steps the execution of manual tests of
// the second.
const (
	first = "1.0.0"
	steps = "A1"
)

// accept lets a tester execute the acceptance tests. The first release brings the
// file of another tool, the later ones are executed step by step here.
func (s *show) accept(ctx context.Context, g inspect.Gate) error {
	if g.Version != first {
		return s.execute(ctx, operation.Version{Solution: solution, Version: g.Version})
	}
	data, err := examples.Files.ReadFile("corp-procurement/acceptance/acceptance.xml")
	if err != nil {
		return err
	}
	return s.perform(ctx, []policy.Role{policy.Tester}, func(p player, c sign.Credentials) error {
		_, err := ask[sign.Signed](ctx, s, "evidence.add", sign.Execution{
			Solution: solution, Version: g.Version, Environment: "val", Verification: "AV", Name: "acceptance.xml", Data: data,
			By: sign.By{As: p.Login, Reason: "executed the acceptance tests in val", Credentials: c},
		})
		if err == nil {
			s.say("  %-20s %s (%s) executed the acceptance tests in val", "test-executed", p.Name, p.Role)
		}
		return err
	})
}

// execute lets the tester go through the manual tests of a release and sign the
// protocol.
func (s *show) execute(ctx context.Context, v operation.Version) error {
	return s.perform(ctx, []policy.Role{policy.Tester}, func(p player, c sign.Credentials) error {
		begun, err := ask[operation.Named](ctx, s, "acceptance.begin", operation.BeginAcceptance{ByAdministrator: operation.ByAdministrator{As: p.Login, Reason: "executes the acceptance tests in the demo"}, Version: v})
		if err != nil {
			return err
		}
		all, err := ask[[]acceptance.Shown](ctx, s, "acceptance.list", v)
		if err != nil {
			return err
		}
		for _, t := range all[len(all)-1].Tests {
			for i := range t.Steps {
				_, err := ask[operation.Recorded](ctx, s, "acceptance.record", operation.RecordStep{As: p.Login, Version: v, Acceptance: begun.ID, Observation: acceptance.Observation{
					Place: core.Place{Test: t.ID, Step: i + 1}, Verdict: core.Passed, Actual: "The totals of the month equal those of the source system.",
					Files: []acceptance.File{{Name: "totals.csv", Data: []byte("supplier,report,source\nACME,1200.00,1200.00\nBolt,310.50,310.50\n")}},
				}})
				if err != nil {
					return err
				}
			}
		}
		_, err = ask[sign.Signed](ctx, s, "acceptance.submit", sign.Protocol{Solution: solution, Version: v.Version, Acceptance: begun.ID, By: sign.By{As: p.Login, Reason: "executed the acceptance tests in val, step by step", Credentials: c}})
		if err == nil {
			s.say("  %-20s %s (%s) executed the acceptance tests in val, step by step", signature.TestExecuted, p.Name, p.Role)
		}
		return err
	})
}

// unread reports whether the gate waits for a second person to read the protocol
// of manual tests.
func unread(g inspect.Gate) bool {
	return slices.ContainsFunc(g.Missing, func(m string) bool { return strings.Contains(m, "not reviewed by a second person") })
}

// agree lets a second person sign the protocol.
func (s *show) agree(ctx context.Context, g inspect.Gate) error {
	return s.perform(ctx, []policy.Role{policy.SME}, func(p player, c sign.Credentials) error {
		_, err := ask[sign.Signed](ctx, s, "acceptance.review", sign.Protocol{Solution: solution, Version: g.Version, Acceptance: steps, By: sign.By{As: p.Login, Reason: "read the protocol in the demo", Credentials: c}})
		if err == nil {
			s.say("  %-20s %s (%s) reviewed the protocol of the acceptance tests", signature.Reviewed, p.Name, p.Role)
		}
		return err
	})
}
