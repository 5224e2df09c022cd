package deployment_test

import (
	"testing"

	"github.com/dc-release/dc-release/internal/core/deployment"
	"pgregory.net/rapid"
)

func TestNewTreeRefuses(t *testing.T) {
	for name, paths := range map[string][]string{
		"no files":            {},
		"an absolute path":    {"/etc/passwd"},
		"a way out":           {"../x"},
		"a way out in middle": {"a/../../x"},
		"a file twice":        {"a", "a"},
		"a file as folder":    {"a", "a/b"},
		"an empty path":       {""},
		"a newline":           {"a\nb"},
	} {
		t.Run(name, func(t *testing.T) {
			var files []deployment.TreeFile
			for _, p := range paths {
				files = append(files, deployment.TreeFile{Path: p})
			}
			if _, err := deployment.NewTree(files); err == nil {
				t.Error("accepted")
			}
		})
	}
}

func TestDigestDependsOnContentNotOnOrder(t *testing.T) {
	file := rapid.Custom(func(t *rapid.T) deployment.TreeFile {
		return deployment.TreeFile{Path: rapid.StringMatching(`[a-z]{1,6}\.txt`).Draw(t, "path"), Executable: rapid.Bool().Draw(t, "x"), SHA256: rapid.StringMatching(`[0-9a-f]{64}`).Draw(t, "sha")}
	})
	rapid.Check(t, func(t *rapid.T) {
		files := rapid.SliceOfNDistinct(file, 1, 8, func(f deployment.TreeFile) string { return f.Path }).Draw(t, "files")
		a, err := deployment.NewTree(files)
		if err != nil {
			t.Fatal(err)
		}
		b, _ := deployment.NewTree(rapid.Permutation(files).Draw(t, "shuffled"))
		if a.Digest() != b.Digest() {
			t.Error("order changes the digest")
		}
		i := rapid.IntRange(0, len(files)-1).Draw(t, "changed")
		files[i].Executable = !files[i].Executable
		c, _ := deployment.NewTree(files)
		if c.Digest() == a.Digest() {
			t.Error("an exec bit does not change the digest")
		}
	})
}

func TestCompareNamesEveryDifference(t *testing.T) {
	expected := deployment.Tree{{Path: "a", SHA256: "1"}, {Path: "b", SHA256: "2"}, {Path: "c", SHA256: "3"}}
	actual := deployment.Tree{{Path: "a", SHA256: "1"}, {Path: "b", SHA256: "x"}, {Path: "d", SHA256: "4"}}
	got := deployment.Compare(expected.State(), actual.State())
	want := []deployment.Difference{{Path: "a", Expected: "1", Actual: "1"}, {Path: "b", Expected: "2", Actual: "x"}, {Path: "c", Expected: "3", Actual: "absent"}, {Path: "d", Expected: "absent", Actual: "4"}}
	if len(got) != len(want) {
		t.Fatalf("got %v", got)
	}
	for i := range want {
		if got[i] != want[i] {
			t.Errorf("%d: got %v, want %v", i, got[i], want[i])
		}
	}
}
