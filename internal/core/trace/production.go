package trace

import (
	"slices"

	"github.com/dc-release/dc-release/internal/core/evidence"
)

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
