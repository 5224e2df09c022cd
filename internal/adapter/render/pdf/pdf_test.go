package pdf_test

import (
	"bytes"
	"fmt"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/dc-release/dc-release/internal/adapter/render/pdf"
	"github.com/dc-release/dc-release/internal/core/document"
	"github.com/dc-release/dc-release/internal/core/document/documenttest"
	"pgregory.net/rapid"
)

// files are all documents of the fixtures, rendered once.
var files = sync.OnceValue(func() map[string][]byte {
	out := map[string][]byte{}
	for name, tree := range documenttest.Trees(must{}) {
		out[name] = render(must{}, tree)
	}
	return out
})

// must is a test that ends the program when it fails.
type must struct{}

func (must) Helper()           {}
func (must) Fatal(args ...any) { panic(fmt.Sprint(args...)) }

type tester interface {
	Helper()
	Fatal(args ...any)
}

func render(t tester, tree document.Tree) []byte {
	t.Helper()
	out, err := pdf.Render(tree)
	if err != nil {
		t.Fatal(err)
	}
	return out
}

// shown is a text as the PDF shows it: what has no glyph is named.
func shown(t testing.TB, s string) string {
	t.Helper()
	missing, err := pdf.Missing(document.Tree{Blocks: []document.Block{{Code: &document.Code{Text: s}}}})
	if err != nil {
		t.Fatal(err)
	}
	var b strings.Builder
	for _, r := range document.Visible(s) {
		if slices.Contains(missing, r) {
			fmt.Fprintf(&b, "[U+%04X]", r)
			continue
		}
		b.WriteRune(r)
	}
	return bare(b.String())
}

// Nothing of a tree is left out, whatever kind, whatever facts.
func TestEveryTextIsShown(t *testing.T) {
	for name, tree := range documenttest.Trees(t) {
		t.Run(name, func(t *testing.T) {
			got := body(t, files()[name])
			for s := range tree.Texts() {
				if !stands(got, shown(t, s)) {
					t.Errorf("%q is not shown", s)
				}
			}
		})
	}
}

// stands reports whether a text is there, in one piece or, where its row was
// split between pages, in two.
func stands(got, want string) bool {
	if strings.Contains(got, want) {
		return true
	}
	for i := range want {
		if i > 5 && len(want)-i > 5 && strings.Contains(got, want[:i]) && strings.Contains(got, want[i:]) {
			return true
		}
	}
	return false
}

func TestEveryTextOfAnyTreeIsShown(t *testing.T) {
	letters := rapid.StringOfN(rapid.OneOf(rapid.SampledFrom([]rune("ab 1\\()<>[]-/\n\t\ræø≥→😀\u202e\u0007אبक")), rapid.Rune()), 0, 120, -1)
	runs := rapid.SliceOfN(rapid.Custom(func(t *rapid.T) document.Run {
		return document.Run{
			Style: rapid.SampledFrom([]document.Style{document.Plain, document.Mono, document.Strong, document.Small, document.Link, document.Status}).Draw(t, "style"),
			Text:  letters.Draw(t, "text"), Href: rapid.SampledFrom([]string{"", "#s-1", "https://example.org/ø"}).Draw(t, "href"),
			Tone: rapid.SampledFrom([]document.Tone{document.Neutral, document.Positive, document.Negative}).Draw(t, "tone"),
		}
	}), 0, 4)
	rapid.Check(t, func(rt *rapid.T) {
		tree := document.Tree{Schema: document.TreeSchema, Meta: document.Meta{Number: letters.Draw(rt, "number"), Title: letters.Draw(rt, "title"), Stage: document.StageFinal}}
		for range rapid.IntRange(0, 6).Draw(rt, "blocks") {
			tree.Blocks = append(tree.Blocks, block(rt, letters, runs))
		}
		got := body(t, render(rt, tree))
		for s := range tree.Texts() {
			if want := shown(t, s); !strings.Contains(got, want) {
				rt.Fatalf("%q is not shown in %q", s, got)
			}
		}
	})
}

