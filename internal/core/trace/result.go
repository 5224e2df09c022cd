package trace

import "github.com/dc-release/dc-release/internal/core/evidence"

// Results are the counted cases of one verification that name an id, bound to
// the attempt, the commit and the file they came from.
func Results(j evidence.Judged, attempt int, commit, sha256 string) []Result {
	var out []Result
	for _, k := range j.Cases {
		if !k.Counted || len(k.Case.IDs) == 0 {
			continue
		}
		out = append(out, Result{
			IDs: k.Case.IDs, Name: k.Case.Name, Verification: string(k.Verification), Environment: k.Environment,
			Attempt: attempt, Commit: commit, Outcome: k.Case.Outcome, Evidence: sha256, Class: k.Case.Class, Retries: k.Case.Retries,
		})
	}
	return out
}
