package pagefile_test

import (
	"fmt"
	"reflect"
	"strings"
	"testing"

	"github.com/dc-release/dc-release/internal/adapter/pagefile"
	"github.com/dc-release/dc-release/internal/core/document"
	"github.com/dc-release/dc-release/internal/core/document/documenttest"
)

const head = "---\nid: acme/test-protocol\nversion: 1.2.0\nkind: test-protocol\ndata: dc-release/document-facts/v1\nowner: Quality\n---\n"

func protocol(t *testing.T, text string, f document.Facts) (document.Tree, error) {
	t.Helper()
	tpl, findings := document.ParseTemplate("documentation/templates/test-protocol.md", []byte(head+text), pagefile.Read)
	for _, x := range findings {
		t.Fatal(x)
	}
	kind, err := document.KindNamed("test-protocol")
	if err != nil {
		t.Fatal(err)
	}
	d, err := document.MakeDraft(document.Request{Kind: kind, Gate: "pre_val", Revision: 1, Template: &tpl}, f)
	return d.Tree(), err
}

func headings(t document.Tree) []string {
	var out []string
	for _, b := range t.Blocks {
		if b.Heading != nil && b.Heading.Level == 1 {
			out = append(out, b.Heading.Number+" "+b.Heading.Text)
		}
	}
	return out
}

// TestATemplateOrdersAndAddsAndLosesNothing: every block of the built-in document
// is in the one that was made by a template, whatever it places.
func TestATemplateOrdersAndAddsAndLosesNothing(t *testing.T) {
	f := documenttest.Typical()
	plain, err := protocol(t, "", f)
	if err != nil {
		t.Fatal(err)
	}
	own, err := protocol(t, "{{ section \"steps-of-manual-tests\" }}\n\n# Scope of ACME\n\nThis is about {{ .Product.Key }} {{ .Release.Version }}, see *SOP-7*.\n\n{{ range .Environments }}\n- {{ .Name | upper }}\n{{ end }}\n", f)
	if err != nil {
		t.Fatal(err)
	}
	got := headings(own)
	if got[0] != "1 Steps of manual tests" || got[1] != "2 Scope of ACME" || len(got) != len(headings(plain))+1 {
		t.Errorf("headings are %q, built in are %q", got, headings(plain))
	}
	if own.Meta.Template != "acme/test-protocol 1.2.0" || len(own.Meta.TemplateSHA256) != 64 {
		t.Errorf("template is %q %q", own.Meta.Template, own.Meta.TemplateSHA256)
	}
	has := map[string]int{}
	for _, b := range own.Blocks {
		has[fmt.Sprintf("%+v", deep(b))]++
	}
	for _, b := range plain.Blocks {
		if b.Heading == nil && has[fmt.Sprintf("%+v", deep(b))] == 0 {
			t.Errorf("a block is lost: %+v", deep(b))
		}
	}
	text, err := own.JSON()
	if err != nil || !strings.Contains(string(text), "This is about corp-procurement 1.2.0") {
		t.Errorf("the own text is not there: %v", err)
	}
}

// deep prints what pointers hold.
func deep(b document.Block) any {
	v := reflect.ValueOf(b)
	for i := range v.NumField() {
		if !v.Field(i).IsNil() {
			return v.Field(i).Elem().Interface()
		}
	}
	return nil
}

// TestAValueIsTextWhateverItHolds puts hostile titles into a template: none of
// them becomes markup, and all of them are there.
func TestAValueIsTextWhateverItHolds(t *testing.T) {
	for _, hostile := range []string{
		"# heading", "<script>alert(1)</script>", "[link](http://evil.example)", "- list", "| a | b |\n|---|---|", "```\ncode\n```",
		"**bold** _it_ `code`", "\uE000matrix\uE001", "{{ .Product.Key }}", "![image](x.png)", "1. one", "> quote", "a\x00b", "&lt;b&gt;", "\\# x", "http://auto.example",
	} {
		f := documenttest.Typical()
		f.Product.Name = hostile
		tree, err := protocol(t, "# Own\n\n{{ .Product.Name }}\n", f)
		if err != nil {
			t.Errorf("%q: %v", hostile, err)
			continue
		}
		if got := headings(tree)[0]; got != "1 Own" {
			t.Errorf("%q: first heading is %q", hostile, got)
		}
		p := tree.Blocks[1].Paragraph
		if p == nil {
			t.Errorf("%q became %+v", hostile, deep(tree.Blocks[1]))
			continue
		}
		text := ""
		for _, r := range p.Runs {
			if r.Style != document.Plain {
				t.Errorf("%q became a run of style %s", hostile, r.Style)
			}
			text += r.Text
		}
		want := document.Visible(strings.NewReplacer("\uE000", "[U+E000]", "\uE001", "[U+E001]").Replace(strings.Join(strings.Fields(hostile), " ")))
		if text != want {
			t.Errorf("%q is printed as %q, want %q", hostile, text, want)
		}
	}
}

