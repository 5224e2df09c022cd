package document

import "slices"

// Selection says which documents a gate demands.
type Selection struct {
	Profile      string // gxp, non-gxp
	Category     int64  // GAMP 5, 0 is read as 5
	ChangeType   string
	Gate         string
	Environments []string // that the release has been in
	Revision     int
}

// Selection is what the facts decide about the set of a gate.
func (f Facts) Selection(gate string, revision int) Selection {
	s := Selection{Profile: f.Policy.Profile, Category: f.Setting.Category, ChangeType: f.Release.ChangeType, Gate: gate, Revision: revision}
	for _, e := range f.Environments {
		s.Environments = append(s.Environments, e.Name)
	}
	return s
}

// gateOrder is the way through the gates; a kind is made from its first gate on.
var gateOrder = []string{"pre_val", "approve_to_prd", "approve_for_use"}

// Set is the documents that a gate demands: drafts at pre_val and
// approve_to_prd, candidates at approve_for_use. Unknown gates demand none. The
// certificate is not in it: it is made after the last gate.
func Set(s Selection) []Request {
	at := slices.Index(gateOrder, s.Gate)
	if at < 0 {
		return nil
	}
	var out []Request
	for _, k := range All {
		if k.FinalOnly || at < slices.Index(gateOrder, k.From) || !k.demanded(s) {
			continue
		}
		if !k.PerEnvironment {
			out = append(out, Request{Kind: k, Gate: s.Gate, Revision: s.Revision})
			continue
		}
		for _, e := range s.Environments {
			out = append(out, Request{Kind: k, Environment: e, Gate: s.Gate, Revision: s.Revision})
		}
	}
	return out
}

// demanded reports whether classification, category and change type ask for a
// kind. A standard change goes by a template that was approved before, and that
// stands for what the template settled.
func (k Kind) demanded(s Selection) bool {
	if s.Profile == "non-gxp" {
		return k.NonGxP
	}
	category := s.Category
	if category == 0 {
		category = 5
	}
	return (k.Categories == nil || slices.Contains(k.Categories, category)) && (s.ChangeType != "standard" || !k.Settled)
}
