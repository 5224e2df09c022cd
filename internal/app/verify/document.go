package verify

import (
	"bytes"
	"fmt"
	"io/fs"
	"maps"
	"math"
	"path"
	"regexp"
	"slices"
	"strings"

	"github.com/dc-release/dc-release/internal/core/canonical"
	"github.com/dc-release/dc-release/internal/core/deployment"
	"github.com/dc-release/dc-release/internal/core/document"
	"github.com/dc-release/dc-release/internal/core/evidence"
	"github.com/dc-release/dc-release/internal/core/gate"
	"github.com/dc-release/dc-release/internal/core/policy"
	"github.com/dc-release/dc-release/internal/core/releaselog"
	"github.com/dc-release/dc-release/internal/core/workflow"
)

// Checks is the list of the document checks of a published folder.
var Checks = []document.Check{
	{ID: "DOC-P01", Severity: workflow.Error, Basic: true, Rule: "every file is what index, ledger and signatures say"},
	{ID: "DOC-P02", Severity: workflow.Error, Basic: true, Rule: "the history of the release log never changed or removed a published file, and nothing after the final publication"},
	{ID: "DOC-P03", Severity: workflow.Error, Rule: "every required signature is there with role and meaning, by different people, none of them an author"},
	{ID: "DOC-P04", Severity: workflow.Error, Rule: "what was signed is what is here"},
	{ID: "DOC-P05", Severity: workflow.Error, Rule: "signatures came after the evidence that they cover, and cover all of it"},
	{ID: "DOC-P06", Severity: workflow.Error, Rule: "the set of documents is the one that profile, category and type of change ask for"},
	{ID: "DOC-P07", Severity: workflow.Error, Rule: "every template of a document was approved"},
	{ID: "DOC-P08", Severity: workflow.Error, Rule: "every document as JSON is of its schema"},
	{ID: "DOC-P09", Severity: workflow.Error, Rule: "every document, rendered again by the same version, has the same bytes"},
	{ID: "DOC-P10", Severity: workflow.Error, Rule: "no evidence holds a secret or data of a person"},
	{ID: "DOC-P12", Severity: workflow.Error, Rule: "every character of every document can be printed"},
	{ID: "DOC-P13", Severity: workflow.Error, Rule: "drafts and candidates are marked as such, finals are not"},
}

// rules maps the rules of a verification to checks; every other is DOC-P01.
var rules = map[string]string{
	"gate": "DOC-P03", "signature": "DOC-P03", "attestation": "DOC-P03", "manifest": "DOC-P04", "review": "DOC-P04", "frozen": "DOC-P05",
	"document": "DOC-P08", "canonical": "DOC-P08", "rendered": "DOC-P09",
}

// DocumentOptions is what the documents of a folder are tested with.
type DocumentOptions struct {
	Options
	// Missing are the characters of a document that a renderer has no glyph for;
	// nil where none has fonts of its own.
	Missing func(t document.Tree) ([]rune, error)
	// History is what the commits of the release log did to the folder, the
	// oldest first; nil where no history is at hand.
	History []FolderCommit
	// Note is the release note of the tagged commit, nil where it is not at hand.
	Note []byte
}

// FolderCommit is one commit of a release log that touched the folder.
type FolderCommit struct {
	Commit string
	// Changed and Removed are paths in the folder that were there before.
	Changed, Removed []string
	Index            []byte // index.json of the folder after it
}

// Documents tests the documents of a published folder: everything that Folder
// verifies, and what documents have to be besides. Profile is that of the
// release, "" where it cannot be told.
func Documents(fsys fs.FS, name string, o DocumentOptions) (findings []document.Finding, left document.Left, profile string) {
	f := check(fsys, name, o.Options)
	d := documents{folder: f, o: o, left: document.Left{}}
	answer := f.report.finish()
	d.rendered = answer.Counts.Rendered > 0
	for _, x := range answer.Findings {
		d.rendered = d.rendered || x.Rule == "rendered"
		id, known := rules[x.Rule]
		if !known {
			id = "DOC-P01"
		}
		d.add(id, x.File, 1, "see dc-release audit verify", "%s [%s]", x.Message, x.Rule)
	}
	if f.history == nil {
		d.left.Because("the ledger of the folder cannot be read", "DOC-P03", "DOC-P04", "DOC-P05", "DOC-P06", "DOC-P07")
	} else {
		profile = string(d.profile(math.MaxInt64))
		d.sets()
	}
	d.past()
	d.note()
	d.trees()
	d.leaks()
	return d.findings, d.left, profile
}

type documents struct {
	*folder
	rendered bool // a document was rendered again
	o        DocumentOptions
	findings []document.Finding
	left     document.Left
}

