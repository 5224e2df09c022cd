package gate_test

import (
	"strings"
	"testing"

	"github.com/dc-release/dc-release/internal/core/deployment"
	"github.com/dc-release/dc-release/internal/core/evidence"
	"github.com/dc-release/dc-release/internal/core/gate"
	"github.com/dc-release/dc-release/internal/core/policy"
	"github.com/dc-release/dc-release/internal/core/signature"
)

// TestOnlyWhatWasVerifiedIsPromoted changes one fact of a release that waits
// for production.
func TestOnlyWhatWasVerifiedIsPromoted(t *testing.T) {
	facts := func() gate.Facts {
		item := func(v evidence.Verification, place, person string) gate.Evidence {
			return gate.Evidence{Item: evidence.Item{
				Name: "x.xml", Verification: string(v), Environment: place, Commit: "c1", Tree: "t1", Verdict: evidence.VerdictPassed, Counted: true,
			}, Person: person, Latest: true}
		}
		return gate.Facts{
			Commit: "c1", Deployments: map[string]deployment.Deployed{"tst": {Tree: "t1"}, "val": {Tree: "t1"}},
			Evidence: []gate.Evidence{item(evidence.IV, "val", ""), item(evidence.OV, "val", ""), item(evidence.AV, "val", "tom")},
			Plan:     &gate.Plan{Planned: deployment.Planned{Tree: "t1"}},
		}
	}
	for name, c := range map[string]struct {
		change func(*gate.Facts)
		want   string // part of what is missing, "" for nothing
	}{
		"all as it was verified": {func(*gate.Facts) {}, ""},
		"Attack32 evidence of another commit": {
			func(f *gate.Facts) { f.Evidence[1].Commit = "c2" }, "is evidence of commit c2",
		},
		"Attack32 evidence of another deployment": {
			func(f *gate.Facts) { f.Evidence[1].Tree = "t2" }, "was made on another deployment",
		},
		"Attack32 evidence of another place": {
			func(f *gate.Facts) { f.Evidence[1].Environment = "tst" }, "OV in val: no evidence",
		},
		"Attack32 evidence of a run that does not count": {
			func(f *gate.Facts) { f.Evidence[1].Counted = false }, "OV in val: no evidence",
		},
		"Attack41 other bytes under the same version": {
			func(f *gate.Facts) { f.Deployments["val"] = deployment.Deployed{Tree: "t2"} }, "val holds artifact t2, tst was verified with t1",
		},
		"Attack42 built again for the next place": {
			func(f *gate.Facts) {
				f.Deployments["val"] = deployment.Deployed{Tree: "t2"}
				for i := range f.Evidence {
					f.Evidence[i].Tree = "t2"
				}
			}, "val holds artifact t2, tst was verified with t1",
		},
		"nothing was deployed to the place before": {
			func(f *gate.Facts) { delete(f.Deployments, "tst") }, "nothing is deployed to tst",
		},
		"nobody knows what the deployment will do": {
			func(f *gate.Facts) { f.Plan = nil }, "the deployment to prd is not planned yet",
		},
		"the plan is of another artifact": {
			func(f *gate.Facts) { f.Plan.Tree = "t0" }, "the deployment to prd is not planned yet",
		},
		"the plan deletes what nobody approved": {
			func(f *gate.Facts) { f.Plan.Destroys = []string{"delete jobs.old: its history"} }, "a deletion in prd is not approved: delete jobs.old: its history",
		},
		"the plan deletes what was approved": {
			func(f *gate.Facts) {
				f.Plan.Destroys, f.Plan.Deletable = []string{"delete jobs.old: its history"}, true
			}, "",
		},
		"a foreign command deploys": {
			func(f *gate.Facts) { f.Plan, f.Opaque = nil, true }, "",
		},
		"GXP072 a test that was skipped": {
			func(f *gate.Facts) { f.Evidence[1].Verdict = "skipped" }, "is skipped",
		},
		"GXP086 accepted by an author": {
			func(f *gate.Facts) { f.Authors = map[string]bool{"tom": true} }, "the tester is an author",
		},
	} {
		t.Run(name, func(t *testing.T) {
			f := facts()
			c.change(&f)
			got := strings.Join(find(t, gate.ApproveToPrd).Missing(f), "; ")
			if c.want == "" && got != "" || !strings.Contains(got, c.want) {
				t.Errorf("got %q, want %q", got, c.want)
			}
		})
	}
}

func TestAttack25_WhoLeavesAfterTheGateWasConsumedHasSigned(t *testing.T) {
	cleo := subject("cleo", policy.SME)
	find := func(string) policy.Subject { return cleo }
	open := road(registered(), opened(gate.PreVal, "m"), made("s1", "cleo", gate.PreVal, "m", signature.SMEApproved, policy.SME))
	consumed := road(
		registered(), opened(gate.PreVal, "m"), made("s1", "cleo", gate.PreVal, "m", signature.SMEApproved, policy.SME), &gate.Consumed{Gate: gate.PreVal, Manifest: "m"},
	)
	cleo.Disabled = true
	if n := len(gate.Effective(open, gate.PreVal, solution, find)); n != 0 {
		t.Errorf("while the gate is open %d signatures of somebody who left count, want none", n)
	}
	if ok, why := gate.MayEnter(policy.GxP, "val", consumed); !ok {
		t.Errorf("the consumed gate lets nothing in any more: %s", why)
	}
	if g := consumed.Gate(gate.PreVal); len(g.Signatures) != 1 || g.Signatures[0].Person != "cleo" {
		t.Errorf("the signature is gone: %+v", g)
	}
}
