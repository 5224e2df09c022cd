package traceability_test

import (
	"context"
	"encoding/xml"
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/dc-release/dc-release/internal/adapter/itemfile"
	"github.com/dc-release/dc-release/internal/adapter/pagefile"
	"github.com/dc-release/dc-release/internal/adapter/testresult"
	"github.com/dc-release/dc-release/internal/app/traceability"
	"github.com/dc-release/dc-release/internal/core/canonical"
	"github.com/dc-release/dc-release/internal/core/document"
	"github.com/dc-release/dc-release/internal/core/evidence"
	"github.com/dc-release/dc-release/internal/core/release"
)

// The sixty checks of the reference with their severities, and S12, which says
// that every source can be read.
const reference = `R01E R02E R03E R04E R05E R06E R07E R08E R09E R10E R11W R12E R13E R14W R15E R16E
S01E S02E S03E S04E S05W S06E S07E S08E S09E S10E S11W S12E K01E K02E K03E K04E K05E
T01E T02E T03E T04W T05E T06E T07E T08E T09E T10E T11W T12E T13E T14E T15E
P01E P02E P03E P04E P05E P06E P07E P08E P09E P10E P11W P12E P13E`

const basic = "R01 R02 R03 R04 R05 R06 R07 R08 R12 S01 S02 S08 T03 T05 T10 T12 P01 P02"

func TestTheChecksAreThoseOfTheReference(t *testing.T) {
	var got, outside []string
	for _, c := range traceability.Checks() {
		id := strings.TrimPrefix(c.ID, "DOC-")
		got = append(got, id+strings.ToUpper(string(c.Severity)[:1]))
		if c.Basic {
			outside = append(outside, id)
		}
		if c.Rule == "" || strings.HasSuffix(c.Rule, ".") {
			t.Errorf("%s: the rule is no sentence without full stop: %q", c.ID, c.Rule)
		}
	}
	if d := cmp.Diff(strings.Fields(reference), got); d != "" {
		t.Error(d)
	}
	if d := cmp.Diff(strings.Fields(basic), outside); d != "" {
		t.Errorf("outside of GxP: %s", d)
	}
}

// files are a repository in memory; the object of a file is its content's digest.
type files map[string]string

func (f files) ReadFile(_ context.Context, _, path string) ([]byte, bool, error) {
	s, ok := f[path]
	return []byte(s), ok, nil
}

func (f files) Files(context.Context, string, string) ([]release.File, error) {
	var out []release.File
	for p, text := range f {
		out = append(out, release.File{Path: p, Object: canonical.SHA256([]byte(text))})
	}
	slices.SortFunc(out, func(a, b release.File) int { return strings.Compare(a.Path, b.Path) })
	return out, nil
}

// working is a working copy: its head holds the same files, its tag 1.0.0 others.
type working struct {
	files
	before  files
	commits []release.Commit
}

func (w working) at(commit string) files {
	if commit == "tagged" {
		return w.before
	}
	return w.files
}

func (w working) ReadFile(ctx context.Context, commit, path string) ([]byte, bool, error) {
	return w.at(commit).ReadFile(ctx, commit, path)
}

func (w working) Files(ctx context.Context, commit, folder string) ([]release.File, error) {
	return w.at(commit).Files(ctx, commit, folder)
}

func (w working) Head(context.Context) (release.Ref, bool, error) {
	return release.Ref{Commit: "head"}, true, nil
}

func (w working) VersionTags(context.Context, string) (map[release.Version]string, error) {
	v, err := release.ParseVersion("1.0.0")
	return map[release.Version]string{v: "tagged"}, err
}

func (w working) RemoteURL(context.Context, string) string { return "git@github.com:org/repo.git" }

func (w working) Commits(context.Context, string, string) ([]release.Commit, error) {
	return w.commits, nil
}

func (w working) History(context.Context, string, string, string) ([]release.Commit, error) {
	return w.commits, nil
}

const note = `# Release note
* [#2 - Sort](https://github.com/org/repo/pull/2)
## Impact assessment
None.
## Risk assessment
- **Low Risk**: Small.
`

