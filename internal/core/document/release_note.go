package document

// outlineReleaseNote writes the note of the tagged commit, understood and
// verbatim.
func outlineReleaseNote(a *author) {
	a.identification()
	a.section("Changes")
	a.prose(a.facts.Note.Intro)
	a.changes()
	a.impact()
	a.risk()
	a.section("Changed requirements, specifications, risks and tests")
	a.changedItems()
	a.section("Annex: verbatim")
	a.verbatim()
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
