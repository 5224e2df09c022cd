package policy

import (
	"cmp"
	"fmt"
	"maps"
	"regexp"
	"slices"
	"strings"

	"github.com/dc-release/dc-release/internal/core/ledger"
)

// Profile is the set of rules that a solution is released under.
type Profile string

// GxP has three gates and every check; NonGxP has one signature before PRD.
const (
	GxP    Profile = "gxp"
	NonGxP Profile = "non-gxp"
)

// Places in their order; a release moves up only.
var Places = []string{"dev", "tst", "val", "prd"}

// Environment is where a place's deployments go, and what may go there.
type Environment struct {
	Target string            `json:"target"` // of TargetKinds
	Config map[string]string `json:"config,omitempty"`
	// Names are further names that workflows may call the place by.
	Names      []string   `json:"names,omitempty"`
	Protection Protection `json:"protection,omitzero"`
}

// Selector is a rule which verification the files of a glob belong to.
type Selector struct {
	Glob         string `json:"glob"`
	Verification string `json:"verification"`
}

// Baseline is what the server knows of a solution; dc-release.yaml at a
// release's commit may tighten it and never differ from it otherwise.
type Baseline struct {
	Solution     string                 `json:"solution"`
	Profile      Profile                `json:"profile"`
	Code         string                 `json:"code"`         // path or URL of the code repository
	Requirements string                 `json:"requirements"` // "" for none
	ReleaseLog   string                 `json:"release_log"`  // "" for none
	Branch       string                 `json:"branch"`       // main
	Workflow     string                 `json:"workflow"`     // .github/workflows/main.yaml
	Environments map[string]Environment `json:"environments"`
	Evidence     []Selector             `json:"evidence,omitempty"`
	Rebuilds     string                 `json:"rebuilds"` // "" or "accepted"
	Evaluation   bool                   `json:"evaluation"`
	// RACI replaces the default matrix when it is given.
	RACI []Activity `json:"raci,omitempty"`
	// Category is that of GAMP 5 (1, 3, 4 or 5) and chooses the set of documents;
	// 0 is not said and read as 5.
	Category int64 `json:"category,omitempty"`
	// Templates are the digests of the templates that documents may be made
	// with, by kind of document; a kind without one is made as it is built in.
	Templates map[string]string `json:"templates,omitempty"`
	Rollback  Rollback          `json:"rollback,omitzero"`
	Scans     Scans             `json:"scans,omitzero"`
}

// Categories are those of GAMP 5; its second edition has no 2.
var Categories = []int64{1, 3, 4, 5}

// SolutionAdded records a baseline.
type SolutionAdded struct {
	Baseline Baseline `json:"baseline"`
}

// EventType implements ledger.Payload.
func (SolutionAdded) EventType() (string, int) { return "solution.added", 6 }

// SolutionRevised records a new baseline that was approved; from then on it is
// the solution's.
type SolutionRevised struct {
	Baseline Baseline `json:"baseline"`
	Approval string   `json:"approval"`
}

// EventType implements ledger.Payload.
func (SolutionRevised) EventType() (string, int) { return "solution.revised", 4 }

// BaselineOf is the baseline that an event records.
func BaselineOf(p ledger.Payload) (Baseline, bool) {
	switch d := p.(type) {
	case *SolutionAdded:
		return d.Baseline, true
	case *SolutionRevised:
		return d.Baseline, true
	}
	return Baseline{}, false
}

var digestForm = regexp.MustCompile(`^[0-9a-f]{64}$`)

var keyForm = regexp.MustCompile(`^[a-z0-9]+(-[a-z0-9]+)*$`)

// CheckSolution accepts a key like corp-procurement.
func CheckSolution(key string) error {
	if !keyForm.MatchString(key) || len(key) > 64 {
		return fmt.Errorf("solution %q: want lower-case letters, digits and single hyphens, at most 64", key)
	}
	return nil
}

// Check reports everything wrong with a baseline.
func (b Baseline) Check() []error {
	var out []error
	if err := CheckSolution(b.Solution); err != nil {
		out = append(out, err)
	}
	if b.Profile != GxP && b.Profile != NonGxP {
		out = append(out, fmt.Errorf("profile %q: want gxp or non-gxp", b.Profile))
	}
	if b.Category != 0 && !slices.Contains(Categories, b.Category) {
		out = append(out, fmt.Errorf("category %d: want 1, 3, 4 or 5", b.Category))
	}
	for kind, digest := range b.Templates {
		if !digestForm.MatchString(digest) {
			out = append(out, fmt.Errorf("template of %s: %q is no SHA-256", kind, digest))
		}
	}
	if b.Code == "" {
		out = append(out, fmt.Errorf("solution %q: no code repository", b.Solution))
	}
	if b.Profile == GxP && (b.ReleaseLog == "" || b.Requirements == "") {
		out = append(out, fmt.Errorf("solution %q: the gxp profile needs a requirements and a release-log repository", b.Solution))
	}
	for _, f := range RACIFindings(b.Activities()) {
		out = append(out, fmt.Errorf("raci: %s", f))
	}
	out = append(append(out, b.Rollback.check()...), b.Scans.check()...)
	return append(out, b.checkEnvironments()...)
}

func (b Baseline) checkEnvironments() []error {
	var out []error
	named := map[string]string{}
	for _, place := range slices.Sorted(maps.Keys(b.Environments)) {
		if !slices.Contains(Places, place) {
			out = append(out, fmt.Errorf("environment %q: want one of %v", place, Places))
		}
		e := b.Environments[place]
		out = append(append(out, e.checkTarget(place)...), e.Protection.check(place)...)
		for _, name := range e.Names {
			folded := strings.ToLower(name)
			if other, taken := named[folded]; taken || slices.Contains(Places, folded) {
				out = append(out, fmt.Errorf("environment %q: the name %q is that of %s", place, name, cmp.Or(other, folded)))
			}
			named[folded] = place
		}
	}
	return out
}

// Named maps the further names of places, in lower case, to the places.
func (b Baseline) Named() map[string]string {
	names := map[string]string{}
	for place, e := range b.Environments {
		for _, name := range e.Names {
			names[strings.ToLower(name)] = place
		}
	}
	return names
}

// Solution is a recorded baseline with its digest, the policy digest of the
// solution's events.
type Solution struct {
	Baseline
	Digest string
}
