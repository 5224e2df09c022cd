package markdown_test

import (
	"bytes"
	"flag"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/dc-release/dc-release/internal/adapter/render/markdown"
	"github.com/dc-release/dc-release/internal/core/document"
	"github.com/dc-release/dc-release/internal/core/document/documenttest"
	"github.com/google/go-cmp/cmp"
	"github.com/yuin/goldmark"
	"github.com/yuin/goldmark/ast"
	"github.com/yuin/goldmark/extension"
	extast "github.com/yuin/goldmark/extension/ast"
	"github.com/yuin/goldmark/text"
	"pgregory.net/rapid"
)

var update = flag.Bool("update", false, "write the golden files")

func TestGolden(t *testing.T) {
	for name, tree := range documenttest.Trees(t) {
		t.Run(name, func(t *testing.T) {
			got, err := markdown.Render(tree)
			if err != nil {
				t.Fatal(err)
			}
			file := filepath.Join("testdata", filepath.FromSlash(name)+".md")
			if *update {
				if err := os.MkdirAll(filepath.Dir(file), 0o755); err != nil {
					t.Fatal(err)
				}
				if err := os.WriteFile(file, got, 0o644); err != nil {
					t.Fatal(err)
				}
			}
			want, err := os.ReadFile(file)
			if err != nil {
				t.Fatal(err)
			}
			if d := cmp.Diff(string(want), string(got)); d != "" {
				t.Error(d)
			}
		})
	}
}

var gfm = goldmark.New(goldmark.WithExtensions(extension.GFM))

// A GitHub-flavoured reader must see exactly the structure of the tree: its
// headings, its tables, its links, no image and no HTML but <br>.
func TestHostileTextAddsNoStructure(t *testing.T) {
	for name, tree := range documenttest.Trees(t) {
		t.Run(name, func(t *testing.T) {
			source, err := markdown.Render(tree)
			if err != nil {
				t.Fatal(err)
			}
			headings, links := 1, map[string]bool{}
			for _, b := range tree.Blocks {
				if b.Heading != nil {
					headings++
				}
				if b.Table == nil {
					continue
				}
				for _, r := range b.Table.Rows {
					for _, c := range r.Cells {
						for _, run := range c {
							links[run.Href] = true
						}
					}
				}
			}
			found := 0
			err = ast.Walk(gfm.Parser().Parse(text.NewReader(source)), func(n ast.Node, entering bool) (ast.WalkStatus, error) {
				if !entering {
					return ast.WalkContinue, nil
				}
				switch n := n.(type) {
				case *ast.Heading:
					found++
				case *ast.Link:
					if !strings.HasPrefix(string(n.Destination), "http") {
						t.Errorf("link to %q", n.Destination)
					}
				case *ast.AutoLink, *ast.Image, *ast.HTMLBlock, *extast.Strikethrough, *extast.TaskCheckBox:
					t.Errorf("%s in\n%s", n.Kind(), source)
				case *ast.RawHTML:
					if s := string(n.Segments.Value(source)); s != "<br>" {
						t.Errorf("HTML %q", s)
					}
				}
				return ast.WalkContinue, nil
			})
			if err != nil {
				t.Fatal(err)
			}
			if found != headings {
				t.Errorf("%d headings, want %d", found, headings)
			}
		})
	}
}

// Whatever a text is, a reader shows it as it is.
func TestTextIsShownAsItIs(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		alphabet := rapid.SampledFrom([]rune("ab1 \\`*_[](){}<>|~#$@&!:./-+=\"'wæ≥"))
		s := strings.Join(strings.Fields(rapid.StringOf(alphabet).Draw(t, "text")), " ")
		if s == "" {
			return
		}
		runs := []document.Run{{Style: document.Plain, Text: s}}
		tree := document.Tree{Blocks: []document.Block{
			{Paragraph: &document.Paragraph{Runs: runs}},
			{List: &document.List{Items: [][]document.Run{runs}}},
			{Table: &document.Table{Caption: "c", Columns: []document.Column{{Title: "h"}}, Rows: []document.Row{{Cells: [][]document.Run{runs}}}}},
			{Paragraph: &document.Paragraph{Runs: []document.Run{{Style: document.Mono, Text: s}}}},
			{Table: &document.Table{Caption: "c", Columns: []document.Column{{Title: "h"}}, Rows: []document.Row{{Cells: [][]document.Run{{{Style: document.Mono, Text: s}}}}}}},
			{Code: &document.Code{Text: s}},
		}}
		source, err := markdown.Render(tree)
		if err != nil {
			t.Fatal(err)
		}
		var html bytes.Buffer
		if err := gfm.Convert(source, &html); err != nil {
			t.Fatal(err)
		}
		if got := strings.Count(html.String(), escape(s)); got < 6 {
			t.Fatalf("%q is shown %d times, want at least 6:\n%s\n%s", s, got, source, html.String())
		}
	})
}

// escape is how goldmark writes text.
func escape(s string) string {
	return strings.NewReplacer("&", "&amp;", "<", "&lt;", ">", "&gt;", `"`, "&quot;").Replace(s)
}

func TestABlockThatIsNothingIsRefused(t *testing.T) {
	if _, err := markdown.Render(document.Tree{Blocks: []document.Block{{}}}); err == nil {
		t.Error("rendered")
	}
}

func TestEveryPageOfADraftSaysSo(t *testing.T) {
	for stage, want := range map[document.Stage]string{document.StageDraft: "**DRAFT**", document.StageCandidate: "**CANDIDATE**"} {
		out, err := markdown.Render(document.Tree{Meta: document.Meta{Stage: stage}})
		if err != nil || bytes.Count(out, []byte(want)) != 2 {
			t.Errorf("%s: %s, %v", stage, out, err)
		}
	}
	out, err := markdown.Render(document.Tree{Meta: document.Meta{Stage: document.StageFinal}})
	if err != nil || bytes.Contains(out, []byte("DRAFT")) || bytes.Contains(out, []byte("CANDIDATE")) {
		t.Errorf("final: %s, %v", out, err)
	}
}

func BenchmarkMatrix(b *testing.B) {
	tree := documenttest.Large(10_000)
	for b.Loop() {
		out, err := markdown.Render(tree)
		if err != nil {
			b.Fatal(err)
		}
		b.SetBytes(int64(len(out)))
	}
}
