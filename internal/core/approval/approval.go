// Package approval is what several people decide together outside of a gate: a
// waiver, the template of standard changes, a new baseline of a solution. It is
// requested, signed by different people, and then granted or refused.
package approval

import (
	"fmt"
	"slices"

	"github.com/dc-release/dc-release/internal/core/ledger"
	"github.com/dc-release/dc-release/internal/core/policy"
	"github.com/dc-release/dc-release/internal/core/signature"
)

// Kind says what is approved.
type Kind string

// The kinds.
const (
	WaiverKind   Kind = "waiver"
	TemplateKind Kind = "template"
	BaselineKind Kind = "baseline"
	ReviewKind   Kind = "periodic-review"
	DeletionKind Kind = "deletion"
)

// Requirement is one signature that an approval needs.
type Requirement struct {
	Meaning signature.Meaning
	Role    policy.Role
}

// Definition is a kind with the signatures that it needs, by different people,
// none of them the one who asked.
type Definition struct {
	Kind     Kind
	Title    string
	Requires []Requirement
}

// Definitions is the closed list. To add one: a line here and its content in
// Requested.
var Definitions = []Definition{
	{WaiverKind, "waiver", []Requirement{{signature.Waived, policy.SME}, {signature.Waived, policy.QC}}},
	{TemplateKind, "template of standard changes", []Requirement{{signature.Reviewed, policy.SME}, {signature.Reviewed, policy.QC}}},
	{BaselineKind, "baseline of a solution", []Requirement{{signature.Reviewed, policy.QC}}},
	{DeletionKind, "deletion by a deployment", []Requirement{{signature.Reviewed, policy.SME}, {signature.Reviewed, policy.QC}}},
	{ReviewKind, "periodic review", []Requirement{{signature.PeriodReviewed, policy.DataProductOwner}, {signature.PeriodReviewed, policy.QC}}},
}

// Find gives the definition of a kind.
func Find(k Kind) (Definition, bool) {
	i := slices.IndexFunc(Definitions, func(d Definition) bool { return d.Kind == k })
	if i < 0 {
		return Definition{}, false
	}
	return Definitions[i], true
}

// Requested asks for an approval. Exactly one content is set, that of its kind.
type Requested struct {
	Approval string           `json:"approval"` // <kind>-<n> within the stream
	Kind     Kind             `json:"kind"`
	Solution string           `json:"solution"`
	Version  string           `json:"version"` // of a release's, else ""
	Waiver   *Waiver          `json:"waiver,omitempty"`
	Template *Template        `json:"template,omitempty"`
	Baseline *policy.Baseline `json:"baseline,omitempty"`
	Review   *Review          `json:"review,omitempty"`
	Deletion *Deletion        `json:"deletion,omitempty"`
	// Lost are the controls that the change takes away, for those who sign.
	Lost []string `json:"lost,omitempty"`
}

// Review is a periodic review of a solution: the document that is signed, in its
// forms.
type Review struct {
	From   string            `json:"from"` // in the ledger's form, with it
	To     string            `json:"to"`   // without it
	Number string            `json:"number"`
	Files  map[string]string `json:"files"` // blobs by extension; json is the canonical form
}

// Signed is one signature of an approval.
type Signed struct {
	Approval  string            `json:"approval"`
	Signature string            `json:"signature"`
	Person    string            `json:"person"`
	Role      policy.Role       `json:"role"`
	Meaning   signature.Meaning `json:"meaning"`
}

// Granted ends an approval: every signature is there.
type Granted struct {
	Approval string `json:"approval"`
}

// Refused ends an approval by a person's decision.
type Refused struct {
	Approval  string `json:"approval"`
	Signature string `json:"signature"`
}

// EventType implements ledger.Payload.
func (Requested) EventType() (string, int) { return "approval.requested", 5 }

// EventType implements ledger.Payload.
func (Signed) EventType() (string, int) { return "approval.signed", 1 }

// EventType implements ledger.Payload.
func (Granted) EventType() (string, int) { return "approval.granted", 1 }

// EventType implements ledger.Payload.
func (Refused) EventType() (string, int) { return "approval.refused", 1 }

// State of an approval.
type State string

