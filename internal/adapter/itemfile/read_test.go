package itemfile_test

import (
	"encoding/json"
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/rogpeppe/go-internal/txtar"

	"github.com/dc-release/dc-release/internal/adapter/itemfile"
	"github.com/dc-release/dc-release/internal/app/traceability"
	"github.com/dc-release/dc-release/internal/core/document"
	"github.com/dc-release/dc-release/internal/core/release"
	"github.com/dc-release/dc-release/internal/core/trace"
)

var update = flag.Bool("update", false, "write the golden files")

// tree is the files of both repositories: code/... and requirements/...
type tree map[traceability.Repository]map[string][]byte

func treeOf(a *txtar.Archive) tree {
	out := tree{traceability.Code: {}, traceability.Requirements: {}}
	for _, f := range a.Files {
		repository, path, _ := strings.Cut(f.Name, "/")
		out[traceability.Repository(repository)][path] = f.Data
	}
	return out
}

// said is what the files of a tree hold.
type said struct {
	Items    []trace.Item `json:"items"`
	Findings []string     `json:"findings"`
}

func (t tree) read(tb testing.TB) said {
	tb.Helper()
	out := said{Items: []trace.Item{}, Findings: []string{}}
	for _, r := range []traceability.Repository{traceability.Requirements, traceability.Code} {
		var files []release.File
		for path := range t[r] {
			files = append(files, release.File{Path: path})
		}
		slices.SortFunc(files, func(a, b release.File) int { return strings.Compare(a.Path, b.Path) })
		reader, findings, err := itemfile.Sources{}.Open(r, files, func(path string) ([]byte, bool, error) {
			data, ok := t[r][path]
			return data, ok, nil
		})
		if err != nil {
			tb.Fatal(err)
		}
		out.add(nil, findings)
		for _, f := range files {
			if _, ok := reader.Holds(f.Path); ok {
				out.add(reader.Read(f.Path, t[r][f.Path]))
			}
		}
	}
	return out
}

func (s *said) add(items []trace.Item, findings []document.Finding) {
	s.Items = append(s.Items, items...)
	for _, f := range findings {
		s.Findings = append(s.Findings, f.String())
	}
}

// Every file of testdata is a tree with what it holds beside it.
func TestFilesOfEveryFormat(t *testing.T) {
	for _, format := range itemfile.Formats() {
		cases, _ := filepath.Glob("testdata/" + format + "/*.txtar")
		if len(cases) == 0 {
			t.Errorf("format %q has no testdata", format)
		}
		if _, err := os.Stat("testdata/" + format + "/README.md"); err != nil {
			t.Errorf("nothing says where the files of %q come from: %v", format, err)
		}
		for _, file := range cases {
			t.Run(strings.TrimSuffix(strings.TrimPrefix(file, "testdata/"), ".txtar"), func(t *testing.T) {
				a, err := txtar.ParseFile(file)
				if err != nil {
					t.Fatal(err)
				}
				got, err := json.MarshalIndent(treeOf(a).read(t), "", "  ")
				if err != nil {
					t.Fatal(err)
				}
				golden(t, strings.TrimSuffix(file, ".txtar")+".want.json", append(got, '\n'))
			})
		}
	}
}

