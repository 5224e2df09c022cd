package deployment

import (
	"fmt"
	"strings"
)

// The halves of a rehearsal: to the release before, and to its own again.
const (
	Back  = "back"
	Forth = "forth"
)

const rehearsal = "rehearsal-"

// RehearsalID stands in place of a rollback's identity in what a half of a
// rehearsal deploys: "rehearsal-1.1.0-1-back" of the first try.
func RehearsalID(version string, try int, half string) string {
	return fmt.Sprintf("%s%s-%d-%s", rehearsal, version, try, half)
}

// Rehearses reports whether the identity of a rollback is that of a half of a
// rehearsal of the version.
func Rehearses(rollback, version string) bool {
	return strings.HasPrefix(rollback, rehearsal+version+"-")
}

// Rehearsal reports whether a rehearsal put it there.
func (d Deployed) Rehearsal() bool { return strings.HasPrefix(d.Rollback, rehearsal) }
