package release_test

import (
	"slices"
	"strings"
	"testing"

	"github.com/dc-release/dc-release/internal/core/canonical"
	"github.com/dc-release/dc-release/internal/core/document"
	"github.com/dc-release/dc-release/internal/core/release"
)

// merged is the history of the guide's note.
func merged(t *testing.T, change func(*release.History)) *release.History {
	h := &release.History{Previous: mustVersion(t, "1.1.0"), Commits: []release.Commit{
		{SHA: "d", Parents: []string{"c"}, Subject: "Add release notes for v1.2.0 (#126)", NotesOnly: true},
		{SHA: "c", Parents: []string{"b"}, Subject: "Update documentation for new API endpoints (#125)"},
		{SHA: "b", Parents: []string{"a"}, Subject: "Improve data quality validation (#124)"},
		{SHA: "a", Parents: []string{"z"}, Subject: "Add customer lifecycle segmentation (#123)"},
	}}
	if change != nil {
		change(h)
	}
	return h
}

// ids are those of findings, each once.
func ids(findings []document.Finding) []string {
	var out []string
	for _, f := range findings {
		if !slices.Contains(out, f.ID) {
			out = append(out, f.ID)
		}
	}
	return out
}

func checked(t *testing.T, note string, c release.Context) []string {
	t.Helper()
	_, findings := release.CheckNote(path, []byte(note), c)
	return ids(findings)
}

func TestTheGuidesNoteIsThatOfItsHistory(t *testing.T) {
	if got := checked(t, string(guide(t)), release.Context{Version: mustVersion(t, "1.2.0"), History: merged(t, nil)}); len(got) != 0 {
		t.Errorf("findings: %v", got)
	}
}

type noteCase struct {
	name   string
	note   func(string) string
	commit func(*release.History)
	want   string
}

func noteCases(t *testing.T, cases []noteCase) {
	t.Helper()
	for _, c := range cases {
		note := string(guide(t))
		if c.note != nil {
			note = c.note(note)
		}
		got := strings.Join(checked(t, note, release.Context{Version: mustVersion(t, "1.2.0"), Repository: repository, History: merged(t, c.commit)}), " ")
		if got != c.want {
			t.Errorf("%s: findings %q, want %q", c.name, got, c.want)
		}
	}
}

func replace(from, to string) func(string) string {
	return func(s string) string { return strings.Replace(s, from, to, 1) }
}

const line124 = "* [#124 - Improve data quality validation](https://github.com/org/repo/pull/124)\n"

func TestDOC_R09_EveryMergedPullRequestIsListed(t *testing.T) {
	noteCases(t, []noteCase{
		{"one is left out", replace(line124, ""), nil, "DOC-R09"},
		{"one that changes notes only needs no line", nil, func(h *release.History) { h.Commits[0].NotesOnly = true }, ""},
		{"one that changes more than notes does", nil, func(h *release.History) { h.Commits[0].NotesOnly = false }, "DOC-R09"},
		{"the first of two merges of one was notes only", nil, func(h *release.History) {
			h.Commits = append(h.Commits, release.Commit{SHA: "0", Subject: "Undo (#126)"})
		}, "DOC-R09"},
		{"one inside of another's branch came with it", nil, func(h *release.History) {
			h.Commits[1].Parents = []string{"b", "x"}
			h.Commits = append(h.Commits, release.Commit{SHA: "x", Subject: "inner (#99)", Parents: []string{"a"}})
		}, ""},
	})
}

func TestDOC_R10_NoListedPullRequestIsOutsideOfTheRange(t *testing.T) {
	noteCases(t, []noteCase{
		{"one of another release", replace(line124, line124+"* [#7 - Old](https://github.com/org/repo/pull/7)\n"), nil, "DOC-R10"},
		{"one that another brought may be listed", replace(line124, line124+"* [#99 - inner](https://github.com/org/repo/pull/99)\n"), func(h *release.History) {
			h.Commits[1].Parents = []string{"b", "x"}
			h.Commits = append(h.Commits, release.Commit{SHA: "x", Subject: "inner (#99)", Parents: []string{"a"}})
		}, ""},
	})
}

func TestDOC_R11_TitlesAreThoseOfThePullRequests(t *testing.T) {
	noteCases(t, []noteCase{
		{"another title", replace("Improve data quality validation", "Improve it"), nil, "DOC-R11"},
		{"an escaped title is the same", replace("Improve data quality validation", `Improve \*data\* quality`), func(h *release.History) { h.Commits[2].Subject = "Improve *data* quality (#124)" }, ""},
		{"the title of a merge commit is in its body", nil, func(h *release.History) {
			h.Commits[2].Subject, h.Commits[2].Body = "Merge pull request #124 from org/x", "Improve data quality validation\n\nmore"
		}, ""},
	})
}

func TestDOC_R14_TheVersionRisesAsTheChangesAsk(t *testing.T) {
	noteCases(t, []noteCase{
		{"a break in a minor version", replace("Improve data quality validation", "feat!: quality"), func(h *release.History) { h.Commits[2].Subject = "feat!: quality (#124)" }, "DOC-R14"},
		{"a feature in a minor version", replace("Improve data quality validation", "feat: quality"), func(h *release.History) { h.Commits[2].Subject = "feat: quality (#124)" }, ""},
		{"more than is asked for", nil, func(h *release.History) { h.Previous = mustVersion(t, "0.9.0") }, ""},
	})
}