func (d *documents) add(id, file string, line int, hint, format string, args ...any) {
	severity := workflow.Error
	if id == "DOC-P11" {
		severity = workflow.Warning
	}
	d.findings = append(d.findings, document.Finding{
		ID: id, Severity: severity, At: document.Position{File: file, Line: line, Column: 1}, Message: fmt.Sprintf(format, args...), Hint: hint,
	})
}

// note holds the published release note against the tagged one (DOC-R15).
func (d *documents) note() {
	published, there := d.files["release-note.md"]
	switch {
	case !there:
		d.left.Because("the folder has no release note", "DOC-R15")
	case d.o.Note == nil:
		d.left.Because("the tagged commit is not at hand", "DOC-R15")
	case !bytes.Equal(published, d.o.Note):
		d.add("DOC-R15", d.at("release-note.md"), 1, "compare it with the tagged commit", "the published note has SHA-256 %s, the tagged one %s", canonical.SHA256(published), canonical.SHA256(d.o.Note))
	}
}

// past wants commits to add to the folder only, and none after the final
// publication; index, keys and what is signed over them are written anew by each.
func (d *documents) past() {
	if d.o.History == nil {
		d.left.Because("the history of the release log is not at hand", "DOC-P02")
		return
	}
	final := ""
	for _, c := range d.o.History {
		touched := slices.Concat(c.Changed, c.Removed)
		for _, p := range touched {
			switch {
			case final != "":
				d.add("DOC-P02", d.at(p), 1, "bring back what commit "+final+" published", "commit %.12s changed or removed it after the final publication", c.Commit)
			case !slices.Contains(rewritten, p) || slices.Contains(c.Removed, p):
				d.add("DOC-P02", d.at(p), 1, "bring it back and publish a correction", "commit %.12s changed or removed what was published", c.Commit)
			}
		}
		if x, err := releaselog.ParseIndex(c.Index); err == nil && x.State == releaselog.StateAuthorised && final == "" {
			final = c.Commit
		}
	}
}

// rewritten are the files that every publication writes anew.
var rewritten = []string{releaselog.IndexFile, releaselog.NoteFile, releaselog.KeysFile}

// sets wants each consumed gate to have had all documents that it demands.
func (d *documents) sets() {
	if d.isRollback() {
		d.left.Because("a rollback has no documents of its own", "DOC-P06")
		return
	}
	own := d.own()
	var s gate.Standing
	for _, e := range own {
		s = gate.Apply(s, e)
	}
	consumed := d.consumedGates()
	for _, name := range slices.Sorted(maps.Keys(consumed)) {
		opened := consumed[name]
		selection := document.Selection{Profile: string(d.profile(opened.Position)), Category: d.baseline(opened.Position).Category, ChangeType: string(s.Change.Type), Gate: name, Environments: d.deployed(opened.Position)}
		var have []string
		for _, x := range opened.Documents {
			have = append(have, x.Name)
		}
		for _, r := range document.Set(selection) {
			if !slices.Contains(have, r.FileName()) {
				d.add("DOC-P06", d.at(releaselog.ManifestPath(name)), 1, "void the gate, so that it is rendered again", "gate %s was signed without the document %s", name, r.FileName())
			}
		}
	}
}

// deployed are the environments that the release had been in.
func (d *documents) deployed(before int64) []string {
	var out []string
	for _, events := range d.history.streams {
		for _, e := range events {
			if x, ok := e.Data.(*deployment.Deployed); ok && e.Seq <= before && x.Version == d.index.Version && !slices.Contains(out, x.Environment) {
				out = append(out, x.Environment)
			}
		}
	}
	slices.Sort(out)
	return out
}

// trees tests every document of the folder with what was rendered of it.
func (d *documents) trees() {
	trees, pages := 0, 0
	for _, file := range slices.Sorted(maps.Keys(d.files)) {
		top, _, _ := strings.Cut(file, "/")
		base, isTree := strings.CutSuffix(file, ".json")
		if top != "draft" && top != "final" {
			continue
		}
		if path.Ext(file) == ".html" {
			pages++
			d.links(file)
		}
		if !isTree {
			continue
		}
		trees++
		tree, err := document.ParseTree(d.files[file])
		if err != nil {
			d.add("DOC-P08", d.at(file), 1, "publish what the program wrote", "%v", err)
			continue
		}
		d.stage(top, base, tree)
		d.glyphs(file, tree)
		d.template(file, tree)
	}
	if trees == 0 {
		d.left.Because("the folder has no document", "DOC-P08", "DOC-P09", "DOC-P12", "DOC-P13")
	}
	if pages == 0 {
		d.left.Because("the folder has no rendered page", "DOC-P11")
	}
	if d.o.Missing == nil {
		d.left.Because("no renderer of this version has fonts of its own", "DOC-P12")
	}
	if !d.rendered {
		d.left.Because("no document here was made by this version of the program", "DOC-P09")
	}
}

