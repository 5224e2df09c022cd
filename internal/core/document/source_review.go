package document

import "fmt"

// outlineSourceReview writes what came into the code since the previous
// release, by whom and by which change.
func outlineSourceReview(a *author) {
	a.identification()
	a.section("Scope")
	a.say("Every commit between the previous release and this one is listed, whatever its message. A commit without a number came by no pull request that its message names.")
	a.people()
	a.section("Changes")
	a.changes()
	a.section("Commits")
	t := Table{
		Caption: "Commits since the previous release",
		Columns: []Column{{Title: "Commit", Weight: 5}, {Title: "Subject", Weight: 12}, {Title: "Author", Weight: 6}, {Title: "Change", Weight: 3}},
		Empty:   "No commit is recorded.",
	}
	loose := 0
	for _, c := range a.facts.Setting.Commits {
		number := plain("")
		if c.Number > 0 {
			number = plain(fmt.Sprintf("#%d", c.Number))
		} else if !c.Merge {
			loose++
		}
		t.Rows = append(t.Rows, row(mono(short(c.SHA)), plain(c.Subject), plain(c.Author), number))
	}
	a.table(t)
	if loose > 0 {
		a.notice(Caution, "Without a change", text(Plural(int64(loose), "commit names", "commits name")+" no pull request."))
	}
	a.section("Workflow files and artifacts")
	a.sources()
	a.artifacts()
}
