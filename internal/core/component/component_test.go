package component_test

import (
	"encoding/base64"
	"fmt"
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/dc-release/dc-release/internal/core/component"
)

func file(t testing.TB, name string) []byte {
	t.Helper()
	data, err := os.ReadFile(filepath.Join("testdata", name))
	if err != nil {
		t.Fatal(err)
	}
	return data
}

func read(t *testing.T, kind component.Kind, name string) component.Report {
	t.Helper()
	r, err := component.Read(kind, file(t, name))
	if err != nil {
		t.Fatalf("%s: %v", name, err)
	}
	return r
}

const digest = "9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08"

func TestComponentsAreListed(t *testing.T) {
	const link = "urn:cdx:6f0a6f0e-4f0c-4c5b-9a51-0b6c8b9f5a01/1"
	want := component.Report{
		Format: "CycloneDX 1.6", Tool: "syft 1.19.0", Link: link,
		Components: []component.Component{
			{Document: link, Ref: "pkg:pypi/jinja2@3.1.2?package-id=9e1e", Type: "library", Name: "Jinja2", Version: "3.1.2", PURL: "pkg:pypi/jinja2@3.1.2", Licences: []string{"BSD-3-Clause"}},
			{
				Document: link, Ref: "pkg:maven/org.apache.commons/commons-text@1.10.0?package-id=1f2c", Type: "library", Name: "org.apache.commons/commons-text", Version: "1.10.0",
				PURL: "pkg:maven/org.apache.commons/commons-text@1.10.0", Licences: []string{"Apache-2.0 OR MIT"},
			},
			{Document: link, Ref: "inner", Type: "file", Name: "text.jar", Hashes: []string{"SHA-256 " + digest}},
		},
	}
	if d := cmp.Diff(want, read(t, component.SBOM, "sbom-syft.cdx.json")); d != "" {
		t.Error(d)
	}
	old := read(t, component.SBOM, "sbom-cyclonedx-py.cdx.json")
	if old.Format != "CycloneDX 1.4" || old.Tool != "cyclonedx-bom 3.11.7" || len(old.Components) != 1 || !reflect.DeepEqual(old.Subjects, []string{digest}) {
		t.Errorf("%+v", old)
	}
	if old.Tells([]string{"x", digest}) != nil || old.Tells([]string{"x"}) == nil {
		t.Error("a report is not held to what it says it is about")
	}
}

func TestFindingsHaveTheirSeverity(t *testing.T) {
	for name, want := range map[string][]string{
		"scan-codeql.sarif": {
			"py/sql-injection high src/etl/load.py:41", "py/sql-injection high tests/load.py:7 (suppressed: the table is made by the test)",
			"py/unused-import low src/etl/load.py:1",
		},
		"scan-trivy.sarif": {"CVE-2024-22195 medium requirements.txt:1"},
		"scan-osv.json": {
			"CVE-2024-22195 medium pkg:pypi/jinja2@3.1.2 [GHSA-h5c8-rqwp-cp95 PYSEC-2024-99]",
			"CVE-2022-42889 critical pkg:maven/org.apache.commons/commons-text@1.9 [GHSA-599f-7c49-w659]",
			"OSV-2024-1 unknown left@0.1",
		},
	} {
		var got []string
		for _, f := range read(t, component.Scan, name).Findings {
			line := fmt.Sprintf("%s %s %s", f.ID, f.Severity, f.Subject())
			if len(f.Aliases) > 0 {
				line += fmt.Sprintf(" %v", f.Aliases)
			}
			if f.Assessed != "" {
				line += " (" + f.Assessed + ")"
			}
			got = append(got, line)
		}
		if d := cmp.Diff(want, got); d != "" {
			t.Errorf("%s: %s", name, d)
		}
	}
}

// sarif is a log with one result and one rule of the given fields.
func sarif(rule, result string) []byte {
	return fmt.Appendf(nil, `{"version":"2.1.0","runs":[{"tool":{"driver":{"name":"t","rules":[{"id":"r"%s}]}},"results":[{"ruleId":"r"%s}]}]}`, rule, result)
}

