package gate

import (
	"fmt"
	"strings"

	"github.com/dc-release/dc-release/internal/core/policy"
	"github.com/dc-release/dc-release/internal/core/signature"
)

// MayReview names every reason why the person must not review the audit trail
// of the release (EU GMP Annex 11 draft, 12.6); acted is what the person did in
// its scope, "" for nothing.
func MayReview(s Standing, p policy.Subject, solution, acted string) []string {
	out := eligible(s, p, signature.AuditTrailReviewed, solution)
	if acted != "" {
		out = append(out, fmt.Sprintf("%s acted in this release (%s): the reviewer is somebody else", p.Login, acted))
	}
	return out
}

// impartial keeps a reviewer from acting otherwise afterwards.
func (s Standing) impartial(p policy.Subject) []string {
	for _, r := range s.Reviews {
		if r.Person == p.ID {
			return []string{p.Login + " reviewed the audit trail of this release and signs nothing else of it"}
		}
	}
	return nil
}

// Unreviewed names every reason why the exception list counts as not reviewed;
// nil when one review of exactly this list counts. entries is its length, acted
// what people did in the release's scope.
func Unreviewed(s Standing, list string, entries int, solution string, find Signer, acted map[string]string) []string {
	var why []string
	for _, r := range s.Reviews {
		if r.Manifest != list {
			continue
		}
		reasons := MayReview(s, find(r.Person), solution, acted[r.Person])
		if len(reasons) == 0 {
			return nil
		}
		why = append(why, "a review does not count: "+strings.Join(reasons, "; "))
	}
	switch {
	case len(why) > 0:
		return why
	case len(s.Reviews) > 0:
		return []string{fmt.Sprintf("the exception list changed after the review and has %d entries now", entries)}
	}
	return []string{fmt.Sprintf("the exception list with %d entries is not reviewed", entries)}
}