func TestATemplateThatMustNotBeIsRefusedWithItsPlace(t *testing.T) {
	for _, c := range []struct{ name, text, want string }{
		{"no head", "# x", "1:1: error: the template has no head"},
		{"unknown key", strings.Replace(head, "owner", "onwer", 1), `6:1: error: "onwer: Quality" is no line of a head`},
		{"twice", strings.Replace(head, "owner: Quality", "id: x", 1), "6:1: error: id is said twice"},
		{"kind", strings.Replace(head, "kind: test-protocol", "kind: poem", 1), "want one of"},
		{"certificate", strings.Replace(head, "kind: test-protocol", "kind: certificate", 1), "has no template"},
		{"data", strings.Replace(head, "facts/v1", "facts/v9", 1), "is not what this program gives"},
		{"syntax", head + "\n{{ if }}\n", "missing value for if"},
		{"printf", head + "a\n\n{{ printf \"%99999999d\" 1 }}\n", ":10:1: error: printf is no word of templates"},
		{"call", head + "{{ call .Check }}", "call is no word"},
		{"html", head + "{{ \"<b>\" | html }}", "html is no word"},
		{"hidden word", head + "{{ countTurn \"\" }}", "countTurn is no word"},
		{"nested", head + "{{ if eq (print 1) \"1\" }}x{{ end }}", "print is no word"},
		{"marks", head + "\uE000identification\uE001", "private characters"},
	} {
		_, findings := document.ParseTemplate("t.md", []byte(c.text), pagefile.Read)
		var all []string
		for _, f := range findings {
			all = append(all, f.String())
		}
		if !strings.Contains(strings.Join(all, "\n"), c.want) {
			t.Errorf("%s: %q, want %q", c.name, all, c.want)
		}
	}
}

func TestATemplateThatDoesNotEndIsStopped(t *testing.T) {
	for _, c := range []struct{ name, text, want string }{
		{"loop", "{{ range 2000000000 }}{{ end }}", "more than 200000 turns"},
		{"recursion", "{{ define \"a\" }}{{ template \"a\" . }}{{ end }}{{ template \"a\" . }}", "template"},
		{"growth", "{{ define \"a\" }}{{ template \"b\" . }}{{ template \"b\" . }}{{ end }}{{ define \"b\" }}{{ range 100000 }}xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx{{ end }}{{ end }}{{ template \"a\" . }}", "more than 4194304 bytes"},
		{"unknown field", "{{ .Product.Colour }}", "Colour"},
		{"twice", "{{ section \"identification\" }}{{ section \"identification\" }}", "placed twice"},
	} {
		if _, err := protocol(t, c.text, documenttest.Typical()); err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%s: %v, want %q", c.name, err, c.want)
		}
	}
}

func FuzzParseTemplate(f *testing.F) {
	f.Add(head + "{{ section \"identification\" }}\n\n# x\n\n{{ range .Environments }}{{ .Name }}{{ end }}")
	f.Add(head + "{{ define \"a\" }}{{ template \"a\" . }}{{ end }}")
	f.Add("---\n---\n")
	facts := documenttest.Typical()
	f.Fuzz(func(t *testing.T, text string) {
		tpl, findings := document.ParseTemplate("t.md", []byte(text), pagefile.Read)
		if len(findings) > 0 {
			return
		}
		kind, err := document.KindNamed(tpl.Kind)
		if err != nil {
			t.Fatal(err)
		}
		if kind.PerEnvironment {
			return
		}
		if _, err := document.MakeDraft(document.Request{Kind: kind, Gate: "pre_val", Revision: 1, Template: &tpl}, facts); err == nil {
			return
		}
	})
}
