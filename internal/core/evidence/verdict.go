package evidence

import "fmt"

// Judgement is the verdict over one result file with every reason against it.
type Judgement struct {
	Passed  bool     `json:"passed"`
	Reasons []string `json:"reasons,omitempty"`
}

// Verdict judges a report. It passes only when at least one case ran, all that
// ran passed, and the file could be read to its end: empty, all-skipped and
// unreadable files are failed evidence.
func Verdict(r Report) Judgement {
	var why []string
	for _, p := range r.Problems {
		if p.Fatal {
			why = append(why, p.String())
		}
	}
	t := Count(r.Cases) // never the totals that a producer or a caller claims
	switch {
	case t.Cases == 0:
		why = append(why, "the file holds no test case")
	case t.Skipped == t.Cases:
		why = append(why, fmt.Sprintf("all %d cases were skipped", t.Cases))
	}
	if t.Failed > 0 {
		why = append(why, fmt.Sprintf("%d of %d cases failed", t.Failed, t.Cases))
	}
	if t.Errored > 0 {
		why = append(why, fmt.Sprintf("%d of %d cases ended in an error", t.Errored, t.Cases))
	}
	return Judgement{Passed: len(why) == 0, Reasons: why}
}