// whole is a repository without a finding.
func whole() files {
	return files{
		"documentation/releases/1.0.0.md": strings.ReplaceAll(note, "2", "1"), "documentation/releases/1.1.0.md": note, "documentation/releases/README.md": "How.",
		"documentation/releases/TEMPLATE_RELEASE_NOTE.md": "# Release note\n## Impact assessment\nx\n## Risk assessment\n- **Low Risk**: x\n",
		"documentation/functional_specification.md":       "# F\n\n## Intended use\n\nAll.\n\n## Public API\n\nNone.\n\n## FS-corp-1: a\n- Implements: URS-corp-1\n\nIt shall work.\n",
		"documentation/test_strategy.md":                  "# T\n\nText.\n\n## TEST-corp-1: t\n- Verifies: FS-corp-1\n- Verification: OV\n",
		"documentation/operations_manual.md":              "# O\n\nSee [T](test_strategy.md#t).\n", "documentation/recovery_procedure.md": "# R\n\nText.\n",
		"documentation/needs.md": "## URS-corp-1: n\n- Owner: x\n- Risk: Low\n- GxP: no\n\nIt shall work.\n",
		"databricks.yml":         "bundle: {name: corp}\ntags: {specification: 'FS-${bundle.name}-1'}\n",
		"tests/a.feature":        "Feature: a\n  @TEST-corp-1 @OV\n  Scenario: b\n    Given c\n",
	}
}

func testLocal(t *testing.T, w working, results ...string) document.Tested {
	t.Helper()
	q := traceability.LocalTest{Local: traceability.Local{Code: w.files, Project: "corp"}, Copy: w}
	for i, r := range results {
		report, err := testresult.Read(fmt.Sprint(i), strings.NewReader(r))
		if err != nil {
			t.Fatal(err)
		}
		q.Results = append(q.Results, traceability.LocalResult{Name: fmt.Sprint(i), Environment: "tst", Report: report})
	}
	tested, err := newTracer().TestLocal(t.Context(), q)
	if err != nil {
		t.Fatal(err)
	}
	return tested
}

func newTracer() *traceability.Tracer {
	return &traceability.Tracer{Sources: itemfile.Sources{}, Readers: traceability.Readers{
		Outline: pagefile.Outline,
	}}
}

func copied(change func(files)) working {
	w := working{files: whole(), before: whole(), commits: []release.Commit{{SHA: "head", Subject: "Sort (#2)", Paths: []string{"documentation/releases/1.1.0.md", "src/x"}}}}
	delete(w.before, "documentation/releases/1.1.0.md")
	if change != nil {
		change(w.files)
	}
	return w
}

// verdicts are those of the checks that are not passed, without the results and
// the publication.
func verdicts(t document.Tested) map[string]document.Verdict {
	out := map[string]document.Verdict{}
	for _, o := range t.Checks {
		if o.Verdict != document.CheckPassed && (o.Verdict != document.CheckNotRun || !strings.HasPrefix(o.Reason, "no results") && !strings.HasPrefix(o.Reason, "no published")) {
			out[o.ID] = o.Verdict
		}
	}
	return out
}

func TestAWholeRepositoryHasNoFinding(t *testing.T) {
	tested := testLocal(t, copied(nil))
	if d := cmp.Diff(map[string]document.Verdict{"DOC-R04": document.CheckNotRun, "DOC-R15": document.CheckNotRun}, verdicts(tested)); d != "" {
		t.Errorf("%s\n%v", d, tested.Findings)
	}
	if len(tested.Checks) != 61 {
		t.Errorf("%d checks", len(tested.Checks))
	}
}

