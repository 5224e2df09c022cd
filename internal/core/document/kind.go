package document

import (
	"fmt"
	"strings"
)

// Kind is one kind of document.
type Kind struct {
	Name           string // file name: change-record
	Code           string // in the number: CR
	Title          string
	PerEnvironment bool // one document for each environment
	FinalOnly      bool // neither draft nor candidate: the certificate
	About          string
	outline        func(*author)
}

// All is the catalog. To add a kind: write its outline in a file of its own,
// add a line here and a golden folder under the renderers.
var All = []Kind{RiskAssessment, ChangeRecord, TestReport, Traceability, Certificate}

// The kinds.
var (
	RiskAssessment = Kind{
		Name: "risk-assessment", Code: "RA", Title: "Risk assessment",
		About:   "severity, occurrence and detection of each risk, what mitigates it and what is left",
		outline: outlineRiskAssessment,
	}
	ChangeRecord = Kind{
		Name: "change-record", Code: "CR", Title: "Change record",
		About:   "what changes and why, impact, risk, components, plan, back-out and approvals",
		outline: outlineChangeRecord,
	}
	TestReport = Kind{
		Name: "test-report", Code: "TR", Title: "Test report", PerEnvironment: true,
		About:   "every execution, installation and test result in one environment",
		outline: outlineTestReport,
	}
	Traceability = Kind{
		Name: "traceability", Code: "TRM", Title: "Traceability matrix",
		About:   "from requirement to specification to test to result",
		outline: outlineTraceability,
	}
	Certificate = Kind{
		Name: "certificate", Code: "CERT", Title: "Release certificate", FinalOnly: true,
		About:   "identity of the release and the signatures of its gates",
		outline: outlineCertificate,
	}
)

// KindNamed is the kind with a name of the catalog.
func KindNamed(name string) (Kind, error) {
	names := make([]string, 0, len(All))
	for _, k := range All {
		if k.Name == name {
			return k, nil
		}
		names = append(names, k.Name)
	}
	return Kind{}, fmt.Errorf("find document kind %q: want one of %s", name, strings.Join(names, ", "))
}

// Request names one document of a release.
type Request struct {
	Kind        Kind
	Environment string // test reports only
	Gate        string // the gate that the document is made for
	Revision    int    // from 1
}

// FileName is the name without extension: test-report-tst.
func (r Request) FileName() string {
	if r.Kind.PerEnvironment {
		return r.Kind.Name + "-" + r.Environment
	}
	return r.Kind.Name
}

// number is <PRODUCT>-<TYPE>-<X.Y.Z>-r<NN>, with d for a draft. The type of a
// test report holds its environment (TR-TST), as a release has several.
func (r Request) number(product, version string, s Stage) string {
	code, letter := r.Kind.Code, "r"
	if r.Kind.PerEnvironment {
		code += "-" + strings.ToUpper(r.Environment)
	}
	if s == StageDraft {
		letter = "d"
	}
	return fmt.Sprintf("%s-%s-%s-%s%02d", strings.ToUpper(product), code, version, letter, r.Revision)
}

// Set is the documents that a gate demands, given the environments that the
// release has been in: drafts at pre_val and approve_to_prd, candidates at
// approve_for_use. Unknown gates demand none. The certificate is not in it: it
// is made after the last gate.
func Set(gate string, environments []string, revision int) []Request {
	switch gate {
	case "pre_val", "approve_to_prd", "approve_for_use":
	default:
		return nil
	}
	var out []Request
	for _, k := range All {
		switch {
		case k.FinalOnly:
		case k.PerEnvironment:
			for _, e := range environments {
				out = append(out, Request{Kind: k, Environment: e, Gate: gate, Revision: revision})
			}
		default:
			out = append(out, Request{Kind: k, Gate: gate, Revision: revision})
		}
	}
	return out
}
