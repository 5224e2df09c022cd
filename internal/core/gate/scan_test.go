package gate_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/dc-release/dc-release/internal/core/approval"
	"github.com/dc-release/dc-release/internal/core/component"
	"github.com/dc-release/dc-release/internal/core/deployment"
	"github.com/dc-release/dc-release/internal/core/gate"
	"github.com/dc-release/dc-release/internal/core/policy"
	"github.com/dc-release/dc-release/internal/core/release"
)

// aboutScans keeps what the checks of scans miss.
func aboutScans(t *testing.T, d gate.Definition, f gate.Facts) []string {
	t.Helper()
	bare := f
	bare.Scans = policy.Scans{}
	before := map[string]bool{}
	for _, m := range d.Missing(bare) {
		before[m] = true
	}
	out := []string{}
	for _, m := range d.Missing(f) {
		if !before[m] {
			out = append(out, m)
		}
	}
	return out
}

func report(kind component.Kind, name string, content component.Report) gate.Report {
	return gate.Report{Handed: component.Handed{Kind: string(kind), Name: name}, Execution: "R/1/scan/1", Tree: "t1", Latest: true, Content: content}
}

// TestGXP062_NothingLeavesTSTUnassessed changes one fact of a release whose
// artifact is listed, scanned and clean.
func TestGXP062_NothingLeavesTSTUnassessed(t *testing.T) {
	jinja := component.Component{PURL: "pkg:pypi/jinja2@3.1.2"}
	cve := component.Finding{ID: "CVE-2024-22195", Aliases: []string{"GHSA-h5c8"}, Severity: component.High, Package: jinja}
	code := component.Finding{ID: "py/sql-injection", Severity: component.Critical, Where: "load.py:41"}
	const (
		cveText  = "CVE-2024-22195 in pkg:pypi/jinja2@3.1.2 is not assessed: high severity, found by osv.json"
		codeText = "py/sql-injection in load.py:41 is not assessed: critical severity, found by osv.json"
	)
	found := func(list ...component.Finding) func(*gate.Facts) {
		return func(f *gate.Facts) { f.Reports[1].Content.Findings = list }
	}
	waiver := func(check, item string) func(*gate.Facts) {
		return func(f *gate.Facts) {
			f.Reports[1].Content.Findings = []component.Finding{cve, code}
			f.Waivers = []approval.Waiver{{Check: check, Item: item}}
		}
	}
	vex := func(a component.Assessment, change func(*gate.Report)) func(*gate.Facts) {
		return func(f *gate.Facts) {
			f.Reports[1].Content.Findings = []component.Finding{cve}
			r := report(component.VEX, "vex.json", component.Report{Assessments: []component.Assessment{a}})
			change(&r)
			f.Reports = append(f.Reports, r)
		}
	}
	as := func(*gate.Report) {}
	whole := component.Assessment{IDs: []string{"GHSA-h5c8"}, Whole: true}
	for _, c := range []struct {
		name   string
		change func(*gate.Facts)
		want   []string
	}{
		{"listed, scanned and clean", func(*gate.Facts) {}, nil},
		{"a finding as bad as is barred", found(cve), []string{cveText}},
		{"worse and the same twice", found(code, cve, code), []string{codeText, cveText}},
		{"a finding that is not as bad", found(component.Finding{ID: "CVE-1", Severity: component.Medium}), nil},
		{"a finding of no severity at all", found(component.Finding{ID: "CVE-1", Severity: component.None}), nil},
		{"a finding whose severity nobody knows", found(component.Finding{ID: "CVE-1", Severity: component.Unknown}), []string{"CVE-1 in the artifact is not assessed: unknown severity, found by osv.json"}},
		{"a finding that its report assesses", found(component.Finding{ID: "CVE-1", Severity: component.High, Assessed: "suppressed: why"}), nil},
		{"no scan", func(f *gate.Facts) { f.Reports = f.Reports[:1] }, []string{"scan: none of the artifact in tst was handed in"}},
		{"no list", func(f *gate.Facts) { f.Reports = f.Reports[1:] }, []string{"sbom: none of the artifact in tst was handed in"}},
		{"a scan of another artifact", func(f *gate.Facts) { f.Reports[1].Tree = "t2" }, []string{"scan: osv.json is of artifact t2, not of the one in tst"}},
		{"a list of another artifact", func(f *gate.Facts) { f.Reports[0].Tree = "t2" }, []string{"sbom: bom.json is of artifact t2, not of the one in tst"}},
		{"a scan of an earlier attempt", func(f *gate.Facts) { f.Reports[1].Latest = false }, []string{"scan: none of the artifact in tst was handed in"}},
		{"a scan that cannot be read any more", func(f *gate.Facts) { f.Reports[1].Problem = "line 1" }, []string{"scan: osv.json cannot be read: line 1"}},
		{"one of two scans that cannot be read", func(f *gate.Facts) {
			f.Reports = append(f.Reports, report(component.Scan, "b.json", component.Report{}))
			f.Reports[2].Problem = "line 1"
		}, []string{"scan: b.json cannot be read: line 1"}},
		{"nothing in the place", func(f *gate.Facts) { delete(f.Deployments, "tst") }, []string{
			"sbom: bom.json is of artifact t1, not of the one in tst", "scan: osv.json is of artifact t1, not of the one in tst", "provenance: nothing is deployed to tst",
		}},
		{"built by nobody", func(f *gate.Facts) { f.Kept = "" }, []string{"provenance: artifact t1 in tst was handed in by no job of this run"}},
		{"rebuilt", func(f *gate.Facts) { f.Kept = "t0" }, []string{"provenance: artifact t1 in tst was handed in by no job of this run"}},
		{"nothing is demanded", func(f *gate.Facts) { f.Scans, f.Reports, f.Kept = policy.Scans{}, nil, "" }, nil},

		{"an assessment", vex(whole, as), nil},
		{"an assessment of the component", vex(component.Assessment{IDs: []string{cve.ID}, Packages: []component.Component{jinja}}, as), nil},
		{"an assessment of another component", vex(component.Assessment{IDs: []string{cve.ID}, Packages: []component.Component{{PURL: "pkg:pypi/jinja2@3.1.1"}}}, as), []string{cveText}},
		{"an assessment that names the list", vex(component.Assessment{IDs: []string{cve.ID}, Packages: []component.Component{{Ref: "j"}}}, as), nil},
		{"an assessment of another artifact", vex(whole, func(r *gate.Report) { r.Tree = "t2" }), []string{cveText}},
		{"an assessment of an earlier attempt", vex(whole, func(r *gate.Report) { r.Latest = false }), []string{cveText}},

		{"a waiver of the weakness", waiver("scan-findings", "CVE-2024-22195"), []string{codeText}},
		{"a waiver of the weakness in the component", waiver("scan-findings", "CVE-2024-22195 in pkg:pypi/jinja2@3.1.2"), []string{codeText}},
		{"a waiver of the rule", waiver("scan-findings", "py/sql-injection"), []string{cveText}},
		{"a waiver of a shorter name", waiver("scan-findings", "CVE-2024-2219"), []string{cveText, codeText}},
		{"a waiver of another component", waiver("scan-findings", "CVE-2024-22195 in pkg:pypi/jinja2@3.1"), []string{cveText, codeText}},
		{"a waiver of a word", waiver("scan-findings", "high"), []string{cveText, codeText}},
		{"a waiver of the report", waiver("scan-findings", "osv.json"), []string{cveText, codeText}},
		{"a waiver of another check", waiver("components-listed", "CVE-2024-22195"), []string{cveText, codeText}},
		{"a waiver of the beginning of a rule", func(f *gate.Facts) {
			f.Reports[1].Content.Findings = []component.Finding{{ID: "CVE-1 in a", Severity: component.High, Where: "b.py"}}
			f.Waivers = []approval.Waiver{{Check: "scan-findings", Item: "CVE-1"}}
		}, []string{"CVE-1 in a in b.py is not assessed: high severity, found by osv.json"}},
		{"a waiver of a place that looks like the end of a text", func(f *gate.Facts) {
			f.Reports[1].Content.Findings = []component.Finding{{ID: "r", Severity: component.High, Where: "a.py is not assessed: x"}}
			f.Waivers = []approval.Waiver{{Check: "scan-findings", Item: "r in a.py"}}
		}, []string{"r in a.py is not assessed: x is not assessed: high severity, found by osv.json"}},
		{"a waiver of a rule that is called like a report", func(f *gate.Facts) {
			f.Reports[1].Content.Findings = []component.Finding{{ID: "scan: all", Severity: component.High}}
			f.Waivers = []approval.Waiver{{Check: "scan-findings", Item: "scan"}}
		}, []string{"scan: all in the artifact is not assessed: high severity, found by osv.json"}},
		{"a waiver of a word of what is missing", func(f *gate.Facts) {
			f.Reports = f.Reports[:1]
			f.Waivers = []approval.Waiver{{Check: "scan-findings", Item: "artifact"}, {Check: "scan-findings", Item: "tst"}}
		}, []string{"scan: none of the artifact in tst was handed in"}},
		{"a link into another product's list", vex(component.Assessment{IDs: []string{cve.ID}, Packages: []component.Component{{Document: "urn:cdx:x/1", Ref: "j"}}}, as), []string{cveText}},
		{"a waiver of the list", func(f *gate.Facts) {
			f.Reports, f.Waivers = f.Reports[1:], []approval.Waiver{{Check: "components-listed", Item: "sbom"}}
		}, nil},
		{"a waiver of the scan", func(f *gate.Facts) {
			f.Reports, f.Waivers = f.Reports[:1], []approval.Waiver{{Check: "scan-findings", Item: "scan"}}
		}, nil},
		{"a waiver of the statement", func(f *gate.Facts) {
			f.Kept, f.Waivers = "", []approval.Waiver{{Check: "build-attested", Item: "provenance"}}
		}, nil},
	} {
		t.Run(c.name, func(t *testing.T) {
			listed := jinja
			listed.Ref = "j"
			f := gate.Facts{
				Scans: policy.Scans{Severity: "high", SBOM: true, Provenance: true}, Kept: "t1",
				Deployments: map[string]deployment.Deployed{"tst": {Tree: "t1"}},
				Reports: []gate.Report{
					report(component.SBOM, "bom.json", component.Report{Components: []component.Component{listed}}),
					report(component.Scan, "osv.json", component.Report{}),
				},
			}
			c.change(&f)
			if d := cmp.Diff(append([]string{}, c.want...), aboutScans(t, find(t, gate.PreVal), f)); d != "" {
				t.Error(d)
			}
		})
	}
}

