package document

import "strings"

// outlineValidationPlan writes what is verified, how much by risk, by whom and
// what has to be there in the end.
func outlineValidationPlan(a *author) {
	a.identification()
	a.section("Scope and intended use")
	a.quoted(PageIntendedUse, "The functional specification has no section Intended use.")
	a.classification()
	a.section("Strategy")
	a.say("Verification follows risk. Every requirement has a specification, every specification a test; the class of a risk decides the least evidence of what it is about. Tests bind to the commit, the environment, the deployment and the artifacts that they saw.")
	a.quoted(PageTestStrategy, "The repository holds no test strategy.")
	a.riskProfile()
	a.section("Roles and responsibilities")
	a.roles()
	a.procedures()
	a.section("Deliverables")
	a.deliverables()
	a.section("Acceptance criteria")
	a.criteria()
	a.section("Deviations")
	a.say("A failed attempt opens a deviation by itself. It is closed by a disposition with cause and action, signed by QC; a test that passes only on a later attempt needs one as well. What cannot be met is excepted by a waiver that names one check and one item, says risk and control, and ends.")
}

// classification is what decides the set of documents and the gates.
func (a *author) classification() {
	a.fields(
		field("Profile", text(orDash(a.facts.Policy.Profile))),
		field("GAMP 5 category", text(categoryText(a.facts.Setting.Category))),
		field("Change type", a.facts.Release.changeType()...),
	)
}

func categoryText(category int64) string {
	switch category {
	case 1:
		return "1, infrastructure"
	case 3:
		return "3, used as it is"
	case 4:
		return "4, configured"
	case 5:
		return "5, made for the purpose"
	}
	return "none is stated; treated as 5, made for the purpose"
}

// riskProfile counts risks by class and names the least evidence of each.
func (a *author) riskProfile() {
	count := map[string]int64{}
	for _, r := range a.facts.ItemsOf("RA") {
		if r.Change != Retired {
			count[r.assessment().Class]++
		}
	}
	t := Table{
		Caption: "Risks by class and the least evidence",
		Columns: []Column{{Title: "Class", Weight: 3}, {Title: "Risks", Weight: 2, Numeric: true}, {Title: "Least evidence of what it is about", Weight: 13}},
	}
	for _, c := range [][2]string{
		{"High", "OV in TST and in VAL, and acceptance in VAL by a person"},
		{"Medium", "OV in TST and in VAL"},
		{"Low", "any passed test"},
	} {
		t.Rows = append(t.Rows, row(class(c[0]), number(count[c[0]]), plain(c[1])))
	}
	a.table(t)
}

func (a *author) roles() {
	t := Table{
		Caption: "Roles and who holds them",
		Columns: []Column{{Title: "Role", Weight: 4}, {Title: "Persons", Weight: 12}},
		Empty:   "Nobody holds a role for this product.",
	}
	for _, r := range a.facts.Setting.Roles {
		var names []string
		for _, p := range r.Persons {
			names = append(names, p.printed())
		}
		t.Rows = append(t.Rows, row(plain(r.Name), lines(names...)))
	}
	a.table(t)
	a.say("A person signs in one role for a release, never for a change of their own, and QC is never the Release Manager.")
}

func (a *author) procedures() {
	t := Table{
		Caption: "Procedures that are asked of holders before they sign",
		Columns: []Column{{Title: "Role", Weight: 5}, {Title: "Procedure", Weight: 6}, {Title: "Revision", Weight: 3}},
		Empty:   "No procedure is asked for.",
	}
	for _, p := range a.facts.Setting.Procedures {
		t.Rows = append(t.Rows, row(plain(p.Role), plain(p.Name), plain(p.Revision)))
	}
	a.table(t)
}

// deliverables are the documents that this release gets, by gate.
func (a *author) deliverables() {
	t := Table{
		Caption: "Documents of this release",
		Columns: []Column{{Title: "Document", Weight: 7}, {Title: "From gate", Weight: 5}, {Title: "Reviewed by", Weight: 7}},
	}
	s := a.facts.Selection("", 0)
	for _, k := range a.kinds {
		if !k.demanded(s) {
			continue
		}
		from := "after the last gate"
		if k.From != "" {
			from = gateTitle(k.From)
		}
		t.Rows = append(t.Rows, row(plain(k.Title), plain(from), plain(strings.Join(k.Signers, ", "))))
	}
	a.table(t)
}

func (a *author) criteria() {
	t := Table{
		Caption: "What each gate asks for",
		Columns: []Column{{Title: "Gate", Weight: 5}, {Title: "Checks", Weight: 9}, {Title: "Signatures", Weight: 8}},
		Empty:   "The plan of this run has no gate.",
	}
	for _, g := range a.facts.Gates {
		var checks, signatures []string
		for _, c := range g.Checks {
			checks = append(checks, c.Name)
		}
		for _, r := range g.Required {
			signatures = append(signatures, strings.Join(r.Roles, " or ")+": "+r.Meaning)
		}
		t.Rows = append(t.Rows, row(detailed(gateTitle(g.Name), g.Name), lines(checks...), lines(signatures...)))
	}
	a.table(t)
}
