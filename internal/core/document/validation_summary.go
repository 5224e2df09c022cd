package document

import "fmt"

// outlineSummary writes the results against the plan. It draws no conclusion:
// those who sign the gate do.
func outlineSummary(a *author) {
	f := a.facts
	a.identification()
	a.section("Scope")
	a.classification()
	a.section("Results against the plan")
	a.summary(func(Evidence) bool { return true })
	a.coverage()
	a.section("Open items")
	a.openItems()
	a.gaps()
	a.section("Risks")
	a.measures(f.ItemsOf("RA"))
	a.decisions()
	a.exceptions()
	a.section("Configuration")
	a.artifacts()
	a.section("Roles and procedures")
	a.roles()
	a.procedures()
	a.section("Conclusion")
	a.say("This report states what was recorded. Whether the product is fit for its intended use is concluded by those who sign the gate; their signatures bind to the manifest that names this report.")
}

func (a *author) openItems() {
	f := a.facts
	var open, waived int64
	for _, d := range f.Decisions.Deviations {
		if d.Disposition == "" {
			open++
		}
	}
	for _, w := range f.Decisions.Waivers {
		if w.State == "granted" && w.Expires > f.FrozenAt {
			waived++
		}
	}
	var gaps int64
	for _, g := range f.Matrix.Gaps {
		if g.Direct {
			gaps++
		}
	}
	a.fields(
		field("Deviations without disposition", number(open)...),
		field("Waivers in force", number(waived)...),
		field("Items that are not OK by themselves", number(gaps)...),
		field("Entries of the exception list", text(fmt.Sprint(len(f.Exceptions)))),
	)
}