func TestDOC_R15_TheNoteIsTheOneThatWasTagged(t *testing.T) {
	c := release.Context{Version: mustVersion(t, "1.2.0"), Registered: canonical.SHA256(guide(t))}
	if got := checked(t, string(guide(t)), c); len(got) != 0 {
		t.Errorf("the same note: %v", got)
	}
	if got := checked(t, string(guide(t))+"\n", c); !slices.Equal(got, []string{"DOC-R15"}) {
		t.Errorf("one byte more: %v", got)
	}
}

func TestDOC_R16_TheFolderHasReadmeAndTemplate(t *testing.T) {
	template := []byte("# Release note\n* [#N - Title](https://github.com/org/repo/pull/N)\n## Impact assessment\nTODO\n## Risk assessment\n- **Low Risk**: Why.\n- **Data Quality**: Effect.\n")
	for name, c := range map[string]struct {
		template, readme []byte
		want             int
	}{
		"both":                          {template, []byte("How"), 0},
		"neither":                       {nil, nil, 2},
		"an empty readme":               {template, []byte(" \n"), 1},
		"a template without a level":    {[]byte(strings.Replace(string(template), "- **Low Risk**: Why.\n", "", 1)), []byte("How"), 1},
		"a template without a section":  {[]byte(strings.Replace(string(template), "## Impact assessment\n", "", 1)), []byte("How"), 1},
		"a template that is no text":    {[]byte("\xff\xfe"), []byte("How"), 1},
		"a template with an empty file": {[]byte{}, []byte("How"), 3},
	} {
		got := release.CheckFolder(c.template, c.readme)
		if len(got) != c.want || len(got) > 0 && !slices.Equal(ids(got), []string{"DOC-R16"}) {
			t.Errorf("%s: %v", name, got)
		}
	}
	if got := release.CategoriesOf(template); !slices.Equal(got, []string{"Data Quality"}) {
		t.Errorf("categories are %v", got)
	}
}

func TestDOC_R03_AHotfixIsHigherThanItsOwnLine(t *testing.T) {
	hotfix := string(guide(t)) + "\n## Change type\n\nHotfix: 1.2.0\n"
	for name, c := range map[string]struct {
		note, file string
		want       []string
	}{
		"a normal change below a released version": {string(guide(t)), "1.2.1", []string{"DOC-R03"}},
		"a hotfix of an earlier line":              {hotfix, "1.2.1", nil},
		"a hotfix that was released":               {hotfix, "1.2.0", []string{"DOC-R03"}},
	} {
		_, findings := release.CheckNote("documentation/releases/"+c.file+".md", []byte(c.note), release.Context{
			Version: mustVersion(t, c.file), Released: []release.Version{mustVersion(t, "1.2.0"), mustVersion(t, "1.3.0")},
		})
		if got := ids(findings); !slices.Equal(got, c.want) {
			t.Errorf("%s: %v", name, findings)
		}
	}
}

func TestWhatAContextCannotAnswerIsLeft(t *testing.T) {
	left := release.Context{}.Left()
	for _, id := range []string{"DOC-R03", "DOC-R04", "DOC-R08", "DOC-R09", "DOC-R10", "DOC-R11", "DOC-R14", "DOC-R15"} {
		if left[id] == "" {
			t.Errorf("%s is not left", id)
		}
	}
	whole := release.Context{Version: mustVersion(t, "1.2.0"), Released: []release.Version{}, Repository: repository, History: merged(t, nil), Registered: "x"}
	if left := whole.Left(); len(left) != 0 {
		t.Errorf("left: %v", left)
	}
	whole.History = &release.History{Previous: mustVersion(t, "1.1.0"), Commits: []release.Commit{{SHA: "a", Subject: "by hand"}}}
	if left := whole.Left(); len(left) != 3 || !strings.Contains(left["DOC-R09"], "no commit") {
		t.Errorf("left without pull requests: %v", left)
	}
}

func TestDOC_S10_DocumentsAreApprovedOrChangedByThisRelease(t *testing.T) {
	file := func(path, object string) release.File { return release.File{Path: path, Object: object} }
	before := []release.File{file("documentation/a.md", "1"), file("documentation/b.md", "1")}
	by := []release.Commit{{SHA: "a", Paths: []string{"documentation/a.md"}}}
	for name, c := range map[string]struct {
		after   []release.File
		commits []release.Commit
		want    string
	}{
		"nothing changed":              {before, nil, ""},
		"changed by a commit":          {[]release.File{file("documentation/a.md", "2"), before[1]}, by, ""},
		"changed by none":              {[]release.File{file("documentation/a.md", "2"), before[1]}, nil, "documentation/a.md"},
		"another one than was touched": {[]release.File{before[0], file("documentation/b.md", "2")}, by, "documentation/b.md"},
		"gone without a commit":        {before[:1], by, "documentation/b.md"},
		"a new one":                    {append(before[:2:2], file("documentation/c.md", "1")), nil, ""},
	} {
		var got []string
		for _, f := range release.CheckApproved(before, c.after, c.commits, func(p string) string { return p }) {
			got = append(got, f.At.File)
		}
		if strings.Join(got, " ") != c.want {
			t.Errorf("%s: %v, want %q", name, got, c.want)
		}
	}
}

func TestDOC_R02_NotesAreNamedAsVersions(t *testing.T) {
	for file, want := range map[string]int{
		"1.2.0.md": 0, "README.md": 0, "TEMPLATE_RELEASE_NOTE.md": 0, "img/x.md": 0, "plan.txt": 0, "10.20.30.md": 0,
		"v1.2.0.md": 1, "01.2.0.md": 1, "1.2.md": 1, "1.2.0-rc1.md": 1, "notes.md": 1, ".md": 1,
	} {
		if got := release.CheckNames([]string{"documentation/releases/" + file, "docs/v1.md"}); len(got) != want {
			t.Errorf("%s: %v", file, got)
		}
	}
}
