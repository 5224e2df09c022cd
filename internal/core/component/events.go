package component

import (
	"fmt"
	"strings"
)

// Described adds reports about the artifact of a run, which one execution handed
// in. They are about the tree that the run keeps and about no other.
type Described struct {
	Execution string   `json:"execution"`
	Tree      string   `json:"tree"` // digest of the artifact
	Reports   []Handed `json:"reports"`
}

// Handed is one report as the ledger knows it. What stands in it is read again
// from its bytes whenever it decides.
type Handed struct {
	Kind       string `json:"kind"`   // sbom, scan, vex, provenance
	Name       string `json:"name"`   // of the file
	SHA256     string `json:"sha256"` // raw bytes, a blob
	Size       int64  `json:"size"`
	Format     string `json:"format"`     // CycloneDX 1.6, SARIF 2.1.0, OSV-Scanner, in-toto
	Tool       string `json:"tool"`       // that made it, as it says; "" for unsaid
	Components int    `json:"components"` // that an sbom lists
	Critical   int    `json:"critical"`   // findings of a scan, assessed or not
	High       int    `json:"high"`
	Medium     int    `json:"medium"`
	Low        int    `json:"low"`
	Unknown    int    `json:"unknown"`  // findings whose severity nobody said
	Assessed   int    `json:"assessed"` // weaknesses of which a vex says that the artifact is not affected
}

// MaxReports bounds what one Described names, so that it stays far below the
// limit of an event.
const MaxReports = 40

// EventType implements ledger.Payload.
func (Described) EventType() (string, int) { return "artifact.described", 1 }

// Hand is a report as the ledger keeps it.
func (r Report) Hand(kind Kind, name, sha256 string, size int64) Handed {
	return Handed{
		Kind: string(kind), Name: name, SHA256: sha256, Size: size, Format: r.Format, Tool: r.Tool, Components: len(r.Components),
		Critical: r.Count(Critical), High: r.Count(High), Medium: r.Count(Medium), Low: r.Count(Low), Unknown: r.Count(Unknown), Assessed: len(r.Assessments),
	}
}

// Counted is what stands in the report in a few words.
func (h Handed) Counted() string {
	switch Kind(h.Kind) {
	case SBOM:
		return fmt.Sprintf("%d components", h.Components)
	case Scan:
		return fmt.Sprintf("%d critical, %d high, %d medium, %d low, %d of unknown severity", h.Critical, h.High, h.Medium, h.Low, h.Unknown)
	case VEX:
		return fmt.Sprintf("%d assessed as not affected", h.Assessed)
	}
	return "kept, its signature is not checked"
}

// CheckName refuses a file name that is no name: a report is called by it where
// people decide.
func CheckName(name string) bool {
	return name != "" && name == clip(name, maxName) && !strings.ContainsAny(name, `/\`) && name != "." && name != ".."
}
