package pipeline_test

import (
	"flag"
	"fmt"
	"reflect"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"github.com/dc-release/dc-release/internal/core/gate"
	"github.com/dc-release/dc-release/internal/core/pipeline"
)

// checks sets how many cases rapid tries in a test.
func checks(t *testing.T, n int) {
	t.Helper()
	f := flag.Lookup("rapid.checks")
	if f == nil {
		t.Fatal("rapid has no flag for the number of checks")
	}
	before := f.Value.String()
	if err := f.Value.Set(fmt.Sprint(n)); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = f.Value.Set(before) })
}

// TestGXP014_NoSequenceOfOperationsPassesAGate tries random lives: none queues
// or claims anything in VAL or PRD, or is for use, without the gates of its
// profile. It counts how far they came, because a test in which nothing happens
// shows nothing.
func TestGXP014_NoSequenceOfOperationsPassesAGate(t *testing.T) {
	n := sequences
	if testing.Short() {
		n /= 50
	}
	checks(t, n)
	reached := map[string]int{}
	rapid.Check(t, func(t *rapid.T) {
		l := live(t)
		for _, e := range l.events {
			if q, ok := e.Data.(*pipeline.ExecutionClaimed); ok {
				reached[string(l.profile)+" "+pipeline.JobOf(q.Execution)]++
			}
		}
		if l.forUse {
			reached[string(l.profile)+" for use"]++
		}
	})
	for _, want := range []string{"gxp val", "gxp prd", "gxp for use", "non-gxp prd"} {
		if reached[want] == 0 && !testing.Short() {
			t.Errorf("no sequence came to %q: %v", want, reached)
		}
	}
	t.Logf("%d sequences came to: %v", n, strings.TrimPrefix(fmt.Sprint(reached), "map"))
}

// TestApplyGivesTheSameStateForTheSameEvents applies the events of random lives
// again.
func TestApplyGivesTheSameStateForTheSameEvents(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		l := live(t)
		again := pipeline.NewState(l.run.Plan)
		for i, e := range l.events {
			before := again
			one, two := pipeline.Apply(again, e), pipeline.Apply(again, e)
			if !reflect.DeepEqual(one, two) || !reflect.DeepEqual(before, again) {
				t.Fatalf("event %d %T gives different states, or changes the one before", i, e.Data)
			}
			again = one
		}
		if !reflect.DeepEqual(again, l.run) {
			t.Fatalf("events applied again give %+v, were %+v", again, l.run)
		}
	})
}

// TestNextIsAFunctionOfItsArguments asks twice.
func TestNextIsAFunctionOfItsArguments(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		l := begin(t)
		for range 10 {
			o := l.outside()
			if one, two := pipeline.Next(l.run, o), pipeline.Next(l.run, o); !reflect.DeepEqual(one, two) {
				t.Fatalf("%v and %v", one, two)
			}
			l.operate(operations[l.dice.IntN(len(operations))], l.dice.IntN(56))
		}
	})
}

// TestEveryRunThatIsWorkedOnEnds finishes all work and rejects every gate: Next
// must come to an end.
func TestEveryRunThatIsWorkedOnEnds(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		l := live(t)
		l.persons = everybody()
		for range 20 * len(l.run.Plan.Jobs) {
			if l.run.Finished {
				break
			}
			for _, key := range append(l.jobsIn(pipeline.Queued), l.jobsIn(pipeline.Running)...) {
				l.toRun(&pipeline.ExecutionFinished{Execution: l.run.Jobs[key].Execution, Job: key, Conclusion: pipeline.Success})
			}
			for _, key := range l.jobsIn(pipeline.Waiting) {
				j, _ := l.run.Plan.Job(key)
				l.toRelease(&gate.Rejected{Gate: j.Environment})
			}
			l.step()
		}
		if !l.run.Finished {
			t.Fatalf("the run does not end: %+v", l.run.Jobs)
		}
	})
}
