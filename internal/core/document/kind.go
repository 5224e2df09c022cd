package document

import (
	"fmt"
	"strings"
)

// Kind is one kind of document. The set follows the reference of the field;
// who reviews a kind signs the gate that it belongs to.
type Kind struct {
	Name           string // file name: change-record
	Code           string // in the number: CR
	Title          string
	About          string
	From           string   // first gate that it is made for; "" for one that no gate asks for
	Signers        []string // roles that review it and sign for it at the gates
	PerEnvironment bool     // one document for each environment
	FinalOnly      bool     // neither draft nor candidate: the certificate
	NonGxP         bool     // also of releases that are not under GxP
	Maintained     bool     // its text goes on from release to release: changes are listed
	Settled        bool     // a standard change does without: its template settled it
	Categories     []int64  // GAMP categories that ask for it, nil for all
	outline        func(*author)
}

// All is the catalog, in the order of reading. To add a kind: write its outline
// in a file of its own, add a line here and a golden folder under the renderers.
var All = []Kind{
	{Name: "validation-plan", Code: "VP", Title: "Validation plan", Maintained: true, From: "pre_val", Signers: []string{"SME", "QC"}, Settled: true, About: "scope, intended use, strategy by risk, roles, deliverables and acceptance criteria", outline: outlineValidationPlan},
	{Name: "user-requirements", Code: "URS", Title: "User requirements specification", Maintained: true, From: "pre_val", Signers: []string{"Data Product Owner", "SME"}, About: "every requirement with owner, relevance to GxP, risk and change mark", outline: outlineRequirements},
	{Name: "functional-specification", Code: "FS", Title: "Functional specification", Maintained: true, From: "pre_val", Signers: []string{"Data Product Owner", "SME"}, Categories: []int64{4, 5}, About: "intended use, public API and every specification with what it implements", outline: outlineSpecification},
	{Name: "configuration-specification", Code: "CS", Title: "Configuration specification", Maintained: true, From: "pre_val", Signers: []string{"Data Product Owner", "SME"}, Categories: []int64{3, 4, 5}, About: "places, targets, protection and the files that configure the product", outline: outlineConfiguration},
	RiskAssessment,
	ChangeRecord,
	{Name: "release-note", Code: "RN", Title: "Release note", From: "pre_val", Signers: []string{"Data Product Owner"}, NonGxP: true, About: "changes, impact and risk as the tagged commit says them", outline: outlineReleaseNote},
	{Name: "source-review", Code: "SR", Title: "Source review", From: "pre_val", Signers: []string{"SME"}, Categories: []int64{5}, About: "every commit since the previous release, whose it is and by which change it came", outline: outlineSourceReview},
	{Name: "test-protocol", Code: "TP", Title: "Test protocol", Maintained: true, From: "pre_val", Signers: []string{"SME", "QC"}, About: "which tests prove what, where, by whom and with which steps", outline: outlineTestProtocol},
	TestReport,
	{Name: "deviation-log", Code: "DL", Title: "Deviation log", From: "pre_val", Signers: []string{"QC"}, About: "every deviation, waiver and hold with its disposition", outline: outlineDeviationLog},
	Traceability,
	{Name: "operations-manual", Code: "OPS", Title: "Operations manual", Maintained: true, From: "approve_to_prd", Signers: []string{"QC"}, Settled: true, About: "how the product is operated, as the tagged commit says it", outline: outlineOperations},
	{Name: "recovery-procedure", Code: "RCV", Title: "Recovery and rollback procedure", Maintained: true, From: "approve_to_prd", Signers: []string{"QC"}, Settled: true, About: "how to go back, and when that was exercised last", outline: outlineRecovery},
	{Name: "validation-summary", Code: "VSR", Title: "Validation summary report", From: "approve_to_prd", Signers: []string{"SME", "QC"}, About: "results against the plan, open items, roles, procedures and the conclusion that people sign", outline: outlineSummary},
	{Name: "installation-report", Code: "IR", Title: "Installation report PRD", From: "approve_for_use", Signers: []string{"Release Manager"}, About: "what is installed in PRD, how it was verified, and whether it drifted", outline: outlineInstallation},
	{Name: "audit-trail-review", Code: "ATR", Title: "Audit trail review", From: "approve_to_prd", Signers: []string{"QC"}, About: "the exception list of the release, the range of the ledger and who reviewed it", outline: outlineTrailReview},
	Certificate,
}

// The kinds that are asked for by name.
var (
	RiskAssessment = Kind{
		Name: "risk-assessment", Code: "RA", Title: "Risk assessment", Maintained: true, From: "pre_val", Signers: []string{"SME", "QC"},
		About:   "severity, occurrence and detection of each risk, what mitigates it and what is left",
		outline: outlineRiskAssessment,
	}
	ChangeRecord = Kind{
		Name: "change-record", Code: "CR", Title: "Change record", From: "pre_val", Signers: []string{"Release Manager", "SME", "QC"}, NonGxP: true,
		About:   "what changes and why, impact, risk, components, plan, back-out and approvals",
		outline: outlineChangeRecord,
	}
	TestReport = Kind{
		Name: "test-report", Code: "TR", Title: "Test report", From: "pre_val", Signers: []string{"Tester", "SME"}, PerEnvironment: true, NonGxP: true,
		About:   "every execution, installation and test result in one environment",
		outline: outlineTestReport,
	}
	Traceability = Kind{
		Name: "traceability", Code: "TRM", Title: "Traceability matrix", From: "pre_val", Signers: []string{"QC"}, NonGxP: true, Categories: []int64{3, 4, 5},
		About:   "from requirement to specification, risk, test and result",
		outline: outlineTraceability,
	}
	Certificate = Kind{
		Name: "certificate", Code: "CERT", Title: "Release certificate", FinalOnly: true, NonGxP: true, Signers: []string{"Release Manager", "QC"},
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
	// Last is the document as it was signed last for an earlier release, nil for
	// none.
	Last *Tree
	// Template is the organisation's, nil for the built-in form. Sections that it
	// does not place follow in their order.
	Template *Template
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