func block(rt *rapid.T, letters *rapid.Generator[string], runs *rapid.Generator[[]document.Run]) document.Block {
	switch rapid.IntRange(0, 6).Draw(rt, "kind") {
	case 0:
		return document.Block{Heading: &document.Heading{Level: rapid.IntRange(0, 4).Draw(rt, "level"), Number: "1", Text: letters.Draw(rt, "text")}}
	case 1:
		return document.Block{Paragraph: &document.Paragraph{Runs: runs.Draw(rt, "runs")}}
	case 2:
		return document.Block{List: &document.List{Ordered: true, Items: rapid.SliceOfN(runs, 0, 4).Draw(rt, "items")}}
	case 3:
		return document.Block{Code: &document.Code{Text: letters.Draw(rt, "text")}}
	case 4:
		return document.Block{Notice: &document.Notice{Tone: document.Caution, Head: letters.Draw(rt, "head"), Runs: runs.Draw(rt, "runs")}}
	case 5:
		return document.Block{Signatures: &document.SignatureBlock{Gate: "g", Manifest: letters.Draw(rt, "manifest"), Signed: []document.Signature{
			{Signer: document.Person{Name: letters.Draw(rt, "name")}, Role: letters.Draw(rt, "role"), MeaningText: letters.Draw(rt, "meaning"), Reason: letters.Draw(rt, "reason")},
		}, Open: []document.RequiredSignature{{Roles: []string{letters.Draw(rt, "open")}, Meaning: "m"}}}}
	}
	table := document.Table{Caption: letters.Draw(rt, "caption"), Empty: letters.Draw(rt, "empty")}
	for range rapid.IntRange(1, 9).Draw(rt, "columns") {
		table.Columns = append(table.Columns, document.Column{Title: letters.Draw(rt, "title"), Weight: rapid.IntRange(-1, 9).Draw(rt, "weight"), Numeric: rapid.Bool().Draw(rt, "numeric")})
	}
	for range rapid.IntRange(0, 3).Draw(rt, "rows") {
		row := document.Row{}
		for range table.Columns {
			row.Cells = append(row.Cells, runs.Draw(rt, "cell"))
		}
		table.Rows = append(table.Rows, row)
	}
	return document.Block{Table: &table}
}

// What is far too large ends, and none of it is lost.
func TestNothingIsTooLarge(t *testing.T) {
	long := strings.Repeat("x", 100_000)
	cells := func(s string) []document.Run { return []document.Run{{Style: document.Mono, Text: s}} }
	columns := []document.Column{{Title: "a", Weight: 1}, {Title: "b", Weight: 3}}
	for name, c := range map[string]struct {
		tree document.Tree
		want int
	}{
		"a title of 1 MB":                {document.Tree{Meta: document.Meta{Title: strings.Repeat("x", 1<<20)}}, 1 << 20},
		"a heading of 1 MB":              {document.Tree{Blocks: []document.Block{{Heading: &document.Heading{Level: 1, Number: "1", Text: strings.Repeat("x y", 1<<18)}}}}, 1 << 18},
		"a cell without blanks":          {tableOf(columns, cells(long), cells("b")), 100_000},
		"a status without blanks":        {tableOf(columns, []document.Run{{Style: document.Status, Text: long}}, cells("b")), 100_000},
		"a column head without end":      {tableOf([]document.Column{{Title: long}, {Title: "b"}}, cells("a"), cells("b")), 100_000},
		"a link without blanks":          {tableOf(columns, []document.Run{{Style: document.Link, Text: long, Href: "https://" + long}}, cells("b")), 100_000},
		"a signature without end":        {document.Tree{Blocks: []document.Block{{Signatures: &document.SignatureBlock{Signed: []document.Signature{{Role: "r", Reason: long}}}}}}, 100_000},
		"a hundred columns":              {wide(100), 100},
		"code of one line":               {document.Tree{Blocks: []document.Block{{Code: &document.Code{Text: long}}}}, 100_000},
		"a notice without end":           {document.Tree{Blocks: []document.Block{{Notice: &document.Notice{Head: "h", Runs: cells(long)}}}}, 100_000},
		"a cell of as many lines":        {tableOf(columns, cells(strings.Repeat("x\n", 10_000)), cells("b")), 10_000},
		"characters wider than a column": {tableOf(columns, cells(strings.Repeat("x\u2e3b", 2_000)), cells("b")), 2_000},
	} {
		t.Run(name, func(t *testing.T) {
			begun := time.Now()
			got := strings.Count(body(t, render(t, c.tree)), "x")
			if got < c.want {
				t.Errorf("%d characters, want %d", got, c.want)
			}
			if took := time.Since(begun); took > 20*time.Second {
				t.Errorf("took %s", took)
			}
		})
	}
}

func tableOf(columns []document.Column, cells ...[]document.Run) document.Tree {
	return document.Tree{Blocks: []document.Block{{Table: &document.Table{Caption: "c", Columns: columns, Rows: []document.Row{{Cells: cells}}}}}}
}

func wide(n int) document.Tree {
	var columns []document.Column
	var cells [][]document.Run
	for range n {
		columns = append(columns, document.Column{Title: "head"})
		cells = append(cells, []document.Run{{Style: document.Plain, Text: "x"}})
	}
	return tableOf(columns, cells...)
}

// Nothing is drawn beyond the edge of the paper.
func TestEveryTextIsOnThePaper(t *testing.T) {
	for name, tree := range documenttest.Trees(t) {
		all, heights := texts(t, files()[name])
		for _, d := range all {
			if width := map[bool]float64{true: 841.89, false: 595.28}[heights[d.page-1] < 600]; d.text != tree.Meta.Stage.Mark() && (d.x < 40 || d.x > width-40 || d.y < 20 || d.y > heights[d.page-1]-20) {
				t.Errorf("%s: %q at %.0f, %.0f of page %d", name, d.text, d.x, d.y, d.page)
			}
		}
	}
}

