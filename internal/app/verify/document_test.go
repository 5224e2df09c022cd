package verify_test

import (
	"bytes"
	"maps"
	"slices"
	"strings"
	"testing"
	"testing/fstest"

	"github.com/dc-release/dc-release/internal/adapter/render/html"
	"github.com/dc-release/dc-release/internal/adapter/render/markdown"
	"github.com/dc-release/dc-release/internal/adapter/render/pdf"
	"github.com/dc-release/dc-release/internal/app/verify"
	"github.com/dc-release/dc-release/internal/core/canonical"
	"github.com/dc-release/dc-release/internal/core/document"
)

func documentOptions() verify.DocumentOptions {
	o := options()
	o.Formats = verify.Formats{Tool: "dc-release test", Render: map[string]func(document.Tree) ([]byte, error){"md": markdown.Render, "html": html.Render}}
	return verify.DocumentOptions{Options: o, Missing: func(document.Tree) ([]rune, error) { return nil, nil }, History: []verify.FolderCommit{}}
}

// failing are the checks with findings.
func failing(findings []document.Finding) map[string]int {
	out := map[string]int{}
	for _, f := range findings {
		out[f.ID]++
	}
	return out
}

func tested(log fstest.MapFS, o verify.DocumentOptions) (map[string]int, document.Left) {
	findings, left, _ := verify.Documents(log, "1.0.0", o)
	return failing(findings), left
}

// final is a document as it is published, with what is rendered of it.
func final(log fstest.MapFS, folder string, change func(*document.Tree), rendered func(extension string, data []byte) []byte) fstest.MapFS {
	t := document.Tree{
		Schema: document.TreeSchema, Meta: document.Meta{Number: "X-CR-1.0.0-r01", Kind: "change-record", Title: "Change record", Stage: document.StageFinal, Tool: "dc-release test"},
		Blocks: []document.Block{{Heading: &document.Heading{Level: 1, Number: "1", Text: "Scope"}}, {Paragraph: &document.Paragraph{Runs: []document.Run{{Style: document.Plain, Text: "Text"}}}}},
	}
	change(&t)
	raw, err := canonical.Marshal(t)
	if err != nil {
		panic(err)
	}
	log = with(log, "1.0.0/"+folder+"/probe.json", raw)
	for extension, render := range documentOptions().Formats.Render {
		data, err := render(t)
		if err != nil {
			panic(err)
		}
		if rendered != nil {
			data = rendered(extension, data)
		}
		log = with(log, "1.0.0/"+folder+"/probe."+extension, data)
	}
	return log
}

func same(*document.Tree) {}

func TestThePublishedFolderHasNoFindingOfItsFiles(t *testing.T) {
	got, left := tested(published(t).log, documentOptions())
	// The world of these tests renders one kind only, as a word.
	delete(got, "DOC-P06")
	delete(got, "DOC-P08")
	if len(got) != 0 {
		t.Errorf("findings of %v", got)
	}
	for _, id := range []string{"DOC-R15"} {
		if left[id] == "" {
			t.Errorf("%s is not left", id)
		}
	}
}

func TestDOC_P01_P03_P04_P05_WhatVerificationFindsIsOfItsCheck(t *testing.T) {
	w := published(t)
	paths := slices.Sorted(maps.Keys(w.log))
	find := func(prefix string) string {
		return paths[slices.IndexFunc(paths, func(p string) bool { return strings.HasPrefix(p, prefix) })]
	}
	for id, path := range map[string]string{
		"DOC-P01": find("1.0.0/evidence/"), "DOC-P03": find("1.0.0/signatures/"), "DOC-P04": find("1.0.0/manifests/"),
		"DOC-P05": find("1.0.0/ledger/pre_val-1/run~"),
	} {
		changed := append(slices.Clone(w.log[path].Data), '\n')
		if id == "DOC-P05" {
			changed = nil // the evidence that was covered
		}
		got, _ := tested(with(w.log, path, changed), documentOptions())
		if got[id] == 0 || got["DOC-P01"] == 0 {
			t.Errorf("%s changed: findings of %v, want %s", path, got, id)
		}
	}
}