// stage holds the mark against the folder.
func (d *documents) stage(top, base string, t document.Tree) {
	if final := t.Meta.Stage == document.StageFinal; final != (top == "final") {
		d.add("DOC-P13", d.at(base+".json"), 1, "publish drafts below draft/ and finals below final/", "a document of stage %s stands below %s/", t.Meta.Stage, top)
	}
	mark := t.Meta.Stage.Mark()
	for ext, marked := range map[string]string{".md": "> **" + mark + "**", ".html": `<div class="watermark"`} {
		data, there := d.files[base+ext]
		if !there {
			continue
		}
		has := bytes.Contains(data, []byte(marked)) && (mark == "" || bytes.Contains(data, []byte(mark)))
		if mark == "" {
			has = bytes.Contains(data, []byte(`<div class="watermark"`)) || bytes.Contains(data, []byte("> **DRAFT**")) || bytes.Contains(data, []byte("> **CANDIDATE**"))
		}
		switch {
		case mark != "" && !has:
			d.add("DOC-P13", d.at(base+ext), 1, "render it again", "the mark %s is missing", mark)
		case mark == "" && has:
			d.add("DOC-P13", d.at(base+ext), 1, "render it again", "a final document is marked as a draft")
		}
	}
}

// template wants the baseline to approve the template that a document was made
// with.
func (d *documents) template(file string, t document.Tree) {
	if d.history == nil || t.Meta.Template == "" || d.profile(math.MaxInt64) != policy.GxP {
		return
	}
	for _, b := range d.baselines() {
		if b.Templates[t.Meta.Kind] == t.Meta.TemplateSHA256 {
			return
		}
	}
	d.add("DOC-P07", d.at(file), 1, "have the baseline approved with it: dc-release solution revise --template", "template %s (SHA-256 %s) is approved by no baseline here", t.Meta.Template, t.Meta.TemplateSHA256)
}

// glyphs wants every character of a document to be printable.
func (d *documents) glyphs(file string, t document.Tree) {
	if d.o.Missing == nil {
		return
	}
	missing, err := d.o.Missing(t)
	if err != nil {
		d.add("DOC-P12", d.at(file), 1, "", "its characters cannot be looked at: %v", err)
	}
	for _, r := range missing {
		d.add("DOC-P12", d.at(file), 1, "write it with other characters, or give a font that has it", "the character U+%04X cannot be printed", r)
	}
}

var (
	hrefs = regexp.MustCompile(`(?:href|src)="([^"]*)"`)
	names = regexp.MustCompile(`\b(?:id|name)="([^"]*)"`)
)

// links wants every link of a rendered page to lead somewhere in the folder.
func (d *documents) links(file string) {
	anchors := map[string]bool{"": true}
	for _, m := range names.FindAllSubmatch(d.files[file], -1) {
		anchors[string(m[1])] = true
	}
	for _, m := range hrefs.FindAllSubmatchIndex(d.files[file], -1) {
		target := string(d.files[file][m[2]:m[3]])
		line := bytes.Count(d.files[file][:m[2]], []byte("\n")) + 1
		page, fragment, _ := strings.Cut(target, "#")
		switch {
		case strings.Contains(target, ":") || strings.HasPrefix(target, "//"):
		case page == "" && !anchors[fragment]:
			d.add("DOC-P11", d.at(file), line, "render it again", "the link names the anchor %q, which the page does not have", fragment)
		case page != "":
			if _, there := d.files[path.Join(path.Dir(file), page)]; !there {
				d.add("DOC-P11", d.at(file), line, "publish what it leads to", "the link %q leads to nothing in the folder", page)
			}
		}
	}
}

// leaks wants no evidence to hold what must not be published. What is kept
// elsewhere is not looked at.
func (d *documents) leaks() {
	if !slices.ContainsFunc(slices.Collect(maps.Keys(d.files)), func(p string) bool { return strings.HasPrefix(p, "evidence/") }) {
		d.left.Because("the folder has no evidence", "DOC-P10")
	}
	for _, file := range slices.Sorted(maps.Keys(d.files)) {
		if !strings.HasPrefix(file, "evidence/") {
			continue
		}
		for _, l := range evidence.Leaks(d.files[file]) {
			d.findings = append(d.findings, document.Finding{
				ID: "DOC-P10", Severity: workflow.Error, At: document.Position{File: d.at(file), Line: l.Line, Column: l.Column},
				Message: "the evidence holds " + l.What, Hint: "make the secret invalid, and have the test print less",
			})
		}
	}
}
