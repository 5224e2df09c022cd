package document

import (
	"fmt"
	"strings"
)

// Inspection is what the index of an inspection bundle leads to. All paths are
// relative to the index.
type Inspection struct {
	Product   string
	Version   string
	State     string
	Folder    string   // of the release in the bundle
	Problems  []string // that verification found, nil for none
	Trust     string   // what is known of the issuer
	Counts    string   // what was verified, in words
	Documents []InspectedDocument
	Places    []InspectedPlace
	Evidence  []InspectedFile
	Externals []InspectedFile
	Gates     []SignatureBlock
	Matrix    Matrix
}

// InspectedDocument is a document with its forms.
type InspectedDocument struct {
	Number, Title, Stage, SHA256 string
	Forms                        []InspectedFile
}

// InspectedPlace is one deployment into an environment.
type InspectedPlace struct{ Environment, Version, At, Tree string }

// InspectedFile is a file of the bundle; Path is "" for one that is kept
// elsewhere.
type InspectedFile struct {
	Name, Path, SHA256 string
	Size               int64 // bytes
}

// InspectionPage is the index. It is no document of the release: it leads to
// those and adds no conclusion.
func InspectionPage(b Inspection) Tree {
	a := &author{}
	a.section("What this is")
	a.say("Everything that was published of version %s of %s, in one file, as it stands in the release log. Nothing is loaded from elsewhere. Search this page for an id (URS-, FS-, RA-, TEST-) to come to its tests and results.", b.Version, b.Product)
	a.fields(field("State", outcome(b.State)...), field("Issuer", text(b.Trust)), field("Verified when the bundle was made", text(b.Counts)))
	if len(b.Problems) > 0 {
		a.notice(Negative, "Verification failed", lines(b.Problems...)...)
	}
	a.section("Requirements, tests and results")
	a.inspectedMatrix(b)
	a.section("Documents")
	a.inspectedDocuments(b.Documents)
	a.section("Gates and signatures")
	for _, g := range b.Gates {
		a.add(Block{Signatures: &g})
	}
	if len(b.Gates) == 0 {
		a.say("The folder holds no certificate yet; signatures are in %s/signatures.", b.Folder)
	}
	a.section("Where it was deployed")
	t := Table{Caption: "Deployments", Columns: []Column{{Title: "Environment", Weight: 3}, {Title: "Version", Weight: 3}, {Title: "Since", Weight: 5}, {Title: "Tree SHA-256", Weight: 12}}, Empty: "No deployment is in the published part of the ledger."}
	for _, p := range b.Places {
		t.Rows = append(t.Rows, row(plain(strings.ToUpper(p.Environment)), plain(p.Version), plain(stamp(p.At)), mono(p.Tree)))
	}
	a.table(t)
	a.section("Evidence")
	a.inspectedFiles("Evidence files", "The folder holds no evidence.", b.Evidence)
	a.section("Kept elsewhere")
	a.inspectedFiles("Files that are named with their digest", "Everything is in this bundle.", b.Externals)
	a.section("How to verify")
	a.say("Every digest, signature and proof can be verified on a machine that has nothing else, with the trust file that was handed over by another way:")
	a.add(Block{Code: &Code{Language: "sh", Text: "sha256sum --check SHA256SUMS\ndc-release audit verify --release-log release-log --version " + b.Version + " --trust FILE\n"}})
	return Tree{Schema: TreeSchema, Meta: Meta{Kind: "inspection", Title: "Inspection bundle", Product: b.Product, Version: b.Version, Stage: StageFinal}, Blocks: a.blocks}
}

// inspectedMatrix is a row for each requirement with its way to the results,
// each result with its file.
func (a *author) inspectedMatrix(b Inspection) {
	paths := map[string]string{}
	for _, f := range b.Evidence {
		paths[f.SHA256] = f.Path
	}
	t := Table{
		Caption: "From requirement to result",
		Columns: []Column{{Title: "Requirement", Weight: 7}, {Title: "Specification", Weight: 7}, {Title: "Test", Weight: 7}, {Title: "State", Weight: 4}, {Title: "Results", Weight: 8}},
		Empty:   "The folder holds no traceability matrix.",
	}
	for _, r := range b.Matrix.Rows {
		var results []Run
		for i, c := range r.Cells {
			if c.State == "" {
				continue
			}
			if results != nil {
				results = append(results, newline())
			}
			column := b.Matrix.Columns[i]
			name := strings.TrimSpace(column.Verification + " " + strings.ToUpper(column.Environment))
			if path := paths[c.Evidence]; path != "" {
				results = append(results, link(name, "./"+path))
			} else {
				results = append(results, text(name))
			}
			results = append(results, text(" "))
			results = append(results, outcome(c.State)...)
		}
		if results == nil {
			results = plain("")
		}
		t.Rows = append(t.Rows, row(inspectedItem(r.URS), inspectedItem(r.FS), inspectedItem(r.Test), append(outcome(r.State), small(r.Reason)), results))
	}
	a.table(t)
}

func inspectedItem(i ItemRef) []Run {
	if i.ID == "" {
		return plain("")
	}
	return []Run{code(i.ID), small(i.Title)}
}

func (a *author) inspectedDocuments(all []InspectedDocument) {
	t := Table{
		Caption: "Documents, final ones first",
		Columns: []Column{{Title: "Document", Weight: 7}, {Title: "Number", Weight: 9}, {Title: "Status", Weight: 4}, {Title: "Forms", Weight: 5}, {Title: "SHA-256 of the canonical form", Weight: 13}},
		Empty:   "The folder holds no document.",
	}
	for _, d := range all {
		var forms []Run
		for _, f := range d.Forms {
			if forms != nil {
				forms = append(forms, text(" "))
			}
			forms = append(forms, link(f.Name, "./"+f.Path))
		}
		t.Rows = append(t.Rows, row(plain(d.Title), mono(d.Number), cell(status(d.Stage, Stage(d.Stage).tone())), forms, mono(d.SHA256)))
	}
	a.table(t)
}

func (a *author) inspectedFiles(caption, empty string, all []InspectedFile) {
	t := Table{
		Caption: fmt.Sprintf("%s: %d", caption, len(all)),
		Columns: []Column{{Title: "File", Weight: 12}, {Title: "Size", Weight: 3, Numeric: true}, {Title: "SHA-256", Weight: 12}},
		Empty:   empty,
	}
	for _, f := range all {
		name := plain(f.Name)
		if f.Path != "" {
			name = cell(link(f.Name, "./"+f.Path))
		}
		t.Rows = append(t.Rows, row(name, plain(bytesText(f.Size)), mono(f.SHA256)))
	}
	a.table(t)
}
