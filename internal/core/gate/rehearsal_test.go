package gate_test

import (
	"slices"
	"strings"
	"testing"

	"github.com/dc-release/dc-release/internal/core/approval"
	"github.com/dc-release/dc-release/internal/core/deployment"
	"github.com/dc-release/dc-release/internal/core/evidence"
	"github.com/dc-release/dc-release/internal/core/gate"
)

func rehearsal(name, tree, verdict string) gate.Evidence {
	return gate.Evidence{Latest: true, Item: evidence.Item{
		Name: name, Verification: string(evidence.RR), Environment: "tst", Tree: tree, Verdict: verdict, Counted: true,
	}}
}

func TestGXP093_ARollbackIsRehearsedBeforePRD(t *testing.T) {
	def := find(t, gate.ApproveToPrd)
	wanted := &gate.Rehearsal{Environment: "tst", To: "1.0.0", Tree: "old"}
	in := map[string]deployment.Deployed{"tst": {Tree: "new"}}
	const none = "the rollback to 1.0.0 is not rehearsed in tst"
	for name, c := range map[string]struct {
		facts   gate.Facts
		missing string // "" for nothing of the rehearsal
		due     bool   // it follows by itself
	}{
		"nothing to go back to":               {gate.Facts{Deployments: in}, "", false},
		"not tried":                           {gate.Facts{Deployments: in, Rehearsal: wanted}, none, true},
		"deployed by others":                  {gate.Facts{Rehearsal: wanted}, "", false},
		"rebuilt by others":                   {gate.Facts{Deployments: in, Rehearsal: wanted, Opaque: true}, "", false},
		"waived":                              {gate.Facts{Deployments: in, Rehearsal: wanted, Waivers: []approval.Waiver{{Check: "rollback-rehearsed", Item: "1.0.0"}}}, "", false},
		"back and forth":                      {gate.Facts{Deployments: in, Rehearsal: wanted, Evidence: []gate.Evidence{rehearsal("b", "old", "passed"), rehearsal("f", "new", "passed")}}, "", false},
		"back only":                           {gate.Facts{Deployments: in, Rehearsal: wanted, Evidence: []gate.Evidence{rehearsal("b", "old", "passed")}}, none, false},
		"back failed":                         {gate.Facts{Deployments: in, Rehearsal: wanted, Evidence: []gate.Evidence{rehearsal("b", "old", "failed"), rehearsal("f", "new", "passed")}}, "b is failed", false},
		"the last try counts":                 {gate.Facts{Deployments: in, Rehearsal: wanted, Evidence: []gate.Evidence{rehearsal("b", "old", "failed"), rehearsal("f", "new", "passed"), rehearsal("b2", "old", "passed"), rehearsal("f2", "new", "passed")}}, "", false},
		"another release is in use":           {gate.Facts{Deployments: in, Rehearsal: &gate.Rehearsal{Environment: "tst", To: "1.0.0", Tree: "older"}, Evidence: []gate.Evidence{rehearsal("b", "old", "passed"), rehearsal("f", "new", "passed")}}, none, false},
		"the same bytes":                      {gate.Facts{Deployments: map[string]deployment.Deployed{"tst": {Tree: "old"}}, Rehearsal: wanted, Evidence: []gate.Evidence{rehearsal("b", "old", "passed")}}, "", false},
		"VAL is used until all else is there": {gate.Facts{Deployments: map[string]deployment.Deployed{"val": {Tree: "new"}}, Rehearsal: &gate.Rehearsal{Environment: "val", To: "1.0.0", Tree: "old"}}, "the rollback to 1.0.0 is not rehearsed in val", false},
	} {
		var said []string
		for _, m := range def.Missing(c.facts) {
			if strings.Contains(m, "rehears") {
				said = append(said, m)
			}
		}
		if c.missing == "" && len(said) > 0 || c.missing != "" && !slices.ContainsFunc(said, func(s string) bool { return strings.Contains(s, c.missing) }) {
			t.Errorf("%s: %q, want %q", name, said, c.missing)
		}
		if got := def.Rehearsable(c.facts); got != c.due {
			t.Errorf("%s: it follows by itself: %t", name, got)
		}
	}
}
