package document

// outlineDeviationLog writes what did not go as planned and what was decided.
func outlineDeviationLog(a *author) {
	a.identification()
	a.section("Summary")
	open := 0
	for _, d := range a.facts.Decisions.Deviations {
		if d.Disposition == "" {
			open++
		}
	}
	switch n := len(a.facts.Decisions.Deviations); {
	case n == 0:
		a.notice(Positive, "No deviation", text("No attempt of this release needed a disposition."))
	case open > 0:
		a.notice(Negative, "Open", text(Plural(int64(open), "deviation has", "deviations have")+" no disposition yet."))
	default:
		a.notice(Caution, "Closed", text(Plural(int64(n), "deviation has", "deviations have")+" a signed disposition."))
	}
	a.decisions()
	a.exceptions()
}
