package document_test

import (
	"testing"

	"github.com/dc-release/dc-release/internal/core/document"
	"github.com/dc-release/dc-release/internal/core/document/documenttest"
)

// Where a writer broke a line for the eye, a document goes on; paragraphs and the
// items of a list stay apart.
func TestLinesThatWereBrokenForTheEyeGoOn(t *testing.T) {
	for text, want := range map[string][]string{
		"A total is wrong. It is detected by\nTEST-1 before every release.\n": {"A total is wrong. It is detected by TEST-1 before every release."},
		"First.\r\n\r\n\r\nSecond\r\nparagraph.":                              {"First.", "Second paragraph."},
		"Either:\n- one\n  goes on\n* two\n+ three\n10. ten\n2) two":          {"Either:", "- one goes on", "* two", "+ three", "10. ten", "2) two"},
		"a\n-b\n2.5 times\n-": {"a -b 2.5 times -"},
		" \n\t\n":             nil,
	} {
		f := documenttest.Typical()
		f.Note.Intro = text
		d, err := document.MakeDraft(request(document.ChangeRecord), f)
		if err != nil {
			t.Fatal(err)
		}
		var got []string
		in := false
		for _, b := range d.Tree().Blocks {
			if b.Heading != nil {
				in = b.Heading.Text == "Reason and content of the change"
			}
			if in && b.Paragraph != nil {
				got = append(got, b.Paragraph.Runs[0].Text)
			}
		}
		got = got[:len(got)-1] // who may not sign
		if len(got) != len(want) {
			t.Fatalf("%q gives %q, want %q", text, got, want)
		}
		for i := range want {
			if got[i] != want[i] {
				t.Errorf("%q gives %q, want %q", text, got, want)
			}
		}
	}
}

// A file that two jobs handed in lists its cases once, and says where.
func TestTheCasesOfTheSameFileStandOnce(t *testing.T) {
	f := documenttest.Typical()
	for _, e := range f.Evidence {
		if e.Verification == "DT" {
			e.Execution += "/again"
			f.Evidence = append(f.Evidence, e)
		}
	}
	count := func(f document.Facts) (tables, said int) {
		d, err := document.MakeDraft(document.Request{Kind: document.TestReport, Environment: "tst", Revision: 1}, f)
		if err != nil {
			t.Fatal(err)
		}
		for _, b := range d.Tree().Blocks {
			switch {
			case b.Table != nil && b.Table.Columns[0].Title == "Case":
				tables++
			case b.Paragraph != nil && len(b.Paragraph.Runs) == 1 && b.Paragraph.Runs[0].Text == "The file is the same as that of 6.2, byte for byte; its 1 case is listed there.":
				said++
			}
		}
		return tables, said
	}
	before, _ := count(documenttest.Typical())
	if after, said := count(f); after != before || said != 1 {
		t.Errorf("%d tables before, %d after; said %d times", before, after, said)
	}
	f.Evidence[len(f.Evidence)-1].Cases = []document.Case{{Name: "another judgement", Outcome: "passed", Counted: false, Flag: "not of this job"}}
	if after, said := count(f); after != before+1 || said != 0 {
		t.Errorf("judged otherwise: %d tables, want %d; said %d times", after, before+1, said)
	}
}
