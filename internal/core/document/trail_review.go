package document

import "fmt"

// outlineTrailReview writes what a reviewer of the audit trail looks at, and
// who did.
func outlineTrailReview(a *author) {
	a.identification()
	a.section("Range")
	a.fields(
		field("Ledger", code(orDash(a.facts.Ledger.Origin))),
		field("Size", text(fmt.Sprint(a.facts.Ledger.Size))),
		field("Root", mono(a.facts.Ledger.Root)...),
	)
	a.say("The ledger is tamper-evident up to its last witnessed checkpoint. The list below is gathered from it and from nowhere else.")
	a.exceptions()
	a.section("Reviews")
	a.reviews()
}
