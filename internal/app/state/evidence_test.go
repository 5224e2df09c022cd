package state_test

import (
	"testing"

	"github.com/dc-release/dc-release/internal/app/state"
	"github.com/dc-release/dc-release/internal/core/evidence"
)

func TestALaterTryOfAManualTestIsTheLatest(t *testing.T) {
	record := func(seq int64, person, name string) state.Recorded {
		return state.Recorded{Seq: seq, Recorded: evidence.Recorded{Person: person, Items: []evidence.Item{{Name: name, Verification: "AV", Environment: "val"}}}}
	}
	failed, passed, other := record(1, "tom", "acceptance.xml"), record(2, "bea", "acceptance.xml"), record(3, "tom", "reports.xml")
	scope := state.Recorded{Seq: 4, Recorded: evidence.Recorded{Job: "code_quality", Items: []evidence.Item{{Name: "acceptance.xml", Verification: "AV", Environment: "val"}}}}
	run := state.Run{Evidence: []state.Recorded{failed, passed, other, scope}}
	for _, c := range []struct {
		name    string
		record  state.Recorded
		latest  bool
		attempt int
	}{
		{"the first try is not the latest any more", failed, false, 1},
		{"the second is", passed, true, 2},
		{"another protocol stands for itself", other, true, 1},
		{"what a machine left is no try of it", scope, true, 1},
	} {
		t.Run(c.name, func(t *testing.T) {
			if got := run.Latest(c.record); got != c.latest {
				t.Errorf("latest %v", got)
			}
			if got := run.AttemptOf(c.record); got != c.attempt {
				t.Errorf("attempt %d", got)
			}
		})
	}
}
