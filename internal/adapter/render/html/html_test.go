package html_test

import (
	"bytes"
	"flag"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/dc-release/dc-release/internal/adapter/render/html"
	"github.com/dc-release/dc-release/internal/archtest/measure"
	"github.com/dc-release/dc-release/internal/core/document"
	"github.com/dc-release/dc-release/internal/core/document/documenttest"
	"github.com/dc-release/dc-release/internal/core/evidence"
	"github.com/dc-release/dc-release/internal/core/trace"
	"github.com/dc-release/dc-release/internal/core/trace/tracetest"
	"github.com/google/go-cmp/cmp"
	nethtml "golang.org/x/net/html"
	"pgregory.net/rapid"
)

var update = flag.Bool("update", false, "write the golden files")

func TestGolden(t *testing.T) {
	for name, tree := range documenttest.Trees(t) {
		t.Run(name, func(t *testing.T) {
			got := render(t, tree)
			file := filepath.Join("testdata", filepath.FromSlash(name)+".html")
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
			if !bytes.Equal(want, got) {
				t.Error(cmp.Diff(string(want), string(got)))
			}
		})
	}
}

type tester interface {
	Helper()
	Fatal(args ...any)
}

func render(t tester, tree document.Tree) []byte {
	t.Helper()
	out, err := html.Render(tree)
	if err != nil {
		t.Fatal(err)
	}
	return out
}

// The elements and attributes that this renderer writes; no text of a document
// may bring another one.
var (
	elements = strings.Fields("html head meta title style body div span nav h1 h2 h3 ol ul li a main header footer p strong dl dt dd table caption colgroup col thead tbody tr th td code pre br section article figure figcaption svg desc g rect text polyline path")
	attrs    = strings.Fields("lang charset http-equiv content name class id href rel style scope tabindex role aria-label aria-hidden title viewbox width height x y rx points d")
)

func TestHostileTextAddsNoMarkup(t *testing.T) {
	for name, tree := range documenttest.Trees(t) {
		t.Run(name, func(t *testing.T) {
			z := nethtml.NewTokenizer(bytes.NewReader(render(t, tree)))
			var open []string
			for {
				kind := z.Next()
				if kind == nethtml.ErrorToken {
					break
				}
				token := z.Token()
				switch kind {
				case nethtml.CommentToken:
					t.Errorf("comment %q", token.Data)
				case nethtml.StartTagToken:
					checkTag(t, token)
					if !slices.Contains([]string{"meta", "br", "col"}, token.Data) {
						open = append(open, token.Data)
					}
				case nethtml.EndTagToken:
					if len(open) == 0 || open[len(open)-1] != token.Data {
						t.Fatalf("</%s> closes %v", token.Data, open)
					}
					open = open[:len(open)-1]
				}
			}
			if len(open) != 0 {
				t.Errorf("open at the end: %v", open)
			}
		})
	}
}

func checkTag(t *testing.T, token nethtml.Token) {
	t.Helper()
	if !slices.Contains(elements, token.Data) {
		t.Errorf("element %q", token.Data)
	}
	for _, a := range token.Attr {
		if !slices.Contains(attrs, a.Key) {
			t.Errorf("attribute %s=%q of %s", a.Key, a.Val, token.Data)
		}
		if a.Key == "href" && !strings.HasPrefix(a.Val, "https://github.com/org/repo/pull/") && !strings.HasPrefix(a.Val, "#s-") {
			t.Errorf("link to %q", a.Val)
		}
		if a.Key == "style" && !strings.HasPrefix(a.Val, "width:") {
			t.Errorf("style %q", a.Val)
		}
	}
}

// A document must look the same in ten years on a machine without network.
func TestTheFileNeedsNothingElse(t *testing.T) {
	for name, tree := range documenttest.Trees(t) {
		if strings.HasSuffix(name, "hostile") {
			continue // holds such words as text
		}
		out := render(t, tree)
		for _, word := range []string{"<script", "src=", "url(", "@import", "<link", "<img", "javascript:"} {
			if bytes.Contains(out, []byte(word)) {
				t.Errorf("%s holds %q", name, word)
			}
		}
	}
}

func TestEverySectionIsInTheContents(t *testing.T) {
	for name, tree := range documenttest.Trees(t) {
		out := string(render(t, tree))
		for _, b := range tree.Blocks {
			if b.Heading == nil {
				continue
			}
			id := "s-" + strings.ReplaceAll(b.Heading.Number, ".", "-")
			if strings.Count(out, `id="`+id+`"`) != 1 || strings.Count(out, `href="#`+id+`"`) != 2 {
				t.Errorf("%s: section %s has %d targets and %d links", name, b.Heading.Number, strings.Count(out, `id="`+id+`"`), strings.Count(out, `href="#`+id+`"`))
			}
		}
	}
}