func TestSeverityOfAResult(t *testing.T) {
	for _, c := range []struct{ rule, result, want string }{
		{"", "", "medium"},
		{`,"defaultConfiguration":{"level":"error"}`, "", "high"},
		{`,"defaultConfiguration":{"level":"error"}`, `,"level":"note"`, "low"},
		{"", `,"level":"none"`, "none"},
		{`,"properties":{"security-severity":"9.0"}`, `,"level":"note"`, "critical"},
		{`,"properties":{"security-severity":"8.9"}`, "", "high"},
		{`,"properties":{"security-severity":7}`, "", "high"},
		{`,"properties":{"security-severity":"6.9"}`, "", "medium"},
		{`,"properties":{"security-severity":"3.9"}`, "", "low"},
		{`,"properties":{"security-severity":"0.0"}`, "", "unknown"},
		{`,"properties":{"security-severity":"2"}`, `,"properties":{"security-severity":"9.9"}`, "critical"},
		{"", `,"kind":"review"`, "unknown"},
		{"", `,"kind":"open","level":"none"`, "unknown"},
		{"", `,"kind":"pass"`, ""},
		{"", `,"kind":"informational"`, ""},
		{"", `,"baselineState":"absent"`, ""},
		{"", `,"baselineState":"unchanged"`, "medium"},
		{"", `,"baselineState":"Absent"`, "medium"},
		{"", `,"kind":"pass","level":"error"`, "high"},
		{"", `,"kind":"informational","level":"note"`, "low"},
		{"", `,"kind":"notApplicable","level":"none"`, ""},
		{`,"properties":{"security-severity":" 10.0\n"}`, "", "critical"},
		{`,"properties":{"security-severity":""}`, "", "medium"},
		{`,"properties":{"security-severity":0}`, `,"level":"none"`, "unknown"},
		{`},{"id":"r","properties":{"security-severity":"9.1"}`, "", "critical"},
		{`,"properties":{"security-severity":"1"}},{"id":"r","defaultConfiguration":{"level":"error"}`, `,"ruleIndex":0`, "low"},
		{`,"properties":{"security-severity":"9.1"}`, `,"rule":{"toolComponent":{"name":"t"},"index":7}`, "critical"},
		{`,"defaultConfiguration":{"level":"note"}`, `}],"invocations":[{"executionSuccessful":true,"ruleConfigurationOverrides":[{"descriptor":{"id":"r"},"configuration":{"level":"error"}}]}],"conversion":[{`, "unknown"},
		{"", `,"suppressions":[{"kind":"external","status":null,"justification":"why"}]`, "medium"},
		{"", `,"suppressions":[{"kind":"external","status":"Accepted","justification":"why"}]`, "medium"},
		{"", `,"suppressions":[{"kind":"external","status":"accepted","justification":" "}]`, "medium"},
		{"", `,"suppressions":[]`, "medium"},
		{"", `,"suppressions":[{"kind":"inSource"}]`, "medium"},
		{"", `,"suppressions":[{"kind":"inSource","justification":"why"}]`, "medium suppressed: why"},
		{"", `,"suppressions":[{"kind":"external","status":"underReview","justification":"why"}]`, "medium"},
		{"", `,"suppressions":[{"kind":"external","justification":"why"},{"kind":"external","status":"rejected"}]`, "medium"},
	} {
		r, err := component.Read(component.Scan, sarif(c.rule, c.result))
		got := ""
		if err != nil {
			got = err.Error()
		} else if len(r.Findings) > 0 {
			got = strings.TrimSpace(string(r.Findings[0].Severity) + " " + r.Findings[0].Assessed)
		}
		if got != c.want {
			t.Errorf("rule %s result %s: got %q, want %q", c.rule, c.result, got, c.want)
		}
	}
}

