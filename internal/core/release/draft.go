package release

import (
	"fmt"
	"slices"
	"strings"

	"github.com/dc-release/dc-release/internal/core/fault"
)

// Draft is what a draft of a note is made of.
type Draft struct {
	Version    Version
	History    History
	Repository string   // address of the code repository without trailing slash
	Categories []string // nil for those of the guide
}

// Drafted is a note that a person has to finish: DOC-R12 and R13 refuse it until
// then. Every commit of the range is counted in one of the two lists.
type Drafted struct {
	Text      []byte
	Requests  int  // pull requests that are listed
	Notes     int  // pull requests of release notes alone, which are not
	Brought   int  // commits that pull requests brought
	Alone     int  // commits without a pull request
	Suggested Bump // zero without a release before
	// Least is the version that the types of the changes ask for; zero without a
	// release before.
	Least Version
}

// Commits is how many the range has.
func (d Drafted) Commits() int { return d.Brought + d.Alone }

// groups is the order of the changes in a draft, by conventional type.
var groups = []string{"feat", "feature", "fix", "perf", "revert", "refactor", "", "docs", "test", "style", "build", "ci", "chore"}

func group(r PullRequest) int {
	if r.Breaking {
		return -1
	}
	at := slices.Index(groups, r.Kind)
	if at < 0 {
		at = slices.Index(groups, "")
	}
	return at
}

// Write makes the note: what breaks first, then by type, then in the order of
// merging. Impact and risk are never written, only asked for.
func (d Draft) Write() (Drafted, error) {
	if d.Repository == "" {
		return Drafted{}, fault.New(fault.Invalid, "the address of the repository is not known, and each change links to it").WithHint("give it with --repository https://github.com/ORG/REPO")
	}
	requests, alone := d.History.Changes()
	out := Drafted{Alone: len(alone)}
	if !d.History.Previous.IsZero() {
		out.Suggested = d.History.Suggest()
		out.Least = d.History.Previous.Next(out.Suggested)
	}
	slices.SortStableFunc(requests, func(a, b PullRequest) int { return group(a) - group(b) })
	var b strings.Builder
	fmt.Fprintf(&b, "# %s\n\nThis release contains the following changes:\n\n", noteTitle)
	for _, r := range requests {
		out.Brought += len(r.Commits)
		if r.Notes {
			out.Notes++
			continue
		}
		out.Requests++
		fmt.Fprintln(&b, changeLine(r.Number, r.Title, d.Repository))
	}
	if out.Requests == 0 {
		fmt.Fprintln(&b, "TODO(changes): list the changes, or write No functional change.")
	}
	d.questions(&b)
	d.commits(&b, requests, alone, out)
	out.Text = []byte(b.String())
	if len(out.Text) > maxNote {
		return out, fault.New(fault.Invalid, "the draft of %d commits has %d bytes, a note has at most %d", out.Commits(), len(out.Text), maxNote).WithHint("tag a release in between")
	}
	return out, nil
}

func (d Draft) questions(b *strings.Builder) {
	fmt.Fprintf(b, "\n## %s\n\nTODO(impact): say who and what is affected, or that nobody is and why.\n\n## %s\n\n", impactTitle, riskTitle)
	fmt.Fprintln(b, "TODO(risk:level): keep one of Low Risk, Medium Risk and High Risk.")
	fmt.Fprintln(b)
	for _, level := range Levels {
		fmt.Fprintf(b, "- **%s**: TODO(risk:%s)\n", level, slug(level))
	}
	categories := d.Categories
	if categories == nil {
		categories = GuideCategories
	}
	for _, c := range categories {
		fmt.Fprintf(b, "- **%s**: TODO(risk:%s)\n", strings.ReplaceAll(escaped(c), "*", ""), slug(c))
	}
}

func slug(s string) string { return strings.ReplaceAll(strings.ToLower(shown(s)), " ", "-") }

// commits accounts for every commit of the range by its id.
func (d Draft) commits(b *strings.Builder, requests []PullRequest, alone []Commit, out Drafted) {
	fmt.Fprintf(b, "\n## Commits\n\nSince %s there are %d commits: %d by %d pull requests, %d without one.\n", since(d.History.Previous), out.Commits(), out.Brought, len(requests), len(alone))
	if len(requests)+len(alone) > 0 {
		fmt.Fprintln(b)
	}
	for _, r := range requests {
		ids := make([]string, 0, len(r.Commits))
		for _, c := range r.Commits {
			ids = append(ids, short(c.SHA))
		}
		what := ""
		if r.Notes {
			what = " (release notes only)"
		}
		fmt.Fprintf(b, "- #%d%s: %s\n", r.Number, what, strings.Join(ids, ", "))
	}
	for _, c := range alone {
		title := escaped(cut(c.Title()))
		if title == "" {
			title = "no message"
		}
		fmt.Fprintf(b, "- %s without a pull request: %s\n", short(c.SHA), title)
	}
}

// maxAlone is how much of the subject of a commit without a pull request a draft
// repeats, in characters; its id leads to the rest.
const maxAlone = 120

func cut(title string) string {
	if r := []rune(title); len(r) > maxAlone {
		return string(r[:maxAlone]) + "..."
	}
	return title
}

func short(sha string) string { return sha[:min(12, len(sha))] }
