package gate_test

import (
	"bytes"
	"crypto"
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/elliptic"
	"crypto/sha256"
	"encoding/json"
	"flag"
	"fmt"
	"os"
	"strings"
	"testing"

	"github.com/dc-release/dc-release/internal/core/approval"
	"github.com/dc-release/dc-release/internal/core/component"
	"github.com/dc-release/dc-release/internal/core/deployment"
	"github.com/dc-release/dc-release/internal/core/gate"
	"github.com/dc-release/dc-release/internal/core/policy"
)

var update = flag.Bool("update", false, "write the vectors of docs/release-log-format.md, section 10.1, anew")

const reportVectors = "../../../docs/testdata/format/reports.json"

// vectors are reports as every verifier has to read them.
type vectors struct {
	Read    []readVector    `json:"read"`
	Decided []decidedVector `json:"decided"`
}

type readVector struct {
	Name        string           `json:"name"`
	Kind        component.Kind   `json:"kind"`
	Report      string           `json:"report"`
	Refused     bool             `json:"refused,omitempty"`
	Counts      map[string]int   `json:"counts,omitempty"` // those that are not 0
	Subjects    []string         `json:"subjects,omitempty"`
	Findings    []findingVector  `json:"findings,omitempty"`
	Assessments []assessedVector `json:"assessments,omitempty"`
}

type findingVector struct {
	Names      []string           `json:"names"`
	Severity   component.Severity `json:"severity"`
	Subject    string             `json:"subject"`
	Suppressed bool               `json:"suppressed"`
}

type assessedVector struct {
	Names      []string `json:"names"`
	Everything bool     `json:"everything"`
}

type decidedVector struct {
	Name    string            `json:"name"`
	Scans   policy.Scans      `json:"scans"`
	Place   string            `json:"place"` // artifact in TST
	Kept    string            `json:"kept"`  // artifact of the run
	Files   []fileVector      `json:"files"`
	Parts   []deployment.Part `json:"parts"`
	Reports []reportVector    `json:"reports"` // that count
	Waivers []waiverVector    `json:"waivers"`
	Missing []string          `json:"missing"`
}

type fileVector struct {
	Path   string `json:"path"`
	SHA256 string `json:"sha256"`
}

type reportVector struct {
	Kind   component.Kind `json:"kind"`
	Report string         `json:"report"`
}

type waiverVector struct {
	Check string `json:"check"`
	Item  string `json:"item"`
}

// reading makes the vector of a report from what is read of it.
func reading(name string, kind component.Kind, report string) readVector {
	out := readVector{Name: name, Kind: kind, Report: report}
	r, err := component.Read(kind, []byte(report))
	if err != nil {
		out.Refused = true
		return out
	}
	h := r.Hand(kind, name, "", 0)
	out.Counts = map[string]int{}
	for name, n := range map[string]int{"components": h.Components, "critical": h.Critical, "high": h.High, "medium": h.Medium, "low": h.Low, "unknown": h.Unknown, "assessed": h.Assessed} {
		if n > 0 {
			out.Counts[name] = n
		}
	}
	out.Subjects = r.Subjects
	for _, f := range r.Findings {
		out.Findings = append(out.Findings, findingVector{append([]string{f.ID}, f.Aliases...), f.Severity, f.Subject(), f.Assessed != ""})
	}
	for _, a := range r.Assessments {
		out.Assessments = append(out.Assessments, assessedVector{a.IDs, a.Whole})
	}
	return out
}

// decide fills in what is missing.
func (v decidedVector) decide(t *testing.T) decidedVector {
	t.Helper()
	f := gate.Facts{Scans: v.Scans, Kept: v.Kept, Parts: v.Parts, Deployments: map[string]deployment.Deployed{}}
	if v.Place != "" {
		f.Deployments["tst"] = deployment.Deployed{Tree: v.Place}
	}
	for _, file := range v.Files {
		f.Files = append(f.Files, deployment.TreeFile{Path: file.Path, SHA256: file.SHA256})
	}
	for i, r := range v.Reports {
		one := gate.Report{Handed: component.Handed{Kind: string(r.Kind), Name: fmt.Sprintf("%d.json", i)}, Tree: v.Place, Latest: true}
		var err error
		if one.Content, err = component.Read(r.Kind, []byte(r.Report)); err != nil {
			one.Problem = err.Error()
		}
		f.Reports = append(f.Reports, one)
	}
	for _, w := range v.Waivers {
		f.Waivers = append(f.Waivers, approval.Waiver{Check: w.Check, Item: w.Item})
	}
	v.Missing = []string{}
	for _, text := range find(t, gate.PreVal).Unmet(f) {
		item, _, ofFinding := strings.Cut(text, " is not assessed: ")
		if !ofFinding {
			item, _, _ = strings.Cut(text, ":")
		}
		v.Missing = append(v.Missing, item)
	}
	return v
}