// Each defect fails its check, in the one path that all forms of the tests take.
func TestEachDefectFailsItsCheck(t *testing.T) {
	set := func(path, from, to string) func(files) {
		return func(f files) {
			if !strings.Contains(f[path], from) {
				panic(path + " has no " + from)
			}
			f[path] = strings.Replace(f[path], from, to, 1)
		}
	}
	const fs, manual = "documentation/functional_specification.md", "documentation/operations_manual.md"
	for id, change := range map[string]func(files){
		"DOC-R02": func(f files) { f["documentation/releases/v3.md"] = "x" },
		"DOC-R03": func(f files) {
			delete(f, "documentation/releases/1.1.0.md")
			f["documentation/releases/0.9.0.md"] = note
			delete(f, "documentation/releases/1.0.0.md")
		},
		"DOC-R05": set("documentation/releases/1.1.0.md", "## Impact", "## Other"),
		"DOC-R08": set("documentation/releases/1.1.0.md", "org/repo", "org/other"),
		"DOC-R09": set("documentation/releases/1.1.0.md", "#2 - Sort](https://github.com/org/repo/pull/2", "#3 - Sort](https://github.com/org/repo/pull/3"),
		"DOC-R10": set("documentation/releases/1.1.0.md", "#2 - Sort](https://github.com/org/repo/pull/2", "#3 - Sort](https://github.com/org/repo/pull/3"),
		"DOC-R12": set("documentation/releases/1.1.0.md", "None.", "TODO"),
		"DOC-R13": set("documentation/releases/TEMPLATE_RELEASE_NOTE.md", "- **Low Risk**: x", "- **Low Risk**: x\n- **Licences**: x"),
		"DOC-R16": func(f files) { delete(f, "documentation/releases/README.md") },
		"DOC-S03": func(f files) { f[fs] = strings.ReplaceAll(f[fs], "FS-corp-1", "FS-corp-2") },
		"DOC-S07": set(fs, "## Public API", "## Else"),
		"DOC-S08": set("databricks.yml", "-1", "-9"),
		"DOC-S09": set(manual, "# O", "# O\n\nTBD"),
		"DOC-S10": set(manual, "# O", "# O\n\nMore."),
		"DOC-T05": set("tests/a.feature", "Given c", "Given c\n    Giving d"),
		"DOC-T06": set("tests/a.feature", "@OV", "@OV @AV"),
		"DOC-T12": set("tests/a.feature", "@OV", "@OV @prd"),
	} {
		tested := testLocal(t, copied(change))
		if got := verdicts(tested)[id]; got != document.CheckFailed {
			t.Errorf("%s is %q: %v", id, got, tested.Findings)
		}
	}
	for id, w := range map[string]working{
		"DOC-P11": copied(set(manual, "test_strategy.md#t", "test_strategy.md#u")),
		"DOC-S05": copied(set(fs, "It shall work.", "It shall usually work.")),
		"DOC-S11": func() working {
			w := copied(set(fs, "It shall work.", "It shall run."))
			w.commits = append(w.commits, release.Commit{SHA: "x", Subject: "by hand", Paths: []string{fs}})
			return w
		}(),
	} {
		if got := verdicts(testLocal(t, w))[id]; got != document.CheckWarned {
			t.Errorf("%s is %q", id, got)
		}
	}
}

func TestChecksThatCannotBeLookedAtAreNotRun(t *testing.T) {
	q := traceability.LocalTest{Local: traceability.Local{Code: whole(), Project: "corp"}}
	tested, err := newTracer().TestLocal(t.Context(), q)
	if err != nil {
		t.Fatal(err)
	}
	for _, id := range strings.Fields("R03 R08 R09 R10 R11 R14 R15 S03 S10 S11 T07 T08 T09 T10 T11 T13 T14 T15 P01 P02 P13") {
		at := slices.IndexFunc(tested.Checks, func(o document.Outcome) bool { return o.ID == "DOC-"+id })
		if o := tested.Checks[at]; o.Verdict != document.CheckNotRun || o.Reason == "" {
			t.Errorf("%s is %s, reason %q", id, o.Verdict, o.Reason)
		}
	}
	none := whole()
	delete(none, "documentation/releases/1.1.0.md")
	tested = testLocal(t, working{files: none, before: none})
	if got := verdicts(tested)["DOC-R12"]; got != document.CheckNotRun {
		t.Errorf("with a tagged note only R12 is %s", got)
	}
}

