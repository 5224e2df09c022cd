package evidence

import (
	"fmt"
	"slices"
)

// Judged is what one file proves of one verification in one environment.
type Judged struct {
	Verification Verification `json:"verification"`
	Environment  string       `json:"environment"` // "" for UT and DT
	Cases        []Classified `json:"cases"`
	Totals       Totals       `json:"totals"`  // of all cases
	Counted      Totals       `json:"counted"` // of those that count
	// Flag says why none of it counts, "" when all of it does: what a job may
	// prove is the same for every case of one verification.
	Flag string `json:"flag,omitempty"`
	Judgement
}

// Judge classifies the cases of a report and judges each verification in it by
// the cases that count. A report without cases is judged as the verification
// that its origin says, so that a missing result fails where it was expected. A
// fatal problem fails all of them.
func Judge(r Report, o Origin) []Judged {
	cases := Classify(r, o)
	var out []Judged
	for _, c := range cases {
		at := slices.IndexFunc(out, func(j Judged) bool { return j.Verification == c.Verification && j.Environment == c.Environment })
		if at < 0 {
			at = len(out)
			out = append(out, Judged{Verification: c.Verification, Environment: c.Environment, Flag: c.Flag})
		}
		out[at].Cases = append(out[at].Cases, c)
	}
	if len(cases) == 0 {
		c := classify(Case{}, o)
		out = append(out, Judged{Verification: c.Verification, Environment: c.Environment, Flag: c.Flag})
	}
	for i := range out {
		out[i].judge(r.Problems)
	}
	return out
}

func (j *Judged) judge(problems []Problem) {
	counting := Report{Problems: problems}
	for _, c := range j.Cases {
		j.Totals.Add(c.Case)
		if c.Counted {
			j.Counted.Add(c.Case)
			counting.Cases = append(counting.Cases, c.Case)
		}
	}
	if len(j.Cases) > 0 && len(counting.Cases) == 0 {
		j.Judgement = Judgement{Reasons: []string{fmt.Sprintf("none of %d cases counts: %s", len(j.Cases), j.Cases[0].Flag)}}
		return
	}
	j.Judgement = Verdict(counting)
}

// JobCase is the case that a job is whose name is a test id; its conclusion is
// that of GitHub: success, failure, cancelled or skipped. Any other job is no
// case.
func JobCase(name, conclusion string) (Case, bool) {
	id, ok := JobNameID(name)
	if !ok {
		return Case{}, false
	}
	c := Case{Name: name, IDs: []string{id}, Outcome: Errored, Message: "the job was " + conclusion}
	switch conclusion {
	case "success":
		c.Outcome, c.Message = Passed, ""
	case "failure":
		c.Outcome = Failed
	case "skipped":
		c.Outcome = Skipped
	}
	return c, true
}