func TestReportsAreReadAsTheFormatPageSays(t *testing.T) {
	var v vectors
	for _, f := range []struct {
		kind component.Kind
		name string
	}{
		{component.SBOM, "sbom-syft.cdx.json"},
		{component.SBOM, "sbom-cyclonedx-py.cdx.json"},
		{component.SBOM, "sbom-trivy.cdx.json"},
		{component.SBOM, "sbom-cdxgen.cdx.json"},
		{component.SBOM, "sbom-gomod.cdx.json"},
		{component.SBOM, "sbom-npm.cdx.json"},
		{component.Scan, "scan-codeql.sarif"},
		{component.Scan, "scan-trivy.sarif"},
		{component.Scan, "scan-trivy-unknown.sarif"},
		{component.Scan, "scan-grype.sarif"},
		{component.Scan, "scan-semgrep.sarif"},
		{component.Scan, "scan-bandit.sarif"},
		{component.Scan, "scan-osv.json"},
		{component.Scan, "scan-osv-v2.json"},
		{component.Scan, "scan-osv-clean.json"},
		{component.VEX, "vex.cdx.json"},
		{component.VEX, "vex-trivy.cdx.json"},
		{component.VEX, "vex-dependency-track.cdx.json"},
		{component.Provenance, "provenance.dsse.json"},
		{component.Provenance, "provenance-slsa-generator.intoto.jsonl"},
		{component.Provenance, "provenance-witness.dsse.json"},
		{component.Provenance, "provenance-sigstore-bundle.json"},
		{component.Provenance, "provenance-url-safe.dsse.json"},
	} {
		v.Read = append(v.Read, reading(f.name, f.kind, fixture(t, f.name)))
	}
	for i, c := range hostile {
		v.Read = append(v.Read, reading(fmt.Sprintf("%d of %s", i+1, c.Kind), c.Kind, c.Report))
	}
	for _, d := range decided(t) {
		v.Decided = append(v.Decided, d.decide(t))
	}
	var raw bytes.Buffer
	enc := json.NewEncoder(&raw)
	enc.SetEscapeHTML(false)
	enc.SetIndent("", " ")
	if err := enc.Encode(v); err != nil {
		t.Fatal(err)
	}
	if *update {
		if err := os.WriteFile(reportVectors, raw.Bytes(), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	frozen, err := os.ReadFile(reportVectors)
	if err != nil || !bytes.Equal(frozen, raw.Bytes()) {
		t.Errorf("%s is not what is read today: run the test with -update, if the page says so (%v)", reportVectors, err)
	}
}

// fixture is a report of the testdata in one line.
func fixture(t *testing.T, name string) string {
	t.Helper()
	data, err := os.ReadFile("../component/testdata/" + name)
	if err != nil {
		t.Fatal(err)
	}
	var out bytes.Buffer
	if err := json.Compact(&out, data); err != nil {
		t.Fatal(err)
	}
	return out.String()
}

func sarif(rules, results string) string {
	return `{"version":"2.1.0","runs":[{"tool":{"driver":{"name":"t","rules":[` + rules + `]}},"results":[` + results + `]}]}`
}

func osv(vulnerability, group string) string {
	return `{"results":[{"packages":[{"package":{"name":"a","version":"1","ecosystem":"PyPI"},"vulnerabilities":[` + vulnerability + `],"groups":[` + group + `]}]}]}`
}

func cyclonedx(rest string) string {
	return `{"bomFormat":"CycloneDX","specVersion":"1.6","serialNumber":"urn:uuid:6F0A6F0E-4F0C-4C5B-9A51-0B6C8B9F5A01","metadata":{"authors":[{"name":"sven"}],"component":{"bom-ref":"root"}},` + rest + `}`
}

// hostile are reports that hide something, or try to.
var hostile = []reportVector{
	{component.Scan, "\ufeff" + sarif("", "")},
	{component.Scan, sarif("", "") + " {}"},
	{component.Scan, `{"a":1,"a":1,"results":[]}`},
	{component.Scan, `{"results":[],"a":` + strings.Repeat("[", 63) + strings.Repeat("]", 63) + `}`},
	{component.Scan, `{"results":[],"a":` + strings.Repeat("[", 65) + strings.Repeat("]", 65) + `}`},
	{component.Scan, `{"Results":[]}`},
	{component.Scan, `{"results":[],"runs":null}`},
	{component.Scan, `{"results":[{"packages":"none"}]}`},
	{component.Scan, sarif(`{"id":"r","properties":{"security-severity":" 10.0\n"}}`, `{"ruleId":"r"}`)},
	{component.Scan, sarif(`{"id":"r","properties":{"security-severity":"NaN"}}`, `{"ruleId":"r"}`)},
	{component.Scan, sarif(`{"id":"r","properties":{"security-severity":-1}}`, `{"ruleId":"r"}`)},
	{component.Scan, sarif(`{"id":"r","properties":{"security-severity":99}}`, `{"ruleId":"r"}`)},
	{component.Scan, sarif(`{"id":"r","properties":{"security-severity":1e-9}}`, `{"ruleId":"r"}`)},
	{component.Scan, sarif(`{"id":"r","properties":{"security-severity":"0.0"}}`, `{"ruleId":"r","level":"none"}`)},
	{component.Scan, sarif(`{"id":"r","properties":{"security-severity":""}}`, `{"ruleId":"r","level":"error"},{"ruleId":"r","level":"none"}`)},
	{component.Scan, sarif(`{"id":"r","properties":{"security-severity":"1"}},{"id":"r","properties":{"security-severity":"9.5"}}`, `{"ruleId":"r/a/b"},{"ruleId":"r/a","ruleIndex":0}`)},
	{component.Scan, sarif(`{"id":"r"},{"id":"s"}`, `{"ruleId":"r","ruleIndex":1}`)},
	{component.Scan, sarif(`{"id":"r"}`, `{"ruleId":"r","ruleIndex":1}`)},
	{component.Scan, sarif(`{"id":"r"}`, `{"ruleId":"r","rule":{"id":"s"}}`)},
	{component.Scan, sarif(`{"id":"r","defaultConfiguration":{"level":"error"}}`, `{"ruleId":"r","kind":"pass","level":"note"},{"ruleId":"r","kind":"pass"},{"ruleId":"r","kind":"open"},{"ruleId":"r","baselineState":"absent"},{"ruleId":"r","baselineState":"Absent"}`)},
	{component.Scan, sarif("", `{"ruleId":"r","kind":"Pass"}`)},
	{component.Scan, sarif("", `{"ruleId":"r","suppressions":[{"kind":"inSource","justification":"why"}]},{"ruleId":"r","suppressions":[{"kind":"inSource"}]},{"ruleId":"r","suppressions":[{"status":null,"justification":"why"}]},{"ruleId":"r","suppressions":[{"status":"underReview","justification":"why"},{"justification":"why"}]}`)},
	{component.Scan, sarif("", `{"ruleId":"r","locations":[{"physicalLocation":{"artifactLocation":{"uri":"a\nb.py"},"region":{"startLine":3}}}]},{"ruleId":"r","locations":[{"physicalLocation":{"artifactLocation":{"uri":"`+strings.Repeat("é", 101)+`"}}}]}`)},
	{component.Scan, strings.Replace(sarif("", ""), `"results"`, `"externalPropertyFileReferences":{},"results"`, 1)},
	{component.Scan, strings.Replace(sarif("", ""), `"results"`, `"invocations":[{"executionSuccessful":"true"}],"results"`, 1)},
	{component.Scan, strings.Replace(sarif(`{"id":"r","defaultConfiguration":{"level":"note"}}`, `{"ruleId":"r"},{"ruleId":"r","level":"note"}`), `"results"`, `"invocations":[{"executionSuccessful":true,"ruleConfigurationOverrides":[{"configuration":{"level":"error"}}]}],"results"`, 1)},
	{component.Scan, osv(`{"id":"A","database_specific":{"severity":"high"}},{"id":"B","aliases":["CVE-2"]}`, `{"ids":["A"],"aliases":["CVE-1"],"max_severity":"0"}`)},
	{component.Scan, osv(`{"id":"A","database_specific":{"severity":"CRITICAL"}}`, `{"ids":["A"],"max_severity":3.1}`)},
	{component.Scan, osv(`{"id":"A"},{"id":"A"}`, "")},
	{component.Scan, osv("", `{"ids":[]}`)},
	{component.SBOM, cyclonedx(`"components":[]`)},
	{component.SBOM, cyclonedx(`"components":[{"type":"file","name":"a","bom-ref":"root"}]`)},
	{component.SBOM, cyclonedx(`"components":[{"type":"file","name":"a","components":[{"type":"file","name":"b"}]}]`)},
	{component.VEX, cyclonedx(`"vulnerabilities":[{"id":"CVE-1","analysis":{"state":"not_affected","detail":"trust me"}}]`)},
	{component.VEX, cyclonedx(`"vulnerabilities":[{"id":"CVE-1"},{"id":"CVE-2","analysis":{"state":"resolved","detail":"x"},"affects":[{"ref":"root"}]},{"id":"CVE-3","analysis":{"state":"exploitable"}}]`)},
	{component.VEX, `{"bomFormat":"CycloneDX","specVersion":"1.6","vulnerabilities":[{"id":"CVE-2","analysis":{"state":"resolved","detail":"x"}}]}`},
	{component.Provenance, `{"payloadType":"text/plain","payload":"e30=","signatures":[{"sig":"AA=="}]}`},
}

// written are keys that sign the same text in the same way always.
func written(t *testing.T) (ci, hsm, stranger maker) {
	t.Helper()
	seeded := func(name string, seed byte) maker {
		key := ed25519.NewKeyFromSeed(bytes.Repeat([]byte{seed}, ed25519.SeedSize))
		return named(t, name, key.Public(), func(m []byte) []byte { return ed25519.Sign(key, m) })
	}
	key, err := ecdsa.ParseRawPrivateKey(elliptic.P256(), bytes.Repeat([]byte{5}, 32))
	if err != nil {
		t.Fatal(err)
	}
	hsm = named(t, "hsm", key.Public(), func(m []byte) []byte {
		digest := sha256.Sum256(m)
		sig, err := key.Sign(nil, digest[:], crypto.SHA256) // RFC 6979
		if err != nil {
			t.Fatal(err)
		}
		return sig
	})
	return seeded("ci", 4), hsm, seeded("stranger", 6)
}

// decided are facts at the gate.
func decided(t *testing.T) []decidedVector {
	t.Helper()
	const tree = "1111111111111111111111111111111111111111111111111111111111111111"
	a, b := strings.Repeat("a", 64), strings.Repeat("b", 64)
	lib := strings.Repeat("2", 64)
	ci, hsm, stranger := written(t)
	list := reportVector{component.SBOM, cyclonedx(`"components":[{"type":"library","name":"a","version":"1","bom-ref":"c1","purl":"pkg:pypi/A@1?arch=any"}]`)}
	clean, high := reportVector{component.Scan, sarif("", "")}, reportVector{component.Scan, osv(`{"id":"A","aliases":["CVE-1"]}`, `{"ids":["A"],"max_severity":"7.1"}`)}
	vex := func(ref string) reportVector {
		return reportVector{component.VEX, strings.Replace(cyclonedx(`"vulnerabilities":[{"id":"A","analysis":{"state":"not_affected","justification":"code_not_present"},"affects":[{"ref":"`+ref+`"}]}]`), "6F0A6F0E", "00000000", 1)}
	}
	stated := func(m maker, predicate string, digests ...string) reportVector {
		return reportVector{component.Provenance, m.envelope(t, "ci", predicate, digests...)}
	}
	var out []decidedVector
	add := func(name string, scans policy.Scans, reports []reportVector, waivers ...string) *decidedVector {
		d := decidedVector{Name: name, Scans: scans, Place: tree, Kept: tree, Files: []fileVector{{"app/a.py", a}, {"lib/b.py", b}}, Reports: reports, Waivers: []waiverVector{}}
		d.Parts = []deployment.Part{{Name: "app", Tree: strings.Repeat("3", 64), Files: 1}, {Name: "lib", Tree: lib, Files: 1}}
		if d.Reports == nil {
			d.Reports = []reportVector{}
		}
		for i := 0; i+1 < len(waivers); i += 2 {
			d.Waivers = append(d.Waivers, waiverVector{waivers[i], waivers[i+1]})
		}
		out = append(out, d)
		return &out[len(out)-1]
	}
	of := func(list ...reportVector) []reportVector { return list }
	all := policy.Scans{Severity: "high", SBOM: true, Provenance: true}
	add("nothing is demanded", policy.Scans{}, nil)
	add("nothing was handed in", all, nil)
	add("waived as a whole", all, nil, "components-listed", "sbom", "scan-findings", "scan")
	add("waived by another word", all, nil, "components-listed", "artifact", "scan-findings", "tst")
	add("listed and clean", all, of(list, clean))
	add("one scan of two cannot be read", all, of(list, clean, reportVector{component.Scan, "{}"}))
	add("a finding", all, of(list, high))
	add("a finding below the threshold", policy.Scans{Severity: "critical"}, of(high))
	add("an unknown severity", policy.Scans{Severity: "critical"}, of(reportVector{component.Scan, osv(`{"id":"A"}`, "")}))
	add("no weakness", policy.Scans{Severity: "low"}, of(reportVector{component.Scan, sarif("", `{"ruleId":"r","level":"none"}`)}))
	add("suppressed", policy.Scans{Severity: "low"}, of(reportVector{component.Scan, sarif("", `{"ruleId":"r","suppressions":[{"kind":"inSource","justification":"why"}]}`)}))
	add("a waiver of the weakness", all, of(list, high), "scan-findings", "CVE-1")
	add("a waiver of the finding", all, of(list, high), "scan-findings", "CVE-1 in pkg:pypi/a@1")
	add("a waiver of another finding", all, of(list, high), "scan-findings", "CVE-1 in pkg:pypi/a")
	add("a waiver of another check", all, of(list, high), "components-listed", "CVE-1")
	for _, ref := range []string{
		"root", "pkg:PyPI/A@1", "pkg:pypi/a@1?arch=arm64", "pkg:pypi/a@2", "c1", "c2", "urn:cdx:6f0a6f0e-4f0c-4c5b-9a51-0b6c8b9f5a01/1#c1",
		"urn:cdx:6f0a6f0e-4f0c-4c5b-9a51-0b6c8b9f5a01/2#c1", "urn:cdx:00000000-4F0C-4c5b-9a51-0b6c8b9f5a01/1#root", "urn:cdx:ffffffff-4f0c-4c5b-9a51-0b6c8b9f5a01/1#pkg:pypi/a@1",
	} {
		add("a VEX of "+ref, all, of(list, high, vex(ref)))
	}
	add("a VEX without the list", policy.Scans{Severity: "high"}, of(high, vex("c1")))
	add("nothing in the place", all, nil).Place = ""
	add("another artifact in the place", all, of(list, clean)).Kept = lib
	trusting := policy.Scans{Provenance: true, Builders: []policy.Builder{ci.Builder, hsm.Builder}}
	add("no statement", trusting, nil)
	add("no statement, waived", trusting, nil, "build-attested", "provenance")
	add("of the tree", trusting, of(stated(ci, slsa, tree)))
	add("of each file by two", trusting, of(stated(ci, slsa, a), stated(hsm, slsa, b)))
	add("of a part and a file", trusting, of(stated(hsm, slsa, lib, a)))
	add("of one file", trusting, of(stated(ci, slsa, a)))
	add("by a stranger", trusting, of(stated(stranger, slsa, tree)))
	add("of something else", trusting, of(stated(ci, "https://example.com/build", tree)))
	changed := stated(ci, slsa, tree)
	changed.Report = strings.Replace(changed.Report, `"payload":"ey`, `"payload":"eyA`, 1)
	add("whose payload was changed", trusting, of(changed, stated(ci, slsa, a)))
	return out
}
