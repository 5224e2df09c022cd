package component_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/dc-release/dc-release/internal/core/component"
)

// TestReportsAreReadAsTheirProgramsWriteThem reads one report of each program's
// shape, see testdata/README.md.
func TestReportsAreReadAsTheirProgramsWriteThem(t *testing.T) {
	const semgrep = "python.django.security.injection.sql.sql-injection-using-db-cursor-execute.sql-injection-db-cursor-execute"
	for _, c := range []struct {
		kind component.Kind
		file string
		want string // one line a thing
	}{
		{component.SBOM, "sbom-trivy.cdx.json", `trivy 0.58.1, CycloneDX 1.6, urn:cdx:3e671687-395b-41f5-a30f-a58921a69b79/1
requirements.txt
pkg:pypi/jinja2@3.1.2`},
		{component.SBOM, "sbom-cdxgen.cdx.json", `cdxgen 12.0.0, CycloneDX 1.7, urn:cdx:0f2f3a35-0a1c-4d33-9d9d-1f50a0ed8a55/1
pkg:npm/%40angular/core@17.0.5`},
		{component.SBOM, "sbom-gomod.cdx.json", `cyclonedx-gomod v1.8.0, CycloneDX 1.5, urn:cdx:8b1de8a0-3c1b-4bb7-a7ee-6bd1a7f1a111/1
about 9f86d081884c
pkg:golang/golang.org/x/net@v0.17.0?type=module&goos=linux&goarch=amd64
cmd`},
		{component.SBOM, "sbom-npm.cdx.json", `npm 10.2.3, cyclonedx-npm 1.16.1, CycloneDX 1.4, urn:cdx:8b1de8a0-3c1b-4bb7-a7ee-6bd1a7f1a112/1
pkg:npm/express@4.18.2
pkg:npm/qs@6.11.0?vcs_url=git%2Bhttps://github.com/ljharb/qs.git`},
		{component.Scan, "scan-grype.sarif", `grype 0.87.0, SARIF 2.1.0
GHSA-h5c8-rqwp-cp95-jinja2 medium pkg:pypi/jinja2@3.1.2 [GHSA-h5c8-rqwp-cp95]
CVE-2025-0001-liba unknown pkg:deb/debian/liba@1?arch=amd64&distro=debian-12 [CVE-2025-0001]`},
		{component.Scan, "scan-trivy-unknown.sarif", `Trivy 0.58.1, SARIF 2.1.0
CVE-2025-0001 unknown requirements.txt:1`},
		{component.Scan, "scan-semgrep.sarif", "Semgrep OSS 1.99.0, SARIF 2.1.0\n" + semgrep + " high src/etl/load.py:41\n" + semgrep + " high src/etl/load.py:50\nrules.without-severity medium src/etl/load.py:60"},
		{component.Scan, "scan-bandit.sarif", `Bandit 1.8.0, SARIF 2.1.0
B608 medium src/etl/load.py:3
B101 low src/etl/load.py:9`},
		{component.Scan, "scan-osv-v2.json", `osv-scanner, OSV-Scanner
CVE-2023-45288 medium pkg:golang/golang.org/x/net@v0.17.0 [GO-2024-2687 GHSA-4v7x-pqxf-cx7m]
CVE-2023-45284 unknown pkg:golang/stdlib@1.21.0 [GO-2023-2186]
DSA-5000-1 critical curl@7.88.1-10
OSV-2021-1 unknown aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa`},
		{component.Scan, "scan-osv-clean.json", "osv-scanner, OSV-Scanner"},
		{component.VEX, "vex-trivy.cdx.json", `, CycloneDX 1.5
[CVE-2024-22195] not_affected, says corp-procurement: code_not_reachable: xmlattr is not used`},
		{component.VEX, "vex-dependency-track.cdx.json", `Dependency-Track 4.12.2, CycloneDX 1.5, urn:cdx:9a6a7c1c-1c40-4a6c-8d5a-3b6b5bd3b001/1
[CVE-2024-22195] not_affected, says corp-procurement: code_not_reachable: xmlattr is not used (all of the artifact)`},
		{component.Provenance, "provenance-slsa-generator.intoto.jsonl", "https://slsa.dev/provenance/v0.2, in-toto\nabout 9f86d081884c\n1 signatures"},
		{component.Provenance, "provenance-witness.dsse.json", "https://witness.testifysec.com/attestation-collection/v0.1, in-toto\nabout 9f86d081884c\n2 signatures"},
		{component.Provenance, "provenance-sigstore-bundle.json", "https://slsa.dev/provenance/v1, in-toto\nabout 9f86d081884c\n1 signatures"},
		{component.Provenance, "provenance-url-safe.dsse.json", "https://slsa.dev/provenance/v1, in-toto\nabout 9f86d081884c\n1 signatures"},
	} {
		if d := cmp.Diff(strings.Split(c.want, "\n"), said(read(t, c.kind, c.file))); d != "" {
			t.Errorf("%s: %s", c.file, d)
		}
	}
}

