package itemfile_test

import (
	"path/filepath"
	"strings"
	"testing"

	"github.com/rogpeppe/go-internal/txtar"

	"github.com/dc-release/dc-release/internal/adapter/itemfile"
	"github.com/dc-release/dc-release/internal/app/traceability"
	"github.com/dc-release/dc-release/internal/core/evidence"
	"github.com/dc-release/dc-release/internal/core/trace"
)

// A fuzz target for each format begins with the files of its testdata; all of
// them hold the same promises.

func FuzzMarkdown(f *testing.F) {
	fuzz(f, "markdown", traceability.Requirements, "a.md")
}

func FuzzList(f *testing.F) { fuzz(f, "list", traceability.Requirements, "a.yaml") }

func FuzzGherkin(f *testing.F) {
	fuzz(f, "gherkin", traceability.Code, "a.feature")
}

func FuzzBundle(f *testing.F) {
	fuzz(f, "bundle", traceability.Code, "databricks.yml")
}

func FuzzWorkflow(f *testing.F) {
	fuzz(f, "workflow", traceability.Code, ".github/workflows/a.yaml")
}

func FuzzTestMap(f *testing.F) {
	fuzz(f, "test-map", traceability.Code, trace.TestMapFile)
}

func FuzzDoorstop(f *testing.F) {
	fuzz(f, "doorstop", traceability.Requirements, "reqs/SYS001.yml", "reqs/.doorstop.yml", "settings: {prefix: SYS}", "requirements.yaml",
		"project: corp\nimports:\n- {format: doorstop, path: reqs, kind: FS, attributes: {level: Severity, owner: Owner}}\n")
}

func FuzzDoorstopSettings(f *testing.F) {
	fuzz(f, "doorstop", traceability.Requirements, "reqs/.doorstop.yml", "reqs/SYS001.yml", "text: a\nlinks: [SYS002]\n", "requirements.yaml",
		"project: corp\nimports:\n- {format: doorstop, path: reqs, kind: FS}\n")
}

func FuzzSettings(f *testing.F) {
	fuzz(f, "jira", traceability.Requirements, "requirements.yaml", "reqs/.doorstop.yml", "settings: {prefix: SYS}", "reqs/SYS001.yml", "text: a\n", "a.json", "[]")
}

func FuzzNeeds(f *testing.F) {
	fuzz(f, "needs", traceability.Requirements, "needs.json", "requirements.yaml",
		"project: corp\nimports:\n- {format: needs, path: needs.json, kinds: {req: URS, spec: FS, test: TEST, hazard: RA}, leave-out: [impl], retired: [obsolete]}\n")
}

func FuzzJira(f *testing.F) {
	fuzz(f, "jira", traceability.Requirements, "a.json", "requirements.yaml",
		"project: corp\nimports:\n- {format: jira, path: a.json, kinds: {Requirement: URS, Story: FS, Test: TEST}, links: [Implements, Tests, parent]}\n")
}

// fuzz reads data as one file beside others.
func fuzz(f *testing.F, format string, r traceability.Repository, path string, beside ...string) {
	f.Helper()
	cases, _ := filepath.Glob("testdata/" + format + "/*.txtar")
	if len(cases) == 0 {
		f.Fatalf("no corpus for %q", format)
	}
	for _, c := range cases {
		a, err := txtar.ParseFile(c)
		if err != nil {
			f.Fatal(err)
		}
		for _, file := range a.Files {
			if filepath.Ext(file.Name) == filepath.Ext(path) {
				f.Add(file.Data)
			}
		}
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		promises(t, one(t, r, path, data, beside...))
		itemfile.Sources{}.TestMap(data)
	})
}

// promises are what holds for every file: no panic, ids of the grammar, places
// that are there, bounds, and that everything can be traced.
func promises(t *testing.T, got said) {
	for _, i := range got.Items {
		if id, err := evidence.ParseID(i.ID); err != nil || string(i.Kind) != id.Kind || i.At.Line < 1 || i.At.Column < 1 || i.At.File == "" {
			t.Fatalf("item %+v: %v", i, err)
		}
		for _, r := range append(append(append(i.Implements, i.Verifies...), i.Assesses...), i.Mitigations...) {
			if _, err := evidence.ParseID(r.ID); err != nil || r.At.Line < 1 {
				t.Fatalf("link %+v: %v", r, err)
			}
		}
		if strings.ContainsAny(i.Title, "\n") {
			t.Fatalf("title %q", i.Title)
		}
	}
	items, findings := trace.Meet(got.Items)
	for _, x := range append(findings, trace.Check(items, "corp")...) {
		if x.At.Line < 1 || x.Message == "" || x.Hint == "" {
			t.Fatalf("finding %+v", x)
		}
	}
	for _, f := range got.Findings {
		if strings.Contains(f, "runtime error") || strings.Contains(f, "nil pointer") {
			t.Fatalf("a library gave up: %s", f)
		}
	}
	trace.Link(items, nil, trace.Scope{}).Document()
}
