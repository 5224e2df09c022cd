package acceptance_test

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// TestGXP014_Attack39_NoWorkflowReachesPRDWithoutItsGates pushes releases whose
// workflow was edited so that PRD would come without a gate.
func TestGXP014_Attack39_NoWorkflowReachesPRDWithoutItsGates(t *testing.T) {
	for name, edit := range map[string]func(string) string{
		"the gate jobs were deleted": func(s string) string {
			s = cut(s, "  pre_val:", "  val:")
			s = cut(s, "  pre_prd:", "  prd:")
			return strings.NewReplacer("needs: [pre_val]", "needs: [tst]", "needs: [pre_prd]", "needs: [val]").Replace(s)
		},
		"prd needs nothing": func(s string) string { return strings.Replace(s, "    needs: [pre_prd]\n", "", 1) },
		"prd ignores what was before": func(s string) string {
			return strings.Replace(s, "    needs: [pre_prd]\n", "    needs: [pre_prd]\n    if: always()\n", 1)
		},
		"prd runs although it was cancelled": func(s string) string {
			return strings.Replace(s, "    needs: [pre_prd]\n", "    needs: [pre_prd]\n    if: ${{ always() || cancelled() || failure() }}\n", 1)
		},
	} {
		t.Run(name, func(t *testing.T) {
			s := newSite(t)
			file := filepath.Join(s.clone(), ".github", "workflows", "main.yaml")
			before := string(mustRead(t, file))
			after := edit(before)
			if after == before {
				t.Fatal("nothing was edited")
			}
			mustWrite(t, file, []byte(after))
			s.commit(s.clone(), "Take a short cut")
			s.mustGit(s.clone(), "push", "--quiet", "origin", "main")
			s.tag("1.0.0")
			r := s.call("", "intake")
			if r.code == 0 && s.recorded("intake.refused", "") == 0 {
				t.Errorf("the release went through\n%s", r)
			}
			s.nothingIn("prd")
			s.nothingIn("val")
			// A rejected release does not come to PRD either.
			if s.recorded("release.registered", "") > 0 {
				s.call(s.fresh("cleo"), "gate", "reject", "pre_val", "--solution", product, "--version", "1.0.0", "--as", "cleo", "--reason", "short cut", "--credentials", "-")
				s.nothingIn("prd")
			}
		})
	}
}

// cut removes the text from one mark up to another.
func cut(s, from, to string) string {
	i := strings.Index(s, from)
	j := strings.Index(s[i+1:], to) + i + 1
	return s[:i] + s[j:]
}

// TestGXP065_AnOwnerKilledWhileAGateWaitsLosesNothing kills a server with SIGKILL at
// each gate, starts another, signs, and the run goes on exactly there.
func TestGXP065_AnOwnerKilledWhileAGateWaitsLosesNothing(t *testing.T) {
	s := newSite(t)
	s.tag("1.0.0")
	waits := func(gate string) {
		t.Helper()
		serve := s.start("serve")
		s.until(func() bool {
			return s.gate(gate).Phase == "open" || gate == "AV" && s.gate("approve_to_prd").Phase == "closed"
		})
		before := s.release()
		serve.kill(true)
		after := s.release()
		if len(before.Release.Gates) != len(after.Release.Gates) || s.gate(gate).Manifest != manifestOf(before, gate) {
			t.Errorf("gate %s changed when its owner was killed: %+v, %+v", gate, before, after)
		}
	}
	waits("pre_val")
	s.sign("pre_val", "cleo", "sme-approved")
	s.want(0, s.fresh("tom"), s.acceptArgs("tom")...)
	waits("approve_to_prd")
	s.approveToPRD()
	s.review()
	waits("approve_for_use")
	s.approveForUse()
	if st := s.state(); st != "effective" {
		t.Errorf("the release is %s", st)
	}
	if n := s.recorded("gate.opened", ""); n != 3 {
		t.Errorf("gates were opened %d times, want 3", n)
	}
	if n := s.recorded("execution.given_up", ""); n != 0 {
		t.Errorf("%d executions were given up", n)
	}
	if _, err := os.Stat(s.path("environments", "prd", "current")); err != nil {
		t.Error(err)
	}
	s.want(0, "", "audit", "verify")
}

func manifestOf(r releaseJSON, gate string) string {
	for _, g := range r.Release.Gates {
		if g.Gate == gate {
			return g.Manifest
		}
	}
	return ""
}