func TestAnAssessmentCoversWhatItNames(t *testing.T) {
	vex := read(t, component.VEX, "vex.cdx.json")
	if len(vex.Assessments) != 2 || vex.Assessments[0].By != "Sven Holm sven@corp-procurement.example" || vex.Assessments[0].Why != "code_not_reachable: xmlattr is not used" {
		t.Fatalf("%+v", vex.Assessments)
	}
	var got []string
	list := read(t, component.SBOM, "sbom-syft.cdx.json").Components
	for _, f := range read(t, component.Scan, "scan-osv.json").Findings {
		for _, a := range vex.Assessments {
			if a.Resolve(list).Covers(f) {
				got = append(got, f.ID+" "+a.State)
			}
		}
	}
	if d := cmp.Diff([]string{"CVE-2024-22195 not_affected", "CVE-2022-42889 false_positive"}, got); d != "" {
		t.Error(d)
	}
	jinja := component.Component{PURL: "pkg:pypi/jinja2@3.1.2"}
	for _, c := range []struct {
		name string
		a    component.Assessment
		f    component.Finding
		want bool
	}{
		{"by an alias", component.Assessment{IDs: []string{"GHSA-1"}, Whole: true}, component.Finding{ID: "CVE-1", Aliases: []string{"GHSA-1"}}, true},
		{"another weakness", component.Assessment{IDs: []string{"CVE-1"}, Whole: true}, component.Finding{ID: "CVE-11"}, false},
		{"another package", component.Assessment{IDs: []string{"CVE-1"}, Packages: []component.Component{jinja}}, component.Finding{ID: "CVE-1", Package: component.Component{PURL: "pkg:pypi/jinja2@3.1.1"}}, false},
		{"qualifiers aside", component.Assessment{IDs: []string{"CVE-1"}, Packages: []component.Component{jinja}}, component.Finding{ID: "CVE-1", Package: component.Component{PURL: "pkg:PyPI/jinja2@3.1.2?x=y#z"}}, true},
		{"by name and version", component.Assessment{IDs: []string{"CVE-1"}, Packages: []component.Component{{Name: "a", Version: "1"}}}, component.Finding{ID: "CVE-1", Package: component.Component{Name: "a", Version: "1", PURL: "pkg:x/a@1"}}, true},
		{"of a package, found in a file", component.Assessment{IDs: []string{"CVE-1"}, Packages: []component.Component{jinja}}, component.Finding{ID: "CVE-1", Where: "a.py"}, false},
		{
			"by reference", component.Assessment{IDs: []string{"CVE-1"}, Packages: []component.Component{{Ref: "j"}}}.Resolve([]component.Component{{Ref: "j", PURL: jinja.PURL}}),
			component.Finding{ID: "CVE-1", Package: jinja},
			true,
		},
	} {
		if got := c.a.Covers(c.f); got != c.want {
			t.Errorf("%s: %v", c.name, got)
		}
	}
}

func envelope(payload string) string {
	return `{"payloadType":"application/vnd.in-toto+json","payload":"` + base64.StdEncoding.EncodeToString([]byte(payload)) + `","signatures":[{"sig":"x"}]}`
}

func TestAStatementNamesWhatWasBuilt(t *testing.T) {
	r := read(t, component.Provenance, "provenance.dsse.json")
	if r.Tool != "https://slsa.dev/provenance/v1" || !reflect.DeepEqual(r.Subjects, []string{digest}) {
		t.Errorf("%+v", r)
	}
}

