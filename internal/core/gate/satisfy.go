package gate

import (
	"fmt"
	"slices"
	"strings"

	"github.com/dc-release/dc-release/internal/core/policy"
	"github.com/dc-release/dc-release/internal/core/signature"
)

// Unsatisfiable says which signatures of the gates nobody could give, with the
// people as they are: each in one role for the whole release, different people
// at one gate, no author. Nil says that everything can be signed.
func Unsatisfiable(gates []Definition, s Standing, people []policy.Subject, solution string) []string {
	var out []string
	for _, d := range gates {
		for _, m := range d.Signatures {
			if !slices.ContainsFunc(people, func(p policy.Subject) bool { return len(eligible(s, p, m, solution)) == 0 }) {
				def, _ := signature.Find(m)
				out = append(out, fmt.Sprintf("nobody can give %s at gate %s: want somebody who is no author with one of the roles %v", m, d.Name, def.Roles))
			}
		}
	}
	if len(out) > 0 {
		return out
	}
	able := map[policy.Role][]string{}
	for _, r := range policy.Roles {
		for _, p := range people {
			if canAct(s, p, r, solution) {
				able[r] = append(able[r], p.ID)
			}
		}
	}
	var lacking []string
	for _, demand := range demands(gates) {
		lack, ok := assign(demand, able)
		if ok {
			return nil
		}
		lacking = append(lacking, lack)
	}
	slices.Sort(lacking)
	return []string{"there are not enough different people, each in one role of the release: " + strings.Join(slices.Compact(lacking), "; or ")}
}

// canAct reports whether the person can sign in the role at all.
func canAct(s Standing, p policy.Subject, r policy.Role, solution string) bool {
	if !r.Signs() || len(p.Unfit()) > 0 || s.Authored(p) {
		return false
	}
	if p.Holds(r, solution) {
		return true
	}
	d, ok := p.Delegate(r, solution)
	return ok && !s.Authored(d.Delegator)
}

// demand is how many different people are needed in each role.
type demand map[policy.Role]int

// demands are the ways to choose a role for each signature: what each role then
// needs is what its busiest gate needs.
func demands(gates []Definition) []demand {
	out := []demand{{}}
	for _, d := range gates {
		here := []demand{{}}
		for _, m := range d.Signatures {
			def, _ := signature.Find(m)
			var next []demand
			for _, so := range here {
				for _, r := range def.Roles {
					next = append(next, so.with(r, so[r]+1))
				}
			}
			here = next
		}
		var next []demand
		for _, before := range out {
			for _, now := range here {
				both := before
				for r, n := range now {
					both = both.with(r, max(n, before[r]))
				}
				if !slices.ContainsFunc(next, func(x demand) bool { return x.same(both) }) {
					next = append(next, both)
				}
			}
		}
		out = next
	}
	return out
}

func (d demand) with(r policy.Role, n int) demand {
	out := demand{r: n}
	for role, have := range d {
		if role != r {
			out[role] = have
		}
	}
	return out
}

func (d demand) same(other demand) bool {
	return !slices.ContainsFunc(policy.Roles, func(r policy.Role) bool { return d[r] != other[r] })
}

// assign gives every place of a role to a person of its own (bipartite matching
// by augmenting paths); lack names the role that is left without.
func assign(d demand, able map[policy.Role][]string) (lack string, ok bool) {
	taken := map[string]policy.Role{} // person -> role
	var place func(r policy.Role, seen map[string]bool) bool
	place = func(r policy.Role, seen map[string]bool) bool {
		for _, p := range able[r] {
			if seen[p] {
				continue
			}
			seen[p] = true
			other, busy := taken[p]
			if !busy || other != r && place(other, seen) {
				taken[p] = r
				return true
			}
		}
		return false
	}
	for _, r := range policy.Roles {
		for range d[r] {
			if !place(r, map[string]bool{}) {
				return fmt.Sprintf("%d in the role %s", d[r], r), false
			}
		}
	}
	return "", true
}