// TestScansAreDemandedWhereReleasesLeaveTST names where the checks stand, and
// that documents speak of them only where a baseline demands them.
func TestScansAreDemandedWhereReleasesLeaveTST(t *testing.T) {
	names := func(list []gate.Check) string {
		var out []string
		for _, c := range list {
			if strings.Contains("components-listed scan-findings build-attested", c.Name) {
				out = append(out, c.Name)
			}
		}
		return strings.Join(out, " ")
	}
	for change, want := range map[release.ChangeType]string{
		release.Normal: "components-listed scan-findings build-attested", release.Standard: "components-listed scan-findings build-attested",
		release.Hotfix: "components-listed scan-findings build-attested", release.Emergency: "",
	} {
		for _, d := range gate.Definitions(policy.GxP, change) {
			want := want
			switch d.Name {
			case gate.PreVal:
			case gate.CatchUp:
				want = "components-listed scan-findings build-attested"
			default:
				want = ""
			}
			if got := names(d.Checks); got != want {
				t.Errorf("%s %s: %q, want %q", change, d.Name, got, want)
			}
		}
	}
	d := find(t, gate.PreVal)
	for _, c := range []struct {
		scans policy.Scans
		want  string
	}{
		{policy.Scans{}, ""},
		{policy.Scans{SBOM: true}, "components-listed"},
		{policy.Scans{Severity: "low"}, "scan-findings"},
		{policy.Scans{Provenance: true}, "build-attested"},
	} {
		if got := names(d.Demanded(c.scans)); got != c.want {
			t.Errorf("%+v: %q", c.scans, got)
		}
	}
	for _, name := range []string{"components-listed", "scan-findings", "build-attested"} {
		if !gate.Waivable(name) {
			t.Errorf("%s is not waivable", name)
		}
	}
}

