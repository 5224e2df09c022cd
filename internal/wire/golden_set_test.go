package wire

import (
	"crypto/sha256"
	"fmt"
	"maps"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/dc-release/dc-release/internal/app/report"
	"github.com/dc-release/dc-release/internal/core/document"
	"github.com/dc-release/dc-release/internal/core/document/documenttest"
	"github.com/google/go-cmp/cmp"
)

// printDigests is the environment variable that lets the test print digests,
// and endOfDigests what follows them.
const (
	printDigests = "DC_RELEASE_TEST_GOLDEN_SET"
	endOfDigests = "-- end of digests\n"
)

// TestTheGoldenSetIsTheSameInTwoProcesses renders the corp-procurement release,
// every kind in every stage and in every form, and each set of facts that the
// renderers are tested with, in two processes: each hashes its maps in another
// order, and every byte is the same.
func TestTheGoldenSetIsTheSameInTwoProcesses(t *testing.T) {
	if os.Getenv(printDigests) != "" {
		trees := documenttest.Release(t)
		for name, tree := range documenttest.Trees(t) {
			trees["facts/"+name] = tree
		}
		fmt.Print(strings.Join(digestsOf(t, trees), "\n"), "\n", endOfDigests)
		return
	}
	var runs [2]string
	var wait sync.WaitGroup
	for i := range runs {
		wait.Go(func() {
			cmd := exec.Command(os.Args[0], "-test.run", "^TestTheGoldenSetIsTheSameInTwoProcesses$")
			cmd.Env = append(os.Environ(), printDigests+"=1")
			out, err := cmd.Output()
			if err != nil {
				t.Errorf("process %d: %v\n%s", i, err, out)
			}
			runs[i], _, _ = strings.Cut(string(out), endOfDigests)
		})
	}
	wait.Wait()
	if runs[0] != runs[1] {
		t.Error(cmp.Diff(strings.Split(runs[0], "\n"), strings.Split(runs[1], "\n")))
	}
	for _, k := range document.All {
		for _, stage := range []string{"draft-approve_for_use/", "candidate/", "final/"} {
			if k.FinalOnly && stage != "final/" {
				continue
			}
			name := document.Request{Kind: k, Environment: "prd"}.FileName()
			for _, form := range forms() {
				if !strings.Contains(runs[0], " "+stage+name+"."+form+"\n") {
					t.Errorf("%s%s.%s was not rendered", stage, name, form)
				}
			}
		}
	}
}

// TestTheGoldenSetOfCorpProcurement compares the final documents of the release
// with the digests that were reviewed. A PDF depends on the compressor of Go's
// library too: with another toolchain only those lines may change.
func TestTheGoldenSetOfCorpProcurement(t *testing.T) {
	finals := documenttest.Release(t)
	maps.DeleteFunc(finals, func(name string, _ document.Tree) bool { return !strings.HasPrefix(name, "final/") })
	got := strings.Join(digestsOf(t, finals), "\n") + "\n"
	file := filepath.Join("testdata", "golden-set.txt")
	if *update {
		if err := os.WriteFile(file, []byte(got), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	if d := cmp.Diff(strings.Split(string(want), "\n"), strings.Split(got, "\n")); d != "" {
		t.Errorf("look at the documents, then: go test ./internal/wire -run TestTheGoldenSetOfCorpProcurement -update\n%s", d)
	}
}

// forms are the extensions of every form of a document.
func forms() []string {
	out := []string{"json"}
	for _, r := range renderers {
		out = append(out, r.Extension)
	}
	return out
}

// digestsOf are lines "SHA-256  NAME.FORM" in order, as sha256sum writes them.
func digestsOf(t *testing.T, trees map[string]document.Tree) []string {
	t.Helper()
	all := append([]report.Renderer{{Extension: "json", Render: document.Tree.JSON}}, renderers...)
	var lines []string
	for _, name := range slices.Sorted(maps.Keys(trees)) {
		for _, r := range all {
			out, err := r.Render(trees[name])
			if err != nil {
				t.Fatalf("%s.%s: %v", name, r.Extension, err)
			}
			lines = append(lines, fmt.Sprintf("%x  %s.%s", sha256.Sum256(out), name, r.Extension))
		}
	}
	return lines
}