func TestWhatIsNotUnderstoodIsRefusedWithItsPlace(t *testing.T) {
	const head = `{"bomFormat":"CycloneDX","specVersion":"1.6",`
	by := head + `"metadata":{"authors":[{"name":"sven"}]},`
	for _, c := range []struct {
		kind       component.Kind
		data, want string
	}{
		{"other", "{}", `kind "other"`},
		{component.SBOM, "{", "line 1, column 2: unexpected EOF"},
		{component.SBOM, "{\n\"a\": 1,\n\"a\": 2}", `line 3, column 4: name "a" stands twice`},
		{component.SBOM, `{"a":1} x`, "line 1, column 9: something follows"},
		{component.SBOM, "[]", "want an object"},
		{component.SBOM, "\xff", "is not UTF-8: write it again"},
		{component.SBOM, "\xff\xfe{\x00}\x00", "is not UTF-8"},
		{component.SBOM, "\xef\xbb\xbf[]", "want an object"},
		{component.SBOM, "<bom/>", "line 1, column 1: invalid character '<'"},
		{component.SBOM, `{"a":NaN}`, "line 1, column 6: invalid character 'N'"},
		{component.SBOM, `{"a":[1,]}`, "invalid character ']'"},
		{component.SBOM, strings.Repeat(`{"a":`, 100), "more than 64 deep"},
		{component.SBOM, `{"spdxVersion":"SPDX-2.3"}`, "is SPDX"},
		{component.SBOM, `{"bomFormat":"CycloneDX","specVersion":"1.3"}`, `specVersion: "1.3": want 1.4, 1.5, 1.6 or 1.7`},
		{component.SBOM, head + `"components":[]}`, "components: lists nothing"},
		{component.SBOM, head + `"Components":[{"type":"file","name":"a"}]}`, "components: lists nothing"},
		{component.SBOM, head + `"components":[{"type":"library"},{"type":"file","name":7},1]}`, "components[0].name: is not there"},
		{component.SBOM, head + `"components":[{"type":"library"},{"type":"file","name":7},1]}`, "components[1].name: want a text"},
		{component.SBOM, head + `"components":[{"type":"library"},{"type":"file","name":7},1]}`, "components[2]: want an object"},
		{component.SBOM, head + `"components":[{"type":"file","name":"a","bom-ref":"x","components":[{"type":"file","name":"b","bom-ref":"x"}]}]}`, `components[0].components[0].bom-ref: "x" stands twice`},
		{component.Scan, `{"bomFormat":"CycloneDX"}`, "hand components in as sbom"},
		{component.Scan, `{}`, "neither runs (SARIF) nor results"},
		{component.Scan, `{"version":"2.0.0","runs":[]}`, "want 2.1.0"},
		{component.Scan, `{"version":"2.1.0","runs":[]}`, "nothing was scanned"},
		{component.Scan, `{"version":"2.1.0","runs":[{"tool":{"driver":{"name":"t"}}}]}`, "runs[0].results: is not there"},
		{component.Scan, `{"version":"2.1.0","runs":[{"tool":{"driver":{"name":"t"}},"invocations":[{"executionSuccessful":false}],"results":[]}]}`, "the scan failed"},
		{component.Scan, string(sarif("", `,"level":"bad"`)), `level: "bad": want error`},
		{component.Scan, string(sarif("", `,"kind":"bad"`)), `kind: "bad"`},
		{component.Scan, string(sarif(`,"properties":{"security-severity":"11"}`, "")), "want a number of 0 to 10"},
		{component.Scan, string(sarif(`,"properties":{"security-severity":"NaN"}`, "")), "want a number of 0 to 10"},
		{component.Scan, string(sarif(`,"properties":{"security-severity":"-1"}`, "")), "want a number of 0 to 10"},
		{component.Scan, string(sarif(`,"properties":{"security-severity":99}`, "")), `runs[0].tool.driver.rules[0].properties.security-severity: "99": want a number of 0 to 10`},
		{component.Scan, string(sarif(`,"properties":{"security-severity":"0x1p-2"}`, "")), "want a number of 0 to 10"},
		{component.Scan, string(sarif(`,"properties":{"security-severity":1e-300}`, "")), "want a number of 0 to 10"},
		{component.Scan, string(sarif(`,"properties":{"security-severity":true}`, "")), "want a number"},
		{component.Scan, string(sarif(`,"properties":[]`, "")), "rules[0].properties: want an object"},
		{component.Scan, string(sarif("", `,"ruleIndex":7`)), "results[0].ruleIndex: 7: the tool has no such rule"},
		{component.Scan, string(sarif(`},{"id":"s"`, `,"ruleIndex":1`)), `results[0].ruleIndex: 1 is rule "s", the result is of "r"`},
		{component.Scan, string(sarif("", `,"rule":{"id":"s"}`)), `results[0].rule.id: "s": ruleId is "r"`},
		{component.Scan, `{"results":[],"runs":[]}`, "want one of them"},
		{component.Scan, `{"matches":[],"descriptor":{"name":"grype"}}`, "write it with -o sarif"},
		{component.Scan, `{"SchemaVersion":2,"ArtifactName":".","Results":[]}`, "write it with --format sarif"},
		{component.Scan, `{"version":"2.1.0","runs":[{"tool":{"driver":{"name":"t"}},"results":[],"externalPropertyFileReferences":{"results":[{}]}}]}`, "runs[0].externalPropertyFileReferences: has parts of the log"},
		{component.Scan, `{"version":"2.1.0","inlineExternalProperties":[],"runs":[{"tool":{"driver":{"name":"t"}},"results":[]}]}`, "inlineExternalProperties: has parts of the log"},
		{component.Scan, `{"version":"2.1.0","runs":[{"tool":{"driver":{"name":"t"}},"invocations":[{"executionSuccessful":"false"}],"results":[]}]}`, "executionSuccessful: want true or false"},
		{component.Scan, `{"version":"2.1.0","runs":[{"tool":{"driver":{"name":"t"}},"results":[{}]}]}`, "results[0].ruleId: want the id"},
		{component.Scan, `{"results":[{"packages":[{"package":{"name":"a"},"vulnerabilities":[{"id":"A","database_specific":{"severity":"HIGH"}},{"id":"A"}]}]}]}`, `vulnerabilities[1].id: "A" stands twice`},
		{component.Scan, `{"results":[{"packages":[{"package":{"name":""},"vulnerabilities":[{"id":"A"}]}]}]}`, "package.name: is not there"},
		{component.Scan, `{"results":[{"packages":[{"package":{"name":"a"},"groups":[{"ids":[]}]}]}]}`, "groups[0].ids: is empty"},
		{component.Scan, `{"results":[{"packages":[{"package":{"name":"a"},"vulnerabilities":[{"id":"a\nb"}]}]}]}`, "want one line"},
		{component.Scan, `{"results":[{"packages":[{"package":{"name":"a"},"groups":[{"ids":[""]}]}]}]}`, "groups[0].ids: want the ids"},
		{component.VEX, by + `"vulnerabilities":[]}`, "says nothing"},
		{component.VEX, head + `"vulnerabilities":[{"id":"CVE-1","analysis":{"state":"resolved","detail":"x"}}]}`, "does not say whose assessment"},
		{component.VEX, by + `"vulnerabilities":[{"id":"CVE-1","analysis":{"state":""}}]}`, "analysis.state: is not there"},
		{component.VEX, by + `"vulnerabilities":[{"id":"CVE-1","analysis":[]}]}`, "analysis: want an object"},
		{component.VEX, strings.Replace(by, `"metadata":{`, `"metadata":{"component":{"bom-ref":"x"},`, 1) + `"components":[{"type":"file","name":"a","bom-ref":"x"}],"vulnerabilities":[{"id":"CVE-1"}]}`, `components[0].bom-ref: "x" stands twice`},
		{component.SBOM, head + `"metadata":{"component":{"hashes":[{"alg":"SHA-256","content":"abc"}]}},"components":[{"type":"file","name":"a"}]}`, "metadata.component.hashes[0].content: want a SHA-256"},
		{component.VEX, by + `"vulnerabilities":[{"id":"CVE-1","analysis":{"state":"fine"}}]}`, `"fine": want exploitable`},
		{component.VEX, by + `"vulnerabilities":[{"id":"CVE-1","analysis":{"state":"not_affected","detail":"x"}}]}`, "want why the artifact is not affected"},
		{component.VEX, by + `"vulnerabilities":[{"id":"CVE-1","analysis":{"state":"not_affected","justification":"trust me"}}]}`, `"trust me": want one of`},
		{component.VEX, by + `"vulnerabilities":[{"id":"CVE-1","analysis":{"state":"false_positive"}}]}`, "want why it is false_positive"},
		{component.Provenance, `{}`, "payloadType"},
		{component.Provenance, strings.Replace(envelope("{}"), `[{"sig":"x"}]`, "[]", 1), "signatures: is empty"},
		{component.Provenance, strings.Replace(envelope("{}"), `"e30="`, `"e30"`, 1), "payload: want base64 with padding"},
		{component.Provenance, envelope("{"), "payload: line 1, column 2"},
		{component.Provenance, envelope("{}"), "payload.subject: names nothing by its SHA-256"},
		{component.Provenance, envelope(`{"_type":"x"}`), `payload._type: "x"`},
		{component.Provenance, envelope(`{"_type":"https://in-toto.io/Statement/v1","subject":[{"digest":{"sha1":"a"}}]}`), "payload.subject: names nothing by its SHA-256"},
		{component.Provenance, envelope(`{"_type":"https://in-toto.io/Statement/v1","subject":[{"digest":{"sha256":"a"}}]}`), "payload.subject[0].digest.sha256: want a SHA-256"},
		{component.Provenance, envelope(`{"a":1,"a":2}`), `payload: line 1, column 11: name "a" stands twice`},
		{component.Provenance, `{"mediaType":"application/vnd.dev.sigstore.bundle.v0.3+json","messageSignature":{}}`, `dsseEnvelope.payloadType: "": want application/vnd.in-toto+json`},
		{component.Provenance, envelope("{}") + "\n" + envelope("{}"), "line 2, column 2: something follows"},
	} {
		r, err := component.Read(c.kind, []byte(c.data))
		if err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%s %.80s: got %v %+v, want %q", c.kind, c.data, err, r, c.want)
		}
	}
}

