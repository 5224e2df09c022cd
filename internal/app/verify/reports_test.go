package verify_test

import (
	"crypto/ed25519"
	"crypto/x509"
	"encoding/base64"
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/dc-release/dc-release/internal/app/publish/publishtest"
	"github.com/dc-release/dc-release/internal/app/verify"
	"github.com/dc-release/dc-release/internal/core/approval"
	"github.com/dc-release/dc-release/internal/core/canonical"
	"github.com/dc-release/dc-release/internal/core/component"
	"github.com/dc-release/dc-release/internal/core/dsse"
	"github.com/dc-release/dc-release/internal/core/evidence"
	"github.com/dc-release/dc-release/internal/core/gate"
	"github.com/dc-release/dc-release/internal/core/ledger"
	"github.com/dc-release/dc-release/internal/core/policy"
)

// statement is one of a build in its envelope, by a key made of a name.
func statement(key string, subjects ...string) string {
	var list []string
	for _, s := range subjects {
		list = append(list, fmt.Sprintf(`{"digest":{"sha256":%q}}`, s))
	}
	body := []byte(`{"_type":"https://in-toto.io/Statement/v1","subject":[` + strings.Join(list, ",") + `],"predicateType":"https://slsa.dev/provenance/v1"}`)
	const kind = "application/vnd.in-toto+json"
	sig := ed25519.Sign(publishtest.Key(key), dsse.PreAuthentication(kind, body))
	return fmt.Sprintf(`{"payloadType":%q,"payload":%q,"signatures":[{"keyid":"ci","sig":%q}]}`, kind, base64.StdEncoding.EncodeToString(body), base64.StdEncoding.EncodeToString(sig))
}

func builder(t *testing.T, name string) policy.Builder {
	t.Helper()
	der := must2(x509.MarshalPKIXPublicKey(publishtest.Key(name).Public()))(t)
	return policy.Builder{Name: name, Key: base64.StdEncoding.EncodeToString(der)}
}

const (
	finding = "CVE-2022-42889 in pkg:maven/org.apache.commons/commons-text@1.9"
	vexHead = `{"bomFormat":"CycloneDX","specVersion":"1.6","metadata":{"authors":[{"name":"sven"}]},"vulnerabilities":[{"id":"GHSA-599f-7c49-w659","analysis":{"state":"resolved","detail":"x"},"affects":[{"ref":"`
	vexTail = `"}]},{"id":"OSV-2024-1","analysis":{"state":"resolved","detail":"x"}}]}`
)

// The files of the artifact of version 1.0.0.
var startFile, mainFile = canonical.SHA256([]byte("start")), canonical.SHA256([]byte("1.0.0"))

// TestGXP062_FindingsAreCountedAgain publishes releases whose gate opened rightly
// or wrongly: an installation that lets findings through is found out by both
// verifiers, with nothing but the folder.
func TestGXP062_FindingsAreCountedAgain(t *testing.T) {
	type kinds = map[component.Kind]string
	scan, list := reportFile(t, "scan-osv.json"), reportFile(t, "sbom-syft.cdx.json")
	sbom, high := policy.Scans{SBOM: true}, policy.Scans{Severity: "high"}
	trusting := policy.Scans{Provenance: true, Builders: []policy.Builder{builder(t, "ci")}}
	for name, c := range map[string]struct {
		scans   policy.Scans
		reports func(tree string) kinds
		waivers []string // of scan-findings
		want    string   // of the finding, "" for verified
	}{
		"listed":                       {sbom, func(string) kinds { return kinds{component.SBOM: list} }, nil, ""},
		"not listed":                   {sbom, func(string) kinds { return nil }, nil, "sbom"},
		"not scanned":                  {high, func(string) kinds { return kinds{component.SBOM: list} }, nil, "scan"},
		"not scanned, which is waived": {high, func(string) kinds { return nil }, []string{"scan"}, ""},
		"findings":                     {high, func(string) kinds { return kinds{component.Scan: scan} }, nil, finding},
		"findings that are waived":     {high, func(string) kinds { return kinds{component.Scan: scan} }, []string{finding, "OSV-2024-1"}, ""},
		"one finding that is waived":   {high, func(string) kinds { return kinds{component.Scan: scan} }, []string{"OSV-2024-1"}, finding},
		"findings below the threshold": {policy.Scans{Severity: "critical"}, func(string) kinds {
			return kinds{component.Scan: reportFile(t, "scan-trivy.sarif")}
		}, nil, ""},
		"an unknown severity": {policy.Scans{Severity: "critical"}, func(string) kinds {
			return kinds{component.Scan: reportFile(t, "scan-trivy-unknown.sarif")}
		}, nil, "CVE-2025-0001 in requirements.txt:1"},
		"assessed by a VEX": {high, func(string) kinds {
			return kinds{component.Scan: scan, component.VEX: vexHead + "pkg:maven/org.apache.commons/commons-text@1.9" + vexTail}
		}, nil, ""},
		"assessed by a VEX of another package": {high, func(string) kinds {
			return kinds{component.Scan: scan, component.VEX: vexHead + "pkg:maven/org.apache.commons/commons-text@1.8" + vexTail}
		}, nil, finding},
		"built by a trusted builder":   {trusting, func(tree string) kinds { return kinds{component.Provenance: statement("ci", tree)} }, nil, ""},
		"built by somebody":            {trusting, func(tree string) kinds { return kinds{component.Provenance: statement("other", tree)} }, nil, "provenance"},
		"another built by a builder":   {trusting, func(string) kinds { return kinds{component.Provenance: statement("ci", strings.Repeat("a", 64))} }, nil, "provenance"},
		"built by nobody":              {trusting, func(string) kinds { return nil }, nil, "provenance"},
		"built by this installation":   {policy.Scans{Provenance: true}, func(string) kinds { return nil }, nil, ""},
		"built by the builder in part": {trusting, func(string) kinds { return kinds{component.Provenance: statement("ci", startFile)} }, nil, "provenance"},
		"built by the builder in files": {trusting, func(string) kinds {
			return kinds{component.Provenance: statement("ci", startFile, mainFile)}
		}, nil, ""},
	} {
		t.Run(name, func(t *testing.T) {
			s := start(t)
			s.Revise(func(b *policy.Baseline) { b.Scans = c.scans })
			r := s.Register("1.0.0", "")
			r.Describing = c.reports(r.Tree)
			for i, item := range c.waivers {
				id := fmt.Sprintf("waiver-%d", i)
				s.Append(
					ledger.Draft{Stream: r.Stream(), Data: &approval.Requested{Approval: id, Kind: approval.WaiverKind, Solution: publishtest.Solution, Version: "1.0.0", Waiver: &approval.Waiver{
						Check: "scan-findings", Item: item, Risk: "low", Control: "none", Expires: "2099-12-31T00:00:00.000000Z",
					}}},
					ledger.Draft{Stream: r.Stream(), Data: &approval.Granted{Approval: id}},
				)
			}
			_, _, err := r.Publish(t.Context(), gate.PreVal, s.effects)
			must(t, err)
			report := judged(t, clone(t, s.source), "1.0.0", options())
			at := func(f verify.Finding) bool {
				return f.Rule == "gate" && strings.Contains(f.Message, "demands: "+c.want)
			}
			if report.OK != (c.want == "") || c.want != "" && !slices.ContainsFunc(report.Findings, at) {
				t.Errorf("want %q:\n%s", c.want, report.Text())
			}
		})
	}
}

