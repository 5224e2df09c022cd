package trace

import (
	"slices"
	"strings"

	"github.com/dc-release/dc-release/internal/core/document"
	"github.com/dc-release/dc-release/internal/core/evidence"
)

// Scenario is one scenario of a feature file as its tags and its folder say it.
type Scenario struct {
	Name string
	At   document.Position
	IDs  []string // of tags, its own and those above it
	// Stages are the verifications of tags, its own and those above it, each once.
	Stages []evidence.Verification
	// Folder is the verification that the path gives, "" for none.
	Folder evidence.Verification
	// Places are the environments of tags: @prd.
	Places []string
}

// Tagged gives a scenario what its tags say.
func (s *Scenario) Tagged(tags []string) {
	for _, tag := range tags {
		tag = strings.TrimPrefix(tag, "@")
		if _, err := evidence.ParseID(tag); err == nil && !slices.Contains(s.IDs, tag) {
			s.IDs = append(s.IDs, tag)
			continue
		}
		if v, err := evidence.ParseVerification(tag); err == nil && !slices.Contains(s.Stages, v) {
			s.Stages = append(s.Stages, v)
			continue
		}
		if place := strings.ToLower(tag); place != "" && slices.Contains(environments, place) && !slices.Contains(s.Places, place) {
			s.Places = append(s.Places, place)
		}
	}
}

// verification is the one that the scenario has, "" for none or several.
func (s Scenario) verification() evidence.Verification {
	switch {
	case len(s.Stages) == 1:
		return s.Stages[0]
	case len(s.Stages) == 0:
		return s.Folder
	}
	return ""
}

// CheckScenarios judges the scenarios that name an id (DOC-T06, T12).
func CheckScenarios(all []Scenario) []document.Finding {
	var out []document.Finding
	for _, s := range all {
		if len(s.IDs) == 0 {
			continue
		}
		v := s.verification()
		switch {
		case len(s.Stages) > 1:
			var names []string
			for _, x := range s.Stages {
				names = append(names, "@"+string(x))
			}
			out = append(out, finding("DOC-T06", s.At, "keep one", "scenario %q has %d stages: %s", s.Name, len(names), strings.Join(names, ", ")))
		case v == "":
			out = append(out, finding("DOC-T06", s.At, "tag it with one of @UT, @IV, @OV, @AV, @pIV, @pOV, or move it below tests/integration or the like", "scenario %q has no stage", s.Name))
		}
		if v != "" && slices.Contains(s.Places, production) && destructive(v) {
			out = append(out, finding("DOC-T12", s.At, "only pIV and pOV may run there", "scenario %q is %s and tagged for PRD", s.Name, v))
		}
	}
	return out
}

const production = "prd"

// destructive reports whether a verification may not run in production.
func destructive(v evidence.Verification) bool {
	return v != evidence.PIV && v != evidence.POV && !v.BoundToCommit()
}

// inProduction judges where a test says that it runs (DOC-T12).
func (c *checker) inProduction(item *Item) {
	if item.Retired || item.Kind != TEST || !slices.Contains(item.Environments, production) || len(item.Planned) == 0 {
		return
	}
	if !slices.ContainsFunc(item.Planned, func(v evidence.Verification) bool { return !destructive(v) && !v.BoundToCommit() }) {
		c.report("DOC-T12", item.At, "plan pIV or pOV for it, or leave prd out", "%s is planned for PRD and none of its verifications may run there", item.ID)
	}
}
