package gate

import (
	"fmt"

	"github.com/dc-release/dc-release/internal/core/policy"
	"github.com/dc-release/dc-release/internal/core/release"
)

// MayEnter is the only way into a place. It says no with the reason as long as
// the gate before the place is not consumed, whatever a workflow says. A run
// that is for no release has the zero Standing.
func MayEnter(p policy.Profile, place string, s Standing) (bool, string) {
	switch place {
	case "dev", "tst":
		return true, ""
	case "val":
		if p == policy.NonGxP {
			return true, ""
		}
		return s.passed(PreVal, place)
	case "prd":
		if p == policy.GxP {
			if ok, reason := s.passed(PreVal, place); !ok {
				return false, reason
			}
		}
		return s.passed(ApproveToPrd, place)
	}
	return false, fmt.Sprintf("environment %q is no place of this solution", place)
}

func (s Standing) passed(name, place string) (bool, string) {
	switch {
	case s.Registered == nil:
		return false, fmt.Sprintf("%s may not be entered: the run is for no release; only a version tag can pass gate %s", place, name)
	case s.State == release.StateRejected:
		return false, fmt.Sprintf("%s may not be entered: version %s was rejected", place, s.Registered.Version)
	case s.Held != "":
		return false, fmt.Sprintf("%s may not be entered: version %s is on hold: %s", place, s.Registered.Version, s.Held)
	case s.Moved != nil:
		return false, fmt.Sprintf("%s may not be entered: tag %s was moved", place, s.Registered.Tag)
	case s.Gate(name).Phase != PhaseConsumed:
		return false, fmt.Sprintf("%s may not be entered: gate %s is %s", place, name, s.Gate(name).Phase)
	}
	return true, ""
}
