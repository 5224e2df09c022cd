package release_test

import (
	"os"
	"strings"
	"testing"

	"github.com/dc-release/dc-release/internal/core/canonical"
	"github.com/dc-release/dc-release/internal/core/document"
	"github.com/dc-release/dc-release/internal/core/release"
	"github.com/google/go-cmp/cmp"
)

const path = "documentation/releases/1.2.0.md"

func guide(t testing.TB) []byte {
	t.Helper()
	data, err := os.ReadFile("testdata/guide-1.2.0.md")
	if err != nil {
		t.Fatal(err)
	}
	return data
}

func TestTheGuidesNoteHasNoFinding(t *testing.T) {
	data := guide(t)
	n, findings := release.CheckNote(path, data, release.Context{
		Version: mustVersion(t, "v1.2.0"), Released: []release.Version{mustVersion(t, "1.1.0"), mustVersion(t, "1.0.9")},
		Repository: "https://github.com/org/repo", Categories: release.GuideCategories,
	})
	if len(findings) != 0 {
		t.Errorf("findings: %v", findings)
	}
	want := document.Note{
		Path: path, SHA256: canonical.SHA256(data), Text: string(data),
		Intro: "This release contains the following changes:",
		Changes: []document.Change{
			{Number: 123, Title: "Add customer lifecycle segmentation", Link: "https://github.com/org/repo/pull/123"},
			{Number: 124, Title: "Improve data quality validation", Link: "https://github.com/org/repo/pull/124"},
			{Number: 125, Title: "Update documentation for new API endpoints", Link: "https://github.com/org/repo/pull/125"},
		},
		Impact: "This is a minor release adding new segmentation capabilities. No breaking changes to existing APIs. New endpoints are additive and backward compatible.",
		Level:  "Low Risk",
		Risks: []document.Risk{
			{Category: "Low Risk", Text: "New functionality is isolated and well-tested"},
			{Category: "Data Quality", Text: "Enhanced validation reduces risk of data issues"},
			{Category: "Performance", Text: "No impact on existing pipeline performance"},
			{Category: "Dependencies", Text: "No changes to external dependencies"},
		},
	}
	if d := cmp.Diff(want, n.Facts(path, data)); d != "" {
		t.Error(d)
	}
	if n.Changes[1].At != (document.Position{File: path, Line: 4, Column: 3}) || n.Risks[0].At.Line != 9 {
		t.Errorf("positions are %v and %v", n.Changes[1].At, n.Risks[0].At)
	}
}