func TestAnErrorIsBounded(t *testing.T) {
	_, err := component.Read(component.SBOM, []byte(`{"bomFormat":"CycloneDX","specVersion":"1.6","components":[`+strings.Repeat("1,", 1000)+`1]}`))
	if err == nil || !strings.Contains(err.Error(), "972 more") || len(err.Error()) > 8000 {
		t.Errorf("%v", err)
	}
	if _, err := component.Read(component.SBOM, make([]byte, component.MaxSize+1)); err == nil || !strings.Contains(err.Error(), "want at most") {
		t.Errorf("%v", err)
	}
}

func FuzzSBOM(f *testing.F)       { fuzz(f, component.SBOM, "sbom-*") }
func FuzzScan(f *testing.F)       { fuzz(f, component.Scan, "scan-*") }
func FuzzVEX(f *testing.F)        { fuzz(f, component.VEX, "vex*") }
func FuzzProvenance(f *testing.F) { fuzz(f, component.Provenance, "provenance*") }

// fuzz holds the promises of every reader: no panic, the same answer twice, and
// what is found can be named.
func fuzz(f *testing.F, kind component.Kind, corpus string) {
	files, err := filepath.Glob(filepath.Join("testdata", corpus))
	if err != nil || len(files) == 0 {
		f.Fatalf("no corpus: %v", err)
	}
	for _, name := range files {
		f.Add(file(f, filepath.Base(name)))
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		r, err := component.Read(kind, data)
		again, err2 := component.Read(kind, data)
		if fmt.Sprint(err) != fmt.Sprint(err2) || !reflect.DeepEqual(r, again) {
			t.Fatalf("read twice it differs: %v %v", err, err2)
		}
		if err != nil {
			if len(err.Error()) > 64<<10 {
				t.Errorf("the error has %d bytes", len(err.Error()))
			}
			return
		}
		for _, x := range r.Findings {
			if x.ID == "" || len(x.ID) > 250 || len(x.Subject()) > 200 || strings.ContainsAny(x.ID, "\n\x00") || x.Subject() == "" {
				t.Errorf("finding %+q", x)
			}
			if !strings.Contains("critical high medium low none unknown", string(x.Severity)) || x.Severity == "" {
				t.Errorf("severity %q", x.Severity)
			}
		}
		for _, a := range r.Assessments {
			if a.Why == "" || a.By == "" || len(a.IDs) == 0 {
				t.Errorf("assessment %+v", a)
			}
		}
	})
}

