package document

// TracePage is a matrix for reading that is no document of a release: it has no
// number and nobody signs it.
func TracePage(title, code, requirements string, m Matrix, items []Item) Tree {
	a := &author{facts: Facts{Matrix: m, Items: items}}
	a.section("Basis")
	a.fields(field("Code", mono(code)...), field("Requirements", mono(requirements)...))
	a.states()
	a.section("Coverage")
	a.coverage()
	a.section("Gaps")
	a.gaps()
	a.section("Matrix")
	if len(m.Rows) == 0 {
		a.notice(Caution, "Empty matrix", text("No requirement, specification or test was found."))
	} else {
		a.add(Block{Matrix: &m})
		a.section("From test to requirement")
		a.backward()
	}
	return Tree{Schema: TreeSchema, Meta: Meta{Kind: "trace", Title: "Traceability", Product: title, Stage: StageDraft}, Blocks: a.blocks}
}
