package tracetest_test

import (
	"crypto/sha256"
	"fmt"
	"maps"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/dc-release/dc-release/internal/adapter/itemfile"
	"github.com/dc-release/dc-release/internal/adapter/testresult"
	"github.com/dc-release/dc-release/internal/app/traceability"
	"github.com/dc-release/dc-release/internal/core/evidence"
	"github.com/dc-release/dc-release/internal/core/release"
	"github.com/dc-release/dc-release/internal/core/trace"
	"github.com/dc-release/dc-release/internal/core/trace/tracetest"
)

// read reads the files of a set as a repository of requirements.
func read(t *testing.T, files map[string]string) []trace.Item {
	t.Helper()
	var all []release.File
	for path := range files {
		all = append(all, release.File{Path: path})
	}
	r, wrong, err := itemfile.Sources{}.Open(traceability.Requirements, all, func(path string) ([]byte, bool, error) {
		data, ok := files[path]
		return []byte(data), ok, nil
	})
	if err != nil || len(wrong) > 0 {
		t.Fatal(err, wrong)
	}
	var items []trace.Item
	for path, data := range files {
		if _, ok := r.Holds(path); !ok {
			continue
		}
		found, wrong := r.Read(path, []byte(data))
		if len(wrong) > 0 {
			t.Fatal(path, wrong)
		}
		items = append(items, found...)
	}
	items, _ = trace.Meet(items)
	return items
}

// Every form holds the same items with the same links, and the defects are as
// many as the recipe says.
func TestEveryFormHoldsTheSet(t *testing.T) {
	for _, n := range []int{1, 99, 333, 3_333} {
		s := tracetest.Of(n)
		for _, form := range tracetest.Forms {
			items := read(t, s.Files(form))
			there := map[string]bool{}
			for _, i := range items {
				there[i.ID] = true
			}
			got := map[string]int{}
			for _, i := range items {
				got[string(i.Kind)]++
				if i.Kind == trace.FS && len(i.Implements) == 0 {
					got["missing link"]++
				}
				for _, r := range slices.Concat(i.Implements, i.Verifies) {
					if !there[r.ID] {
						got["unknown target"]++
					}
				}
			}
			want := map[string]int{"URS": n, "FS": n, "TEST": n}
			if n >= 100 {
				want["missing link"], want["unknown target"] = n/100, n/100
			}
			if d := cmp.Diff(want, got); d != "" || len(items) != s.Len() {
				t.Errorf("%d as %s: %s", n, form, d)
			}
		}
	}
}

// The matrix shows each defect as what it is.
func TestTheMatrixShowsTheDefects(t *testing.T) {
	const n = 3_333
	s := tracetest.Of(n)
	scope := trace.Scope{Commit: tracetest.Commit, Columns: []trace.Column{{Verification: "OV", Environment: "tst"}}}
	m := trace.Link(read(t, s.Files(tracetest.Markdown)), s.Results(evidence.OV, "tst"), scope).Document()
	got := map[string]int{}
	for _, r := range m.Rows {
		for _, c := range r.Cells {
			got[c.State]++
			if c.Attempt == 2 {
				got["on attempt 2"]++
			}
		}
		switch {
		case r.URS.ID == "":
			got["without requirement"]++
		case r.FS.ID == "":
			got["without specification"]++
		case r.Test.ID == "":
			got["without test"]++
		}
	}
	want := map[string]int{
		"OK": n - 66 - 33, "FAILED": 66, "STALE": 33, "": 66, "on attempt 2": 33,
		"without requirement": 66, "without specification": 33, "without test": 33, // an orphan is a specification or a test
	}
	if d := cmp.Diff(want, got); d != "" {
		t.Error(d)
	}
}

// The result files say what the results say.
func TestTheFilesHoldTheResults(t *testing.T) {
	s := tracetest.Of(333)
	var want, got []string
	for _, r := range s.Results(evidence.OV, "tst") {
		want = append(want, fmt.Sprint(r.Commit, r.Attempt, r.Name, r.Outcome, r.IDs))
	}
	for _, run := range s.Runs() {
		r, err := testresult.Read("r.xml", strings.NewReader(run.JUnit))
		if err != nil || len(r.Problems) > 0 {
			t.Fatal(err, r.Problems)
		}
		for _, c := range r.Cases {
			got = append(got, fmt.Sprint(run.Commit, run.Attempt, c.Name, c.Outcome, c.IDs))
		}
	}
	if d := cmp.Diff(want, got); d != "" || len(want) != 333+3 {
		t.Errorf("%d: %s", len(want), d)
	}
}

// Figures of different days are of the same bytes: who changes them changes this
// digest.
func TestASizeGivesTheSameBytes(t *testing.T) {
	h := sha256.New()
	s := tracetest.Of(333)
	for _, form := range tracetest.Forms {
		files := s.Files(form)
		for _, path := range slices.Sorted(maps.Keys(files)) {
			fmt.Fprintln(h, path, files[path])
		}
	}
	for _, run := range s.Runs() {
		fmt.Fprintln(h, run.Commit, run.Attempt, run.JUnit)
	}
	if got, want := fmt.Sprintf("%x", h.Sum(nil)), "e227eb7c03b8f8b24829885f39bd1aafff638618bcaa3e8114504de85ded4e8d"; got != want {
		t.Errorf("digest %s, want %s", got, want)
	}
}
