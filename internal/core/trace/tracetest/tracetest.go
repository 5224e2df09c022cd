// Package tracetest makes large sets of requirements, specifications and tests
// with results, for tests and benchmarks of everything that reads, joins and
// prints them. A set is made of its size alone: the same size gives the same
// bytes.
package tracetest

import (
	"fmt"
	"slices"

	"github.com/dc-release/dc-release/internal/core/evidence"
	"github.com/dc-release/dc-release/internal/core/trace"
)

// Project is whose ids these are.
const Project = "corp"

// The commits that results are of: the release's, and the one before.
const (
	Commit  = "1111111111111111111111111111111111111111"
	Earlier = "0000000000000000000000000000000000000000"
)

// Sizes are those that figures are given for: some 1,000, 10,000 and 100,000
// items, as each level has as many.
var Sizes = []int{333, 3_333, 33_333}

// Set is n requirements, n specifications that implement one each, and n tests
// that verify one each. Number i has at most one defect.
type Set struct{ defects []defect }

// defect is what is wrong with number i of a set.
type defect uint8

const (
	none     defect = iota
	unlinked        // its specification names no requirement
	unknown         // its test names a specification that is not there
	failing         // its test fails
	outdated        // its result is of the commit before
	retried         // its test fails first and passes on the second attempt
)

// shares are how many of a hundred numbers have a defect.
var shares = map[defect]int{unlinked: 1, unknown: 1, failing: 2, outdated: 1, retried: 1}

// seed of the order in which numbers get their defects.
const seed = 42

// Of is the set of n requirements. One of fewer than a hundred has no defects.
func Of(n int) Set {
	numbers := make([]int, n)
	for i := range numbers {
		numbers[i] = i
	}
	state := uint64(seed)
	for i := n - 1; i > 0; i-- {
		j := int(next(&state) % uint64(i+1))
		numbers[i], numbers[j] = numbers[j], numbers[i]
	}
	s := Set{make([]defect, n)}
	for d := unlinked; d <= retried; d++ {
		with := shares[d] * n / 100
		for _, i := range numbers[:with] {
			s.defects[i] = d
		}
		numbers = numbers[with:]
	}
	return s
}

// next is SplitMix64 (Steele, Lea, Flood: Fast splittable pseudorandom number
// generators, 2014).
func next(state *uint64) uint64 {
	*state += 0x9e3779b97f4a7c15
	z := *state
	z = (z ^ z>>30) * 0xbf58476d1ce4e5b9
	z = (z ^ z>>27) * 0x94d049bb133111eb
	return z ^ z>>31
}

// Len is how many items the set has.
func (s Set) Len() int { return 3 * len(s.defects) }

// Run is one result file: what ran at a commit, as which attempt.
type Run struct {
	Commit  string
	Attempt int
	JUnit   string // a case for each test, which names it by the property "verifies"
	cases   []result
}

type result struct {
	number int // from 1
	passed bool
}

// Runs are the result files of the set: of the commit before, of the release's,
// and the second attempt of what failed and passed then.
func (s Set) Runs() []Run {
	runs := []Run{{Commit: Earlier, Attempt: 1}, {Commit: Commit, Attempt: 1}, {Commit: Commit, Attempt: 2}}
	for i, d := range s.defects {
		at := 1
		if d == outdated {
			at = 0
		}
		runs[at].cases = append(runs[at].cases, result{i + 1, d != failing && d != retried})
		if d == retried {
			runs[2].cases = append(runs[2].cases, result{i + 1, true})
		}
	}
	runs = slices.DeleteFunc(runs, func(r Run) bool { return len(r.cases) == 0 })
	for i := range runs {
		runs[i].JUnit = junit(runs[i].cases)
	}
	return runs
}

// Results are the cases of all runs as those of one verification in one place.
func (s Set) Results(v evidence.Verification, environment string) []trace.Result {
	out := make([]trace.Result, 0, len(s.defects))
	for _, run := range s.Runs() {
		for _, c := range run.cases {
			r := trace.Result{
				IDs: []string{fmt.Sprintf("TEST-corp-%d", c.number)}, Name: fmt.Sprintf("test_%d", c.number), Verification: string(v), Environment: environment,
				Attempt: run.Attempt, Commit: run.Commit, Outcome: evidence.Failed, Evidence: fmt.Sprintf("%s/%d", run.Commit, run.Attempt),
			}
			if c.passed {
				r.Outcome = evidence.Passed
			}
			out = append(out, r)
		}
	}
	return out
}
