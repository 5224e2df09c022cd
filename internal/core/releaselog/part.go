package releaselog

import (
	"path"
	"strconv"
	"strings"

	"github.com/dc-release/dc-release/internal/core/ledger"
)

// Schemas of the files of a ledger part.
const (
	StreamSchema  = "dc-release/ledger-stream/v1"
	ContextSchema = "dc-release/ledger-context/v1"
	ProofsSchema  = "dc-release/ledger-proofs/v1"
)

// The files of a ledger part beside its streams.
const (
	ContextFile    = "context.json"
	ProofsFile     = "proofs.json"
	CheckpointFile = "checkpoint"
)

// Stream is what a publication adds of a stream: records without gap. Parts of
// the same stream continue each other.
type Stream struct {
	Schema  string          `json:"schema"`
	Stream  ledger.Stream   `json:"stream"`
	From    int64           `json:"from"` // version of the first record
	Records []ledger.Record `json:"records"`
}

// Context is what a publication adds of records in other streams that its
// decisions read, ordered by seq.
type Context struct {
	Schema  string          `json:"schema"`
	Records []ledger.Record `json:"records"`
}

// Proofs hold one inclusion proof for each record of the part, and the proof
// that its checkpoint extends that of the part before.
type Proofs struct {
	Schema      string        `json:"schema"`
	Origin      string        `json:"origin"`
	Size        int64         `json:"size"`
	Inclusion   []Inclusion   `json:"inclusion"`   // ordered by seq
	Consistency []Consistency `json:"consistency"` // empty in a folder's first part, else one
}

// Inclusion proves one record.
type Inclusion struct {
	Seq  int64    `json:"seq"`
	Path []string `json:"path"` // hexadecimal
}

// Consistency proves that the part's checkpoint extends an earlier one.
type Consistency struct {
	From int64    `json:"from"`
	Part string   `json:"part"` // ledger/pre_val-1
	Path []string `json:"path"`
}

// PartFolder is where a publication's ledger part stands: ledger/pre_val-1.
func PartFolder(gate string, opening int) string {
	return "ledger/" + gate + "-" + strconv.Itoa(opening)
}

// StreamFile is the file name of a stream: its name with ~ for /.
func StreamFile(s ledger.Stream) string {
	return strings.ReplaceAll(string(s), "/", "~") + ".json"
}

// ManifestPath is the manifest of a gate.
func ManifestPath(gate string) string { return "manifests/" + gate + ".json" }

// PlanPath holds what the deployment behind a gate was planned to do.
func PlanPath(gate string) string { return "plans/" + gate + ".json" }

// ReportPath holds a report about the artifact: kind is sbom, scan, vex or
// provenance.
func ReportPath(kind, sha256 string) string { return "artifact/" + kind + "/" + sha256 + ".json" }

// SignaturePath is the payload of a signature.
func SignaturePath(id string) string { return "signatures/" + id + ".json" }

// ReviewPath is the exception list that a signature is over.
func ReviewPath(id string) string { return "reviews/" + id + ".json" }

// AttestationPath is the envelope around a signature.
func AttestationPath(id string) string { return "attestations/" + id + ".json" }

// DraftPath is a document as it was signed at a gate.
func DraftPath(gate, name, extension string) string {
	return "draft/" + gate + "/" + name + "." + extension
}

// FinalPath is a document of record.
func FinalPath(name, extension string) string { return "final/" + name + "." + extension }

// EvidencePath is where a raw evidence file stands. A name that is not
// portable is replaced by the file's digest.
func EvidencePath(environment, source, name, sha256 string) string {
	if environment == "" {
		environment = "none"
	}
	folder := "evidence/" + environment + "/" + strings.ReplaceAll(source, "/", "~")
	if p := folder + "/" + name; CheckPath(p) == nil && path.Clean(name) == name {
		return p
	}
	return folder + "/" + sha256
}
