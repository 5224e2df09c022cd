package acceptance_test

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

// refused wants a signature to be refused with a text, and to be recorded.
func (s *site) refused(kind, text string, r result, code int) {
	s.t.Helper()
	if r.code != code || !strings.Contains(r.errOut, text) {
		s.t.Errorf("exit %d, want %d and %q\n%s", r.code, code, text, r)
	}
	if s.recorded(kind, "") == 0 {
		s.t.Errorf("%s of %q is not recorded", kind, text)
	}
}

// TestGXP015_RefusedSignaturesAreRecordedAndTheReleaseGoesOn takes one release to
// effective, with every forbidden signature on its way.
func TestGXP015_RefusedSignaturesAreRecordedAndTheReleaseGoesOn(t *testing.T) {
	s := newSite(t)
	s.tag("1.0.0")
	s.want(3, "", "intake")
	before := 0
	refuses := func(text string, r result) {
		t.Helper()
		s.refused("operation.refused", text, r, 5)
		if n := s.recorded("operation.refused", ""); n != before+1 {
			t.Errorf("%q: %d refusals are recorded, want %d", text, n, before+1)
		} else {
			before = n
		}
	}
	if g := s.gate("pre_val"); g.Phase != "open" {
		t.Fatalf("pre_val is %+v", g)
	}
	now := time.Now().Unix() / 30

	// Who cannot prove to be the person.
	refuses("wrong password", s.call(credentials("guess", totp(s.seeds["cleo"], now)), s.signArgs("pre_val", "cleo", "sme-approved")...))
	refuses("wrong or expired code", s.call(credentials("password of cleo", totp(s.seeds["cleo"], now-20)), s.signArgs("pre_val", "cleo", "sme-approved")...))
	refuses("unknown person", s.call(credentials("x", "123456"), s.signArgs("pre_val", "nobody", "sme-approved")...))

	// Who may not.
	refuses("is an author of this release", s.call(s.fresh("ada"), s.signArgs("pre_val", "ada", "sme-approved")...))
	refuses("holds none of the roles", s.call(s.fresh("rune"), s.signArgs("pre_val", "rune", "sme-approved")...))
	once := s.fresh("cleo")
	refuses("asks for", s.call(once, s.signArgs("pre_val", "cleo", "released-for-use")...))
	refuses("the code was used before", s.call(once, s.signArgs("pre_val", "cleo", "sme-approved")...))
	refuses("gate approve_to_prd is closed", s.call(s.fresh("quinn"), s.signArgs("approve_to_prd", "quinn", "qc-approved")...))

	// Nothing of it counted, and nothing was lost.
	if g := s.gate("pre_val"); g.Phase != "open" || len(g.Unsigned) != 1 {
		t.Fatalf("pre_val after the refusals: %+v", g)
	}
	s.call(s.fresh("cleo"), s.signArgs("pre_val", "cleo", "sme-approved")...)
	if g := s.gate("pre_val"); g.Phase != "consumed" {
		t.Fatalf("pre_val after the signature: %+v", g)
	}

	// Bad input is refused before anything is asked.
	s.want(2, "{", s.acceptArgs("tom")...)
	s.want(2, `{"password":"x"}`, s.acceptArgs("tom")...)
	refuses("is an author of this release", s.call(s.fresh("ada"), s.acceptArgs("ada")...))
	s.want(0, s.fresh("tom"), s.acceptArgs("tom")...)

	// One person, one signature at a gate.
	s.sign("approve_to_prd", "sven", "sme-approved")
	refuses("different people sign", s.call(s.fresh("sven"), s.signArgs("approve_to_prd", "sven", "qc-approved")...))

	// Nor can the rules be changed on the way.
	s.want(2, "", s.solutionArgs("--rebuilds", "accepted")...)
	s.want(0, "", s.solutionArgs()...)

	s.sign("approve_to_prd", "quinn", "qc-approved")
	s.sign("approve_to_prd", "rune", "authorised-to-prd")
	s.sign("approve_to_prd", "dora", "accountable")

	// PRD drifts: the gate is void with its signature, and opens anew when PRD
	// is again what was deployed.
	s.review()
	s.sign("approve_for_use", "rosa", "qc-approved")
	old := s.gate("approve_for_use")
	drifted := s.path("environments", "prd", "current", "PRODUCT")
	good := mustRead(t, drifted)
	change := func(data []byte) {
		t.Helper()
		if err := os.Chmod(drifted, 0o644); err != nil {
			t.Fatal(err)
		}
		mustWrite(t, drifted, data)
		s.want(3, "", "intake")
	}
	change([]byte("something else\n"))
	if g := s.gate("approve_for_use"); g.Phase != "closed" || len(g.Voided) != 1 || !strings.Contains(g.Voided[0], "drift") {
		t.Fatalf("approve_for_use after a drift: %+v", g)
	}
	refuses("gate approve_for_use is closed", s.call(s.fresh("maja"), s.signArgs("approve_for_use", "maja", "released-for-use")...))
	s.want(0, "", "audit", "review", "--solution", product, "--version", "1.0.0")
	change(good)
	s.review() // of the drift and of what was refused
	if g := s.gate("approve_for_use"); g.Phase != "open" || g.Manifest == old.Manifest || len(g.Unsigned) != 2 {
		t.Fatalf("approve_for_use after the repair: %+v", g)
	}
	refuses("look again", s.call(s.fresh("maja"), append(s.signArgs("approve_for_use", "maja", "released-for-use"), "--manifest", old.Manifest)...))
	s.want(3, "", "intake") // what was refused voids the review
	s.approveForUse()
	if st := s.state(); st != "effective" {
		t.Errorf("the release is %s", st)
	}
	s.want(0, "", "audit", "verify")
}

