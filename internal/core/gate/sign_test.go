package gate_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"github.com/dc-release/dc-release/internal/core/gate"
	"github.com/dc-release/dc-release/internal/core/ledger"
	"github.com/dc-release/dc-release/internal/core/policy"
	"github.com/dc-release/dc-release/internal/core/release"
	"github.com/dc-release/dc-release/internal/core/signature"
)

const solution = "corp-procurement"

// road folds payloads into a standing, each an event of its own.
func road(payloads ...ledger.Payload) gate.Standing {
	var s gate.Standing
	for i, p := range payloads {
		s = gate.Apply(s, ledger.Event{Header: ledger.Header{Seq: int64(i + 1), Version: int64(i + 1)}, Data: p})
	}
	return s
}

func registered(authors ...release.Author) *release.Registered {
	return &release.Registered{Solution: solution, Version: "1.0.0", Tag: "v1.0.0", Authors: authors, Profile: "gxp"}
}

func opened(name, manifest string) *gate.Opened {
	return &gate.Opened{Gate: name, Manifest: manifest, Opening: 1}
}

func made(id, person, name, manifest string, m signature.Meaning, role policy.Role) *signature.Made {
	return &signature.Made{Signature: id, Gate: name, Manifest: manifest, Meaning: m, Decision: "approve", Role: role, Person: person}
}

func subject(id string, roles ...policy.Role) policy.Subject {
	s := policy.Subject{ID: id, Login: id, Enrolled: true}
	for _, r := range roles {
		s.Grants = append(s.Grants, policy.Grant{Role: r, Solution: solution})
	}
	return s
}

func find(t *testing.T, name string) gate.Definition {
	t.Helper()
	d, ok := gate.Find(policy.GxP, release.Normal, name)
	if !ok {
		t.Fatalf("no gate %s", name)
	}
	return d
}

func TestMaySignNamesEveryReason(t *testing.T) {
	open := road(registered(release.Author{Person: "ada"}, release.Author{Identity: "digest-of-bob"}), opened(gate.PreVal, "m1"))
	disabled, bare, admin, bob := subject("cleo", policy.SME), subject("cleo", policy.SME), subject("cleo", policy.SME), subject("bob", policy.SME)
	disabled.Disabled, bare.Enrolled = true, false
	admin.Grants = append(admin.Grants, policy.Grant{Role: policy.Administrator})
	bob.Identities = []string{"digest-of-bob"}
	elsewhere := policy.Subject{ID: "cleo", Login: "cleo", Enrolled: true, Grants: []policy.Grant{{Role: policy.SME, Solution: "other"}}}
	signedBefore := road(registered(), opened(gate.PreVal, "m1"), made("s1", "cleo", gate.PreVal, "m1", signature.SMEApproved, policy.SME))
	asQC := road(registered(), opened(gate.ApproveToPrd, "m2"), made("s1", "cleo", gate.PreVal, "m1", signature.SMEApproved, policy.SME))
	for name, c := range map[string]struct {
		standing gate.Standing
		gate     string
		person   policy.Subject
		meaning  signature.Meaning
		want     string // part of a reason, "" for none
	}{
		"an SME signs at an open gate":              {open, gate.PreVal, subject("cleo", policy.SME), signature.SMEApproved, ""},
		"a closed gate takes no signature":          {road(registered()), gate.PreVal, subject("cleo", policy.SME), signature.SMEApproved, "is closed"},
		"a meaning that the gate does not ask for":  {open, gate.PreVal, subject("cleo", policy.QC), signature.QCApproved, "asks for"},
		"a role for another solution":               {open, gate.PreVal, elsewhere, signature.SMEApproved, "holds none of the roles"},
		"the wrong role":                            {open, gate.PreVal, subject("cleo", policy.QC), signature.SMEApproved, "holds none of the roles"},
		"TestGXP090 an author by person":            {open, gate.PreVal, subject("ada", policy.SME), signature.SMEApproved, "is an author"},
		"TestGXP090 an author by git identity":      {open, gate.PreVal, bob, signature.SMEApproved, "is an author"},
		"a disabled person":                         {open, gate.PreVal, disabled, signature.SMEApproved, "is disabled"},
		"a person without factors":                  {open, gate.PreVal, bare, signature.SMEApproved, "no enrolled factors"},
		"TestGXP053 an administrator signs nothing": {open, gate.PreVal, admin, signature.SMEApproved, "administrator"},
		"nobody":                            {open, gate.PreVal, policy.Subject{}, signature.SMEApproved, "no such person"},
		"the same person twice at one gate": {signedBefore, gate.PreVal, subject("cleo", policy.SME), signature.SMEApproved, "different people"},
		"another role at a later gate":      {asQC, gate.ApproveToPrd, subject("cleo", policy.SME, policy.QC), signature.QCApproved, "may not sign as qc"},
		"the same role at a later gate":     {asQC, gate.ApproveToPrd, subject("cleo", policy.SME), signature.SMEApproved, ""},
	} {
		t.Run(name, func(t *testing.T) {
			reasons := strings.Join(gate.MaySign(c.standing, find(t, c.gate), c.person, c.meaning, solution), "; ")
			if c.want == "" && reasons != "" || !strings.Contains(reasons, c.want) {
				t.Errorf("got %q, want %q", reasons, c.want)
			}
		})
	}
}

