package release

import "github.com/dc-release/dc-release/internal/core/ledger"

// State of a release as people see it.
type State string

// The states in the order of a release's life.
const (
	InProgress      State = "in progress"
	StateRejected   State = "rejected"
	StateAuthorised State = "authorised" // last gate consumed, finals not published yet
	Effective       State = "effective"  // for use
	StateSuperseded State = "superseded"
)

// StateAfter is the state that an event of the release's stream leads to; ok
// is false when the event does not change it.
func StateAfter(p ledger.Payload) (State, bool) {
	switch p.(type) {
	case *Registered:
		return InProgress, true
	case *Rejected:
		return StateRejected, true
	case *Authorised:
		return StateAuthorised, true
	case *ForUse, *Reinstated:
		return Effective, true
	case *Superseded:
		return StateSuperseded, true
	}
	return "", false
}
