package gate

import (
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/dc-release/dc-release/internal/core/policy"
	"github.com/dc-release/dc-release/internal/core/release"
	"github.com/dc-release/dc-release/internal/core/signature"
)

// Signer finds the person of an id; the zero Subject when there is none.
type Signer func(person string) policy.Subject

// MaySign names every reason why the person must not give the meaning at the
// gate now; nil allows it.
func MaySign(s Standing, d Definition, p policy.Subject, m signature.Meaning, solution string) []string {
	var out []string
	g := s.Gate(d.Name)
	if g.Phase != PhaseOpen {
		out = append(out, fmt.Sprintf("gate %s is %s", d.Name, g.Phase))
	}
	if s.Held != "" && m != signature.RejectedMeaning {
		out = append(out, "the release is on hold: "+s.Held)
	}
	if !slices.Contains(d.Signatures, m) && m != signature.RejectedMeaning {
		out = append(out, fmt.Sprintf("gate %s asks for %v, not for %s", d.Name, d.Signatures, m))
	}
	if p.Locked {
		out = append(out, p.Login+"'s right to sign is locked after failed ceremonies")
	}
	out = append(out, eligible(s, p, m, solution)...)
	as := CapacityFor(p, m, solution)
	people := []string{p.ID, as.For}
	for _, sig := range g.Signatures {
		if sig.Decision == "approve" && !sig.Withdrawn && g.Opened != nil && sig.Manifest == g.Opened.Manifest && sig.byAny(people) {
			out = append(out, fmt.Sprintf("%s has signed at gate %s: different people sign", p.Login, d.Name))
		}
	}
	out = append(out, s.impartial(p)...)
	for _, name := range slices.Sorted(maps.Keys(s.Gates)) {
		for _, sig := range s.Gates[name].Signatures {
			if name != d.Name && as.Role != "" && sig.Role != as.Role && sig.Decision == "approve" && sig.byAny(people) {
				out = append(out, fmt.Sprintf("%s signed for this release as %s at gate %s and may not sign as %s", p.Login, sig.Role, name, as.Role))
			}
		}
	}
	return out
}

// byAny reports whether one of the people gave the signature, or it was given
// for one of them.
func (s Signed) byAny(people []string) bool {
	return slices.Contains(people, s.Person) || s.For != "" && slices.Contains(people, s.For)
}

// eligible is what holds at signing and again when the gate is evaluated.
func eligible(s Standing, p policy.Subject, m signature.Meaning, solution string) []string {
	out := p.Unfit()
	if p.ID == "" {
		return out
	}
	as := CapacityFor(p, m, solution)
	if s.Registered == nil || s.Registered.Profile != string(policy.NonGxP) {
		out = append(out, p.Unprepared(as.Role)...)
	}
	if as.Role == "" {
		d, _ := signature.Find(m)
		out = append(out, fmt.Sprintf("%s holds none of the roles %v for %s", p.Login, d.Roles, solution))
	}
	if s.Authored(p) {
		out = append(out, p.Login+" is an author of this release")
	}
	if d, ok := p.Delegate(as.Role, solution); as.For != "" && ok && s.Authored(d.Delegator) {
		out = append(out, fmt.Sprintf("%s, for whom %s would sign, is an author of this release", d.Delegator.Login, p.Login))
	}
	return out
}

// Authored reports whether work of the person is in the release, by id or by a
// git identity that was mapped later.
func (s Standing) Authored(p policy.Subject) bool {
	return s.Registered != nil && slices.ContainsFunc(s.Registered.Authors, func(a release.Author) bool {
		return (a.Person != "" && a.Person == p.ID) || slices.Contains(p.Identities, a.Identity)
	})
}

// CapacityFor is the capacity in which the person can declare the meaning: in a
// role of their own, else in one that was delegated. The zero value is none.
func CapacityFor(p policy.Subject, m signature.Meaning, solution string) signature.Capacity {
	d, _ := signature.Find(m)
	for _, r := range d.Roles {
		if p.Holds(r, solution) {
			return signature.Capacity{Role: r}
		}
	}
	for _, r := range d.Roles {
		if by, ok := p.Delegate(r, solution); ok {
			return signature.Capacity{Role: r, Delegation: by.ID, For: by.From}
		}
	}
	return signature.Capacity{}
}

// Effective are the signatures that count for the open manifest now: not
// withdrawn, over this manifest, by somebody who is still eligible.
func Effective(s Standing, name, solution string, find Signer) []Signed {
	g := s.Gate(name)
	if g.Opened == nil {
		return nil
	}
	var out []Signed
	for _, sig := range g.Signatures {
		if sig.Decision == "approve" && Ineffective(s, name, solution, sig, find) == "" {
			out = append(out, sig)
		}
	}
	return out
}

// Ineffective says why a signature does not count for the open manifest now, ""
// when it does.
func Ineffective(s Standing, name, solution string, sig Signed, find Signer) string {
	g := s.Gate(name)
	switch {
	case sig.Withdrawn:
		return "it was withdrawn"
	case g.Opened == nil || sig.Manifest != g.Opened.Manifest || sig.Seq <= g.OpenedSeq:
		return "it was given over a manifest that is void"
	}
	return strings.Join(eligible(s, find(sig.Person), sig.Meaning, solution), "; ")
}

// Unsigned are the meanings that no effective signature gives yet. One person
// counts once, and people are assigned so that as many meanings as possible are
// given.
func Unsigned(d Definition, effective []Signed) []signature.Meaning {
	best := d.Signatures
	var assign func(at int, used map[string]bool, missing []signature.Meaning)
	assign = func(at int, used map[string]bool, missing []signature.Meaning) {
		if len(missing) >= len(best) {
			return
		}
		if at == len(d.Signatures) {
			best = slices.Clone(missing)
			return
		}
		for _, s := range effective {
			if s.Meaning == d.Signatures[at] && !used[s.Person] && (s.For == "" || !used[s.For]) {
				used[s.Person], used[s.For] = true, s.For != ""
				assign(at+1, used, missing)
				used[s.Person], used[s.For] = false, false
			}
		}
		assign(at+1, used, append(slices.Clip(missing), d.Signatures[at]))
	}
	assign(0, map[string]bool{}, nil)
	return best
}

// MayTest names every reason why the person must not record acceptance tests
// for the release; nil allows it.
func MayTest(s Standing, p policy.Subject, solution string) []string {
	return append(eligible(s, p, signature.TestExecuted, solution), s.impartial(p)...)
}

// MayAgree names every reason why the person must not review the protocol that
// the tester recorded; nil allows it. The second person is neither the tester nor
// signs for the tester.
func MayAgree(s Standing, p policy.Subject, solution, tester string) []string {
	out := append(eligible(s, p, signature.Reviewed, solution), s.impartial(p)...)
	if as := CapacityFor(p, signature.Reviewed, solution); p.ID == tester || as.For != "" && as.For == tester {
		out = append(out, p.Login+" recorded these tests: a second person reviews them")
	}
	return out
}