func TestResultsOfAFolderAreChecked(t *testing.T) {
	passed := `<testsuite name="s"><testcase name="TEST-corp-1"/></testsuite>`
	if got := verdicts(testLocal(t, copied(nil), passed)); got["DOC-T08"] != "" || got["DOC-T10"] != "" || got["DOC-T14"] != document.CheckNotRun {
		t.Errorf("passed: %v", got)
	}
	if got := verdicts(testLocal(t, copied(nil), strings.Replace(passed, "/></", "><failure/></testcase></", 1))); got["DOC-T10"] != document.CheckFailed {
		t.Errorf("failed: %v", got)
	}
	if got := verdicts(testLocal(t, copied(nil), `<testsuite name="s"><testcase name="other"/></testsuite>`)); got["DOC-T08"] != document.CheckFailed {
		t.Errorf("no result: %v", got)
	}
	if got := verdicts(testLocal(t, copied(nil), passed, passed)); got["DOC-T15"] != document.CheckFailed {
		t.Errorf("twice: %v", got)
	}
}

// The report is read back by the reader that makes evidence of it: what was not
// run is skipped and never passed.
func TestTheJUnitReportSkipsWhatWasNotRun(t *testing.T) {
	tested := testLocal(t, copied(func(f files) { f["documentation/releases/1.1.0.md"] = strings.Replace(note, "None.", "TODO <b>", 1) }))
	out, err := traceability.JUnit(tested)
	if err != nil {
		t.Fatal(err)
	}
	report, err := testresult.Read("report.xml", strings.NewReader(string(out)))
	if err != nil || len(report.Problems) > 0 {
		t.Fatal(err, report.Problems)
	}
	count := evidence.Count(report.Cases)
	if count.Cases != 61 || count.Failed != int64(tested.Count(document.CheckFailed)) || count.Skipped != int64(tested.Count(document.CheckNotRun)) || count.Skipped < 20 {
		t.Errorf("counts %+v of %+v", count, tested.Checks)
	}
	for _, c := range report.Cases {
		if c.Verification != evidence.DT {
			t.Errorf("%s is %s", c.Name, c.Verification)
		}
	}
	if err := xml.Unmarshal(out, new(struct{})); err != nil {
		t.Error(err)
	}
}

// three hundred items in one repository: a hundred requirements, specifications
// and tests, in twenty files.
func threeHundred() working {
	w := copied(nil)
	for n := range 20 {
		var b strings.Builder
		for i := n*5 + 10; i < n*5+15; i++ {
			fmt.Fprintf(&b, "## URS-corp-%d: need %d ≥ 95 %%\n- Owner: x\n- Risk: Low\n- GxP: no\n\nThe report shall show København in column %d, see [the manual](../operations_manual.md).\n\n", i, i, i)
			fmt.Fprintf(&b, "## FS-corp-%d: way %d\n- Implements: URS-corp-%d\n\nThe value of column %d shall be summed.\n\n## TEST-corp-%d: proof %d\n- Verifies: FS-corp-%d\n- Verification: OV\n\n", i, i, i, i, i, i, i)
		}
		w.files[fmt.Sprintf("documentation/parts/%d.md", n)] = b.String()
	}
	for i := range 200 {
		w.commits = append(w.commits, release.Commit{SHA: fmt.Sprint(i), Subject: fmt.Sprintf("Change %d (#%d)", i, i+10), Paths: []string{"documentation/parts/1.md"}})
	}
	return w
}

// The target is 200 ms, with nothing remembered from before.
func BenchmarkChecksOf300Items(b *testing.B) {
	w := threeHundred()
	result, err := testresult.Read("r.xml", strings.NewReader(`<testsuite name="s"><testcase name="TEST-corp-1"/></testsuite>`))
	if err != nil {
		b.Fatal(err)
	}
	for b.Loop() {
		q := traceability.LocalTest{Local: traceability.Local{Code: w.files, Project: "corp", Results: []traceability.LocalResult{{Name: "r.xml", Report: result}}}, Copy: w}
		tested, err := newTracer().TestLocal(b.Context(), q)
		if err != nil || len(tested.Checks) != 61 {
			b.Fatal(err, len(tested.Checks))
		}
	}
}
