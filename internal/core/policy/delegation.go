package policy

import (
	"cmp"
	"fmt"
)

// Delegation lets a person act in another's role for a time; it is signed by
// who delegates. What is signed under it is printed as "for" that person.
type Delegation struct {
	ID       string `json:"delegation"` // of the signature that gave it
	From     string `json:"from"`       // person whose role it is
	Role     Role   `json:"role"`
	Solution string `json:"solution"` // "" for the installation
	Since    string `json:"since"`    // UTC, "" from the event on
	Until    string `json:"until"`    // UTC, exclusive
}

// RoleDelegated stands in the stream of who acts.
type RoleDelegated struct {
	Person     string     `json:"person"`
	Delegation Delegation `json:"delegation"`
	Signature  string     `json:"signature"`
}

// DelegationEnded takes it back before its time.
type DelegationEnded struct {
	Person     string `json:"person"`
	Delegation string `json:"delegation"`
}

// EventType implements ledger.Payload.
func (RoleDelegated) EventType() (string, int) { return "role.delegated", 1 }

// EventType implements ledger.Payload.
func (DelegationEnded) EventType() (string, int) { return "delegation.ended", 1 }

// Delegated is a delegation with the person whose role it is, as of now.
type Delegated struct {
	Delegation
	Delegator Subject
}

func (r RoleDelegated) since(event string) Delegated {
	d := r.Delegation
	d.Since = cmp.Or(d.Since, event)
	return Delegated{Delegation: d}
}

// covers reports whether the delegation gives the role for the solution: the
// delegator must still hold it, and not by delegation.
func (d Delegated) covers(role Role, solution string) bool {
	return d.Role == role && (d.Solution == "" || d.Solution == solution) && !d.Delegator.Disabled && d.Delegator.Holds(role, solution)
}

// Delegate finds the delegation under which the person has the role for the
// solution.
func (s Subject) Delegate(role Role, solution string) (Delegated, bool) {
	for _, d := range s.Delegations {
		if d.covers(role, solution) {
			return d, true
		}
	}
	return Delegated{}, false
}

// At is the person as of a time of the ledger's form: what has not begun or has
// run out is left out.
func (s Subject) At(time string) Subject {
	var kept []Delegated
	for _, d := range s.Delegations {
		if d.Since <= time && time < d.Until {
			kept = append(kept, d)
		}
	}
	s.Delegations = kept
	s.Preparation = s.Preparation.at(time)
	return s
}

// Resolve fills in who delegated.
func (s Subject) Resolve(find func(person string) (Subject, error)) (Subject, error) {
	out := make([]Delegated, len(s.Delegations))
	for i, d := range s.Delegations {
		var err error
		if d.Delegator, err = find(d.From); err != nil {
			return s, err
		}
		out[i] = d
	}
	s.Delegations = out
	return s, nil
}

// MayDelegate names every reason why from must not let to act in the role.
func MayDelegate(from, to Subject, d Delegation) []string {
	out := append(from.Unfit(), to.Unfit()...)
	if to.ID == "" {
		return out
	}
	if to.ID == from.ID {
		out = append(out, from.Login+" cannot delegate to oneself")
	}
	if !d.Role.Signs() {
		out = append(out, fmt.Sprintf("role %q signs nothing and is not delegated", d.Role))
	}
	if !from.Holds(d.Role, d.Solution) {
		out = append(out, fmt.Sprintf("%s does not hold the role %s for %s; what was delegated is not delegated on", from.Login, d.Role, d.Solution))
	}
	if why := Conflict(to.Grants, Grant{Role: d.Role, Solution: d.Solution}); why != "" {
		out = append(out, fmt.Sprintf("%s cannot act as %s: %s", to.Login, d.Role, why))
	}
	return out
}
