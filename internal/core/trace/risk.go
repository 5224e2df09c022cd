package trace

import (
	"fmt"
	"slices"
	"strings"
)

// Class of a risk; it decides how much evidence is the least.
type Class string

// The closed list of classes, in rising order.
const (
	Low    Class = "Low"
	Medium Class = "Medium"
	High   Class = "High"
)

// Classes is the list from low to high.
var Classes = []Class{Low, Medium, High}

// ParseClass reads a class in any case.
func ParseClass(s string) (Class, error) {
	for _, c := range Classes {
		if strings.EqualFold(string(c), s) {
			return c, nil
		}
	}
	return "", fmt.Errorf("read risk class %q: want Low, Medium or High", s)
}

// higher is the higher of two classes; "" is below all.
func higher(a, b Class) Class {
	if slices.Index(Classes, b) > slices.Index(Classes, a) {
		return b
	}
	return a
}

// MaxFactor is the highest value of a factor of an assessment; the lowest is 1.
const MaxFactor = 3

// Assessment of a risk: how bad it is (Severity), how often it comes
// (Occurrence) and how hard it is to notice (Detection), each 1 to MaxFactor;
// 0 was not given. Residual is the class that is left when everything that
// mitigates it is there.
type Assessment struct {
	Severity   int   `json:"severity"`
	Occurrence int   `json:"occurrence"`
	Detection  int   `json:"detection"`
	Residual   Class `json:"residual,omitempty"`
}

// Priority is the product of the factors, 0 while one of them is not given.
func (a Assessment) Priority() int { return a.Severity * a.Occurrence * a.Detection }

// Class is computed, never typed: a priority to 4 is Low, to 16 Medium, above
// it High. "" while a factor is not given.
func (a Assessment) Class() Class {
	switch p := a.Priority(); {
	case p <= 0:
		return ""
	case p <= 4:
		return Low
	case p <= 16:
		return Medium
	}
	return High
}

// Minimum is the least evidence that the default policy asks for. A Low risk is
// content with any passed test. Installation is verified for the release as a
// whole: its gates ask for it, whatever the class.
var Minimum = map[Class][]Column{
	Medium: {{Verification: "OV", Environment: "tst"}, {Verification: "OV", Environment: "val"}},
	High: {
		{Verification: "OV", Environment: "tst"},
		{Verification: "OV", Environment: "val"},
		{Verification: "AV", Environment: "val"},
	},
}