func TestWhatIsOtherThanBefore(t *testing.T) {
	lib := func(name, version, purl string) component.Component {
		return component.Component{Type: "library", Name: name, Version: version, PURL: purl}
	}
	many := func(n int) (out []component.Component) {
		for i := range n {
			out = append(out, lib(fmt.Sprintf("c%02d", i), "1", ""))
		}
		return out
	}
	for _, c := range []struct {
		name          string
		before, after []component.Component
		want          []string
	}{
		{"the same", many(3), many(3), nil},
		{"in another order, with other qualifiers", []component.Component{lib("a", "1", "pkg:npm/%40x/a@1?q=1"), lib("b", "1", "")}, []component.Component{lib("b", "1", ""), lib("a", "1", "pkg:npm/%40x/a@1")}, nil},
		{"another version", []component.Component{lib("jinja2", "3.1.2", "pkg:pypi/jinja2@3.1.2")}, []component.Component{lib("Jinja2", "3.1.3", "pkg:pypi/jinja2@3.1.3")}, []string{"1 changed: pkg:pypi/jinja2 3.1.2 -> 3.1.3"}},
		{"a second version", []component.Component{lib("a", "1", "")}, []component.Component{lib("a", "2", ""), lib("a", "1", "")}, []string{"1 changed: a 1 -> 1, 2"}},
		{"come and gone", []component.Component{lib("a", "1", "")}, []component.Component{lib("b", "", "")}, []string{"1 added: b", "1 removed: a 1"}},
		{"files", nil, []component.Component{{Type: "file", Name: "main.py"}}, nil},
		{"many", nil, many(22), []string{"22 added: c00 1, c01 1, c02 1, c03 1, c04 1, c05 1, c06 1, c07 1, c08 1, c09 1, c10 1, c11 1, c12 1, c13 1, c14 1, c15 1, c16 1, c17 1, c18 1, c19 1, 2 more"}},
	} {
		if d := cmp.Diff(c.want, component.Changes(c.before, c.after)); d != "" {
			t.Errorf("%s: %s", c.name, d)
		}
	}
}