// TestNumbersOfAReportAreCountedAgain lets a ledger say less of a report than
// stands in it.
func TestNumbersOfAReportAreCountedAgain(t *testing.T) {
	scan := reportFile(t, "scan-osv.json")
	for name, c := range map[string]struct {
		report string
		change func(*component.Handed)
		want   bool
	}{
		"as it is":             {scan, func(*component.Handed) {}, true},
		"a finding less":       {scan, func(h *component.Handed) { h.Critical-- }, false},
		"another size":         {scan, func(h *component.Handed) { h.Size++ }, false},
		"another tool":         {scan, func(h *component.Handed) { h.Tool = "other" }, true},
		"what nobody can read": {`{"results":[{"packages":7}]}`, func(h *component.Handed) { *h = component.Handed{Name: h.Name, Size: 28} }, false},
	} {
		t.Run(name, func(t *testing.T) {
			s := start(t)
			r := s.Register("1.0.0", "")
			x, fence := r.Execute("tst", "tst", "")
			r.Keep(x)
			read, _ := component.Read(component.Scan, []byte(c.report))
			h := read.Hand(component.Scan, "scan.json", "", int64(len(c.report)))
			c.change(&h)
			h.Kind, h.SHA256 = "scan", s.Put(c.report)
			r.Describe(component.Described{Execution: x, Tree: r.Tree, Reports: []component.Handed{h}})
			r.Finish(x, fence, r.JUnit("unit.xml", "", publishtest.Passed, evidence.UT)...)
			r.Deploy("tst", x)
			execution, fence := r.Pass(gate.PreVal)
			_, _, err := r.Await(t.Context(), execution, fence, gate.PreVal, s.effects)
			must(t, err)
			report := judged(t, clone(t, s.source), "1.0.0", options())
			counted := func(f verify.Finding) bool { return f.Rule == "recount" && strings.Contains(f.File, "/artifact/scan/") }
			if report.OK != c.want || !c.want && !slices.ContainsFunc(report.Findings, counted) {
				t.Errorf("%s", report.Text())
			}
		})
	}
}

// TestAReportThatIsElsewhereIsNotDecidedOn publishes a scan that is too large for
// the folder.
func TestAReportThatIsElsewhereIsNotDecidedOn(t *testing.T) {
	s := start(t)
	s.Revise(func(b *policy.Baseline) { b.Scans = policy.Scans{Severity: "high"} })
	r := s.Register("1.0.0", "")
	r.Describing = map[component.Kind]string{component.Scan: reportFile(t, "scan-osv.json") + strings.Repeat(" ", 5<<20)}
	_, _, err := r.Publish(t.Context(), gate.PreVal, s.effects)
	must(t, err)
	log, o := clone(t, s.source), options()
	if got := judged(t, log, "1.0.0", o); !got.OK || got.Externals.Absent == 0 {
		t.Errorf("without the file: %s", got.Text())
	}
	o.External = func(digest string) ([]byte, bool) {
		data, err := s.Blobs.Bytes(t.Context(), digest)
		return data, err == nil
	}
	if got := verify.Folder(log, "1.0.0", o); got.OK || !strings.Contains(got.Text(), "demands: "+finding) {
		t.Errorf("with the file: %s", got.Text())
	}
}