// TestGXP037_LockAfterFiveFailedCeremonies keeps the right password out, of that
// person only, until somebody else unlocks it.
func TestGXP037_LockAfterFiveFailedCeremonies(t *testing.T) {
	s := newSite(t)
	s.tag("1.0.0")
	s.want(3, "", "intake")
	for range 5 {
		s.refused("operation.refused", "wrong password", s.call(credentials("guess", "000000"), s.signArgs("pre_val", "cleo", "sme-approved")...), 5)
	}
	s.refused("operation.refused", "locked", s.call(s.fresh("cleo"), s.signArgs("pre_val", "cleo", "sme-approved")...), 5)
	s.want(0, s.fresh("maja"), "person", "accept-statement", "--as", "maja", "--credentials", "-")
	s.want(0, "", "person", "unlock", "cleo", "--as", "admin", "--reason", "called, it was a stuck key")
	s.sign("pre_val", "cleo", "sme-approved")
	if g := s.gate("pre_val"); g.Phase != "consumed" {
		t.Errorf("pre_val: %+v", g)
	}
}

// TestAttack09_Attack60_RefusedTags start nothing, are recorded, and leave the version free or
// used as the rule says.
func TestAttack09_Attack60_RefusedTags(t *testing.T) {
	s := newSite(t)
	push := func(args ...string) { s.mustGit(s.clone(), append([]string{"push", "--quiet", "origin"}, args...)...) }
	s.mustGit(s.clone(), "tag", "-a", "v2.0.0", "-m", "no note")
	push("v2.0.0")
	s.call("", "intake")
	if s.recorded("intake.refused", "") != 1 {
		t.Error("a tag without a release note is not recorded")
	}
	s.refused("intake.refused", "has no release note", s.call("", "run", "--solution", product, "--ref", "refs/tags/v2.0.0"), 2)

	s.mustGit(s.clone(), "checkout", "--quiet", "-b", "side")
	s.note("1.5.0")
	s.commit(s.clone(), "On a side")
	s.mustGit(s.clone(), "tag", "-a", "v1.5.0", "-m", "not on main")
	push("side", "v1.5.0")
	s.refused("intake.refused", "not on the first-parent chain of main", s.call("", "run", "--solution", product, "--ref", "refs/tags/v1.5.0"), 2)
	s.mustGit(s.clone(), "checkout", "--quiet", "main")
	s.refused("intake.refused", "is no version", s.call("", "run", "--solution", product, "--ref", s.otherTag("stable")), 2)

	// Every refused version is still free, and the first release starts.
	s.tag("1.0.0")
	s.want(3, "", "intake")
	if g := s.gate("pre_val"); g.Phase != "open" {
		t.Fatalf("pre_val: %+v", g)
	}

	// A moved tag: the hook refuses the push, and the release goes on.
	s.mustGit(s.clone(), "tag", "--force", "-a", "v1.0.0", "-m", "moved")
	if out, err := s.git(s.clone(), "push", "--force", "origin", "v1.0.0"); err == nil || !strings.Contains(out, "neither moved nor deleted") {
		t.Errorf("push of a moved tag: %v\n%s", err, out)
	}
	s.sign("pre_val", "cleo", "sme-approved")
	if g := s.gate("pre_val"); g.Phase != "consumed" {
		t.Errorf("pre_val: %+v", g)
	}

	// Moved around the hook: refused, recorded, and nothing is promoted.
	s.mustGit(s.bare("code"), "fetch", "--quiet", "--force", s.clone(), "refs/tags/v1.0.0:refs/tags/v1.0.0")
	s.refused("intake.refused", "was moved", s.call("", "run", "--solution", product, "--ref", "refs/tags/v1.0.0"), 2)
	if s.recorded("release.tag_moved", "") != 1 {
		t.Error("the release does not know that its tag was moved")
	}
	s.call(s.fresh("tom"), s.acceptArgs("tom")...)
	if g := s.gate("approve_to_prd"); g.Phase != "closed" || !strings.Contains(strings.Join(g.Missing, ";"), "tag was moved") {
		t.Errorf("approve_to_prd: %+v", g)
	}
	s.nothingIn("prd")
	s.want(0, "", "audit", "verify")
}

// otherTag pushes a tag and gives its reference.
func (s *site) otherTag(name string) string {
	s.t.Helper()
	s.mustGit(s.clone(), "tag", name)
	s.mustGit(s.clone(), "push", "--quiet", "origin", name)
	return "refs/tags/" + name
}

// nothingIn wants a place that was never deployed to.
func (s *site) nothingIn(place string) {
	s.t.Helper()
	if found, _ := filepath.Glob(s.path("environments", place, "*")); len(found) > 0 {
		s.t.Errorf("%s holds %v", place, found)
	}
}