func TestDOC_P02_ReleasedFoldersAreNeverChanged(t *testing.T) {
	w := published(t)
	draft, final := w.draft["1.0.0/index.json"].Data, w.log["1.0.0/index.json"].Data
	for name, c := range map[string]struct {
		history []verify.FolderCommit
		want    int
	}{
		"each publication":     {[]verify.FolderCommit{{Commit: "a", Index: draft}, {Commit: "b", Changed: []string{"index.json", "index.note"}, Index: final}}, 0},
		"a changed draft":      {[]verify.FolderCommit{{Commit: "a", Index: draft}, {Commit: "b", Changed: []string{"draft/pre_val/x.md"}, Index: draft}}, 1},
		"a removed file":       {[]verify.FolderCommit{{Commit: "a", Index: draft}, {Commit: "b", Removed: []string{"evidence/x", "index.note"}, Index: draft}}, 2},
		"after the end":        {[]verify.FolderCommit{{Commit: "a", Index: final}, {Commit: "b", Changed: []string{"index.json"}, Index: final}}, 1},
		"an index of nonsense": {[]verify.FolderCommit{{Commit: "a", Index: []byte("{")}, {Commit: "b", Changed: []string{"index.json"}, Index: nil}}, 0},
	} {
		o := documentOptions()
		o.History = c.history
		if got, _ := tested(w.log, o); got["DOC-P02"] != c.want {
			t.Errorf("%s: %d findings, want %d", name, got["DOC-P02"], c.want)
		}
	}
	o := documentOptions()
	o.History = nil
	if _, left := tested(w.log, o); left["DOC-P02"] == "" {
		t.Error("without a history it was run")
	}
}

// The world of these tests renders one kind of document, so that the set that
// GxP asks for is not there.
func TestDOC_P06_TheSetIsComplete(t *testing.T) {
	findings, _, profile := verify.Documents(published(t).log, "1.0.0", documentOptions())
	if profile != "gxp" {
		t.Fatalf("profile %q", profile)
	}
	missing := func(name string) bool {
		return slices.ContainsFunc(findings, func(f document.Finding) bool { return f.ID == "DOC-P06" && strings.HasSuffix(f.Message, " "+name) })
	}
	for _, name := range []string{"validation-plan", "validation-summary", "test-report-prd"} {
		if !missing(name) {
			t.Errorf("%s is not missed", name)
		}
	}
	if missing("change-record") {
		t.Error("the change record is there and missed")
	}
}

func TestDOC_P08_DocumentsAreOfTheirSchema(t *testing.T) {
	log := with(published(t).log, "1.0.0/draft/pre_val/probe.json", []byte(`{"schema":"other"}`))
	if got, _ := tested(log, documentOptions()); got["DOC-P08"] == 0 {
		t.Errorf("findings of %v", got)
	}
}

func TestDOC_P09_DocumentsRenderAgain(t *testing.T) {
	w := published(t)
	if got, left := tested(final(w.log, "final", same, nil), documentOptions()); got["DOC-P09"] != 0 || left["DOC-P09"] != "" {
		t.Errorf("the same bytes: %v, %q", got, left["DOC-P09"])
	}
	changed := func(_ string, data []byte) []byte { return append(slices.Clone(data), ' ') }
	if got, _ := tested(final(w.log, "final", same, changed), documentOptions()); got["DOC-P09"] != 2 {
		t.Errorf("other bytes: %v", got)
	}
	other := func(t *document.Tree) { t.Meta.Tool = "dc-release another" }
	if got, left := tested(final(w.log, "final", other, changed), documentOptions()); got["DOC-P09"] != 0 || left["DOC-P09"] == "" {
		t.Errorf("of another version: %v, %q", got, left["DOC-P09"])
	}
}

func TestDOC_P10_PublishedEvidenceHoldsNoSecret(t *testing.T) {
	log := with(published(t).log, "1.0.0/evidence/tst/x/log.txt", []byte("ok\ntoken ghp_"+strings.Repeat("aB3", 12)+"\n"))
	findings, _, _ := verify.Documents(log, "1.0.0", documentOptions())
	at := slices.IndexFunc(findings, func(f document.Finding) bool { return f.ID == "DOC-P10" })
	if at < 0 || findings[at].At != (document.Position{File: "1.0.0/evidence/tst/x/log.txt", Line: 2, Column: 7}) || strings.Contains(findings[at].String(), "aB3") {
		t.Errorf("findings: %v", findings)
	}
}

