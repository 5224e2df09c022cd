package evidence

import "slices"

// Items are the evidence items of one result file: one for each verification
// and environment that its cases belong to, those that count apart from those
// that do not. A file that cannot be read, or holds nothing, is one failed
// item of what its place says. The base carries name, digest, size and commit;
// tree is the deployment that was there.
func Items(base Item, r Report, o Origin, tree string) []Item {
	judged := Verdict(r)
	base.Format = r.Format
	if len(r.Cases) == 0 {
		lone := Classify(Report{Cases: []Case{{Name: o.Path}}}, o)[0]
		return []Item{base.of(lone, tree).fail(judged.Reasons...)}
	}
	type group struct {
		verification Verification
		environment  string
		flag         string
	}
	var order []group
	cases := map[group][]Classified{}
	for _, c := range Classify(r, o) {
		g := group{c.Verification, c.Environment, c.Flag}
		if _, ok := cases[g]; !ok {
			order = append(order, g)
		}
		cases[g] = append(cases[g], c)
	}
	out := make([]Item, 0, len(order))
	for _, g := range order {
		item := base.of(cases[g][0], tree)
		part := Report{Problems: r.Problems}
		for _, c := range cases[g] {
			part.Cases = append(part.Cases, c.Case)
		}
		t := Count(part.Cases)
		item.Passed, item.Failed, item.Errors, item.Skipped = int(t.Passed), int(t.Failed), int(t.Errored), int(t.Skipped)
		if t.Flaky > 0 {
			item.Flags = append(item.Flags, "passed after a failed try")
		}
		if v := Verdict(part); !v.Passed {
			item = item.fail(v.Reasons...)
		}
		out = append(out, item)
	}
	return out
}

func (i Item) of(c Classified, tree string) Item {
	i.Verification, i.Environment, i.Counted, i.Verdict = string(c.Verification), c.Environment, c.Counted, VerdictPassed
	if c.Environment != "" {
		i.Tree = tree
	}
	if c.Flag != "" {
		i.Flags = append(slices.Clip(i.Flags), c.Flag)
	}
	return i
}

func (i Item) fail(reasons ...string) Item {
	i.Verdict = VerdictFailed
	i.Flags = append(slices.Clip(i.Flags), reasons...)
	return i
}