func TestManyFindingsFitIntoAnEvent(t *testing.T) {
	var list []component.Finding
	for i := range 1000 {
		list = append(list, component.Finding{ID: fmt.Sprintf("CVE-%d%s", i, strings.Repeat("x", 90)), Severity: component.High, Where: strings.Repeat("y", 5000)})
	}
	f := gate.Facts{
		Scans: policy.Scans{Severity: "high"}, Deployments: map[string]deployment.Deployed{"tst": {Tree: "t1"}},
		Reports: []gate.Report{report(component.Scan, "osv.json", component.Report{Findings: list})},
	}
	got := aboutScans(t, find(t, gate.PreVal), f)
	if n := len(strings.Join(got, "")); len(got) != 101 || got[100] != "900 more" || n > 50<<10 {
		t.Errorf("%d texts of %d bytes, the last is %q", len(got), n, got[len(got)-1])
	}
}

func TestWhoeverDecidesSeesWhatWasAssessed(t *testing.T) {
	f := gate.Facts{
		Scans: policy.Scans{Severity: "high", SBOM: true}, Deployments: map[string]deployment.Deployed{"tst": {Tree: "t1"}},
		Reports: []gate.Report{
			report(component.Scan, "osv.json", component.Report{Findings: []component.Finding{
				{ID: "CVE-1", Severity: component.High}, {ID: "CVE-2", Severity: component.Low}, {ID: "r", Severity: component.Critical, Where: "a.py:1", Assessed: "suppressed: a test"},
			}}),
			report(component.VEX, "vex.json", component.Report{Assessments: []component.Assessment{
				{IDs: []string{"CVE-1", "CVE-2"}, State: "not_affected", Why: "code_not_reachable", By: "Sven Holm", Whole: true},
			}}),
			report(component.Provenance, "build.json", component.Report{}),
			report(component.Scan, "old.json", component.Report{}),
		},
	}
	f.Reports[3].Latest = false
	d := find(t, gate.PreVal)
	listed := f
	listed.Earlier = &gate.Earlier{Version: "0.9.0", Components: []component.Component{{Type: "library", Name: "a", Version: "1"}}}
	if got := listed.Said(d, "components-listed"); len(got) > 0 {
		t.Errorf("nothing is listed, and said is %q", got)
	}
	listed.Reports = []gate.Report{report(component.SBOM, "bom.json", component.Report{Components: []component.Component{{Type: "library", Name: "a", Version: "2"}}})}
	if diff := cmp.Diff([]string{"bom.json: , SHA-256 : 0 components", "since 0.9.0 1 changed: a 1 -> 2"}, listed.Said(d, "components-listed")); diff != "" {
		t.Error(diff)
	}
	for check, want := range map[string][]string{
		"scan-findings": {
			"osv.json: , SHA-256 : 0 critical, 0 high, 0 medium, 0 low, 0 of unknown severity", "vex.json: , SHA-256 : 0 assessed as not affected",
			"CVE-1 in the artifact (high): not_affected, says Sven Holm: code_not_reachable", "r in a.py:1 (critical): suppressed: a test",
		},
		"components-listed": nil,
		"build-attested":    {"build.json: , SHA-256 : kept, its signature is not checked"},
		"tag-unmoved":       nil,
	} {
		if d := cmp.Diff(want, f.Said(d, check)); d != "" {
			t.Errorf("%s: %s", check, d)
		}
	}
}
