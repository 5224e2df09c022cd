package gate_test

import (
	"fmt"
	"slices"
	"testing"

	"pgregory.net/rapid"

	"github.com/dc-release/dc-release/internal/core/gate"
	"github.com/dc-release/dc-release/internal/core/policy"
	"github.com/dc-release/dc-release/internal/core/release"
	"github.com/dc-release/dc-release/internal/core/signature"
)

// crew draws a few people with roles, some of whom are authors, administrators,
// disabled or act for another of them.
func crew(t *rapid.T) ([]policy.Subject, gate.Standing) {
	var people []policy.Subject
	var authors []release.Author
	signing := slices.DeleteFunc(slices.Clone(policy.Roles), func(r policy.Role) bool { return !r.Signs() })
	for i := range rapid.IntRange(0, 5).Draw(t, "people") {
		id := string(rune('a' + i))
		p := subject(id, rapid.SliceOfNDistinct(rapid.SampledFrom(signing), 0, 3, rapid.ID).Draw(t, "roles of "+id)...)
		switch rapid.IntRange(0, 11).Draw(t, "state of "+id) {
		case 0:
			p.Disabled = true
		case 1:
			p.Grants = append(p.Grants, policy.Grant{Role: policy.Administrator})
		case 2, 3:
			authors = append(authors, release.Author{Person: id})
		}
		people = append(people, p)
	}
	return people, road(registered(authors...))
}

// signable tries every person for every signature of the road.
func signable(gates []gate.Definition, s gate.Standing, people []policy.Subject) bool {
	type place struct {
		gate    string
		meaning signature.Meaning
	}
	var places []place
	for _, d := range gates {
		for _, m := range d.Signatures {
			places = append(places, place{d.Name, m})
		}
	}
	roleOf, signed := map[string]policy.Role{}, map[string]bool{}
	var try func(at int) bool
	try = func(at int) bool {
		if at == len(places) {
			return true
		}
		def, _ := signature.Find(places[at].meaning)
		for _, p := range people {
			key := places[at].gate + "/" + p.ID
			if len(p.Unfit()) > 0 || s.Authored(p) || signed[key] {
				continue
			}
			for _, r := range def.Roles {
				before, acted := roleOf[p.ID]
				if !p.Holds(r, solution) || (acted && before != r) {
					continue
				}
				roleOf[p.ID], signed[key] = r, true
				if try(at + 1) {
					return true
				}
				delete(signed, key)
				if !acted {
					delete(roleOf, p.ID)
				}
			}
		}
		return false
	}
	return try(0)
}

func TestUnsatisfiableAgainstEveryAssignment(t *testing.T) {
	kinds := []release.ChangeType{release.Normal, release.Standard, release.Emergency, release.Hotfix}
	seen := map[bool]int{}
	rapid.Check(t, func(t *rapid.T) {
		people, s := crew(t)
		all := gate.Definitions(policy.GxP, rapid.SampledFrom(kinds).Draw(t, "change"))
		gates := all[:rapid.IntRange(1, len(all)).Draw(t, "gates")]
		want := signable(gates, s, people)
		reasons := gate.Unsatisfiable(gates, s, people, solution)
		if (len(reasons) == 0) != want {
			t.Fatalf("reasons %q, but trying everybody gives %t", reasons, want)
		}
		seen[want]++
	})
	if len(seen) != 2 {
		t.Errorf("the crews were all of one kind: %v", seen)
	}
}