func TestEveryPageSaysWhatItIs(t *testing.T) {
	for name, tree := range documenttest.Trees(t) {
		all, heights := texts(t, files()[name])
		for page := range heights {
			var there []string
			for _, d := range all {
				if d.page == page+1 {
					there = append(there, d.text)
				}
			}
			got := strings.Join(there, "\n")
			want := []string{tree.Meta.Number, fmt.Sprintf("Page %d of %d", page+1, len(heights)), tree.Meta.FactsSHA256[:16], tree.Meta.Title}
			if mark := tree.Meta.Stage.Mark(); mark != "" {
				want = append(want, "\n"+mark) // across the page
			}
			if tree.Meta.Restriction != "" {
				want = append(want, document.Restricted)
			}
			if tree.Meta.Evaluation != "" {
				want = append(want, "EVALUATION")
			}
			for _, w := range want {
				if !strings.Contains(got, w) {
					t.Errorf("%s: page %d lacks %q", name, page+1, w)
				}
			}
			if mark := tree.Meta.Stage.Mark(); mark == "" && (strings.Contains(got, "DRAFT") || strings.Contains(got, "CANDIDATE")) {
				t.Errorf("%s: page %d of a final is marked", name, page+1)
			}
		}
	}
}

func TestMissingCharactersAreNamed(t *testing.T) {
	tree := document.Tree{Blocks: []document.Block{{Paragraph: &document.Paragraph{Runs: []document.Run{{Style: document.Plain, Text: "go 🚀 \u0915 ≥ \u202e"}}}}}}
	got := body(t, render(t, tree))
	for _, want := range []string{"[U+1F680]", "[U+0915]", "[U+202E]", "≥"} {
		if !strings.Contains(got, want) {
			t.Errorf("%q lacks %q", got, want)
		}
	}
	missing, err := pdf.Missing(tree)
	if err != nil || !slices.Equal(missing, []rune{0x915, 0x1f680}) {
		t.Errorf("missing %U, %v", missing, err)
	}
}

func TestABlockThatIsNothingIsRefused(t *testing.T) {
	if _, err := pdf.Render(document.Tree{Blocks: []document.Block{{}}}); err == nil {
		t.Error("rendered")
	}
}

var (
	destination = regexp.MustCompile(`/Dest \[(\d+) 0 R /XYZ 0 (-?[\d.]+) null\]`)
	outline     = regexp.MustCompile(`(?s)<</Title \(.*?/Dest \[(\d+) 0 R /XYZ 0 (-?[\d.]+) null\]`)
)

// Contents, links and bookmarks lead to the place of the section, also from
// portrait to landscape pages and back.
func TestEverySectionIsFound(t *testing.T) {
	tree := documenttest.Large(400)
	file := render(t, tree)
	all, heights := texts(t, file)
	bookmarks := outline.FindAllSubmatch(file, -1)
	var links [][][]byte
	for _, page := range bytes.SplitAfter(file, []byte("endobj"))[:2*len(heights)] {
		if bytes.Contains(page, []byte("/Subtype /Link /F 4 /Rect")) {
			links = append(links, destination.FindAllSubmatch(page, -1)...)
		}
	}
	n := 0
	for _, b := range tree.Blocks {
		h := b.Heading
		if h == nil {
			continue
		}
		entry := all[slices.IndexFunc(all, func(d drawn) bool { return d.text == h.Text && d.page == 1 })]
		number := all[slices.IndexFunc(all, func(d drawn) bool { return d.page == 1 && d.y == entry.y && d.x > 500 })].text
		i := slices.IndexFunc(all, func(d drawn) bool { return d.text == h.Text && d != entry && fmt.Sprint(d.page) == number })
		if i < 0 || n >= len(bookmarks) || n >= len(links) {
			t.Fatalf("section %s is not on page %s; %d bookmarks, %d links", h.Number, number, len(bookmarks), len(links))
		}
		for kind, to := range map[string][][]byte{"bookmark": bookmarks[n], "link": links[n]} {
			object, _ := strconv.Atoi(string(to[1]))
			y, _ := strconv.ParseFloat(string(to[2]), 64)
			if page := (object-3)/2 + 1; page != all[i].page || y < all[i].y || y > all[i].y+30 {
				t.Errorf("%s of section %s leads to %.0f on page %d, it is at %.0f on page %d", kind, h.Number, y, page, all[i].y, all[i].page)
			}
		}
		n++
	}
	if n < 5 || !slices.Contains(heights, 595.28) {
		t.Errorf("%d sections, heights %v", n, heights[:3])
	}
}