// Each row changes the guide's note at one place and names the one finding.
func TestDOC_R05_R07_R08_R12_R13_EachDefectIsFoundWhereItIs(t *testing.T) {
	for _, c := range []struct {
		name, old, new string
		want           string // id at line:column
	}{
		{"another title", "# Release note", "# Release notes", "DOC-R05 1:1"},
		{"no title", "# Release note\n", "", "DOC-R05 1:1"},
		{"a second title", "## Impact", "# More\n\n## Impact", "DOC-R05 6:1"},
		{"text before the title", "# Release note", "Hello\n# Release note", "DOC-R05 2:1"},
		{"a section before the title", "# Release note", "## Impact assessment\nx\n# Release note", "DOC-R05 3:1,DOC-R05 8:1"},
		{"no impact section", "## Impact assessment", "### Impact assessment", "DOC-R05 13:1"},
		{"sections in the wrong order", "## Impact assessment", "## Risk assessment\n- **Low Risk**: none\n## Impact assessment", "DOC-R05 8:1,DOC-R05 10:1,DOC-R13 11:3"},
		{"two impact sections", "## Risk", "## Impact assessment\n\nx\n\n## Risk", "DOC-R05 8:1"},
		{"no hash in a change", "[#124", "[124", "DOC-R07 4:3"},
		{"no number in a change", "[#124", "[#one", "DOC-R07 4:3"},
		{"no title in a change", "[#124 - Improve data quality validation]", "[#124]", "DOC-R07 4:3"},
		{"another number in the link", "pull/124", "pull/142", "DOC-R07 4:3"},
		{"no link", "(https://github.com/org/repo/pull/124)", "", "DOC-R07 4:3"},
		{"a script for a link", "https://github.com/org/repo/pull/124", "javascript:/124", "DOC-R07 4:3"},
		{"the same change twice", "#124 - Improve data quality validation](https://github.com/org/repo/pull/124", "#123 - Again](https://github.com/org/repo/pull/123", "DOC-R07 4:3"},
		{"another repository", "https://github.com/org/repo/pull/124", "https://github.com/org/other/pull/124", "DOC-R08 4:3"},
		{"an issue, not a pull request", "repo/pull/124", "repo/issues/124", "DOC-R08 4:3"},
		{"a template word", "No breaking", "TODO(impact)", "DOC-R12 7:63"},
		{"a hidden comment", "No breaking", "<!-- yes --> No breaking", "DOC-R12 7:63"},
		{"a placeholder", "No breaking", "<describe the impact>", "DOC-R12 7:63"},
		{"a template expression", "No breaking", "{{.Impact}}", "DOC-R12 7:63"},
		{"no level", "**Low Risk**", "**Some Risk**", "DOC-R13 13:1"},
		{"two levels", "- **Data", "- **High Risk**: too\n- **Data", "DOC-R13 10:3"},
		{"a missing category", "- **Performance**: No impact on existing pipeline performance\n", "", "DOC-R13 8:1"},
		{"a category twice", "- **Performance**:", "- **Performance**: none\n- **Performance**:", "DOC-R13 12:3"},
		{"a category without text", "**Performance**: No impact on existing pipeline performance", "**Performance**:", "DOC-R13 11:3"},
		{"a risk that is not bold", "**Performance**:", "Performance:", "DOC-R13 8:1,DOC-R13 11:3"},
	} {
		t.Run(c.name, func(t *testing.T) {
			text := strings.Replace(string(guide(t)), c.old, c.new, 1)
			if text == string(guide(t)) {
				t.Fatal("the row changes nothing")
			}
			_, findings := release.CheckNote(path, []byte(text), release.Context{
				Version: mustVersion(t, "1.2.0"), Repository: "https://github.com/org/repo", Categories: release.GuideCategories,
			})
			if got := places(findings); got != c.want {
				t.Errorf("got  %s\nwant %s\n%v", got, c.want, findings)
			}
		})
	}
}

func places(findings []document.Finding) string {
	var parts []string
	for _, f := range findings {
		at := f.At
		at.File = ""
		parts = append(parts, f.ID+" "+strings.TrimPrefix(at.String(), ":"))
	}
	return strings.Join(parts, ",")
}

func TestGXP096_DOC_R06_R12_AnEmptyImpactAndNoChangeAreRefused(t *testing.T) {
	_, findings := release.ParseNote(path, []byte("# Release note\n\n## Impact assessment\n\n## Risk assessment\n- **Low Risk**: none\n"))
	if got := places(findings); got != "DOC-R06 1:1,DOC-R12 7:1" {
		t.Errorf("got %s", got)
	}
}

func TestAFindingSaysWhatToDo(t *testing.T) {
	_, findings := release.ParseNote(path, nil)
	if !document.Refused(findings) {
		t.Fatal("an empty note was accepted")
	}
	for _, f := range findings {
		if f.Hint == "" || f.At.Line < 1 || f.At.Column < 1 || !strings.HasPrefix(f.String(), path+":") {
			t.Errorf("finding %v", f)
		}
	}
}

func TestAReleaseWithoutFunctionalChangeSaysSo(t *testing.T) {
	for _, line := range []string{"No functional change", "* No functional changes."} {
		n, findings := release.ParseNote(path, []byte("# Release note\n\n"+line+"\n\n## Impact assessment\n\nNone.\n\n## Risk assessment\n\n* **Low Risk:** nothing changes\n"))
		if len(findings) != 0 || !n.Unchanged || n.Level != "Low Risk" {
			t.Errorf("%q: %v, unchanged %v", line, findings, n.Unchanged)
		}
	}
}

