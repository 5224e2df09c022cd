package pagefile_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/dc-release/dc-release/internal/adapter/pagefile"
	"github.com/dc-release/dc-release/internal/core/document"
)

const outlined = `# Operations manual

See [how](how.md#A-b), ![a plan](img/plan%20b.png) and <https://example.org/x>.

## Nothing here

## FS-corp-1: an item

Its text is the item's.

## Twice

Text with TODO and ` + "`TODO {{`" + `.

## Twice

| a |
|---|
| [cell](#twice-1) |

<a id="own"></a>
[mail](mailto:a@b.dk) [ref][r] [out](//x.org/y)

[r]: ../other.md "title"

~~~
[no](link.md) TODO
~~~
`

func TestAnOutlineHasSectionsLinksAndLeftovers(t *testing.T) {
	o := pagefile.Outline("a.md", []byte(outlined))
	var got []string
	for _, s := range o.Sections {
		got = append(got, fmt.Sprintf("%d %s empty=%v %d:%d", s.Level, s.Title, s.Empty, s.At.Line, s.At.Column))
	}
	for _, l := range o.Targets {
		got = append(got, fmt.Sprintf("%s # %s image=%v %d", l.Path, l.Fragment, l.Image, l.At.Line))
	}
	for _, l := range o.Leftovers {
		got = append(got, fmt.Sprintf("%s %d:%d", l.Text, l.At.Line, l.At.Column))
	}
	want := []string{
		"1 Operations manual empty=false 1:3", "2 Nothing here empty=true 5:4", "2 FS-corp-1: an item empty=true 7:4", "2 Twice empty=false 11:4", "2 Twice empty=false 15:4",
		"how.md # A-b image=false 3", "img/plan b.png #  image=true 3", " # twice-1 image=false 19", "../other.md #  image=false 22",
		"TODO 13:11",
	}
	if d := cmp.Diff(want, got); d != "" {
		t.Error(d)
	}
	if d := cmp.Diff([]string{"operations-manual", "nothing-here", "fs-corp-1-an-item", "twice", "twice-1", "own"}, o.Anchors); d != "" {
		t.Error(d)
	}
}

func page(text string) document.Outline { return pagefile.Outline("p.md", []byte(text)) }

func found(id string, findings []document.Finding) int {
	n := 0
	for _, f := range findings {
		if f.ID == id && f.Hint != "" && f.At.Line > 0 {
			n++
		}
	}
	return n
}

func TestDOC_S07_IntendedUseAndPublicAPIAreWritten(t *testing.T) {
	for name, c := range map[string]struct {
		text string
		want int
	}{
		"both":                    {"# F\n\n## Intended use\n\nFor x.\n\n## Public API\n\nNone.\n", 0},
		"one is missing":          {"## Intended use\n\nFor x.\n", 1},
		"both are empty":          {"## Intended use\n\n## Public API\n", 2},
		"an item is no text":      {"## Intended use\n\nFor x.\n\n## Public API\n\n### FS-corp-1: a\n\nText.\n", 1},
		"template text is left":   {"## Intended use\n\nTODO\n\n## Public API\n\nNone.\n\n## Next\n\nTODO\n", 1},
		"text in a section of it": {"## Intended use\n\n### Users\n\nAll.\n\n## public api\n\nNone.\n", 0},
	} {
		pages := map[string]document.Outline{"documentation/functional_specification.md": page(c.text)}
		if got := found("DOC-S07", document.CheckPages(pages)); got != c.want {
			t.Errorf("%s: %d, want %d", name, got, c.want)
		}
	}
	if got := found("DOC-S07", document.CheckPages(nil)); got != 1 {
		t.Errorf("no page: %d findings", got)
	}
}

func TestDOC_S09_ManualProcedureAndStrategyAreWritten(t *testing.T) {
	whole := func() map[string]document.Outline {
		return map[string]document.Outline{
			"documentation/test_strategy.md": page("# T\n\nText.\n"), "documentation/operations_manual.md": page("# O\n\n- a list\n"), "documentation/recovery_procedure.md": page("# R\n\n## Steps\n\n1. Go\n"),
		}
	}
	for name, c := range map[string]struct {
		change func(map[string]document.Outline)
		want   int
	}{
		"all":            {func(map[string]document.Outline) {}, 0},
		"one is missing": {func(p map[string]document.Outline) { delete(p, "documentation/operations_manual.md") }, 1},
		"headings only":  {func(p map[string]document.Outline) { p["documentation/operations_manual.md"] = page("# O\n\n## A\n") }, 1},
		"a template": {func(p map[string]document.Outline) {
			p["documentation/operations_manual.md"] = page("# O\n\n{{ product }} and Lorem ipsum\n\nTBD\n")
		}, 2},
	} {
		pages := whole()
		c.change(pages)
		if got := found("DOC-S09", document.CheckPages(pages)); got != c.want {
			t.Errorf("%s: %d, want %d: %v", name, got, c.want, document.CheckPages(pages))
		}
	}
}

func TestDOC_P11_LinksLeadSomewhere(t *testing.T) {
	files := map[string]bool{"docs/a.md": true, "docs/b.md": true, "img/x.png": true, "docs": true, "img": true}
	exists := func(p string) bool { return files[p] }
	for text, want := range map[string]int{
		"[b](b.md) [b](./b.md#part-two) [r](/img/x.png) ![x](../img/x.png) [self](#here) [f](../docs) [f](.)": 0,
		"[gone](c.md)":              1,
		"![gone](y.png)":            1,
		"[anchor](b.md#part-one)":   1,
		"[anchor](#there)":          1,
		"[up](../../../etc/passwd)": 1,
		"[https](https://example.org/c.md) [m](mailto:x@y.z)": 0,
		"[case](b.md#Part-Two)":                               0,
		"[line](../img/x.png#L10)":                            0,
	} {
		pages := map[string]document.Outline{"docs/a.md": page("# Here\n\n" + text), "docs/b.md": page("## Part two\n")}
		if got := found("DOC-P11", document.CheckLinks(pages, exists)); got != want {
			t.Errorf("%s: %d, want %d: %v", text, got, want, document.CheckLinks(pages, exists))
		}
	}
}

func FuzzOutline(f *testing.F) {
	f.Add(outlined)
	for _, s := range []string{"", "[", "![](", "#", "[a](%zz)", "[a](b\n\"c\")", "<a id='", strings.Repeat("[", 300), "# \x00\xff"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, text string) {
		o := pagefile.Outline("a.md", []byte(text))
		for _, x := range document.CheckLinks(map[string]document.Outline{"a.md": o}, func(string) bool { return false }) {
			if x.At.Line < 1 || x.At.Column < 1 {
				t.Fatalf("finding %+v", x)
			}
		}
		if len(o.Sections) > len(o.Anchors) {
			t.Fatal("a heading without anchor")
		}
	})
}
