package document

import (
	"slices"
	"strings"
)

// outlineRequirements writes every requirement at its pinned commit.
func outlineRequirements(a *author) {
	a.identification()
	a.section("Basis")
	a.paragraph(text("Requirements are read at commit "), code(orDash(a.facts.Release.RequirementsCommit)), text(". An id is never used again; an item that is no longer in force is retired and stays."))
	a.itemIndex("URS", "Requirements")
	a.itemTexts("URS", "Requirements", "No requirement was found at this commit.")
	a.retired("URS")
}

// outlineSpecification writes intended use, public API and every specification.
func outlineSpecification(a *author) {
	a.identification()
	a.section("Intended use")
	a.quoted(PageIntendedUse, "The functional specification has no section Intended use.")
	a.section("Public API")
	a.quoted(PagePublicAPI, "The functional specification has no section Public API.")
	a.itemIndex("FS", "Specifications")
	a.itemTexts("FS", "Specifications", "No specification was found at this commit.")
	a.retired("FS")
}

// outlineConfiguration writes where the product runs and what configures it.
func outlineConfiguration(a *author) {
	a.identification()
	a.section("Classification")
	a.classification()
	a.section("Places")
	t := Table{
		Caption: "Environments of the baseline",
		Columns: []Column{{Title: "Environment", Weight: 3}, {Title: "Target", Weight: 4}, {Title: "Names in workflows", Weight: 5}, {Title: "Branches and tags that may deploy", Weight: 6}, {Title: "Wait, minutes", Weight: 3, Numeric: true}},
		Empty:   "The baseline names no environment.",
	}
	for _, p := range a.facts.Setting.Places {
		t.Rows = append(t.Rows, row(plain(strings.ToUpper(p.Environment)), plain(p.Target), p.names(), p.protection(), number(p.WaitMinutes)))
	}
	a.table(t)
	a.section("Configuration files")
	files := Table{
		Caption: "Files of the commit that configure the product",
		Columns: []Column{{Title: "File", Weight: 7}, {Title: "SHA-256", Weight: 12}},
		Empty:   "The commit holds no such file.",
	}
	for _, f := range a.facts.Setting.Files {
		files.Rows = append(files.Rows, row(mono(f.Path), mono(f.SHA256)))
	}
	a.table(files)
	a.sources()
	a.section("Components")
	a.artifacts()
}

// itemIndex lists the items of a kind with their marks.
func (a *author) itemIndex(kind, title string) {
	a.section("Index")
	t := Table{
		Caption: title,
		Columns: []Column{{Title: "Id", Weight: 6}, {Title: "Title", Weight: 9}, {Title: "Owner", Weight: 4}, {Title: "GxP", Weight: 2}, {Title: "Risk", Weight: 3}, {Title: "Change", Weight: 3}},
		Empty:   "There is none.",
	}
	for _, i := range a.facts.ItemsOf(kind) {
		if i.Change != Retired {
			t.Rows = append(t.Rows, row(mono(i.ID), plain(i.Title), plain(i.Owner), plain(i.GxP), plain(i.Risk), changeMark(i.Change)))
		}
	}
	if kind == "FS" { // those are said of requirements
		t = t.without("Owner", "GxP")
	}
	a.table(t)
}

// names are the environments of workflows that are the place.
func (p Place) names() []Run {
	if len(p.Names) == 0 {
		return cell(text("its own"))
	}
	return lines(p.Names...)
}

func (p Place) protection() []Run {
	if len(p.Branches)+len(p.Tags) == 0 {
		return cell(text("any"))
	}
	return lines(slices.Concat(p.Branches, p.Tags)...)
}

// changeMark is what happened to an item since the previous release.
func changeMark(change string) []Run {
	if change == "" {
		return plain("")
	}
	return cell(status(change, Caution))
}

func (a *author) itemTexts(kind, title, empty string) {
	a.section(title)
	all := a.facts.ItemsOf(kind)
	if len(all) == 0 {
		a.notice(Caution, "None", text(empty))
	}
	for _, i := range all {
		if i.Change == Retired {
			continue
		}
		a.subsection(i.ID + " " + i.Title)
		a.prose(i.Text)
		fields := []Field{field("Source", mono(i.Source)...), field("Fingerprint", mono(i.Fingerprint)...)}
		if len(i.Above) > 0 {
			fields = append(fields, field("Implements", ids(i.Above)...))
		}
		if len(i.Below) > 0 {
			fields = append(fields, field(belowTitle(kind), ids(i.Below)...))
		}
		if len(i.Places) > 0 {
			fields = append(fields, field("Also at", plain(strings.Join(i.Places, ", "))...))
		}
		for _, x := range i.Attributes {
			fields = append(fields, field(x.Key, plain(x.Value)...))
		}
		if i.Change != "" {
			fields = append(fields, field("Since the previous release", changeMark(i.Change)...))
		}
		a.fields(fields...)
	}
}

func belowTitle(kind string) string {
	if kind == "URS" {
		return "Implemented or verified by"
	}
	return "Verified by"
}

func (a *author) retired(kind string) {
	a.section("Retired")
	t := Table{
		Caption: "Items that are no longer in force",
		Columns: []Column{{Title: "Id", Weight: 6}, {Title: "Title", Weight: 10}, {Title: "Source", Weight: 7}},
		Empty:   "No item was retired.",
	}
	for _, i := range a.facts.ItemsOf(kind) {
		if i.Change == Retired {
			t.Rows = append(t.Rows, row(mono(i.ID), plain(i.Title), mono(i.Source)))
		}
	}
	a.table(t)
}
