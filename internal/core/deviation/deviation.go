// Package deviation is a recorded failure and what people decide about it: an
// attempt that did not pass opens one by itself, and a gate stays closed until
// somebody who is no author has signed its disposition.
package deviation

import (
	"fmt"
	"slices"
	"strings"

	"github.com/dc-release/dc-release/internal/core/ledger"
	"github.com/dc-release/dc-release/internal/core/policy"
	"github.com/dc-release/dc-release/internal/core/signature"
)

// Disposition is the cause that people found.
type Disposition string

// A product defect needs a new version. The others let a later attempt count.
const (
	ProductDefect Disposition = "product-defect"
	TestDefect    Disposition = "test-defect"
	Environment   Disposition = "environment"
	Operator      Disposition = "operator"
)

// Dispositions is the closed list.
var Dispositions = []Disposition{ProductDefect, TestDefect, Environment, Operator}

// Opened records a deviation. It is opened by the failure itself, or by a
// person.
type Opened struct {
	Deviation string `json:"deviation"` // D<n> within the release
	Source    string `json:"source"`    // execution, or evidence/<seq>, or person
	Job       string `json:"job"`
	Text      string `json:"text"` // what failed
}

// Disposed records what people decided.
type Disposed struct {
	Deviation   string      `json:"deviation"`
	Disposition Disposition `json:"disposition"`
	Cause       string      `json:"cause"`
	Action      string      `json:"action"`
	Signature   string      `json:"signature"`
}

// EventType implements ledger.Payload.
func (Opened) EventType() (string, int) { return "deviation.opened", 1 }

// EventType implements ledger.Payload.
func (Disposed) EventType() (string, int) { return "deviation.disposed", 1 }

// Deviation is one deviation as the ledger tells it.
type Deviation struct {
	Opened
	Seq      int64
	Time     string
	By       string    // person who opened it, "" for the failure itself
	Disposed *Disposed // nil while it is open
	Signer   string    // person of the disposition
	Role     policy.Role
}

// Apply copies an event of a release's stream into its list of deviations.
func Apply(list []Deviation, e ledger.Event) []Deviation {
	switch d := e.Data.(type) {
	case *Opened:
		n := Deviation{Opened: *d, Seq: e.Seq, Time: e.Time}
		if e.Actor.Kind == ledger.Person {
			n.By = e.Actor.ID
		}
		return append(slices.Clip(list), n)
	case *Disposed:
		list = slices.Clone(list)
		for i := range list {
			if list[i].Deviation == d.Deviation {
				list[i].Disposed, list[i].Signer, list[i].Role = d, e.Actor.ID, policy.Role(e.Actor.Role)
			}
		}
	}
	return list
}

// Summary is the deviation in one line: "D1: environment: text".
func (d Deviation) Summary() string {
	state := "open"
	if d.Disposed != nil {
		state = string(d.Disposed.Disposition)
	}
	return d.Deviation + ": " + state + ": " + d.Text
}

// Next is the identity of the next deviation of a list.
func Next(list []Deviation) string { return fmt.Sprintf("D%d", len(list)+1) }

// Bounded keeps a text within what an event has room for.
func Bounded(text string) string {
	const limit = 4000
	if len(text) <= limit {
		return text
	}
	return strings.ToValidUTF8(text[:limit], "") + " ..."
}

// Known reports whether a source has its deviation.
func Known(list []Deviation, source string) bool {
	return slices.ContainsFunc(list, func(d Deviation) bool { return d.Source == source })
}

// Missing is what keeps a gate closed: every deviation without a disposition,
// and every product defect, which no later attempt of the same version mends.
func Missing(list []Deviation) []string {
	var out []string
	for _, d := range list {
		switch {
		case d.Disposed == nil:
			out = append(out, fmt.Sprintf("deviation %s has no disposition: %s", d.Deviation, d.Text))
		case d.Disposed.Disposition == ProductDefect:
			out = append(out, fmt.Sprintf("deviation %s is a product defect: mend it in a new version", d.Deviation))
		}
	}
	return out
}

// manyOfOneCause is the number of deviations with one cause from which on only
// QC accepts another: repeating until it passes is not testing.
const manyOfOneCause = 3

// MayDispose names every reason why the person must not give the disposition;
// authored says whether a person's work is in the release, which neither who
// signs nor for whom may be.
func MayDispose(list []Deviation, id string, d Disposition, p policy.Subject, solution string, authored func(policy.Subject) bool) (signature.Capacity, []string) {
	at := slices.IndexFunc(list, func(x Deviation) bool { return x.Deviation == id })
	if at < 0 {
		return signature.Capacity{}, []string{fmt.Sprintf("no deviation %q", id)}
	}
	out := p.Unfit()
	if list[at].Disposed != nil {
		out = append(out, fmt.Sprintf("deviation %s has its disposition", id))
	}
	if !slices.Contains(Dispositions, d) {
		out = append(out, fmt.Sprintf("disposition %q: want one of %v", d, Dispositions))
	}
	if authored(p) {
		out = append(out, p.Login+" is an author of this release")
	}
	same := 0
	for _, x := range list {
		if x.Disposed != nil && x.Disposed.Disposition == d {
			same++
		}
	}
	roles := []policy.Role{policy.QC, policy.SME}
	if same >= manyOfOneCause-1 && d != ProductDefect {
		roles = roles[:1]
	}
	for _, r := range roles {
		if p.Holds(r, solution) {
			return signature.Capacity{Role: r}, out
		}
		if by, ok := p.Delegate(r, solution); ok {
			if authored(by.Delegator) {
				out = append(out, fmt.Sprintf("%s, for whom %s would sign, is an author of this release", by.Delegator.Login, p.Login))
			}
			return signature.Capacity{Role: r, Delegation: by.ID, For: by.From}, out
		}
	}
	if len(roles) == 1 {
		out = append(out, fmt.Sprintf("it is the %d. deviation with the cause %s: only QC accepts it", same+1, d))
	}
	return signature.Capacity{}, append(out, fmt.Sprintf("%s holds none of the roles %v for %s", p.Login, roles, solution))
}
