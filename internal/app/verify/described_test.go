package verify_test

import (
	"maps"
	"os"
	"slices"
	"strings"
	"testing"
	"testing/fstest"

	"github.com/dc-release/dc-release/internal/app/publish/publishtest"
	"github.com/dc-release/dc-release/internal/app/verify"
	"github.com/dc-release/dc-release/internal/core/canonical"
	"github.com/dc-release/dc-release/internal/core/component"
	"github.com/dc-release/dc-release/internal/core/evidence"
	"github.com/dc-release/dc-release/internal/core/gate"
	"github.com/dc-release/dc-release/internal/core/ledger"
)

func reportFile(t *testing.T, name string) string {
	t.Helper()
	return string(must2(os.ReadFile("../../core/component/testdata/" + name))(t))
}

// TestGXP062_ReportsAreBoundToTheArtifact publishes a release whose job handed in
// reports, and changes the folder as somebody with the document key could.
func TestGXP062_ReportsAreBoundToTheArtifact(t *testing.T) {
	s := start(t)
	r := s.Register("1.0.0", "")
	r.Describing = map[component.Kind]string{
		component.SBOM: reportFile(t, "sbom-syft.cdx.json"), component.Scan: reportFile(t, "scan-osv.json"), component.VEX: reportFile(t, "vex.cdx.json"),
	}
	_, _, err := r.Publish(t.Context(), gate.PreVal, s.effects)
	must(t, err)
	log := clone(t, s.source)
	if got := judged(t, log, "1.0.0", options()); !got.OK {
		t.Fatalf("published: %s", got.Text())
	}
	var names []string
	for _, path := range slices.Sorted(maps.Keys(log)) {
		if strings.HasPrefix(path, "1.0.0/artifact/") {
			names = append(names, path)
		}
	}
	if len(names) != 3 {
		t.Fatalf("published reports: %v", names)
	}
	scan := find(log, "1.0.0/artifact/scan/", "")
	if want := r.Describing[component.Scan]; string(log[scan].Data) != want || !strings.HasSuffix(scan, canonical.SHA256([]byte(want))+".json") {
		t.Errorf("%s is not what was handed in", scan)
	}
	for name, change := range map[string]func(fstest.MapFS){
		"a scan that is gone":        func(l fstest.MapFS) { delete(l, scan) },
		"a scan without its finding": func(l fstest.MapFS) { l[scan] = &fstest.MapFile{Data: []byte(`{"results":[]}`), Mode: 0o644} },
		"a scan that nobody handed in": func(l fstest.MapFS) {
			l["1.0.0/artifact/scan/other.json"] = &fstest.MapFile{Data: []byte(`{"results":[]}`), Mode: 0o644}
		},
	} {
		t.Run(name, func(t *testing.T) {
			changed := maps.Clone(log)
			change(changed)
			if got := judged(t, resign(t, changed, "1.0.0", nil), "1.0.0", options()); got.OK {
				t.Error("verified")
			}
		})
	}
}

// TestReportsOfTheLedgerAreNotBelieved lets a ledger say of reports what does not
// fit.
func TestReportsOfTheLedgerAreNotBelieved(t *testing.T) {
	handed := func(s *installation, kind component.Kind) []component.Handed {
		return []component.Handed{{Kind: string(kind), Name: "scan.json", SHA256: s.Put(`{"results":[]}`), Size: 14, Format: "OSV-Scanner"}}
	}
	describe := func(s *installation, r *publishtest.Release, d component.Described) {
		s.Append(ledger.Draft{Stream: ledger.RunStream(r.Run), Data: &d})
	}
	for name, c := range map[string]struct {
		play func(s *installation, r *publishtest.Release, execution string)
		rule string
	}{
		"reports of another artifact": {func(s *installation, r *publishtest.Release, x string) {
			describe(s, r, component.Described{Execution: x, Tree: strings.Repeat("a", 64), Reports: handed(s, component.Scan)})
		}, "artifact"},
		"reports before there was an artifact": {func(s *installation, r *publishtest.Release, x string) {
			other := s.Register("0.9.0", "") // whose run keeps none
			describe(s, r, component.Described{Execution: x, Tree: other.Tree, Reports: handed(s, component.Scan)})
		}, "artifact"},
		"a report of a kind that is none": {func(s *installation, r *publishtest.Release, x string) {
			describe(s, r, component.Described{Execution: x, Tree: r.Tree, Reports: handed(s, "../keys")})
		}, ""},
		"a manifest that leaves a report out": {func(s *installation, r *publishtest.Release, x string) {
			describe(s, r, component.Described{Execution: x, Tree: r.Tree, Reports: handed(s, component.Scan)})
		}, "frozen"},
	} {
		t.Run(name, func(t *testing.T) {
			s := start(t)
			r := s.Register("1.0.0", "")
			x, fence := r.Execute("tst", "tst", "")
			r.Keep(x)
			c.play(s, r, x)
			r.Finish(x, fence, r.JUnit("unit.xml", "", publishtest.Passed, evidence.UT)...)
			execution, fence := r.Pass(gate.PreVal)
			if _, _, err := r.Await(t.Context(), execution, fence, gate.PreVal, s.effects); err != nil {
				if c.rule == "" {
					return // not even published
				}
				t.Fatal(err)
			}
			report := judged(t, clone(t, s.source), "1.0.0", options())
			if c.rule == "" || report.OK || !slices.ContainsFunc(report.Findings, func(f verify.Finding) bool { return f.Rule == c.rule }) {
				t.Errorf("want [%s]:\n%s", c.rule, report.Text())
			}
		})
	}
}
