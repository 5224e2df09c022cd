package deviation_test

import (
	"fmt"
	"testing"

	"pgregory.net/rapid"

	"github.com/dc-release/dc-release/internal/core/deviation"
	"github.com/dc-release/dc-release/internal/core/policy"
)

const solution = "corp-procurement"

// TestMayDisposeIsWhatTheRuleSays compares with the rule written out: an open
// deviation, a known cause, QC or SME, from the third of a cause on only QC, and
// no author, in person or as the one who is signed for.
func TestMayDisposeIsWhatTheRuleSays(t *testing.T) {
	allowed, refused := 0, 0
	rapid.Check(t, func(t *rapid.T) {
		var list []deviation.Deviation
		same := map[deviation.Disposition]int{}
		for i := range rapid.IntRange(1, 5).Draw(t, "deviations") {
			d := deviation.Deviation{Opened: deviation.Opened{Deviation: fmt.Sprint("D", i+1)}}
			if rapid.Bool().Draw(t, "disposed") {
				cause := rapid.SampledFrom(deviation.Dispositions).Draw(t, "its cause")
				d.Disposed = &deviation.Disposed{Deviation: d.Deviation, Disposition: cause}
				same[cause]++
			}
			list = append(list, d)
		}
		about := rapid.IntRange(0, len(list)).Draw(t, "which") // the last is none
		cause := rapid.SampledFrom(append([]deviation.Disposition{"bad luck"}, deviation.Dispositions...)).Draw(t, "cause")
		from := policy.Subject{ID: "xena", Login: "xena", Enrolled: true}
		p := policy.Subject{ID: "yngve", Login: "yngve", Enrolled: true, Disabled: rapid.IntRange(0, 5).Draw(t, "left") == 0}
		can := map[policy.Role]string{} // "own" before the delegated one
		for _, r := range []policy.Role{policy.QC, policy.SME} {
			switch rapid.IntRange(0, 2).Draw(t, string(r)) {
			case 0:
				p.Grants = append(p.Grants, policy.Grant{Role: r, Solution: solution})
				can[r] = "own"
			case 1:
				from.Grants = append(from.Grants, policy.Grant{Role: r, Solution: solution})
				can[r] = "for"
			}
		}
		for r, how := range can {
			if how == "for" {
				p.Delegations = append(p.Delegations, policy.Delegated{Delegation: policy.Delegation{ID: "d", From: "xena", Role: r, Solution: solution}, Delegator: from})
			}
		}
		authors := map[string]bool{"yngve": rapid.IntRange(0, 4).Draw(t, "author") == 0, "xena": rapid.Bool().Draw(t, "delegator is author")}
		as, reasons := deviation.MayDispose(list, fmt.Sprint("D", about+1), cause, p, solution, func(s policy.Subject) bool { return authors[s.ID] })
		how := can[policy.QC]
		if how == "" && (same[cause] < 2 || cause == deviation.ProductDefect) {
			how = can[policy.SME]
		}
		want := about < len(list) && list[min(about, len(list)-1)].Disposed == nil && cause != "bad luck" && !p.Disabled && !authors["yngve"] &&
			(how == "own" || how == "for" && !authors["xena"])
		if (len(reasons) == 0) != want {
			t.Fatalf("got %q, want allowed %t", reasons, want)
		}
		if want && (as.For == "xena") != (how == "for") {
			t.Fatalf("allowed as %+v, want %s", as, how)
		}
		if want {
			allowed++
		} else {
			refused++
		}
	})
	if allowed == 0 || refused == 0 {
		t.Errorf("%d were allowed and %d refused: the test shows nothing", allowed, refused)
	}
}