func golden(t *testing.T, file string, got []byte) {
	t.Helper()
	if *update {
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
}

// one reads a single file of a repository.
func one(tb testing.TB, r traceability.Repository, path string, data []byte, with ...string) said {
	tb.Helper()
	files := tree{traceability.Code: {}, traceability.Requirements: {}}
	for i := 0; i+1 < len(with); i += 2 {
		files[r][with[i]] = []byte(with[i+1])
	}
	files[r][path] = data
	return files.read(tb)
}

func TestWhatHoldsItems(t *testing.T) {
	list := "- id: FS-corp-1\n  text: x\n"
	for _, c := range []struct {
		r     traceability.Repository
		path  string
		holds bool
	}{
		{traceability.Requirements, "a/b/list.yaml", true},
		{traceability.Requirements, ".github/list.yaml", false},
		{traceability.Requirements, "a/.hidden.yml", false},
		{traceability.Code, "documentation/a/list.yml", true},
		{traceability.Code, "src/list.yml", false},
		{traceability.Code, "documentation/test_map.yml", true},
	} {
		if got := len(one(t, c.r, c.path, []byte(list)).Items) == 1; got != c.holds {
			t.Errorf("%s %s: %v", c.r, c.path, got)
		}
	}
}

// Bombs, depth and size are refused, whatever the format.
func TestWhatIsTooLargeIsRefused(t *testing.T) {
	var bomb strings.Builder
	fmt.Fprintln(&bomb, "a0: &a0 [x, x, x, x, x, x, x, x, x, x]")
	for i := 1; i < 12; i++ {
		fmt.Fprintf(&bomb, "a%d: &a%d [*a%d, *a%d, *a%d, *a%d, *a%d, *a%d, *a%d, *a%d]\n", i, i, i-1, i-1, i-1, i-1, i-1, i-1, i-1, i-1)
	}
	deep := strings.Repeat("[", 5000) + strings.Repeat("]", 5000)
	jira := []string{"requirements.yaml", "project: corp\nimports:\n- {format: jira, path: x.json, kind: URS, links: [Tests]}\n"}
	for _, c := range []struct {
		name string
		got  said
		want string
	}{
		{"aliases of a bundle", one(t, traceability.Code, "databricks.yml", []byte("bundle: {name: x}\n"+bomb.String())), "more than 1048576 values"},
		{"an alias of a list", one(t, traceability.Requirements, "a.yaml", []byte("- &x {id: URS-corp-1, text: a}\n- *x\n")), "anchors and aliases are not read here"},
		{"an alias that holds itself", one(t, traceability.Code, ".github/workflows/a.yaml", []byte("jobs: &j\n  a: *j\n")), "nested deeper than 100"},
		{"deep YAML", one(t, traceability.Requirements, "a.yaml", []byte(deep)), "nested deeper than 100"},
		{"deep JSON", one(t, traceability.Requirements, "x.json", []byte(deep), jira...), "nested deeper than 100"},
		{"a long file", one(t, traceability.Requirements, "a.md", make([]byte, 9<<20)), "the file has 9437184 bytes"},
		{"a long line of a feature", one(t, traceability.Code, "a.feature", []byte("Feature: x\n"+strings.Repeat("y", 100_000))), "a.feature:2:1: error: read feature: the line has 100000 bytes"},
		{"many tags", one(t, traceability.Code, "a.feature", []byte(strings.Repeat("@a ", 600)+"\nFeature: x\n@FS-corp-1\nScenario: y\nGiven z\n")), "601 tags hold for scenario"},
	} {
		if !strings.Contains(strings.Join(c.got.Findings, "\n"), c.want) {
			t.Errorf("%s: %d items, findings %.300q, want %q", c.name, len(c.got.Items), c.got.Findings, c.want)
		}
	}
}

// What tags, backgrounds and examples are written out to is bounded.
func TestAFeatureThatGrowsIsRefused(t *testing.T) {
	row := "| " + strings.Repeat("z", 10_000) + " |\n"
	step := "When " + strings.Repeat("<a>", 2_000) + "\n"
	outline := "@manual @PV\nFeature: x\n@TEST-corp-1\nScenario Outline: y\n" + strings.Repeat(step, 3) + "Examples:\n| a |\n" + strings.Repeat(row, 3)
	background := "@OV\nFeature: x\nBackground:\n" + strings.Repeat("Given "+strings.Repeat("z", 1000)+"\n", 1000)
	for i := range 100 {
		background += fmt.Sprintf("@TEST-corp-%d\nScenario: y\nWhen z\n", i+1)
	}
	for name, text := range map[string]string{"an outline": outline, "a background": background} {
		got := one(t, traceability.Code, "a.feature", []byte(text))
		if !strings.Contains(strings.Join(got.Findings, "\n"), "are written out to more than") {
			t.Errorf("%s: %.300q", name, got.Findings)
		}
	}
}

func TestFindingsOfAFileAreCounted(t *testing.T) {
	got := one(t, traceability.Requirements, "a.yaml", []byte("- id: URS-corp-1\n  text: x\n"+strings.Repeat("- id: URS-corp-01\n", 700)))
	if n := len(got.Findings); n != 501 || !strings.Contains(got.Findings[500], "200 more findings") {
		t.Errorf("%d findings, last %q", n, got.Findings[n-1])
	}
}
