package release_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/dc-release/dc-release/internal/core/release"
)

// What a draft asks for is refused, and nothing else is.
func TestADraftIsRefusedUntilImpactAndRiskAreWritten(t *testing.T) {
	h := release.History{Previous: mustVersion(t, "1.1.0"), Commits: []release.Commit{
		{SHA: "cccccccccccccc", Subject: "docs: note (#9)", NotesOnly: true},
		{SHA: "bbbbbbbbbbbbbb", Subject: "fix: rounding (#8)"},
		{SHA: "aaaaaaaaaaaaaa", Subject: "feat: sums (#7)"},
		{SHA: "99999999999999", Subject: "by hand"},
	}}
	d, err := release.Draft{Version: mustVersion(t, "1.2.0"), History: h, Repository: repository}.Write()
	if err != nil {
		t.Fatal(err)
	}
	c := release.Context{
		Version: mustVersion(t, "1.2.0"), Released: []release.Version{mustVersion(t, "1.1.0")}, Repository: repository,
		Categories: release.GuideCategories, History: &h,
	}
	n, findings := release.CheckNote(path, d.Text, c)
	seen := map[string]int{}
	for _, f := range findings {
		seen[f.ID]++
	}
	if len(seen) != 2 || seen["DOC-R12"] == 0 || seen["DOC-R13"] == 0 {
		t.Errorf("findings: %v\n%s", findings, d.Text)
	}
	if len(n.Changes) != 2 || n.Changes[0].Number != 7 || d.Least.String() != "1.2.0" || d.Notes != 1 {
		t.Errorf("drafted %+v, changes %+v", d, n.Changes)
	}
	finished := strings.NewReplacer(
		"TODO(impact): say who and what is affected, or that nobody is and why.", "None.",
		"TODO(risk:level): keep one of Low Risk, Medium Risk and High Risk.\n", "",
		"- **Medium Risk**: TODO(risk:medium-risk)\n", "", "- **High Risk**: TODO(risk:high-risk)\n", "",
	).Replace(string(d.Text))
	finished = strings.NewReplacer("TODO(risk:low-risk)", "small", "TODO(risk:data-quality)", "none", "TODO(risk:performance)", "none", "TODO(risk:dependencies)", "none").Replace(finished)
	if _, findings := release.CheckNote(path, []byte(finished), c); len(findings) != 0 {
		t.Errorf("the finished note has %v\n%s", findings, finished)
	}
}

// hostile titles must stay one line of text with the link that the draft made.
var hostile = []string{
	"](https://evil.example/) [x", "<script>alert(1)</script>", "TODO list", "{{ .Secret }}", "<!-- hidden", "a\\", "\\](x", "**bold** _it_ `code` ~x~ |",
	"&lt;b&gt; &#84;", "\u202egnp.exe", "\x1b[31mred", "# heading", "- list", "  spaces   inside  ", "tab\there", "ends with (#12)", "FIXME TBD TODO", "]", "[", "",
	"https://example.org/x?a=1&b=2", "Ω ≥ 95 % København 🚀",
}

func TestHostileTitlesAreText(t *testing.T) {
	for _, title := range hostile {
		titleSurvives(t, title)
	}
}

func FuzzDraftedTitle(f *testing.F) {
	for _, s := range hostile {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, title string) { titleSurvives(t, title) })
}

// titleSurvives drafts a note of one pull request and reads the title back.
func titleSurvives(t *testing.T, title string) {
	t.Helper()
	c := release.Commit{SHA: strings.Repeat("a", 40), Subject: "Merge pull request #41 from o/b", Body: title}
	h := release.History{Previous: mustVersion(t, "1.1.0"), Commits: []release.Commit{c}}
	d, err := release.Draft{Version: mustVersion(t, "1.2.0"), History: h, Repository: repository}.Write()
	if err != nil {
		return // longer than a note may be
	}
	n, findings := release.CheckNote(path, d.Text, release.Context{Version: mustVersion(t, "1.2.0"), Repository: repository, History: &h})
	for _, f := range findings {
		if f.ID != "DOC-R12" && f.ID != "DOC-R13" && f.ID != "DOC-R14" || strings.Contains(f.Message, "stands twice") {
			t.Errorf("title %q: %v\n%s", title, f, d.Text)
		}
		if f.ID == "DOC-R12" && f.At.Line < 7 {
			t.Errorf("title %q is taken for text of a template: %v", title, f)
		}
	}
	if len(n.Changes) != 1 || n.Changes[0].Link != repository+"/pull/41" || len(n.Other) != 1 {
		t.Fatalf("title %q: %+v\n%s", title, n, d.Text)
	}
}

func TestADraftNeedsAnAddress(t *testing.T) {
	if _, err := (release.Draft{Version: mustVersion(t, "1.0.0")}).Write(); err == nil || !strings.Contains(fmt.Sprint(err), "address") {
		t.Errorf("got %v", err)
	}
}

func BenchmarkDraft10000(b *testing.B) {
	var h release.History
	for i := 10_000; i > 0; i-- {
		c := release.Commit{SHA: fmt.Sprintf("%040x", i), Parents: []string{fmt.Sprintf("%040x", i-1)}, Subject: fmt.Sprintf("feat(x): change number %d of the product (#%d)", i, i)}
		if i%3 == 0 {
			c.Subject = "a commit by hand"
		}
		h.Commits = append(h.Commits, c)
	}
	for b.Loop() {
		if _, err := (release.Draft{Version: mustVersion(b, "1.0.0"), History: h, Repository: repository}).Write(); err != nil {
			b.Fatal(err)
		}
	}
}