func TestDOC_P11_RenderedPagesHaveNoDeadLinks(t *testing.T) {
	page := `<a href="#here">x</a><a href="#gone">x</a><a href="https://example.org/#x">x</a><img src="no.png"><h1 id="here">x</h1>`
	if got, _ := tested(with(published(t).log, "1.0.0/final/probe.html", []byte(page)), documentOptions()); got["DOC-P11"] != 2 {
		t.Errorf("findings of %v", got)
	}
}

func TestDOC_P12_EveryCharacterCanBePrinted(t *testing.T) {
	w := published(t)
	o := documentOptions()
	o.Missing = pdf.Missing
	emoji := func(t *document.Tree) { t.Blocks[1].Paragraph.Runs[0].Text = "🚀 and 🚀" }
	findings, _, _ := verify.Documents(final(w.log, "final", emoji, nil), "1.0.0", o)
	at := slices.IndexFunc(findings, func(f document.Finding) bool { return f.ID == "DOC-P12" })
	if at < 0 || !strings.Contains(findings[at].Message, "U+1F680") || failing(findings)["DOC-P12"] != 1 {
		t.Errorf("findings: %v", findings)
	}
	o.Missing = nil
	if _, left := tested(w.log, o); left["DOC-P12"] == "" {
		t.Error("without fonts it was run")
	}
}

func TestDOC_P13_DraftsAreMarkedAndFinalsAreNot(t *testing.T) {
	w := published(t)
	draft := func(t *document.Tree) { t.Meta.Stage = document.StageDraft }
	unmarked := func(_ string, data []byte) []byte {
		return bytes.ReplaceAll(bytes.ReplaceAll(data, []byte("DRAFT"), nil), []byte(`class="watermark"`), nil)
	}
	for name, c := range map[string]struct {
		log  fstest.MapFS
		want int
	}{
		"a marked draft":           {final(w.log, "draft/pre_val", draft, nil), 0},
		"a draft without mark":     {final(w.log, "draft/pre_val", draft, unmarked), 2},
		"a final":                  {final(w.log, "final", same, nil), 0},
		"a draft among the finals": {final(w.log, "final", draft, nil), 1},
		"a final among the drafts": {final(w.log, "draft/pre_val", same, nil), 1},
		"a final with a draft mark": {final(w.log, "final", same, func(_ string, data []byte) []byte {
			return append([]byte("> **DRAFT** <div class=\"watermark\">"), data...)
		}), 2},
	} {
		if got, _ := tested(c.log, documentOptions()); got["DOC-P13"] != c.want {
			t.Errorf("%s: %v, want %d", name, got, c.want)
		}
	}
}

func TestDOC_R15_ThePublishedNoteIsTheTaggedOne(t *testing.T) {
	w := published(t)
	o := documentOptions()
	o.Note = w.log["1.0.0/release-note.md"].Data
	if got, left := tested(w.log, o); got["DOC-R15"] != 0 || left["DOC-R15"] != "" {
		t.Errorf("the same note: %v %q", got, left["DOC-R15"])
	}
	o.Note = append(slices.Clone(o.Note), '\n')
	if got, _ := tested(w.log, o); got["DOC-R15"] != 1 {
		t.Errorf("another note: %v", got)
	}
}

func TestDOC_P07_TemplatesAreApproved(t *testing.T) {
	w := published(t)
	foreign := func(t *document.Tree) {
		t.Meta.Template, t.Meta.TemplateSHA256 = "acme/test 1.0.0", strings.Repeat("ab", 32)
	}
	if got, _ := tested(final(w.log, "final", foreign, nil), documentOptions()); got["DOC-P07"] != 1 {
		t.Errorf("a template of nobody: %v", got)
	}
	if got, left := tested(final(w.log, "final", same, nil), documentOptions()); got["DOC-P07"] != 0 || left["DOC-P07"] != "" {
		t.Errorf("the built-in form: %v, %q", got, left["DOC-P07"])
	}
}
