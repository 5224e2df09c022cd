package policy

import (
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/dc-release/dc-release/internal/core/dsse"
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
	// Builders are whose statement it has to be; without any it is that of this
	// installation.
	Builders []Builder `json:"builders,omitempty"`
}

// Builder is somebody whose signed statements of builds are trusted.
type Builder struct {
	Name string `json:"name"`
	Key  string `json:"key"` // public, as dsse.ParseKey reads it
}

// maxBuilders bounds what a baseline names.
const maxBuilders = 16

// Any reports whether anything is demanded.
func (s Scans) Any() bool { return s.Severity != "" || s.SBOM || s.Provenance }

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
	var out []error
	if s.Severity != "" && !slices.Contains(Severities, s.Severity) {
		out = append(out, fmt.Errorf("scans: severity %q: want one of %s", s.Severity, strings.Join(Severities, ", ")))
	}
	if len(s.Builders) > 0 && !s.Provenance {
		out = append(out, errors.New("scans: builders are trusted for statements that are not demanded: demand provenance too"))
	}
	if len(s.Builders) > maxBuilders {
		out = append(out, fmt.Errorf("scans: %d builders: want at most %d", len(s.Builders), maxBuilders))
	}
	for i, b := range s.Builders {
		if !keyForm.MatchString(b.Name) || len(b.Name) > 64 {
			out = append(out, fmt.Errorf("scans: builder %q: want lower-case letters, digits and single hyphens, at most 64", b.Name))
		}
		if _, err := dsse.ParseKey(b.Key); err != nil {
			out = append(out, fmt.Errorf("scans: builder %q: %w", b.Name, err))
		}
		if slices.ContainsFunc(s.Builders[:i], func(x Builder) bool { return x.Name == b.Name || x.Key == b.Key }) {
			out = append(out, fmt.Errorf("scans: builder %q: its name or its key stands twice", b.Name))
		}
	}
	return out
}
