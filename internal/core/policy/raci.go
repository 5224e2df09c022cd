package policy

import (
	"fmt"
	"maps"
	"slices"
	"strings"
)

// Involvement is a letter of a RACI matrix.
type Involvement string

// Who is responsible acts, who is accountable signs, who is consulted gets a
// review task without a veto, who is informed gets a notice.
const (
	Responsible Involvement = "R"
	Accountable Involvement = "A"
	Consulted   Involvement = "C"
	Informed    Involvement = "I"
)

// Activity is a row of a RACI matrix.
type Activity struct {
	Name string `json:"name"`
	// Gates are those at which the activity's tasks and notices arise; none for
	// what happens outside of releases.
	Gates []string             `json:"gates,omitempty"`
	By    map[Role]Involvement `json:"by"`
}

// Guide is the matrix of the guide as it is written: six activities, five
// personas. One of its rows has nobody accountable; see Findings.
var Guide = []Activity{
	row("CI/CD Configuration", nil, Accountable, Responsible, Consulted, Consulted, Informed),
	row("Environment Setup", nil, Consulted, Responsible, Consulted, Consulted, Informed),
	row("Deployment Validation", nil, Accountable, Consulted, Consulted, Consulted, Responsible),
	row("Release Approval", nil, Accountable, Consulted, Responsible, Consulted, Responsible),
	row("Production Deployment", nil, Consulted, Responsible, Accountable, Consulted, Responsible),
	row("Documentation Review", nil, Responsible, Consulted, Accountable, Consulted, Responsible),
}

// Default is the matrix that a solution has unless its baseline says otherwise:
// the guide's, with somebody accountable in each row, and with the roles that
// sign at gates beside its personas. Engineers deploy nothing to production: the
// pipeline does, after its gate.
var Default = []Activity{
	row("CI/CD Configuration", nil, Accountable, Responsible, Consulted, Consulted, Informed).with(QC, Consulted),
	row("Environment Setup", nil, Consulted, Responsible, Accountable, Consulted, Informed).with(Administrator, Responsible),
	row("Deployment Validation", []string{"pre_val"}, Accountable, Consulted, Consulted, Consulted, Responsible).
		with(SME, Responsible).with(Tester, Responsible).with(QC, Informed),
	row("Release Approval", []string{"approve_to_prd"}, Accountable, Consulted, Consulted, Consulted, Responsible).
		with(SME, Responsible).with(QC, Responsible).with(Tester, Informed),
	row("Production Deployment", []string{"approve_for_use", "approve_rollback"}, Consulted, Informed, Accountable, Consulted, Responsible).
		with(QC, Responsible).with(SME, Responsible),
	row("Documentation Review", []string{"approve_to_prd", "approve_for_use"}, Responsible, Consulted, Accountable, Consulted, Responsible).with(QC, Responsible),
}

// row has the personas in the guide's order.
func row(name string, gates []string, owner, engineer, it, architect, manager Involvement) Activity {
	return Activity{Name: name, Gates: gates, By: map[Role]Involvement{
		DataProductOwner: owner, DataEngineer: engineer, ITManager: it, SolutionArchitect: architect, ReleaseManager: manager,
	}}
}

func (a Activity) with(r Role, i Involvement) Activity {
	a.By = maps.Clone(a.By)
	a.By[r] = i
	return a
}

// Activities is the matrix of the baseline.
func (b Baseline) Activities() []Activity {
	if len(b.RACI) > 0 {
		return b.RACI
	}
	return Default
}

// RACIFindings names every row without exactly one accountable role, without a
// responsible one, or with something that is no role or letter.
func RACIFindings(matrix []Activity) []string {
	var out []string
	seen := map[string]bool{}
	for _, a := range matrix {
		if strings.TrimSpace(a.Name) == "" || seen[a.Name] {
			out = append(out, fmt.Sprintf("activity %q: want a name of its own", a.Name))
		}
		seen[a.Name] = true
		count := map[Involvement]int{}
		for _, r := range slices.Sorted(maps.Keys(a.By)) {
			i := a.By[r]
			count[i]++
			if !r.Known() {
				out = append(out, fmt.Sprintf("activity %q: role %q: want one of %v", a.Name, r, Roles))
			}
			if !slices.Contains([]Involvement{Responsible, Accountable, Consulted, Informed}, i) {
				out = append(out, fmt.Sprintf("activity %q: %s is %q: want R, A, C or I", a.Name, r, i))
			}
		}
		if count[Accountable] != 1 {
			out = append(out, fmt.Sprintf("activity %q: %d roles are accountable, want exactly one", a.Name, count[Accountable]))
		}
		if count[Responsible] == 0 {
			out = append(out, fmt.Sprintf("activity %q: nobody is responsible", a.Name))
		}
	}
	return out
}

// Involved is what the roles of a person have to do with a gate, the strongest
// letter of each activity.
func Involved(matrix []Activity, gate string, p Subject, solution string) map[string]Involvement {
	order := []Involvement{Accountable, Responsible, Consulted, Informed}
	out := map[string]Involvement{}
	for _, a := range matrix {
		if !slices.Contains(a.Gates, gate) {
			continue
		}
		for r, i := range a.By {
			have, ok := out[a.Name]
			if p.Holds(r, solution) && (!ok || slices.Index(order, i) < slices.Index(order, have)) {
				out[a.Name] = i
			}
		}
	}
	return out
}

// InvolvedAs is the first of the person's roles, in the order of Roles, that
// has a part in a gate; "" for none.
func InvolvedAs(matrix []Activity, gate string, p Subject, solution string) Role {
	for _, r := range Roles {
		has := func(a Activity) bool { _, ok := a.By[r]; return ok && slices.Contains(a.Gates, gate) }
		if p.Holds(r, solution) && slices.ContainsFunc(matrix, has) {
			return r
		}
	}
	return ""
}
