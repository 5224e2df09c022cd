// Package document writes the compliance documents of a release: from one
// frozen set of facts to a tree of typed blocks. Builders are pure, so the same
// facts give the same tree and, through a renderer, the same bytes.
//
// No document says of a product that it is validated or compliant: documents
// state what was recorded, and people conclude and sign.
package document

// FactsSchema names the version of Facts. The meaning of a field never changes
// within a version.
const FactsSchema = "dc-release/document-facts/v1"

// Facts is everything that the documents of a release may say, frozen at one
// position of the ledger. All times are strings, UTC RFC 3339 with six digits;
// all digests are lower-case hexadecimal SHA-256. Lists keep the order that the
// caller gives; the caller orders them by ledger sequence.
type Facts struct {
	Schema   string `json:"schema"` // FactsSchema
	FrozenAt string `json:"frozen_at"`
	// Evaluation says why the installation runs in EVALUATION mode; every
	// document is marked with it. "" is normal operation.
	Evaluation string `json:"evaluation,omitempty"`
	Ledger     Ledger `json:"ledger"`
	Tool       Tool   `json:"tool"`

	Product  Product  `json:"product"`
	Release  Release  `json:"release"`
	Trigger  Person   `json:"trigger"` // who pushed the tag
	Authors  []Person `json:"authors"` // of the commits since the previous release
	Note     Note     `json:"note"`
	Policy   Policy   `json:"policy"`
	Sources  []Source `json:"sources"` // workflow files that the plan was made from
	Previous Previous `json:"previous"`

	Gates        []Gate        `json:"gates"`
	Environments []Environment `json:"environments"` // in the order of promotion
	Jobs         []Job         `json:"jobs"`
	Artifacts    []Artifact    `json:"artifacts"`
	Parts        []Part        `json:"parts,omitempty"` // of the artifacts
	Evidence     []Evidence    `json:"evidence"`
	Matrix       Matrix        `json:"matrix"`
	Items        []Item        `json:"items,omitempty"` // at the pinned commits, with those that the release retired
	Exceptions   []Exception   `json:"exceptions"`
	Documents    []Reference   `json:"documents"` // other documents of the release, for the certificate
	Rollback     Rollback      `json:"rollback"`
	// Decisions and Restriction came after the others; facts without them mean
	// what they always meant.
	Decisions   Decisions    `json:"decisions,omitzero"`
	Setting     Setting      `json:"setting,omitzero"`
	History     History      `json:"history,omitzero"`
	Restriction *Restriction `json:"restriction,omitempty"` // of an emergency
}

// Ledger is the position at which the facts were read.
type Ledger struct {
	Origin string `json:"origin"` // dc-release/<installation>/<epoch>
	Size   int64  `json:"size"`
	Root   string `json:"root"` // hexadecimal
}

// Tool is the build that made the documents.
type Tool struct {
	Name    string `json:"name"`
	Version string `json:"version"`
	Commit  string `json:"commit"`
}

// Product is the solution that is released.
type Product struct {
	Key                    string `json:"key"`  // corp-procurement
	Name                   string `json:"name"` // "" repeats the key
	Repository             string `json:"repository"`
	RequirementsRepository string `json:"requirements_repository"`
	ReleaseLogRepository   string `json:"release_log_repository"`
}

// Release is one version at one commit.
type Release struct {
	Version            string `json:"version"` // 1.2.0
	Tag                string `json:"tag"`     // v1.2.0
	TagObject          string `json:"tag_object"`
	Commit             string `json:"commit"`
	FilesSHA256        string `json:"files_sha256"` // of the sorted file list of the commit
	RequirementsCommit string `json:"requirements_commit"`
	Run                string `json:"run"`
	ChangeType         string `json:"change_type"` // normal, standard, emergency, hotfix
	State              string `json:"state"`       // running, authorised, effective ...
	// What the release note declares, and why the release does not go by it, one
	// reason each. Reference is the template, the incident or the version that
	// the declared type refers to.
	Declared  string   `json:"change_declared,omitempty"`
	Reference string   `json:"change_reference,omitempty"`
	Because   []string `json:"change_because,omitempty"`
}

// Person is a human being as it is printed.
type Person struct {
	ID    string `json:"id"`
	Name  string `json:"name"` // printed name
	Login string `json:"login,omitempty"`
}

// Note is the release note: verbatim, and as it was understood.
type Note struct {
	Path    string   `json:"path"`
	SHA256  string   `json:"sha256"`
	Text    string   `json:"text"`
	Intro   string   `json:"intro"`
	Changes []Change `json:"changes"`
	Impact  string   `json:"impact"`
	Level   string   `json:"level"` // Low Risk, Medium Risk, High Risk
	Risks   []Risk   `json:"risks"`
}

// Change is one change line of the release note.
type Change struct {
	Number int64  `json:"number"`
	Title  string `json:"title"`
	Link   string `json:"link"`
}

// Risk is one line of the risk assessment.
type Risk struct {
	Category string `json:"category"`
	Text     string `json:"text"`
}

// Policy is the set of rules in force.
type Policy struct {
	Profile  string `json:"profile"` // gxp, non-gxp
	SHA256   string `json:"sha256"`
	Baseline string `json:"baseline"` // revision of the signed baseline
}

// Source is a workflow file, or the framework's file that took its place.
type Source struct {
	Uses   string `json:"uses"` // as written by the caller
	Path   string `json:"path"`
	SHA256 string `json:"sha256"`
	Origin string `json:"origin"` // commit, embedded
}

// Previous is the release that this one follows. First is set for the first.
type Previous struct {
	First          bool   `json:"first"`
	Version        string `json:"version,omitempty"`
	Commit         string `json:"commit,omitempty"`
	ManifestSHA256 string `json:"manifest_sha256,omitempty"`
	State          string `json:"state,omitempty"`
}

// Artifact is a file that was built once and deployed everywhere.
type Artifact struct {
	Name   string `json:"name"`
	SHA256 string `json:"sha256"`
	Size   int64  `json:"size"` // bytes
	Job    string `json:"job"`  // key of the job that made it
}

// Part is one of several artifacts that were handed in at once. Their files are
// those below the folder of its name.
type Part struct {
	Name   string `json:"name"`
	SHA256 string `json:"sha256"` // of its list of files
	Files  int    `json:"files"`
}

// Reference is another document of the release.
type Reference struct {
	Number string `json:"number"`
	Title  string `json:"title"`
	SHA256 string `json:"sha256"` // of its JSON twin
}

// Exception is an item of the exception list: what did not go straight.
type Exception struct {
	Kind        string `json:"kind"` // failed attempt, re-run, late result, rejected signature ...
	At          string `json:"at"`
	Seq         int64  `json:"seq"` // of the event
	Subject     string `json:"subject"`
	Text        string `json:"text"`
	Disposition string `json:"disposition,omitempty"`
}

// Rollback is how to go back.
type Rollback struct {
	Applicable  bool   `json:"applicable"` // false for the first release
	Version     string `json:"version,omitempty"`
	TreeSHA256  string `json:"tree_sha256,omitempty"` // kept artifacts that would be deployed again
	Reason      string `json:"reason,omitempty"`      // why not applicable
	Procedure   string `json:"procedure,omitempty"`   // path of the recovery procedure
	Rehearsed   bool   `json:"rehearsed"`
	RehearsedAt string `json:"rehearsed_at,omitempty"`
	Environment string `json:"environment,omitempty"` // where it was rehearsed
	Data        string `json:"data,omitempty"`        // compatibility of data, in words
}
