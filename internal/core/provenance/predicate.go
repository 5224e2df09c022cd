package provenance

// Build is the SLSA provenance v1 predicate (https://slsa.dev/spec/v1.0/provenance),
// level 1: what the plan and the worker know. Nothing in it is hardened against
// the job that it is about.
type Build struct {
	Definition Definition `json:"buildDefinition"`
	Details    Details    `json:"runDetails"`
}

// Definition is what was asked for.
type Definition struct {
	Type         string       `json:"buildType"`
	External     External     `json:"externalParameters"`
	Internal     Internal     `json:"internalParameters"`
	Dependencies []Descriptor `json:"resolvedDependencies"` // the source at its commit, the plan
}

// External is what whoever started the build could choose.
type External struct {
	Repository string `json:"repository"`
	Ref        string `json:"ref"`
	Event      string `json:"event"` // push, pull_request
	Workflow   string `json:"workflow"`
	Solution   string `json:"solution"`
	Version    string `json:"version"`
}

// Internal is what the installation added.
type Internal struct {
	Run        string `json:"run"`
	Job        string `json:"job"`
	Attempt    int    `json:"attempt"`
	Worker     string `json:"worker"`
	Sandbox    string `json:"sandbox"`
	Evaluation bool   `json:"evaluation"` // no isolation that counts
}

// Details is how it went.
type Details struct {
	Builder  Builder  `json:"builder"`
	Metadata Metadata `json:"metadata"`
}

// Builder is the installation with its program.
type Builder struct {
	ID      string            `json:"id"`
	Version map[string]string `json:"version"`
}

// Metadata of one build.
type Metadata struct {
	Invocation string `json:"invocationId"` // execution
	Started    string `json:"startedOn"`    // when a worker claimed it
}

// About is what every predicate of this project begins with.
type About struct {
	Installation string `json:"installation"`
	Solution     string `json:"solution"`
	Version      string `json:"version"`
	Event        string `json:"event"` // id of the event that is stated
	Seq          int64  `json:"seq"`   // its place in the ledger
	Time         string `json:"time"`
}

// Result is the predicate of one test result: what one raw file proves for one
// verification and environment.
type Result struct {
	About
	Run          string `json:"run"`
	Execution    string `json:"execution"` // "" when a person recorded it
	Job          string `json:"job"`
	Attempt      int    `json:"attempt"`   // 0 without an execution
	Person       string `json:"person"`    // the tester's id, "" for machines
	Signature    string `json:"signature"` // of the tester
	Format       string `json:"format"`
	Verification string `json:"verification"`
	Environment  string `json:"environment"`
	Commit       string `json:"commit"`
	Tree         string `json:"tree"`
	Passed       int    `json:"passed"`
	Failed       int    `json:"failed"`
	Errors       int    `json:"errors"`
	Skipped      int    `json:"skipped"`
	Verdict      string `json:"verdict"`
	Counted      bool   `json:"counted"`
}

// Deployment is the predicate of one deployment with what was read back.
type Deployment struct {
	About
	Environment string     `json:"environment"`
	Target      string     `json:"target"`
	Tree        string     `json:"tree"`
	Commit      string     `json:"commit"`
	Deployed    string     `json:"deployed"` // version
	Run         string     `json:"run"`
	Execution   string     `json:"execution"`
	Rollback    string     `json:"rollback"`
	Observed    []Observed `json:"observed"` // before the publication that states it
}

// Observed is one reading of the place, an installation record.
type Observed struct {
	SHA256  string `json:"sha256"`
	Passed  int    `json:"passed"`
	Failed  int    `json:"failed"`
	Errors  int    `json:"errors"`
	Verdict string `json:"verdict"`
}

// Approval is the predicate of one signature of a person, who is named by id.
type Approval struct {
	About
	Signature string `json:"signature"`
	Person    string `json:"person"`
	For       string `json:"for"` // person whose role it is, "" without a delegation
	Role      string `json:"role"`
	Meaning   string `json:"meaning"`
	Decision  string `json:"decision"`
	Gate      string `json:"gate"`
	Method    string `json:"method"`
}
