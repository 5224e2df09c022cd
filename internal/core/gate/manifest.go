package gate

import (
	"github.com/dc-release/dc-release/internal/core/approval"
	"github.com/dc-release/dc-release/internal/core/deployment"
	"github.com/dc-release/dc-release/internal/core/pipeline"
	"github.com/dc-release/dc-release/internal/core/release"
)

// ManifestSchema of the frozen manifest.
const ManifestSchema = "dc-release/manifest/v1"

// Manifest is everything that a gate is about, frozen when it opens. It is a
// pure function of ledger facts: no time, checkpoint or signature of this gate.
// The SHA-256 of its canonical JSON is what people sign.
type Manifest struct {
	Schema             string             `json:"schema"`
	Gate               string             `json:"gate"`
	Opening            int                `json:"opening"`
	Solution           string             `json:"solution"`
	Version            string             `json:"version"`
	Sources            []ManifestSource   `json:"sources"`
	Note               string             `json:"note"` // SHA-256 of the release note
	RequirementsCommit string             `json:"requirements_commit"`
	Workflows          []pipeline.Source  `json:"workflows"`
	Plan               string             `json:"plan"`
	Policy             string             `json:"policy"`
	Builds             []string           `json:"builds"` // of this program, that produced the evidence
	Artifacts          []ManifestArtifact `json:"artifacts"`
	Evidence           []ManifestEvidence `json:"evidence"` // every attempt
	Deviations         []string           `json:"deviations"`
	Change             release.Classified `json:"change"`
	Waivers            []approval.Waiver  `json:"waivers,omitempty"` // that held when the gate opened
	Documents          []RenderedDocument `json:"documents"`
	PreviousGate       string             `json:"previous_gate"`    // its manifest's digest
	PreviousRelease    string             `json:"previous_release"` // last manifest's digest of the release before
	Rollback           *ManifestRollback  `json:"rollback,omitempty"`
	// Deployment is what happens behind the gate: the plan that is carried out.
	Deployment *ManifestDeployment `json:"deployment,omitempty"`
	// Reports are what jobs handed in about the artifact: every attempt.
	Reports []ManifestReport `json:"reports,omitempty"`
}

// ManifestDeployment is the deployment that a gate lets through.
type ManifestDeployment struct {
	Environment string   `json:"environment"`
	Plan        string   `json:"plan"` // SHA-256 of the plan
	Summary     string   `json:"summary"`
	Destroys    []string `json:"destroys"`
}

// ManifestSource pins one repository.
type ManifestSource struct {
	Repository string `json:"repository"`
	Tag        string `json:"tag"`
	TagObject  string `json:"tag_object"`
	Commit     string `json:"commit"`
	Files      string `json:"files"` // SHA-256 of the sorted file list
}

// ManifestArtifact is what is deployed.
type ManifestArtifact struct {
	Tree         string   `json:"tree"`
	Environments []string `json:"environments"`
	// Parts are the artifacts that the tree binds, where there are several.
	Parts []deployment.Part `json:"parts,omitempty"`
}

// ManifestEvidence is one item of evidence.
type ManifestEvidence struct {
	Execution    string `json:"execution"`
	Name         string `json:"name"`
	SHA256       string `json:"sha256"`
	Verification string `json:"verification"`
	Environment  string `json:"environment"`
	Verdict      string `json:"verdict"`
	Counted      bool   `json:"counted"`
	Latest       bool   `json:"latest"`
}

// ManifestRollback is the subject of approve_rollback.
type ManifestRollback struct {
	Rollback     string `json:"rollback"`
	Environment  string `json:"environment"`
	From         string `json:"from"`
	To           string `json:"to"`
	Tree         string `json:"tree"`
	Irreversible bool   `json:"irreversible"`
}