// An approval is pending until it is granted or refused.
const (
	Pending      State = "pending"
	StateGranted State = "granted"
	StateRefused State = "refused"
)

// Approval is one approval as the ledger tells it.
type Approval struct {
	Requested
	By         string // person who asked
	Time       string
	State      State
	Signatures []Signed
	Acted      []string // everybody who signed, and in whose role who signed for another
}

// Apply copies an event of a stream into its list of approvals.
func Apply(list []Approval, e ledger.Event) []Approval {
	switch d := e.Data.(type) {
	case *Requested:
		return append(slices.Clip(list), Approval{Requested: *d, By: e.Actor.ID, Time: e.Time, State: Pending})
	case *Signed:
		return change(list, d.Approval, func(a *Approval) {
			a.Signatures = append(slices.Clip(a.Signatures), *d)
			a.Acted = append(slices.Clip(a.Acted), d.Person)
			if e.OnBehalf != "" {
				a.Acted = append(a.Acted, e.OnBehalf)
			}
		})
	case *Granted:
		return change(list, d.Approval, func(a *Approval) { a.State = StateGranted })
	case *Refused:
		return change(list, d.Approval, func(a *Approval) { a.State = StateRefused })
	}
	return list
}

func change(list []Approval, id string, do func(*Approval)) []Approval {
	out := slices.Clone(list)
	for i := range out {
		if out[i].Approval == id {
			do(&out[i])
		}
	}
	return out
}

// Next is the identity of the next approval of a kind in a list.
func Next(list []Approval, k Kind) string {
	n := 1
	for _, a := range list {
		if a.Kind == k {
			n++
		}
	}
	return fmt.Sprintf("%s-%d", k, n)
}

// Missing are the requirements without a signature.
func (a Approval) Missing() []Requirement {
	d, _ := Find(a.Kind)
	var out []Requirement
	for _, r := range d.Requires {
		if !slices.ContainsFunc(a.Signatures, func(s Signed) bool { return s.Role == r.Role && s.Meaning == r.Meaning }) {
			out = append(out, r)
		}
	}
	return out
}

// For is the missing requirement that the person can give, in a role of their
// own or a delegated one, or every reason why there is none. authored says
// whether a person's work is in what is approved, which neither who signs nor
// for whom may be.
func (a Approval) For(p policy.Subject, authored func(policy.Subject) bool) (signature.Capacity, signature.Meaning, []string) {
	out := p.Unfit()
	if a.State != Pending {
		out = append(out, fmt.Sprintf("%s is %s", a.Approval, a.State))
	}
	if authored(p) {
		out = append(out, p.Login+" is an author of this release")
	}
	if a.By == p.ID {
		out = append(out, p.Login+" asked for it and does not sign it")
	}
	if slices.Contains(a.Acted, p.ID) {
		out = append(out, p.Login+" has signed: different people sign")
	}
	var roles []string
	for _, r := range a.Missing() {
		roles = append(roles, string(r.Role))
		if len(out) > 0 {
			continue
		}
		if p.Holds(r.Role, a.Solution) {
			return signature.Capacity{Role: r.Role}, r.Meaning, nil
		}
		if d, ok := p.Delegate(r.Role, a.Solution); ok && d.From != a.By && !slices.Contains(a.Acted, d.From) && !authored(d.Delegator) {
			return signature.Capacity{Role: r.Role, Delegation: d.ID, For: d.From}, r.Meaning, nil
		}
	}
	if len(out) == 0 {
		out = append(out, fmt.Sprintf("%s holds none of the roles that are missing: %v", p.Login, roles))
	}
	return signature.Capacity{}, "", out
}

// Effective are the contents of granted waivers that have not run out at a
// time.
func Effective(list []Approval, at string) []Waiver {
	var out []Waiver
	for _, a := range list {
		if a.State == StateGranted && a.Waiver != nil && at < a.Waiver.Expires {
			out = append(out, *a.Waiver)
		}
	}
	return out
}

// Approved finds the granted template of a name, the last one when it was
// approved again.
func Approved(list []Approval, name string) (Template, bool) {
	for _, a := range slices.Backward(list) {
		if a.State == StateGranted && a.Template != nil && a.Template.Name == name {
			return *a.Template, true
		}
	}
	return Template{}, false
}
