package evidence

import "slices"

// Items are the evidence items of one result file: one for each verification
// and environment that its cases belong to, with the verdict of Judge. A file
// that cannot be read, or holds nothing, is one failed item of what its place
// says. The base carries name, digest, size and commit; tree is the deployment
// that was there.
func Items(base Item, r Report, o Origin, tree string) []Item {
	base.Format = r.Format
	judged := Judge(r, o)
	out := make([]Item, 0, len(judged))
	for _, j := range judged {
		out = append(out, base.of(j, tree))
	}
	return out
}

// of is what the judged part of the file says.
func (i Item) of(j Judged, tree string) Item {
	i.Verification, i.Environment, i.Counted, i.Verdict = string(j.Verification), j.Environment, j.Flag == "", VerdictFailed
	if j.Passed {
		i.Verdict = VerdictPassed
	}
	if j.Environment != "" {
		i.Tree = tree
	}
	t := j.Totals
	i.Passed, i.Failed, i.Errors, i.Skipped = int(t.Passed), int(t.Failed), int(t.Errored), int(t.Skipped)
	i.Flags = slices.Clip(i.Flags)
	if j.Flag != "" && len(j.Cases) == 0 {
		i.Flags = append(i.Flags, j.Flag)
	}
	if t.Flaky > 0 {
		i.Flags = append(i.Flags, "passed after a failed try")
	}
	i.Flags = append(i.Flags, j.Reasons...)
	return i
}

// Find is the part of a judged file that an item was made of.
func (i Item) Find(judged []Judged) (Judged, bool) {
	at := slices.IndexFunc(judged, func(j Judged) bool {
		return string(j.Verification) == i.Verification && j.Environment == i.Environment
	})
	if at < 0 {
		return Judged{}, false
	}
	return judged[at], true
}