// said is a report in lines.
func said(r component.Report) []string {
	out := []string{r.Tool + ", " + r.Format}
	if r.Link != "" {
		out[0] += ", " + r.Link
	}
	for _, s := range r.Subjects {
		out = append(out, "about "+s[:12])
	}
	for _, c := range r.Components {
		out = append(out, component.Finding{Package: c}.Subject())
	}
	for _, f := range r.Findings {
		line := fmt.Sprintf("%s %s %s", f.ID, f.Severity, f.Subject())
		if len(f.Aliases) > 0 {
			line += fmt.Sprintf(" %v", f.Aliases)
		}
		out = append(out, line)
	}
	for _, a := range r.Assessments {
		line := fmt.Sprintf("%v %s, says %s: %s", a.IDs, a.State, a.By, a.Why)
		if a.Whole {
			line += " (all of the artifact)"
		}
		out = append(out, line)
	}
	if n := len(r.Envelope.Signatures); n > 0 {
		out = append(out, fmt.Sprintf("%d signatures", n))
	}
	return out
}

// TestAnAssessmentIsOfThePackageThatItNames writes the package of a VEX in other
// ways, and others in nearly the same one.
func TestAnAssessmentIsOfThePackageThatItNames(t *testing.T) {
	for _, c := range []struct {
		vex, found string
		want       bool
	}{
		{"pkg:pypi/jinja2@3.1.2", "pkg:pypi/jinja2@3.1.2", true},
		{"PKG:PyPI/Jinja2@3.1.2", "pkg:pypi/jinja2@3.1.2", true},
		{"pkg:pypi/typing_extensions@4", "pkg:pypi/typing-extensions@4", true},
		{"pkg:npm/typing_extensions@4", "pkg:npm/typing-extensions@4", false},
		{"pkg:npm/%40angular/core@17", "pkg:npm/@angular/core@17", true},
		{"pkg:npm/Core@17", "pkg:npm/core@17", false},
		{"pkg:golang/github.com/Sirupsen/logrus@v1", "pkg:golang/github.com/sirupsen/logrus@v1", false},
		{"pkg:deb/debian/lib%2B@1%2B2", "pkg:deb/debian/lib+@1+2", true},
		{"pkg:deb/debian/a@1?arch=amd64", "pkg:deb/debian/a@1?arch=arm64", false},
		{"pkg:deb/debian/a@1?arch=amd64&distro=debian-12", "pkg:deb/debian/a@1?distro=debian-12", true},
		{"pkg:deb/debian/a@1", "pkg:deb/debian/a@1?arch=arm64", true},
		{"pkg:pypi/a@1?repository_url=https://one", "pkg:pypi/a@1?repository_url=https%3A%2F%2Fone", true},
		{"pkg:pypi/a@1?repository_url=https://one", "pkg:pypi/a@1?repository_url=https://two", false},
		{"pkg:pypi/a@1", "pkg:pypi/a@1#sub/path", true},
		{"pkg:pypi/a", "pkg:pypi/a@1", false},
		{"pkg:pypi/a@1", "pkg:pypi/a@1.0", false},
		{"pkg:pypi/a%2Fb@1", "pkg:pypi/a/b@1", false},
		{"pkg:pypi/a%zz@1", "pkg:pypi/a@1", false},
		{"pkg:pypi/a%00b@1", "pkg:pypi/a/b@1", false},
		{"jinja2", "pkg:pypi/jinja2@3.1.2", false},
	} {
		a := component.Assessment{IDs: []string{"CVE-1"}, Packages: []component.Component{{PURL: c.vex}}}
		if got := a.Covers(component.Finding{ID: "CVE-1", Package: component.Component{PURL: c.found}}); got != c.want {
			t.Errorf("%s of %s: %v", c.vex, c.found, got)
		}
	}
}