// TestADelegateAndItsDelegatorGiveOneMeaning tries every subset of signatures
// in which nobody acts twice, in person or for another.
func TestADelegateAndItsDelegatorGiveOneMeaning(t *testing.T) {
	d := find(t, gate.ApproveToPrd)
	rapid.Check(t, func(t *rapid.T) {
		names := []string{"a", "b", "c", "d"}
		var signed []gate.Signed
		for i := range rapid.IntRange(0, 7).Draw(t, "signatures") {
			sig := gate.Signed{For: rapid.SampledFrom(append([]string{"", ""}, names...)).Draw(t, "for"), Made: signature.Made{
				Signature: fmt.Sprint(i), Person: rapid.SampledFrom(names).Draw(t, "person"), Meaning: rapid.SampledFrom(d.Signatures).Draw(t, "meaning"),
			}}
			if sig.For == sig.Person {
				sig.For = ""
			}
			signed = append(signed, sig)
		}
		best := 0
		for set := range 1 << len(signed) {
			people, meanings, ok := map[string]bool{}, map[signature.Meaning]bool{}, true
			for i, s := range signed {
				if set&(1<<i) == 0 {
					continue
				}
				ok = ok && !people[s.Person] && !people[s.For] && !meanings[s.Meaning]
				people[s.Person], meanings[s.Meaning] = true, true
				if s.For != "" {
					people[s.For] = true
				}
			}
			if ok {
				best = max(best, len(meanings))
			}
		}
		if missing := gate.Unsigned(d, signed); len(missing) != len(d.Signatures)-best {
			t.Fatalf("missing %v, brute force gives %d of %d: %+v", missing, best, len(d.Signatures), signed)
		}
	})
}

// TestOneApprovingRolePerPersonAndRelease lets people sign along the road as
// they are allowed to, and looks at who signed as what.
func TestOneApprovingRolePerPersonAndRelease(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		people, s := crew(t)
		for i, p := range people {
			if i > 0 && rapid.Bool().Draw(t, "delegates to "+p.ID) {
				from := people[rapid.IntRange(0, i-1).Draw(t, "delegator")]
				for _, g := range from.Grants {
					people[i].Delegations = append(people[i].Delegations, policy.Delegated{Delegation: policy.Delegation{
						ID: "by-" + from.ID, From: from.ID, Role: g.Role, Solution: solution, Until: "9999",
					}, Delegator: from})
				}
			}
		}
		roles := map[string]policy.Role{}
		for _, d := range gate.Definitions(policy.GxP, release.Normal) {
			g := gate.State{Phase: gate.PhaseOpen, Opened: opened(d.Name, "m")}
			acted := map[string]bool{}
			for range rapid.IntRange(0, 12).Draw(t, "tries at "+d.Name) {
				if len(people) == 0 {
					break
				}
				p, m := rapid.SampledFrom(people).Draw(t, "person"), rapid.SampledFrom(append([]signature.Meaning{"accepted"}, d.Signatures...)).Draw(t, "meaning")
				s.Gates = with(s.Gates, d.Name, g)
				if len(gate.MaySign(s, d, p, m, solution)) > 0 {
					continue
				}
				as := gate.CapacityFor(p, m, solution)
				for _, who := range []string{p.ID, as.For} {
					if who == "" {
						continue
					}
					if acted[who] {
						t.Fatalf("%s acted twice at %s", who, d.Name)
					}
					if before, ok := roles[who]; ok && before != as.Role {
						t.Fatalf("%s acted as %s and as %s", who, before, as.Role)
					}
					acted[who], roles[who] = true, as.Role
				}
				if s.Authored(p) || p.Disabled || len(p.Unfit()) > 0 {
					t.Fatalf("%s signed and must not", p.ID)
				}
				g.Signatures = append(slices.Clip(g.Signatures), gate.Signed{For: as.For, Made: signature.Made{
					Gate: d.Name, Manifest: "m", Meaning: m, Decision: "approve", Role: as.Role, Person: p.ID,
				}})
			}
			g.Phase = gate.PhaseConsumed
			s.Gates = with(s.Gates, d.Name, g)
		}
	})
}

func with(gates map[string]gate.State, name string, g gate.State) map[string]gate.State {
	out := map[string]gate.State{name: g}
	for k, v := range gates {
		if k != name {
			out[k] = v
		}
	}
	return out
}
