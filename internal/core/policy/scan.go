package policy

import (
	"fmt"
	"slices"
	"strings"
)

// Severities of what a scan finds, the worst first.
var Severities = []string{"critical", "high", "medium", "low"}

// Scans is what gates demand of an artifact before it may leave TST.
type Scans struct {
	// Severity demands a scan without a finding that is as bad or worse and not
	// assessed; "" demands none.
	Severity string `json:"severity,omitempty"`
	// SBOM demands a list of the components.
	SBOM bool `json:"sbom,omitempty"`
	// Provenance demands a signed statement of who built the artifact, from what.
	Provenance bool `json:"provenance,omitempty"`
}

// Bars reports whether a finding of a severity is as bad as what is demanded
// not to be there. An unknown severity is as bad as any.
func (s Scans) Bars(severity string) bool {
	if s.Severity == "" {
		return false
	}
	at := slices.Index(Severities, severity)
	return at <= slices.Index(Severities, s.Severity)
}

func (s Scans) check() []error {
	if s.Severity == "" || slices.Contains(Severities, s.Severity) {
		return nil
	}
	return []error{fmt.Errorf("scans: severity %q: want one of %s", s.Severity, strings.Join(Severities, ", "))}
}
