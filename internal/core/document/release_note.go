package document

// outlineReleaseNote writes the note of the tagged commit, understood and
// verbatim.
func outlineReleaseNote(a *author) {
	a.identification()
	a.section("Changes")
	a.prose(a.facts.Note.Intro)
	a.changes()
	a.section("Impact assessment")
	a.prose(a.facts.Note.Impact)
	a.risk()
	a.section("Changed requirements, specifications, risks and tests")
	a.changedItems()
	a.section("Annex: verbatim")
	a.paragraph(text("File "), code(orDash(a.facts.Note.Path)), text(" at the tagged commit, SHA-256 "), code(orDash(a.facts.Note.SHA256)), text("."))
	a.add(Block{Code: &Code{Language: "markdown", Text: a.facts.Note.Text}})
}

func (a *author) changedItems() {
	t := Table{
		Caption: "Items that are not what they were in the previous release",
		Columns: []Column{{Title: "Id", Weight: 7}, {Title: "Title", Weight: 11}, {Title: "Change", Weight: 4}},
		Empty:   "No item changed since the previous release.",
	}
	if a.facts.Previous.First {
		t.Empty = "This is the first release: every item is new."
	}
	for _, i := range a.facts.Items {
		if i.Change != "" && (i.Change != Retired || i.State == "") {
			t.Rows = append(t.Rows, row(mono(i.ID), plain(i.Title), changeMark(i.Change)))
		}
	}
	a.table(t)
}
