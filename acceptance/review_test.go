package acceptance_test

import (
	"strings"
	"testing"
)

// TestGXP055_GXP056_TheAuditTrailIsReviewedByNobodyWhoActed takes a release to
// its last gate, which stays closed until the exception list as it stands was
// reviewed by somebody else.
func TestGXP055_GXP056_TheAuditTrailIsReviewedByNobodyWhoActed(t *testing.T) {
	s := newSite(t)
	s.tag("1.0.0")
	s.want(3, "", "intake")
	s.sign("pre_val", "cleo", "sme-approved")
	s.want(0, s.fresh("tom"), s.acceptArgs("tom")...)
	s.approveToPRD()
	missing := func(text string) {
		t.Helper()
		g := s.gate("approve_for_use")
		if g.Phase != "closed" || !strings.Contains(strings.Join(g.Missing, "; "), text) {
			t.Fatalf("approve_for_use is %+v, want it closed with %q", g, text)
		}
	}
	refused := func(reason string, r result) {
		t.Helper()
		if r.code != 5 || !strings.Contains(r.errOut, reason) {
			t.Errorf("exit %d, want 5 with %q\n%s", r.code, reason, r)
		}
	}
	// GXP056: nothing was reviewed.
	missing("audit trail: the exception list with")
	shown := s.want(0, "", "audit", "review", "--solution", product, "--version", "1.0.0")
	if !strings.Contains(shown.out, "manual entry") || !strings.Contains(shown.out, "is not reviewed") {
		t.Errorf("the list: %s", shown)
	}
	// GXP055: who acted, and who may not sign at all.
	refused("acted in this release (signature.made)", s.call(s.fresh("quinn"), s.reviewArgs("quinn")...))
	refused("holds none of the roles", s.call(s.fresh("rune"), s.reviewArgs("rune")...))
	refused("look again", s.call(s.fresh("vera"), append(s.reviewArgs("vera"), "--list", strings.Repeat("0", 64))...))
	s.review()
	if g := s.gate("approve_for_use"); g.Phase != "open" {
		t.Fatalf("approve_for_use after the review: %+v", g)
	}
	// A reviewer does nothing else, and what is refused is a new entry.
	refused("signs nothing else of it", s.call(s.fresh("vera"), s.signArgs("approve_for_use", "vera", "qc-approved")...))
	s.call("", "intake")
	missing("the exception list changed after the review")
	if g := s.gate("approve_for_use"); len(g.Voided) != 1 || !strings.Contains(g.Voided[0], "audit trail") {
		t.Errorf("approve_for_use: %+v", g)
	}
	s.review()
	s.approveForUse()
	if st := s.state(); st != "effective" {
		t.Errorf("the release is %s", st)
	}
	log := s.path("checkout")
	s.mustGit(s.dir, "clone", "--quiet", s.bare("release-log"), log)
	want(t, 0, "", "audit", "verify", "--release-log", log, "--version", "1.0.0")
	reviews := 0
	for _, name := range filesIn(t, log) {
		if strings.HasPrefix(name, "1.0.0/reviews/") {
			reviews++
			raw := mustRead(t, s.path("checkout", name))
			mustWrite(t, s.path("checkout", name), []byte(strings.Replace(string(raw), "manual entry", "manual entrY", 1)))
			if r := want(t, 7, "", "audit", "verify", "--release-log", log, "--version", "1.0.0"); !strings.Contains(r.out, name) {
				t.Errorf("a changed exception list is not named: %s", r)
			}
			mustWrite(t, s.path("checkout", name), raw)
		}
	}
	if reviews != 2 {
		t.Errorf("%d reviews are published, want 2", reviews)
	}
}
