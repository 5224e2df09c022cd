package deployment_test

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/dc-release/dc-release/internal/core/deployment"
)

func treeOf(t *testing.T, paths ...string) deployment.Tree {
	t.Helper()
	var files []deployment.TreeFile
	for _, p := range paths {
		files = append(files, deployment.TreeFile{Path: p, SHA256: strings.Repeat("a", 64)})
	}
	tree, err := deployment.NewTree(files)
	if err != nil {
		t.Fatal(err)
	}
	return tree
}

func TestPartsAreTheFoldersOfTheirNames(t *testing.T) {
	tree := treeOf(t, "bundle/databricks.yml", "bundle/src/a.py", "bundle-2/a.py", "wheels/a.whl")
	parts, err := tree.Parts([]string{"wheels", "bundle", "bundle-2"})
	if err != nil {
		t.Fatal(err)
	}
	want := []deployment.Part{
		{Name: "bundle", Tree: treeOf(t, "databricks.yml", "src/a.py").Digest(), Files: 2},
		{Name: "bundle-2", Tree: treeOf(t, "a.py").Digest(), Files: 1},
		{Name: "wheels", Tree: treeOf(t, "a.whl").Digest(), Files: 1},
	}
	if diff := cmp.Diff(want, parts); diff != "" {
		t.Error(diff)
	}
	if none, err := tree.Parts(nil); none != nil || err != nil {
		t.Errorf("without names: %v, %v", none, err)
	}
}

func TestPartsRefuse(t *testing.T) {
	many := make([]string, deployment.MaxParts+1)
	for i := range many {
		many[i] = "n" + strings.Repeat("x", i%60) + string(rune('a'+i%26))
	}
	for name, c := range map[string]struct {
		paths, names []string
		want         string
	}{
		"a file beside them":     {[]string{"a/x", "README.md"}, []string{"a"}, `path "README.md" is in none of the artifacts a`},
		"a folder of no name":    {[]string{"a/x", "b/x"}, []string{"a"}, `path "b/x" is in none`},
		"a file with a name":     {[]string{"a", "b/x"}, []string{"a", "b"}, `path "a" is in none`},
		"an empty one":           {[]string{"a/x"}, []string{"a", "b"}, "artifact b: no files"},
		"a name twice":           {[]string{"a/x"}, []string{"a", "a"}, "artifact a is named twice"},
		"no name":                {[]string{"a/x"}, []string{""}, `artifact name ""`},
		"capitals":               {[]string{"A/x"}, []string{"A"}, `artifact name "A"`},
		"a way out":              {[]string{"a/x"}, []string{".."}, `artifact name ".."`},
		"a folder below a name":  {[]string{"a/b/x"}, []string{"a/b"}, `artifact name "a/b"`},
		"a hyphen at the end":    {[]string{"a-/x"}, []string{"a-"}, `artifact name "a-"`},
		"a name that is long":    {[]string{"a/x"}, []string{strings.Repeat("a", 65)}, "at most 64"},
		"more than an event has": {[]string{"a/x"}, many, "65 artifacts: want at most 64"},
	} {
		t.Run(name, func(t *testing.T) {
			_, err := treeOf(t, c.paths...).Parts(c.names)
			if err == nil || !strings.Contains(err.Error(), c.want) {
				t.Errorf("got %v, want %s", err, c.want)
			}
		})
	}
}