func TestEffectiveSignatures(t *testing.T) {
	cleo := made("s1", "cleo", gate.PreVal, "m1", signature.SMEApproved, policy.SME)
	for name, c := range map[string]struct {
		standing gate.Standing
		person   policy.Subject
		want     int
	}{
		"over the open manifest":                {road(registered(), opened(gate.PreVal, "m1"), cleo), subject("cleo", policy.SME), 1},
		"TestAttack17 over an earlier manifest": {road(registered(), opened(gate.PreVal, "m1"), cleo, &gate.Voided{Gate: gate.PreVal, Manifest: "m1"}, opened(gate.PreVal, "m2")), subject("cleo", policy.SME), 0},
		"voided and opened again on the same":   {road(registered(), opened(gate.PreVal, "m1"), cleo, &gate.Voided{Gate: gate.PreVal, Manifest: "m1"}, opened(gate.PreVal, "m1")), subject("cleo", policy.SME), 0},
		"withdrawn":                             {road(registered(), opened(gate.PreVal, "m1"), cleo, &signature.Withdrawn{Signature: "s1"}), subject("cleo", policy.SME), 0},
		"TestAttack24 the role was revoked":     {road(registered(), opened(gate.PreVal, "m1"), cleo), subject("cleo"), 0},
		"the gate is closed again":              {road(registered(), opened(gate.PreVal, "m1"), cleo, &gate.Voided{Gate: gate.PreVal}), subject("cleo", policy.SME), 0},
	} {
		t.Run(name, func(t *testing.T) {
			got := gate.Effective(c.standing, gate.PreVal, solution, func(string) policy.Subject { return c.person })
			if len(got) != c.want {
				t.Errorf("got %d, want %d", len(got), c.want)
			}
		})
	}
}

// TestUnsignedAgainstBruteForce compares with the largest set of meanings that
// different people can give, found by trying every subset of signatures.
func TestUnsignedAgainstBruteForce(t *testing.T) {
	d := find(t, gate.ApproveToPrd)
	rapid.Check(t, func(t *rapid.T) {
		var signed []gate.Signed
		for i := range rapid.IntRange(0, 7).Draw(t, "signatures") {
			signed = append(signed, gate.Signed{Made: signature.Made{
				Signature: fmt.Sprint(i), Person: rapid.SampledFrom([]string{"a", "b", "c", "d"}).Draw(t, "person"),
				Meaning: rapid.SampledFrom(d.Signatures).Draw(t, "meaning"),
			}})
		}
		best := 0
		for set := range 1 << len(signed) {
			people, meanings := map[string]bool{}, map[signature.Meaning]bool{}
			n := 0
			for i, s := range signed {
				if set&(1<<i) != 0 {
					people[s.Person], meanings[s.Meaning] = true, true
					n++
				}
			}
			if n == len(people) && n == len(meanings) {
				best = max(best, n)
			}
		}
		missing := gate.Unsigned(d, signed)
		if len(missing) != len(d.Signatures)-best {
			t.Fatalf("missing %v, brute force gives %d of %d", missing, best, len(d.Signatures))
		}
		for _, m := range missing {
			if !slices.Contains(d.Signatures, m) {
				t.Fatalf("missing %s is not demanded", m)
			}
		}
	})
}

func TestMayEnter(t *testing.T) {
	consumed := func(names ...string) gate.Standing {
		p := []ledger.Payload{registered()}
		for _, n := range names {
			p = append(p, opened(n, "m"), &gate.Consumed{Gate: n, Manifest: "m"})
		}
		return road(p...)
	}
	moved := road(registered(), opened(gate.PreVal, "m"), &gate.Consumed{Gate: gate.PreVal}, &release.TagMoved{Tag: "v1.0.0"})
	rejected := road(registered(), opened(gate.PreVal, "m"), &gate.Consumed{Gate: gate.PreVal}, &release.Rejected{Gate: gate.ApproveToPrd})
	for name, c := range map[string]struct {
		profile  policy.Profile
		place    string
		standing gate.Standing
		want     bool
	}{
		"dev without a release":         {policy.GxP, "dev", gate.Standing{}, true},
		"tst without a release":         {policy.GxP, "tst", gate.Standing{}, true},
		"val without a release":         {policy.GxP, "val", gate.Standing{}, false},
		"prd without a release":         {policy.GxP, "prd", gate.Standing{}, false},
		"val with the gate open":        {policy.GxP, "val", road(registered(), opened(gate.PreVal, "m")), false},
		"val with the gate consumed":    {policy.GxP, "val", consumed(gate.PreVal), true},
		"prd with pre_val only":         {policy.GxP, "prd", consumed(gate.PreVal), false},
		"prd with approve_to_prd only":  {policy.GxP, "prd", consumed(gate.ApproveToPrd), false},
		"prd with both":                 {policy.GxP, "prd", consumed(gate.PreVal, gate.ApproveToPrd), true},
		"val after a moved tag":         {policy.GxP, "val", moved, false},
		"val after a rejection":         {policy.GxP, "val", rejected, false},
		"non-gxp val":                   {policy.NonGxP, "val", gate.Standing{}, true},
		"non-gxp prd without a release": {policy.NonGxP, "prd", gate.Standing{}, false},
		"non-gxp prd with its gate":     {policy.NonGxP, "prd", consumed(gate.ApproveToPrd), true},
		"a place that is none":          {policy.GxP, "prod", consumed(gate.PreVal, gate.ApproveToPrd), false},
	} {
		t.Run(name, func(t *testing.T) {
			got, reason := gate.MayEnter(c.profile, c.place, c.standing)
			if got != c.want || (reason == "") != got {
				t.Errorf("got %v, %q", got, reason)
			}
		})
	}
}
