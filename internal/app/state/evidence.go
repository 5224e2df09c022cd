package state

import (
	"slices"

	"github.com/dc-release/dc-release/internal/core/acceptance"
	"github.com/dc-release/dc-release/internal/core/evidence"
	"github.com/dc-release/dc-release/internal/core/pipeline"
)

// Origin is where a result file of a job came from. It is the same when the
// file is recorded and whenever it is read again.
func Origin(job pipeline.Job, path string) evidence.Origin {
	o := evidence.Origin{Path: path}
	if job.Kind == pipeline.Place {
		o.Environment = job.Environment
	}
	for _, p := range job.Proves {
		o.Proves = append(o.Proves, evidence.Proof{Verification: evidence.Verification(p.Verification), Environment: p.Environment})
	}
	return o
}

// Origin is where an item of a record came from.
func (r Run) Origin(rec Recorded, item evidence.Item) evidence.Origin {
	if rec.Person != "" {
		return evidence.Tested(item.Name, evidence.Verification(item.Verification), item.Environment)
	}
	if own, ok := evidence.OwnOrigin(item.Format, item.Environment); ok {
		return own
	}
	job, _ := r.Plan.Job(rec.Job)
	return Origin(job, item.Name)
}

// Latest reports whether no later attempt exists: of the record's job, or of a
// person's protocol, which is its file name in a verification and environment.
// What scopes concluded has no attempts.
func (r Run) Latest(rec Recorded) bool {
	if rec.Person == "" {
		return rec.Execution == "" || r.Jobs[rec.Job].Execution == rec.Execution
	}
	for _, other := range r.Evidence {
		if other.Seq > rec.Seq && sameProtocol(other, rec) {
			return false
		}
	}
	return true
}

// AttemptOf is the attempt of the record's job or protocol, 1 for what has no
// attempts.
func (r Run) AttemptOf(rec Recorded) int {
	if q, ok := r.Queued[rec.Execution]; ok {
		return q.Attempt
	}
	n := 1
	for _, other := range r.Evidence {
		if rec.Person != "" && other.Seq < rec.Seq && sameProtocol(other, rec) {
			n++
		}
	}
	return n
}

// sameProtocol reports whether two records of people are tries of one manual
// test.
func sameProtocol(a, b Recorded) bool {
	if a.Person == "" || b.Person == "" || len(a.Items) == 0 || len(b.Items) == 0 {
		return false
	}
	x, y := a.Items[0], b.Items[0]
	return x.Name == y.Name && x.Verification == y.Verification && x.Environment == y.Environment
}

// Agreed reports whether a second person signed the protocol that the record is
// of.
func (r Run) Agreed(rec Recorded) bool {
	return slices.ContainsFunc(r.Acceptances, func(a acceptance.Acceptance) bool {
		return a.Reviewed != nil && a.Submitted != nil && a.Submitted.Signature == rec.Signature
	})
}
