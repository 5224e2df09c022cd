package pipeline

import "github.com/dc-release/dc-release/internal/core/ledger"

// ArtifactKeptV1 recorded the one artifact that a run could have.
type ArtifactKeptV1 struct {
	Execution string `json:"execution"`
	Tree      string `json:"tree"`     // digest of sorted path, exec bit, sha256
	Manifest  string `json:"manifest"` // blob digest of the file list
	Files     int    `json:"files"`
}

// EventType implements ledger.Payload.
func (ArtifactKeptV1) EventType() (string, int) { return "artifact.kept", 1 }

// Upcast gives the event as it would be recorded today.
func (k *ArtifactKeptV1) Upcast() ledger.Payload {
	return &ArtifactKept{Execution: k.Execution, Tree: k.Tree, Manifest: k.Manifest, Files: k.Files}
}