func TestShapesThatAreAllowed(t *testing.T) {
	text := "\ufeff" + strings.ReplaceAll(string(guide(t)), "\n", "\r\n") +
		"\r\n## Known issues\r\n\r\nSlow on Mondays.\r\n\r\n```\r\n# not a title\r\n- **High Risk**: not a risk\r\n```\r\n"
	text = strings.Replace(text, "Improve data quality validation", "Improve\r\n  data [quality] validation", 1)
	n, findings := release.ParseNote(path, []byte(text))
	if len(findings) != 0 {
		t.Fatalf("findings: %v", findings)
	}
	if n.Changes[1].Title != "Improve data [quality] validation" {
		t.Errorf("a wrapped title is %q", n.Changes[1].Title)
	}
	if len(n.Other) != 1 || n.Other[0].Title != "Known issues" || !strings.Contains(n.Other[0].Text, "Mondays") || !strings.Contains(n.Other[0].Text, "not a title") {
		t.Errorf("other sections: %+v", n.Other)
	}
}

func TestDOC_R01_R02_R03_R04_TheNameAndTheVersion(t *testing.T) {
	for _, c := range []struct {
		name, file, version, released, want string
	}{
		{"a file with v", "documentation/releases/v1.2.0.md", "1.2.0", "", "DOC-R02 1:1"},
		{"a leading zero", "documentation/releases/1.02.0.md", "1.2.0", "", "DOC-R02 1:1"},
		{"another ending", "documentation/releases/1.2.0.txt", "1.2.0", "", "DOC-R02 1:1"},
		{"another version", "documentation/releases/1.3.0.md", "1.2.0", "", "DOC-R04 1:1"},
		{"released before", path, "1.2.0", "1.2.0", "DOC-R03 1:1"},
		{"lower than released, by number", path, "1.2.0", "1.10.0", "DOC-R03 1:1"},
		{"higher than released", path, "1.2.0", "1.1.9", ""},
	} {
		t.Run(c.name, func(t *testing.T) {
			ctx := release.Context{Version: mustVersion(t, c.version)}
			if c.released != "" {
				ctx.Released = []release.Version{mustVersion(t, c.released)}
			}
			_, findings := release.CheckNote(c.file, guide(t), ctx)
			if got := places(findings); got != c.want {
				t.Errorf("got %s, want %s", got, c.want)
			}
		})
	}
	f := release.MissingNote(mustVersion(t, "1.2.0"))
	if f.ID != "DOC-R01" || f.At.File != path {
		t.Errorf("got %v", f)
	}
}

func TestEveryFindingIsOfAListedCheck(t *testing.T) {
	ids := map[string]bool{}
	for _, c := range release.Checks {
		if c.Rule == "" || c.Severity == "" || ids[c.ID] {
			t.Errorf("check %+v is not whole or stands twice", c)
		}
		ids[c.ID] = true
	}
	_, findings := release.CheckNote("x", []byte("x\n## Risk assessment\n# y\n- z\n"), release.Context{Categories: release.GuideCategories})
	if len(findings) < 5 {
		t.Fatalf("only %v", findings)
	}
	for _, f := range findings {
		if !ids[f.ID] {
			t.Errorf("finding %v has no check", f)
		}
	}
}

func FuzzParseNote(f *testing.F) {
	f.Add(guide(f))
	for _, s := range []string{"", "# Release note", "* [#1 - a](https://x/1)", "## Risk assessment\n- **", "```", "\xff", "<!--", "# Release note\n\n- \n*\t\n"} {
		f.Add([]byte(s))
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		n, findings := release.CheckNote(path, data, release.Context{Categories: release.GuideCategories})
		for _, x := range findings {
			if x.At.Line < 1 || x.At.Column < 1 || x.Hint == "" || x.Message == "" {
				t.Fatalf("finding %+v", x)
			}
		}
		if len(findings) == 0 && (n.Level == "" || n.Impact == "" || len(n.Changes) == 0 && !n.Unchanged) {
			t.Fatalf("accepted %+v", n)
		}
	})
}