func TestTheMarkIsOnScreenAndOnEveryPrintedPage(t *testing.T) {
	for _, c := range []struct {
		stage document.Stage
		mark  string
	}{{document.StageDraft, "DRAFT"}, {document.StageCandidate, "CANDIDATE"}} {
		out := string(render(t, document.Tree{Meta: document.Meta{Stage: c.stage, Evaluation: "sandbox is none"}}))
		for _, want := range []string{
			`class="watermark" aria-hidden="true">` + c.mark, `class="banner" role="note"><strong>` + c.mark,
			`@top-center { content: "EVALUATION ` + c.mark + `"; }`, `<strong>EVALUATION</strong>`,
		} {
			if !strings.Contains(out, want) {
				t.Errorf("%s lacks %q", c.stage, want)
			}
		}
	}
	final := string(render(t, document.Tree{Meta: document.Meta{Stage: document.StageFinal}}))
	if strings.Contains(final, "DRAFT") || strings.Contains(final, `class="watermark"`) || strings.Contains(final, "EVALUATION") {
		t.Error("a final is marked")
	}
}

// Whatever a text is, a browser shows it as it is, in the body and in the
// running heads.
func TestTextIsShownAsItIs(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		s := rapid.StringOf(rapid.OneOf(rapid.SampledFrom([]rune(`<>&"'/\;:{}=-! ab`)), rapid.Rune())).Draw(t, "text")
		s = strings.ReplaceAll(s, "\r", " ")
		tree := document.Tree{
			Meta: document.Meta{Number: s, Title: s},
			Blocks: []document.Block{
				{Heading: &document.Heading{Level: 1, Number: "1", Text: s}},
				{Paragraph: &document.Paragraph{Runs: []document.Run{{Style: document.Plain, Text: s}, {Style: document.Link, Text: s, Href: s}}}},
			},
		}
		root, err := nethtml.Parse(bytes.NewReader(render(t, tree)))
		if err != nil {
			t.Fatal(err)
		}
		paragraph := ""
		for n := range root.Descendants() {
			if n.Type == nethtml.ElementNode && (n.Data == "script" || n.Data == "img") {
				t.Fatalf("element %s from %q", n.Data, s)
			}
			if n.Data == "h2" && n.Parent.Data == "main" {
				paragraph = text(n)
			}
		}
		if want := "1 " + document.Visible(s); paragraph != want {
			t.Fatalf("shown %q, want %q", paragraph, want)
		}
	})
}

func text(n *nethtml.Node) string {
	var b strings.Builder
	for d := range n.Descendants() {
		if d.Type == nethtml.TextNode {
			b.WriteString(d.Data)
		}
	}
	return b.String()
}

func TestOnlySafeAddressesBecomeLinks(t *testing.T) {
	for href, want := range map[string]bool{
		"https://github.com/org/repo/pull/1": true, "HTTP://example.org": true, "#s-1": true,
		"javascript:alert(1)": false, " https://example.org": false, "data:text/html,x": false, "//example.org": false, "": false,
	} {
		out := render(t, document.Tree{Blocks: []document.Block{{Paragraph: &document.Paragraph{Runs: []document.Run{{Style: document.Link, Text: "x", Href: href}}}}}})
		if got := bytes.Contains(out, []byte("<a href=")); got != want {
			t.Errorf("%q: link %v, want %v", href, got, want)
		}
	}
}

func TestABlockThatIsNothingIsRefused(t *testing.T) {
	if _, err := html.Render(document.Tree{Blocks: []document.Block{{}}}); err == nil {
		t.Error("rendered")
	}
}

func BenchmarkMatrix(b *testing.B) {
	tree := documenttest.Large(10_000)
	for b.Loop() {
		b.SetBytes(int64(len(render(b, tree))))
	}
}

// BenchmarkMatrixPage writes 200 rows out of the matrix of 10,000 items. The
// targets are 30 ms and 150 KB. page/whole compares it with writing all rows.
func BenchmarkMatrixPage(b *testing.B) {
	set := tracetest.Of(3_333)
	var items []trace.Item
	for name, data := range set.Files(tracetest.Markdown) {
		found, _ := trace.Scan(name, []byte(data))
		items = append(items, found...)
	}
	scope := trace.Scope{Commit: tracetest.Commit, Columns: []trace.Column{{Verification: "OV", Environment: "tst"}}}
	all := trace.Link(items, set.Results(evidence.OV, "tst"), scope).Document()
	page := document.Matrix{Columns: all.Columns, Rows: all.Rows[1_000:1_200]}
	whole := document.Matrix{Columns: all.Columns, Rows: all.Rows}
	tree := func(m document.Matrix) document.Tree { return document.Tree{Blocks: []document.Block{{Matrix: &m}}} }
	var ours, most []measure.Cost
	size := 0
	for b.Loop() {
		ours = append(ours, measure.Call(b, func() { size = len(render(b, tree(page))) }))
		most = append(most, measure.Call(b, func() { render(b, tree(whole)) }))
	}
	measure.Report(b, ours)
	measure.Ratio(b, ours, most, "page/whole")
	b.ReportMetric(float64(size)/1e3, "page-KB")
}
