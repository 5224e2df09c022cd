package document

import "strings"

// outlineInstallation writes what is installed in PRD and how that was seen.
func outlineInstallation(a *author) {
	const prd = "prd"
	a.identification()
	a.section("Installed")
	for _, e := range a.facts.Environments {
		if e.Name != prd {
			continue
		}
		for _, d := range e.Deployments {
			a.subsection(orDash(d.Version) + " in " + strings.ToUpper(prd))
			a.fields(
				field("Execution", mono(d.Execution)...), field("Target", text(orDash(e.Target))), field("Mode", text(orDash(d.Mode))),
				field("Started", text(stamp(d.StartedAt))), field("Ended", text(stamp(d.EndedAt))), field("Outcome", outcome(d.Outcome)...),
				field("Tree SHA-256", mono(d.TreeSHA256)...), field("Installation verification", outcome(d.IV.State)...),
				field("Compared files", number(d.IV.Compared)...), field("Differences", d.IV.differences()...),
				field("Evidence, SHA-256", mono(d.IV.EvidenceSHA256)...),
			)
		}
	}
	if !a.facts.has(prd) {
		a.notice(Caution, "Nothing installed", text("Nothing is recorded of PRD."))
	}
	a.section("Results in PRD")
	a.summary(func(e Evidence) bool { return e.Environment == prd })
	a.section("Configuration")
	a.artifacts()
	a.sources()
}

// differences are what was not as deployed; where nothing was compared, nobody
// knows.
func (i Installation) differences() []Run {
	switch {
	case len(i.Differences) > 0:
		return lines(i.Differences...)
	case i.State == "passed":
		return cell(text("none"))
	}
	return cell(text("not known"))
}
