package document_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/dc-release/dc-release/internal/core/document"
	"github.com/dc-release/dc-release/internal/core/document/documenttest"
)

// made is a draft of a kind from facts, going on from another.
func made(t *testing.T, kind string, f document.Facts, last *document.Tree) document.Tree {
	t.Helper()
	k, err := document.KindNamed(kind)
	if err != nil {
		t.Fatal(err)
	}
	d, err := document.MakeDraft(document.Request{Kind: k, Gate: "pre_val", Revision: 3, Last: last}, f)
	if err != nil {
		t.Fatal(err)
	}
	return d.Tree()
}

// changed are the rows of the table of changed lines.
func changed(t document.Tree) []string {
	var out []string
	for _, b := range t.Blocks {
		if b.Table == nil || b.Table.Caption != "Changed lines by section" {
			continue
		}
		for _, r := range b.Table.Rows {
			out = append(out, r.Cells[1][0].Text+": "+r.Cells[2][0].Text)
		}
	}
	return out
}

func TestAMaintainedDocumentSaysWhatChangedSinceItWasSigned(t *testing.T) {
	f := documenttest.Typical()
	before := made(t, "user-requirements", f, nil)
	if got := changed(made(t, "user-requirements", f, &before)); len(got) != 0 {
		t.Errorf("the same text has changed lines: %q", got)
	}
	at := slices.IndexFunc(f.Items, func(i document.Item) bool { return i.Kind == "URS" && i.Text != "" })
	f.Items = slices.Clone(f.Items)
	f.Items[at].Text = "The report shall be there before seven o'clock."
	f.FrozenAt = "2026-03-05T10:00:00.000000Z" // identifies, and is no change of the text
	got := changed(made(t, "user-requirements", f, &before))
	if !slices.Contains(got, "added: The report shall be there before seven o'clock.") || !slices.ContainsFunc(got, func(s string) bool { return strings.HasPrefix(s, "removed: ") }) || len(got) != 2 {
		t.Errorf("changed lines are %q", got)
	}
	if got := changed(made(t, "change-record", f, &before)); len(got) != 0 {
		t.Errorf("a record of one release lists changes: %q", got)
	}
}

func TestTheListOfChangedLinesHasAnEndAndSaysSo(t *testing.T) {
	f := documenttest.Typical()
	before := made(t, "user-requirements", f, nil)
	at := slices.IndexFunc(f.Items, func(i document.Item) bool { return i.Kind == "URS" })
	f.Items = slices.Clone(f.Items)
	var long strings.Builder
	for i := range 500 {
		fmt.Fprintf(&long, "Sentence %d.\n\n", i)
	}
	f.Items[at].Text = long.String()
	tree := made(t, "user-requirements", f, &before)
	if n := len(changed(tree)); n != 200 {
		t.Errorf("%d lines are listed", n)
	}
	last := tree.Blocks[len(tree.Blocks)-1]
	if last.Paragraph == nil || !strings.Contains(last.Paragraph.Runs[0].Text, "more changed") {
		t.Errorf("the document ends with %+v", last)
	}
}

func TestADocumentListsItsRevisions(t *testing.T) {
	tree := made(t, "change-record", documenttest.Typical(), nil)
	text := ""
	for s := range tree.Texts() {
		text += s + "\n"
	}
	for _, want := range []string{"History of this document", "CORP-PROCUREMENT-CR-1.2.0-d01", "voided", "evidence of a failed attempt came later", "CORP-PROCUREMENT-CR-1.1.0-r01"} {
		if !strings.Contains(text, want) {
			t.Errorf("%q is not there", want)
		}
	}
	if strings.Contains(text, "CORP-PROCUREMENT-URS-1.2.0-d01") {
		t.Error("another document's revision is listed")
	}
}
