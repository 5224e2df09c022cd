package release

import (
	"fmt"
	"regexp"
	"strings"
)

// ChangeType routes a release through its gates (ITIL change types).
type ChangeType string

// Normal is what a release is unless it says otherwise. A standard change stays
// inside an approved template. An emergency goes to production first and is
// caught up on later. A hotfix starts from a released version and not from the
// branch.
const (
	Normal    ChangeType = "normal"
	Standard  ChangeType = "standard"
	Emergency ChangeType = "emergency"
	Hotfix    ChangeType = "hotfix"
)

// Declared is the change type that a release note declares, with what it refers
// to: the template of a standard change, the incident of an emergency, the
// version that a hotfix starts from.
type Declared struct {
	Type      ChangeType `json:"type"`
	Reference string     `json:"reference"`
}

// Classified records the type that a release goes by, after what it declares.
type Classified struct {
	Type     ChangeType `json:"type"`
	Declared Declared   `json:"declared"`
	// Because says why the type is not the declared one, one reason each.
	Because []string `json:"because,omitempty"`
}

// EventType implements ledger.Payload.
func (Classified) EventType() (string, int) { return "release.classified", 1 }

var changeTypeForm = regexp.MustCompile(`^(?i)(normal|standard|emergency|hotfix)(?::\s*([A-Za-z0-9][A-Za-z0-9._-]{0,63}))?\.?(?:[\s,;]|$)`)

// ParseChangeType reads the text of the section: "Emergency: INC-2041" and
// whatever explains it.
func ParseChangeType(text string) (Declared, error) {
	m := changeTypeForm.FindStringSubmatch(strings.TrimSpace(text))
	if m == nil {
		return Declared{}, fmt.Errorf("change type %.60q: want Normal, Standard: TEMPLATE, Emergency: INCIDENT or Hotfix: X.Y.Z", text)
	}
	d := Declared{Type: ChangeType(strings.ToLower(m[1])), Reference: strings.TrimSuffix(m[2], ".")}
	switch {
	case d.Type == Normal && d.Reference != "":
		return d, fmt.Errorf("change type Normal refers to nothing, it says %q", d.Reference)
	case d.Type != Normal && d.Reference == "":
		return d, fmt.Errorf("change type %s: want what it refers to: Standard: TEMPLATE, Emergency: INCIDENT or Hotfix: X.Y.Z", m[1])
	}
	return d, nil
}
