package gate_test

import (
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/dc-release/dc-release/internal/core/gate"
	"github.com/dc-release/dc-release/internal/core/policy"
)

func TestWhoeverSignsABaselineSeesWhatDeploysOtherwise(t *testing.T) {
	with := func(prd policy.Environment) policy.Baseline {
		return policy.Baseline{Profile: policy.GxP, Environments: map[string]policy.Environment{"prd": prd}}
	}
	script := func(deploy, plan string) policy.Baseline {
		return with(policy.Environment{Target: "script", Config: map[string]string{"deploy": deploy, "plan": plan}})
	}
	for _, c := range []struct {
		name     string
		from, to policy.Baseline
		want     []string
	}{
		{"the same", script("a", "b"), script("a", "b"), nil},
		{"another command", script("a", "b"), script("x", "b"), []string{"what deploys to prd: another deploy"}},
		{"a command less", script("a", "b"), with(policy.Environment{Target: "script", Config: map[string]string{"deploy": "a"}}), []string{"what deploys to prd: another plan"}},
		{"another target", script("a", "b"), with(policy.Environment{Target: "localdir"}), []string{"what deploys to prd: target script becomes localdir"}},
		{"no place any more", script("a", "b"), policy.Baseline{Profile: policy.GxP}, []string{"what deploys to prd: target script becomes none"}},
		{
			"less of scans, and back by itself",
			policy.Baseline{Profile: policy.GxP, Scans: policy.Scans{Severity: "medium", SBOM: true, Provenance: true}},
			policy.Baseline{Profile: policy.GxP, Scans: policy.Scans{Severity: "critical"}, Rollback: policy.Rollback{Automatic: true}},
			[]string{
				"signatures at gate approve_rollback when the installation verification of PRD fails: PRD goes back by itself",
				"scan without findings of severity high", "scan without findings of severity medium",
				"list of the artifact's components", "signed statement of the artifact's build",
			},
		},
		{
			"more of scans",
			policy.Baseline{Profile: policy.GxP, Scans: policy.Scans{Severity: "high"}},
			policy.Baseline{Profile: policy.GxP, Scans: policy.Scans{Severity: "low", SBOM: true}},
			nil,
		},
		{"a new place", policy.Baseline{Profile: policy.GxP}, script("a", "b"), nil},
	} {
		t.Run(c.name, func(t *testing.T) {
			if d := cmp.Diff(c.want, gate.Lost(c.from, c.to)); d != "" {
				t.Error(d)
			}
		})
	}
}