// TestAReferenceIsOfTheDocumentThatItNames lets a VEX refer to components of lists.
func TestAReferenceIsOfTheDocumentThatItNames(t *testing.T) {
	const own, other = "urn:cdx:6f0a6f0e-4f0c-4c5b-9a51-0b6c8b9f5a01/1", "urn:cdx:00000000-4f0c-4c5b-9a51-0b6c8b9f5a01/1"
	list := read(t, component.SBOM, "sbom-trivy.cdx.json").Components
	twice := []component.Component{{Ref: "1", PURL: "pkg:pypi/a@1"}, {Ref: "1", PURL: "pkg:pypi/b@1"}}
	found := func(purl string) component.Finding {
		return component.Finding{ID: "CVE-1", Package: component.Component{PURL: purl}}
	}
	for _, c := range []struct {
		name, ref string
		known     []component.Component
		finding   component.Finding
		want      bool
	}{
		{"a purl", "pkg:pypi/jinja2@3.1.2", nil, found("pkg:pypi/jinja2@3.1.2"), true},
		{"a reference into a list", "f2b8", list, component.Finding{ID: "CVE-1", Package: component.Component{Name: "requirements.txt"}}, true},
		{"a reference that two lists have for different things", "1", twice, found("pkg:pypi/a@1"), false},
		{"a reference that two lists have for the same", "1", []component.Component{twice[0], twice[0]}, found("pkg:pypi/a@1"), true},
		{"a link to a list", "urn:cdx:3e671687-395b-41f5-a30f-a58921a69b79/1#pkg:pypi/jinja2@3.1.2", list, found("pkg:pypi/jinja2@3.1.2"), true},
		{"a link to another version of a list", "urn:cdx:3e671687-395b-41f5-a30f-a58921a69b79/2#pkg:pypi/jinja2@3.1.2", list, found("pkg:pypi/jinja2@3.1.2"), false},
		{"a link to a list that is not here", other + "#pkg:pypi/jinja2@3.1.2", list, found("pkg:pypi/jinja2@3.1.2"), false},
		{"a link to a whole document", other, list, found("pkg:pypi/jinja2@3.1.2"), false},
		{"a link to the own document", own + "#mine", nil, found("pkg:pypi/mine@1"), true},
		{"a link to the own document, written otherwise", strings.ToUpper(own) + "#mine", nil, found("pkg:pypi/mine@1"), true},
		{"a link to what the own document is about", own + "#root", nil, found("pkg:pypi/any@1"), true},
		{"what the own document is about", "root", nil, found("pkg:pypi/any@1"), true},
		{"what is not known", "nowhere", list, found("pkg:pypi/jinja2@3.1.2"), false},
	} {
		vex := fmt.Sprintf(`{"bomFormat":"CycloneDX","specVersion":"1.6","serialNumber":"urn:uuid:6f0a6f0e-4f0c-4c5b-9a51-0b6c8b9f5a01","metadata":{"authors":[{"name":"sven"}],"component":{"bom-ref":"root"}},
"components":[{"bom-ref":"mine","type":"library","name":"mine","purl":"pkg:pypi/mine@1"}],"vulnerabilities":[{"id":"CVE-1","analysis":{"state":"resolved","detail":"x"},"affects":[{"ref":%q}]}]}`, c.ref)
		r, err := component.Read(component.VEX, []byte(vex))
		if err != nil {
			t.Fatal(err)
		}
		if got := r.Assessments[0].Resolve(c.known).Covers(c.finding); got != c.want {
			t.Errorf("%s: %v", c.name, got)
		}
	}
}

func TestAVEXIsHeldToWhatItIsAbout(t *testing.T) {
	r, err := component.Read(component.VEX, []byte(`{"bomFormat":"CycloneDX","specVersion":"1.6","metadata":{"authors":[{"name":"sven"}],"component":{"bom-ref":"root","hashes":[{"alg":"SHA-256","content":"`+digest+`"}]}},
"vulnerabilities":[{"id":"CVE-1","analysis":{"state":"resolved","detail":"x"}}]}`))
	if err != nil || r.Tells([]string{"x"}) == nil || r.Tells([]string{digest}) != nil {
		t.Errorf("%v %+v", err, r)
	}
}

func TestASubjectIsOneLineAndTellsApart(t *testing.T) {
	long := strings.Repeat("é", 150)
	seen := map[string]bool{}
	for _, where := range []string{"a.py:1", "a.py :1", "a.py\n:1", "a.py\u202e:1", long + "a", long + "b"} {
		s := component.Finding{Where: where}.Subject()
		if seen[s] || len(s) > 200 || strings.ContainsAny(s, "\n\u202e") {
			t.Errorf("%q: %q", where, s)
		}
		seen[s] = true
	}
	r, err := component.Read(component.Scan, []byte(`{"version":"2.1.0","runs":[{"tool":{"driver":{"name":"t"}},"artifacts":[{},{"location":{"uri":"b.py"}}],"results":[{"ruleId":"r","locations":[{"physicalLocation":{"artifactLocation":{"index":1},"region":{"startLine":2}}}]},{"ruleId":"r","locations":[{"physicalLocation":{"artifactLocation":{"index":9}}}]}]}]}`))
	if err != nil || r.Findings[0].Subject() != "b.py:2" || r.Findings[1].Subject() != "the artifact" {
		t.Errorf("%v %+v", err, r.Findings)
	}
}
