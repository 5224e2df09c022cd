package release

import (
	"path"
	"slices"
	"strconv"
	"strings"

	"github.com/dc-release/dc-release/internal/core/canonical"
	"github.com/dc-release/dc-release/internal/core/document"
)

// Note is a release note as it was understood. Its grammar is that of the
// guide: H1 "Release note" with an intro and change bullets
// "[#N - title](link)", H2 "Impact assessment", H2 "Risk assessment" with
// bullets "**Category**: text". Other H2 sections are allowed and kept; the
// section "Change type" declares the type of the change.
type Note struct {
	Intro   string
	Changes []Change
	// Unchanged says that the note states "No functional change" in place of
	// changes.
	Unchanged bool
	Impact    string
	Level     string // one of Levels
	Risks     []Risk
	// ChangeType is what the section "Change type" declares; Normal without one.
	ChangeType Declared
	Other      []Section
}

// Change is one change of the note.
type Change struct {
	Number int64
	Title  string
	Link   string
	At     document.Position
}

// Risk is one line of the risk assessment; the level is one of them.
type Risk struct {
	Category string
	Text     string
	At       document.Position
}

// Section is an H2 that the grammar does not know.
type Section struct {
	Title string
	Text  string
	At    document.Position
}

// Levels is the closed list of risk levels; a note has exactly one.
var Levels = []string{"Low Risk", "Medium Risk", "High Risk"}

// GuideCategories are the risk categories of the guide's example.
var GuideCategories = []string{"Data Quality", "Performance", "Dependencies"}

// Facts is the note as documents print it; data is the file's bytes.
func (n Note) Facts(file string, data []byte) document.Note {
	out := document.Note{
		Path: file, SHA256: canonical.SHA256(data), Text: string(data), Intro: n.Intro, Impact: n.Impact, Level: n.Level,
		Changes: []document.Change{}, Risks: []document.Risk{},
	}
	for _, c := range n.Changes {
		out.Changes = append(out.Changes, document.Change{Number: c.Number, Title: c.Title, Link: c.Link})
	}
	for _, r := range n.Risks {
		out.Risks = append(out.Risks, document.Risk{Category: r.Category, Text: r.Text})
	}
	return out
}

// ParseNote reads a note and reports everything that its text alone shows to
// be wrong (DOC-R05, R06, R07, R12, R13). The note holds what was understood.
func ParseNote(file string, data []byte) (Note, []document.Finding) {
	p := noteParser{file: file}
	p.note.ChangeType.Type = Normal
	p.read(data)
	p.changeType()
	return p.note, sorted(p.findings)
}

// Context is what a note is checked against besides its text. What is absent
// leaves the checks that need it out; Left names them.
type Context struct {
	Version  Version
	Released []Version // every version that was released before; nil for not known
	// Repository is the address of the code repository without trailing slash,
	// "https://github.com/org/repo"; "" checks no link.
	Repository string
	// Categories are the risk categories that must be there.
	Categories []string
	// History is what was merged since the release before; nil for not known.
	History *History
	// Registered is the SHA-256 of the note that was registered with the tag, ""
	// while nothing is.
	Registered string
}

// Left says which checks the context cannot answer, and why.
func (c Context) Left() document.Left {
	left := document.Left{}
	if c.Released == nil {
		left.Because("it is not known which versions were released", "DOC-R03")
	}
	if c.Version.IsZero() {
		left.Because("no version is tagged or asked for", "DOC-R03", "DOC-R04")
	}
	if c.Repository == "" {
		left.Because("the address of the code repository is not known", "DOC-R08")
	}
	if c.Registered == "" {
		left.Because("the version is not registered", "DOC-R15")
	}
	left.Add(c.History.left())
	return left
}

// CheckNote is ParseNote and the checks that need a context (DOC-R02, R03,
// R04, R08 to R11, R14, R15, the categories of R13).
func CheckNote(file string, data []byte, c Context) (Note, []document.Finding) {
	n, findings := ParseNote(file, data)
	p := noteParser{file: file, findings: findings, note: n}
	p.name(c)
	p.history(c)
	if digest := canonical.SHA256(data); c.Registered != "" && digest != c.Registered {
		p.report("DOC-R15", document.Position{File: file, Line: 1, Column: 1}, "take a new version; a note is not changed after its tag", "the note has SHA-256 %s, %s was registered", digest, c.Registered)
	}
	for _, change := range n.Changes {
		if want := c.Repository + "/pull/" + strconv.FormatInt(change.Number, 10); c.Repository != "" && change.Link != want {
			p.report("DOC-R08", change.At, "write the address as "+want, "change #%d links to %q", change.Number, change.Link)
		}
	}
	for _, category := range c.Categories {
		if !slices.ContainsFunc(n.Risks, func(r Risk) bool { return strings.EqualFold(r.Category, category) }) {
			p.report("DOC-R13", p.riskAt(data), "add the line - **"+category+"**: ...", "the risk assessment lacks the category %q", category)
		}
	}
	return n, sorted(p.findings)
}

// MissingNote is the finding for a version whose note is not in the commit.
func MissingNote(v Version) document.Finding {
	return finding("DOC-R01", document.Position{File: v.NotePath(), Line: 1, Column: 1},
		"write the note, have it merged, and tag that commit", "version %s has no release note", v)
}

func (p *noteParser) name(c Context) {
	at := document.Position{File: p.file, Line: 1, Column: 1}
	base, isMarkdown := strings.CutSuffix(path.Base(p.file), ".md")
	named, err := ParseVersion(base)
	if err != nil || !isMarkdown || strings.HasPrefix(base, "v") {
		p.report("DOC-R02", at, "name the file X.Y.Z.md", "the file name %q is no version", path.Base(p.file))
	} else if !c.Version.IsZero() && named != c.Version {
		p.report("DOC-R04", at, "tag the version of the note, or name the note after the tag", "the note is of version %s, the tag of %s", named, c.Version)
	}
	for _, r := range c.Released {
		if p.note.ChangeType.Type == Hotfix && (r.major != c.Version.major || r.minor != c.Version.minor) {
			continue // a hotfix goes on from an earlier line
		}
		if !c.Version.IsZero() && c.Version.Compare(r) <= 0 {
			p.report("DOC-R03", at, "take a version that is higher than every released one", "version %s is not higher than the released %s", c.Version, r)
			break
		}
	}
}

// riskAt is the line of the risk assessment, else of the file.
func (p *noteParser) riskAt(data []byte) document.Position {
	for i, line := range strings.Split(string(data), "\n") {
		if level, title := heading(strings.TrimRight(line, "\r")); level == 2 && strings.EqualFold(title, riskTitle) {
			return document.Position{File: p.file, Line: i + 1, Column: 1}
		}
	}
	return document.Position{File: p.file, Line: 1, Column: 1}
}
